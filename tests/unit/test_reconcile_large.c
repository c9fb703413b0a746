/* SPDX-License-Identifier: ISC */
/* How long a large log takes, and that nothing of it is lost. */
#include "officers.h"

#include <time.h>

#include "books.h"

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A begin and an end a device; a million entries if GAPSEAL_AUDIT_ENTRIES says so. */
static void test_large(void **state)
{
	const char *wanted = getenv("GAPSEAL_AUDIT_ENTRIES");
	uint64_t devices = (wanted != NULL ? strtoull(wanted, NULL, 10) : 20000) / 2;
	struct grant_fields fields;
	struct audit_counts counts;
	double start_time, added, judged;

	(void)state;
	put_plain_trust();
	run_begin(&run, "b1");
	for (uint64_t at = 0; at < devices; at += 65536) {
		char name[24];

		snprintf(name, sizeof name, "wo-%llu", (unsigned long long)at / 65536);
		run_lot(&run, name, devices - at < 65536 ? devices - at : 65536);
	}
	run_put(&run);
	permit_begin(&fields, &run, PERMIT);
	permit_put(permit, &fields);
	book_begin(&book, "line1", 1, &run, PERMIT, permit);
	for (uint64_t i = 0; i < devices; i++)
		book_provision(&book, &run, i * 7919 % devices, PERMIT);
	book_close(&book, "log-1");
	start_time = seconds();
	audit_given();
	added = seconds();
	assert_int_equal(audit_judge(audit, &fault), ERR_OK);
	judged = seconds();
	print_message("%llu devices added in %.2f s of CPU time, %llu entries judged in %.2f s\n",
	    (unsigned long long)devices, added - start_time, (unsigned long long)devices * 2, judged - added);
	no_finding();
	audit_counts(&counts, audit, AUDIT_ALL);
	assert_int_equal(counts.of[CLASS_DONE], devices);
	assert_true(audit_complete(audit));
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_large),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
