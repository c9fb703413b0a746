/* SPDX-License-Identifier: ISC */
#include "age_format.h"

#include <string.h>

#include "gapseal/base64.h"

#define FULL_LINE 64

enum err age_header_fault(struct fault *fault, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, "age-header", where, "%s", rule);
}

/* A type or an argument: printable characters without space. */
static bool take_word(struct cursor *line, struct bytes *out)
{
	if (!take_field(line, ' ', out) || out->size == 0)
		return false;
	for (size_t i = 0; i < out->size; i++)
		if (out->data[i] <= 0x20 || out->data[i] > 0x7e)
			return false;
	return true;
}

static bool take_head(struct age_stanza *out, struct cursor *cursor)
{
	struct bytes line, word;
	struct cursor words;

	/* take_field would not notice a separator at the end of the line. */
	if (!take_line(cursor, &line) || !bytes_starts(line, AGE_STANZA) || line.data[line.size - 1] == ' ')
		return false;
	words = cursor_of(bytes_from(line.data + sizeof AGE_STANZA - 1, line.size - (sizeof AGE_STANZA - 1)));
	if (!take_word(&words, &out->type))
		return false;
	for (out->arguments = 0; cursor_left(&words) != 0; out->arguments++) {
		if (!take_word(&words, &word))
			return false;
		if (out->arguments < sizeof out->argument / sizeof out->argument[0])
			out->argument[out->arguments] = word;
	}
	return true;
}

bool age_stanza_take(struct age_stanza *out, struct cursor *stanzas)
{
	uint8_t bytes[AGE_BODY_LINE];
	struct bytes line;
	size_t size;

	if (!take_head(out, stanzas))
		return false;
	out->body_size = 0;
	do {
		if (!take_line(stanzas, &line) || line.size > FULL_LINE)
			return false;
		size = line.size * 3 / 4;
		if (!base64_exact(bytes, size, line, false))
			return false;
		if (out->body_size == 0)
			memcpy(out->body, bytes, size);
		out->body_size += size;
	} while (line.size == FULL_LINE);
	return true;
}

static bool take_stanzas(struct age_header *out, struct cursor *cursor)
{
	struct age_stanza stanza;
	const uint8_t *start = cursor->at;
	size_t count = 0, scrypts = 0;

	while (!bytes_starts(bytes_from(cursor->at, cursor_left(cursor)), AGE_END)) {
		if (!age_stanza_take(&stanza, cursor) || ++count > AGE_STANZAS_MAX)
			return false;
		scrypts += bytes_is(stanza.type, "scrypt");
	}
	out->stanzas = bytes_from(start, (size_t)(cursor->at - start));
	out->count = count;
	return count > 0 && (scrypts == 0 || count == 1);
}

enum err age_header_parse(struct age_header *out, struct bytes file, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(file);
	struct bytes line;

	if (file.size > AGE_FILE_MAX)
		return fault_set(fault, ERR_NO, "age-size", where, "the age file is larger than %u bytes",
		    AGE_FILE_MAX);
	if (!take_line(&cursor, &line) || !bytes_is(line, AGE_VERSION))
		return age_header_fault(fault, where, "not a binary age file of version 1");
	if (!take_stanzas(out, &cursor))
		return age_header_fault(fault, where, "the recipients in the age header do not parse");
	if (!take_line(&cursor, &line) || !bytes_starts(line, AGE_END " ") ||
	    !base64_exact(out->mac, sizeof out->mac,
	        bytes_from(line.data + sizeof AGE_END, line.size - sizeof AGE_END), false))
		return age_header_fault(fault, where,
		    "the last line of the age header is not --- and 32 bytes in base64");
	out->covered = bytes_from(file.data, (size_t)(line.data - file.data) + sizeof AGE_END - 1);
	if (!take_bytes(&cursor, AGE_NONCE_SIZE, &out->nonce) ||
	    !take_bytes(&cursor, cursor_left(&cursor), &out->payload))
		return age_header_fault(fault, where, "the age file ends in its header");
	return ERR_OK;
}
