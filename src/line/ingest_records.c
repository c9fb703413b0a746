/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/grant_keys.h"
#include "ingest_private.h"

static enum err read_commitment(uint8_t out[static HASH_SIZE], int batch,
    const struct manifest_fields *fields, uint64_t index, struct fault *fault)
{
	char name[RECORDS_NAME_SIZE];
	uint64_t offset;
	unsigned number;
	enum err err;
	off_t size;
	int file;

	records_locate(fields, index, &number, &offset);
	records_name(name, number);
	err = file_open(&file, &size, batch, name, fault);
	if (err != ERR_OK)
		return err;
	err = file_pread(file, out, HASH_SIZE, (off_t)offset + RECORD_COMMITMENT, name, fault);
	close(file);
	return err;
}

enum err ingest_check_records(const struct grant_keys *keys, int batch,
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
		err = read_commitment(commitment, batch, fields, index, fault);
		if (err == ERR_OK && memcmp(commitment, record->commitment, HASH_SIZE) != 0)
			err = fault_set(fault, ERR_NO, "grant-keys", where,
			    "a record key is not the one its record in batch %s commits to", fields->batch);
	}
	secret_free(&scratch);
	return err;
}
