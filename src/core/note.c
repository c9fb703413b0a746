/* SPDX-License-Identifier: ISC */
#include "gapseal/note.h"

#include <string.h>

#include "gapseal/signature.h"
#include "gapseal/utf8.h"

#define EM_DASH "\xe2\x80\x94 "
#define ID_SIZE 4
#define COSIGNATURE_TIME_SIZE 8

bool note_text_valid(struct bytes text)
{
	struct cursor cursor = cursor_of(text);
	uint32_t rune;

	if (text.size == 0 || text.data[text.size - 1] != '\n')
		return false;
	while (cursor_left(&cursor) != 0)
		if (!utf8_take(&cursor, &rune) || (rune < 0x20 && rune != '\n'))
			return false;
	return true;
}

bool note_name_valid(struct bytes name)
{
	struct cursor cursor = cursor_of(name);
	uint32_t rune;

	if (name.size == 0)
		return false;
	while (cursor_left(&cursor) != 0)
		if (!utf8_take(&cursor, &rune) || rune < 0x20 || rune == '+' || utf8_is_space(rune))
			return false;
	return true;
}

/* One signature line taken apart; name and signature are views. */
struct line {
	struct bytes name;
	struct bytes id;
	struct bytes signature;
};

struct known {
	const struct note_key *keys;
	size_t count;
	bool signed_by[NOTE_KEYS_MAX];
};

static enum err form_fault(struct fault *fault, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, "note-form", where, "%s", rule);
}

/* The last empty line parts text from signatures: the text may hold others. */
static bool split(struct bytes *text, struct cursor *signatures, struct bytes raw)
{
	for (size_t i = raw.size; i >= 2; i--) {
		if (raw.data[i - 1] != '\n' || raw.data[i - 2] != '\n')
			continue;
		*text = bytes_from(raw.data, i - 1);
		*signatures = cursor_of(bytes_from(raw.data + i, raw.size - i));
		return true;
	}
	return false;
}

/* blob is scratch memory that the line's views may point into. */
static enum err line_parse(struct line *out, struct buffer *blob, struct bytes text, const char *where,
    struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct bytes dash;

	if (!take_bytes(&cursor, sizeof EM_DASH - 1, &dash) || !bytes_is(dash, EM_DASH) ||
	    !take_field(&cursor, ' ', &out->name) || !note_name_valid(out->name))
		return form_fault(fault, where, "a signature line is not an em dash, a name and base64");
	buffer_clear(blob);
	if (!base64_decode(blob, bytes_from(cursor.at, cursor_left(&cursor)), true)) {
		if (blob->failed)
			return fault_memory(fault);
		return form_fault(fault, where, "the base64 of a signature line is not canonical");
	}
	cursor = cursor_of(buffer_bytes(blob));
	if (!take_bytes(&cursor, ID_SIZE, &out->id) || cursor_left(&cursor) == 0)
		return form_fault(fault, where, "the signature in a signature line is too short");
	out->signature = bytes_from(cursor.at, cursor_left(&cursor));
	return ERR_OK;
}

static uint64_t big_endian(struct bytes bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes.size; i++)
		value = value << 8 | bytes.data[i];
	return value;
}

/* A witness signs the time it puts before its signature, then the text. */
static enum err cosignature_verify(bool *good, const struct note_key *key, struct bytes text,
    struct bytes signature, struct fault *fault)
{
	struct buffer covered = BUFFER_EMPTY;
	uint64_t time;
	enum err err;

	*good = false;
	if (signature.size != COSIGNATURE_TIME_SIZE + SIGNATURE_SIZE)
		return ERR_OK;
	time = big_endian(bytes_from(signature.data, COSIGNATURE_TIME_SIZE));
	if (time > INT64_MAX)
		return ERR_OK;
	buffer_format(&covered, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
	buffer_put(&covered, text);
	err = buffer_check(&covered, fault);
	signature = bytes_from(signature.data + COSIGNATURE_TIME_SIZE, SIGNATURE_SIZE);
	if (err == ERR_OK)
		*good = signature_verify(signature.data, buffer_bytes(&covered), key->key);
	buffer_free(&covered);
	return err;
}

static enum err line_verify(const struct line *line, const struct note_key *key, struct bytes text,
    const char *where, struct fault *fault)
{
	bool good = false;
	enum err err;

	if (key->algorithm == NOTE_COSIGNATURE) {
		if ((err = cosignature_verify(&good, key, text, line->signature, fault)) != ERR_OK)
			return err;
	} else if (key->algorithm == NOTE_ED25519 && line->signature.size == SIGNATURE_SIZE) {
		good = signature_verify(line->signature.data, text, key->key);
	}
	if (!good)
		return fault_set(fault, ERR_NO, "note-signature", where,
		    "the signature of %s does not verify",
		    text_is_printable(bytes_of(key->name)) ? key->name : "a known key");
	return ERR_OK;
}

static enum err lines_verify(struct known *known, struct bytes text, struct cursor lines, const char *where,
    struct fault *fault)
{
	struct buffer blob = BUFFER_EMPTY;
	struct line line;
	struct bytes next;
	unsigned count = 0;
	enum err err = ERR_OK;

	while (err == ERR_OK && take_line(&lines, &next)) {
		if (++count > NOTE_SIGNATURES_MAX)
			err = form_fault(fault, where, "too many signature lines");
		else
			err = line_parse(&line, &blob, next, where, fault);
		for (size_t i = 0; err == ERR_OK && i < known->count; i++) {
			const struct note_key *key = &known->keys[i];

			if (!bytes_is(line.name, key->name) ||
			    !bytes_equal(line.id, bytes_from(key->id, sizeof key->id)))
				continue;
			err = line_verify(&line, key, text, where, fault);
			known->signed_by[i] = err == ERR_OK;
		}
	}
	if (err == ERR_OK && count == 0)
		err = form_fault(fault, where, "no signature line follows the empty line");
	buffer_free(&blob);
	return err;
}

enum err note_open(struct bytes *text, bool *verified, struct bytes raw, const struct note_key *keys,
    size_t count, const char *where, struct fault *fault)
{
	struct known known = {.keys = keys, .count = count};
	struct cursor lines;
	bool any = false;
	enum err err;

	if (count > NOTE_KEYS_MAX)
		return fault_set(fault, ERR_CANNOT, "note-keys", where, "more than %d known keys",
		    NOTE_KEYS_MAX);
	if (!note_text_valid(raw))
		return form_fault(fault, where,
		    "not UTF-8 lines ended by LF without other control characters");
	if (!split(text, &lines, raw))
		return form_fault(fault, where, "no empty line between text and signatures");
	if ((err = lines_verify(&known, *text, lines, where, fault)) != ERR_OK)
		return err;
	for (size_t i = 0; i < count; i++) {
		any |= known.signed_by[i];
		if (verified != NULL)
			verified[i] = known.signed_by[i];
	}
	if (!any)
		return fault_set(fault, ERR_NO, "note-unsigned", where, "no known key has signed this");
	return ERR_OK;
}
