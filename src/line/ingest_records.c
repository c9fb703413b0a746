/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "gapseal/grant_keys.h"
#include "ingest_private.h"

/* Where the record lies: in the batch or, if that is not held, in its extract. */
static enum err open_record(int *file, uint64_t *offset, int batches, const struct manifest_fields *fields,
    uint64_t index, const char *where, struct fault *fault)
{
	char folder_name[EXTRACT_FOLDER_SIZE], name[RECORDS_NAME_SIZE] = EXTRACT_RECORD_NAME;
	bool whole = file_exists(batches, fields->batch);
	unsigned number;
	enum err err;
	off_t size;
	int folder;

	*offset = 0;
	extract_folder_name(folder_name, fields->batch, index);
	if (!whole && !file_exists(batches, folder_name))
		return fault_set(fault, ERR_NO, "grant-batch", where,
		    "it grants record %" PRIu64 " of batch %s, which is not held here: ingest the batch, or "
		    "the extract, first", index, fields->batch);
	if (whole) {
		records_locate(fields, index, &number, offset);
		records_name(name, number);
	}
	err = folder_open(&folder, batches, whole ? fields->batch : folder_name, fault);
	if (err != ERR_OK)
		return err;
	err = file_open(file, &size, folder, name, fault);
	close(folder);
	return err;
}

static enum err read_commitment(uint8_t out[static HASH_SIZE], int batches,
    const struct manifest_fields *fields, uint64_t index, const char *where, struct fault *fault)
{
	uint64_t offset;
	enum err err;
	int file;

	err = open_record(&file, &offset, batches, fields, index, where, fault);
	if (err != ERR_OK)
		return err;
	err = file_pread(file, out, HASH_SIZE, (off_t)offset + RECORD_COMMITMENT, fields->batch, fault);
	close(file);
	return err;
}

enum err ingest_check_records(const struct grant_keys *keys, int batches,
    const struct manifest_fields *fields, const char *where, struct fault *fault)
{
	uint8_t commitment[HASH_SIZE];
	struct record_keys *record;
	struct secret *scratch;
	uint64_t index;
	enum err err;

	err = secret_new(&scratch, sizeof *record, fault);
	if (err != ERR_OK)
		return err;
	record = (struct record_keys *)(void *)secret_data(scratch);
	for (uint32_t i = 0; i < keys->count && err == ERR_OK; i++) {
		keys_record(record, grant_key(&index, keys, i));
		err = read_commitment(commitment, batches, fields, index, where, fault);
		if (err == ERR_OK && memcmp(commitment, record->commitment, HASH_SIZE) != 0)
			err = fault_set(fault, ERR_NO, "grant-keys", where,
			    "a record key is not the one its record in batch %s commits to", fields->batch);
	}
	secret_free(&scratch);
	return err;
}
