/* SPDX-License-Identifier: ISC */
#include "gapseal/utf8.h"

/* Bytes of a code point by its first one, 0 for what cannot begin one. */
static size_t sequence_size(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

bool utf8_take(struct cursor *cursor, uint32_t *rune)
{
	static const uint8_t mask[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t left = cursor_left(cursor), size;
	uint32_t value;

	if (left == 0 || (size = sequence_size(cursor->at[0])) == 0 || size > left)
		return false;
	value = cursor->at[0] & mask[size];
	for (size_t i = 1; i < size; i++) {
		if ((cursor->at[i] & 0xc0) != 0x80)
			return false;
		value = value << 6 | (cursor->at[i] & 0x3f);
	}
	if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return false;
	cursor->at += size;
	*rune = value;
	return true;
}

bool utf8_is_space(uint32_t rune)
{
	return (rune >= 0x09 && rune <= 0x0d) || rune == 0x20 || rune == 0x85 || rune == 0xa0 ||
	    rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 || rune == 0x2029 ||
	    rune == 0x202f || rune == 0x205f || rune == 0x3000;
}
