/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Every size modulo three, both ways, both spellings, against the coder of growing size. */
static void test_both_ways(void **state)
{
	uint8_t bytes[64], again[64];
	char text[BASE64_SIZE(64)];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 37 + 251);
	for (size_t size = 0; size <= sizeof bytes; size++) {
		for (int padded = 0; padded < 2; padded++) {
			struct buffer expected = BUFFER_EMPTY;

			base64_encode(&expected, bytes_from(bytes, size), padded != 0);
			base64_print(text, bytes_from(bytes, size), padded != 0);
			assert_int_equal(strlen(text), expected.size);
			assert_int_equal(strlen(text) + 1,
			    padded != 0 ? BASE64_SIZE(size) : BASE64_BARE_SIZE(size));
			assert_memory_equal(text, expected.size == 0 ? (const uint8_t *)"" : expected.data,
			    expected.size);
			assert_true(base64_exact(again, size, bytes_of(text), padded != 0));
			assert_memory_equal(again, bytes, size);
			assert_false(base64_exact(again, size + 1, bytes_of(text), padded != 0));
			assert_true(size == 0 || !base64_exact(again, size - 1, bytes_of(text), padded != 0));
			buffer_free(&expected);
		}
	}
}

/* At every place of a text, each of the 256 bytes: only letters count. */
static void test_letters(void **state)
{
	uint8_t out[3];
	char text[5] = "AAAA";

	(void)state;
	for (size_t place = 0; place < 4; place++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			bool letter = byte != 0 && strchr(alphabet, (int)byte) != NULL;

			text[place] = (char)byte;
			assert_int_equal(base64_exact(out, 3, bytes_from(text, 4), true), letter);
			assert_int_equal(base64_exact(out, 3, bytes_from(text, 4), false), letter);
		}
		text[place] = 'A';
	}
}

static void test_canonical(void **state)
{
	uint8_t out[4];

	(void)state;
	assert_true(base64_exact(out, 1, bytes_of("/w=="), true));
	assert_int_equal(out[0], 0xff);
	assert_false(base64_exact(out, 1, bytes_of("/x=="), true)); /* bits behind the last byte */
	assert_false(base64_exact(out, 1, bytes_of("/x"), false));
	assert_false(base64_exact(out, 1, bytes_of("/w="), true));
	assert_false(base64_exact(out, 1, bytes_of("/w"), true));
	assert_false(base64_exact(out, 1, bytes_of("/w=="), false));
	assert_false(base64_exact(out, 1, bytes_of("/w==="), true));
	assert_false(base64_exact(out, 1, bytes_of("/"), false));
	assert_false(base64_exact(out, 3, bytes_of("AA AA"), false));
	assert_false(base64_exact(out, 3, bytes_of("AAAA\n"), true));
	assert_false(base64_exact(out, 4, bytes_of("AA==AA=="), true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
