/* SPDX-License-Identifier: ISC */
#include "ledger_bench.h"

#include "gapseal/list.h"

static void check_take(struct ledger *ledger, const char *series, const char *batch, uint64_t expected,
    const uint64_t *abandoned, size_t count)
{
	struct list list;
	struct fault fault;
	uint64_t seq;

	assert_int_equal(ledger_take(&seq, &list, ledger, series, batch, &fault), ERR_OK);
	assert_int_equal(seq, expected);
	assert_int_equal(list.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list_integer(&list, i), abandoned[i]);
	free(list.items);
}

static void test_abandoned(void **state)
{
	static const uint64_t gaps[] = {2, 3};
	struct ledger *ledger = open_ledger(*state);
	struct fault fault;
	struct batch a, b;

	describe(&a, "one", 1);
	describe(&b, "two", 4);
	check_take(ledger, "eu", "one", 1, NULL, 0);
	check_add(ledger, &a, first_imeis, 3, "none");
	check_take(ledger, "eu", "two", 2, NULL, 0);
	check_take(ledger, "eu", "two", 3, gaps, 1);
	check_take(ledger, "us", "two", 1, NULL, 0);
	check_take(ledger, "eu", "two", 4, gaps, 2);
	check_add(ledger, &b, other_imeis, 3, "none");
	/* what a batch has, or what is not the last, stays */
	assert_int_equal(ledger_give_back(ledger, "eu", 4, &fault), ERR_OK);
	assert_int_equal(ledger_give_back(ledger, "eu", 2, &fault), ERR_OK);
	check_take(ledger, "eu", "x", 5, gaps, 2);
	assert_int_equal(ledger_give_back(ledger, "eu", 5, &fault), ERR_OK);
	check_take(ledger, "eu", "x", 5, gaps, 2);
	assert_int_equal(ledger_verify(ledger, &fault), ERR_OK);
	ledger_free(&ledger);
}

/* A number is its own batch's alone. */
static void test_claim(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct batch a, b;

	describe(&a, "one", 1);
	describe(&b, "two", 1);
	check_take(ledger, "eu", "one", 1, NULL, 0);
	check_add(ledger, &b, other_imeis, 3, "ledger-seq");
	check_add(ledger, &a, first_imeis, 3, "none");
	ledger_free(&ledger);
}

static void test_supersede(void **state)
{
	static const uint64_t some[] = {1, 7, 9}, none[] = {3};
	struct ledger *ledger = open_ledger(*state);
	struct manifest_supersede item;
	struct fault fault;
	struct batch a;

	describe(&a, "one", 1);
	check_add(ledger, &a, first_imeis, 3, "none"); /* 1, 5, 9 at 2, 1, 0 */
	assert_int_equal(ledger_supersede(&item, ledger, "one", some, 3, &fault), ERR_OK);
	assert_false(item.all);
	assert_int_equal(item.indices.count, 2);
	assert_int_equal(list_integer(&item.indices, 0), 0);
	assert_int_equal(list_integer(&item.indices, 1), 2);
	assert_memory_equal(item.manifest_sha256, a.hash, HASH_SIZE);
	free(item.indices.items);
	assert_int_equal(ledger_supersede(&item, ledger, "one", first_imeis, 3, &fault), ERR_OK);
	assert_true(item.all && item.indices.count == 0 && item.indices.items == NULL);
	assert_int_equal(ledger_supersede(&item, ledger, "one", none, 1, &fault), ERR_NO);
	assert_string_equal(fault.code, "supersede-none");
	assert_int_equal(ledger_supersede(&item, ledger, "two", some, 3, &fault), ERR_NO);
	assert_string_equal(fault.code, "supersede-batch");
	ledger_free(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_abandoned),
		LEDGER_TEST(test_claim),
		LEDGER_TEST(test_supersede),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
