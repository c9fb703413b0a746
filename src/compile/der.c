/* SPDX-License-Identifier: ISC */
#include "gapseal/der.h"

#define LONG_FORM 0x80
#define LENGTH_BYTES_MAX 3

static bool take_length(struct cursor *cursor, size_t *out)
{
	uint8_t first, byte;

	if (!take_u8(cursor, &first))
		return false;
	*out = first;
	if (first < LONG_FORM)
		return true;
	*out = 0;
	if (first == LONG_FORM || first > LONG_FORM + LENGTH_BYTES_MAX)
		return false;
	for (unsigned left = first - LONG_FORM; left > 0; left--) {
		if (!take_u8(cursor, &byte))
			return false;
		*out = *out << 8 | byte;
	}
	return true;
}

bool der_take(struct cursor *cursor, struct der *out)
{
	struct cursor at = *cursor;
	size_t size;

	if (!take_u8(&at, &out->tag) || !take_length(&at, &size) || !take_bytes(&at, size, &out->content))
		return false;
	out->whole = bytes_from(cursor->at, (size_t)(at.at - cursor->at));
	*cursor = at;
	return true;
}

/* Bytes of the length in its long form, 0 for the short one. */
static unsigned length_bytes(size_t size)
{
	unsigned count = 0;

	if (size >= LONG_FORM)
		for (; size > 0; size >>= 8)
			count++;
	return count;
}

void der_put_header(struct buffer *out, uint8_t tag, size_t size)
{
	unsigned count = length_bytes(size);

	buffer_byte(out, tag);
	buffer_byte(out, (uint8_t)(count > 0 ? LONG_FORM + count : size));
	for (; count > 0; count--)
		buffer_byte(out, (uint8_t)(size >> (8 * (count - 1))));
}

size_t der_size(size_t size)
{
	return 2 + length_bytes(size) + size;
}
