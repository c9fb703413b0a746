/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/bytes.h"
#include "gapseal/words.h"

static void test_print(void **state)
{
	static const uint8_t low[WORDS_BYTES] = {0, 1, 2, 3, 4, 5, 6, 255}, high[WORDS_BYTES] = {255, 254, 1,
	    0, 0, 0, 0, 0};
	char text[WORDS_SIZE], expected[WORDS_SIZE] = "";

	(void)state;
	words_print(text, low);
	for (size_t i = 0; i < WORDS_BYTES; i++)
		sprintf(expected + strlen(expected), "%s%s", i > 0 ? " " : "", words_word(low[i]));
	assert_string_equal(text, expected);
	words_print(text, high);
	assert_memory_equal(text, words_word(255), strlen(words_word(255)));
}

/* No eight of them are longer than the room for them. */
static void test_room(void **state)
{
	char text[WORDS_SIZE];

	(void)state;
	for (unsigned byte = 0; byte < WORDS_COUNT; byte++) {
		uint8_t bytes[WORDS_BYTES];

		memset(bytes, (int)byte, sizeof bytes);
		words_print(text, bytes);
		assert_int_equal(strlen(text), 8 * strlen(words_word((uint8_t)byte)) + 7);
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to change, add or drop until one word is the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[9], length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t up = row[j + 1];

			row[j + 1] = least(least(row[j], up) + 1, corner + (a[i] != b[j]));
			corner = up;
		}
	}
	return row[length];
}

static void test_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WORDS_COUNT; i++) {
		const char *word = words_word((uint8_t)i);

		assert_in_range(strlen(word), 5, 7);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz"), strlen(word));
		if (i > 0)
			assert_true(strcmp(words_word((uint8_t)(i - 1)), word) < 0);
		for (unsigned j = 0; j < i; j++) {
			assert_int_not_equal(strncmp(words_word((uint8_t)j), word, 4), 0);
			assert_true(distance(words_word((uint8_t)j), word) >= 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
