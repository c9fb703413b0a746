/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "gapseal/list.h"

static void test_integers(void **state)
{
	uint64_t numbers[] = {0, 1, 5, 9, INTEGER_MAX};
	struct list list = {numbers, 5}, empty = {0};

	(void)state;
	assert_true(list_ascending(&list));
	assert_true(list_ascending(&empty));
	assert_true(list_integer(&list, 2) == 5);
	for (size_t count = 0; count <= 5; count++) {
		list.count = count;
		for (uint64_t value = 0; value < 12; value++) {
			bool there = false;

			for (size_t i = 0; i < count; i++)
				there = there || numbers[i] == value;
			assert_true(list_holds(&list, value) == there);
		}
	}
	assert_true(list_holds(&list, INTEGER_MAX));
	assert_false(list_holds(&list, UINT64_MAX));
	numbers[1] = 0;
	assert_false(list_ascending(&list));
	numbers[1] = 6;
	assert_false(list_ascending(&list));
}

static void test_texts(void **state)
{
	char texts[][8] = {"one", "two", "", "three"};
	struct list list = {texts, 4};
	bool repeats;

	(void)state;
	assert_string_equal(list_text(&list, 3, 8), "three");
	assert_true(list_holds_text(&list, "two", 8));
	assert_true(list_holds_text(&list, "", 8));
	assert_false(list_holds_text(&list, "thre", 8));
	assert_int_equal(list_repeats_text(&repeats, &list, 8, &fault), ERR_OK);
	assert_false(repeats);
	memcpy(texts[1], "three\0?", 8); /* what stands behind the NUL does not tell texts apart */
	assert_int_equal(list_repeats_text(&repeats, &list, 8, &fault), ERR_OK);
	assert_true(repeats);
	list.count = 0;
	assert_int_equal(list_repeats_text(&repeats, &list, 8, &fault), ERR_OK);
	assert_false(repeats);
}

/* Memory of a buffer is used again with what was in it. */
static void test_collect(void **state)
{
	struct buffer elements = BUFFER_EMPTY;

	(void)state;
	buffer_text(&elements, "abcdefghijklmnop");
	buffer_clear(&elements);
	list_collect(&elements, "x", 8);
	list_collect(&elements, "x", 8);
	assert_bytes(buffer_bytes(&elements), bytes_from("x\0\0\0\0\0\0\0x\0\0\0\0\0\0\0", 16));
	assert_true(list_repeats(&elements, 8));
	buffer_clear(&elements);
	list_collect(&elements, "b", 2);
	list_collect(&elements, "c", 2);
	list_collect(&elements, "a", 2);
	assert_false(list_repeats(&elements, 2));
	list_collect(&elements, "b", 2);
	assert_true(list_repeats(&elements, 2));
	buffer_free(&elements);
}

static void test_place(void **state)
{
	char place[FAULT_WHERE_MAX];

	(void)state;
	list_place(place, "trust.json", "officers", 12);
	assert_string_equal(place, "trust.json: officers[12]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
