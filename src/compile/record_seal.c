/* SPDX-License-Identifier: ISC */
#include "gapseal/seal.h"

#include <string.h>

#include <sodium.h>

void record_seal(uint8_t *out, const struct record_place *place, const struct record_keys *keys,
    const uint8_t tag[static RECORD_TAG_SIZE], const uint8_t state[static HASH_SIZE], struct bytes plain)
{
	uint8_t associated[RECORD_ASSOCIATED_MAX];
	size_t size;

	if (!record_stride_valid(place->stride) || plain.size != place->stride - RECORD_OVERHEAD)
		sodium_misuse(); /* else memory beyond the record would be written */
	size = record_associated(associated, place, tag, state);
	memcpy(out, tag, RECORD_TAG_SIZE);
	memcpy(out + RECORD_COMMITMENT, keys->commitment, HASH_SIZE);
	memcpy(out + RECORD_STATE, state, HASH_SIZE);
	record_nonce(out + RECORD_NONCE, keys->nonce, bytes_from(associated, size), plain);
	if (crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out + RECORD_CIPHERTEXT,
	    out + place->stride - RECORD_MAC_SIZE, NULL, plain.data, plain.size, associated, size, NULL,
	    out + RECORD_NONCE, keys->aead) != 0)
		sodium_misuse();
}
