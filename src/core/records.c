/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/manifest.h"
#include "gapseal/pieces.h"
#include "gapseal/tree.h"

#define CHUNK (256 << 10)

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

/* A chunk of whole records and their leaves. */
struct chunk {
	uint8_t *data;
	uint8_t (*leaves)[HASH_SIZE];
};

/* One pass over all records: everything that is carried from chunk to chunk. */
struct reading {
	const struct manifest_fields *fields;
	struct manifest_file *fill;    /* takes the hashes; NULL: they must be the manifest's */
	leaf_visit *visit;
	void *context;
	struct fault *fault;
	unsigned threads;
	size_t chunk_size;             /* whole records */
	struct chunk chunks[PIECES_ROOMS(PIECES_THREADS_MAX)];
	char place[FAULT_WHERE_MAX];   /* of the file in hand */
	int file;
	uint64_t file_size;
	struct hash hash;
	struct tree tree;              /* tree.size is the index of the next record */
	size_t lot;                    /* of the last record */
	uint8_t tag[RECORD_TAG_SIZE];  /* of the last record */
};

/* A look-up searches the tags of a lot: they ascend, each once. */
static enum err check_order(struct reading *reading, const uint8_t *record, struct fault *fault)
{
	const struct manifest_lot *lot = manifest_lot(reading->fields, reading->lot);
	uint64_t index = reading->tree.size;
	enum err err = ERR_OK;

	if (index == lot->first + lot->count)
		reading->lot++;
	else if (index > 0 && memcmp(reading->tag, record, RECORD_TAG_SIZE) >= 0)
		err = fault_set(fault, ERR_NO, "records-order", reading->place,
		    "record %llu is not in the order of its lot", (unsigned long long)index);
	memcpy(reading->tag, record, RECORD_TAG_SIZE);
	return err;
}

static size_t size_of(const struct reading *reading, uint64_t number)
{
	uint64_t left = reading->file_size - number * reading->chunk_size;

	return left < reading->chunk_size ? (size_t)left : reading->chunk_size;
}

static enum err read_chunk(void *worker, void *room, uint64_t number, struct fault *fault)
{
	const struct reading *reading = worker;
	struct chunk *chunk = room;
	size_t size = size_of(reading, number), stride = (size_t)reading->fields->stride;
	enum err err = file_pread(reading->file, chunk->data, size, (off_t)(number * reading->chunk_size),
	    reading->place, fault);

	for (size_t i = 0; err == ERR_OK && i < size / stride; i++)
		hash_leaf(chunk->leaves[i], bytes_from(chunk->data + i * stride, stride));
	return err;
}

static enum err take_chunk(void *context, void *room, uint64_t number, struct fault *fault)
{
	struct reading *reading = context;
	const struct chunk *chunk = room;
	size_t size = size_of(reading, number), stride = (size_t)reading->fields->stride;
	enum err err = ERR_OK;

	hash_add(&reading->hash, bytes_from(chunk->data, size));
	for (size_t i = 0; err == ERR_OK && i < size / stride; i++) {
		err = check_order(reading, chunk->data + i * stride, fault);
		if (err == ERR_OK && reading->visit != NULL)
			err = reading->visit(reading->context, reading->tree.size, chunk->leaves[i], fault);
		tree_push(&reading->tree, chunk->leaves[i]);
	}
	return err;
}

/* Reads an open file of the size that the manifest says. */
static enum err read_file(struct reading *reading, unsigned number)
{
	void *workers[PIECES_THREADS_MAX], *rooms[PIECES_ROOMS(PIECES_THREADS_MAX)];
	const struct manifest_file *files = reading->fields->files.items, *expected = &files[number];
	const struct pieces pieces = {
		.count = (expected->bytes + reading->chunk_size - 1) / reading->chunk_size,
		.threads = reading->threads,
		.make = read_chunk,
		.take = take_chunk,
		.context = reading,
		.workers = workers,
		.rooms = rooms,
	};
	uint8_t digest[HASH_SIZE];
	enum err err;

	for (unsigned i = 0; i < reading->threads; i++)
		workers[i] = reading;
	for (unsigned i = 0; i < PIECES_ROOMS(reading->threads); i++)
		rooms[i] = &reading->chunks[i];
	reading->file_size = expected->bytes;
	hash_begin(&reading->hash);
	err = pieces_run(&pieces, reading->fault);
	if (err != ERR_OK)
		return err;
	hash_end(&reading->hash, digest);
	if (reading->fill != NULL)
		memcpy(reading->fill[number].sha256, digest, HASH_SIZE);
	else if (memcmp(digest, expected->sha256, HASH_SIZE) != 0)
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

	records_name(name, number);
	snprintf(reading->place, sizeof reading->place, "%s/%s", where, name);
	if (!file_exists(folder, name))
		return fault_set(reading->fault, ERR_NO, "records-missing", reading->place,
		    "the file is missing");
	err = file_open(&reading->file, &size, folder, name, reading->fault);
	if (err != ERR_OK) {
		memcpy(reading->fault->where, reading->place, sizeof reading->place); /* which folder's */
		return err;
	}
	if ((uint64_t)size != expected->bytes)
		err = fault_set(reading->fault, ERR_NO, "records-size", reading->place,
		    "the file has %llu bytes, the manifest says %llu: copy it again",
		    (unsigned long long)size, (unsigned long long)expected->bytes);
	else
		err = read_file(reading, number);
	close(reading->file);
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

static void free_chunks(struct reading *reading)
{
	for (unsigned i = 0; i < PIECES_ROOMS(reading->threads); i++) {
		free(reading->chunks[i].data);
		free(reading->chunks[i].leaves);
	}
}

static enum err new_chunks(struct reading *reading)
{
	size_t count = CHUNK / (size_t)reading->fields->stride + 1;

	reading->chunk_size = count * (size_t)reading->fields->stride;
	for (unsigned i = 0; i < PIECES_ROOMS(reading->threads); i++) {
		struct chunk *chunk = &reading->chunks[i];

		chunk->data = malloc(reading->chunk_size);
		chunk->leaves = malloc(count * sizeof *chunk->leaves);
		if (chunk->data == NULL || chunk->leaves == NULL)
			return fault_memory(reading->fault);
	}
	return ERR_OK;
}

static enum err read_all(struct reading *reading, int folder, const char *where)
{
	enum err err = new_chunks(reading);

	for (unsigned i = 0; i < reading->fields->files.count && err == ERR_OK; i++)
		err = open_and_read(reading, folder, i, where);
	if (err == ERR_OK)
		err = check_root(reading, where);
	free_chunks(reading);
	return err;
}

enum err records_verify(int folder, const struct manifest_fields *fields, unsigned threads, leaf_visit *visit,
    void *context, const char *where, struct fault *fault)
{
	struct reading reading = {.fields = fields, .visit = visit, .context = context, .fault = fault,
		.threads = threads};

	return read_all(&reading, folder, where);
}

enum err records_fill(struct manifest_fields *fields, int folder, unsigned threads, const char *where,
    struct fault *fault)
{
	struct reading reading = {.fields = fields, .fill = fields->files.items, .fault = fault,
		.threads = threads};

	return read_all(&reading, folder, where);
}
