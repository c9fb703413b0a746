/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROGRESS_PRIVATE_H
#define GAPSEAL_PROGRESS_PRIVATE_H

#include "gapseal/progress.h"

/* The parts of progress: progress.c what entries mean and what is asked, progress_tables.c the tables that
 * hold it, progress_save.c the cache. */

struct progress_cell { /* of one index */
	uint8_t flags;
	uint8_t attempts;
	uint16_t grant;    /* number of the grant it was last done under, from 1; 0: none */
};

/* A few numbers by key, ascending. */
struct progress_pair {
	uint64_t key;
	uint64_t value;
};
struct progress_map {
	struct progress_pair *items;
	size_t count;
	size_t capacity;
};

struct progress_batch {
	uint8_t manifest[HASH_SIZE];
	bool added;                     /* count is that of the batch, not of what was named so far */
	uint64_t count;                 /* of cells */
	uint64_t capacity;
	struct progress_cell *cells;
	struct progress_map begins;     /* index: entry number of its open begin */
	struct progress_map earlier;    /* index and grant (earlier_key): done under it before the last one */
	char (*closed)[NAME_SIZE];      /* lots */
	size_t closed_count;
};

struct progress_grant {
	uint64_t serial;
	uint64_t successes;
};
#define PROGRESS_GRANTS_MAX UINT16_MAX

struct progress_acceptance {
	uint8_t manifest[HASH_SIZE];
	uint64_t grant;
	uint64_t trust;
};

struct progress {
	struct progress_batch *batches;
	size_t batch_count;
	struct progress_grant *grants;
	size_t grant_count;
	struct progress_acceptance *accepted;
	size_t accepted_count;
};

static inline uint64_t progress_earlier_key(uint64_t index, unsigned grant)
{
	return index << 16 | grant;
}
/* Indices that fit such a key, far beyond the largest batch. */
#define PROGRESS_INDEX_MAX ((UINT64_C(1) << 40) - 1)

/* progress_tables.c */
const struct progress_batch *progress_batch_known(const struct progress *progress, const uint8_t *manifest);
/* Finds or makes it. The pointer lives until the next call. */
enum err progress_batch_of(struct progress_batch **out, struct progress *progress, const uint8_t *manifest,
    struct fault *fault);
/* Room for count cells, the new ones zero. Grows by doubling: entries about a batch that was never added
 * come one by one. */
enum err progress_batch_grow(struct progress_batch *batch, uint64_t count, struct fault *fault);
enum err progress_close_lot(struct progress_batch *batch, const char *lot, struct fault *fault);
/* Finds or makes a grant; *number counts from 1. */
enum err progress_grant_of(uint16_t *number, struct progress *progress, uint64_t serial, struct fault *fault);
enum err progress_accept(struct progress *progress, const uint8_t *manifest, uint64_t grant, uint64_t trust,
    struct fault *fault);

const struct progress_pair *progress_map_find(const struct progress_map *map, uint64_t key);
enum err progress_map_put(struct progress_map *map, uint64_t key, uint64_t value, struct fault *fault);
void progress_map_remove(struct progress_map *map, uint64_t key);

#endif
