/* SPDX-License-Identifier: ISC */
#include "age_format.h"

#include "gapseal/base64.h"

/* What a stanza is to this identity. */
enum outcome { OTHER, OPENED, BROKEN };

struct identity {
	const uint8_t *key;
	struct recipient recipient;
};

/* Checks what can be checked without a key, for every X25519 stanza of the file. The size of the body
 * comes before any decryption: a key could otherwise be searched for with long bodies. */
static bool x25519_parse(uint8_t share[static 32], const struct age_stanza *stanza)
{
	return stanza->arguments == 1 && base64_exact(share, 32, stanza->argument[0], false) &&
	    stanza->body_size == AGE_WRAPPED_SIZE;
}

static bool all_parse(const struct age_header *header)
{
	struct cursor stanzas = cursor_of(header->stanzas);
	struct age_stanza stanza;
	uint8_t share[32];

	while (age_stanza_take(&stanza, &stanzas))
		if (bytes_is(stanza.type, "X25519") && !x25519_parse(share, &stanza))
			return false;
	return true;
}

static enum outcome stanza_open(uint8_t file_key[static AGE_FILE_KEY_SIZE], const struct age_stanza *stanza,
    const struct identity *identity)
{
	uint8_t share[32], shared[AGE_KEY_SIZE], key[AGE_KEY_SIZE];
	enum outcome outcome = BROKEN;

	if (!bytes_is(stanza->type, "X25519"))
		return OTHER;
	if (x25519_parse(share, stanza) && age_shared(shared, identity->key, share)) {
		age_wrap_key(key, shared, share, identity->recipient.key);
		outcome = age_unwrap(file_key, stanza->body, key) ? OPENED : OTHER;
	}
	secret_wipe(shared, sizeof shared);
	secret_wipe(key, sizeof key);
	return outcome;
}

static enum err file_key_find(uint8_t file_key[static AGE_FILE_KEY_SIZE], const struct age_header *header,
    const struct identity *identity, const char *where, struct fault *fault)
{
	struct cursor stanzas = cursor_of(header->stanzas);
	enum outcome outcome = OTHER;
	struct age_stanza stanza;

	if (!all_parse(header))
		return age_header_fault(fault, where, "an X25519 recipient in the age header does not parse");
	while (outcome == OTHER && age_stanza_take(&stanza, &stanzas))
		outcome = stanza_open(file_key, &stanza, identity);
	if (outcome == BROKEN)
		return age_header_fault(fault, where, "the age header holds a share of small order");
	if (outcome == OTHER)
		return fault_set(fault, ERR_NO, "age-no-match", where, "not encrypted to this key");
	return ERR_OK;
}

enum err age_open(struct secret **plain, struct bytes file, const struct secret *key, size_t limit,
    const char *where, struct fault *fault)
{
	struct identity identity = {.key = secret_bytes(key).data};
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct age_header header;
	enum err err;

	*plain = NULL;
	age_identity_recipient(&identity.recipient, key);
	if ((err = age_header_parse(&header, file, where, fault)) != ERR_OK)
		return err;
	if ((err = file_key_find(file_key, &header, &identity, where, fault)) == ERR_OK)
		err = age_finish(plain, &header, file_key, limit, where, fault);
	secret_wipe(file_key, sizeof file_key);
	return err;
}
