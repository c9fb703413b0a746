/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <stdbool.h>

#include "gapseal/reason.h"

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words != NULL)
		if (strcmp(word, *words++) == 0)
			return true;
	return false;
}

static void test_words(void **state)
{
	static const char *const classes[] = {
		"none", "device", "fixture", "data", "station", "operator", NULL,
	};
	static const char *const actions[] = {
		"ship", "retry", "other-fixture", "repair", "quarantine", "call", NULL,
	};
	size_t i = 0;

	(void)state;
	for (; reason_at(i) != NULL; i++) {
		const struct reason *reason = reason_at(i);

		if (!is_one_of(reason->class_, classes) || !is_one_of(reason->action, actions))
			fail_msg("%s: %s %s", reason->code, reason->class_, reason->action);
	}
	assert_true(i > 40);
	assert_null(reason_at(i));
	assert_null(reason_at(SIZE_MAX));
}

/* A code is lower-case kebab and fits where messages and entries carry it (40 bytes with the NUL). */
static void test_codes(void **state)
{
	(void)state;
	for (size_t i = 0; reason_at(i) != NULL; i++) {
		const char *code = reason_at(i)->code;

		if (code[0] == '\0' || strlen(code) >= 40 ||
		    strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(code))
			fail_msg("code %s", code);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(reason_at(j)->code, code);
	}
}

/* One sentence, no capital, no full stop, printable, fit for a terminal line. */
static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; reason_at(i) != NULL; i++) {
		const char *text = reason_at(i)->text;
		size_t size = strlen(text);

		if (size < 20 || size > 160 || strchr(text, '.') != NULL || text[0] < 'a' || text[0] > 'z' ||
		    strstr(text, "  ") != NULL || text[size - 1] == ' ')
			fail_msg("%s: %s", reason_at(i)->code, text);
		for (size_t j = 0; j < size; j++)
			assert_true(text[j] >= 0x20 && text[j] <= 0x7e);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(reason_at(j)->text, text);
	}
}

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; reason_at(i) != NULL; i++)
		assert_ptr_equal(reason_find(reason_at(i)->code), reason_at(i));
	assert_string_equal(reason_find("")->code, "none");
	assert_string_equal(reason_find("")->action, "ship");
	assert_string_equal(reason_find("no-such-reason")->code, "internal");
	assert_string_equal(reason_find("NONE")->code, "internal");
	assert_string_equal(reason_find("not-in-batch ")->code, "internal");
}

/* Only what a good device has is shipped; whose fault it is decides about its attempts. */
static void test_policy(void **state)
{
	static const struct {
		const char *code, *class_;
	} pinned[] = {
		{"cme-528", "fixture"}, {"no-answer", "fixture"}, {"port-gone", "fixture"},
		{"garbage", "fixture"}, {"modem-reset", "fixture"}, {"cme-none", "fixture"},
		{"no-modem", "fixture"},
		{"cme-527", "data"}, {"cme-514", "data"}, {"max-success", "data"}, {"grant-expired", "data"},
		{"record-open", "data"}, {"stopped", "operator"}, {"imei-changed", "operator"},
		{"log-write", "station"}, {"disk-full", "station"}, {"internal", "station"},
		{"interrupted", "station"}, {"cme-515", "device"}, {"digest-differs", "device"},
		{"not-listed", "device"}, {"offline-refused", "device"}, {"attempts-used", "device"},
		{"imei-zero", "device"}, {"imei-none", "device"}, {"firmware-pti", "device"},
	};

	(void)state;
	for (size_t i = 0; reason_at(i) != NULL; i++) {
		const struct reason *reason = reason_at(i);
		bool good = strcmp(reason->code, "none") == 0;

		assert_true((strcmp(reason->action, "ship") == 0) == good);
		assert_true((strcmp(reason->class_, "none") == 0) == good);
	}
	for (size_t i = 0; i < sizeof pinned / sizeof pinned[0]; i++) {
		assert_string_equal(reason_find(pinned[i].code)->code, pinned[i].code);
		assert_string_equal(reason_find(pinned[i].code)->class_, pinned[i].class_);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
