/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/age.h"
#include "gapseal/batch.h"
#include "gapseal/grant.h"
#include "gapseal/keys.h"

#define MAGIC_SIZE (sizeof GRANT_KEYS_MAGIC - 1)
#define HEAD_SIZE (MAGIC_SIZE + HASH_SIZE + 1 + 4)
#define LOT_SIZE (4 + KEY_SIZE)

static enum err check_lots(const struct manifest_fields *manifest, const uint32_t *lots, size_t count,
    struct fault *fault)
{
	bool good = count > 0 && count <= manifest->lots.count;

	for (size_t i = 0; i < count && good; i++)
		good = lots[i] < manifest->lots.count && (i == 0 || lots[i] > lots[i - 1]);
	if (good)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "grant-lots", NULL,
	    "the lots of a grant must be lots of the batch, in order, each once");
}

/* A lot and its key, which must be the one the manifest knows. */
static enum err put_lot(struct secret *plain, const uint8_t batch[static KEY_SIZE],
    const struct manifest_lot *lot, uint32_t number, struct fault *fault)
{
	uint8_t *at = secret_data(plain) + secret_size(plain), check[HASH_SIZE];

	put_u32(at, number);
	keys_lot(at + 4, batch, number);
	keys_lot_check(check, at + 4);
	secret_resize(plain, secret_size(plain) + LOT_SIZE);
	if (memcmp(check, lot->check, HASH_SIZE) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "grant-seed", NULL, "the seed does not give the key of lot %s",
	    lot->name);
}

static void put_head(struct secret *plain, const uint8_t manifest[static HASH_SIZE], size_t count)
{
	uint8_t *at = secret_data(plain);

	memcpy(at, GRANT_KEYS_MAGIC, MAGIC_SIZE);
	memcpy(at + MAGIC_SIZE, manifest, HASH_SIZE);
	at[MAGIC_SIZE + HASH_SIZE] = GRANT_KEYS_LOTS;
	put_u32(at + MAGIC_SIZE + HASH_SIZE + 1, (uint32_t)count);
	secret_resize(plain, HEAD_SIZE);
}

enum err grant_seal(struct buffer *out, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], struct secret *seed, const uint8_t plan[static HASH_SIZE],
    const uint32_t *lots, size_t lot_count, const struct recipient *recipients, size_t recipient_count,
    struct fault *fault)
{
	struct secret *plain = NULL, *batch = NULL;
	enum err err = check_lots(manifest, lots, lot_count, fault);

	if (err == ERR_OK && secret_size(seed) != KEY_SIZE)
		err = fault_set(fault, ERR_NO, "grant-seed", NULL, "the seed has not %d bytes", KEY_SIZE);
	if (err == ERR_OK)
		err = secret_new(&batch, KEY_SIZE, fault);
	if (err == ERR_OK)
		err = secret_new(&plain, HEAD_SIZE + lot_count * LOT_SIZE, fault);
	if (err == ERR_OK) {
		keys_batch(secret_data(batch), secret_data(seed), plan);
		put_head(plain, manifest_hash, lot_count);
	}
	for (size_t i = 0; i < lot_count && err == ERR_OK; i++)
		err = put_lot(plain, secret_data(batch), manifest_lot(manifest, lots[i]), lots[i], fault);
	if (err == ERR_OK)
		err = age_seal(out, secret_bytes(plain), recipients, recipient_count, fault);
	secret_free(&plain);
	secret_free(&batch);
	return err;
}
