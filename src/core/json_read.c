/* SPDX-License-Identifier: ISC */
#include "gapseal/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token.h"

#define PATH_MAX_LENGTH 96
#define TEXT_MAX 1024 /* of one string that is no FIELD_LINES, escapes not resolved */

/* One reading: where we are in the text, and in the document for the place of a fault. */
struct reading {
	struct cursor cursor;
	struct bytes text;
	const char *where;
	struct fault *fault;
	size_t memory;              /* taken for lists */
	char path[PATH_MAX_LENGTH]; /* "policy.slots[2].tag" */
	size_t length;
};

/* Steps down by a piece of path; the length before is what path_back takes. A path too long for its
 * room is cut: our shapes are not that deep. */
static size_t path_step(struct reading *reading, const char *separator, const char *key, const char *suffix)
{
	size_t before = reading->length, room = sizeof reading->path - before;
	int added = snprintf(reading->path + before, room, "%s%s%s", separator, key, suffix);

	if (added > 0)
		reading->length += (size_t)added < room ? (size_t)added : room - 1;
	return before;
}

static size_t path_key(struct reading *reading, const char *key)
{
	return path_step(reading, reading->length == 0 ? "" : ".", key, "");
}

static size_t path_index(struct reading *reading, size_t index)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%zu", index);
	return path_step(reading, "[", digits, "]");
}

static void path_back(struct reading *reading, size_t before)
{
	reading->length = before;
	reading->path[before] = '\0';
}

static enum err fault_at_path(const struct reading *reading, const char *code, const char *text)
{
	char place[FAULT_WHERE_MAX];

	snprintf(place, sizeof place, "%s%s%s", reading->where, reading->length == 0 ? "" : ": ",
	    reading->path);
	return fault_set(reading->fault, ERR_NO, code, place, "%s", text);
}

static enum err bad_value(const struct reading *reading, const char *text)
{
	return fault_at_path(reading, "json-value", text);
}

static enum err not_canonical(const struct reading *reading)
{
	char place[FAULT_WHERE_MAX];
	size_t line = 1;

	for (const uint8_t *byte = reading->text.data; byte < reading->cursor.at; byte++)
		line += *byte == '\n';
	snprintf(place, sizeof place, "%s:%zu", reading->where, line);
	return fault_set(reading->fault, ERR_NO, "json-canonical", place,
	    "this is not the one spelling of canonical JSON from here on");
}

static bool is_next(const struct reading *reading, uint8_t byte)
{
	return cursor_left(&reading->cursor) > 0 && *reading->cursor.at == byte;
}

/* LF and two blanks for every level. */
static bool take_line_start(struct reading *reading, unsigned depth)
{
	if (!token_literal(&reading->cursor, "\n"))
		return false;
	while (depth-- > 0) {
		if (!token_literal(&reading->cursor, "  "))
			return false;
	}
	return true;
}

/* The bracket that ends an object or list, on a line of its own. */
static enum err read_end(struct reading *reading, const char *bracket, unsigned depth)
{
	if (!take_line_start(reading, depth) || !token_literal(&reading->cursor, bracket))
		return not_canonical(reading);
	return ERR_OK;
}

static enum err read_value(struct reading *reading, void *at, const struct field *field, unsigned depth);

/* The separator before a member (none before the first), its key and colon. */
static enum err read_key(struct reading *reading, bool first, const char *key, unsigned depth)
{
	if (!first && is_next(reading, '\n'))
		return fault_at_path(reading, "json-key", "this key is missing");
	if (!first && !token_literal(&reading->cursor, ","))
		return not_canonical(reading);
	if (!take_line_start(reading, depth) || !token_literal(&reading->cursor, "\""))
		return not_canonical(reading);
	if (!token_literal(&reading->cursor, key) || !is_next(reading, '"'))
		return fault_at_path(reading, "json-key", "this key should stand here, and another does");
	return token_literal(&reading->cursor, "\": ") ? ERR_OK : not_canonical(reading);
}

