/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "batch_private.h"
#include "gapseal/age.h"

#define MAGIC_SIZE (sizeof MASTER_MAGIC - 1)
#define MASTER_SIZE (MAGIC_SIZE + 2 * HASH_SIZE + KEY_SIZE)

enum err master_seal(struct buffer *out, const uint8_t manifest[static HASH_SIZE],
    const uint8_t plan[static HASH_SIZE], struct secret *seed, const struct recipient *recipients,
    size_t count, struct fault *fault)
{
	struct secret *plain;
	enum err err = secret_new(&plain, MASTER_SIZE, fault);

	if (err != ERR_OK)
		return err;
	if (secret_put(plain, bytes_of(MASTER_MAGIC)) && secret_put(plain, bytes_from(manifest, HASH_SIZE)) &&
	    secret_put(plain, bytes_from(plan, HASH_SIZE)) && secret_put(plain, secret_bytes(seed)))
		err = age_seal(out, secret_bytes(plain), recipients, count, fault);
	else
		err = fault_memory(fault);
	secret_free(&plain);
	return err;
}

/* Takes the plaintext apart, which is not longer than it should be. */
static enum err take(struct secret *seed, uint8_t plan[static HASH_SIZE], uint8_t manifest[static HASH_SIZE],
    struct bytes plain, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(plain);
	struct bytes magic, held, hash, key;

	if (!take_bytes(&cursor, MAGIC_SIZE, &magic) || !bytes_is(magic, MASTER_MAGIC) ||
	    !take_bytes(&cursor, HASH_SIZE, &held) || !take_bytes(&cursor, HASH_SIZE, &hash) ||
	    !take_bytes(&cursor, KEY_SIZE, &key))
		return fault_set(fault, ERR_NO, "master-form", where,
		    "the file does not hold what a master file holds");
	memcpy(manifest, held.data, HASH_SIZE);
	memcpy(plan, hash.data, HASH_SIZE);
	secret_put(seed, key); /* made for it */
	return ERR_OK;
}

enum err master_read(struct secret **seed, uint8_t plan[static HASH_SIZE], uint8_t manifest[static HASH_SIZE],
    struct bytes file, struct secret *identity, const char *where, struct fault *fault)
{
	struct secret *plain = NULL;
	enum err err = secret_new(seed, KEY_SIZE, fault);

	if (err == ERR_OK)
		err = age_open(&plain, file, identity, MASTER_SIZE, where, fault);
	if (err == ERR_OK)
		err = take(*seed, plan, manifest, secret_bytes(plain), where, fault);
	secret_free(&plain);
	if (err != ERR_OK)
		secret_free(seed);
	return err;
}

enum err master_open(struct secret **seed, uint8_t plan[static HASH_SIZE], struct bytes file,
    struct secret *identity, const uint8_t manifest[static HASH_SIZE], const char *where, struct fault *fault)
{
	uint8_t held[HASH_SIZE];
	enum err err = master_read(seed, plan, held, file, identity, where, fault);

	if (err == ERR_OK && memcmp(held, manifest, HASH_SIZE) != 0) {
		secret_free(seed);
		err = fault_set(fault, ERR_NO, "master-manifest", where,
		    "the master file is that of another manifest");
	}
	return err;
}
