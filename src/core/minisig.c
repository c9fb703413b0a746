/* SPDX-License-Identifier: ISC */
#include "gapseal/minisig.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/base64.h"
#include "gapseal/signature.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
#define TYPED "minisign:"
#define LINE_MAX_UNTRUSTED 1024
#define KEY_BLOB_SIZE 42       /* "Ed", id, key */
#define SIGNATURE_BLOB_SIZE 74 /* "ED", id, signature */

void minisig_key_id(char out[static MINISIG_KEYID_SIZE], const struct minisig_key *key)
{
	for (size_t i = 0; i < sizeof key->id; i++)
		snprintf(out + 2 * i, 3, "%02X", key->id[sizeof key->id - 1 - i]);
}

static enum err key_fault(struct fault *fault, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, "minisig-key", where, "%s", rule);
}

static enum err key_decode(struct minisig_key *out, struct bytes text, const char *where, struct fault *fault)
{
	uint8_t blob[KEY_BLOB_SIZE];

	if (!base64_exact(blob, sizeof blob, text, true))
		return key_fault(fault, where, "a minisign public key is 42 bytes in base64");
	if (memcmp(blob, "Ed", 2) != 0)
		return key_fault(fault, where, "the algorithm of this minisign public key is not Ed");
	memcpy(out->id, blob + 2, sizeof out->id);
	memcpy(out->key, blob + 10, sizeof out->key);
	if (!signature_key_valid(out->key))
		return key_fault(fault, where,
		    "the point in this minisign public key is not usable as a key");
	return ERR_OK;
}

/* The free text of the first line of keys and signatures: bounded, otherwise ignored. A CR would let a
 * terminal show one thing and a reader take another. */
static bool take_untrusted(struct cursor *cursor)
{
	struct bytes line;

	return take_line(cursor, &line) && bytes_starts(line, UNTRUSTED) && line.size <= LINE_MAX_UNTRUSTED &&
	    memchr(line.data, '\r', line.size) == NULL;
}

enum err minisig_key_file(struct minisig_key *out, struct bytes file, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(file);
	struct bytes line;

	if (!take_untrusted(&cursor))
		return key_fault(fault, where,
		    "the first line of a minisign public key file should start with \"" UNTRUSTED
		    "\", without CR");
	if (!take_line(&cursor, &line) || cursor_left(&cursor) != 0)
		return key_fault(fault, where, "a minisign public key file is two lines, each ended by LF");
	return key_decode(out, line, where, fault);
}

enum err minisig_key_typed(struct minisig_key *out, struct bytes typed, const char *where,
    struct fault *fault)
{
	const size_t length = sizeof TYPED - 1;

	if (!bytes_starts(typed, TYPED))
		return key_fault(fault, where, "an officer key should start with " TYPED);
	return key_decode(out, bytes_from(typed.data + length, typed.size - length), where, fault);
}

static void key_encode(char out[static BASE64_SIZE(KEY_BLOB_SIZE)], const struct minisig_key *key)
{
	uint8_t blob[KEY_BLOB_SIZE] = "Ed";

	memcpy(blob + 2, key->id, sizeof key->id);
	memcpy(blob + 10, key->key, sizeof key->key);
	base64_print(out, bytes_from(blob, sizeof blob), true);
}

void minisig_key_print(char out[static MINISIG_TYPED_MAX], const struct minisig_key *key)
{
	_Static_assert(sizeof TYPED - 1 + BASE64_SIZE(KEY_BLOB_SIZE) <= MINISIG_TYPED_MAX, "a key must fit");
	memcpy(out, TYPED, sizeof TYPED - 1);
	key_encode(out + sizeof TYPED - 1, key);
}

void minisig_key_format(struct buffer *out, const struct minisig_key *key)
{
	char id[MINISIG_KEYID_SIZE], text[BASE64_SIZE(KEY_BLOB_SIZE)];

	minisig_key_id(id, key);
	key_encode(text, key);
	buffer_format(out, UNTRUSTED "minisign public key %s\n%s\n", id, text);
}

