/* SPDX-License-Identifier: ISC */
/* Grants into a home: for this station, for a batch it holds, with the right keys. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "ingests.h"

static void test_grant(void **state)
{
	struct media_grant grant = good_grant();

	(void)state;
	media_make_grant(in_place("g-5"), &grant);
	check_refused(in_place("g-5"), "grant-batch");
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	assert_int_equal(ingest(in_place("g-5")), ERR_OK);
	check_report(1, 0, 0);
	assert_int_equal(names_in(in_place("home/grants/5")), 3);
	assert_int_equal(log_size(), 4);
	assert_int_equal(last_entry.type, ENTRY_INGEST);
	assert_int_equal(last_entry.grant, 5);
	assert_int_equal(last_entry.trust, 1);
	assert_memory_equal(last_entry.manifest.hash, manifest, HASH_SIZE);
	assert_memory_not_equal(last_entry.sha256.hash, manifest, HASH_SIZE);
	assert_int_equal(ingest(in_place("g-5")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(log_size(), 4);
}

static void test_grant_of_records(void **state)
{
	struct media_grant grant = {.serial = 6, .batch = &small_batch, .manifest = manifest, .records = {1,
	    5, 6},
	    .record_count = 3};

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	grant.bad_key = true;
	media_make_grant(in_place("g"), &grant);
	check_refused(in_place("g"), "grant-keys");
	grant.bad_key = false;
	grant.bad_number = true;
	media_make_grant(in_place("g"), &grant);
	check_refused(in_place("g"), "grant-keys");
	grant.bad_number = false;
	media_make_grant(in_place("h"), &grant);
	assert_int_equal(ingest(in_place("h")), ERR_OK);
	check_report(1, 0, 0);
}

static void refuse_grant(const struct media_grant *grant, const char *code)
{
	media_make_grant(in_place("g"), grant);
	check_refused(in_place("g"), code);
	assert_int_equal(nftw(in_place("g"), place_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_grants_refused(void **state)
{
	struct media_grant grant = good_grant();
	uint8_t other[HASH_SIZE] = {1};

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	grant.bad_key = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.bad_order = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.bad_number = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.bad_hash = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.bad_manifest = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.trailing = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.foreign_seal = true;
	refuse_grant(&grant, "age-no-match");
	grant = good_grant();
	grant.foreign_recipient = true; /* trust knows ours by another */
	refuse_grant(&grant, "grant-station");
	grant = good_grant();
	grant.station = "line2";
	refuse_grant(&grant, "grant-station");
	grant = good_grant();
	grant.manifest = other;
	refuse_grant(&grant, "grant-batch");
	grant = good_grant();
	grant.lots[1] = 7;
	refuse_grant(&grant, "grant-lots");
}

static void foreign_log_key(struct trust_fields *fields)
{
	fields->version = 1;
	fields->prev[0] = '\0';
	specimen_log_key(station_at(fields, 0)->log_key, "acme/line1", 1);
}

static void foreign_recipient(struct trust_fields *fields)
{
	fields->version = 1;
	fields->prev[0] = '\0';
	specimen_recipient(station_at(fields, 0)->recipient, 2);
	specimen_recipient(station_at(fields, 1)->recipient, 1);
}

/* The office has taken the card of an earlier enrolment. */
static void test_enrolled_twice(void **state)
{
	void (*const changes[])(struct trust_fields *) = {foreign_log_key, foreign_recipient};
	struct media_grant grant = good_grant();

	for (size_t i = 0; i < 2; i++) {
		uint8_t hash[HASH_SIZE];

		if (i > 0) {
			trusting_remove(state);
			station_make(state);
		}
		media_make_trust(hash, place_path, "t1.json", changes[i]);
		assert_int_equal(pin_trust(in_place("t1.json"), hash), ERR_OK);
		media_make_batch(manifest, in_place("b-1"), &small_batch);
		assert_int_equal(ingest(in_place("b-1")), ERR_OK);
		grant.foreign_recipient = i == 1;
		media_make_grant(in_place("g"), &grant);
		check_refused(in_place("g"), "grant-station");
		assert_non_null(strstr(fault.text, "enrolled twice"));
	}
}

static void test_grant_differs(void **state)
{
	struct media_grant grant = good_grant();

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_grant(in_place("g"), &grant);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	grant.lot_count = 1;
	media_make_grant(in_place("h"), &grant);
	check_refused(in_place("h"), "grant-differs");
	grant = good_grant();
	grant.note = "with the same keys";
	grant.keys_from = in_place("g");
	media_make_grant(in_place("i"), &grant);
	check_refused(in_place("i"), "grant-differs");
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	check_report(0, 1, 0);
}

