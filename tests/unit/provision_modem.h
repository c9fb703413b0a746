/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROVISION_MODEM_H
#define GAPSEAL_PROVISION_MODEM_H

/*
 * A modem in virtual time, inside the test: an AT host (terminator, quotes, one line buffer) with a
 * credential store, and rules that make the n-th command of a kind go wrong.
 */
#include "testing.h"

#include "gapseal/cmng.h"

enum act {
	ACT_REPLY,   /* text instead of doing anything */
	ACT_SILENT,  /* does it, never answers */
	ACT_DEAD,    /* dies before it */
	ACT_RESET,   /* restarts instead: banner, mode 0 */
	ACT_LATE,    /* does it, answers after delay */
	ACT_SWAP,    /* from here on another device: text is its IMEI; then as usual */
	ACT_DROP     /* loses its last quote: an argument stays open */
};
struct rule {
	const char *match;     /* the command's first characters */
	unsigned nth;          /* counted from 1; 0: every one */
	enum act act;
	const char *text;
	uint64_t delay;
};
struct reply {
	uint64_t due;
	char *text;
	size_t at;
};
struct modem {
	const char *imei;      /* NULL: ERROR */
	const char *firmware;
	enum at_terminator terminator;
	unsigned mode;
	bool strict;           /* 519 for an occupied slot */
	bool dead;
	const struct rule *rules;
	unsigned seen[8];      /* commands that matched each rule */
	char line[8192];
	size_t length;
	bool quoted, drop_quote;
	struct reply replies[64];
	size_t waiting;
	uint64_t busy;         /* until then it works on a command */
	uint64_t deaf;         /* until then it boots */
	struct {
		struct slot slot;
		char digest[2 * HASH_SIZE + 1];
	} store[16];
	size_t stored;
	char trace[4096];      /* what was asked, content left out, joined by '|' */
};

/* Says something at a time, in order of time; but never in the middle of what it is saying. */
static inline void modem_say(struct modem *modem, uint64_t due, const char *text)
{
	struct reply reply = {.due = due, .text = strdup(text)};
	size_t i = modem->waiting++;

	assert_non_null(reply.text);
	assert_true(modem->waiting <= sizeof modem->replies / sizeof modem->replies[0]);
	for (; i > 0 && modem->replies[i - 1].due > due && modem->replies[i - 1].at == 0; i--)
		modem->replies[i] = modem->replies[i - 1];
	modem->replies[i] = reply;
}

/* The answer to a command: not before those to earlier ones. */
static inline void modem_reply(struct modem *modem, uint64_t due, const char *text)
{
	if (modem->busy < due)
		modem->busy = due;
	modem_say(modem, modem->busy, text);
}

static inline void modem_forget(struct modem *modem)
{
	while (modem->waiting > 0)
		free(modem->replies[--modem->waiting].text);
	modem->length = 0;
	modem->quoted = false;
	modem->busy = 0;
}

static inline void modem_reset(struct modem *modem, uint64_t now, uint64_t boot)
{
	modem_forget(modem);
	modem->mode = 0;
	modem->dead = false;
	modem->deaf = now + boot;
	modem_say(modem, now + boot, "\r\nReady\r\n");
}

/* The next byte it says, if it is due. */
static inline bool modem_hear(struct modem *modem, uint64_t now, uint8_t *out)
{
	struct reply *reply = &modem->replies[0];

	if (modem->waiting == 0 || reply->due > now)
		return false;
	*out = (uint8_t)reply->text[reply->at++];
	if (reply->text[reply->at] == '\0') {
		free(reply->text);
		modem->waiting--;
		memmove(modem->replies, modem->replies + 1, modem->waiting * sizeof modem->replies[0]);
	}
	return true;
}

static inline uint64_t modem_due(const struct modem *modem)
{
	return modem->waiting == 0 ? UINT64_MAX : modem->replies[0].due;
}

static inline size_t modem_find(const struct modem *modem, struct slot slot)
{
	size_t i = 0;

	while (i < modem->stored && slot_compare(modem->store[i].slot, slot) != 0)
		i++;
	return i;
}

static inline void modem_put(struct modem *modem, struct slot slot, struct bytes content)
{
	size_t i = modem_find(modem, slot);
	uint8_t digest[HASH_SIZE];

	credential_digest(digest, content, false);
	modem->store[i].slot = slot;
	hex_encode(modem->store[i].digest, bytes_from(digest, sizeof digest));
	if (i == modem->stored)
		modem->stored++;
}

static inline void modem_write(struct modem *modem, char *out, size_t size)
{
	char *quote = strchr(modem->line, '"');
	char *end = quote != NULL ? strchr(quote + 1, '"') : NULL;
	struct slot slot;

	if (end == NULL || sscanf(modem->line, "AT%%CMNG=0,%u,%u,", &slot.tag, &slot.type) != 2)
		snprintf(out, size, "+CME ERROR: 50\r\n");
	else if (cmng_mode_is_active(modem->mode))
		snprintf(out, size, "+CME ERROR: 518\r\n");
	else if (modem->strict && modem_find(modem, slot) < modem->stored)
		snprintf(out, size, "+CME ERROR: 519\r\n");
	else {
		modem_put(modem, slot, bytes_from(quote + 1, (size_t)(end - quote - 1)));
		snprintf(out, size, "OK\r\n");
	}
}

