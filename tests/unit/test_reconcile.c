/* SPDX-License-Identifier: ISC */
/* Devices: what class and what findings come of what stations wrote about them, one defect at a time. */
#include "officers.h"

#include "books.h"

static void test_classes(void **state)
{
	static const uint64_t expected[CLASSES] = {
		[CLASS_DONE] = 2, [CLASS_SAME] = 1, [CLASS_FAILED] = 2, [CLASS_VOID] = 1, [CLASS_UNUSED] = 2,
	};
	struct audit_counts counts;

	(void)state;
	start();
	book_provision(&book, &run, 0, PERMIT);
	book_same(&book, &run, 0, PERMIT);
	book_end(&book, &run, 1, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT), "unknown");
	book_provision(&book, &run, 1, PERMIT);
	book_same(&book, &run, 2, PERMIT);
	book_end(&book, &run, 3, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 3, PERMIT), "failed");
	book_end(&book, &run, 4, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 4, PERMIT), "unknown");
	book_provision(&book, &run, 5, PERMIT);
	book_mark(&book, ENTRY_VOID, &run, 5);
	book_mark(&book, ENTRY_VOID, &run, 6);
	book_mark(&book, ENTRY_UNVOID, &run, 6);
	book_refuse(&book, NULL, 0, "not-in-batch");
	book_refuse(&book, NULL, 0, "not-in-batch");
	book_refuse(&book, NULL, 0, "imei-zero");
	book_refuse(&book, &run, 7, "changed-after-done");
	judge();
	no_finding();
	audit_counts(&counts, audit, 0);
	assert_memory_equal(counts.of, expected, sizeof expected);
	assert_int_equal(counts.devices, 8);
	assert_int_equal(counts.refused, 1);
	assert_int_equal(counts.foreign, 0);
	audit_counts(&counts, audit, AUDIT_ALL);
	assert_memory_equal(counts.of, expected, sizeof expected);
	assert_int_equal(counts.refused, 2);
	assert_int_equal(counts.foreign, 2);
	check_class(2, CLASS_SAME);
	check_class(5, CLASS_VOID);
	assert_false(audit_complete(audit));
	assert_false(audit_rehearsal(audit));
}

static void test_complete(void **state)
{
	(void)state;
	start();
	for (uint64_t i = 0; i < 6; i++)
		book_provision(&book, &run, i, PERMIT);
	book_same(&book, &run, 6, PERMIT);
	book_mark(&book, ENTRY_VOID, &run, 7);
	judge();
	no_finding();
	assert_true(audit_complete(audit));
}

static void test_unresolved(void **state)
{
	const struct audit_finding *finding;
	uint64_t begin;

	(void)state;
	start();
	begin = book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT);
	judge();
	finding = only_finding("unresolved", AUDIT_WARNING);
	assert_string_equal(finding->batch, "b1");
	assert_true(finding->indexed && finding->numbered);
	assert_int_equal(finding->index, 1);
	assert_string_equal(finding->station, "line1");
	assert_int_equal(finding->entry, begin);
	check_class(1, CLASS_UNRESOLVED);
}

/* Whoever closes the lot: the other station will not come back to it. */
static void test_unresolved_closed(void **state)
{
	(void)state;
	start();
	start_other();
	book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT);
	put_closeout(&other, "wo-1", NULL, 0, NULL, 0, LIST(0, 1, 2, 3), NULL, 0);
	judge();
	only_finding("unresolved", AUDIT_ERROR);
	check_class(1, CLASS_UNRESOLVED);
}

/* Proven by the other station: worth a look. Void: settled. */
static void test_unresolved_elsewhere(void **state)
{
	(void)state;
	start();
	start_other();
	book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT);
	book_device(&book, ENTRY_BEGIN, &run, 2, PERMIT);
	book_same(&other, &run, 1, PERMIT);
	book_mark(&other, ENTRY_VOID, &run, 2);
	judge();
	assert_int_equal(only_finding("unresolved", AUDIT_WARNING)->index, 1);
	check_class(1, CLASS_SAME);
	check_class(2, CLASS_VOID);
}

