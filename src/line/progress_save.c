/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "progress_private.h"

/*
 *     gapseal/progress/v1 LF
 *     u32 batches, each: 32 manifest | u8 added | u64 count, cells (u8 flags | u8 attempts | u16 grant) |
 *         u32 begins (u64 index | u64 entry) | u32 earlier (u64 key | u64 0) | u32 closed (NAME_SIZE text)
 *     u32 grants (u64 serial | u64 successes)
 *     u32 accepted (32 manifest | u64 grant | u64 trust)
 */
#define MAGIC "gapseal/progress/v1\n"
#define CELL_SIZE 4
#define FLAGS_ALL 63u

static void save_u32(struct buffer *out, size_t value)
{
	uint8_t bytes[4];

	put_u32(bytes, (uint32_t)value);
	buffer_put(out, bytes_from(bytes, sizeof bytes));
}

static void save_u64(struct buffer *out, uint64_t value)
{
	uint8_t bytes[8];

	put_u64(bytes, value);
	buffer_put(out, bytes_from(bytes, sizeof bytes));
}

static void save_cells(struct buffer *out, const struct progress_batch *batch)
{
	uint8_t *space;

	save_u64(out, batch->count);
	space = buffer_space(out, batch->count * CELL_SIZE);
	for (uint64_t i = 0; space != NULL && i < batch->count; i++, space += CELL_SIZE) {
		space[0] = batch->cells[i].flags;
		space[1] = batch->cells[i].attempts;
		put_u16(space + 2, batch->cells[i].grant);
	}
}

static void save_map(struct buffer *out, const struct progress_map *map)
{
	save_u32(out, map->count);
	for (size_t i = 0; i < map->count; i++) {
		save_u64(out, map->items[i].key);
		save_u64(out, map->items[i].value);
	}
}

static void save_batch(struct buffer *out, const struct progress_batch *batch)
{
	buffer_put(out, bytes_from(batch->manifest, HASH_SIZE));
	buffer_byte(out, batch->added);
	save_cells(out, batch);
	save_map(out, &batch->begins);
	save_map(out, &batch->earlier);
	save_u32(out, batch->closed_count);
	for (size_t i = 0; i < batch->closed_count; i++)
		buffer_put(out, bytes_from(batch->closed[i], NAME_SIZE));
}

void progress_save(struct buffer *out, const struct progress *progress)
{
	buffer_text(out, MAGIC);
	save_u32(out, progress->batch_count);
	for (size_t i = 0; i < progress->batch_count; i++)
		save_batch(out, &progress->batches[i]);
	save_u32(out, progress->grant_count);
	for (size_t i = 0; i < progress->grant_count; i++) {
		save_u64(out, progress->grants[i].serial);
		save_u64(out, progress->grants[i].successes);
	}
	save_u32(out, progress->accepted_count);
	for (size_t i = 0; i < progress->accepted_count; i++) {
		buffer_put(out, bytes_from(progress->accepted[i].manifest, HASH_SIZE));
		save_u64(out, progress->accepted[i].grant);
		save_u64(out, progress->accepted[i].trust);
	}
}

static bool load_cells(struct progress_batch *batch, struct cursor *cursor)
{
	struct fault unused;
	struct bytes cells;
	uint64_t count;

	if (!take_u64(cursor, &count) || count > cursor_left(cursor) / CELL_SIZE ||
	    !take_bytes(cursor, count * CELL_SIZE, &cells) ||
	    progress_batch_grow(batch, count, &unused) != ERR_OK)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *at = cells.data + i * CELL_SIZE;

		if (at[0] > FLAGS_ALL)
			return false;
		batch->cells[i] = (struct progress_cell){at[0], at[1], (uint16_t)(at[2] | at[3] << 8)};
	}
	return true;
}

static bool load_map(struct progress_map *map, struct cursor *cursor)
{
	struct fault unused;
	uint64_t key, value;
	uint32_t count;

	if (!take_u32(cursor, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!take_u64(cursor, &key) || !take_u64(cursor, &value) ||
		    (i > 0 && key <= map->items[i - 1].key) ||
		    progress_map_put(map, key, value, &unused) != ERR_OK)
			return false;
	}
	return true;
}

