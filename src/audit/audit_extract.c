/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit_private.h"
#include "gapseal/extract.h"

bool audited_batch_holds(const struct audited_batch *batch, uint64_t index)
{
	return batch->held == NULL || batch->held[index];
}

/* A batch of which nothing is held yet; it is the audit's from here on. */
static enum err begin(struct audit *audit, struct audited_batch *batch, struct fault *fault)
{
	struct audited_batch *kept;
	enum err err = audited_batch_room(batch, fault);

	if (err != ERR_OK)
		return err;
	batch->held = calloc((size_t)audited_manifest(batch)->count + 1, sizeof *batch->held);
	if (batch->held == NULL)
		return fault_memory(fault);
	kept = audit_push(&audit->batches, sizeof *kept);
	if (kept == NULL)
		return fault_memory(fault);
	*kept = *batch;
	*batch = (struct audited_batch){0};
	return ERR_OK;
}

static void put_record(struct audited_batch *batch, const struct extract *extract)
{
	if (audited_batch_holds(batch, extract->index))
		return; /* the same record: it stands under the same root */
	batch->held[extract->index] = true;
	batch->held_count++;
	memcpy(batch->leaves[extract->index], extract->leaf, HASH_SIZE);
	memcpy(batch->states[extract->index], extract->record + RECORD_STATE, HASH_SIZE);
}

static enum err keep(struct audit *audit, struct audited_batch *batch, const struct extract *extract,
    uint64_t version, struct fault *fault)
{
	const size_t item = batch->item;
	uint32_t number = audit_batch_find(audit, batch->document.hash), lot;
	const struct manifest_fields *fields;
	const struct audited_batch *kept;
	enum err err;

	if (number == NOBODY) {
		err = begin(audit, batch, fault);
		if (err != ERR_OK)
			return err;
		number = (uint32_t)audit->batches.count - 1;
	}
	put_record(audited_batch(audit, number), extract);
	kept = audited_batch(audit, number);
	fields = audited_manifest(kept);
	audit_item_good(audit, item, kept->document.hash, "%sextract of batch %s: record %" PRIu64
	    " of %" PRIu64 " devices, lot %s, issued %s; approved by trust version %" PRIu64,
	    fields->purpose == PURPOSE_REHEARSAL ? "REHEARSAL " : "", fields->batch, extract->index,
	    fields->count, manifest_lot_of(fields, extract->index, &lot)->name, fields->issued, version);
	return ERR_OK;
}

enum err audit_add_extract(struct audit *audit, struct audited_batch *batch, int folder, const char *where,
    uint64_t version, struct fault *fault)
{
	struct extract *extract = malloc(sizeof *extract);
	enum err err;

	if (extract == NULL)
		return fault_memory(fault);
	err = extract_open(extract, folder, audited_manifest(batch), batch->document.hash, where, fault);
	if (err == ERR_OK)
		err = keep(audit, batch, extract, version, fault);
	free(extract);
	return err;
}
