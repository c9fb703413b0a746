/* SPDX-License-Identifier: ISC */
#include "gapseal/json.h"

#include <inttypes.h>
#include <string.h>

static void put_value(struct buffer *out, const struct field *field, const void *at, unsigned depth);

static void put_line_start(struct buffer *out, unsigned depth)
{
	buffer_format(out, "\n%*s", (int)(2 * depth), "");
}

/* The separator before a member (none before the first), its key and colon. */
static void put_key(struct buffer *out, bool first, unsigned depth, const char *key)
{
	if (!first)
		buffer_byte(out, ',');
	put_line_start(out, depth);
	field_quote(out, bytes_of(key));
	buffer_text(out, ": ");
}

static void put_object(struct buffer *out, const struct shape *shape, const void *value, unsigned depth)
{
	const char *schema = shape->schema; /* NULL once it is written */
	bool first = true;

	buffer_byte(out, '{');
	for (size_t i = 0; i <= shape->count; i++) {
		const struct field *field = i < shape->count ? &shape->fields[i] : NULL;

		if (schema != NULL && (field == NULL || strcmp("schema", field->key) < 0)) {
			put_key(out, first, depth + 1, "schema");
			field_quote(out, bytes_of(schema));
			schema = NULL;
			first = false;
		}
		if (field != NULL) {
			put_key(out, first, depth + 1, field->key);
			put_value(out, field, (const char *)value + field->offset, depth + 1);
			first = false;
		}
	}
	put_line_start(out, depth);
	buffer_byte(out, '}');
}

static void put_element(struct buffer *out, const struct shape *shape, const void *at, unsigned depth)
{
	if (shape->fields[0].key == NULL)
		put_value(out, &shape->fields[0], at, depth);
	else
		put_object(out, shape, at, depth);
}

static void put_list(struct buffer *out, const struct list *list, const struct shape *shape,
    unsigned depth)
{
	if (list->count == 0) {
		buffer_text(out, "[]");
		return;
	}
	buffer_byte(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buffer_byte(out, ',');
		put_line_start(out, depth + 1);
		put_element(out, shape, (const char *)list->items + i * shape->size, depth + 1);
	}
	put_line_start(out, depth);
	buffer_byte(out, ']');
}

static void put_lines(struct buffer *out, const char *text)
{
	field_quote(out, bytes_of(text != NULL ? text : ""));
}

static void put_value(struct buffer *out, const struct field *field, const void *at, unsigned depth)
{
	char hex[FIELD_HEX_SIZE];

	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_NAME:
	case FIELD_TIME:
	case FIELD_HASH:
	case FIELD_HASH_OR_EMPTY:
	case FIELD_CHOICE:
		field_quote(out, field_get(at, field, hex));
		break;
	case FIELD_LINES:
		put_lines(out, *(char *const *)at);
		break;
	case FIELD_INTEGER:
		buffer_format(out, "%" PRIu64, *(const uint64_t *)at);
		break;
	case FIELD_BOOLEAN:
		buffer_text(out, *(const bool *)at ? "true" : "false");
		break;
	case FIELD_OBJECT:
		put_object(out, field->shape, at, depth);
		break;
	case FIELD_LIST:
		put_list(out, at, field->shape, depth);
		break;
	case FIELD_NUMBERS: /* log lines only: json_read refuses the document without it */
		break;
	}
}

void json_write(struct buffer *out, const struct shape *shape, const void *value)
{
	put_object(out, shape, value, 0);
	buffer_byte(out, '\n');
}
