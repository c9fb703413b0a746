/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "progress_private.h"

/* items with room for one element more, or NULL. */
static void *room_for_one(void *items, size_t count, size_t size)
{
	/* doubled at powers of two, so that the count alone tells when */
	if (count != 0 && (count & (count - 1)) != 0)
		return items;
	return reallocarray(items, count == 0 ? 1 : 2 * count, size);
}

const struct progress_batch *progress_batch_known(const struct progress *progress, const uint8_t *manifest)
{
	/* the newest is the one most entries are about */
	for (size_t i = progress->batch_count; i > 0; i--) {
		if (memcmp(progress->batches[i - 1].manifest, manifest, HASH_SIZE) == 0)
			return &progress->batches[i - 1];
	}
	return NULL;
}

enum err progress_batch_of(struct progress_batch **out, struct progress *progress, const uint8_t *manifest,
    struct fault *fault)
{
	const struct progress_batch *known = progress_batch_known(progress, manifest);
	struct progress_batch *batches;

	if (known != NULL) {
		*out = &progress->batches[known - progress->batches];
		return ERR_OK;
	}
	batches = room_for_one(progress->batches, progress->batch_count, sizeof *batches);
	if (batches == NULL)
		return fault_memory(fault);
	progress->batches = batches;
	*out = &batches[progress->batch_count++];
	**out = (struct progress_batch){0};
	memcpy((*out)->manifest, manifest, HASH_SIZE);
	return ERR_OK;
}

enum err progress_batch_grow(struct progress_batch *batch, uint64_t count, struct fault *fault)
{
	uint64_t capacity = count > 2 * batch->capacity ? count : 2 * batch->capacity;
	struct progress_cell *cells;

	if (count <= batch->count)
		return ERR_OK;
	if (count > PROGRESS_INDEX_MAX + 1)
		return fault_set(fault, ERR_UNKNOWN, "progress-index", NULL,
		    "the log speaks of an index that no batch can have");
	if (count > batch->capacity) {
		cells = reallocarray(batch->cells, capacity, sizeof *cells);
		if (cells == NULL)
			return fault_memory(fault);
		batch->cells = cells;
		batch->capacity = capacity;
	}
	memset(batch->cells + batch->count, 0, (count - batch->count) * sizeof *cells);
	batch->count = count;
	return ERR_OK;
}

enum err progress_close_lot(struct progress_batch *batch, const char *lot, struct fault *fault)
{
	char(*closed)[NAME_SIZE] = room_for_one(batch->closed, batch->closed_count, NAME_SIZE);

	if (closed == NULL)
		return fault_memory(fault);
	batch->closed = closed;
	memset(closed[batch->closed_count], 0, NAME_SIZE); /* all of it is saved */
	text_copy(closed[batch->closed_count++], NAME_SIZE, bytes_of(lot)); /* a name: it fits */
	return ERR_OK;
}

enum err progress_grant_of(uint16_t *number, struct progress *progress, uint64_t serial, struct fault *fault)
{
	struct progress_grant *grants;

	for (size_t i = progress->grant_count; i > 0; i--) {
		if (progress->grants[i - 1].serial == serial) {
			*number = (uint16_t)i;
			return ERR_OK;
		}
	}
	if (progress->grant_count == PROGRESS_GRANTS_MAX)
		return fault_set(fault, ERR_CANNOT, "progress-grants", NULL,
		    "the log speaks of more than %d grants", PROGRESS_GRANTS_MAX);
	grants = room_for_one(progress->grants, progress->grant_count, sizeof *grants);
	if (grants == NULL)
		return fault_memory(fault);
	progress->grants = grants;
	grants[progress->grant_count++] = (struct progress_grant){.serial = serial};
	*number = (uint16_t)progress->grant_count;
	return ERR_OK;
}

enum err progress_accept(struct progress *progress, const uint8_t *manifest, uint64_t grant, uint64_t trust,
    struct fault *fault)
{
	struct progress_acceptance *accepted = room_for_one(progress->accepted, progress->accepted_count,
	    sizeof *accepted);

	if (accepted == NULL)
		return fault_memory(fault);
	progress->accepted = accepted;
	accepted += progress->accepted_count++;
	*accepted = (struct progress_acceptance){.grant = grant, .trust = trust};
	memcpy(accepted->manifest, manifest, HASH_SIZE);
	return ERR_OK;
}

/* The first item whose key is not below. */
static size_t lower_bound(const struct progress_map *map, uint64_t key)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct progress_map *map, size_t at, uint64_t key)
{
	return at < map->count && map->items[at].key == key;
}

const struct progress_pair *progress_map_find(const struct progress_map *map, uint64_t key)
{
	size_t at = lower_bound(map, key);

	return is_at(map, at, key) ? &map->items[at] : NULL;
}

enum err progress_map_put(struct progress_map *map, uint64_t key, uint64_t value, struct fault *fault)
{
	size_t at = lower_bound(map, key);
	struct progress_pair *items = map->items;

	if (is_at(map, at, key)) {
		items[at].value = value;
		return ERR_OK;
	}
	if (map->count == map->capacity) {
		size_t capacity = map->capacity == 0 ? 16 : 2 * map->capacity;

		items = reallocarray(items, capacity, sizeof *items);
		if (items == NULL)
			return fault_memory(fault);
		map->items = items;
		map->capacity = capacity;
	}
	memmove(items + at + 1, items + at, (map->count - at) * sizeof *items);
	items[at] = (struct progress_pair){key, value};
	map->count++;
	return ERR_OK;
}

void progress_map_remove(struct progress_map *map, uint64_t key)
{
	size_t at = lower_bound(map, key);

	if (!is_at(map, at, key))
		return;
	map->count--;
	memmove(map->items + at, map->items + at + 1, (map->count - at) * sizeof *map->items);
}
