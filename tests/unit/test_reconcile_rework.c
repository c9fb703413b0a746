/* SPDX-License-Identifier: ISC */
/* Devices done more than once, with and without a permit, and how many under one grant. */
#include "officers.h"

#include "books.h"

static void test_duplicate(void **state)
{
	const struct audit_finding *finding;

	(void)state;
	start();
	start_other();
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&other, &run, 1, PERMIT);
	book_provision(&book, &run, 2, PERMIT);
	book_same(&other, &run, 2, PERMIT);
	judge();
	finding = only_finding("duplicate", AUDIT_ERROR);
	assert_int_equal(finding->index, 1);
	assert_string_equal(finding->station, "line2");
	assert_non_null(strstr(finding->text, "station line1"));
	check_class(1, CLASS_DUPLICATE);
	check_class(2, CLASS_DONE);
}

/* Within one log the station itself should have refused. */
static void test_begin_refused(void **state)
{
	(void)state;
	start();
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 1, PERMIT);
	book_mark(&book, ENTRY_VOID, &run, 2);
	book_end(&book, &run, 2, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 2, PERMIT), "failed");
	judge();
	assert_int_equal(count_code("begin-refused", AUDIT_ERROR), 2);
	assert_int_equal(count_code("duplicate", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 3);
}

/* Grant 8 permits index 1 once more, grant 9 does not. */
static void put_again(uint8_t hash[static HASH_SIZE], uint64_t serial, bool again)
{
	struct grant_fields fields;

	permit_begin(&fields, &run, serial);
	if (again)
		*(uint64_t *)list_grow(&fields.again, sizeof(uint64_t)) = 1;
	permit_put(hash, &fields);
}

static void test_permit(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	start_under(REWORK_PERMIT);
	start_other();
	put_again(hash, 8, true);
	book_ingest(&book, &run, 8, hash, 1);
	book_ingest(&other, &run, 8, hash, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 1, 8);
	judge();
	no_finding();
	check_class(1, CLASS_DONE);
}

/* Read in the other order, and by two stations. */
static void test_permit_elsewhere(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	start_under(REWORK_PERMIT);
	start_other();
	put_again(hash, 8, true);
	book_ingest(&book, &run, 8, hash, 1);
	book_provision(&book, &run, 1, 8);
	book_provision(&other, &run, 1, PERMIT);
	judge();
	no_finding();
}

static void test_permit_used_up(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	start_under(REWORK_PERMIT);
	start_other();
	put_again(hash, 8, true);
	book_ingest(&book, &run, 8, hash, 1);
	book_ingest(&other, &run, 8, hash, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 1, 8);
	book_provision(&other, &run, 1, 8);
	judge();
	assert_int_equal(only_finding("duplicate", AUDIT_ERROR)->index, 1);
}

/* A later grant that does not say again, and one that says it of another index. */
static void test_permit_missing(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	start_under(REWORK_PERMIT);
	start_other();
	put_again(hash, 8, false);
	book_ingest(&other, &run, 8, hash, 1);
	put_again(hash, 9, true);
	book_ingest(&other, &run, 9, hash, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&other, &run, 1, 8);
	book_provision(&book, &run, 2, PERMIT);
	book_provision(&other, &run, 2, 9);
	judge();
	assert_int_equal(count_code("duplicate", AUDIT_ERROR), 2);
	assert_int_equal(audit_findings(audit), 2);
}

/* again in a grant permits nothing where rework is never. */
static void test_permit_never(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	start();
	start_other();
	put_again(hash, 8, true);
	book_ingest(&other, &run, 8, hash, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&other, &run, 1, 8);
	judge();
	only_finding("duplicate", AUDIT_ERROR);
}

static void test_release(void **state)
{
	(void)state;
	start_under(REWORK_LOCAL);
	book_provision(&book, &run, 1, PERMIT);
	book_mark(&book, ENTRY_RELEASE, &run, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_mark(&book, ENTRY_RELEASE, &run, 1);
	book_provision(&book, &run, 1, PERMIT);
	judge();
	no_finding();
	check_class(1, CLASS_DONE);
}

/* One release, two more dones; and a release by a station that had not done it. */
static void test_release_used_up(void **state)
{
	(void)state;
	start_under(REWORK_LOCAL);
	start_other();
	book_provision(&book, &run, 1, PERMIT);
	book_mark(&book, ENTRY_RELEASE, &run, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 2, PERMIT);
	book_mark(&other, ENTRY_RELEASE, &run, 2);
	book_provision(&other, &run, 2, PERMIT);
	judge();
	assert_int_equal(count_code("duplicate", AUDIT_ERROR), 2);
	assert_int_equal(count_code("begin-refused", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 3);
}

/* The other station found it done, released it and did it again: whichever log is read first. */
static void test_release_elsewhere(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct book *first = turn == 0 ? &book : &other, *second = turn == 0 ? &other : &book;

		start_under(REWORK_LOCAL);
		start_other();
		book_provision(first, &run, 1, PERMIT);
		book_same(second, &run, 1, PERMIT);
		book_mark(second, ENTRY_RELEASE, &run, 1);
		book_provision(second, &run, 1, PERMIT);
		judge();
		no_finding();
		audit_tear_down(state);
		audit_set_up(state);
	}
}

static void test_max_success(void **state)
{
	struct grant_fields fields;
	uint8_t hash[HASH_SIZE];

	(void)state;
	start_under(REWORK_LOCAL);
	start_other();
	permit_begin(&fields, &run, 8);
	fields.max_success = 3;
	permit_put(hash, &fields);
	book_ingest(&book, &run, 8, hash, 1);
	book_ingest(&other, &run, 8, hash, 1);
	book_provision(&book, &run, 0, 8);
	book_provision(&book, &run, 1, 8);
	book_mark(&book, ENTRY_RELEASE, &run, 1); /* once more is no other device */
	book_provision(&book, &run, 1, 8);
	book_provision(&other, &run, 2, 8);
	book_same(&other, &run, 3, 8);
	judge();
	no_finding();
	audit_tear_down(state);
	audit_set_up(state);

	start();
	start_other();
	permit_begin(&fields, &run, 8);
	fields.max_success = 2;
	permit_put(hash, &fields);
	book_ingest(&book, &run, 8, hash, 1);
	book_ingest(&other, &run, 8, hash, 1);
	book_provision(&book, &run, 0, 8);
	book_provision(&book, &run, 1, 8);
	book_provision(&other, &run, 2, 8);
	judge();
	assert_non_null(strstr(only_finding("max-success", AUDIT_ERROR)->text, "3 were done"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_duplicate),
		AUDIT_TEST(test_begin_refused),
		AUDIT_TEST(test_permit),
		AUDIT_TEST(test_permit_elsewhere),
		AUDIT_TEST(test_permit_used_up),
		AUDIT_TEST(test_permit_missing),
		AUDIT_TEST(test_permit_never),
		AUDIT_TEST(test_release),
		AUDIT_TEST(test_release_used_up),
		AUDIT_TEST(test_release_elsewhere),
		AUDIT_TEST(test_max_success),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
