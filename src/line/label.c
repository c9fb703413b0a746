/* SPDX-License-Identifier: ISC */
#include "gapseal/label.h"

#include <ctype.h>
#include <string.h>

#define GTIN_FIELD 16 /* 01 and 14 digits */

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_digit(const struct cursor *cursor)
{
	return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

static struct bytes trim(struct bytes line)
{
	while (line.size > 0 && is_blank(line.data[line.size - 1]))
		line.size--;
	while (line.size > 0 && is_blank(line.data[0])) {
		line.data++;
		line.size--;
	}
	return line;
}

void label_split(struct bytes *word, struct bytes *rest, struct bytes line)
{
	size_t size = 0;

	line = trim(line);
	while (size < line.size && !is_blank(line.data[size]))
		size++;
	*word = bytes_from(line.data, size);
	*rest = trim(bytes_from(line.data + size, line.size - size));
}

/* Takes 15 digits with at most one blank or dash between two of them; a sixteenth right behind makes it
 * another number. */
static bool take_digits(struct cursor *cursor, char out[static IMEI_SIZE])
{
	struct cursor next = *cursor;
	size_t count = 0;

	while (count < IMEI_LENGTH) {
		if (count > 0 && next.at < next.end && (*next.at == '-' || *next.at == ' '))
			next.at++;
		if (!is_digit(&next))
			return false;
		out[count++] = (char)*next.at++;
	}
	out[count] = '\0';
	if (is_digit(&next))
		return false;
	*cursor = next;
	return true;
}

/* What was found so far, and another number that may be an IMEI. */
static void find(struct label_read *out, const char *digits, bool *two)
{
	char imei[IMEI_SIZE];
	struct fault fault;

	if (imei_parse(imei, bytes_of(digits), NULL, &fault) != ERR_OK) {
		out->digits = true;
		return;
	}
	if (out->imei[0] != '\0' && strcmp(out->imei, imei) != 0)
		*two = true;
	memcpy(out->imei, imei, sizeof imei);
}

static void find_alone(struct label_read *out, struct bytes line, bool *two)
{
	struct cursor cursor = cursor_of(line);
	char digits[IMEI_SIZE];

	if (take_digits(&cursor, digits) && cursor_left(&cursor) == 0)
		find(out, digits, two);
}

static bool take_word(struct cursor *cursor)
{
	static const char word[] = "imei";

	if (cursor_left(cursor) < 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (tolower(cursor->at[i]) != word[i])
			return false;
	cursor->at += 4;
	while (cursor->at < cursor->end && strchr(":=# ", *cursor->at) != NULL && *cursor->at != '\0')
		cursor->at++;
	return true;
}

static void find_words(struct label_read *out, struct bytes line, bool *two)
{
	struct cursor cursor = cursor_of(line);
	char digits[IMEI_SIZE];
	bool inside = false; /* a word: "TIMEIN" is none */

	while (cursor_left(&cursor) > 0) {
		if (!inside && take_word(&cursor)) {
			if (take_digits(&cursor, digits))
				find(out, digits, two);
			inside = true;
			continue;
		}
		inside = isalnum(*cursor.at) != 0;
		cursor.at++;
	}
}

/* Printed, the identifier stands in brackets; read, it begins the line, behind the symbology or a GTIN. */
static void find_gs1(struct label_read *out, struct bytes line, bool *two)
{
	static const char printed[] = "(8002)", raw[] = "8002";
	const uint8_t *bracket = memmem(line.data, line.size, printed, strlen(printed));
	struct cursor cursor = cursor_of(line);
	char digits[IMEI_SIZE];
	bool found = bracket != NULL;

	if (found) {
		cursor.at = bracket + strlen(printed);
	} else {
		if (line.size >= 3 && line.data[0] == ']')
			cursor.at += 3;
		if (cursor_left(&cursor) > GTIN_FIELD && memcmp(cursor.at, "01", 2) == 0)
			cursor.at += GTIN_FIELD;
		found = cursor_left(&cursor) > strlen(raw) && memcmp(cursor.at, raw, strlen(raw)) == 0;
		cursor.at += found ? strlen(raw) : 0;
	}
	if (found && take_digits(&cursor, digits))
		find(out, digits, two);
}

void label_read(struct label_read *out, struct bytes line)
{
	bool two = false;

	*out = (struct label_read){0};
	line = trim(line);
	if (line.size == 0 || line.size > LABEL_LINE_MAX)
		return;
	if (text_is_printable(line) && !text_copy(out->text, sizeof out->text, line))
		out->text[0] = '\0';
	find_alone(out, line, &two);
	find_words(out, line, &two);
	find_gs1(out, line, &two);
	if (two)
		out->imei[0] = '\0';
	if (out->imei[0] != '\0')
		out->digits = false;
}