static inline void modem_delete(struct modem *modem, char *out, size_t size)
{
	struct slot slot = {0};
	size_t i;

	if (sscanf(modem->line, "AT%%CMNG=3,%u,%u", &slot.tag, &slot.type) != 2)
		snprintf(out, size, "+CME ERROR: 50\r\n");
	else if (cmng_mode_is_active(modem->mode))
		snprintf(out, size, "+CME ERROR: 518\r\n");
	else if ((i = modem_find(modem, slot)) == modem->stored)
		snprintf(out, size, "+CME ERROR: 513\r\n");
	else {
		modem->store[i] = modem->store[--modem->stored];
		snprintf(out, size, "OK\r\n");
	}
}

static inline void modem_list(const struct modem *modem, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < modem->stored; i++)
		used += (size_t)snprintf(out + used, size - used, "%%CMNG: %u,%u,\"%s\"\r\n",
		    modem->store[i].slot.tag, modem->store[i].slot.type, modem->store[i].digest);
	snprintf(out + used, size - used, "OK\r\n");
}

static inline void modem_answer(struct modem *modem, char *out, size_t size)
{
	const char *line = modem->line;

	if (strcmp(line, "AT") == 0 || strcmp(line, "AT+CMEE=1") == 0)
		snprintf(out, size, "OK\r\n");
	else if (strcmp(line, "AT+CGSN=1") == 0 && modem->imei != NULL)
		snprintf(out, size, "+CGSN: \"%s\"\r\nOK\r\n", modem->imei);
	else if (strcmp(line, "AT+CGMR") == 0)
		snprintf(out, size, "%s\r\nOK\r\n", modem->firmware);
	else if (strcmp(line, "AT+CFUN?") == 0)
		snprintf(out, size, "+CFUN: %u\r\nOK\r\n", modem->mode);
	else if (sscanf(line, "AT+CFUN=%u", &modem->mode) == 1)
		snprintf(out, size, "OK\r\n");
	else if (strcmp(line, "AT%CMNG=1") == 0)
		modem_list(modem, out, size);
	else if (strncmp(line, "AT%CMNG=0,", 10) == 0)
		modem_write(modem, out, size);
	else if (strncmp(line, "AT%CMNG=3,", 10) == 0)
		modem_delete(modem, out, size);
	else
		snprintf(out, size, "ERROR\r\n");
}

/* The rule that applies to the line in hand, NULL if none does. */
static inline const struct rule *modem_rule(struct modem *modem)
{
	const struct rule *applies = NULL;

	for (size_t i = 0; modem->rules != NULL && modem->rules[i].match != NULL; i++) {
		const struct rule *rule = &modem->rules[i];

		if (strncmp(modem->line, rule->match, strlen(rule->match)) != 0)
			continue;
		modem->seen[i]++;
		if (rule->nth == 0 || modem->seen[i] == rule->nth)
			applies = rule;
	}
	return applies;
}

static inline void modem_note(struct modem *modem)
{
	size_t used = strlen(modem->trace);
	size_t length = strcspn(modem->line, "\"");

	snprintf(modem->trace + used, sizeof modem->trace - used, "%s%.*s", used > 0 ? "|" : "", (int)length,
	    modem->line);
}

static inline void modem_command(struct modem *modem, uint64_t now)
{
	const struct rule *rule = modem_rule(modem);
	enum act act = rule != NULL ? rule->act : ACT_REPLY;
	char text[8192];

	modem_note(modem);
	if (act == ACT_DEAD) {
		modem->dead = true;
		return;
	}
	if (act == ACT_RESET) {
		modem_reset(modem, now, 3000);
		return;
	}
	if (act == ACT_SWAP)
		modem->imei = rule->text;
	if (rule != NULL && act == ACT_REPLY)
		snprintf(text, sizeof text, "%s", rule->text);
	else
		modem_answer(modem, text, sizeof text);
	if (act != ACT_SILENT)
		modem_reply(modem, now + 1 + (act == ACT_LATE ? rule->delay : 0), text);
}

static inline bool modem_ends(const struct modem *modem, uint8_t byte)
{
	if (modem->quoted)
		return false;
	if (modem->terminator == AT_CR)
		return byte == '\r';
	if (modem->terminator == AT_LF)
		return byte == '\n';
	return byte == '\n' && modem->length > 0 && modem->line[modem->length - 1] == '\r';
}

/* A byte for it. A line end inside quotes is data; a LF left over from CR LF vanishes at a line's head. */
static inline void modem_byte(struct modem *modem, uint8_t byte, uint64_t now)
{
	if (modem->dead || now < modem->deaf)
		return;
	if (modem_ends(modem, byte)) {
		modem->line[modem->length] = '\0';
		modem->line[strcspn(modem->line, modem->terminator == AT_CRLF ? "\r" : "")] = '\0';
		modem->length = 0;
		if (modem->line[0] != '\0')
			modem_command(modem, now);
		return;
	}
	if (byte == '\n' && modem->length == 0)
		return;
	if (byte == '"') {
		for (size_t i = 0; modem->rules != NULL && modem->rules[i].match != NULL; i++)
			if (modem->quoted && modem->rules[i].act == ACT_DROP && modem->seen[i] == 0 &&
			    strncmp(modem->line, modem->rules[i].match, strlen(modem->rules[i].match)) == 0) {
				modem->seen[i]++;
				return;
			}
		modem->quoted = !modem->quoted;
	}
	assert_true(modem->length + 1 < sizeof modem->line);
	modem->line[modem->length++] = (char)byte;
}

#endif
