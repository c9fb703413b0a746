/* SPDX-License-Identifier: ISC */
#include "token.h"

#include <string.h>

bool token_literal(struct cursor *cursor, const char *text)
{
	size_t length = strlen(text);

	if (cursor_left(cursor) < length || (length != 0 && memcmp(cursor->at, text, length) != 0))
		return false;
	cursor->at += length;
	return true;
}

bool token_integer(struct cursor *cursor, uint64_t max, uint64_t *out)
{
	size_t left = cursor_left(cursor), length = 0;

	while (length < left && cursor->at[length] >= '0' && cursor->at[length] <= '9')
		length++;
	if (!decimal_parse(bytes_from(cursor->at, length), max, out))
		return false;
	cursor->at += length;
	return true;
}

/* The length of a string that has escapes, up to its closing quote; left if it does not end or has
 * another escape. */
static size_t escaped_length(const uint8_t *at, size_t left)
{
	size_t length = 0;

	while (length < left && at[length] != '"') {
		if (at[length] == '\\') {
			length++;
			if (length == left || (at[length] != '"' && at[length] != '\\' && at[length] != 'n'))
				return left;
		}
		length++;
	}
	return length;
}

bool token_string(struct cursor *cursor, struct bytes *raw)
{
	const uint8_t *start, *quote;
	size_t left = cursor_left(cursor), length;

	if (left < 2 || *cursor->at != '"')
		return false;
	left--;
	start = cursor->at + 1;
	quote = memchr(start, '"', left);
	if (quote == NULL)
		return false;
	length = (size_t)(quote - start);
	if (length != 0 && memchr(start, '\\', length) != NULL) { /* that quote may not be the last one */
		length = escaped_length(start, left);
		if (length == left)
			return false;
	}
	*raw = bytes_from(start, length);
	cursor->at = start + length + 1;
	return true;
}

size_t token_unescape(char *out, struct bytes raw)
{
	size_t length = 0;

	for (size_t i = 0; i < raw.size; i++) {
		char c = (char)raw.data[i];

		if (c == '\\' && i + 1 < raw.size) {
			i++;
			c = raw.data[i] == 'n' ? '\n' : (char)raw.data[i];
		}
		out[length++] = c;
	}
	return length;
}
