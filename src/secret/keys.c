/* SPDX-License-Identifier: ISC */
#include "gapseal/keys.h"

#include <sodium.h>

_Static_assert(sizeof(struct record_keys) == 128, "two kdf64 outputs back to back");
_Static_assert(KEY_SIZE == crypto_kdf_KEYBYTES && crypto_kdf_CONTEXTBYTES == 8, "libsodium's kdf");

void keys_kdf(uint8_t *out, size_t size, const uint8_t key[static KEY_SIZE], uint64_t id,
    const char context[static 8])
{
	/* Going on with what is then no key would be worse than stopping. */
	if (crypto_kdf_derive_from_key(out, size, id, context, key) != 0)
		sodium_misuse();
}

void keys_lot_check(uint8_t out[static HASH_SIZE], const uint8_t lot[static KEY_SIZE])
{
	keys_kdf(out, HASH_SIZE, lot, 0, "gs-check");
}

void keys_lot_tag_key(uint8_t out[static KEY_SIZE], const uint8_t lot[static KEY_SIZE])
{
	keys_kdf(out, KEY_SIZE, lot, 0, "gs-tag__");
}

void keys_tag(uint8_t out[static RECORD_TAG_SIZE], const uint8_t tag_key[static KEY_SIZE],
    const char imei[static IMEI_SIZE])
{
	struct bytes digits = bytes_from(imei, IMEI_LENGTH);

	hash_keyed(out, RECORD_TAG_SIZE, tag_key, &digits, 1);
}

void keys_root(uint8_t out[static KEY_SIZE], const uint8_t lot[static KEY_SIZE], uint64_t index)
{
	keys_kdf(out, KEY_SIZE, lot, index, "gs-rec__");
}

void keys_record(struct record_keys *out, const uint8_t root[static KEY_SIZE])
{
	uint8_t *keys = (uint8_t *)out;

	keys_kdf(keys, 64, root, 0, "gs-keys_");      /* aead, nonce */
	keys_kdf(keys + 64, 64, root, 1, "gs-cmts_"); /* blind, commitment */
}
