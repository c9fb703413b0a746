/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "batch_private.h"

void given_end(struct given *given)
{
	if (given->file >= 0)
		close(given->file); /* was only read */
	given->file = -1;
}

/* Opens a file unless it is the one in hand. Manifest and records are compared in full later: here it is
 * enough that the bytes the manifest speaks of are there, and no others. */
static enum err open_file(struct given *given, unsigned number, struct fault *fault)
{
	const struct manifest_file *files = given->batch->manifest->files.items;
	char name[RECORDS_NAME_SIZE], place[FAULT_WHERE_MAX];
	off_t size;
	enum err err;

	if (given->file >= 0 && given->number == number)
		return ERR_OK;
	given_end(given);
	records_name(name, number);
	snprintf(place, sizeof place, "%s/%s", given->batch->where, name);
	if (!file_exists(given->batch->folder, name))
		return fault_set(fault, ERR_NO, "records-missing", place, "the file is missing");
	err = file_open(&given->file, &size, given->batch->folder, name, fault);
	if (err != ERR_OK) {
		given->file = -1;
		fault_inside(fault, given->batch->where);
		return err;
	}
	given->number = number;
	if ((uint64_t)size != files[number].bytes)
		return fault_set(fault, ERR_NO, "rebuild-files", place,
		    "the file has %llu bytes, the manifest says %llu", (unsigned long long)size,
		    (unsigned long long)files[number].bytes);
	return ERR_OK;
}

enum err given_read(uint8_t *out, struct given *given, uint64_t index, size_t count, struct fault *fault)
{
	const struct manifest_file *files = given->batch->manifest->files.items;

	for (size_t done = 0, some; done < count; done += some) {
		char name[RECORDS_NAME_SIZE];
		unsigned number;
		uint64_t offset;
		enum err err;

		records_locate(given->batch->manifest, index + done, &number, &offset);
		err = open_file(given, number, fault);
		if (err != ERR_OK)
			return err;
		some = (size_t)((files[number].bytes - offset) / given->stride);
		if (some > count - done)
			some = count - done;
		records_name(name, number);
		err = file_pread(given->file, out + done * given->stride, some * given->stride,
		    (off_t)offset, name, fault);
		if (err != ERR_OK) {
			fault_inside(fault, given->batch->where);
			return err;
		}
	}
	return ERR_OK;
}

enum err given_lot(const struct batch_given *given, const struct manifest_lot *lot, uint32_t number,
    struct fault *fault)
{
	if (memcmp(manifest_lot(given->manifest, number)->check, lot->check, HASH_SIZE) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "rebuild-lot", given->where,
	    "lot %s has another key: it was made from another seed, profile, CSV or CA", lot->name);
}

const char *given_part(const uint8_t *made, const uint8_t *given, size_t stride)
{
	static const struct {
		size_t end;
		const char *name;
	} parts[] = {
		{RECORD_COMMITMENT, "the tag"},
		{RECORD_STATE, "the key commitment"},
		{RECORD_NONCE, "the state commitment"},
		{RECORD_CIPHERTEXT, "the nonce"},
	};
	size_t from = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; from = parts[i++].end)
		if (memcmp(made + from, given + from, parts[i].end - from) != 0)
			return parts[i].name;
	return memcmp(made + from, given + from, stride - from) != 0 ? "the sealed part" : NULL;
}

enum err given_refuse(const struct batch_given *batch, const struct plan *plan, const struct lot *lot,
    uint64_t index, unsigned long line, const char *what, struct fault *fault)
{
	char place[FAULT_WHERE_MAX];

	snprintf(place, sizeof place, "%s: index %llu", batch->where, (unsigned long long)index);
	return fault_set(fault, ERR_NO, "rebuild-record", place,
	    "%s of the record is not what %s:%lu gives; it is the first record that differs, in lot %s", what,
	    roster_where(plan_roster(plan)), line, plan_lot(plan, lot->number)->name);
}