static void test_mismatch(void **state)
{
	struct entry entry;

	(void)state;
	start();
	end_entry(&entry, &run, 1, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT), "done");
	entry.state.hash[31] ^= 1;
	book_put(&book, &entry);
	same_entry(&entry, &run, 2, PERMIT);
	entry.state.hash[0] ^= 1;
	book_put(&book, &entry);
	/* a failure whose listing is not the record is what failures are */
	end_entry(&entry, &run, 3, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 3, PERMIT), "failed");
	entry.state.present = true;
	entry.state.hash[0] ^= 1;
	book_put(&book, &entry);
	judge();
	assert_int_equal(audit_findings(audit), 2);
	assert_int_equal(count_code("mismatch", AUDIT_ERROR), 2);
	assert_false(audit_accepts(audit));
	check_class(1, CLASS_MISMATCH);
	check_class(2, CLASS_MISMATCH);
	check_class(3, CLASS_FAILED);
}

static void test_index_and_leaf(void **state)
{
	struct entry entry;

	(void)state;
	start();
	book_device(&book, ENTRY_BEGIN, &run, 8, PERMIT);
	device_entry(&entry, ENTRY_BEGIN, &run, 1, PERMIT);
	memcpy(entry.leaf.hash, run.leaves[2], HASH_SIZE);
	book_put(&book, &entry);
	device_entry(&entry, ENTRY_REFUSE, &run, 1, PERMIT);
	entry.leaf.hash[0] ^= 1;
	snprintf(entry.reason, sizeof entry.reason, "void");
	book_put(&book, &entry);
	book_mark(&book, ENTRY_VOID, &run, 9);
	judge();
	assert_int_equal(count_code("entry-index", AUDIT_ERROR), 2);
	assert_int_equal(count_code("entry-leaf", AUDIT_ERROR), 2);
	assert_int_equal(audit_findings(audit), 4);
	check_class(1, CLASS_UNUSED);
}

static void test_ends(void **state)
{
	uint64_t begin;

	(void)state;
	start();
	begin = book_device(&book, ENTRY_BEGIN, &run, 0, PERMIT);
	book_end(&book, &run, 0, PERMIT, begin, "failed");
	book_end(&book, &run, 0, PERMIT, begin, "failed");
	book_end(&book, &run, 1, PERMIT, 0, "failed"); /* the enrolment is no begin */
	begin = book_device(&book, ENTRY_BEGIN, &run, 2, PERMIT);
	book_end(&book, &run, 3, PERMIT, begin, "failed");
	judge();
	assert_int_equal(count_code("end-without-begin", AUDIT_ERROR), 2);
	assert_int_equal(count_code("end-other-device", AUDIT_ERROR), 1);
	assert_int_equal(count_code("unresolved", AUDIT_WARNING), 1);
	assert_int_equal(audit_findings(audit), 4);
}

/* A thousand begins wait at once; all but one are ended, from the last to the first or the other way, and
 * one of them twice. */
static void test_many_open(void **state)
{
	for (unsigned turn = 0; turn < 2; turn++) {
		uint64_t first, kept = turn == 0 ? 0 : 999;

		start();
		first = book.tree.size;
		for (unsigned i = 0; i < 1000; i++)
			book_device(&book, ENTRY_BEGIN, &run, i % 8, PERMIT);
		for (unsigned i = 0; i < 1000; i++) {
			uint64_t ended = turn == 0 ? 999 - i : i;

			if (ended != kept)
				book_end(&book, &run, ended % 8, PERMIT, first + ended, "failed");
		}
		book_end(&book, &run, 500 % 8, PERMIT, first + 500, "failed");
		judge();
		assert_int_equal(count_code("end-without-begin", AUDIT_ERROR), 1);
		assert_int_equal(count_code("unresolved", AUDIT_WARNING), 1);
		assert_int_equal(audit_finding(audit, 1)->entry, first + kept);
		assert_int_equal(audit_findings(audit), 2);
		audit_tear_down(state);
		audit_set_up(state);
	}
}

/* The same index of another batch is another device. */
static void test_other_batch(void **state)
{
	struct grant_fields fields;
	struct run second;
	uint8_t hash[HASH_SIZE];

	(void)state;
	start();
	run_begin(&second, "b2");
	run_lot(&second, "wo-1", 8);
	run_put(&second);
	permit_begin(&fields, &second, 8);
	permit_put(hash, &fields);
	book_ingest(&book, &second, 0, NULL, 1);
	book_ingest(&book, &second, 8, hash, 1);
	book_end(&book, &second, 1, 8, book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT), "failed");
	book_same(&book, &second, 2, PERMIT); /* the grant of the other batch */
	book_provision(&book, &second, 3, 8);
	book_provision(&book, &run, 3, PERMIT);
	judge();
	run_free(&second);
	assert_int_equal(count_code("end-other-device", AUDIT_ERROR), 1);
	assert_int_equal(count_code("grant-not-covering", AUDIT_ERROR), 1);
	assert_int_equal(count_code("unresolved", AUDIT_WARNING), 1);
	assert_int_equal(audit_findings(audit), 3);
	check_class(3, CLASS_DONE);
	assert_int_equal(audit_class(audit, 1, 3), CLASS_DONE);
}