/* The log knows the batch, but its folder was taken away. */
static void test_grant_without_folder(void **state)
{
	struct media_grant grant = good_grant();

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	assert_int_equal(rename(in_place("home/batches/b-1"), in_place("away")), 0);
	media_make_grant(in_place("g"), &grant);
	check_refused(in_place("g"), "grant-batch");
}

static void test_grant_every_byte(void **state)
{
	struct media_grant grant = good_grant();

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_grant(in_place("g"), &grant);
	flip_every_file(in_place("g"), flip_every_byte);
	assert_int_equal(names_in(in_place("home/grants")), 0);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
}

static void test_grant_failing_calls(void **state)
{
	struct media_grant grant = good_grant();
	int failing = 0;
	enum err err;

	for (;;) {
		assert_int_equal(ingest(in_place("b-1")), ERR_OK);
		media_make_grant(in_place("g"), &grant);
		countdown = ++failing;
		err = ingest(in_place("g"));
		countdown = 0;
		if (err == ERR_OK)
			break;
		assert_int_equal(err, ERR_CANNOT);
		assert_int_equal(log_size(), 3);
		assert_int_equal(ingest(in_place("g")), ERR_OK);
		assert_int_equal(names_in(in_place("home/grants")), 1);
		assert_int_equal(names_in(in_place("home/grants/5")), 3);
		assert_int_equal(log_size(), 4);
		trusting_remove(state);
		trusting_make(state);
	}
	assert_true(failing > 10);
}

static void bert_compromised(struct trust_fields *fields)
{
	officer_at(fields, BERT)->status = OFFICER_COMPROMISED;
}

/* A grant whose threshold broke, and the signature that mends it on the medium, its name in name. */
static void break_and_sign(char name[static DOCUMENT_PLACE_SIZE])
{
	struct media_grant grant = good_grant();
	uint8_t hash[HASH_SIZE];

	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_grant(in_place("g"), &grant);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	media_make_trust(hash, place_path, "t2.json", bert_compromised);
	assert_int_equal(ingest(in_place("t2.json")), ERR_OK);
	check_refused(in_place("g"), "signature-threshold");
	media_sign(name, in_place("g"), GRANT_NAME, ANNA, "grant", "5");
}

/* Keys that were destroyed stay so. */
static void test_grant_signature_added(void **state)
{
	struct media_grant grant = good_grant();
	char name[DOCUMENT_PLACE_SIZE];

	(void)state;
	break_and_sign(name);
	assert_int_equal(unlink(in_place("home/grants/5/" GRANT_KEYS_NAME)), 0);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("grant 5: 1 signature added"));
	assert_int_equal(names_in(in_place("home/grants/5")), 3);
	assert_false(file_exists(home.folder, "grants/5/" GRANT_KEYS_NAME));
	assert_int_equal(log_size(), 6);
	assert_int_equal(last_entry.type, ENTRY_INGEST);
	assert_int_equal(last_entry.grant, 5);
	assert_int_equal(last_entry.trust, 2);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(log_size(), 6);
	media_sign(name, in_place("g"), GRANT_NAME, DORA, "grant", "5");
	check_refused(in_place("g"), "signature-key");
	grant.lot_count = 1;
	media_make_grant(in_place("h"), &grant);
	media_sign(name, in_place("h"), GRANT_NAME, CLEO, "grant", "5");
	check_refused(in_place("h"), "grant-differs");
	assert_int_equal(names_in(in_place("home/grants/5")), 3);
}

static void test_grant_signature_failing_calls(void **state)
{
	char name[DOCUMENT_PLACE_SIZE], held[256];
	int failing = 0, unlogged = 0;
	enum err err;

	for (;;) {
		break_and_sign(name);
		snprintf(held, sizeof held, "grants/5/%s", name);
		countdown = ++failing;
		err = ingest(in_place("g"));
		countdown = 0;
		if (err == ERR_OK)
			break;
		assert_int_equal(err, ERR_CANNOT);
		assert_int_equal(log_size(), 5);
		unlogged += file_exists(home.folder, held);
		assert_int_equal(ingest(in_place("g")), ERR_OK);
		assert_int_equal(names_in(in_place("home/grants/5")), 4);
		assert_int_equal(log_size(), 6);
		assert_int_equal(last_entry.trust, 2);
		trusting_remove(state);
		trusting_make(state);
	}
	assert_true(failing > 6);
	assert_true(unlogged > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRUSTING_TEST(test_grant),
		TRUSTING_TEST(test_grant_of_records),
		TRUSTING_TEST(test_grants_refused),
		NEW_TEST(test_enrolled_twice),
		TRUSTING_TEST(test_grant_differs),
		TRUSTING_TEST(test_grant_without_folder),
		TRUSTING_TEST(test_grant_every_byte),
		TRUSTING_TEST(test_grant_failing_calls),
		TRUSTING_TEST(test_grant_signature_added),
		TRUSTING_TEST(test_grant_signature_failing_calls),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
