/* SPDX-License-Identifier: ISC */
/* What entries mean, against a model that keeps the whole history and thinks again each time. */
#include "vectors.h"

#include "gapseal/progress.h"
#include "gapseal/reason.h"

#define BATCHES 3
#define INDICES 5
#define GRANTS 4
#define HISTORY_MAX 2000

static const uint8_t manifests[BATCHES + 1][HASH_SIZE] = {{1}, {2}, {3, 1}, {3}}; /* the last is nobody's */
/* The first is of class device, the others are not. */
static const char *const failing[] = {"digest-differs", "no-answer", "interrupted"};

static struct entry history[HISTORY_MAX];
static size_t length;

static uint32_t chance(uint32_t below)
{
	static uint32_t state = 12345;

	state = state * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)state * below) >> 32);
}

static bool is_about(const struct entry *entry, size_t batch, uint64_t index)
{
	return memcmp(entry->manifest.hash, manifests[batch], HASH_SIZE) == 0 && entry->index == index;
}

/* The model: one walk through the history for each question. */
static void model_device(struct progress_device *out, size_t batch, uint64_t index)
{
	*out = (struct progress_device){0};
	for (size_t i = 0; i < length; i++) {
		const struct entry *entry = &history[i];

		if (!is_about(entry, batch, index))
			continue;
		if (entry->type == ENTRY_BEGIN) {
			out->flags |= PROGRESS_OPEN | PROGRESS_DISCLOSED;
			out->begin = entry->n;
		} else if (entry->type == ENTRY_END) {
			if ((out->flags & PROGRESS_OPEN) != 0 && out->begin == entry->begin) {
				out->flags &= ~(unsigned)PROGRESS_OPEN;
				out->begin = 0;
			}
			if (strcmp(entry->result, "done") == 0) {
				out->flags &= ~(unsigned)(PROGRESS_FAILED | PROGRESS_RELEASED);
				out->flags |= PROGRESS_DONE;
				out->done_grant = entry->grant;
			} else {
				out->flags |= PROGRESS_FAILED;
				out->attempts += strcmp(entry->reason, failing[0]) == 0;
			}
		} else if (entry->type == ENTRY_SAME) {
			out->flags &= ~(unsigned)PROGRESS_FAILED;
			out->flags |= PROGRESS_DONE;
		} else if (entry->type == ENTRY_RELEASE) {
			out->flags |= PROGRESS_RELEASED;
			out->attempts = 0;
		} else if (entry->type == ENTRY_VOID) {
			out->flags |= PROGRESS_VOID;
		} else if (entry->type == ENTRY_UNVOID) {
			out->flags &= ~(unsigned)PROGRESS_VOID;
		}
	}
}

static uint64_t model_successes(uint64_t grant)
{
	uint64_t count = 0;

	for (size_t batch = 0; batch < BATCHES; batch++) {
		for (uint64_t index = 0; index < INDICES; index++) {
			bool done = false;

			for (size_t i = 0; i < length; i++)
				done = done || (is_about(&history[i], batch, index) &&
				    history[i].type == ENTRY_END && history[i].grant == grant &&
				    strcmp(history[i].result, "done") == 0);
			count += done;
		}
	}
	return count;
}

static uint64_t model_accepted(size_t batch, uint64_t grant)
{
	for (size_t i = length; i > 0; i--) {
		const struct entry *entry = &history[i - 1];

		if (entry->type == ENTRY_INGEST && entry->grant == grant &&
		    memcmp(entry->manifest.hash, manifests[batch], HASH_SIZE) == 0)
			return entry->trust;
	}
	return 0;
}

static bool model_closed(size_t batch, const char *lot)
{
	for (size_t i = 0; i < length; i++) {
		if (history[i].type == ENTRY_CLOSEOUT && strcmp(history[i].lot, lot) == 0 &&
		    memcmp(history[i].manifest.hash, manifests[batch], HASH_SIZE) == 0)
			return true;
	}
	return false;
}

static void model_count(struct progress_counts *out, size_t batch, uint64_t first, uint64_t count)
{
	*out = (struct progress_counts){0};
	for (uint64_t index = first; index < first + count && index < INDICES; index++) {
		struct progress_device device;

		model_device(&device, batch, index);
		if ((device.flags & PROGRESS_VOID) != 0)
			out->void_++;
		else if ((device.flags & PROGRESS_DONE) != 0)
			out->done++;
		else if ((device.flags & PROGRESS_FAILED) != 0)
			out->failed++;
		out->open += (device.flags & PROGRESS_OPEN) != 0;
		out->disclosed += (device.flags & PROGRESS_DISCLOSED) != 0;
	}
}

