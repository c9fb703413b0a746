/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/provision.h"

static void assert_good(struct provision_settings *settings, const char *name, const char *value)
{
	struct fault fault = {0};

	if (provision_set(settings, name, value, &fault) != ERR_OK)
		fail_msg("%s %s: %s", name, value, fault.text);
}

static void test_defaults(void **state)
{
	const struct provision_settings *settings = &provision_defaults;

	(void)state;
	assert_int_equal(settings->dialect, PROVISION_AUTO);
	assert_false(settings->terminated);
	assert_int_equal(settings->pace_bytes, 0);
	assert_int_equal(settings->line_limit, 256);
}

static void test_good_values(void **state)
{
	struct provision_settings settings = provision_defaults;

	(void)state;
	assert_good(&settings, "dialect", "shell");
	assert_int_equal(settings.dialect, PROVISION_SHELL);
	assert_good(&settings, "dialect", "cred");
	assert_int_equal(settings.dialect, PROVISION_CRED);
	assert_good(&settings, "dialect", "at");
	assert_int_equal(settings.dialect, PROVISION_AT);
	assert_good(&settings, "dialect", "auto");
	assert_int_equal(settings.dialect, PROVISION_AUTO);
	assert_good(&settings, "terminator", "crlf");
	assert_true(settings.terminated && settings.terminator == AT_CRLF);
	assert_good(&settings, "terminator", "lf");
	assert_true(settings.terminated && settings.terminator == AT_LF);
	assert_good(&settings, "terminator", "cr");
	assert_true(settings.terminated && settings.terminator == AT_CR);
	assert_good(&settings, "terminator", "auto");
	assert_false(settings.terminated);
	assert_good(&settings, "pacing", "12/10");
	assert_true(settings.pace_bytes == 12 && settings.pace_ms == 10);
	assert_good(&settings, "pacing", "4096/0");
	assert_true(settings.pace_bytes == 4096 && settings.pace_ms == 0);
	assert_good(&settings, "pacing", "none");
	assert_int_equal(settings.pace_bytes, 0);
	assert_good(&settings, "line_limit", "64");
	assert_int_equal(settings.line_limit, 64);
	assert_good(&settings, "line_limit", "8192");
	assert_int_equal(settings.line_limit, 8192);
}

static void test_bad_values(void **state)
{
	static const char *const bad[][2] = {
		{"dialect", ""}, {"dialect", "AT"}, {"dialect", "at "}, {"dialect", "slm"},
		{"terminator", ""}, {"terminator", "none"}, {"terminator", "\r"},
		{"pacing", ""}, {"pacing", "12"}, {"pacing", "0/10"}, {"pacing", "12/"}, {"pacing", "/10"},
		{"pacing", "4097/1"}, {"pacing", "1/4097"}, {"pacing", "12/10/1"}, {"pacing", "12 /10"}, {"pacing", "012/1"},
		{"line_limit", ""}, {"line_limit", "63"}, {"line_limit", "8193"}, {"line_limit", "256B"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct provision_settings settings = provision_defaults;
		struct fault fault = {0};

		assert_int_equal(provision_set(&settings, bad[i][0], bad[i][1], &fault), ERR_CANNOT);
		assert_string_equal(fault.code, "setting-value");
		assert_string_equal(fault.where, bad[i][0]);
	}
}

static void test_unknown_names(void **state)
{
	static const char *const names[] = {"", "baud", "line-limit", "Dialect"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct provision_settings settings = provision_defaults;
		struct fault fault = {0};

		assert_int_equal(provision_set(&settings, names[i], "at", &fault), ERR_NO);
		assert_string_equal(fault.code, "setting-name");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_good_values),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
