/* SPDX-License-Identifier: ISC */
#define OPENSSL_SUPPRESS_DEPRECATED /* the EVP interface reads configuration files and can fail */
#include "gapseal/hash.h"

#include <openssl/sha.h>
#include <sodium.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof((struct hash *)0)->state, "struct hash is too small");
_Static_assert(alignof(SHA256_CTX) <= 16, "struct hash is not aligned enough");
_Static_assert(sizeof(crypto_generichash_state) <= sizeof((struct hash_wide *)0)->state,
    "struct hash_wide is too small");
_Static_assert(alignof(crypto_generichash_state) <= 64, "struct hash_wide is not aligned enough");

/* The states are only ever read and written by the libraries that own them. SHA256_* return 1
 * whatever they are given: they have no way to fail. */

static SHA256_CTX *narrow(struct hash *hash)
{
	return (SHA256_CTX *)(void *)hash->state;
}

void hash_begin(struct hash *hash)
{
	SHA256_Init(narrow(hash));
}

void hash_add(struct hash *hash, struct bytes bytes)
{
	SHA256_Update(narrow(hash), bytes.data, bytes.size);
}

void hash_end(struct hash *hash, uint8_t out[static HASH_SIZE])
{
	SHA256_Final(out, narrow(hash));
}

void hash_bytes(uint8_t out[static HASH_SIZE], struct bytes bytes)
{
	struct hash hash;

	hash_begin(&hash);
	hash_add(&hash, bytes);
	hash_end(&hash, out);
}

void hash_leaf(uint8_t out[static HASH_SIZE], struct bytes data)
{
	struct hash hash;

	hash_begin(&hash);
	hash_add(&hash, bytes_from("\x00", 1));
	hash_add(&hash, data);
	hash_end(&hash, out);
}

void hash_node(uint8_t out[static HASH_SIZE], const uint8_t left[static HASH_SIZE],
    const uint8_t right[static HASH_SIZE])
{
	struct hash hash;

	hash_begin(&hash);
	hash_add(&hash, bytes_from("\x01", 1));
	hash_add(&hash, bytes_from(left, HASH_SIZE));
	hash_add(&hash, bytes_from(right, HASH_SIZE));
	hash_end(&hash, out);
}

/* libsodium's BLAKE2b refuses only sizes outside its limits. That is a mistake of the caller, and going
 * on without a hash would be worse than stopping, so it ends as libsodium ends every misuse. */
static void must(int result)
{
	if (result != 0)
		sodium_misuse();
}

void hash_keyed(uint8_t *out, size_t size, const uint8_t key[static 32], const struct bytes *parts,
    size_t count)
{
	crypto_generichash_state state;

	if (count == 1) { /* the same hash, in one call */
		must(crypto_generichash(out, size, parts[0].data, parts[0].size, key, 32));
		return;
	}
	must(crypto_generichash_init(&state, key, 32, size));
	for (size_t i = 0; i < count; i++)
		must(crypto_generichash_update(&state, parts[i].data, parts[i].size));
	must(crypto_generichash_final(&state, out, size));
	sodium_memzero(&state, sizeof state); /* it held the key */
}

static crypto_generichash_state *wide(struct hash_wide *hash)
{
	return (crypto_generichash_state *)(void *)hash->state;
}

void hash_wide_begin(struct hash_wide *hash)
{
	must(crypto_generichash_init(wide(hash), NULL, 0, HASH_WIDE_SIZE));
}

void hash_wide_add(struct hash_wide *hash, struct bytes bytes)
{
	must(crypto_generichash_update(wide(hash), bytes.data, bytes.size));
}

void hash_wide_end(struct hash_wide *hash, uint8_t out[static HASH_WIDE_SIZE])
{
	must(crypto_generichash_final(wide(hash), out, HASH_WIDE_SIZE));
}
