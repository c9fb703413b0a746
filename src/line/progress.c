/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/reason.h"
#include "progress_private.h"

enum err progress_new(struct progress **out, struct fault *fault)
{
	*out = calloc(1, sizeof **out);
	return *out == NULL ? fault_memory(fault) : ERR_OK;
}

void progress_free(struct progress **progress)
{
	struct progress *freed = *progress;

	if (freed == NULL)
		return;
	*progress = NULL;
	for (size_t i = 0; i < freed->batch_count; i++) {
		free(freed->batches[i].cells);
		free(freed->batches[i].begins.items);
		free(freed->batches[i].earlier.items);
		free(freed->batches[i].closed);
	}
	free(freed->batches);
	free(freed->grants);
	free(freed->accepted);
	free(freed);
}

static enum err index_fault(uint64_t count, struct fault *fault)
{
	return fault_set(fault, ERR_UNKNOWN, "progress-index", NULL,
	    "the log speaks of an index beyond the %" PRIu64 " devices of its batch", count);
}

enum err progress_add_batch(struct progress *progress, const uint8_t manifest[static HASH_SIZE],
    uint64_t count, struct fault *fault)
{
	struct progress_batch *batch;
	enum err err;

	err = progress_batch_of(&batch, progress, manifest, fault);
	if (err != ERR_OK)
		return err;
	if (batch->count > count)
		return index_fault(count, fault);
	err = progress_batch_grow(batch, count, fault);
	batch->added = err == ERR_OK;
	return err;
}

/* The batch and the cell an entry is about. A batch that was never added grows as entries come. */
static enum err cell_of(struct progress_cell **out, struct progress_batch **batch, struct progress *progress,
    const struct entry *entry, struct fault *fault)
{
	uint64_t index = entry->index;
	enum err err;

	err = progress_batch_of(batch, progress, entry->manifest.hash, fault);
	if (err != ERR_OK)
		return err;
	if (index >= (*batch)->count && (*batch)->added)
		return index_fault((*batch)->count, fault);
	if (index >= (*batch)->count)
		err = progress_batch_grow(*batch, index + 1, fault);
	if (err == ERR_OK)
		*out = &(*batch)->cells[index];
	return err;
}

static enum err take_begin(struct progress *progress, const struct entry *entry, struct fault *fault)
{
	struct progress_batch *batch;
	struct progress_cell *cell;
	enum err err;

	err = cell_of(&cell, &batch, progress, entry, fault);
	if (err == ERR_OK)
		err = progress_map_put(&batch->begins, entry->index, entry->n, fault);
	if (err == ERR_OK)
		cell->flags |= PROGRESS_OPEN | PROGRESS_DISCLOSED;
	return err;
}

/* A grant's successes are distinct indices: doing one again under the same grant is no other device, even
 * if it was done under another in between. */
static enum err count_success(struct progress *progress, struct progress_batch *batch,
    struct progress_cell *cell, const struct entry *entry, struct fault *fault)
{
	uint16_t number;
	enum err err;

	err = progress_grant_of(&number, progress, entry->grant, fault);
	if (err != ERR_OK || cell->grant == number)
		return err;
	if (cell->grant != 0)
		err = progress_map_put(&batch->earlier, progress_earlier_key(entry->index, cell->grant), 0,
		    fault);
	if (err != ERR_OK)
		return err;
	if (progress_map_find(&batch->earlier, progress_earlier_key(entry->index, number)) == NULL)
		progress->grants[number - 1].successes++;
	cell->grant = number;
	return ERR_OK;
}

static void count_failure(struct progress_cell *cell, const char *reason)
{
	cell->flags |= PROGRESS_FAILED;
	if (strcmp(reason_find(reason)->class_, "device") == 0 && cell->attempts < UINT8_MAX)
		cell->attempts++;
}

static enum err take_end(struct progress *progress, const struct entry *entry, struct fault *fault)
{
	const struct progress_pair *begin;
	struct progress_batch *batch;
	struct progress_cell *cell;
	enum err err;

	err = cell_of(&cell, &batch, progress, entry, fault);
	if (err != ERR_OK)
		return err;
	begin = progress_map_find(&batch->begins, entry->index);
	if (begin != NULL && begin->value == entry->begin) {
		progress_map_remove(&batch->begins, entry->index);
		cell->flags &= (uint8_t)~PROGRESS_OPEN;
	}
	if (strcmp(entry->result, "done") != 0) {
		count_failure(cell, entry->reason);
		return ERR_OK;
	}
	cell->flags &= (uint8_t)~(PROGRESS_FAILED | PROGRESS_RELEASED);
	cell->flags |= PROGRESS_DONE;
	return count_success(progress, batch, cell, entry, fault);
}

