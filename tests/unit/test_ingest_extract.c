/* SPDX-License-Identifier: ISC */
/* Extracts into a home: what is refused, what may be held besides, and what stays when anything fails. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "ingests.h"

#define INDEX 4

static int extract_make(void **state)
{
	trusting_make(state);
	media_make_extract(in_place("x"), in_place("b-1"), &small_batch, INDEX);
	return 0;
}

static void check_same_file(const char *name)
{
	char held[64];
	struct buffer medium = media_read(in_place("x"), name), copy;

	snprintf(held, sizeof held, "batches/b-1@4/%s", name);
	copy = home_file(held);
	assert_bytes(buffer_bytes(&copy), buffer_bytes(&medium));
	buffer_free(&medium);
	buffer_free(&copy);
}

static void check_copy(void)
{
	check_same_file(MANIFEST_NAME);
	check_same_file(PROOF_NAME);
	check_same_file(EXTRACT_RECORD_NAME);
	check_same_file(SUMS_NAME);
	assert_int_equal(names_in(in_place("home/batches/b-1@4")), 6); /* and two signatures */
}

static void test_extract(void **state)
{
	(void)state;
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("batch b-1: record 4 taken, one of 7 devices"));
	check_copy();
	assert_int_equal(log_size(), 3);
	assert_int_equal(last_entry.type, ENTRY_INGEST);
	assert_int_equal(last_entry.grant, 0);
	assert_memory_equal(last_entry.manifest.hash, manifest, HASH_SIZE);
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(log_size(), 3);
}

static void test_every_byte(void **state)
{
	(void)state;
	flip_every_file(in_place("x"), flip_every_byte);
	assert_int_equal(names_in(in_place("home/batches")), 0);
	assert_int_equal(log_size(), 2);
	assert_int_equal(ingest(in_place("x")), ERR_OK);
}

