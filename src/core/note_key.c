/* SPDX-License-Identifier: ISC */
#include "gapseal/note.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/base64.h"
#include "gapseal/hash.h"
#include "gapseal/signature.h"

#define BLOB_SIZE 33 /* algorithm, key */

static enum err key_fault(struct fault *fault, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, "note-key", where, "%s", rule);
}

/* The id is a hash of all the rest, so a name cannot be put on another's key. */
static void key_id(struct note_key *key)
{
	const uint8_t separator = '\n';
	uint8_t digest[HASH_SIZE];
	struct hash hash;

	hash_begin(&hash);
	hash_add(&hash, bytes_of(key->name));
	hash_add(&hash, bytes_from(&separator, 1));
	hash_add(&hash, bytes_from(&key->algorithm, 1));
	hash_add(&hash, bytes_from(key->key, sizeof key->key));
	hash_end(&hash, digest);
	memcpy(key->id, digest, sizeof key->id);
}

static enum err key_complete(struct note_key *out, struct bytes name, uint8_t algorithm,
    const uint8_t key[static 32], const char *where, struct fault *fault)
{
	if (!note_name_valid(name) || !text_copy(out->name, sizeof out->name, name))
		return key_fault(fault, where,
		    "the name of a verifier key should be 1 to 128 bytes without space and '+'");
	if (algorithm != NOTE_ED25519 && algorithm != NOTE_COSIGNATURE)
		return key_fault(fault, where, "the algorithm of this verifier key is not known here");
	if (!signature_key_valid(key))
		return key_fault(fault, where, "the point in this verifier key is not usable as a key");
	out->algorithm = algorithm;
	memcpy(out->key, key, sizeof out->key);
	key_id(out);
	return ERR_OK;
}

enum err note_key_make(struct note_key *out, const char *name, uint8_t algorithm,
    const uint8_t key[static 32], struct fault *fault)
{
	return key_complete(out, bytes_of(name), algorithm, key, NULL, fault);
}

enum err note_key_parse(struct note_key *out, struct bytes text, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct bytes name, id, rest;
	uint8_t claimed[sizeof out->id], blob[BLOB_SIZE];
	enum err err;

	if (!take_field(&cursor, '+', &name) || !take_field(&cursor, '+', &id) ||
	    !take_bytes(&cursor, cursor_left(&cursor), &rest))
		return key_fault(fault, where, "a verifier key is a name, an id and base64 joined by '+'");
	if (!hex_decode(claimed, sizeof claimed, id))
		return key_fault(fault, where, "the id of a verifier key is eight lower-case hex digits");
	if (!base64_exact(blob, sizeof blob, rest, true))
		return key_fault(fault, where, "the last part of a verifier key is 33 bytes in base64");
	if ((err = key_complete(out, name, blob[0], blob + 1, where, fault)) != ERR_OK)
		return err;
	if (memcmp(claimed, out->id, sizeof claimed) != 0)
		return key_fault(fault, where, "the id of this verifier key does not fit its name and key");
	return ERR_OK;
}

void note_key_print(char out[static NOTE_VKEY_MAX], const struct note_key *key)
{
	char id[2 * sizeof key->id + 1], text[BASE64_SIZE(BLOB_SIZE)];
	uint8_t blob[BLOB_SIZE];

	blob[0] = key->algorithm;
	memcpy(blob + 1, key->key, sizeof key->key);
	hex_encode(id, bytes_from(key->id, sizeof key->id));
	base64_print(text, bytes_from(blob, sizeof blob), true);
	snprintf(out, NOTE_VKEY_MAX, "%s+%s+%s", key->name, id, text);
}