static void test_proof(void **state)
{
	struct entry entry;

	(void)state;
	put_plain_trust();
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run.fields.policy.attestation = ATTESTATION_REQUIRE;
	*(unsigned *)list_grow(&run.fields.policy.digest_forms, sizeof(unsigned)) = DIGEST_NUL;
	run_put(&run);
	{
		struct grant_fields fields;

		permit_begin(&fields, &run, PERMIT);
		permit_put(permit, &fields);
	}
	book_begin(&book, "line1", 1, &run, PERMIT, permit);
	same_entry(&entry, &run, 0, PERMIT);
	entry.attestation.present = true;
	snprintf(entry.form, sizeof entry.form, "nul");
	book_put(&book, &entry);
	entry.index = 1;
	memcpy(entry.leaf.hash, run.leaves[1], HASH_SIZE);
	memcpy(entry.state.hash, run.states[1], HASH_SIZE);
	entry.form[0] = '\0';
	book_put(&book, &entry);
	book_provision(&book, &run, 2, PERMIT);
	judge();
	assert_int_equal(count_code("digest-form", AUDIT_ERROR), 1);
	assert_int_equal(count_code("attestation-missing", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 2);
}

static void test_form_not_allowed(void **state)
{
	struct entry entry;

	(void)state;
	start();
	same_entry(&entry, &run, 0, PERMIT);
	snprintf(entry.form, sizeof entry.form, "nul");
	book_put(&book, &entry);
	judge();
	only_finding("digest-form", AUDIT_ERROR);
}

static void put_same_as(uint64_t index, const char *imei, const char *unit)
{
	struct entry entry;

	same_entry(&entry, &run, index, PERMIT);
	snprintf(entry.imei, sizeof entry.imei, "%s", imei);
	snprintf(entry.unit, sizeof entry.unit, "%s", unit);
	book_put(&book, &entry);
}
#define IMEI_A "352656100367872"
#define IMEI_B "490154203237518"

static void test_identities(void **state)
{
	const struct audit_finding *finding;

	(void)state;
	start();
	put_same_as(0, IMEI_A, "SN-1");
	put_same_as(0, IMEI_A, "SN-1");
	put_same_as(0, "", "");
	put_same_as(1, IMEI_B, "SN-2");
	judge();
	no_finding();
	audit_tear_down(state);
	audit_set_up(state);

	start();
	put_same_as(0, IMEI_A, "SN-1");
	put_same_as(3, IMEI_A, "SN-2");
	judge();
	finding = only_finding("imei-twice", AUDIT_WARNING);
	assert_string_equal(finding->imei, IMEI_A);
	assert_int_equal(finding->index, 3);
	audit_tear_down(state);
	audit_set_up(state);

	start();
	put_same_as(0, IMEI_A, "SN-1");
	put_same_as(0, IMEI_B, "SN-1");
	judge();
	assert_string_equal(only_finding("imei-differs", AUDIT_ERROR)->imei, IMEI_B);
	audit_tear_down(state);
	audit_set_up(state);

	start();
	put_same_as(0, IMEI_A, "SN-1");
	put_same_as(0, "", "SN-3");
	judge();
	assert_string_equal(only_finding("unit-differs", AUDIT_WARNING)->imei, IMEI_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_classes),
		AUDIT_TEST(test_complete),
		AUDIT_TEST(test_unresolved),
		AUDIT_TEST(test_unresolved_closed),
		AUDIT_TEST(test_unresolved_elsewhere),
		AUDIT_TEST(test_mismatch),
		AUDIT_TEST(test_index_and_leaf),
		AUDIT_TEST(test_ends),
		AUDIT_TEST(test_many_open),
		AUDIT_TEST(test_other_batch),
		AUDIT_TEST(test_proof),
		AUDIT_TEST(test_form_not_allowed),
		AUDIT_TEST(test_identities),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