static void random_entry(struct entry *out)
{
	static const enum entry_type types[] = {
		ENTRY_BEGIN, ENTRY_BEGIN, ENTRY_BEGIN, ENTRY_END, ENTRY_END, ENTRY_END, ENTRY_END, ENTRY_SAME,
		ENTRY_REFUSE, ENTRY_RELEASE, ENTRY_VOID, ENTRY_UNVOID, ENTRY_INGEST, ENTRY_CLOSEOUT,
		    ENTRY_START,
		ENTRY_STOP, ENTRY_EXPORT, ENTRY_RECOVER, ENTRY_CLOCK, ENTRY_TRUST, ENTRY_ENROLL,
	};
	struct progress_device device;
	size_t batch = chance(BATCHES);

	*out = (struct entry){.type = types[chance(sizeof types / sizeof types[0])], .n = length};
	memcpy(out->manifest.hash, manifests[batch], HASH_SIZE);
	out->manifest.present = true;
	out->index = chance(INDICES);
	out->grant = chance(GRANTS) + 1;
	out->trust = chance(9) + 1;
	snprintf(out->lot, sizeof out->lot, "lot-%u", (unsigned)chance(12));
	if (out->type == ENTRY_INGEST)
		out->grant = chance(GRANTS);
	model_device(&device, batch, out->index);
	out->begin = chance(8) == 0 ? chance(100) : device.begin;
	if (chance(2) == 0) {
		snprintf(out->result, sizeof out->result, "done");
	} else {
		snprintf(out->result, sizeof out->result, chance(2) == 0 ? "failed" : "unknown");
		snprintf(out->reason, sizeof out->reason, "%s", failing[chance(3)]);
	}
}

static void compare(const struct progress *progress)
{
	for (size_t batch = 0; batch < BATCHES; batch++) {
		struct progress_counts counts, counted;
		uint64_t first = chance(INDICES), count = chance(INDICES + 3);

		for (uint64_t index = 0; index < INDICES; index++) {
			struct progress_device device, expected;

			progress_device(&device, progress, manifests[batch], index);
			model_device(&expected, batch, index);
			assert_int_equal(device.flags, expected.flags);
			assert_int_equal(device.attempts, expected.attempts);
			assert_int_equal(device.begin, expected.begin);
			assert_int_equal(device.done_grant, expected.done_grant);
		}
		progress_count(&counts, progress, manifests[batch], first, count);
		model_count(&counted, batch, first, count);
		assert_memory_equal(&counts, &counted, sizeof counts);
		for (uint64_t grant = 0; grant <= GRANTS + 1; grant++)
			assert_int_equal(progress_accepted(progress, manifests[batch], grant),
			    model_accepted(batch, grant));
		for (unsigned lot = 0; lot < 12; lot++) {
			char name[NAME_SIZE];

			snprintf(name, sizeof name, "lot-%u", lot);
			assert_int_equal(progress_closed(progress, manifests[batch], name),
			    model_closed(batch, name));
		}
	}
	for (uint64_t grant = 0; grant <= GRANTS + 1; grant++)
		assert_int_equal(progress_successes(progress, grant), model_successes(grant));
}

/* Saves, loads into a new one and goes on with that. */
static void through_the_cache(struct progress **progress)
{
	struct buffer saved = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct progress *loaded;

	progress_save(&saved, *progress);
	assert_int_equal(buffer_check(&saved, &fault), ERR_OK);
	assert_int_equal(progress_new(&loaded, &fault), ERR_OK);
	assert_true(progress_load(loaded, buffer_bytes(&saved)));
	progress_save(&again, loaded);
	assert_bytes(buffer_bytes(&again), buffer_bytes(&saved));
	progress_free(progress);
	*progress = loaded;
	buffer_free(&saved);
	buffer_free(&again);
}

/* When each batch is added: before its first entry, in the middle, or never. */
static void test_model(void **state)
{
	(void)state;
	for (int run = 0; run < 30; run++) {
		struct progress *progress;
		size_t added_at[BATCHES];

		length = 0;
		assert_int_equal(progress_new(&progress, &fault), ERR_OK);
		for (size_t batch = 0; batch < BATCHES; batch++)
			added_at[batch] = chance(3) == 0 ? 0 : chance(200);
		for (size_t i = 0; i < 150; i++) {
			for (size_t batch = 0; batch < BATCHES; batch++)
				if (added_at[batch] == i)
					assert_int_equal(progress_add_batch(progress, manifests[batch],
					    INDICES,
					    &fault), ERR_OK);
			random_entry(&history[length]);
			assert_int_equal(progress_entry(progress, &history[length], &fault), ERR_OK);
			length++;
			if (chance(10) == 0)
				through_the_cache(&progress);
			if (chance(5) == 0)
				compare(progress);
		}
		compare(progress);
		progress_free(&progress);
		progress_free(&progress);
	}
}

