/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/file.h"

/*
 * H/state: so that a start reads no old entries. A note signed by the log key, then the bytes it names:
 *
 *     gapseal/state-cache/v1
 *     <SHA-256 of the bytes, hex>
 *
 *     <em dash> <org>/<station> <base64>
 *     u64 bytes of entries.jsonl | u64 latest time | u64 entries | the tree's edge, one hash a set bit | progress
 */
#define CACHE_HEAD "gapseal/state-cache/v1\n"
#define CACHE_MAX ((size_t)1 << 30)

static unsigned edge_count(uint64_t size)
{
	unsigned count = 0;

	for (; size != 0; size &= size - 1)
		count++;
	return count;
}

static void put_position(struct buffer *out, const struct log_position *position)
{
	uint8_t number[8];

	put_u64(number, position->bytes);
	buffer_put(out, bytes_from(number, sizeof number));
	put_u64(number, (uint64_t)position->latest);
	buffer_put(out, bytes_from(number, sizeof number));
	put_u64(number, position->tree.size);
	buffer_put(out, bytes_from(number, sizeof number));
	buffer_put(out, bytes_from(position->tree.edge, edge_count(position->tree.size) * HASH_SIZE));
}

static bool take_position(struct cursor *cursor, struct log_position *out)
{
	struct bytes edge;
	uint64_t latest;

	*out = (struct log_position){0};
	if (!take_u64(cursor, &out->bytes) || !take_u64(cursor, &latest) || latest > INTEGER_MAX ||
	    !take_u64(cursor, &out->tree.size) ||
	    !take_bytes(cursor, edge_count(out->tree.size) * HASH_SIZE, &edge))
		return false;
	out->latest = (int64_t)latest;
	memcpy(out->tree.edge, edge.data, edge.size);
	return true;
}

static void put_head(struct buffer *out, struct bytes cache)
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, cache);
	buffer_text(out, CACHE_HEAD);
	buffer_hex(out, bytes_from(hash, HASH_SIZE));
	buffer_text(out, "\n");
}

enum err vault_cache_save(struct vault *vault, struct fault *fault)
{
	struct buffer cache = BUFFER_EMPTY, head = BUFFER_EMPTY, file = BUFFER_EMPTY;
	enum err err;

	put_position(&cache, logbook_position(vault->logbook));
	progress_save(&cache, vault->progress);
	put_head(&head, buffer_bytes(&cache));
	err = note_sign(&file, vault->signer, buffer_bytes(&head), fault);
	buffer_put(&file, buffer_bytes(&cache));
	if (err == ERR_OK)
		err = buffer_check(&cache, fault);
	if (err == ERR_OK)
		err = buffer_check(&file, fault);
	if (err == ERR_OK)
		err = file_replace(vault->home->folder, HOME_STATE, buffer_bytes(&file), 0600, fault);
	buffer_free(&cache);
	buffer_free(&head);
	buffer_free(&file);
	return err;
}

/* Cuts the file into note and cache: the note is the first four lines. */
static bool split(struct bytes file, struct bytes *note, struct bytes *cache)
{
	struct cursor cursor = cursor_of(file);
	struct bytes line;

	for (int i = 0; i < 4; i++)
		if (!take_line(&cursor, &line))
			return false;
	*note = bytes_from(file.data, file.size - cursor_left(&cursor));
	*cache = bytes_from(cursor.at, cursor_left(&cursor));
	return true;
}

static bool verify(const struct vault *vault, struct bytes note, struct bytes cache)
{
	struct buffer head = BUFFER_EMPTY;
	struct bytes text;
	struct fault fault;
	bool good;

	put_head(&head, cache);
	good = note_open(&text, NULL, note, signer_key(vault->signer), 1, HOME_STATE, &fault) == ERR_OK &&
	    !head.failed &&
	    bytes_equal(text, buffer_bytes(&head));
	buffer_free(&head);
	return good;
}

static bool load(struct vault *vault, struct log_position *position, struct bytes file)
{
	struct bytes note, cache;
	struct cursor cursor;

	if (!split(file, &note, &cache) || !verify(vault, note, cache))
		return false;
	cursor = cursor_of(cache);
	return take_position(&cursor, position) && progress_load(vault->progress,
	    bytes_from(cursor.at, cursor_left(&cursor)));
}

bool vault_cache_load(struct vault *vault, struct log_position *position)
{
	struct buffer file = BUFFER_EMPTY;
	struct fault fault;
	bool loaded;

	if (vault_new_progress(vault, &fault) != ERR_OK || !file_exists(vault->home->folder, HOME_STATE) ||
	    file_read(&file, vault->home->folder, HOME_STATE, CACHE_MAX, &fault) != ERR_OK) {
		buffer_free(&file);
		return false;
	}
	loaded = load(vault, position, buffer_bytes(&file));
	buffer_free(&file);
	return loaded;
}
