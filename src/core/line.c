/* SPDX-License-Identifier: ISC */
#include "gapseal/line.h"

#include <string.h>

#include "token.h"

/* The separator before a key, the key and its colon. */
static bool take_key(struct cursor *cursor, const char *separator, const char *key)
{
	return token_literal(cursor, separator) && token_literal(cursor, key) && token_literal(cursor, "\":");
}

static bool take_text(struct cursor *cursor, const struct field *field, void *at)
{
	char scratch[2 * LINE_TEXT_MAX];
	struct bytes raw;

	if (!token_string(cursor, &raw))
		return false;
	if (raw.size == 0 || memchr(raw.data, '\\', raw.size) == NULL)
		return field_set(at, field, raw);
	if (raw.size > sizeof scratch)
		return false;
	return field_set(at, field, bytes_from(scratch, token_unescape(scratch, raw)));
}

static bool take_numbers(struct cursor *cursor, struct numbers *out)
{
	if (!token_literal(cursor, "["))
		return false;
	while (!token_literal(cursor, "]")) {
		uint64_t value;

		if (out->count == NUMBERS_MAX || (out->count > 0 && !token_literal(cursor, ",")) ||
		    !token_integer(cursor, UINT32_MAX, &value))
			return false;
		out->items[out->count++] = (unsigned)value;
	}
	return true;
}

static bool take_value(struct cursor *cursor, const struct field *field, void *at)
{
	if (field->kind == FIELD_INTEGER)
		return token_integer(cursor, INTEGER_MAX, at);
	if (field->kind == FIELD_NUMBERS)
		return take_numbers(cursor, at);
	return take_text(cursor, field, at);
}

bool line_read(void *out, const struct shape *shape, struct bytes line)
{
	struct cursor cursor = cursor_of(line);

	memset(out, 0, shape->size);
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->fields[i];

		if (!take_key(&cursor, i == 0 ? "{\"" : ",\"", field->key) ||
		    !take_value(&cursor, field, (char *)out + field->offset))
			return false;
	}
	return token_literal(&cursor, "}") && cursor_left(&cursor) == 0;
}

static void put_integer(struct buffer *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	buffer_put(out, bytes_from(digits + at, sizeof digits - at));
}

static void put_numbers(struct buffer *out, const struct numbers *numbers)
{
	buffer_byte(out, '[');
	for (size_t i = 0; i < numbers->count; i++) {
		if (i > 0)
			buffer_byte(out, ',');
		put_integer(out, numbers->items[i]);
	}
	buffer_byte(out, ']');
}

static void put_value(struct buffer *out, const struct field *field, const void *at)
{
	char hex[FIELD_HEX_SIZE];

	if (field->kind == FIELD_INTEGER)
		put_integer(out, *(const uint64_t *)at);
	else if (field->kind == FIELD_NUMBERS)
		put_numbers(out, at);
	else
		field_quote(out, field_get(at, field, hex));
}

void line_format(struct buffer *out, const struct shape *shape, const void *value)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->fields[i];

		buffer_text(out, i == 0 ? "{\"" : ",\"");
		buffer_text(out, field->key);
		buffer_text(out, "\":");
		put_value(out, field, (const char *)value + field->offset);
	}
	buffer_byte(out, '}');
}

bool line_type(char out[static 16], struct bytes line)
{
	/* Inside a string every quote has a backslash before it, so this can only be the key. */
	static const char key[] = "\"type\":\"";
	const uint8_t *at, *quote;
	size_t left;

	if (line.size == 0)
		return false;
	at = memmem(line.data, line.size, key, sizeof key - 1);
	if (at == NULL)
		return false;
	at += sizeof key - 1;
	left = line.size - (size_t)(at - line.data);
	quote = left == 0 ? NULL : memchr(at, '"', left);
	return quote != NULL && quote != at && text_copy(out, 16, bytes_from(at, (size_t)(quote - at)));
}