static enum err form_fault(struct fault *fault, const char *where, unsigned line, const char *rule)
{
	char place[FAULT_WHERE_MAX];

	snprintf(place, sizeof place, "%s:%u", where, line);
	return fault_set(fault, ERR_NO, "minisig-form", place, "%s", rule);
}

/* Line 2: what was signed how, by which key. */
static const char *parse_signature(struct minisig *out, struct bytes line)
{
	uint8_t blob[SIGNATURE_BLOB_SIZE];

	if (!base64_exact(blob, sizeof blob, line, true))
		return "the second line should be 74 bytes in base64";
	if (memcmp(blob, "Ed", 2) == 0)
		return "a legacy signature over the file itself; sign again with minisign 0.11 or later";
	if (memcmp(blob, "ED", 2) != 0)
		return "the algorithm of the signature is not ED";
	memcpy(out->id, blob + 2, sizeof out->id);
	memcpy(out->signature, blob + 10, sizeof out->signature);
	return NULL;
}

/* Line 3. Stock minisign stops reading at a CR and verifies what stands before it; here nothing but
 * printable characters may follow the prefix. */
static const char *parse_comment(struct minisig *out, struct bytes line)
{
	const size_t length = sizeof TRUSTED - 1;
	struct bytes comment;

	if (!bytes_starts(line, TRUSTED))
		return "the third line should start with \"" TRUSTED "\"";
	comment = bytes_from(line.data + length, line.size - length);
	if (!text_is_printable(comment))
		return "the trusted comment should be printable ASCII";
	if (!text_copy(out->comment, sizeof out->comment, comment))
		return "the trusted comment is too long";
	return NULL;
}

enum err minisig_parse(struct minisig *out, struct bytes file, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(file);
	struct bytes line;
	const char *broken = "the file is too long";

	if (file.size > MINISIG_FILE_MAX)
		return form_fault(fault, where, 1, broken);
	if (!take_untrusted(&cursor))
		return form_fault(fault, where, 1,
		    "the first line should start with \"" UNTRUSTED "\", without CR");
	broken = "the line is missing or not ended by LF";
	if (!take_line(&cursor, &line) || (broken = parse_signature(out, line)) != NULL)
		return form_fault(fault, where, 2, broken);
	broken = "the line is missing or not ended by LF";
	if (!take_line(&cursor, &line) || (broken = parse_comment(out, line)) != NULL)
		return form_fault(fault, where, 3, broken);
	if (!take_line(&cursor, &line) || !base64_exact(out->global, sizeof out->global, line, true))
		return form_fault(fault, where, 4,
		    "the fourth line should be 64 bytes in base64, ended by LF");
	if (cursor_left(&cursor) != 0)
		return form_fault(fault, where, 5, "nothing should follow the fourth line");
	return ERR_OK;
}

enum err minisig_verify(const struct minisig *minisig, const uint8_t prehash[static 64],
    const struct minisig_key *key, const char *where, struct fault *fault)
{
	uint8_t covered[sizeof minisig->signature + sizeof minisig->comment];
	size_t length = strlen(minisig->comment);

	if (memcmp(minisig->id, key->id, sizeof key->id) != 0)
		return fault_set(fault, ERR_NO, "minisig-key-id", where, "signed with another key");
	if (!signature_verify(minisig->signature, bytes_from(prehash, 64), key->key))
		return fault_set(fault, ERR_NO, "minisig-signature", where,
		    "the signature does not fit the document: one of them was changed");
	memcpy(covered, minisig->signature, sizeof minisig->signature);
	memcpy(covered + sizeof minisig->signature, minisig->comment, length);
	if (!signature_verify(minisig->global, bytes_from(covered, sizeof minisig->signature + length),
	    key->key))
		return fault_set(fault, ERR_NO, "minisig-comment", where, "the trusted comment was changed");
	return ERR_OK;
}
