/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/contents.h"
#include "gapseal/list.h"
#include "gapseal/seal.h"

/* Room for one more root; the array of a secret does not grow, so it is doubled. */
static enum err make_room(struct vault_batch *batch, struct fault *fault)
{
	size_t used = batch->record_count * KEY_SIZE;
	struct secret *roots;
	enum err err;

	if (batch->roots != NULL && secret_capacity(batch->roots) - used >= KEY_SIZE)
		return ERR_OK;
	err = secret_new(&roots, 2 * used + KEY_SIZE, fault);
	if (err != ERR_OK)
		return err;
	if (used > 0)
		memcpy(secret_data(roots), secret_data(batch->roots), used);
	secret_free(&batch->roots);
	batch->roots = roots;
	return ERR_OK;
}

enum err vault_record_add(struct vault_batch *batch, uint64_t index, const uint8_t root[static KEY_SIZE],
    const struct grant_fields *grant, struct fault *fault)
{
	struct vault_record *records;
	enum err err = make_room(batch, fault);

	if (err != ERR_OK)
		return err;
	records = reallocarray(batch->records, batch->record_count + 1, sizeof *records);
	if (records == NULL)
		return fault_memory(fault);
	batch->records = records;
	records += batch->record_count;
	*records = (struct vault_record){.index = index, .root = batch->record_count};
	vault_granted_fill(&records->granted, grant);
	records->granted.again = list_holds(&grant->again, index);
	memcpy(secret_data(batch->roots) + records->root * KEY_SIZE, root, KEY_SIZE);
	batch->record_count++;
	return ERR_OK;
}

static int compare_records(const void *a, const void *b)
{
	const struct vault_record *left = a, *right = b;

	if (left->index != right->index)
		return left->index > right->index ? 1 : -1;
	return (left->granted.grant > right->granted.grant) - (left->granted.grant < right->granted.grant);
}

void vault_records_settle(struct vault_batch *batch)
{
	struct vault_record *records = batch->records;
	size_t kept = 0;

	if (batch->record_count > 1)
		qsort(records, batch->record_count, sizeof *records, compare_records);
	for (size_t i = 0; i < batch->record_count; i++) {
		if (kept > 0 && records[kept - 1].index == records[i].index)
			kept--;
		records[kept++] = records[i];
	}
	batch->record_count = kept;
}

struct vault_record *vault_record(const struct vault_batch *batch, uint64_t index)
{
	size_t low = 0, high = batch->record_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (batch->records[middle].index == index)
			return &batch->records[middle];
		if (batch->records[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const uint8_t *vault_record_root(const struct vault_batch *batch, const struct vault_record *record)
{
	return secret_data(batch->roots) + record->root * KEY_SIZE;
}

void vault_records_remember(struct vault_batch *now, const struct vault_batch *before)
{
	for (size_t i = 0; i < now->record_count; i++) {
		const struct vault_record *record = vault_record(before, now->records[i].index);

		if (record != NULL)
			memcpy(now->records[i].imei, record->imei, IMEI_SIZE);
	}
}

static const char *look(struct vault *vault, struct vault_record *record, size_t batch, uint32_t lot,
    const uint8_t *bytes)
{
	const struct manifest_fields *manifest = vault_manifest(vault, batch);
	const struct record_keys *keys = vault_record_keys(vault, vault_record_root(&vault->batches[batch],
	    record));
	struct record_place place;
	struct contents contents;
	struct fault fault;

	manifest_place(&place, manifest, lot, record->index);
	if (record_open(vault->plain, bytes_from(bytes, manifest->stride), &place, keys, manifest->batch,
	    &fault) != ERR_OK)
		return "record-open";
	if (contents_read(&contents, secret_bytes(vault->plain), (uint16_t)manifest->common.count,
	    manifest->batch, &fault) != ERR_OK)
		return "record-contents";
	memcpy(record->imei, contents.imei, IMEI_SIZE);
	return NULL;
}

const char *vault_record_look(struct vault *vault, struct vault_record *record, size_t batch, uint32_t lot,
    const uint8_t *bytes)
{
	const char *reason;

	if (record->imei[0] != '\0')
		return NULL;
	reason = look(vault, record, batch, lot, bytes);
	secret_clear(vault->plain);
	secret_clear(vault->keys);
	return reason;
}
