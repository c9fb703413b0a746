/* SPDX-License-Identifier: ISC */
#include "gapseal/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
	return bytes_from(text, strlen(text));
}

struct bytes bytes_from(const void *data, size_t size)
{
	return (struct bytes){.data = data, .size = size};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	/* memcmp must not see the NULL of an empty view */
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool bytes_is(struct bytes a, const char *text)
{
	return bytes_equal(a, bytes_of(text));
}

bool bytes_starts(struct bytes a, const char *prefix)
{
	size_t size = strlen(prefix);

	return a.size >= size && bytes_equal(bytes_from(a.data, size), bytes_from(prefix, size));
}

struct cursor cursor_of(struct bytes bytes)
{
	struct cursor cursor = {.at = bytes.data, .end = bytes.data};

	if (bytes.size != 0)
		cursor.end += bytes.size;
	return cursor;
}

size_t cursor_left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

bool take_bytes(struct cursor *cursor, size_t size, struct bytes *out)
{
	if (cursor_left(cursor) < size)
		return false;
	*out = bytes_from(cursor->at, size);
	if (size != 0)
		cursor->at += size;
	return true;
}

/* Little-endian, 1 to 8 bytes. */
static bool take_integer(struct cursor *cursor, size_t size, uint64_t *out)
{
	struct bytes bytes;

	if (!take_bytes(cursor, size, &bytes))
		return false;
	*out = 0;
	for (size_t i = size; i > 0; i--)
		*out = *out << 8 | bytes.data[i - 1];
	return true;
}

bool take_u8(struct cursor *cursor, uint8_t *out)
{
	uint64_t value;

	if (!take_integer(cursor, 1, &value))
		return false;
	*out = (uint8_t)value;
	return true;
}

bool take_u16(struct cursor *cursor, uint16_t *out)
{
	uint64_t value;

	if (!take_integer(cursor, 2, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

bool take_u32(struct cursor *cursor, uint32_t *out)
{
	uint64_t value;

	if (!take_integer(cursor, 4, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

bool take_u64(struct cursor *cursor, uint64_t *out)
{
	return take_integer(cursor, 8, out);
}

bool take_line(struct cursor *cursor, struct bytes *out)
{
	size_t left = cursor_left(cursor);
	const uint8_t *end = left == 0 ? NULL : memchr(cursor->at, '\n', left);

	if (end == NULL)
		return false;
	*out = bytes_from(cursor->at, (size_t)(end - cursor->at));
	cursor->at = end + 1;
	return true;
}

bool take_field(struct cursor *cursor, uint8_t separator, struct bytes *out)
{
	size_t left = cursor_left(cursor);
	const uint8_t *end;

	if (left == 0)
		return false;
	end = memchr(cursor->at, separator, left);
	if (end == NULL)
		return take_bytes(cursor, left, out);
	*out = bytes_from(cursor->at, (size_t)(end - cursor->at));
	cursor->at = end + 1;
	return true;
}

/* Byte by byte without a loop: compilers make one store of it. */
void put_u16(uint8_t out[static 2], uint16_t value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
}

void put_u32(uint8_t out[static 4], uint32_t value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
	out[2] = (uint8_t)(value >> 16);
	out[3] = (uint8_t)(value >> 24);
}

void put_u64(uint8_t out[static 8], uint64_t value)
{
	put_u32(out, (uint32_t)value);
	put_u32(out + 4, (uint32_t)(value >> 32));
}

void hex_encode(char *out, struct bytes bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.size; i++) {
		*out++ = digits[bytes.data[i] >> 4];
		*out++ = digits[bytes.data[i] & 15];
	}
	*out = '\0';
}

/* The value of a lower-case hex digit, or -1. */
static int hex_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

bool hex_decode(uint8_t *out, size_t size, struct bytes text)
{
	if (text.size % 2 != 0 || text.size / 2 != size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(text.data[2 * i]);
		int low = hex_value(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool decimal_parse(struct bytes text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint64_t digit = (uint64_t)text.data[i] - '0';

		/* bytes below '0' wrap to a large number and are refused by the same comparison */
		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool text_is_name(struct bytes text)
{
	if (text.size == 0 || text.size > NAME_MAX_LENGTH)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!word && (i == 0 || (c != '.' && c != '-')))
			return false;
	}
	return true;
}

bool text_is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return false;
	}
	return true;
}

bool text_copy(char *out, size_t size, struct bytes text)
{
	if (text.size >= size)
		return false;
	if (text.size != 0) {
		if (memchr(text.data, '\0', text.size) != NULL)
			return false;
		memcpy(out, text.data, text.size);
	}
	out[text.size] = '\0';
	return true;
}
