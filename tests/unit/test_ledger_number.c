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
	b.fields.abandoned = (struct list){(uint64_t[]){2, 3}, 2};
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

/* Devices 1, 5, 9 stand at 2, 1, 0. */
static const struct {
	enum supersede_how how;
	uint64_t wished[3];
	size_t wishes;
	uint64_t imeis[3];
	size_t count;
	const char *code;
	bool all;
	uint64_t indices[2];
	size_t superseded;           /* indices */
	uint64_t dropped;
} supersedes[] = {
	{SUPERSEDE_PLAIN, {0}, 0, {1, 5, 9}, 3, "none", true, {0}, 0, 0},
	{SUPERSEDE_PLAIN, {0}, 0, {1, 7, 9}, 3, "supersede-dropped", false, {0}, 0, 0},
	{SUPERSEDE_PLAIN, {0}, 0, {3}, 1, "supersede-none", false, {0}, 0, 0},
	{SUPERSEDE_ALL, {0}, 0, {1, 7, 9}, 3, "none", true, {0}, 0, 1},
	{SUPERSEDE_ALL, {0}, 0, {3}, 1, "none", true, {0}, 0, 3},
	{SUPERSEDE_SAME, {0}, 0, {1, 7, 9}, 3, "none", false, {0, 2}, 2, 0},
	{SUPERSEDE_SAME, {0}, 0, {1, 5, 9}, 3, "none", true, {0}, 0, 0},
	{SUPERSEDE_SAME, {0}, 0, {3}, 1, "supersede-none", false, {0}, 0, 0},
	{SUPERSEDE_INDICES, {1}, 1, {3}, 1, "none", false, {1}, 1, 1},
	{SUPERSEDE_INDICES, {0, 1}, 2, {5}, 1, "none", false, {0, 1}, 2, 1},
	{SUPERSEDE_INDICES, {0, 1, 2}, 3, {5}, 1, "none", true, {0}, 0, 2},
	{SUPERSEDE_INDICES, {1, 3}, 2, {5}, 1, "supersede-index", false, {0}, 0, 0},
};

static void test_supersede(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct batch a;

	describe(&a, "one", 1);
	check_add(ledger, &a, first_imeis, 3, "none");
	for (size_t i = 0; i < sizeof supersedes / sizeof *supersedes; i++) {
		struct supersede_wish wish = {"one", supersedes[i].how,
		    {(void *)(uintptr_t)supersedes[i].wished, supersedes[i].wishes}};
		struct fault fault = {.code = "none"};
		struct manifest_supersede item;
		uint64_t dropped = 0;

		ledger_supersede(&item, &dropped, ledger, &wish, supersedes[i].imeis, supersedes[i].count,
		    &fault);
		assert_string_equal(fault.code, supersedes[i].code);
		assert_int_equal(item.all, supersedes[i].all);
		assert_int_equal(item.indices.count, supersedes[i].superseded);
		for (size_t k = 0; k < item.indices.count; k++)
			assert_int_equal(list_integer(&item.indices, k), supersedes[i].indices[k]);
		assert_int_equal(dropped, supersedes[i].dropped);
		free(item.indices.items);
	}
	ledger_free(&ledger);
}

/* What was superseded before is neither lacking nor dropped again. */
static void test_superseded_before(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct supersede_wish wish = {"one", SUPERSEDE_PLAIN, {0}}, strange = {"two", SUPERSEDE_ALL, {0}};
	struct manifest_supersede item;
	uint64_t dropped = 0;
	struct fault fault;
	struct batch a, b;

	describe(&a, "one", 1);
	describe(&b, "three", 2);
	check_add(ledger, &a, first_imeis, 3, "none");
	memcpy(b.supersede.manifest_sha256, a.hash, HASH_SIZE);
	b.supersede.indices = (struct list){(uint64_t[]){0}, 1};
	b.fields.supersedes = (struct list){&b.supersede, 1};
	check_add(ledger, &b, other_imeis, 3, "none");
	assert_int_equal(ledger_supersede(&item, &dropped, ledger, &wish, first_imeis, 2, &fault), ERR_OK);
	assert_true(item.all);
	assert_int_equal(dropped, 0);
	assert_memory_equal(item.manifest_sha256, a.hash, HASH_SIZE);
	assert_int_equal(ledger_supersede(&item, &dropped, ledger, &strange, first_imeis, 2, &fault), ERR_NO);
	assert_string_equal(fault.code, "supersede-batch");
	ledger_free(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_abandoned),
		LEDGER_TEST(test_claim),
		LEDGER_TEST(test_supersede),
		LEDGER_TEST(test_superseded_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