/* What needs no more than the cell. */
static enum err take_mark(struct progress *progress, const struct entry *entry, struct fault *fault)
{
	struct progress_batch *batch;
	struct progress_cell *cell;
	enum err err;

	err = cell_of(&cell, &batch, progress, entry, fault);
	if (err != ERR_OK)
		return err;
	if (entry->type == ENTRY_SAME) {
		cell->flags &= (uint8_t)~PROGRESS_FAILED;
		cell->flags |= PROGRESS_DONE;
	} else if (entry->type == ENTRY_RELEASE) {
		cell->flags |= PROGRESS_RELEASED;
		cell->attempts = 0;
	} else if (entry->type == ENTRY_VOID) {
		cell->flags |= PROGRESS_VOID;
	} else {
		cell->flags &= (uint8_t)~PROGRESS_VOID;
	}
	return ERR_OK;
}

static enum err take_closeout(struct progress *progress, const struct entry *entry, struct fault *fault)
{
	struct progress_batch *batch;
	enum err err;

	err = progress_batch_of(&batch, progress, entry->manifest.hash, fault);
	return err == ERR_OK ? progress_close_lot(batch, entry->lot, fault) : err;
}

enum err progress_entry(struct progress *progress, const struct entry *entry, struct fault *fault)
{
	switch (entry->type) {
	case ENTRY_BEGIN:
		return take_begin(progress, entry, fault);
	case ENTRY_END:
		return take_end(progress, entry, fault);
	case ENTRY_SAME:
	case ENTRY_RELEASE:
	case ENTRY_VOID:
	case ENTRY_UNVOID:
		return take_mark(progress, entry, fault);
	case ENTRY_CLOSEOUT:
		return take_closeout(progress, entry, fault);
	case ENTRY_INGEST:
		return progress_accept(progress, entry->manifest.hash, entry->grant, entry->trust, fault);
	case ENTRY_ENROLL:
	case ENTRY_TRUST:
	case ENTRY_START:
	case ENTRY_REFUSE:
	case ENTRY_RECOVER:
	case ENTRY_EXPORT:
	case ENTRY_STOP:
	case ENTRY_CLOCK:
	case ENTRY_TYPES:
		break;
	}
	return ERR_OK;
}

void progress_device(struct progress_device *out, const struct progress *progress,
    const uint8_t manifest[static HASH_SIZE], uint64_t index)
{
	const struct progress_batch *batch = progress_batch_known(progress, manifest);
	const struct progress_pair *begin;
	const struct progress_cell *cell;

	*out = (struct progress_device){0};
	if (batch == NULL || index >= batch->count)
		return;
	cell = &batch->cells[index];
	begin = progress_map_find(&batch->begins, index);
	out->flags = cell->flags;
	out->attempts = cell->attempts;
	out->begin = begin == NULL ? 0 : begin->value;
	out->done_grant = cell->grant == 0 ? 0 : progress->grants[cell->grant - 1].serial;
}

void progress_count(struct progress_counts *out, const struct progress *progress,
    const uint8_t manifest[static HASH_SIZE], uint64_t first, uint64_t count)
{
	const struct progress_batch *batch = progress_batch_known(progress, manifest);

	*out = (struct progress_counts){0};
	for (uint64_t i = 0; batch != NULL && i < count && first + i < batch->count; i++) {
		unsigned flags = batch->cells[first + i].flags;

		if ((flags & PROGRESS_VOID) != 0)
			out->void_++;
		else if ((flags & PROGRESS_DONE) != 0)
			out->done++;
		else if ((flags & PROGRESS_FAILED) != 0)
			out->failed++;
		out->open += (flags & PROGRESS_OPEN) != 0;
		out->disclosed += (flags & PROGRESS_DISCLOSED) != 0;
	}
}

uint64_t progress_successes(const struct progress *progress, uint64_t grant)
{
	for (size_t i = 0; i < progress->grant_count; i++) {
		if (progress->grants[i].serial == grant)
			return progress->grants[i].successes;
	}
	return 0;
}

uint64_t progress_accepted(const struct progress *progress, const uint8_t manifest[static HASH_SIZE],
    uint64_t grant)
{
	for (size_t i = progress->accepted_count; i > 0; i--) { /* the last one counts */
		const struct progress_acceptance *accepted = &progress->accepted[i - 1];

		if (accepted->grant == grant && memcmp(accepted->manifest, manifest, HASH_SIZE) == 0)
			return accepted->trust;
	}
	return 0;
}

bool progress_closed(const struct progress *progress, const uint8_t manifest[static HASH_SIZE],
    const char *lot)
{
	const struct progress_batch *batch = progress_batch_known(progress, manifest);

	for (size_t i = 0; batch != NULL && i < batch->closed_count; i++) {
		if (strcmp(batch->closed[i], lot) == 0)
			return true;
	}
	return false;
}
