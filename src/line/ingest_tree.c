/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/tree.h"
#include "ingest_private.h"

#define DRAFT_NAME "." HOME_TREE ".part"
#define FILE_MODE 0644
#define LEVEL_BUFFER ((size_t)4096)

/* Every level of the tree is written front to back as its hashes become known: one pass over the leaves,
 * nothing read back. */
struct level {
	off_t at;                      /* where the buffer goes in the file */
	size_t used;
	uint64_t count;                /* hashes so far */
	uint8_t last[HASH_SIZE];
	uint8_t buffer[LEVEL_BUFFER];
};
struct forest {
	int file;
	const char *where;
	uint64_t size;                 /* leaves in all */
	struct level levels[TREE_DEPTH_MAX];
};

static enum err flush(struct forest *forest, struct level *level, struct fault *fault)
{
	const uint8_t *from = level->buffer;

	while (level->used > 0) {
		ssize_t put = pwrite(forest->file, from, level->used, level->at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return fault_errno(fault, "file-write", forest->where, "cannot write " HOME_TREE);
		from += put;
		level->at += put;
		level->used -= (size_t)put;
	}
	return ERR_OK;
}

/* A hash joins its level; with its left neighbour it makes one of the next. */
static enum err push(struct forest *forest, unsigned number, const uint8_t hash[static HASH_SIZE],
    struct fault *fault)
{
	uint8_t node[HASH_SIZE];

	memcpy(node, hash, HASH_SIZE);
	for (struct level *level = &forest->levels[number];; level++) {
		enum err err = level->used < LEVEL_BUFFER ? ERR_OK : flush(forest, level, fault);

		if (err != ERR_OK)
			return err;
		memcpy(level->buffer + level->used, node, HASH_SIZE);
		level->used += HASH_SIZE;
		if (level->count++ % 2 == 0) {
			memcpy(level->last, node, HASH_SIZE);
			return ERR_OK;
		}
		hash_node(node, level->last, node);
	}
}

static enum err visit(void *context, uint64_t index, const uint8_t leaf[static HASH_SIZE],
    struct fault *fault)
{
	(void)index; /* they come in order */
	return push(context, 0, leaf, fault);
}

/* An odd last hash stands in the next level unchanged. */
static enum err finish(struct forest *forest, struct fault *fault)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; tree_level_count(forest->size, i) > 1 && err == ERR_OK; i++) {
		if (forest->levels[i].count % 2 == 1)
			err = push(forest, i + 1, forest->levels[i].last, fault);
	}
	for (unsigned i = 0; tree_level_count(forest->size, i) > 0 && err == ERR_OK; i++)
		err = flush(forest, &forest->levels[i], fault);
	if (err == ERR_OK && fsync(forest->file) != 0)
		err = fault_errno(fault, "file-write", forest->where, "cannot sync " HOME_TREE);
	return err;
}

static enum err fill(struct forest *forest, int folder, const struct manifest_fields *fields,
    struct fault *fault)
{
	enum err err;

	for (unsigned i = 0; tree_level_count(fields->count, i) > 0; i++)
		forest->levels[i].at = (off_t)(tree_level_start(fields->count, i) * HASH_SIZE);
	err = records_verify(folder, fields, 1, visit, forest, forest->where, fault);
	if (err == ERR_OK)
		err = finish(forest, fault);
	return err;
}

static enum err make(struct forest *forest, int folder, const struct manifest_fields *fields,
    struct fault *fault)
{
	enum err err;

	forest->file = openat(folder, DRAFT_NAME,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	if (forest->file < 0)
		return fault_errno(fault, "file-write", forest->where, "cannot create " HOME_TREE);
	err = fill(forest, folder, fields, fault);
	if (close(forest->file) != 0 && err == ERR_OK)
		err = fault_errno(fault, "file-write", forest->where, "cannot close " HOME_TREE);
	if (err == ERR_OK && renameat(folder, DRAFT_NAME, folder, HOME_TREE) != 0)
		err = fault_errno(fault, "file-write", forest->where, "cannot put " HOME_TREE " into place");
	if (err != ERR_OK)
		unlinkat(folder, DRAFT_NAME, 0); /* or the next one overwrites it */
	return err == ERR_OK ? folder_sync(folder, forest->where, fault) : err;
}

enum err ingest_tree(int folder, const struct manifest_fields *fields, const char *where, struct fault *fault)
{
	struct forest *forest = calloc(1, sizeof *forest);
	enum err err;

	if (forest == NULL)
		return fault_memory(fault);
	forest->where = where;
	forest->size = fields->count;
	err = make(forest, folder, fields, fault);
	free(forest);
	return err;
}
