/* SPDX-License-Identifier: ISC */
#include "gapseal/card.h"

#include <stdio.h>
#include <string.h>

#define HEAD "gapseal/station/v1"

void card_format(struct buffer *out, const struct card *card)
{
	buffer_format(out, HEAD "\norg %s\nstation %s\nrecipient %s\nlog %s\n", card->org, card->station,
	    card->recipient, card->log_key);
}

/* "<key> <value>"; the value goes to out. */
static bool take_value(struct cursor *cursor, const char *key, char *out, size_t size)
{
	size_t length = strlen(key);
	struct bytes line;

	return take_line(cursor, &line) && bytes_starts(line, key) && line.size > length &&
	    line.data[length] == ' ' &&
	    text_copy(out, size, bytes_from(line.data + length + 1, line.size - length - 1));
}

/* The five lines, before anything is verified. */
static bool read_lines(struct card *out, struct bytes raw)
{
	struct cursor cursor = cursor_of(raw);
	struct bytes head;

	return take_line(&cursor, &head) && bytes_is(head, HEAD) &&
	    take_value(&cursor, "org", out->org, sizeof out->org) &&
	    take_value(&cursor, "station", out->station, sizeof out->station) &&
	    take_value(&cursor, "recipient", out->recipient, sizeof out->recipient) &&
	    take_value(&cursor, "log", out->log_key, sizeof out->log_key);
}

static enum err form_fault(struct fault *fault, const char *where)
{
	return fault_set(fault, ERR_NO, "card-form", where,
	    "this is not a station's card: it should be five lines that the station's log key has signed");
}

static enum err check_names(const struct card *card, const struct note_key *key, const char *where,
    struct fault *fault)
{
	char origin[2 * NAME_SIZE + 1];

	if (!text_is_name(bytes_of(card->org)) || !text_is_name(bytes_of(card->station)))
		return fault_set(fault, ERR_NO, "card-name", where,
		    "org and station should be 1 to 40 of a-z 0-9 . - and begin with a letter or digit");
	snprintf(origin, sizeof origin, "%s/%s", card->org, card->station);
	if (strcmp(key->name, origin) != 0 || key->algorithm != NOTE_ED25519)
		return fault_set(fault, ERR_NO, "card-name", where,
		    "the log key should be an Ed25519 key named %s", origin);
	return ERR_OK;
}

/* What was signed must be the lines that were read and nothing more. */
static enum err verify(const struct card *card, struct bytes raw, const struct note_key *key,
    const char *where, struct fault *fault)
{
	struct buffer lines = BUFFER_EMPTY;
	struct bytes text;
	enum err err;

	err = note_open(&text, NULL, raw, key, 1, where, fault);
	if (err != ERR_OK)
		return err;
	card_format(&lines, card);
	err = buffer_check(&lines, fault);
	if (err == ERR_OK && !bytes_equal(text, buffer_bytes(&lines)))
		err = form_fault(fault, where);
	buffer_free(&lines);
	return err;
}

enum err card_open(struct card *out, struct bytes raw, const char *where, struct fault *fault)
{
	struct recipient recipient;
	struct note_key key;
	enum err err;

	if (raw.size > CARD_MAX || !read_lines(out, raw))
		return form_fault(fault, where);
	err = note_key_parse(&key, bytes_of(out->log_key), where, fault);
	if (err == ERR_OK)
		err = check_names(out, &key, where, fault);
	if (err == ERR_OK)
		err = recipient_parse(&recipient, bytes_of(out->recipient), where, fault);
	if (err == ERR_OK)
		err = verify(out, raw, &key, where, fault);
	return err;
}
