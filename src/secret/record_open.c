/* SPDX-License-Identifier: ISC */
#include "gapseal/seal.h"

#include <sodium.h>

_Static_assert(RECORD_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "XChaCha20's nonce");
_Static_assert(RECORD_MAC_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "Poly1305's tag");
_Static_assert(KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "XChaCha20's key");

void record_nonce(uint8_t out[static RECORD_NONCE_SIZE], const uint8_t key[static KEY_SIZE],
    struct bytes associated, struct bytes plain)
{
	uint8_t lengths[2][8];
	struct bytes parts[4];

	put_u64(lengths[0], associated.size);
	put_u64(lengths[1], plain.size);
	parts[0] = bytes_from(lengths[0], sizeof lengths[0]);
	parts[1] = associated;
	parts[2] = bytes_from(lengths[1], sizeof lengths[1]);
	parts[3] = plain;
	hash_keyed(out, RECORD_NONCE_SIZE, key, parts, 4);
}

/* Decrypts into plain; the record has the place's stride. */
static enum err open_sealed(struct secret *plain, const uint8_t *record, const struct record_place *place,
    const struct record_keys *keys, const char *where, struct fault *fault)
{
	uint8_t associated[RECORD_ASSOCIATED_MAX];
	uint8_t nonce[RECORD_NONCE_SIZE];
	size_t size = record_associated(associated, place, record, record + RECORD_STATE);
	size_t plain_size = place->stride - RECORD_OVERHEAD;
	const uint8_t *mac = record + place->stride - RECORD_MAC_SIZE;

	if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(secret_data(plain), NULL,
	    record + RECORD_CIPHERTEXT, plain_size, mac, associated, size, record + RECORD_NONCE,
	    keys->aead) != 0)
		return fault_set(fault, ERR_NO, "record-open", where,
		    "the record does not open: it was changed or stands in the wrong place");
	secret_resize(plain, plain_size);
	record_nonce(nonce, keys->nonce, bytes_from(associated, size), secret_bytes(plain));
	if (!secret_equal(nonce, record + RECORD_NONCE, sizeof nonce))
		return fault_set(fault, ERR_NO, "record-nonce", where,
		    "the record opens, but its contents do not give its nonce: the compiler did not make it");
	return ERR_OK;
}

enum err record_open(struct secret *plain, struct bytes record, const struct record_place *place,
    const struct record_keys *keys, const char *where, struct fault *fault)
{
	enum err err;

	secret_clear(plain);
	if (!record_stride_valid(place->stride) || record.size != place->stride)
		return fault_set(fault, ERR_NO, "record-size", where,
		    "the record has %zu bytes, the stride is %lu", record.size, (unsigned long)place->stride);
	if (secret_capacity(plain) < place->stride - RECORD_OVERHEAD)
		return fault_memory(fault);
	if (!secret_equal(record.data + RECORD_COMMITMENT, keys->commitment, HASH_SIZE))
		return fault_set(fault, ERR_NO, "record-commitment", where,
		    "the record is sealed under another key than the one granted for it");
	err = open_sealed(plain, record.data, place, keys, where, fault);
	if (err != ERR_OK)
		secret_clear(plain);
	return err;
}
