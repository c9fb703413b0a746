/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/age.h"
#include "gapseal/batch.h"
#include "gapseal/grant.h"
#include "gapseal/keys.h"

#define MAGIC_SIZE (sizeof GRANT_KEYS_MAGIC - 1)
#define HEAD_SIZE (MAGIC_SIZE + HASH_SIZE + 1 + 4)
#define LOT_SIZE (4 + KEY_SIZE)
#define RECORD_SIZE (8 + KEY_SIZE)

struct sealing {
	struct secret *plain;        /* of keys.age */
	struct secret *batch;        /* the key of the batch, and room for that of a lot */
};

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

static void put_head(struct secret *plain, const uint8_t manifest[static HASH_SIZE], uint8_t kind,
    size_t count)
{
	uint8_t *at = secret_data(plain);

	memcpy(at, GRANT_KEYS_MAGIC, MAGIC_SIZE);
	memcpy(at + MAGIC_SIZE, manifest, HASH_SIZE);
	at[MAGIC_SIZE + HASH_SIZE] = kind;
	put_u32(at + MAGIC_SIZE + HASH_SIZE + 1, (uint32_t)count);
	secret_resize(plain, HEAD_SIZE);
}

static enum err begin(struct sealing *sealing, struct secret *seed, const uint8_t plan[static HASH_SIZE],
    size_t items, struct fault *fault)
{
	enum err err;

	if (secret_size(seed) != KEY_SIZE)
		return fault_set(fault, ERR_NO, "grant-seed", NULL, "the seed has not %d bytes", KEY_SIZE);
	err = secret_new(&sealing->batch, 2 * KEY_SIZE, fault);
	if (err == ERR_OK)
		err = secret_new(&sealing->plain, HEAD_SIZE + items, fault);
	if (err == ERR_OK)
		keys_batch(secret_data(sealing->batch), secret_data(seed), plan);
	return err;
}

static void end(struct sealing *sealing)
{
	secret_free(&sealing->plain);
	secret_free(&sealing->batch);
}

/* The root of a record below the key of its lot, which must be the one the manifest knows. */
static enum err put_record(struct sealing *sealing, const struct manifest_fields *manifest, uint64_t index,
    struct fault *fault)
{
	uint8_t *at = secret_data(sealing->plain) + secret_size(sealing->plain), check[HASH_SIZE];
	uint8_t *batch = secret_data(sealing->batch), *lot = batch + KEY_SIZE;
	uint32_t number;

	if (manifest_lot_of(manifest, index, &number) == NULL)
		return fault_set(fault, ERR_NO, "grant-lots", NULL, "the batch has no record of this index");
	keys_lot(lot, batch, number);
	keys_lot_check(check, lot);
	put_u64(at, index);
	keys_root(at + 8, lot, index);
	secret_resize(sealing->plain, secret_size(sealing->plain) + RECORD_SIZE);
	if (memcmp(check, manifest_lot(manifest, number)->check, HASH_SIZE) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "grant-seed", NULL, "the seed does not give the key of lot %s",
	    manifest_lot(manifest, number)->name);
}

enum err grant_seal_record(struct buffer *out, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], struct secret *seed, const uint8_t plan[static HASH_SIZE],
    uint64_t index, const struct recipient *recipients, size_t recipient_count, struct fault *fault)
{
	struct sealing sealing = {0};
	enum err err = begin(&sealing, seed, plan, RECORD_SIZE, fault);

	if (err == ERR_OK) {
		put_head(sealing.plain, manifest_hash, GRANT_KEYS_RECORDS, 1);
		err = put_record(&sealing, manifest, index, fault);
	}
	if (err == ERR_OK)
		err = age_seal(out, secret_bytes(sealing.plain), recipients, recipient_count, fault);
	end(&sealing);
	return err;
}

enum err grant_seal(struct buffer *out, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], struct secret *seed, const uint8_t plan[static HASH_SIZE],
    const uint32_t *lots, size_t lot_count, const struct recipient *recipients, size_t recipient_count,
    struct fault *fault)
{
	struct sealing sealing = {0};
	enum err err = check_lots(manifest, lots, lot_count, fault);

	if (err == ERR_OK)
		err = begin(&sealing, seed, plan, lot_count * LOT_SIZE, fault);
	if (err == ERR_OK)
		put_head(sealing.plain, manifest_hash, GRANT_KEYS_LOTS, lot_count);
	for (size_t i = 0; i < lot_count && err == ERR_OK; i++)
		err = put_lot(sealing.plain, secret_data(sealing.batch), manifest_lot(manifest, lots[i]),
		    lots[i], fault);
	if (err == ERR_OK)
		err = age_seal(out, secret_bytes(sealing.plain), recipients, recipient_count, fault);
	end(&sealing);
	return err;
}
