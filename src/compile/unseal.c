/* SPDX-License-Identifier: ISC */
#include "gapseal/unseal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/list.h"
#include "gapseal/seal.h"

#define MASTER_MAX 65536
#define NO_LOT UINT32_MAX

/* What is secret of the record in hand; only inside a secret. */
struct unseal_keys {
	uint8_t batch[KEY_SIZE];
	uint8_t lot[KEY_SIZE];
	uint8_t tag[KEY_SIZE];
	uint8_t root[KEY_SIZE];
	struct record_keys record;
};

struct unseal {
	const struct own_batch *batch;
	const struct manifest_fields *manifest;
	struct secret *keys;             /* struct unseal_keys */
	struct secret *plain;
	struct record_place place;
	uint8_t *record;
	uint32_t lot;                    /* whose key is in keys, or NO_LOT */
	int file;                        /* -1: none */
	unsigned number;                 /* of the file */
	struct contents contents;
};

static struct unseal_keys *keys_of(struct unseal *unseal)
{
	return (struct unseal_keys *)(void *)secret_data(unseal->keys);
}

static enum err derive_batch(struct unseal *unseal, const struct office *office, struct secret *identity,
    struct fault *fault)
{
	const struct own_batch *batch = unseal->batch;
	struct buffer file = BUFFER_EMPTY;
	struct secret *seed = NULL;
	char name[sizeof OFFICE_BATCHES + NAME_SIZE + sizeof MASTER_NAME + 2];
	uint8_t plan[HASH_SIZE];
	enum err err;

	snprintf(name, sizeof name, OFFICE_BATCHES "/%s/" MASTER_NAME, unseal->manifest->batch);
	err = file_read(&file, office->folder, name, MASTER_MAX, fault);
	if (err == ERR_OK)
		err = master_open(&seed, plan, buffer_bytes(&file), identity, manifest_hash(batch->manifest),
		    name,
		    fault);
	if (err == ERR_OK)
		keys_batch(keys_of(unseal)->batch, secret_data(seed), plan);
	secret_free(&seed);
	buffer_free(&file);
	return err;
}

static enum err setup(struct unseal *unseal, const struct office *office, struct secret *identity,
    struct fault *fault)
{
	enum err err = secret_new(&unseal->keys, sizeof(struct unseal_keys), fault);

	manifest_place(&unseal->place, unseal->manifest, 0, 0);
	if (err == ERR_OK)
		err = secret_new(&unseal->plain, unseal->place.stride - RECORD_OVERHEAD, fault);
	if (err != ERR_OK)
		return err;
	unseal->record = malloc(unseal->place.stride);
	if (unseal->record == NULL)
		return fault_memory(fault);
	return derive_batch(unseal, office, identity, fault);
}

enum err unseal_new(struct unseal **out, const struct own_batch *batch, const struct office *office,
    struct secret *identity, struct fault *fault)
{
	struct unseal *unseal = calloc(1, sizeof *unseal);
	enum err err;

	*out = NULL;
	if (unseal == NULL)
		return fault_memory(fault);
	unseal->batch = batch;
	unseal->manifest = manifest_get(batch->manifest);
	unseal->lot = NO_LOT;
	unseal->file = -1;
	err = setup(unseal, office, identity, fault);
	if (err != ERR_OK)
		unseal_free(&unseal);
	*out = unseal;
	return err;
}

void unseal_free(struct unseal **unseal)
{
	if (*unseal == NULL)
		return;
	if ((*unseal)->file >= 0)
		close((*unseal)->file);
	free((*unseal)->record);
	secret_free(&(*unseal)->plain);
	secret_free(&(*unseal)->keys);
	free(*unseal);
	*unseal = NULL;
}

/* The key of a lot, which must be the one the manifest commits to. */
static enum err take_lot(struct unseal *unseal, uint32_t lot, struct fault *fault)
{
	struct unseal_keys *keys = keys_of(unseal);
	uint8_t check[HASH_SIZE];

	if (lot == unseal->lot)
		return ERR_OK;
	unseal->lot = NO_LOT;
	keys_lot(keys->lot, keys->batch, lot);
	keys_lot_check(check, keys->lot);
	if (memcmp(check, manifest_lot(unseal->manifest, lot)->check, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "unseal-seed", unseal->batch->path,
		    "the seed does not give the key of lot %s", manifest_lot(unseal->manifest, lot)->name);
	keys_lot_tag_key(keys->tag, keys->lot);
	unseal->lot = lot;
	return ERR_OK;
}

/* The first size bytes of a record. */
static enum err read_record(struct unseal *unseal, uint64_t index, size_t size, struct fault *fault)
{
	char name[RECORDS_NAME_SIZE];
	uint64_t offset;
	unsigned number;
	off_t length;
	enum err err;

