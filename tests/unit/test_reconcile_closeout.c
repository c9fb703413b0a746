/* SPDX-License-Identifier: ISC */
/* Close-outs: their lists against the log before them, and what may follow one. */
#include "officers.h"

#include "books.h"

/* Devices 0 done, 1 same, 2 failed, 3 void; of lot wo-2 only index 5 was opened. */
static void start_closing(void)
{
	start();
	book_provision(&book, &run, 0, PERMIT);
	book_same(&book, &run, 1, PERMIT);
	book_end(&book, &run, 2, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 2, PERMIT), "failed");
	book_provision(&book, &run, 3, PERMIT);
	book_mark(&book, ENTRY_VOID, &run, 3);
}

static void test_closeout(void **state)
{
	(void)state;
	start_closing();
	put_closeout(&book, "wo-1", LIST(0, 1), LIST(2), NULL, 0, LIST(3));
	book_device(&book, ENTRY_BEGIN, &run, 5, PERMIT);
	put_closeout(&book, "wo-2", NULL, 0, LIST(5), LIST(4, 6, 7), NULL, 0);
	judge();
	only_finding("unresolved", AUDIT_ERROR);
}

/* Each list in turn: another device, or one too many. */
static void test_closeout_differs(void **state)
{
	static const struct {
		uint64_t done[2], failed, voided;
		size_t unused;
	} wrong[] = {
		{{0, 4}, 2, 3, 3}, {{0, 1}, 1, 3, 3}, {{0, 1}, 2, 2, 3}, {{0, 1}, 2, 3, 2}, {{1, 0}, 2, 3, 3}
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		start_closing();
		put_closeout(&book, "wo-1", wrong[i].done, 2, &wrong[i].failed, 1, NULL, 0, &wrong[i].voided,
		    1);
		book_device(&book, ENTRY_BEGIN, &run, 5, PERMIT);
		put_closeout(&book, "wo-2", NULL, 0, LIST(5), (const uint64_t[]){4, 6, 7}, wrong[i].unused,
		    NULL, 0);
		judge();
		assert_int_equal(count_code("closeout-differs", AUDIT_ERROR), 1);
		assert_int_equal(audit_findings(audit), 2);
		audit_tear_down(state);
		audit_set_up(state);
	}
}

/* The lists are right, the counts beside them are not. */
static void test_closeout_counts(void **state)
{
	struct entry entry = {.type = ENTRY_CLOSEOUT, .grant = PERMIT, .manifest.present = true};

	(void)state;
	start();
	memcpy(entry.manifest.hash, run.hash, HASH_SIZE);
	snprintf(entry.lot, sizeof entry.lot, "wo-1");
	close_list(&entry.done, entry.done_sha256, NULL, 0);
	close_list(&entry.failed, entry.failed_sha256, NULL, 0);
	close_list(&entry.unused, entry.unused_sha256, LIST(0, 1, 2, 3));
	close_list(&entry.void_, entry.void_sha256, NULL, 0);
	entry.unused = 3;
	entry.done = 1;
	book_put(&book, &entry);
	judge();
	only_finding("closeout-differs", AUDIT_ERROR);
}

static void test_closeout_again(void **state)
{
	(void)state;
	start();
	start_other();
	put_closeout(&book, "wo-1", NULL, 0, NULL, 0, LIST(0, 1, 2, 3), NULL, 0);
	put_closeout(&book, "wo-1", NULL, 0, NULL, 0, LIST(0, 1, 2, 3), NULL, 0);
	put_closeout(&book, "wo-9", NULL, 0, NULL, 0, NULL, 0, NULL, 0);
	book_same(&book, &run, 3, PERMIT);
	book_provision(&book, &run, 4, PERMIT);
	put_closeout(&other, "wo-1", NULL, 0, NULL, 0, LIST(0, 1, 2, 3), NULL, 0); /* each station its own */
	book_provision(&other, &run, 5, PERMIT);
	judge();
	assert_int_equal(count_code("closeout-twice", AUDIT_ERROR), 1);
	assert_int_equal(count_code("closeout-lot", AUDIT_ERROR), 1);
	assert_int_equal(count_code("after-closeout", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_closeout),
		AUDIT_TEST(test_closeout_differs),
		AUDIT_TEST(test_closeout_counts),
		AUDIT_TEST(test_closeout_again),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
