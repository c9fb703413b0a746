/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_private.h"
#include "gapseal/extract.h"
#include "gapseal/file.h"

void audited_batch_free(struct audited_batch *batch)
{
	document_free(&batch->document);
	manifest_free(&batch->manifest);
	free(batch->approvals);
	free(batch->leaves);
	free(batch->states);
	free(batch->done);
	free(batch->flags);
	free(batch->seen);
	free(batch->imeis);
	free(batch->units);
	free(batch->closed);
	free(batch->held);
	*batch = (struct audited_batch){0};
}

uint32_t audit_batch_find(const struct audit *audit, const uint8_t manifest[static HASH_SIZE])
{
	for (uint32_t i = 0; i < audit->batches.count; i++) {
		if (memcmp(audited_batch(audit, i)->document.hash, manifest, HASH_SIZE) == 0)
			return i;
	}
	return NOBODY;
}

/* Collects what the entries will be held against, while the records file is read once. */
struct harvest {
	struct audited_batch *batch;
	const char *where;
	int folder;
	int file;                      /* the records file in hand; -1 before the first */
	unsigned number;
	uint8_t record[RECORD_STRIDE_MAX];
};

static enum err open_file(struct harvest *harvest, unsigned number, struct fault *fault)
{
	char name[RECORDS_NAME_SIZE];
	off_t size;

	if (harvest->file >= 0 && harvest->number == number)
		return ERR_OK;
	if (harvest->file >= 0)
		close(harvest->file);
	harvest->file = -1;
	harvest->number = number;
	records_name(name, number);
	return file_open(&harvest->file, &size, harvest->folder, name, fault);
}

/* The record was hashed a moment ago and is still in the system's cache. Its state commitment is taken from
 * what is read here, so this must be what was hashed. */
static enum err harvest_record(void *context, uint64_t index, const uint8_t leaf[static HASH_SIZE],
    struct fault *fault)
{
	struct harvest *harvest = context;
	const struct manifest_fields *fields = audited_manifest(harvest->batch);
	uint8_t again[HASH_SIZE];
	unsigned number;
	uint64_t offset;
	enum err err;

	records_locate(fields, index, &number, &offset);
	err = open_file(harvest, number, fault);
	if (err == ERR_OK)
		err = file_pread(harvest->file, harvest->record, fields->stride, (off_t)offset,
		    harvest->where, fault);
	if (err != ERR_OK)
		return err;
	hash_leaf(again, bytes_from(harvest->record, fields->stride));
	if (memcmp(again, leaf, HASH_SIZE) != 0)
		return fault_set(fault, ERR_CANNOT, "audit-changed", harvest->where,
		    "a records file was changed while it was read");
	memcpy(harvest->batch->leaves[index], leaf, HASH_SIZE);
	memcpy(harvest->batch->states[index], harvest->record + RECORD_STATE, HASH_SIZE);
	return ERR_OK;
}

static enum err read_records(struct audited_batch *batch, int folder, const char *where, struct fault *fault)
{
	struct harvest *harvest = malloc(sizeof *harvest);
	enum err err;

	if (harvest == NULL)
		return fault_memory(fault);
	*harvest = (struct harvest){.batch = batch, .where = where, .folder = folder, .file = -1};
	err = records_verify(folder, audited_manifest(batch), 1, harvest_record, harvest, where, fault);
	if (harvest->file >= 0)
		close(harvest->file);
	free(harvest);
	return err;
}

/* calloc that does not mind nothing. */
static void *room(size_t count, size_t size)
{
	return calloc(count != 0 ? count : 1, size);
}

enum err audited_batch_room(struct audited_batch *batch, struct fault *fault)
{
	const struct manifest_fields *fields = audited_manifest(batch);
	const struct manifest_policy *policy = &fields->policy;
	size_t count = (size_t)fields->count;

	if (fields->count > SIZE_MAX / (2 * HASH_SIZE))
		return fault_memory(fault);
	batch->leaves = room(count, sizeof *batch->leaves);
	batch->states = room(count, sizeof *batch->states);
	batch->done = room(count, sizeof *batch->done);
	batch->flags = room(count, sizeof *batch->flags);
	batch->seen = room(count, sizeof *batch->seen);
	batch->closed = room(fields->lots.count, sizeof *batch->closed);
	batch->imeis = policy->log_imei ? room(count, sizeof *batch->imeis) : NULL;
	batch->units = policy->log_unit ? room(count, sizeof *batch->units) : NULL;
	if (batch->leaves == NULL || batch->states == NULL || batch->done == NULL || batch->flags == NULL ||
	    batch->seen == NULL || batch->closed == NULL || (policy->log_imei && batch->imeis == NULL) ||
	    (policy->log_unit && batch->units == NULL))
		return fault_memory(fault);
	for (size_t i = 0; i < count; i++)
		batch->done[i].log = NOBODY;
	return ERR_OK;
}

