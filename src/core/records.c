/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/manifest.h"
#include "gapseal/tree.h"

#define CHUNK (UINT64_C(1) << 20)

void records_name(char out[static RECORDS_NAME_SIZE], unsigned number)
{
	snprintf(out, RECORDS_NAME_SIZE, "records-%03u.bin", number % RECORDS_FILES_MAX);
}

void records_locate(const struct manifest_fields *fields, uint64_t index, unsigned *file, uint64_t *offset)
{
	const struct manifest_file *files = fields->files.items;
	uint64_t at = index * fields->stride;

	*file = 0;
	while (*file < fields->files.count && at >= files[*file].bytes)
		at -= files[(*file)++].bytes;
	*offset = at;
}

/* One pass over all records: everything that is carried from chunk to chunk. */
struct reading {
	const struct manifest_fields *fields;
	leaf_visit *visit;
	void *context;
	struct fault *fault;
	uint8_t *chunk;
	size_t chunk_size;             /* whole records */
	char place[FAULT_WHERE_MAX];   /* of the file in hand */
	struct tree tree;              /* tree.size is the index of the next record */
	size_t lot;                    /* of the last record */
	uint8_t tag[RECORD_TAG_SIZE];  /* of the last record */
};

/* A look-up searches the tags of a lot: they ascend, each once. */
static enum err check_order(struct reading *reading, const uint8_t *record)
{
	const struct manifest_lot *lot = manifest_lot(reading->fields, reading->lot);
	uint64_t index = reading->tree.size;
	enum err err = ERR_OK;

	if (index == lot->first + lot->count)
		reading->lot++;
	else if (index > 0 && memcmp(reading->tag, record, RECORD_TAG_SIZE) >= 0)
		err = fault_set(reading->fault, ERR_NO, "records-order", reading->place,
		    "record %llu is not in the order of its lot", (unsigned long long)index);
	memcpy(reading->tag, record, RECORD_TAG_SIZE);
	return err;
}

static enum err take_record(struct reading *reading, const uint8_t *record)
{
	uint8_t leaf[HASH_SIZE];
	enum err err;

	err = check_order(reading, record);
	if (err != ERR_OK)
		return err;
	hash_leaf(leaf, bytes_from(record, reading->fields->stride));
	if (reading->visit != NULL)
		err = reading->visit(reading->context, reading->tree.size, leaf, reading->fault);
	tree_push(&reading->tree, leaf);
	return err;
}

/* Reads an open file of the size that the manifest says. */
static enum err read_file(struct reading *reading, int file, const struct manifest_file *expected)
{
	uint8_t digest[HASH_SIZE];
	struct hash hash;
	enum err err = ERR_OK;

	hash_begin(&hash);
	for (uint64_t offset = 0; offset < expected->bytes; offset += reading->chunk_size) {
		uint64_t left = expected->bytes - offset;
		size_t size = left < reading->chunk_size ? (size_t)left : reading->chunk_size;

		err = file_pread(file, reading->chunk, size, (off_t)offset, reading->place, reading->fault);
		if (err != ERR_OK)
			return err;
		hash_add(&hash, bytes_from(reading->chunk, size));
		for (size_t at = 0; at < size && err == ERR_OK; at += reading->fields->stride)
			err = take_record(reading, reading->chunk + at);
		if (err != ERR_OK)
			return err;
	}
	hash_end(&hash, digest);
	if (memcmp(digest, expected->sha256, HASH_SIZE) != 0)
		return fault_set(reading->fault, ERR_NO, "records-hash", reading->place,
		    "the file is not the one in the manifest: copy it again");
	return ERR_OK;
}

static enum err open_and_read(struct reading *reading, int folder, unsigned number, const char *where)
{
	const struct manifest_file *files = reading->fields->files.items, *expected = &files[number];
	char name[RECORDS_NAME_SIZE];
	off_t size;
	enum err err;
	int file;

	records_name(name, number);
	snprintf(reading->place, sizeof reading->place, "%s/%s", where, name);
	if (!file_exists(folder, name))
		return fault_set(reading->fault, ERR_NO, "records-missing", reading->place,
		    "the file is missing");
	err = file_open(&file, &size, folder, name, reading->fault);
	if (err != ERR_OK) {
		memcpy(reading->fault->where, reading->place, sizeof reading->place); /* which folder's */
		return err;
	}
	if ((uint64_t)size != expected->bytes)
		err = fault_set(reading->fault, ERR_NO, "records-size", reading->place,
		    "the file has %llu bytes, the manifest says %llu: copy it again",
		    (unsigned long long)size, (unsigned long long)expected->bytes);
	else
		err = read_file(reading, file, expected);
	close(file);
	return err;
}

static enum err check_root(const struct reading *reading, const char *where)
{
	uint8_t root[HASH_SIZE];

	tree_root(&reading->tree, root);
	if (memcmp(root, reading->fields->root, HASH_SIZE) != 0)
		return fault_set(reading->fault, ERR_NO, "records-root", where,
		    "the records are not those that the manifest's root binds");
	return ERR_OK;
}

enum err records_verify(int folder, const struct manifest_fields *fields, leaf_visit *visit, void *context,
    const char *where, struct fault *fault)
{
	struct reading reading = {.fields = fields, .visit = visit, .context = context, .fault = fault};
	enum err err = ERR_OK;

	reading.chunk_size = CHUNK - CHUNK % fields->stride;
	reading.chunk = malloc(reading.chunk_size);
	if (reading.chunk == NULL)
		return fault_memory(fault);
	for (unsigned i = 0; i < fields->files.count && err == ERR_OK; i++)
		err = open_and_read(&reading, folder, i, where);
	if (err == ERR_OK)
		err = check_root(&reading, where);
	free(reading.chunk);
	return err;
}
