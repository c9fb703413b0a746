/* SPDX-License-Identifier: ISC */
#include "config_scan.h"

#include <stdio.h>
#include <string.h>

enum inside { INSIDE_NOTHING, INSIDE_QUOTES, INSIDE_LINE_COMMENT, INSIDE_COMMENT };

struct scan {
	uint8_t *text;
	size_t size;
	size_t at;
	unsigned long line;
	enum inside inside;
	uint8_t quote;          /* what ends the quotes */
	unsigned long opened;   /* line a quote or comment began on */
	uint8_t last, before;   /* the last two bytes that were neither blank nor comment nor quoted */
	size_t depth;           /* of braces */
	unsigned long brace;    /* line the outermost was opened on */
	const char *where;
	struct fault *fault;
};

void config_where(char out[static FAULT_WHERE_MAX], const char *name, unsigned long line)
{
	size_t length = strlen(name), most = FAULT_WHERE_MAX - 24;

	snprintf(out, FAULT_WHERE_MAX, "%s:%lu", length > most ? name + (length - most) : name, line);
}

static enum err refuse(const struct scan *scan, unsigned long line, const char *sentence)
{
	char where[FAULT_WHERE_MAX];

	config_where(where, scan->where, line);
	return fault_set(scan->fault, ERR_NO, "config-form", where, "%s", sentence);
}

static uint8_t peek(const struct scan *scan, size_t ahead)
{
	return ahead < scan->size - scan->at ? scan->text[scan->at + ahead] : '\0';
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* '$' is the environment's, a backslash escapes and so hides what is written, and '|' reaches into
 * other sections: libconfuse takes "policy|rework" for the option of that section. */
static enum err check_byte(const struct scan *scan, uint8_t byte)
{
	if (byte == '$' || byte == '\\' || byte == '|')
		return refuse(scan, scan->line,
		    "'$', '|' and the backslash may not appear, not even in a comment");
	if (byte == '\r' && peek(scan, 1) == '\n')
		return ERR_OK;
	if ((byte < 0x20 || byte > 0x7e) && byte != '\t' && byte != '\n')
		return refuse(scan, scan->line, "only printable ASCII, tabs and line ends may appear");
	return ERR_OK;
}

static bool begins_comment(const struct scan *scan)
{
	uint8_t byte = peek(scan, 0), next = peek(scan, 1);

	return byte == '#' || (byte == '/' && (next == '/' || next == '*'));
}

/* A path such as a//b would otherwise lose its end without a word. */
static enum err open_comment(struct scan *scan)
{
	uint8_t before = scan->at == 0 ? '\n' : scan->text[scan->at - 1];

	if (!is_blank(before) && strchr("={},", before) == NULL)
		return refuse(scan, scan->line,
		    "a comment begins after a blank; a value with '#' or '//' is quoted");
	scan->opened = scan->line;
	scan->inside = peek(scan, 1) == '*' && peek(scan, 0) == '/' ? INSIDE_COMMENT : INSIDE_LINE_COMMENT;
	if (scan->inside == INSIDE_COMMENT) /* or the slash of the end could be that of the beginning */
		scan->text[scan->at++] = ' ';
	scan->text[scan->at] = ' ';
	return ERR_OK;
}

/* libconfuse gives up without a word at an option or section without a name. */
static enum err open_quotes(struct scan *scan, uint8_t quote)
{
	bool value = scan->last == '=' || scan->last == ',' || (scan->last == '{' && scan->before == '=');

	if (!value && peek(scan, 1) == quote)
		return refuse(scan, scan->line, "quotes without anything in them may be a value only");
	scan->inside = INSIDE_QUOTES;
	scan->quote = quote;
	scan->opened = scan->line;
	return ERR_OK;
}

/* libconfuse skips a stray '*' or '+' in silence, and an empty list is to it no list at all. */
static enum err plain(struct scan *scan, uint8_t byte)
{
	enum err err;

	if (begins_comment(scan))
		return open_comment(scan);
	if (is_blank(byte))
		return ERR_OK;
	if (byte == '*' || byte == '+')
		return refuse(scan, scan->line, "'*' and '+' may appear in quoted values only");
	if (byte == '}' && scan->last == '{' && scan->before == '=')
		return refuse(scan, scan->line, "a list is empty; leave the option out instead");
	if (byte == '{' && scan->depth++ == 0)
		scan->brace = scan->line;
	if (byte == '}' && scan->depth > 0) /* one too many is libconfuse's to refuse */
		scan->depth--;
	err = byte == '"' || byte == '\'' ? open_quotes(scan, byte) : ERR_OK;
	scan->before = scan->last;
	scan->last = byte;
	return err;
}

static void comment(struct scan *scan, uint8_t byte)
{
	bool ends = byte == '*' && peek(scan, 1) == '/';

	scan->text[scan->at] = ' ';
	if (ends) {
		scan->text[++scan->at] = ' ';
		scan->inside = INSIDE_NOTHING;
	}
}

static enum err line_end(struct scan *scan)
{
	if (scan->inside == INSIDE_QUOTES)
		return refuse(scan, scan->line, "a quoted value does not end on its line");
	if (scan->inside == INSIDE_LINE_COMMENT)
		scan->inside = INSIDE_NOTHING;
	scan->line++;
	return ERR_OK;
}

static enum err step(struct scan *scan)
{
	uint8_t byte = peek(scan, 0);
	enum err err = check_byte(scan, byte);

	if (err != ERR_OK)
		return err;
	if (byte == '\n')
		return line_end(scan);
	if (byte == '\r')
		scan->text[scan->at] = ' ';
	else if (scan->inside == INSIDE_NOTHING)
		return plain(scan, byte);
	else if (scan->inside == INSIDE_COMMENT)
		comment(scan, byte);
	else if (scan->inside == INSIDE_LINE_COMMENT)
		scan->text[scan->at] = ' ';
	else if (byte == scan->quote)
		scan->inside = INSIDE_NOTHING;
	return ERR_OK;
}

enum err config_scan(struct buffer *text, const char *where, struct fault *fault)
{
	struct scan scan = {.text = text->data, .size = text->size, .line = 1};
	enum err err;

	scan.where = where;
	scan.fault = fault;
	for (; scan.at < scan.size; scan.at++) {
		err = step(&scan);
		if (err != ERR_OK)
			return err;
	}
	if (scan.inside == INSIDE_QUOTES)
		return refuse(&scan, scan.opened, "a quoted value is never closed");
	if (scan.inside == INSIDE_COMMENT)
		return refuse(&scan, scan.opened, "a comment is never closed");
	if (scan.depth > 0)
		return refuse(&scan, scan.brace, "a brace is never closed");
	return ERR_OK;
}
