/* SPDX-License-Identifier: ISC */
#include "age_format.h"

#include <sodium.h>

#define SEALED_CHUNK (AGE_CHUNK_SIZE + AGE_TAG_SIZE)

bool age_unwrap(uint8_t file_key[static AGE_FILE_KEY_SIZE], const uint8_t wrapped[static AGE_WRAPPED_SIZE],
    const uint8_t key[static AGE_KEY_SIZE])
{
	static const uint8_t nonce[AGE_CHUNK_NONCE_SIZE];

	return crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL, wrapped, AGE_WRAPPED_SIZE,
	    NULL,
	    0, nonce, key) == 0;
}

static enum err payload_fault(struct fault *fault, const char *where)
{
	return fault_set(fault, ERR_NO, "age-payload", where, "the encrypted content was changed or cut");
}

/* The size of the plaintext: every chunk but the last is full, and only the first may be empty. */
static bool plain_size(size_t *out, size_t sealed)
{
	size_t full = sealed / SEALED_CHUNK, rest = sealed % SEALED_CHUNK;

	*out = full * AGE_CHUNK_SIZE;
	if (rest == 0)
		return full > 0;
	if (rest < AGE_TAG_SIZE || (rest == AGE_TAG_SIZE && full > 0))
		return false;
	*out += rest - AGE_TAG_SIZE;
	return true;
}

static bool open_chunks(struct secret *plain, struct bytes sealed, const uint8_t key[static AGE_KEY_SIZE])
{
	uint8_t nonce[AGE_CHUNK_NONCE_SIZE], *out = secret_data(plain);
	uint64_t counter = 0;

	while (sealed.size > 0) {
		size_t size = sealed.size < SEALED_CHUNK ? sealed.size : SEALED_CHUNK;

		age_chunk_nonce(nonce, counter++, size == sealed.size);
		if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data, size, NULL, 0,
		    nonce, key) != 0)
			return false;
		out += size - AGE_TAG_SIZE;
		sealed = bytes_from(sealed.data + size, sealed.size - size);
	}
	return true;
}

static enum err payload_open(struct secret **plain, const struct age_header *header,
    const uint8_t file_key[static AGE_FILE_KEY_SIZE], size_t limit, const char *where, struct fault *fault)
{
	uint8_t key[AGE_KEY_SIZE];
	size_t size;
	bool good;
	enum err err;

	if (!plain_size(&size, header->payload.size))
		return payload_fault(fault, where);
	if (size > limit)
		return fault_set(fault, ERR_NO, "age-size", where,
		    "the encrypted content is larger than %zu bytes",
		    limit);
	if ((err = secret_new(plain, size, fault)) != ERR_OK)
		return err;
	age_payload_key(key, file_key, header->nonce);
	good = open_chunks(*plain, header->payload, key);
	secret_wipe(key, sizeof key);
	if (!good) {
		secret_free(plain);
		return payload_fault(fault, where);
	}
	secret_resize(*plain, size);
	return ERR_OK;
}

enum err age_finish(struct secret **plain, const struct age_header *header,
    const uint8_t file_key[static AGE_FILE_KEY_SIZE], size_t limit, const char *where, struct fault *fault)
{
	uint8_t mac[AGE_MAC_SIZE];
	bool good;

	age_header_mac(mac, file_key, header->covered);
	good = secret_equal(mac, header->mac, sizeof mac);
	secret_wipe(mac, sizeof mac);
	if (!good)
		return fault_set(fault, ERR_NO, "age-mac", where, "the age header was changed");
	return payload_open(plain, header, file_key, limit, where, fault);
}
