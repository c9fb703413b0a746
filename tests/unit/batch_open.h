/* SPDX-License-Identifier: ISC */
#ifndef BATCH_OPEN_H
#define BATCH_OPEN_H

/* What the tests of records share: a batch opened with nothing but its files and the seed. */
#include "batch_bench.h"

#include "gapseal/json.h"
#include "gapseal/seal.h"

/* A batch opened with nothing but its files and the seed. */
struct opened {
	int folder;
	struct manifest_fields manifest;
	uint8_t hash[HASH_SIZE];
	struct secret *keys;         /* batch, credentials, lot, tags, root, record keys */
	struct secret *plain;
};

static inline void open_batch(struct opened *out, const struct bench *bench,
    const struct batch_result *result)
{
	struct buffer text = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct fault fault;

	assert_int_equal(folder_open(&out->folder, AT_FDCWD, bench->out, &fault), ERR_OK);
	assert_int_equal(file_read(&text, out->folder, MANIFEST_NAME, 1 << 20, &fault), ERR_OK);
	hash_bytes(out->hash, buffer_bytes(&text));
	assert_memory_equal(out->hash, result->manifest_sha256, HASH_SIZE);
	if (manifest_parse(&out->manifest, buffer_bytes(&text), MANIFEST_NAME, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	json_write(&again, &manifest_shape, &result->manifest); /* what was handed out is what was written */
	assert_true(bytes_equal(buffer_bytes(&again), buffer_bytes(&text)));
	assert_int_equal(sums_verify(out->folder, &out->manifest, out->hash, "out", &fault), ERR_OK);
	assert_int_equal(records_verify(out->folder, &out->manifest, 1, NULL, NULL, "out", &fault), ERR_OK);
	assert_int_equal(secret_new(&out->keys, 5 * KEY_SIZE + sizeof(struct record_keys), &fault), ERR_OK);
	assert_int_equal(secret_new(&out->plain, RECORD_STRIDE_MAX, &fault), ERR_OK);
	keys_batch(secret_data(out->keys), secret_data(bench->seed), result->plan_hash);
	keys_credentials(secret_data(out->keys) + KEY_SIZE, secret_data(out->keys));
	buffer_free(&text);
	buffer_free(&again);
}

static inline void close_batch(struct opened *opened)
{
	json_free(&opened->manifest, &manifest_shape);
	secret_free(&opened->keys);
	secret_free(&opened->plain);
	close(opened->folder);
}

static inline void read_record(uint8_t *out, const struct opened *opened, uint64_t index)
{
	char name[RECORDS_NAME_SIZE];
	struct fault fault;
	unsigned file;
	uint64_t offset;
	off_t size;
	int fd;

	records_locate(&opened->manifest, index, &file, &offset);
	records_name(name, file);
	assert_int_equal(file_open(&fd, &size, opened->folder, name, &fault), ERR_OK);
	assert_int_equal(file_pread(fd, out, (size_t)opened->manifest.stride, (off_t)offset, name, &fault),
	    ERR_OK);
	close(fd);
}

static inline enum state_kind state_after(enum contents_op op)
{
	if (op == CONTENTS_DELETE)
		return STATE_ABSENT;
	return op == CONTENTS_EXPECT ? STATE_PRESENT : STATE_DIGEST;
}

/* What the record's steps leave in the slots of the policy, and the commitment to it. */
static inline void check_state(const struct opened *opened, const struct contents *contents,
    const uint8_t *record, const uint8_t *blind)
{
	struct state_slot slots[SLOTS_MAX];
	const struct manifest_common *commons = opened->manifest.common.items;
	size_t count = manifest_state(slots, &opened->manifest);
	uint8_t state[HASH_SIZE];

	assert_int_equal(count, contents->count);
	for (size_t i = 0; i < contents->count; i++) {
		const struct contents_step *step = &contents->steps[i];
		size_t at = 0;

		while (at < count && slot_compare(slots[at].slot, step->slot) != 0)
			at++;
		assert_true(at < count && slots[at].kind == state_after(step->op));
		if (step->op != CONTENTS_WRITE)
			continue;
		if (step->shared)
			memcpy(slots[at].digest, commons[step->common].digest, HASH_SIZE);
		else
			hash_bytes(slots[at].digest, step->content);
	}
	state_commit(state, blind, contents->imei, slots, count);
	assert_memory_equal(state, record + RECORD_STATE, HASH_SIZE);
}

/* The index-th device's contents, viewing into opened->plain. */
static inline void open_record(struct contents *out, struct opened *opened, uint64_t index)
{
	uint8_t *keys = secret_data(opened->keys), *lot_key = keys + 2 * KEY_SIZE,
	    *tags = keys + 3 * KEY_SIZE;
	uint8_t *root = keys + 4 * KEY_SIZE, record[RECORD_STRIDE_MAX], tag[RECORD_TAG_SIZE],
	    check[HASH_SIZE];
	struct record_keys *own = (struct record_keys *)(void *)(keys + 5 * KEY_SIZE);
	const struct manifest_lot *lot;
	struct record_place where;
	struct fault fault;
	uint32_t number;

	lot = manifest_lot_of(&opened->manifest, index, &number);
	keys_lot(lot_key, keys, number);
	keys_lot_check(check, lot_key);
	assert_memory_equal(check, lot->check, HASH_SIZE);
	keys_lot_tag_key(tags, lot_key);
	keys_root(root, lot_key, index);
	keys_record(own, root);
	manifest_place(&where, &opened->manifest, number, index);
	read_record(record, opened, index);
	if (record_open(opened->plain, bytes_from(record, (size_t)opened->manifest.stride), &where, own,
	    "record",
	    &fault) != ERR_OK)
		fail_msg("%s: %s", fault.code, fault.text);
	if (contents_read(out, secret_bytes(opened->plain), (uint16_t)opened->manifest.common.count, "record",
	    &fault) !=
	    ERR_OK)
		fail_msg("%s", fault.text);
	keys_tag(tag, tags, out->imei);
	assert_memory_equal(tag, record, RECORD_TAG_SIZE);
	check_state(opened, out, record, own->blind);
}

static inline struct bytes content_of(const struct contents *contents, uint32_t tag, uint32_t type)
{
	for (size_t i = 0; i < contents->count; i++)
		if (slot_compare(contents->steps[i].slot, (struct slot){tag, type}) == 0)
			return contents->steps[i].content;
	fail_msg("no step for %u/%u", tag, type);
	return bytes_of("");
}

static inline void device_key(uint8_t out[static KEY_SIZE], struct opened *opened,
    const char imei[static IMEI_SIZE])
{
	keys_device(out, secret_data(opened->keys) + KEY_SIZE, imei);
}

static inline uint64_t number_of(const char *imei)
{
	return strtoull(imei, NULL, 10);
}

#endif
