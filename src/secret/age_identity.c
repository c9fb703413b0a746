/* SPDX-License-Identifier: ISC */
#include "gapseal/age.h"

#include <sodium.h>

/* The text is built in place: nothing of the key is ever outside the secret. */
static enum err identity_text(struct secret **text, const struct secret *key, struct fault *fault)
{
	enum err err = secret_new(text, AGE_IDENTITY_SIZE, fault);

	if (err != ERR_OK)
		return err;
	bech32_encode((char *)secret_data(*text), AGE_IDENTITY_PREFIX, secret_bytes(key).data);
	secret_data(*text)[AGE_IDENTITY_SIZE - 1] = '\n'; /* for the NUL */
	secret_resize(*text, AGE_IDENTITY_SIZE);
	return ERR_OK;
}

enum err age_identity_new(struct secret **text, struct recipient *recipient, struct fault *fault)
{
	struct secret *key = NULL;
	enum err err;

	*text = NULL;
	if ((err = secret_new(&key, BECH32_KEY_SIZE, fault)) != ERR_OK)
		return err;
	secret_random(secret_data(key), BECH32_KEY_SIZE);
	secret_resize(key, BECH32_KEY_SIZE);
	age_identity_recipient(recipient, key);
	err = identity_text(text, key, fault);
	secret_free(&key);
	return err;
}

enum err age_identity_parse(struct secret **key, struct bytes text, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct bytes line;
	enum err err;

	*key = NULL;
	do {
		if (!take_field(&cursor, '\n', &line))
			return fault_set(fault, ERR_NO, "age-identity", where,
			    "the file holds no age identity");
	} while (line.size != 0 && line.data[0] == '#');
	if ((err = secret_new(key, BECH32_KEY_SIZE, fault)) != ERR_OK)
		return err;
	if (cursor_left(&cursor) != 0 || !bech32_decode(secret_data(*key), AGE_IDENTITY_PREFIX, line)) {
		secret_free(key);
		return fault_set(fault, ERR_NO, "age-identity", where,
		    "not an age identity: after comment lines it should be one line, " AGE_IDENTITY_PREFIX
		    "1 and 58 upper-case letters and digits with the right checksum");
	}
	secret_resize(*key, BECH32_KEY_SIZE);
	return ERR_OK;
}

void age_identity_recipient(struct recipient *out, const struct secret *key)
{
	/* Cannot fail: the base point is not of small order. */
	crypto_scalarmult_base(out->key, secret_bytes(key).data);
}
