/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/utf8.h"

static size_t encode(uint8_t *out, uint32_t rune)
{
	if (rune < 0x80) {
		out[0] = (uint8_t)rune;
		return 1;
	}
	if (rune < 0x800) {
		out[0] = (uint8_t)(0xc0 | rune >> 6);
		out[1] = (uint8_t)(0x80 | (rune & 0x3f));
		return 2;
	}
	if (rune < 0x10000) {
		out[0] = (uint8_t)(0xe0 | rune >> 12);
		out[1] = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (rune & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | rune >> 18);
	out[1] = (uint8_t)(0x80 | (rune >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (rune & 0x3f));
	return 4;
}

/* Every code point there is, and the surrogates and those above that are none. */
static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t rune = 0; rune < 0x140000; rune++) {
		bool exists = rune <= 0x10ffff && (rune < 0xd800 || rune > 0xdfff);
		uint8_t text[4];
		size_t size = encode(text, rune);
		struct cursor cursor = cursor_of(bytes_from(text, size));
		uint32_t taken = 0;

		if (utf8_take(&cursor, &taken) != exists || cursor_left(&cursor) != (exists ? 0 : size) ||
		    (exists && taken != rune))
			fail_msg("U+%04X", rune);
		cursor = cursor_of(bytes_from(text, size - 1));
		assert_false(utf8_take(&cursor, &taken));
	}
}

static void assert_refused(const char *text)
{
	struct cursor cursor = cursor_of(bytes_of(text));
	uint32_t rune;

	assert_false(utf8_take(&cursor, &rune));
	assert_int_equal(cursor_left(&cursor), strlen(text));
}

static void test_malformed(void **state)
{
	(void)state;
	assert_refused("");
	assert_refused("\x80");
	assert_refused("\xbf");
	assert_refused("\xc0\x80");
	assert_refused("\xc1\xbf");
	assert_refused("\xe0\x9f\xbf");
	assert_refused("\xf0\x8f\xbf\xbf");
	assert_refused("\xf5\x80\x80\x80");
	assert_refused("\xff");
	assert_refused("\xc3(");
	assert_refused("\xe2\x80(");
	assert_refused("\xf0\x9f\x98(");
}

static void test_space(void **state)
{
	static const uint32_t spaces[] = {0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000,
	    0x2001,
	    0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f,
	    0x205f, 0x3000};
	size_t next = 0;

	(void)state;
	for (uint32_t rune = 0; rune < 0x4000; rune++) {
		bool expected = next < sizeof spaces / sizeof spaces[0] && spaces[next] == rune;

		next += expected;
		assert_int_equal(utf8_is_space(rune), expected);
	}
	assert_int_equal(next, sizeof spaces / sizeof spaces[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
