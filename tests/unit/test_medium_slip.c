/* SPDX-License-Identifier: ISC */
/* The delivery slip at its limits: whatever a delivery holds fits 80 columns and can be printed. */
#include "testing.h"

#include <jansson.h>

#include "gapseal/medium.h"

#define LONG_NAME "abcdefghijklmnopqrstuvwxyz0123456789.-ab"

static struct delivery_trust trusts[2];
static struct delivery_station stations[1];
static struct delivery_batch batches[1];
static struct delivery_grant grants[1];
static struct grant_station named[64];
static struct manifest_lot lots[MANIFEST_LOTS_MAX];
static char names[MANIFEST_LOTS_MAX][NAME_SIZE];
static uint64_t numbers[3] = {1, 2, 3};

static struct delivery largest(void)
{
	struct delivery delivery = {
		.batches = {batches, 1}, .grants = {grants, 1}, .stations = {stations, 1},
		.trust = {trusts, 2},
		.bytes = INTEGER_MAX, .files = 12345678, .other_names = 65536, .rehearsal = true,
		.org = LONG_NAME, .packed = "2026-07-01T09:00:00Z",
	};

	for (size_t i = 0; i < MANIFEST_LOTS_MAX; i++) {
		lots[i].count = LOT_DEVICES_MAX;
		memcpy(lots[i].name, LONG_NAME, NAME_SIZE);
		memcpy(names[i], LONG_NAME, NAME_SIZE);
	}
	for (size_t i = 0; i < 64; i++)
		memcpy(named[i].name, LONG_NAME, NAME_SIZE);
	memset(delivery.sums_sha256, 0xab, HASH_SIZE);
	trusts[1] = (struct delivery_trust){.version = TRUST_VERSION_MAX, .issued = "2026-07-01T09:00:00Z"};
	memcpy(stations[0].name, LONG_NAME, NAME_SIZE);
	snprintf(stations[0].log_key, sizeof stations[0].log_key, LONG_NAME "/" LONG_NAME "+0011aabb+%044d",
	    0);
	batches[0] = (struct delivery_batch){
		.batch = LONG_NAME, .devices = 134217728, .held = true, .lots = {lots, MANIFEST_LOTS_MAX},
		.purpose = PURPOSE_REHEARSAL, .officers = {names, TRUST_OFFICERS_MAX},
	};
	memset(batches[0].title, 'W', TITLE_SIZE - 1);
	grants[0] = (struct delivery_grant){
		.batch = LONG_NAME, .serial = INTEGER_MAX, .max_success = INTEGER_MAX,
		.lots = {names, MANIFEST_LOTS_MAX}, .records = {numbers, 3}, .again = {numbers, 3},
		.replaces = {numbers, 1}, .officers = {names, 3}, .stations = {named, 64},
		.not_after = "2026-07-01T09:00:00Z", .not_before = "2026-07-01T09:00:00Z",
	};
	return delivery;
}

static void check_lines(struct bytes text)
{
	struct cursor cursor = cursor_of(text);
	struct bytes line;
	size_t lines = 0;

	for (; take_line(&cursor, &line); lines++) {
		assert_true(line.size <= 80);
		assert_true(text_is_printable(line));
	}
	assert_int_equal(cursor_left(&cursor), 0);
	assert_true(lines > 40 && lines < 200);
}

static bool holds(const struct buffer *text, const char *part)
{
	return memmem(text->data, text->size, part, strlen(part)) != NULL;
}

static void test_width(void **state)
{
	struct delivery delivery = largest();
	struct buffer out = BUFFER_EMPTY;
	char place[300] = "/";

	(void)state;
	memset(place + 1, 'x', 290);
	delivery_text(&out, &delivery, place);
	check_lines(buffer_bytes(&out));
	assert_true(holds(&out, "and 2032 more"));
	assert_true(holds(&out, "*** REHEARSAL ***"));
	assert_true(holds(&out, "0011aabb+0000"));
	assert_true(holds(&out, "trust-999999.json"));
	assert_true(holds(&out, "abab abab abab abab abab abab abab abab\n"));
	buffer_clear(&out);
	delivery_text(&out, &delivery, "a\033[2Jb");
	check_lines(buffer_bytes(&out));
	buffer_free(&out);
}

/* Nothing of what a line does not say is there. */
static void test_plain(void **state)
{
	struct delivery delivery = largest();
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	delivery.rehearsal = false;
	delivery.other_names = 0;
	delivery.batches.count = 0;
	delivery.grants.count = 0;
	delivery_text(&out, &delivery, "m");
	assert_false(holds(&out, "REHEARSAL"));
	assert_false(holds(&out, "of others"));
	assert_false(holds(&out, "BATCHES"));
	assert_false(holds(&out, "GRANTS"));
	buffer_free(&out);
}

/* One device says so, and of one nothing is said as of many. */
static void test_extract(void **state)
{
	struct delivery delivery = largest();
	struct buffer out = BUFFER_EMPTY;

	(void)state;
	delivery_text(&out, &delivery, "m");
	assert_false(holds(&out, "one device alone"));
	assert_true(holds(&out, "records  3 single devices\n"));
	assert_true(holds(&out, "again    3 devices may be done once more\n"));
	assert_true(holds(&out, "replaces 1 earlier grant\n"));
	buffer_clear(&out);
	batches[0].records = (struct list){numbers, 1};
	batches[0].lots.count = 1;
	grants[0].records.count = grants[0].again.count = grants[0].max_success = 1;
	grants[0].replaces.count = 2;
	delivery_text(&out, &delivery, "m");
	assert_true(holds(&out, "extract  one device alone: record 1\n"));
	assert_true(holds(&out, "records  1 single device\n"));
	assert_true(holds(&out, "at most  1 device\n"));
	assert_true(holds(&out, "again    1 device may be done once more\n"));
	assert_true(holds(&out, "replaces 2 earlier grants\n"));
	buffer_free(&out);
}

static void test_json(void **state)
{
	struct delivery delivery = largest();
	struct buffer out = BUFFER_EMPTY;
	json_t *read, *batch;

	(void)state;
	delivery_json(&out, &delivery);
	read = json_loadb((const char *)out.data, out.size, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(read);
	assert_string_equal(json_string_value(json_object_get(read, "schema")), DELIVERY_SCHEMA);
	batch = json_array_get(json_object_get(read, "batches"), 0);
	assert_int_equal(json_array_size(json_object_get(batch, "lots")), MANIFEST_LOTS_MAX);
	json_decref(read);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_extract),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
