/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/list.h"
#include "gapseal/tree.h"
#include "reader_private.h"

/* size bytes of a record from its beginning. */
static enum err read_record(uint8_t *out, const struct reader_batch *batch, uint64_t index, size_t size,
    struct fault *fault)
{
	uint64_t offset;
	unsigned file;

	records_locate(&batch->fields, index, &file, &offset);
	return file_pread(batch->files[file], out, size, (off_t)offset, batch->id, fault);
}

/* Binary search: tags ascend within a lot. */
static enum err find_tag(bool *found, uint64_t *index, const struct reader_batch *batch,
    const struct manifest_lot *lot, const uint8_t tag[static RECORD_TAG_SIZE], struct fault *fault)
{
	uint64_t low = lot->first, high = lot->first + lot->count;
	uint8_t at[RECORD_TAG_SIZE];

	*found = false;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		int order;
		enum err err;

		err = read_record(at, batch, middle, sizeof at, fault);
		if (err != ERR_OK)
			return err;
		order = memcmp(at, tag, sizeof at);
		if (order == 0) {
			*found = true;
			*index = middle;
			return ERR_OK;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return ERR_OK;
}

/* The sibling of each node on the way to the root; the odd last one of a level has none. */
static enum err read_path(struct message *record, const struct reader_batch *batch, struct fault *fault)
{
	uint64_t size = batch->fields.count, at = record->index;

	record->path_count = 0;
	for (unsigned level = 0; tree_level_count(size, level) > 1; level++, at /= 2) {
		uint64_t sibling = at ^ 1;
		uint64_t place = (tree_level_start(size, level) + sibling) * HASH_SIZE;
		enum err err;

		if (sibling >= tree_level_count(size, level))
			continue;
		err = file_pread(batch->tree, record->path[record->path_count], HASH_SIZE, (off_t)place,
		    batch->id, fault);
		if (err != ERR_OK)
			return err;
		record->path_count++;
	}
	return ERR_OK;
}

static enum err search_lots(struct message *record, const struct reader_batch *batch,
    const struct message *lookup, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < lookup->lots && !record->found && err == ERR_OK; i++) {
		if (lookup->lookup[i].lot >= batch->fields.lots.count)
			return fault_set(fault, ERR_CANNOT, "reader", batch->id,
			    "asked for a lot that the batch does not have");
		record->lot = lookup->lookup[i].lot;
		err = find_tag(&record->found, &record->index, batch,
		    manifest_lot(&batch->fields, record->lot), lookup->lookup[i].tag, fault);
	}
	return err;
}

/* By its index, in the batch or, as long as that is not held, among the extracts. */
static enum err find_single(struct message *record, const struct reader_batch *batch,
    const struct message *lookup, struct fault *fault)
{
	if (manifest_lot_of(&batch->fields, lookup->index, &record->lot) == NULL)
		return fault_set(fault, ERR_CANNOT, "reader", batch->id,
		    "asked for a record that the batch does not have");
	record->index = lookup->index;
	record->found = batch->whole || list_holds(&batch->extracts, lookup->index);
	return ERR_OK;
}

static enum err look_up(struct message *record, const struct reader *reader, const struct message *lookup,
    struct fault *fault)
{
	const struct reader_batch *batch = reader->batches[lookup->batch];
	enum err err = ERR_OK;

	if (lookup->single)
		err = find_single(record, batch, lookup, fault);
	else if (batch->whole)
		err = search_lots(record, batch, lookup, fault);
	if (err != ERR_OK || !record->found)
		return err;
	if (!batch->whole)
		return reader_extract_read(record, batch, reader->batch_folder, fault);
	err = read_record(record->record, batch, record->index, batch->fields.stride, fault);
	return err == ERR_OK ? read_path(record, batch, fault) : err;
}

enum err reader_answer(struct reader *reader, const struct message *lookup, struct message *record,
    struct fault *fault)
{
	enum err err;

	*record = (struct message){.kind = MESSAGE_RECORD, .port = lookup->port, .batch = lookup->batch};
	if (lookup->batch >= reader->batch_count || lookup->lots > LOOKUP_MAX)
		err = fault_set(fault, ERR_CANNOT, "reader", NULL, "asked for a batch that is not held");
	else
		err = look_up(record, reader, lookup, fault);
	if (err == ERR_OK)
		return ERR_OK;
	record->found = false;
	snprintf(record->reason, sizeof record->reason, "reader");
	return err;
}