/* Two manifests of one id would make every report ambiguous. */
enum err audited_batch_check_id(const struct audit *audit, const struct audited_batch *batch,
    const char *where, struct fault *fault)
{
	const char *id = audited_manifest(batch)->batch;

	for (size_t i = 0; i < audit->batches.count; i++) {
		const struct audited_batch *other = audited_batch(audit, i);

		if (strcmp(audited_manifest(other)->batch, id) == 0 &&
		    memcmp(other->document.hash, batch->document.hash, HASH_SIZE) != 0)
			return fault_set(fault, ERR_NO, audit_code(CODE_BATCH_TWICE), where,
			    "another manifest of batch %s was given before", id);
	}
	return ERR_OK;
}

/* The sums are for other tools: a fault in them does not keep the records from being read. */
static enum err verify(struct audit *audit, struct audited_batch *batch, int folder, const char *where,
    struct fault *fault)
{
	enum err err = sums_verify(folder, audited_manifest(batch), batch->document.hash, where, fault);

	if (err != ERR_OK)
		err = audit_item_refuse(audit, batch->item, NULL, fault);
	if (err == ERR_OK)
		err = audited_batch_room(batch, fault);
	return err == ERR_OK ? read_records(batch, folder, where, fault) : err;
}

static enum err load(struct audited_batch *batch, struct audit *audit, int folder, const char *where,
    struct fault *fault)
{
	batch->approvals = room(chain_count(audit->chain), sizeof *batch->approvals);
	if (batch->approvals == NULL)
		return fault_memory(fault);
	if (document_load(&batch->document, folder, MANIFEST_NAME, fault) != ERR_OK)
		return fault->err;
	snprintf(batch->document.where, sizeof batch->document.where, "%s/" MANIFEST_NAME, where);
	return ERR_OK;
}

/* The batch is the audit's from here on, instead of extracts of it. */
static enum err keep(struct audit *audit, struct audited_batch *batch, uint64_t version, struct fault *fault)
{
	const struct manifest_fields *fields = audited_manifest(batch);
	uint32_t before = audit_batch_find(audit, batch->document.hash);
	struct audited_batch *kept = before != NOBODY ? audited_batch(audit, before)
	    : audit_push(&audit->batches, sizeof *kept);

	if (kept == NULL)
		return fault_memory(fault);
	if (before != NOBODY)
		audited_batch_free(kept);
	*kept = *batch;
	audit_item_good(audit, batch->item, batch->document.hash,
	    "%sbatch %s: %" PRIu64 " devices in %zu lot%s, issued %s; approved by trust version %" PRIu64,
	    fields->purpose == PURPOSE_REHEARSAL ? "REHEARSAL " : "", fields->batch, fields->count,
	    fields->lots.count, fields->lots.count == 1 ? "" : "s", fields->issued, version);
	*batch = (struct audited_batch){0};
	return ERR_OK;
}

static bool given_before(const struct audit *audit, const struct audited_batch *batch)
{
	uint32_t number = audit_batch_find(audit, batch->document.hash);

	return number != NOBODY && audited_batch(audit, number)->held == NULL;
}

/* Signatures first. */
static enum err take(struct audit *audit, struct audited_batch *batch, int folder, const char *where,
    struct fault *fault)
{
	uint64_t version;
	enum err err;

	err = audit_open_manifest(&batch->manifest, &version, audit, &batch->document, fault);
	if (err == ERR_OK)
		err = audited_batch_check_id(audit, batch, where, fault);
	if (err != ERR_OK)
		return err;
	if (extract_is(folder))
		return audit_add_extract(audit, batch, folder, where, version, fault);
	err = verify(audit, batch, folder, where, fault);
	return err == ERR_OK ? keep(audit, batch, version, fault) : err;
}

static enum err add(struct audit *audit, struct audited_batch *batch, int folder, const char *where,
    struct fault *fault)
{
	enum err err = load(batch, audit, folder, where, fault);

	if (err == ERR_OK && !extract_is(folder) && given_before(audit, batch)) {
		audit_item_good(audit, batch->item, batch->document.hash, "given before");
		return ERR_OK;
	}
	if (err == ERR_OK)
		err = take(audit, batch, folder, where, fault);
	if (err == ERR_OK)
		return ERR_OK;
	audit->batches_refused++;
	return audit_item_refuse(audit, batch->item, NULL, fault);
}

enum err audit_add_batch(struct audit *audit, const char *path, struct fault *fault)
{
	struct audited_batch batch = {0};
	int folder;
	enum err err;

	err = audit_item_begin(&batch.item, audit, AUDIT_BATCH, path, fault);
	if (err == ERR_OK)
		err = folder_open(&folder, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	err = add(audit, &batch, folder, path, fault);
	audited_batch_free(&batch);
	close(folder);
	return err;
}
