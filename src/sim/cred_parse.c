/* SPDX-License-Identifier: ISC */
#include "cred.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "editor.h"

#define WORDS_MAX 8

/* The words of a line behind `cred`, decoded. */
struct words {
	size_t count;
	struct buffer items[WORDS_MAX];
};

static void take_words(struct words *out, struct cursor cursor)
{
	uint8_t open;

	*out = (struct words){0};
	while (out->count < WORDS_MAX && shell_word(&cursor, &out->items[out->count], &open))
		out->count++;
}

static const char *word(struct words *words, size_t i)
{
	if (i >= words->count)
		return "";
	buffer_byte(&words->items[i], '\0');
	words->items[i].size--;
	return words->items[i].data != NULL ? (const char *)words->items[i].data : "";
}

static void complain(struct cred_line *line, const char *what, const char *text)
{
	line->verb = CRED_NONE;
	snprintf(line->complaint, sizeof line->complaint, "%.60s%s", what, text);
}

static bool take_tag(struct cred_line *line, const char *text)
{
	uint64_t tag;

	if (!decimal_parse(bytes_of(text), UINT32_MAX, &tag)) {
		complain(line, text, " is not a valid sectag.");
		return false;
	}
	line->tag = (uint32_t)tag;
	return true;
}

static bool take_type(struct cred_line *line, const char *text)
{
	static const struct {
		const char *name;
		uint32_t type;
	} names[] = {
		{"CA_CERT", 0}, {"CA", 0}, {"SERVER_CERT", 1}, {"CLIENT_CERT", 1}, {"SELF_CERT", 1},
		    {"SELF", 1},
		{"CLIENT", 1}, {"SERV", 1}, {"PRIVATE_KEY", 2}, {"PK", 2}, {"PRE_SHARED_KEY", 3}, {"PSK", 3},
		{"PRE_SHARED_KEY_ID", 4}, {"PSK_ID", 4},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		line->type = names[i].type;
		if (strcasecmp(text, names[i].name) == 0)
			return true;
	}
	complain(line, text, " is not a valid credential type.");
	return false;
}

static bool take_format(struct cred_line *line, const char *text)
{
	static const char *const formats[] = {"bin", "bint", "str", "strt"};

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		line->binary = i < 2;
		line->terminated = i % 2 == 1;
		if (strcasecmp(text, formats[i]) == 0)
			return true;
	}
	complain(line, text, " is not a valid storage format.");
	return false;
}

static void take_data(struct cred_line *line, const struct buffer *word)
{
	line->has_data = true;
	buffer_put(&line->data, bytes_from(word->data, strnlen((const char *)word->data, word->size)));
}

static void parse_buf(struct cred_line *line, struct words *words)
{
	bool clear = strcmp(word(words, 1), "clear") == 0;

	line->verb = clear ? CRED_CLEAR : CRED_BUF;
	if (words->count != 2)
		complain(line, "buf", ": wrong parameter count");
	else if (!clear)
		take_data(line, &words->items[1]);
}

static void parse_add(struct cred_line *line, struct words *words)
{
	line->verb = CRED_ADD;
	if (words->count < 5 || words->count > 6) {
		complain(line, "add", ": wrong parameter count");
		return;
	}
	if (!take_tag(line, word(words, 1)) || !take_type(line, word(words, 2)))
		return;
	if (strcasecmp(word(words, 3), "default") != 0)
		complain(line, word(words, 3), " is not a valid backend.");
	else if (take_format(line, word(words, 4)) && words->count == 6)
		take_data(line, &words->items[5]);
}

static void parse_del(struct cred_line *line, struct words *words)
{
	line->verb = CRED_DEL;
	if (words->count != 3)
		complain(line, "del", ": wrong parameter count");
	else if (take_tag(line, word(words, 1)))
		take_type(line, word(words, 2));
}

static void parse_list(struct cred_line *line, struct words *words)
{
	line->verb = CRED_LIST;
	line->any_tag = words->count < 2 || strcasecmp(word(words, 1), "any") == 0;
	line->any_type = words->count < 3 || strcasecmp(word(words, 2), "any") == 0;
	if (words->count > 3)
		complain(line, "list", ": wrong parameter count");
	else if (line->any_tag || take_tag(line, word(words, 1)))
		line->any_type = line->any_type || !take_type(line, word(words, 2));
}

void cred_parse(struct cred_line *out, struct cursor cursor)
{
	static const struct {
		const char *name;
		void (*parse)(struct cred_line *line, struct words *words);
	} table[] = {{"buf", parse_buf}, {"add", parse_add}, {"del", parse_del}, {"list", parse_list}};
	struct words words;
	bool known = false;

	*out = (struct cred_line){.verb = CRED_NONE};
	take_words(&words, cursor);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(word(&words, 0), table[i].name) != 0)
			continue;
		table[i].parse(out, &words);
		known = true;
	}
	if (!known)
		complain(out, "", "Please specify a subcommand.");
	for (size_t i = 0; i < words.count; i++) {
		out->data.failed |= words.items[i].failed;
		buffer_free(&words.items[i]);
	}
}

void cred_free(struct cred_line *line)
{
	buffer_free(&line->data);
	*line = (struct cred_line){0};
}

void cred_words(char out[static SIM_WORDS_SIZE], const struct cred_line *line)
{
	static const char *const verbs[] = {[CRED_NONE] = "noise", [CRED_BUF] = "buf", [CRED_CLEAR] = "clear",
	    [CRED_ADD] = "write", [CRED_DEL] = "delete", [CRED_LIST] = "list"};
	bool slot = line->verb == CRED_ADD || line->verb == CRED_DEL;

	snprintf(out, SIM_WORDS_SIZE, "%s", verbs[line->verb]);
	if (slot)
		snprintf(out, SIM_WORDS_SIZE, "%s %u,%u", verbs[line->verb], line->tag, line->type);
	else if (line->verb == CRED_LIST && !line->any_tag)
		snprintf(out, SIM_WORDS_SIZE, "list %u", line->tag);
}
