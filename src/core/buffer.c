/* SPDX-License-Identifier: ISC */
#include "gapseal/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST 256 /* capacity of the first allocation */

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = BUFFER_EMPTY;
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
}

/* Makes room for more bytes behind size, doubling. */
static bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity != 0 ? buffer->capacity : BUFFER_FIRST;
	uint8_t *data;

	if (buffer->failed)
		return false;
	if (buffer->data != NULL && more <= buffer->capacity - buffer->size)
		return true;
	if (more > SIZE_MAX / 2 - buffer->size) {
		buffer->failed = true;
		return false;
	}
	while (capacity < buffer->size + more)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (data == NULL) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

uint8_t *buffer_space(struct buffer *buffer, size_t size)
{
	uint8_t *space;

	if (!buffer_reserve(buffer, size))
		return NULL;
	space = buffer->data + buffer->size;
	buffer->size += size;
	return space;
}

void buffer_put(struct buffer *buffer, struct bytes bytes)
{
	uint8_t *space = buffer_space(buffer, bytes.size);

	if (space != NULL && bytes.size != 0)
		memcpy(space, bytes.data, bytes.size);
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_put(buffer, bytes_of(text));
}

void buffer_byte(struct buffer *buffer, uint8_t byte)
{
	buffer_put(buffer, bytes_from(&byte, 1));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list args, again;
	uint8_t *space;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	if (length < 0) {
		buffer->failed = true;
	} else {
		space = buffer_space(buffer, (size_t)length + 1);
		if (space != NULL) {
			vsnprintf((char *)space, (size_t)length + 1, format, again);
			buffer->size--; /* the NUL is no part of the text */
		}
	}
	va_end(again);
	va_end(args);
}

void buffer_hex(struct buffer *buffer, struct bytes bytes)
{
	uint8_t *space;

	if (bytes.size > SIZE_MAX / 4) {
		buffer->failed = true;
		return;
	}
	space = buffer_space(buffer, 2 * bytes.size + 1);
	if (space == NULL)
		return;
	hex_encode((char *)space, bytes);
	buffer->size--; /* the NUL is no part of the text */
}

struct bytes buffer_bytes(const struct buffer *buffer)
{
	return bytes_from(buffer->data, buffer->size);
}

void buffer_decimal(struct buffer *buffer, uint64_t value)
{
	uint8_t digits[20]; /* of a uint64_t */
	size_t at = sizeof digits;

	do {
		digits[--at] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	buffer_put(buffer, bytes_from(digits + at, sizeof digits - at));
}

enum err buffer_check(const struct buffer *buffer, struct fault *fault)
{
	return buffer->failed ? fault_memory(fault) : ERR_OK;
}

void base64_encode(struct buffer *out, struct bytes bytes, bool padded)
{
	for (size_t i = 0; i < bytes.size; i += 3) {
		size_t have = bytes.size - i < 3 ? bytes.size - i : 3;
		uint32_t group = 0;

		for (size_t j = 0; j < 3; j++)
			group = group << 8 | (j < have ? bytes.data[i + j] : 0U);
		for (size_t j = 0; j < 4; j++) {
			if (j <= have)
				buffer_byte(out, (uint8_t)base64_letters[group >> (18 - 6 * j) & 63]);
			else if (padded)
				buffer_byte(out, '=');
		}
	}
}

/* The value of a letter, or -1. */
static int base64_value(uint8_t letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	if (letter == '+')
		return 62;
	return letter == '/' ? 63 : -1;
}

/* One group of 2 to 4 letters becomes 1 to 3 bytes; what is left over must be zero. */
static bool base64_group(uint8_t *out, const uint8_t *letters, size_t count)
{
	uint32_t group = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < count ? base64_value(letters[i]) : 0;

		if (value < 0)
			return false;
		group = group << 6 | (uint32_t)value;
	}
	for (size_t i = 0; i + 1 < count; i++)
		out[i] = (uint8_t)(group >> (16 - 8 * i));
	return (group & ((UINT32_C(1) << (8 * (4 - count))) - 1)) == 0;
}

bool base64_decode(struct buffer *out, struct bytes text, bool padded)
{
	size_t letters = text.size, start = out->size;
	uint8_t *space;

	if (padded) {
		if (text.size % 4 != 0)
			return false;
		/* a third '=' stays and is refused as a foreign letter */
		while (letters > 0 && text.size - letters < 2 && text.data[letters - 1] == '=')
			letters--;
	}
	if (letters % 4 == 1)
		return false;
	space = buffer_space(out, letters / 4 * 3 + letters % 4 * 3 / 4);
	if (space == NULL)
		return false;
	for (size_t i = 0; i < letters; i += 4) {
		size_t count = letters - i < 4 ? letters - i : 4;

		if (!base64_group(space + i / 4 * 3, text.data + i, count)) {
			out->size = start;
			return false;
		}
	}
	return true;
}

void buffer_json_text(struct buffer *buffer, const char *text)
{
	buffer_byte(buffer, '"');
	for (; *text != '\0'; text++) {
		uint8_t byte = (uint8_t)*text;

		if (byte == '"' || byte == '\\')
			buffer_byte(buffer, '\\');
		if (byte < 0x20 || byte > 0x7e)
			buffer_format(buffer, "\\u%04x", byte);
		else
			buffer_byte(buffer, byte);
	}
	buffer_byte(buffer, '"');
}