	records_locate(unseal->manifest, index, &number, &offset);
	records_name(name, number);
	if (unseal->file >= 0 && number != unseal->number) {
		close(unseal->file);
		unseal->file = -1;
	}
	if (unseal->file < 0) {
		err = file_open(&unseal->file, &length, unseal->batch->folder, name, fault);
		if (err != ERR_OK)
			return err;
		unseal->number = number;
	}
	return file_pread(unseal->file, unseal->record, size, (off_t)offset, name, fault);
}

static int compare_slots(const void *a, const void *b)
{
	const struct state_slot *left = a, *right = b;

	return slot_compare(left->slot, right->slot);
}

static void fill_slot(struct state_slot *out, const struct contents_step *step,
    const struct manifest_fields *manifest)
{
	const struct manifest_common *commons = manifest->common.items;

	*out = (struct state_slot){.slot = step->slot, .kind = STATE_PRESENT};
	if (step->op == CONTENTS_DELETE)
		out->kind = STATE_ABSENT;
	if (step->op != CONTENTS_WRITE)
		return;
	out->kind = STATE_DIGEST;
	if (step->shared)
		memcpy(out->digest, commons[step->common].digest, HASH_SIZE);
	else
		credential_digest(out->digest, step->content, false);
}

/* The head is what stations find and judge a record by: it must say what is inside. */
static enum err compare_head(struct unseal *unseal, struct unsealed *device, struct fault *fault)
{
	const struct contents *contents = &unseal->contents;
	uint8_t tag[RECORD_TAG_SIZE], state[HASH_SIZE];

	device->count = contents->count;
	for (size_t i = 0; i < contents->count; i++)
		fill_slot(&device->slots[i], &contents->steps[i], unseal->manifest);
	qsort(device->slots, device->count, sizeof device->slots[0], compare_slots);
	keys_tag(tag, keys_of(unseal)->tag, contents->imei);
	state_commit(state, keys_of(unseal)->record.blind, contents->imei, device->slots, device->count);
	if (memcmp(tag, unseal->record, sizeof tag) != 0 ||
	    memcmp(state, unseal->record + RECORD_STATE, sizeof state) != 0)
		return fault_set(fault, ERR_NO, "unseal-record", unseal->batch->path,
		    "the head of record %llu does not belong to what is inside",
		    (unsigned long long)device->index);
	memcpy(device->state_commitment, state, sizeof state);
	return ERR_OK;
}

static enum err open_record(struct unseal *unseal, uint64_t index, uint32_t lot, struct fault *fault)
{
	struct unseal_keys *keys = keys_of(unseal);
	const char *where = unseal->batch->path;
	enum err err;

	manifest_place(&unseal->place, unseal->manifest, lot, index);
	keys_root(keys->root, keys->lot, index);
	keys_record(&keys->record, keys->root);
	err = record_open(unseal->plain, bytes_from(unseal->record, unseal->place.stride), &unseal->place,
	    &keys->record, where, fault);
	if (err == ERR_OK)
		err = contents_read(&unseal->contents, secret_bytes(unseal->plain),
		    (uint16_t)unseal->manifest->common.count, where, fault);
	return err;
}

enum err unseal_one(struct unseal *unseal, uint64_t index, unseal_visit *visit, void *context,
    struct fault *fault)
{
	struct unsealed device = {.index = index, .contents = &unseal->contents};
	uint32_t lot;
	enum err err;

	device.lot = manifest_lot_of(unseal->manifest, index, &lot);
	if (device.lot == NULL)
		return fault_set(fault, ERR_NO, "unseal-record", unseal->batch->path,
		    "the batch has no record %llu", (unsigned long long)index);
	device.keys = &keys_of(unseal)->record;
	err = take_lot(unseal, lot, fault);
	if (err == ERR_OK)
		err = read_record(unseal, index, unseal->place.stride, fault);
	if (err == ERR_OK)
		err = open_record(unseal, index, lot, fault);
	if (err == ERR_OK)
		err = compare_head(unseal, &device, fault);
	if (err == ERR_OK)
		err = visit(context, &device, fault);
	secret_wipe(device.slots, sizeof device.slots); /* the digest of a weak PSK is as good as the PSK */
	secret_clear(unseal->plain);
	return err;
}

enum err unseal_each(struct unseal *unseal, const struct list *only, unseal_visit *visit, void *context,
    struct fault *fault)
{
	uint64_t count = only != NULL ? only->count : unseal->manifest->count;
	enum err err = ERR_OK;

	for (uint64_t i = 0; i < count && err == ERR_OK; i++)
		err = unseal_one(unseal, only != NULL ? list_integer(only, i) : i, visit, context, fault);
	return err;
}

/* Tags ascend within a lot. */
static enum err find_in(bool *found, uint64_t *index, struct unseal *unseal, const struct manifest_lot *lot,
    const uint8_t tag[static RECORD_TAG_SIZE], struct fault *fault)
{
	uint64_t low = lot->first, high = lot->first + lot->count;

	*found = false;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		enum err err = read_record(unseal, middle, RECORD_TAG_SIZE, fault);
		int order;

		if (err != ERR_OK)
			return err;
		order = memcmp(tag, unseal->record, RECORD_TAG_SIZE);
		if (order == 0) {
			*found = true;
			*index = middle;
			return ERR_OK;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ERR_OK;
}

enum err unseal_find(uint64_t *index, struct unseal *unseal, const char imei[static IMEI_SIZE],
    struct fault *fault)
{
	uint8_t tag[RECORD_TAG_SIZE];
	bool found = false;
	enum err err = ERR_OK;

	for (uint32_t lot = 0; lot < unseal->manifest->lots.count && err == ERR_OK && !found; lot++) {
		err = take_lot(unseal, lot, fault);
		if (err != ERR_OK)
			break;
		keys_tag(tag, keys_of(unseal)->tag, imei);
		err = find_in(&found, index, unseal, manifest_lot(unseal->manifest, lot), tag, fault);
	}
	if (err == ERR_OK && !found)
		err = fault_set(fault, ERR_NO, "unseal-imei", unseal->batch->path,
		    "batch %s holds no device of this IMEI", unseal->manifest->batch);
	return err;
}
