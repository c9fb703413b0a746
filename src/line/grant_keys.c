/* SPDX-License-Identifier: ISC */
#include "gapseal/grant_keys.h"

#include <string.h>

#include "gapseal/age.h"
#include "gapseal/list.h"

#define HEAD_SIZE (sizeof GRANT_KEYS_MAGIC - 1 + HASH_SIZE + 1 + 4)
#define LOT_SIZE (4 + KEY_SIZE)
#define RECORD_SIZE (8 + KEY_SIZE)
#define PLAIN_MAX ((size_t)16 << 20)

void grant_keys_free(struct grant_keys *keys)
{
	secret_free(&keys->plain);
	*keys = (struct grant_keys){0};
}

static size_t item_size(const struct grant_keys *keys)
{
	return keys->records ? RECORD_SIZE : LOT_SIZE;
}

const uint8_t *grant_key(uint64_t *number, const struct grant_keys *keys, uint32_t i)
{
	const uint8_t *item = secret_bytes(keys->plain).data + HEAD_SIZE + i * item_size(keys);
	struct cursor cursor = cursor_of(bytes_from(item, item_size(keys)));
	uint32_t lot = 0;

	if (keys->records) {
		take_u64(&cursor, number);
	} else {
		take_u32(&cursor, &lot);
		*number = lot;
	}
	return cursor.at;
}

/* All keys of a grant, or some. */
static bool right_count(const struct grant_keys *keys, const struct grant_fields *grant, bool some)
{
	size_t granted = keys->records ? grant->records.count : grant->lots.count;

	return some ? keys->count > 0 && keys->count <= granted : keys->count == granted;
}

static bool read_head(struct grant_keys *keys, const struct grant_fields *grant, bool some)
{
	struct cursor cursor = cursor_of(secret_bytes(keys->plain));
	struct bytes magic, manifest;
	uint8_t kind;

	if (!take_bytes(&cursor, sizeof GRANT_KEYS_MAGIC - 1, &magic) || !bytes_is(magic, GRANT_KEYS_MAGIC) ||
	    !take_bytes(&cursor, HASH_SIZE, &manifest) ||
	    memcmp(manifest.data, grant->manifest_sha256, HASH_SIZE) != 0 || !take_u8(&cursor, &kind) ||
	    !take_u32(&cursor, &keys->count))
		return false;
	keys->records = kind == GRANT_KEYS_RECORDS;
	return (keys->records || kind == GRANT_KEYS_LOTS) &&
	    right_count(keys, grant, some) && cursor_left(&cursor) == keys->count * item_size(keys);
}

/* Ascending, and each of them granted: so exactly those if they are as many. */
static bool are_granted(const struct grant_keys *keys, const struct grant_fields *grant,
    const struct manifest_fields *manifest)
{
	uint64_t number, last = 0;

	for (uint32_t i = 0; i < keys->count; i++, last = number) {
		grant_key(&number, keys, i);
		if (i > 0 && number <= last)
			return false;
		if (keys->records ? !list_holds(&grant->records, number) : number >= manifest->lots.count ||
		    !list_holds_text(&grant->lots, manifest_lot(manifest, number)->name, NAME_SIZE))
			return false;
	}
	return true;
}

static bool are_right(const struct grant_keys *keys, const struct manifest_fields *manifest)
{
	uint8_t check[HASH_SIZE];
	uint64_t number;

	for (uint32_t i = 0; !keys->records && i < keys->count; i++) {
		keys_lot_check(check, grant_key(&number, keys, i));
		if (memcmp(check, manifest_lot(manifest, number)->check, HASH_SIZE) != 0)
			return false;
	}
	return true;
}

static enum err check(struct grant_keys *keys, const struct grant_fields *grant,
    const struct manifest_fields *manifest, bool some, const char *where, struct fault *fault)
{
	if (!read_head(keys, grant, some) || !are_granted(keys, grant, manifest))
		return fault_set(fault, ERR_NO, "grant-keys", where,
		    "what is in here are not the keys of the lots or records granted");
	if (!are_right(keys, manifest))
		return fault_set(fault, ERR_NO, "grant-keys", where,
		    "a lot key is not the one batch %s commits to", manifest->batch);
	return ERR_OK;
}

enum err grant_keys_open(struct grant_keys *out, struct bytes file, const struct secret *identity,
    const struct grant_fields *grant, const struct manifest_fields *manifest, const char *where,
    struct fault *fault)
{
	uint8_t hash[HASH_SIZE];
	enum err err;

	*out = (struct grant_keys){0};
	hash_bytes(hash, file);
	if (memcmp(hash, grant->keys_sha256, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "grant-keys", where,
		    "this is not the file the grant was signed for: copy it again");
	err = age_open(&out->plain, file, identity, PLAIN_MAX, where, fault);
	if (err == ERR_OK)
		err = check(out, grant, manifest, false, where, fault);
	if (err != ERR_OK)
		grant_keys_free(out);
	return err;
}

enum err grant_keys_take(struct grant_keys *out, struct secret **plain, const struct grant_fields *grant,
    const struct manifest_fields *manifest, const char *where, struct fault *fault)
{
	enum err err;

	*out = (struct grant_keys){.plain = *plain};
	*plain = NULL;
	err = check(out, grant, manifest, true, where, fault);
	if (err != ERR_OK)
		grant_keys_free(out);
	return err;
}

bool grant_key_closed(const struct grant_keys *keys, uint32_t i, const struct manifest_fields *manifest,
    const bool *closed)
{
	uint32_t lot = 0;
	uint64_t number;

	grant_key(&number, keys, i);
	if (!keys->records)
		return closed[number];
	return manifest_lot_of(manifest, number, &lot) == NULL || closed[lot];
}

static uint32_t count_open(const struct grant_keys *keys, const struct manifest_fields *manifest,
    const bool *closed)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < keys->count; i++)
		count += !grant_key_closed(keys, i, manifest, closed);
	return count;
}

/* The head with another count, then the items as they are. */
static void copy_open(struct secret *out, const struct grant_keys *keys,
    const struct manifest_fields *manifest, const bool *closed, uint32_t count)
{
	struct bytes plain = secret_bytes(keys->plain);
	uint8_t number[4];

	put_u32(number, count);
	secret_put(out, bytes_from(plain.data, HEAD_SIZE - sizeof number));
	secret_put(out, bytes_from(number, sizeof number));
	for (uint32_t i = 0; i < keys->count; i++) {
		const uint8_t *item = plain.data + HEAD_SIZE + i * item_size(keys);

		if (!grant_key_closed(keys, i, manifest, closed))
			secret_put(out, bytes_from(item, item_size(keys)));
	}
}

enum err grant_keys_without(struct secret **out, const struct grant_keys *keys,
    const struct manifest_fields *manifest, const bool *closed, struct fault *fault)
{
	uint32_t count = count_open(keys, manifest, closed);
	enum err err;

	*out = NULL;
	if (count == 0)
		return ERR_OK;
	err = secret_new(out, HEAD_SIZE + count * item_size(keys), fault);
	if (err == ERR_OK)
		copy_open(*out, keys, manifest, closed, count);
	return err;
}