static bool load_closed(struct progress_batch *batch, struct cursor *cursor)
{
	struct fault unused;
	struct bytes lot;
	uint32_t count;

	if (!take_u32(cursor, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!take_bytes(cursor, NAME_SIZE, &lot) || lot.data[NAME_SIZE - 1] != '\0' ||
		    progress_close_lot(batch, (const char *)lot.data, &unused) != ERR_OK ||
		    memcmp(batch->closed[i], lot.data, NAME_SIZE) != 0)
			return false;
	}
	return true;
}

static bool load_batch(struct progress *progress, struct cursor *cursor)
{
	struct progress_batch *batch;
	struct bytes manifest;
	struct fault unused;
	uint8_t added;

	if (!take_bytes(cursor, HASH_SIZE, &manifest) || !take_u8(cursor, &added) || added > 1 ||
	    progress_batch_known(progress, manifest.data) != NULL ||
	    progress_batch_of(&batch, progress, manifest.data, &unused) != ERR_OK)
		return false;
	batch->added = added == 1;
	return load_cells(batch, cursor) && load_map(&batch->begins, cursor) &&
	    load_map(&batch->earlier, cursor) && load_closed(batch, cursor);
}

static bool load_grants(struct progress *progress, struct cursor *cursor)
{
	uint64_t serial, successes;
	struct fault unused;
	uint16_t number;
	uint32_t count;

	if (!take_u32(cursor, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!take_u64(cursor, &serial) || !take_u64(cursor, &successes) ||
		    progress_grant_of(&number, progress, serial, &unused) != ERR_OK || number != i + 1)
			return false;
		progress->grants[i].successes = successes;
	}
	return true;
}

static bool load_accepted(struct progress *progress, struct cursor *cursor)
{
	struct bytes manifest;
	struct fault unused;
	uint64_t grant, trust;
	uint32_t count;

	if (!take_u32(cursor, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!take_bytes(cursor, HASH_SIZE, &manifest) || !take_u64(cursor, &grant) ||
		    !take_u64(cursor, &trust) ||
		    progress_accept(progress, manifest.data, grant, trust, &unused) != ERR_OK)
			return false;
	}
	return true;
}

static bool load_all(struct progress *progress, struct bytes saved)
{
	struct cursor cursor = cursor_of(saved);
	struct bytes magic;
	uint32_t count;

	if (!take_bytes(&cursor, sizeof MAGIC - 1, &magic) || !bytes_is(magic, MAGIC) ||
	    !take_u32(&cursor, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!load_batch(progress, &cursor))
			return false;
	}
	return load_grants(progress, &cursor) && load_accepted(progress, &cursor) &&
	    cursor_left(&cursor) == 0;
}

/* Every number in a cell must be that of a grant, every open begin of an index there is. */
static bool is_consistent(const struct progress *progress)
{
	for (size_t i = 0; i < progress->batch_count; i++) {
		const struct progress_batch *batch = &progress->batches[i];

		for (uint64_t at = 0; at < batch->count; at++) {
			if (batch->cells[at].grant > progress->grant_count)
				return false;
		}
		if (batch->begins.count > 0 &&
		    batch->begins.items[batch->begins.count - 1].key >= batch->count)
			return false;
	}
	return true;
}

static bool add_batches(struct progress *loaded, const struct progress *progress)
{
	struct fault unused;

	for (size_t i = 0; i < progress->batch_count; i++) {
		const struct progress_batch *batch = &progress->batches[i];

		if (batch->added &&
		    progress_add_batch(loaded, batch->manifest, batch->count, &unused) != ERR_OK)
			return false;
	}
	return true;
}

bool progress_load(struct progress *progress, struct bytes saved)
{
	struct progress *loaded, swapped;
	struct fault unused;
	bool good;

	if (progress_new(&loaded, &unused) != ERR_OK)
		return false;
	good = load_all(loaded, saved) && is_consistent(loaded) && add_batches(loaded, progress);
	if (good) {
		swapped = *progress;
		*progress = *loaded;
		*loaded = swapped;
	}
	progress_free(&loaded);
	return good;
}