static struct entry about(enum entry_type type, uint64_t n, uint64_t index)
{
	struct entry entry = {.type = type, .n = n, .index = index, .grant = 1,
	    .manifest = {.present = true}};

	memcpy(entry.manifest.hash, manifests[0], HASH_SIZE);
	return entry;
}

static void test_reasons(void **state)
{
	(void)state;
	assert_string_equal(reason_find(failing[0])->class_, "device");
	assert_string_not_equal(reason_find(failing[1])->class_, "device");
	assert_string_not_equal(reason_find(failing[2])->class_, "device");
}

static void test_unknown(void **state)
{
	struct progress_counts counts;
	struct progress_device device;
	struct progress *progress;
	struct entry begin = about(ENTRY_BEGIN, 5, 2);

	(void)state;
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	assert_int_equal(progress_entry(progress, &begin, &fault), ERR_OK);
	progress_device(&device, progress, manifests[0], 3);
	assert_int_equal(device.flags, 0);
	progress_device(&device, progress, manifests[BATCHES], 2);
	assert_int_equal(device.flags, 0);
	progress_count(&counts, progress, manifests[BATCHES], 0, 100);
	assert_int_equal(counts.disclosed, 0);
	assert_false(progress_closed(progress, manifests[BATCHES], "lot"));
	assert_int_equal(progress_successes(progress, 77), 0);
	progress_free(&progress);
}

/* An index that no device of the batch has. */
static void test_beyond(void **state)
{
	struct entry at = about(ENTRY_BEGIN, 5, 7), beyond = about(ENTRY_SAME, 5, 8), never = at;
	struct progress *progress;

	(void)state;
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	assert_int_equal(progress_entry(progress, &at, &fault), ERR_OK);
	assert_fault(progress_add_batch(progress, manifests[0], 7, &fault), ERR_UNKNOWN, "progress-index");
	assert_int_equal(progress_add_batch(progress, manifests[0], 8, &fault), ERR_OK);
	assert_int_equal(progress_add_batch(progress, manifests[0], 8, &fault), ERR_OK);
	assert_fault(progress_entry(progress, &beyond, &fault), ERR_UNKNOWN, "progress-index");
	never.index = INTEGER_MAX;
	memcpy(never.manifest.hash, manifests[1], HASH_SIZE);
	assert_fault(progress_entry(progress, &never, &fault), ERR_UNKNOWN, "progress-index");
	progress_free(&progress);
}

static void test_attempts_saturate(void **state)
{
	struct progress_device device;
	struct progress *progress;
	struct entry end = about(ENTRY_END, 9, 0);

	(void)state;
	snprintf(end.result, sizeof end.result, "failed");
	snprintf(end.reason, sizeof end.reason, "%s", failing[0]);
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	for (int i = 0; i < 300; i++)
		assert_int_equal(progress_entry(progress, &end, &fault), ERR_OK);
	progress_device(&device, progress, manifests[0], 0);
	assert_int_equal(device.attempts, 255);
	progress_free(&progress);
}

/* Done under one grant, another, and the first again: one success each. */
static void test_distinct(void **state)
{
	static const uint64_t grants[] = {10, 20, 10, 20, 20, 30, 10};
	struct entry end = about(ENTRY_END, 9, 3);
	struct progress *progress;

	(void)state;
	snprintf(end.result, sizeof end.result, "done");
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
		end.grant = grants[i];
		assert_int_equal(progress_entry(progress, &end, &fault), ERR_OK);
		through_the_cache(&progress);
	}
	assert_int_equal(progress_successes(progress, 10), 1);
	assert_int_equal(progress_successes(progress, 20), 1);
	assert_int_equal(progress_successes(progress, 30), 1);
	progress_free(&progress);
}

/* Room made before loading stays: a batch ingested since the cache was written. */
static void test_load_keeps_room(void **state)
{
	struct buffer saved = BUFFER_EMPTY;
	struct progress *progress, *other;
	struct progress_device device;
	struct entry begin = about(ENTRY_BEGIN, 5, 2), beyond = about(ENTRY_BEGIN, 6, 4);

	(void)state;
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	assert_int_equal(progress_entry(progress, &begin, &fault), ERR_OK);
	progress_save(&saved, progress);
	assert_int_equal(progress_new(&other, &fault), ERR_OK);
	assert_int_equal(progress_add_batch(other, manifests[0], 4, &fault), ERR_OK);
	assert_int_equal(progress_add_batch(other, manifests[1], 3, &fault), ERR_OK);
	assert_true(progress_load(other, buffer_bytes(&saved)));
	progress_device(&device, other, manifests[0], 2);
	assert_int_equal(device.begin, 5);
	assert_fault(progress_entry(other, &beyond, &fault), ERR_UNKNOWN, "progress-index");
	memcpy(beyond.manifest.hash, manifests[1], HASH_SIZE);
	assert_fault(progress_entry(other, &beyond, &fault), ERR_UNKNOWN, "progress-index");
	/* a cache that contradicts the manifests is none */
	progress_free(&other);
	assert_int_equal(progress_new(&other, &fault), ERR_OK);
	assert_int_equal(progress_add_batch(other, manifests[0], 2, &fault), ERR_OK);
	assert_false(progress_load(other, buffer_bytes(&saved)));
	progress_device(&device, other, manifests[0], 1);
	assert_int_equal(device.flags, 0);
	progress_free(&progress);
	progress_free(&other);
	buffer_free(&saved);
}

