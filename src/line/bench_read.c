/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/bench.h"
#include "gapseal/file.h"

#define BLANKS " \t"
#define WORDS_MAX 8

/* A line as it is taken apart. */
struct parsed {
	const char *name, *path;
	struct port_settings settings;
	struct provision_settings provision;
	const char *words[WORDS_MAX]; /* settings given */
	size_t count;
};

static const char settings_form[] = "behind the path stand settings, a word and its value, each at most once";

static enum err bad_form(struct fault *fault, const char *text)
{
	return fault_set(fault, ERR_CANNOT, "ports-form", "", "%s", text);
}

/* The next word; NULL at the end or before a comment, after which there is nothing more. */
static char *next_word(char **rest)
{
	char *word;

	if (*rest == NULL)
		return NULL;
	*rest += strspn(*rest, BLANKS);
	if (**rest == '\0' || **rest == '#') {
		*rest = NULL;
		return NULL;
	}
	word = strsep(rest, BLANKS);
	return word;
}

static bool is_repeated(struct parsed *parsed, const char *word)
{
	for (size_t i = 0; i < parsed->count; i++)
		if (strcmp(parsed->words[i], word) == 0)
			return true;
	if (parsed->count == WORDS_MAX)
		return true;
	parsed->words[parsed->count++] = word;
	return false;
}

static enum err take_setting(struct parsed *parsed, const char *word, const char *value, struct fault *fault)
{
	uint64_t baud;

	if (is_repeated(parsed, word))
		return bad_form(fault, settings_form);
	if (strcmp(word, "baud") == 0) {
		if (!decimal_parse(bytes_of(value), PORT_BAUD_MAX, &baud) || baud < PORT_BAUD_MIN)
			return bad_form(fault, "baud is a number from 1200 to 4000000");
		parsed->settings.baud = (unsigned)baud;
		return ERR_OK;
	}
	if (strcmp(word, "flow") == 0) {
		if (!port_flow_parse(&parsed->settings.flow, value))
			return bad_form(fault, "flow is none, rtscts or xonxoff");
		return ERR_OK;
	}
	switch (provision_set(&parsed->provision, word, value, fault)) {
	case ERR_OK:
		return ERR_OK;
	case ERR_NO:
		return bad_form(fault, settings_form);
	default:
		return bad_form(fault, fault->text);
	}
}

/* Takes a line apart in place; name stays NULL if there is nothing on it. */
static enum err parse_line(struct parsed *parsed, char *line, struct fault *fault)
{
	char *rest = line, *word, *value;
	enum err err = ERR_OK;

	word = next_word(&rest);
	if (word == NULL)
		return ERR_OK;
	value = strchr(word, '=');
	if (value != NULL)
		*value++ = '\0';
	else if ((value = next_word(&rest)) != NULL && *value == '=')
		value++;
	else
		return bad_form(fault, "a line is NAME = PATH, then settings if need be");
	parsed->name = word;
	parsed->path = *value != '\0' ? value : next_word(&rest);
	if (parsed->path == NULL)
		return bad_form(fault, "behind the '=' stands the path of the port");
	while (err == ERR_OK && (word = next_word(&rest)) != NULL) {
		value = next_word(&rest);
		err = value != NULL ? take_setting(parsed, word, value, fault) :
		    bad_form(fault, settings_form);
	}
	return err;
}

static bool is_plain(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((text.data[i] < 0x20 || text.data[i] > 0x7e) && text.data[i] != '\t')
			return false;
	return true;
}

static enum err add_line(struct bench *bench, struct bytes text, const struct port_settings *settings,
    struct fault *fault)
{
	struct parsed parsed = {.settings = *settings,
	    .provision = bench->provision != NULL ? *bench->provision : provision_defaults};
	char *line;
	enum err err;

	if (text.size > 0 && text.data[text.size - 1] == '\r')
		text.size--;
	if (!is_plain(text))
		return bad_form(fault, "only printable ASCII and tabs may stand in this file");
	line = strndup((const char *)text.data, text.size);
	if (line == NULL)
		return fault_memory(fault);
	err = parse_line(&parsed, line, fault);
	if (err == ERR_OK && parsed.name != NULL)
		err = bench_add(bench, parsed.name, parsed.path, &parsed.settings, fault);
	if (err == ERR_OK && parsed.name != NULL)
		bench->ports[bench->count - 1].provision = parsed.provision;
	free(line);
	return err;
}

enum err bench_read(struct bench *bench, int folder, const char *name, const struct port_settings *settings,
    struct fault *fault)
{
	struct buffer file = BUFFER_EMPTY;
	struct cursor cursor;
	struct bytes line;
	unsigned number = 0;
	enum err err = file_read(&file, folder, name, BENCH_FILE_MAX, fault);

	if (err != ERR_OK) {
		buffer_free(&file);
		return err;
	}
	cursor = cursor_of(buffer_bytes(&file));
	while (err == ERR_OK && take_field(&cursor, '\n', &line)) {
		number++;
		err = add_line(bench, line, settings, fault);
	}
	if (err != ERR_OK)
		snprintf(fault->where, sizeof fault->where, "%s:%u", name, number);
	buffer_free(&file);
	return err;
}