static enum err read_member(struct reading *reading, bool first, void *out, const struct field *field,
    unsigned depth)
{
	size_t before = path_key(reading, field->key);
	enum err err;

	err = read_key(reading, first, field->key, depth);
	if (err == ERR_OK)
		err = read_value(reading, (char *)out + field->offset, field, depth);
	if (err == ERR_OK)
		path_back(reading, before);
	return err;
}

/* read_document has seen that the schema is the right one; here it must stand in its place. */
static enum err read_schema(struct reading *reading, bool first, const char *schema)
{
	size_t before = path_key(reading, "schema");
	struct bytes raw;
	enum err err;

	err = read_key(reading, first, "schema", 1);
	if (err == ERR_OK && (!token_string(&reading->cursor, &raw) || !bytes_is(raw, schema)))
		err = fault_at_path(reading, "json-schema", "this is another kind or version of document");
	if (err == ERR_OK)
		path_back(reading, before);
	return err;
}

static enum err read_object(struct reading *reading, void *out, const struct shape *shape, unsigned depth)
{
	const char *schema = shape->schema; /* NULL once it is read */
	bool first = true;
	enum err err = ERR_OK;

	if (!token_literal(&reading->cursor, "{"))
		return bad_value(reading, "this should be an object");
	for (size_t i = 0; i <= shape->count && err == ERR_OK; i++) {
		const struct field *field = i < shape->count ? &shape->fields[i] : NULL;

		if (schema != NULL && (field == NULL || strcmp("schema", field->key) < 0)) {
			err = read_schema(reading, first, schema);
			schema = NULL;
			first = false;
		}
		if (err == ERR_OK && field != NULL)
			err = read_member(reading, first, out, field, depth + 1);
		first = false;
	}
	if (err != ERR_OK)
		return err;
	if (is_next(reading, ','))
		return fault_at_path(reading, "json-key", "there is a key that this version does not know");
	return read_end(reading, "}", depth);
}

static enum err read_element(struct reading *reading, void *at, const struct shape *shape, unsigned depth)
{
	if (shape->fields[0].key == NULL)
		return read_value(reading, at, &shape->fields[0], depth);
	return read_object(reading, at, shape, depth);
}

/* Makes room for one element more, doubling, and clears it. The text pays for what it asks: an element
 * takes some bytes of it, and all of them together stay below JSON_MEMORY_MAX. */
static enum err grow(struct reading *reading, struct list *list, size_t *capacity, size_t size)
{
	size_t wanted = *capacity == 0 ? 4 : 2 * *capacity;
	void *items;

	if (list->count == *capacity) {
		if (wanted - *capacity > (JSON_MEMORY_MAX - reading->memory) / size)
			return fault_at_path(reading, "json-size",
			    "the lists are longer than those of any document");
		items = realloc(list->items, wanted * size);
		if (items == NULL)
			return fault_memory(reading->fault);
		reading->memory += (wanted - *capacity) * size;
		list->items = items;
		*capacity = wanted;
	}
	memset((char *)list->items + list->count * size, 0, size);
	list->count++;
	return ERR_OK;
}

static enum err read_list(struct reading *reading, struct list *list, const struct shape *shape,
    unsigned depth)
{
	size_t capacity = 0;
	enum err err = ERR_OK;

	if (!token_literal(&reading->cursor, "["))
		return bad_value(reading, "this should be a list");
	if (token_literal(&reading->cursor, "]"))
		return ERR_OK;
	do {
		size_t before = path_index(reading, list->count);
		void *at;

		if (!take_line_start(reading, depth + 1))
			return not_canonical(reading);
		err = grow(reading, list, &capacity, shape->size);
		if (err != ERR_OK)
			return err;
		at = (char *)list->items + (list->count - 1) * shape->size;
		err = read_element(reading, at, shape, depth + 1);
		if (err != ERR_OK)
			return err;
		path_back(reading, before);
	} while (token_literal(&reading->cursor, ","));
	return read_end(reading, "]", depth);
}

