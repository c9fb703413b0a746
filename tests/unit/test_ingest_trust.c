/* SPDX-License-Identifier: ISC */
/* Trust into a home: pinned once, then along the chain. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "ingests.h"

static void test_pin(void **state)
{
	uint8_t hash[HASH_SIZE];
	char pin[2 * HASH_SIZE + 1];
	const char *path;

	(void)state;
	media_make_trust(hash, place_path, "t1.json", NULL);
	path = in_place("t1.json");
	report = (struct ingest_report){.say = NULL};
	assert_fault(ingest_trust(&home, path, NULL, false, &report, &fault), ERR_CANNOT, "pin-needed");
	hash[31] ^= 1;
	assert_fault(pin_trust(path, hash), ERR_NO, "pin-differs");
	hash[31] ^= 1;
	hex_encode(pin, bytes_from(hash, HASH_SIZE));
	pin[20] = '\0';
	assert_fault(ingest_trust(&home, path, pin, false, &report, &fault), ERR_NO, "pin-form");
	assert_fault(ingest(path), ERR_NO, "trust-needed");
	assert_int_equal(names_in(in_place("home/trust")), 0);
	assert_int_equal(ingest_trust(&home, path, pin, true, &report, &fault), ERR_OK);
	assert_int_equal(log_size(), 2);
	assert_int_equal(last_entry.type, ENTRY_TRUST);
	assert_int_equal(last_entry.trust, 1);
	assert_memory_equal(last_entry.sha256.hash, hash, HASH_SIZE);
	assert_int_equal(names_in(in_place("home/trust")), 3);
	assert_int_equal(ingest_trust(&home, path, NULL, false, &report, &fault), ERR_OK);
	assert_int_equal(report.held, 1);
	assert_int_equal(log_size(), 2);
}

static void other_org(struct trust_fields *fields)
{
	struct trust_station *stations = fields->stations.items;

	snprintf(fields->org, sizeof fields->org, "zenith");
	for (size_t i = 0; i < fields->stations.count; i++)
		specimen_log_key(stations[i].log_key, i == 0 ? "zenith/line1" : "zenith/line2",
		    (uint8_t)(i + 1));
}

static void other_date(struct trust_fields *fields)
{
	snprintf(fields->issued, sizeof fields->issued, "2026-08-01T09:00:00Z");
}

static void test_foreign_trust(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_make_trust(hash, place_path, "t.json", other_org);
	assert_fault(pin_trust(in_place("t.json"), hash), ERR_NO, "trust-org");
	assert_int_equal(names_in(in_place("home/trust")), 0);
	assert_int_equal(log_size(), 1);
}

static void test_chain(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_folder(in_place("m"));
	media_make_trust(hash, in_place("m"), "trust-b.json", NULL); /* 2 */
	media_make_trust(hash, in_place("m"), "trust-a.json", other_date); /* 3, found before 2 */
	media_make_trust(hash, place_path, "t4.json", NULL);
	media_make_trust(hash, place_path, "t5.json", NULL);
	assert_fault(ingest(in_place("t4.json")), ERR_NO, "trust-version");
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(2, 0, 0);
	assert_int_equal(log_size(), 4);
	assert_int_equal(last_entry.trust, 3);
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(0, 2, 0);
	assert_int_equal(ingest(in_place("t1.json")), ERR_OK);
	check_report(0, 1, 0);
	assert_fault(ingest(in_place("t5.json")), ERR_NO, "trust-version");
	hash[0] ^= 1;
	assert_fault(pin_trust(in_place("t4.json"), hash), ERR_NO, "pin-differs");
	assert_int_equal(ingest(in_place("t4.json")), ERR_OK);
	assert_int_equal(log_size(), 5);
}

/* A station that pinned version 2 is not bothered by version 1. */
static void test_before_pin(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_make_trust(hash, place_path, "trust-1.json", NULL);
	media_make_trust(hash, place_path, "trust-2.json", NULL);
	assert_int_equal(pin_trust(in_place("trust-2.json"), hash), ERR_OK);
	assert_int_equal(ingest(in_place("trust-1.json")), ERR_OK);
	check_report(0, 1, 0);
	assert_true(was_said("older than"));
	assert_int_equal(log_size(), 2);
}

/* Stored, but interrupted before its entry: the next ingest of anything logs it. */
static void test_trust_unlogged(void **state)
{
	uint8_t hash[HASH_SIZE];
	struct document document;
	int folder;

	(void)state;
	media_make_trust(hash, place_path, "t2.json", NULL);
	assert_int_equal(document_load(&document, AT_FDCWD, in_place("t2.json"), &fault), ERR_OK);
	assert_int_equal(folder_open(&folder, home.folder, HOME_TRUST, &fault), ERR_OK);
	assert_int_equal(chain_store(folder, &document, 2, &fault), ERR_OK);
	close(folder);
	document_free(&document);
	assert_int_equal(ingest(in_place("t1.json")), ERR_OK);
	assert_int_equal(log_size(), 3);
	assert_int_equal(last_entry.type, ENTRY_TRUST);
	assert_int_equal(last_entry.trust, 2);
	assert_memory_equal(last_entry.sha256.hash, hash, HASH_SIZE);
	assert_int_equal(ingest(in_place("t1.json")), ERR_OK);
	assert_int_equal(log_size(), 3);
}

static void test_trust_malformed(void **state)
{
	(void)state;
	media_write(place_path, "trust.json", bytes_of("{\"version\": 2}\n"));
	assert_int_equal(ingest(in_place("trust.json")), ERR_NO);
	check_report(0, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NEW_TEST(test_pin),
		NEW_TEST(test_foreign_trust),
		TRUSTING_TEST(test_chain),
		NEW_TEST(test_before_pin),
		TRUSTING_TEST(test_trust_unlogged),
		TRUSTING_TEST(test_trust_malformed),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
