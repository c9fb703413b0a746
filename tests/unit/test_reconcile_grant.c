/* SPDX-License-Identifier: ISC */
/* Grants: what refuses them, and what they permit to whom. */
#include "officers.h"

#include "books.h"

static void test_grant_keys(void **state)
{
	(void)state;
	start();
	flip(given_grants[0], GRANT_KEYS_NAME, 0);
	judge();
	only_finding("grant-keys", AUDIT_ERROR);
	assert_string_equal(item_of(AUDIT_GRANT)->code, "grant-keys");
}

/* A lot that the batch does not have. */
static void test_grant_fits(void **state)
{
	struct grant_fields fields;
	uint8_t hash[HASH_SIZE];

	(void)state;
	start();
	permit_begin(&fields, &run, 8);
	snprintf(fields.lots.items, NAME_SIZE, "wo-9");
	permit_put(hash, &fields);
	book_ingest(&book, &run, 8, hash, 1);
	book_provision(&book, &run, 1, 8);
	judge();
	assert_int_equal(count_code("grant-lots", AUDIT_ERROR), 1);
	assert_int_equal(count_code("grant-missing", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 2);
}

static void test_grant_use(void **state)
{
	struct grant_fields fields;
	uint8_t hash[HASH_SIZE];

	(void)state;
	start();
	permit_begin(&fields, &run, 8);
	fields.lots.count = 1; /* wo-1 */
	fields.max_success = 4;
	fields.stations.count = 1;
	permit_put(hash, &fields);
	book_begin(&other, "line2", 2, &run, 8, hash);
	book_provision(&book, &run, 1, 8); /* never taken in */
	book_provision(&book, &run, 2, 9); /* not given */
	book_provision(&book, &run, 3, 9);
	book_same(&other, &run, 2, 8); /* not for this station */
	book_same(&other, &run, 4, 8); /* and not for this lot */
	judge();
	assert_int_equal(count_code("grant-not-ingested", AUDIT_ERROR), 1);
	assert_int_equal(count_code("grant-missing", AUDIT_ERROR), 1);
	assert_int_equal(count_code("grant-other-station", AUDIT_ERROR), 1);
	assert_int_equal(count_code("grant-not-covering", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 4);
	check_class(2, CLASS_DONE);
}

/* What one station took in, another has not; nor is another file under its serial the grant. */
static void test_grant_of_other(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	start();
	memset(&other, 0, sizeof other);
	other.station = "line2";
	other.number = 2;
	book_enroll(&other);
	book_trust(&other, 1);
	memcpy(hash, permit, HASH_SIZE);
	hash[0] ^= 1;
	book_ingest(&other, &run, PERMIT, hash, 1);
	book_same(&other, &run, 1, PERMIT);
	judge();
	assert_int_equal(count_code("grant-not-ingested", AUDIT_ERROR), 1);
	assert_int_equal(count_code("batch-not-ingested", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 2);
}

/* A grant for two single records. */
static void test_grant_records(void **state)
{
	struct grant_fields fields;
	uint8_t hash[HASH_SIZE];

	(void)state;
	start();
	permit_begin(&fields, &run, 8);
	free(fields.lots.items);
	fields.lots = (struct list){0};
	*(uint64_t *)list_grow(&fields.records, sizeof(uint64_t)) = 1;
	*(uint64_t *)list_grow(&fields.records, sizeof(uint64_t)) = 5;
	fields.max_success = 2;
	permit_put(hash, &fields);
	book_ingest(&book, &run, 8, hash, 1);
	book_provision(&book, &run, 1, 8);
	book_provision(&book, &run, 5, 8);
	book_provision(&book, &run, 4, 8);
	judge();
	assert_int_equal(count_code("grant-not-covering", AUDIT_ERROR), 2); /* begin and end */
	assert_int_equal(count_code("max-success", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 3);
}

/* A replaced grant opens nothing once its successor is there; what it opened before stays good. */
static void test_grant_replaced(void **state)
{
	struct grant_fields fields;
	uint8_t hash[HASH_SIZE];

	(void)state;
	start();
	permit_begin(&fields, &run, 8);
	*(uint64_t *)list_grow(&fields.replaces, sizeof(uint64_t)) = PERMIT;
	permit_put(hash, &fields);
	book_provision(&book, &run, 1, PERMIT);
	book_ingest(&book, &run, 8, hash, 1);
	book_provision(&book, &run, 2, 8);
	book_same(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 3, PERMIT);
	judge();
	only_finding("grant-replaced", AUDIT_ERROR);
}

static void test_dates(void **state)
{
	(void)state;
	start();
	book.clock = -86400;
	book_provision(&book, &run, 1, PERMIT);
	book.clock = 0;
	book_provision(&book, &run, 2, PERMIT);
	book.clock = 90 * 86400;
	book_provision(&book, &run, 3, PERMIT);
	judge();
	assert_int_equal(count_code("clock", AUDIT_WARNING), 1);
	assert_int_equal(count_code("outside-dates", AUDIT_WARNING), 1);
	assert_int_equal(audit_findings(audit), 2);
	assert_non_null(strstr(audit_finding(audit, 1)->text, "(grant 7); 2 entries"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_grant_keys),
		AUDIT_TEST(test_grant_fits),
		AUDIT_TEST(test_grant_use),
		AUDIT_TEST(test_grant_of_other),
		AUDIT_TEST(test_grant_records),
		AUDIT_TEST(test_grant_replaced),
		AUDIT_TEST(test_dates),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
