/* SPDX-License-Identifier: ISC */
#include "ledger_bench.h"

static void check_grant(struct ledger *ledger, const struct grant_fields *grant, const char *now,
    const char *code)
{
	uint8_t document[HASH_SIZE] = {0};
	struct fault fault = {.code = "none"};
	enum err err = ledger_add_grant(ledger, grant, document, now, &fault);

	assert_string_equal(fault.code, code);
	assert_int_equal(err, strcmp(code, "none") == 0 ? ERR_OK : ERR_NO);
}

static struct grant_fields grant_of(const struct batch *batch, uint64_t serial, char (*lots)[NAME_SIZE],
    size_t count)
{
	struct grant_fields grant = {.serial = serial, .lots = {lots, count}, .not_before = ISSUED,
	    .not_after = LATER};

	strcpy(grant.batch, batch->fields.batch);
	memcpy(grant.manifest_sha256, batch->hash, HASH_SIZE);
	return grant;
}

static void test_grants(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	char lots[3][NAME_SIZE] = {"lot-001", "lot-002", "lot-003"};
	uint64_t replaced[] = {1}, strange[] = {7}, serial;
	struct grant_fields grant;
	struct batch a, b;
	struct fault fault;

	describe(&a, "one", 1);
	describe(&b, "two", 2);
	check_add(ledger, &a, first_imeis, 3, "none");
	check_add(ledger, &b, other_imeis, 3, "none");
	assert_int_equal(ledger_next_grant(&serial, ledger, &fault), ERR_OK);
	assert_int_equal(serial, 1);
	grant = grant_of(&a, 1, lots, 2);
	memcpy(grant.manifest_sha256, b.hash, HASH_SIZE);
	check_grant(ledger, &grant, ISSUED, "ledger-batch");
	grant = grant_of(&a, 1, lots, 2);
	check_grant(ledger, &grant, ISSUED, "none");
	check_grant(ledger, &grant, ISSUED, "ledger-serial");
	assert_int_equal(ledger_next_grant(&serial, ledger, &fault), ERR_OK);
	assert_int_equal(serial, 2);
	/* another lot, or the same names in another batch */
	grant = grant_of(&a, 2, lots + 2, 1);
	check_grant(ledger, &grant, ISSUED, "none");
	grant = grant_of(&b, 3, lots, 3);
	check_grant(ledger, &grant, ISSUED, "none");
	/* the second lot again: refused, also on the last second of the first grant, not after it */
	grant = grant_of(&a, 4, lots + 1, 1);
	check_grant(ledger, &grant, LATER, "grant-overlap");
	check_grant(ledger, &grant, "2026-08-01T00:00:01Z", "none");
	grant = grant_of(&a, 5, lots, 1);
	check_grant(ledger, &grant, ISSUED, "grant-overlap");
	grant.replaces = (struct list){strange, 1};
	check_grant(ledger, &grant, ISSUED, "grant-replaces");
	strange[0] = 3; /* of the other batch */
	check_grant(ledger, &grant, ISSUED, "grant-replaces");
	strange[0] = 5; /* itself */
	check_grant(ledger, &grant, ISSUED, "grant-replaces");
	grant.replaces = (struct list){replaced, 1};
	check_grant(ledger, &grant, ISSUED, "none");
	/* what is replaced stays so */
	replaced[0] = 5;
	grant.serial = 6;
	check_grant(ledger, &grant, ISSUED, "none");
	assert_int_equal(ledger_next_grant(&serial, ledger, &fault), ERR_OK);
	assert_int_equal(serial, 7);
	ledger_free(&ledger);
}

/* Single records are given out beside the lot's grant. */
static void test_grant_of_records(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	char lots[1][NAME_SIZE] = {"lot-001"};
	uint64_t records[] = {1}, more[] = {0, 1};
	struct grant_fields grant;
	struct batch a;

	describe(&a, "one", 1);
	check_add(ledger, &a, first_imeis, 3, "none");
	grant = grant_of(&a, 1, lots, 1);
	check_grant(ledger, &grant, ISSUED, "none");
	grant = grant_of(&a, 2, NULL, 0);
	grant.records = (struct list){records, 1};
	check_grant(ledger, &grant, ISSUED, "none");
	/* one of them again, among others, while it lives; another one; and in its place */
	grant.serial = 3;
	grant.records = (struct list){more, 2};
	check_grant(ledger, &grant, LATER, "grant-overlap");
	grant.records.count = 1;
	check_grant(ledger, &grant, LATER, "none");
	grant.serial = 4;
	grant.records = (struct list){records, 1};
	check_grant(ledger, &grant, "2026-08-01T00:00:01Z", "none");
	grant.serial = 5;
	grant.replaces = (struct list){(uint64_t[]){2}, 1};
	check_grant(ledger, &grant, ISSUED, "grant-overlap"); /* with 4 */
	grant.replaces = (struct list){(uint64_t[]){2, 4}, 2};
	check_grant(ledger, &grant, ISSUED, "none");
	ledger_free(&ledger);
}

/* What is superseded is granted no more: a record, and a lot once nothing of it is left. */
static void test_superseded(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	char lots[1][NAME_SIZE] = {"lot-001"};
	uint64_t records[] = {0, 1}, superseded[] = {1};
	struct grant_fields grant, single;
	struct batch a, b, c;

	describe(&a, "one", 1);
	describe(&b, "two", 2);
	describe(&c, "three", 3);
	check_add(ledger, &a, first_imeis, 3, "none");
	memcpy(b.supersede.manifest_sha256, a.hash, HASH_SIZE);
	b.supersede.indices = (struct list){superseded, 1};
	b.fields.supersedes = (struct list){&b.supersede, 1};
	check_add(ledger, &b, other_imeis, 3, "none");
	grant = grant_of(&a, 1, lots, 1);
	check_grant(ledger, &grant, ISSUED, "none");
	single = grant_of(&a, 2, NULL, 0);
	single.records = (struct list){records, 2};
	check_grant(ledger, &single, ISSUED, "grant-superseded");
	single.records.count = 1;
	check_grant(ledger, &single, ISSUED, "none");
	c.supersede = b.supersede;
	c.supersede.all = true;
	c.supersede.indices.count = 0;
	c.fields.supersedes = (struct list){&c.supersede, 1};
	check_add(ledger, &c, first_imeis, 3, "none");
	grant = grant_of(&a, 3, lots, 1);
	check_grant(ledger, &grant, "2026-09-01T00:00:00Z", "grant-superseded");
	single.serial = 3;
	check_grant(ledger, &single, ISSUED, "grant-superseded");
	grant = grant_of(&c, 3, lots, 1);
	check_grant(ledger, &grant, ISSUED, "none");
	ledger_free(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_grants),
		LEDGER_TEST(test_grant_of_records),
		LEDGER_TEST(test_superseded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
