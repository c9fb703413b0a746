/* SPDX-License-Identifier: ISC */
#include "editor.h"

/*
 * The shell's way with quotes and backslashes. Outside quotes a backslash vanishes and keeps what
 * follows it. Inside, it escapes the quote it is in, \x and one or two hex digits is a byte, \0 and
 * one to three octal digits is a byte; before anything else it stays, \n too. A quote of one kind
 * is an ordinary character inside the other.
 */

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static int digit_of(uint8_t byte, int base)
{
	int digit = -1;

	if (byte >= '0' && byte <= '9')
		digit = byte - '0';
	else if (byte >= 'a' && byte <= 'f')
		digit = byte - 'a' + 10;
	else if (byte >= 'A' && byte <= 'F')
		digit = byte - 'A' + 10;
	return digit < base ? digit : -1;
}

/* Up to max digits at the cursor as one byte; false (nothing taken) if there is none. */
static bool take_digits(struct cursor *cursor, int base, int max, uint8_t *out)
{
	int value = 0, count = 0, digit;

	while (count < max && cursor->at < cursor->end && (digit = digit_of(*cursor->at, base)) >= 0) {
		value = value * base + digit;
		cursor->at++;
		count++;
	}
	*out = (uint8_t)value;
	return count > 0;
}

/* What a backslash inside quotes stands for; the cursor is behind the backslash. */
static uint8_t unescape(struct cursor *cursor, uint8_t quote)
{
	const uint8_t *start = cursor->at;
	uint8_t byte, next;

	if (take_u8(cursor, &next)) {
		if (next == quote)
			return quote;
		if (next == 'x' && take_digits(cursor, 16, 2, &byte))
			return byte;
		if (next == '0' && take_digits(cursor, 8, 3, &byte))
			return byte;
	}
	cursor->at = start;
	return '\\';
}

bool shell_word(struct cursor *cursor, struct buffer *out, uint8_t *open)
{
	uint8_t byte, quote = 0;

	*open = 0;
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
	if (cursor_left(cursor) == 0)
		return false;
	while (take_u8(cursor, &byte)) {
		if (quote != 0 && byte == quote)
			quote = 0;
		else if (quote != 0)
			buffer_byte(out, byte == '\\' ? unescape(cursor, quote) : byte);
		else if (byte == '\'' || byte == '"')
			quote = byte;
		else if (is_blank(byte))
			break;
		else if (byte != '\\' || take_u8(cursor, &byte))
			buffer_byte(out, byte);
	}
	*open = quote;
	return true;
}
