/* SPDX-License-Identifier: ISC */
#include "gapseal/sim_command.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct bytes trimmed(struct bytes text)
{
	while (text.size > 0 && is_blank(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

/* One argument and the comma or end behind it. A quote ends at the next quote: there is no escape. */
static bool take_arg(struct cursor *cursor, struct sim_arg *out)
{
	const uint8_t *start = cursor->at;
	const uint8_t *end;

	out->quoted = start < cursor->end && *start == '"';
	if (out->quoted) {
		start++;
		end = memchr(start, '"', (size_t)(cursor->end - start));
		if (end == NULL || (end + 1 < cursor->end && end[1] != ','))
			return false;
		cursor->at = end + 1;
	} else {
		end = memchr(start, ',', (size_t)(cursor->end - start));
		if (end == NULL)
			end = cursor->end;
		if (memchr(start, '"', (size_t)(end - start)) != NULL)
			return false;
		cursor->at = end;
	}
	out->text = bytes_from(start, (size_t)(end - start));
	return true;
}

static bool take_args(struct cursor *cursor, struct sim_command *out)
{
	for (;;) {
		if (out->count == SIM_ARGS_MAX || !take_arg(cursor, &out->args[out->count]))
			return false;
		out->count++;
		if (cursor_left(cursor) == 0)
			return true;
		cursor->at++; /* the comma */
	}
}

static bool is_name(uint8_t byte, bool first)
{
	return isalnum(byte) || (first && (byte == '+' || byte == '%' || byte == '#'));
}

static enum sim_form take_form(struct cursor *cursor, struct sim_command *out)
{
	if (cursor_left(cursor) == 0)
		return SIM_EXECUTE;
	if (bytes_is(bytes_from(cursor->at, cursor_left(cursor)), "?"))
		return SIM_READ;
	if (bytes_is(bytes_from(cursor->at, cursor_left(cursor)), "=?"))
		return SIM_TEST;
	if (*cursor->at != '=')
		return SIM_MALFORMED;
	cursor->at++;
	return take_args(cursor, out) ? SIM_SET : SIM_MALFORMED;
}

void sim_command_parse(struct sim_command *out, struct bytes text)
{
	struct cursor cursor;
	const uint8_t *start;

	*out = (struct sim_command){.form = SIM_NOT_AT};
	text = trimmed(text);
	if (text.size < 2 || strncasecmp((const char *)text.data, "AT", 2) != 0)
		return;
	cursor = cursor_of(text);
	cursor.at += 2;
	start = cursor.at;
	while (cursor.at < cursor.end && is_name(*cursor.at, cursor.at == start))
		cursor.at++;
	out->name = bytes_from(start, (size_t)(cursor.at - start));
	out->form = take_form(&cursor, out);
}

bool sim_command_is(const struct sim_command *command, const char *name)
{
	return command->name.size == strlen(name) &&
	    strncasecmp((const char *)command->name.data, name, command->name.size) == 0;
}

static const char *cmng_verb(const struct sim_command *command)
{
	static const char *const verbs[] = {"write", "list", "read", "delete"};
	uint64_t opcode;

	if (!sim_command_is(command, "%CMNG") || command->count == 0 || command->args[0].quoted ||
	    !decimal_parse(command->args[0].text, 3, &opcode))
		return NULL;
	return verbs[opcode];
}

bool sim_command_changes(const struct sim_command *command)
{
	const char *verb = cmng_verb(command);

	return command->form == SIM_SET && verb != NULL &&
	    (strcmp(verb, "write") == 0 || strcmp(verb, "delete") == 0);
}

/* The i-th argument as a word of at most 15 characters, "" if there is none or it is not such a word. */
static void arg_word(char out[static 16], const struct sim_command *command, size_t i)
{
	if (i >= command->count || !text_is_printable(command->args[i].text) ||
	    !text_copy(out, 16, command->args[i].text))
		out[0] = '\0';
}

static void cmng_words(char out[static SIM_WORDS_SIZE], const struct sim_command *command, const char *verb)
{
	char tag[16], type[16];

	arg_word(tag, command, 1);
	arg_word(type, command, 2);
	snprintf(out, SIM_WORDS_SIZE, "%s%s%s%s%s", verb, tag[0] != '\0' ? " " : "", tag,
	    tag[0] != '\0' && type[0] != '\0' ? "," : "", tag[0] != '\0' ? type : "");
}

static void other_words(char out[static SIM_WORDS_SIZE], const struct sim_command *command)
{
	struct bytes name = command->name;
	char word[16], arg[16] = "";

	if (name.size > 0 && !isalnum(name.data[0])) {
		name.data++;
		name.size--;
	}
	if (!text_copy(word, sizeof word, name))
		word[0] = '\0';
	for (char *c = word; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (command->form == SIM_READ || command->form == SIM_TEST)
		strcpy(arg, command->form == SIM_READ ? "?" : "=?");
	else
		arg_word(arg, command, 0);
	snprintf(out, SIM_WORDS_SIZE, "%s%s%s", word[0] != '\0' ? word : "at",
	    arg[0] != '\0' ? " " : "", arg);
}

void sim_command_words(char out[static SIM_WORDS_SIZE], const struct sim_command *command)
{
	const char *verb = cmng_verb(command);

	if (command->form == SIM_NOT_AT)
		strcpy(out, "noise");
	else if (verb != NULL)
		cmng_words(out, command, verb);
	else
		other_words(out, command);
}

bool sim_words_match(const char *words, const char *pattern)
{
	size_t size = strlen(pattern);

	if (strcmp(pattern, "any") == 0)
		return true;
	return strncmp(words, pattern, size) == 0 &&
	    (words[size] == '\0' || words[size] == ' ' || words[size] == ',');
}
