/* SPDX-License-Identifier: ISC */
#include "age_format.h"

#include <sodium.h>

static void hmac(uint8_t out[static 32], struct bytes key, struct bytes first, struct bytes second)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key.data, key.size);
	if (first.size != 0)
		crypto_auth_hmacsha256_update(&state, first.data, first.size);
	if (second.size != 0)
		crypto_auth_hmacsha256_update(&state, second.data, second.size);
	crypto_auth_hmacsha256_final(&state, out);
	secret_wipe(&state, sizeof state);
}

void age_hkdf(uint8_t out[static AGE_KEY_SIZE], struct bytes key, struct bytes salt, const char *info)
{
	const uint8_t first_block = 1;
	uint8_t extracted[32];

	hmac(extracted, salt, key, bytes_from(NULL, 0));
	hmac(out, bytes_from(extracted, sizeof extracted), bytes_of(info), bytes_from(&first_block, 1));
	secret_wipe(extracted, sizeof extracted);
}

void age_header_mac(uint8_t out[static AGE_MAC_SIZE], const uint8_t file_key[static AGE_FILE_KEY_SIZE],
    struct bytes covered)
{
	uint8_t key[AGE_KEY_SIZE];

	age_hkdf(key, bytes_from(file_key, AGE_FILE_KEY_SIZE), bytes_from("", 0), "header");
	hmac(out, bytes_from(key, sizeof key), covered, bytes_from(NULL, 0));
	secret_wipe(key, sizeof key);
}

void age_payload_key(uint8_t out[static AGE_KEY_SIZE], const uint8_t file_key[static AGE_FILE_KEY_SIZE],
    struct bytes nonce)
{
	age_hkdf(out, bytes_from(file_key, AGE_FILE_KEY_SIZE), nonce, "payload");
}

bool age_shared(uint8_t out[static AGE_KEY_SIZE], const uint8_t scalar[static 32],
    const uint8_t point[static 32])
{
	return crypto_scalarmult(out, scalar, point) == 0;
}

void age_wrap_key(uint8_t out[static AGE_KEY_SIZE], const uint8_t shared[static AGE_KEY_SIZE],
    const uint8_t share[static 32], const uint8_t recipient[static 32])
{
	uint8_t salt[64];

	for (size_t i = 0; i < 32; i++) {
		salt[i] = share[i];
		salt[32 + i] = recipient[i];
	}
	age_hkdf(out, bytes_from(shared, AGE_KEY_SIZE), bytes_from(salt, sizeof salt), AGE_LABEL_X25519);
}

void age_chunk_nonce(uint8_t out[static AGE_CHUNK_NONCE_SIZE], uint64_t counter, bool last)
{
	for (size_t i = 0; i < 3; i++)
		out[i] = 0;
	for (size_t i = 0; i < 8; i++)
		out[3 + i] = (uint8_t)(counter >> 8 * (7 - i));
	out[11] = last;
}
