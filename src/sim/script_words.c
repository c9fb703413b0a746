/* SPDX-License-Identifier: ISC */
#include "script.h"

#include <stdio.h>
#include <string.h>

enum err script_refuse(const struct parser *parser, const char *what)
{
	char where[FAULT_WHERE_MAX];

	snprintf(where, sizeof where, "%.128s:%u", parser->where, parser->line);
	return fault_set(parser->fault, ERR_CANNOT, "sim-script", where, "%s", what);
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && is_blank(*cursor->at))
		cursor->at++;
}

/* The word at the cursor, which is not at a blank nor at the end. False: its quote is not closed. */
static bool take_token(struct cursor *cursor, struct token *out)
{
	const uint8_t *start = cursor->at;

	out->quoted = *start == '"';
	if (out->quoted) {
		cursor->at++;
		return memchr(cursor->at, '"', cursor_left(cursor)) != NULL &&
		    take_field(cursor, '"', &out->text);
	}
	while (cursor->at < cursor->end && !is_blank(*cursor->at))
		cursor->at++;
	out->text = bytes_from(start, (size_t)(cursor->at - start));
	return true;
}

enum err script_split(struct parser *parser, struct bytes line)
{
	struct cursor cursor = cursor_of(line);

	parser->count = 0;
	parser->next = 1;
	for (skip_blanks(&cursor); cursor_left(&cursor) > 0 && *cursor.at != '#'; skip_blanks(&cursor)) {
		if (parser->count == TOKENS_MAX)
			return script_refuse(parser, "too many words on a line");
		if (!take_token(&cursor, &parser->tokens[parser->count]))
			return script_refuse(parser, "a double quote is not closed");
		parser->count++;
	}
	return ERR_OK;
}

/* The next word if it is that one, unquoted. */
bool script_word(struct parser *parser, const char *word)
{
	if (parser->next == parser->count || parser->tokens[parser->next].quoted ||
	    !bytes_is(parser->tokens[parser->next].text, word))
		return false;
	parser->next++;
	return true;
}

bool script_number(struct parser *parser, uint64_t max, uint64_t *out)
{
	if (parser->next == parser->count || parser->tokens[parser->next].quoted ||
	    !decimal_parse(parser->tokens[parser->next].text, max, out))
		return false;
	parser->next++;
	return true;
}

bool script_u32(struct parser *parser, uint32_t *out)
{
	uint64_t value;

	if (!script_number(parser, UINT32_MAX - 1, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

bool script_quoted(struct parser *parser, struct bytes *out)
{
	if (parser->next == parser->count || !parser->tokens[parser->next].quoted)
		return false;
	*out = parser->tokens[parser->next++].text;
	return true;
}

bool script_plain(struct parser *parser, struct bytes *out)
{
	if (parser->next == parser->count || parser->tokens[parser->next].quoted)
		return false;
	*out = parser->tokens[parser->next++].text;
	return true;
}
