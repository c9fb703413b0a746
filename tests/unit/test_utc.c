/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <time.h>

#include "gapseal/utc.h"

#define LAST INT64_C(253402300799)

/* Our text and the C library's must agree, and the text must lead back. */
static void check(int64_t seconds)
{
	time_t time = (time_t)seconds;
	char ours[UTC_SIZE], theirs[64];
	struct tm tm;
	int64_t back;

	assert_non_null(gmtime_r(&time, &tm));
	assert_int_not_equal(strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
	utc_format(ours, seconds);
	assert_string_equal(ours, theirs);
	assert_true(utc_parse(bytes_of(ours), &back));
	assert_true(back == seconds);
}

static void test_every_day_agrees_with_the_library(void **state)
{
	(void)state;
	for (int64_t day = 0; day <= LAST / 86400; day++)
		check(day * 86400 + day % 86400);
}

static void test_edges(void **state)
{
	char text[UTC_SIZE];

	(void)state;
	check(0);
	check(LAST);
	check(86399);
	check(86400);
	utc_format(text, 951782400);
	assert_string_equal(text, "2000-02-29T00:00:00Z");
	utc_format(text, LAST);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void test_other_forms_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00z", "2024-01-01t00:00:00Z",
		"2024-01-01 00:00:00Z", "2024-01-01T00:00:00Z ", " 2024-01-01T00:00:00Z",
		"2024-1-01T00:00:00ZZ", "2024-01-01T00:00:00.0Z", "2024-01-01T00:00:00+00:00",
		"24-01-01T00:00:00Z", "20240101T000000Z", "2024/01/01T00:00:00Z", "2024-01-01T00.00.00Z",
		"+024-01-01T00:00:00Z", "2024-01-01T 1:00:00Z", "2024-01-01T00:00:6\xb0Z",
		"2024-0a-01T00:00:00Z", "-024-01-01T00:00:00Z",
		/* the right form, and no such time */
		"1969-12-31T23:59:59Z", "2024-00-01T00:00:00Z", "2024-13-01T00:00:00Z",
		"2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z", "2024-02-30T00:00:00Z",
		"2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-04-31T00:00:00Z",
		"2024-06-31T00:00:00Z", "2024-09-31T00:00:00Z", "2024-11-31T00:00:00Z",
		"2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2016-12-31T23:59:60Z",
	};
	int64_t seconds = 42;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (utc_parse(bytes_of(bad[i]), &seconds))
			fail_msg("accepted: %s", bad[i]);
	}
	assert_false(utc_parse(bytes_from(NULL, 0), &seconds));
	assert_false(utc_parse(bytes_from("2024-01-01T00:00:00Z", UTC_SIZE), &seconds)); /* with its NUL */
	assert_true(seconds == 42);
	assert_true(utc_parse(bytes_of("2400-02-29T23:59:59Z"), &seconds));
}

static void test_now(void **state)
{
	int64_t before = (int64_t)time(NULL), now = utc_now();

	(void)state;
	assert_true(now >= before && now <= (int64_t)time(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_agrees_with_the_library),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_other_forms_are_refused),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