static void test_besides(void **state)
{
	struct media_batch batch = small_batch;
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_extract(in_place("y"), in_place("b-1"), &small_batch, 6);
	assert_int_equal(ingest(in_place("y")), ERR_OK);
	check_report(1, 0, 0);
	assert_int_equal(names_in(in_place("home/batches")), 3);
	/* of another batch of that name: refused whatever of the first is held */
	batch.seq = 2;
	media_make_batch(hash, in_place("other"), &batch);
	media_make_extract(in_place("z"), in_place("other"), &batch, 1);
	check_refused(in_place("z"), "batch-differs");
	assert_int_equal(nftw(in_place("home/batches/b-1"), place_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	check_refused(in_place("other"), "batch-differs");
	check_refused(in_place("z"), "batch-differs");
}

/* A grant of records needs each of them, in the batch or as an extract; one of lots the batch. */
static void test_grants(void **state)
{
	struct media_grant records = {.serial = 6, .batch = &small_batch, .manifest = manifest,
	    .records = {INDEX, 6}, .record_count = 2}, lots = good_grant();

	(void)state;
	media_make_grant(in_place("g"), &records);
	media_make_grant(in_place("h"), &lots);
	check_refused(in_place("g"), "grant-batch");
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	check_refused(in_place("g"), "grant-batch");
	check_refused(in_place("h"), "grant-batch");
	media_make_extract(in_place("y"), in_place("b-1"), &small_batch, 6);
	assert_int_equal(ingest(in_place("y")), ERR_OK);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	assert_int_equal(ingest(in_place("h")), ERR_OK);
	records.serial = 7;
	records.bad_key = true;
	media_make_grant(in_place("i"), &records);
	check_refused(in_place("i"), "grant-keys");
	assert_int_equal(nftw(in_place("home/batches/b-1"), place_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	check_refused(in_place("i"), "grant-keys");
}

/* Inside an extract the grant is found without being named. */
static void test_grant_inside(void **state)
{
	struct media_grant grant = {.serial = 6, .batch = &small_batch, .manifest = manifest, .records = {INDEX},
	    .record_count = 1};

	(void)state;
	media_make_grant(in_place("x/" EXTRACT_GRANT_NAME), &grant);
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	check_report(2, 0, 0);
	assert_int_equal(names_in(in_place("home/grants")), 1);
	grant.serial = 7;
	grant.station = "line2";
	media_make_extract(in_place("y"), in_place("b-1"), &small_batch, 6);
	media_make_grant(in_place("y/" EXTRACT_GRANT_NAME), &grant);
	assert_fault(ingest(in_place("y")), ERR_NO, "grant-station");
	check_report(1, 0, 1);
	media_folder(in_place("medium"));
	assert_int_equal(rename(in_place("y"), in_place("medium/y")), 0);
	assert_int_equal(ingest(in_place("medium")), ERR_OK);
	assert_true(was_said("passed over"));
}

static void test_damaged_copy(void **state)
{
	struct buffer record;

	(void)state;
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	record = home_file("batches/b-1@4/" EXTRACT_RECORD_NAME);
	record.data[100] ^= 1;
	home_put("batches/b-1@4/" EXTRACT_RECORD_NAME, buffer_bytes(&record));
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("damaged"));
	check_copy();
	buffer_free(&record);
	/* that of another record */
	media_make_extract(in_place("y"), in_place("b-1"), &small_batch, 6);
	assert_int_equal(rename(in_place("home/batches/b-1@4"), in_place("home/batches/b-1@6")), 0);
	assert_int_equal(ingest(in_place("y")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("damaged"));
}

/* What is held already may be taken again, nothing more is. */
static void test_full(void **state)
{
	char name[64];

	(void)state;
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	for (int i = 1; i < 4096; i++) {
		snprintf(name, sizeof name, "home/batches/b-2@%d", i);
		assert_int_equal(mkdir(in_place(name), 0700), 0);
	}
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	media_make_extract(in_place("y"), in_place("b-1"), &small_batch, 6);
	check_refused(in_place("y"), "home-full");
	assert_int_equal(rmdir(in_place(name)), 0);
	assert_int_equal(ingest(in_place("y")), ERR_OK);
}

/* Whatever call fails, the extract is there whole or not at all, and repeating heals it. */
static void test_failing_calls(void **state)
{
	int failing = 0;
	enum err err;

	for (;;) {
		countdown = ++failing;
		err = ingest(in_place("x"));
		countdown = 0;
		if (err == ERR_OK)
			break;
		assert_int_equal(err, ERR_CANNOT);
		assert_int_equal(log_size(), 2);
		assert_int_equal(ingest(in_place("x")), ERR_OK);
		check_copy();
		assert_int_equal(names_in(in_place("home/batches")), 1);
		assert_int_equal(log_size(), 3);
		trusting_remove(state);
		extract_make(state);
	}
	assert_true(failing > 20);
}

#define EXTRACT_TEST(function) cmocka_unit_test_setup_teardown(function, extract_make, trusting_remove)

/* A signature goes to everything held of the batch, be it brought with something new. */
static void test_signature_added(void **state)
{
	char name[DOCUMENT_PLACE_SIZE];

	(void)state;
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	media_sign(name, in_place("b-1"), MANIFEST_NAME, BERT, "manifest", "b-1");
	media_make_extract(in_place("y"), in_place("b-1"), &small_batch, 6);
	assert_int_equal(ingest(in_place("y")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("batch b-1: record 6 taken"));
	assert_true(was_said("batch b-1: 1 signature added"));
	assert_int_equal(names_in(in_place("home/batches/b-1@4")), 7);
	assert_int_equal(names_in(in_place("home/batches/b-1@6")), 7);
	assert_int_equal(log_size(), 4);
	assert_int_equal(ingest(in_place("x")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(log_size(), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXTRACT_TEST(test_extract),
		EXTRACT_TEST(test_every_byte),
		EXTRACT_TEST(test_besides),
		EXTRACT_TEST(test_grants),
		EXTRACT_TEST(test_grant_inside),
		EXTRACT_TEST(test_damaged_copy),
		EXTRACT_TEST(test_full),
		EXTRACT_TEST(test_failing_calls),
		EXTRACT_TEST(test_signature_added),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