/* Whatever was loaded can be asked for. */
static void ask_everything(const struct progress *progress)
{
	struct progress_device device;

	for (size_t batch = 0; batch <= BATCHES; batch++) {
		for (uint64_t index = 0; index <= INDICES; index++) {
			progress_device(&device, progress, manifests[batch], index);
			assert_true(device.flags < 64);
		}
	}
}

/* The same batch twice is no cache. */
static void test_load_twice(void **state)
{
	struct buffer saved = BUFFER_EMPTY;
	struct progress *progress;
	uint8_t *at;

	(void)state;
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	assert_int_equal(progress_add_batch(progress, manifests[0], 3, &fault), ERR_OK);
	assert_int_equal(progress_add_batch(progress, manifests[1], 3, &fault), ERR_OK);
	progress_save(&saved, progress);
	assert_true(progress_load(progress, buffer_bytes(&saved)));
	at = memmem(saved.data, saved.size, manifests[1], HASH_SIZE);
	assert_non_null(at);
	memcpy(at, manifests[0], HASH_SIZE);
	assert_false(progress_load(progress, buffer_bytes(&saved)));
	progress_free(&progress);
	buffer_free(&saved);
}

/* Cut anywhere, or with bytes behind, it is no cache; no byte changed makes it crash. */
static void test_load_refuses(void **state)
{
	struct buffer saved = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct progress *progress, *other;

	(void)state;
	length = 0;
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	for (size_t i = 0; i < 60; i++) {
		random_entry(&history[length]);
		assert_int_equal(progress_entry(progress, &history[length++], &fault), ERR_OK);
	}
	progress_save(&saved, progress);
	assert_int_equal(progress_new(&other, &fault), ERR_OK);
	for (size_t size = 0; size < saved.size; size++)
		assert_false(progress_load(other, bytes_from(saved.data, size)));
	buffer_byte(&saved, 0);
	assert_false(progress_load(other, buffer_bytes(&saved)));
	saved.size--;
	for (size_t i = 0; i < saved.size * 8; i++) {
		saved.data[i / 8] ^= (uint8_t)(1u << i % 8);
		progress_free(&other);
		assert_int_equal(progress_new(&other, &fault), ERR_OK);
		if (progress_load(other, buffer_bytes(&saved))) {
			ask_everything(other);
			buffer_clear(&again);
			progress_save(&again, other);
			assert_bytes(buffer_bytes(&again), buffer_bytes(&saved));
		}
		saved.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	progress_free(&progress);
	progress_free(&other);
	buffer_free(&saved);
	buffer_free(&again);
}

/* Ten million indices: four bytes each, and a walk over all of them. */
static void test_large(void **state)
{
	const uint64_t count = 10000000;
	struct buffer saved = BUFFER_EMPTY;
	struct progress_counts counts;
	struct progress *progress;
	struct entry end = about(ENTRY_END, 9, count - 1);

	(void)state;
	snprintf(end.result, sizeof end.result, "done");
	assert_int_equal(progress_new(&progress, &fault), ERR_OK);
	assert_int_equal(progress_add_batch(progress, manifests[0], count, &fault), ERR_OK);
	assert_int_equal(progress_entry(progress, &end, &fault), ERR_OK);
	progress_count(&counts, progress, manifests[0], 0, count);
	assert_int_equal(counts.done, 1);
	progress_save(&saved, progress);
	assert_true(saved.size < 4 * count + 1000);
	assert_true(progress_load(progress, buffer_bytes(&saved)));
	progress_count(&counts, progress, manifests[0], 0, count);
	assert_int_equal(counts.done, 1);
	progress_free(&progress);
	buffer_free(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_beyond),
		cmocka_unit_test(test_attempts_saturate),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_load_keeps_room),
		cmocka_unit_test(test_load_twice),
		cmocka_unit_test(test_load_refuses),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