static enum err read_text(struct reading *reading, void *at, const struct field *field)
{
	char text[TEXT_MAX];
	struct bytes raw;

	if (!token_string(&reading->cursor, &raw) || raw.size > sizeof text ||
	    !field_set(at, field, bytes_from(text, token_unescape(text, raw))))
		return bad_value(reading, "not a text this key may have");
	return ERR_OK;
}

static enum err read_lines(struct reading *reading, char **out)
{
	struct bytes raw;
	size_t length;

	if (!token_string(&reading->cursor, &raw) || !text_is_printable(raw))
		return bad_value(reading, "this should be a text of printable ASCII and LF");
	*out = malloc(raw.size + 1);
	if (*out == NULL)
		return fault_memory(reading->fault);
	length = token_unescape(*out, raw);
	(*out)[length] = '\0';
	return ERR_OK;
}

static enum err read_integer(struct reading *reading, uint64_t *out)
{
	if (!token_integer(&reading->cursor, INTEGER_MAX, out) ||
	    (!is_next(reading, ',') && !is_next(reading, '\n')))
		return bad_value(reading, "this should be an integer from 0 to 9007199254740991");
	return ERR_OK;
}

static enum err read_boolean(struct reading *reading, bool *out)
{
	*out = token_literal(&reading->cursor, "true");
	if (!*out && !token_literal(&reading->cursor, "false"))
		return bad_value(reading, "this should be true or false");
	return ERR_OK;
}

static enum err read_value(struct reading *reading, void *at, const struct field *field, unsigned depth)
{
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_NAME:
	case FIELD_TIME:
	case FIELD_HASH:
	case FIELD_HASH_OR_EMPTY:
	case FIELD_CHOICE:
		return read_text(reading, at, field);
	case FIELD_LINES:
		return read_lines(reading, at);
	case FIELD_INTEGER:
		return read_integer(reading, at);
	case FIELD_BOOLEAN:
		return read_boolean(reading, at);
	case FIELD_OBJECT:
		return read_object(reading, at, field->shape, depth);
	case FIELD_LIST:
		return read_list(reading, at, field->shape, depth);
	case FIELD_NUMBERS:
		break;
	}
	return bad_value(reading, "documents have no value of this kind");
}

/* The schema first, wherever its key stands, so that one document in the place of another is called by
 * its fault. An LF is no part of a string, so what is found is a key of the document itself. */
static bool has_schema(struct bytes text, const char *schema)
{
	static const char key[] = "\n  \"schema\": ";
	const uint8_t *at = text.size == 0 ? NULL : memmem(text.data, text.size, key, sizeof key - 1);
	struct cursor cursor;
	struct bytes raw;

	if (at == NULL)
		return false;
	at += sizeof key - 1;
	cursor = cursor_of(bytes_from(at, text.size - (size_t)(at - text.data)));
	return token_string(&cursor, &raw) && bytes_is(raw, schema);
}

static enum err read_document(struct reading *reading, void *out, const struct shape *shape)
{
	enum err err;

	if (!is_next(reading, '{'))
		return not_canonical(reading);
	if (!has_schema(reading->text, shape->schema))
		return fault_set(reading->fault, ERR_NO, "json-schema", reading->where,
		    "this is not a document of the kind and version expected here, or not all of it");
	err = read_object(reading, out, shape, 0);
	if (err == ERR_OK && (!token_literal(&reading->cursor, "\n") || cursor_left(&reading->cursor) != 0))
		err = not_canonical(reading);
	return err;
}

enum err json_read(void *out, const struct shape *shape, struct bytes text, const char *where,
    struct fault *fault)
{
	struct reading reading = {.cursor = cursor_of(text), .text = text, .where = where, .fault = fault};
	enum err err;

	memset(out, 0, shape->size);
	if (text.size > JSON_SIZE_MAX)
		return fault_set(fault, ERR_NO, "json-size", where, "the document is larger than %u bytes",
		    JSON_SIZE_MAX);
	err = read_document(&reading, out, shape);
	if (err != ERR_OK)
		json_free(out, shape);
	return err;
}
