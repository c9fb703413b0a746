/* SPDX-License-Identifier: ISC */
#include "ledger_bench.h"

#include <sqlite3.h>
#include <sys/stat.h>

static uint64_t next(struct ledger *ledger, const char *series)
{
	struct fault fault;
	uint64_t seq;

	assert_int_equal(ledger_next(&seq, ledger, series, &fault), ERR_OK);
	return seq;
}

static const uint64_t mixed_imeis[] = {4, 5, 6, 9};

static void test_numbers(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct batch a, b, c;
	struct fault fault;

	describe(&a, "one", 1);
	describe(&b, "two", 2);
	describe(&c, "three", 2);
	assert_int_equal(next(ledger, "eu"), 1);
	assert_int_equal(ledger_free_id(ledger, "one", &fault), ERR_OK);
	check_add(ledger, &a, first_imeis, 3, "none");
	assert_int_equal(ledger_free_id(ledger, "one", &fault), ERR_NO);
	assert_string_equal(fault.code, "batch-exists");
	assert_int_equal(next(ledger, "eu"), 2);
	assert_int_equal(next(ledger, "us"), 1);
	check_add(ledger, &a, other_imeis, 3, "batch-exists");
	check_add(ledger, &b, other_imeis, 3, "none");
	check_add(ledger, &c, (const uint64_t[]){100}, 1, "ledger-seq");
	strcpy(c.fields.series, "us");
	check_add(ledger, &c, (const uint64_t[]){100}, 1, "ledger-seq"); /* leaves a hole */
	c.fields.seq = 1;
	check_add(ledger, &c, (const uint64_t[]){100}, 1, "none");
	assert_int_equal(next(ledger, "us"), 2);
	ledger_free(&ledger);
	/* and all of it is there for the next program */
	ledger = open_ledger(*state);
	assert_int_equal(next(ledger, "eu"), 3);
	assert_int_equal(ledger_has_batch(ledger, a.hash, "one", &fault), ERR_OK);
	assert_int_equal(ledger_has_batch(ledger, a.hash, "two", &fault), ERR_NO);
	assert_string_equal(fault.code, "ledger-batch");
	assert_int_equal(ledger_has_batch(ledger, a.plan, "one", &fault), ERR_NO);
	ledger_free(&ledger);
}

static void check_count(const struct office *office, const char *sql, int expected)
{
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(office->file, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(statement, 0), expected);
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static void test_rehearsals_take_nothing(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct batch a, b, c;

	describe(&a, "one", 1);
	describe(&b, "two", 1);
	describe(&c, "three", 1);
	a.fields.purpose = b.fields.purpose = PURPOSE_REHEARSAL;
	check_add(ledger, &a, first_imeis, 3, "none");
	check_add(ledger, &b, first_imeis, 3, "none");
	check_count(*state, "SELECT total(length(imeis)) FROM batches", 0);
	assert_int_equal(next(ledger, "eu"), 1);
	check_add(ledger, &c, first_imeis, 3, "none");
	ledger_free(&ledger);
}

static void check_slots(struct ledger *ledger, struct batch *batch, const uint64_t *imeis, size_t count,
    const char *text)
{
	struct fault fault;

	if (text == NULL) {
		assert_int_equal(ledger_check_slots(ledger, &batch->fields, imeis, count, &fault), ERR_OK);
		return;
	}
	assert_int_equal(ledger_check_slots(ledger, &batch->fields, imeis, count, &fault), ERR_NO);
	assert_string_equal(fault.code, "ledger-slot");
	assert_string_equal(fault.text, text);
	check_add(ledger, batch, imeis, count, "ledger-slot");
}

static void test_slots(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct batch a, b;

	describe(&a, "one", 1);
	describe(&b, "two", 2);
	check_add(ledger, &a, first_imeis, 3, "none");
	check_slots(ledger, &b, other_imeis, 3, NULL);
	check_slots(ledger, &b, mixed_imeis, 4,
	    "2 of the devices already have slots of this batch from batch one; "
	    "a batch for them must supersede that one");
	check_slots(ledger, &b, mixed_imeis, 1, NULL);
	check_slots(ledger, &b, first_imeis, 1,
	    "1 of the devices already have slots of this batch from batch one; "
	    "a batch for them must supersede that one");
	check_slots(ledger, &b, first_imeis + 2, 1,
	    "1 of the devices already have slots of this batch from batch one; "
	    "a batch for them must supersede that one");
	b.slots[0].tag = 43; /* the identity is still the same */
	check_slots(ledger, &b, mixed_imeis, 4,
	    "2 of the devices already have slots of this batch from batch one; "
	    "a batch for them must supersede that one");
	b.slots[1].tag = 43;
	check_slots(ledger, &b, mixed_imeis, 4, NULL);
	b.slots[1].tag = 4; /* 4/4 is not part of 42/4 */
	b.slots[0].tag = 2;
	check_slots(ledger, &b, mixed_imeis, 4, NULL);
	b.slots[0] = (struct manifest_slot){SLOT_PRESENT, 42, CREDENTIAL_PSK}; /* only expected */
	check_slots(ledger, &b, mixed_imeis, 4, NULL);
	b.slots[0].state = SLOT_ABSENT; /* would be deleted */
	check_slots(ledger, &b, mixed_imeis, 4,
	    "2 of the devices already have slots of this batch from batch one; "
	    "a batch for them must supersede that one");
	b.fields.purpose = PURPOSE_REHEARSAL;
	check_slots(ledger, &b, mixed_imeis, 4, NULL);
	ledger_free(&ledger);
}

static void supersede(struct batch *batch, const struct batch *old, bool all)
{
	static uint64_t index[] = {0};

	batch->supersede.all = all;
	if (!all)
		batch->supersede.indices = (struct list){index, 1};
	memcpy(batch->supersede.manifest_sha256, old->hash, HASH_SIZE);
	batch->fields.supersedes = (struct list){&batch->supersede, 1};
}

static void test_supersedes(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct batch a, b, c, d;

	describe(&a, "one", 1);
	describe(&b, "two", 2);
	describe(&c, "three", 3);
	describe(&d, "four", 4);
	check_add(ledger, &a, first_imeis, 3, "none");
	supersede(&b, &a, false);
	check_add(ledger, &b, mixed_imeis, 4, "ledger-slot"); /* index 0 is 9's alone, 5 is in both */
	check_add(ledger, &b, other_imeis, 3, "none"); /* and frees 9 for those after it */
	check_slots(ledger, &c, first_imeis + 2, 1, NULL);
	check_add(ledger, &c, first_imeis, 1, "ledger-slot");
	supersede(&c, &d, true);
	check_add(ledger, &c, first_imeis, 2, "ledger-slot");
	supersede(&c, &a, true);
	check_add(ledger, &c, first_imeis, 2, "none");
	/* one is gone for ever: 9 was in it alone, 5 is in three too */
	check_add(ledger, &d, first_imeis + 1, 2, "ledger-slot");
	check_add(ledger, &d, first_imeis + 2, 1, "none");
	ledger_free(&ledger);
}

/* Beyond one piece of the blob, and devices in common on both sides of the seam. */
static void test_many(void **state)
{
	enum { COUNT = 5000 };
	struct ledger *ledger = open_ledger(*state);
	uint64_t *even = calloc(COUNT, sizeof *even), *odd = calloc(COUNT, sizeof *odd);
	struct batch a, b;

	for (size_t i = 0; i < COUNT; i++) {
		even[i] = UINT64_C(350000000000000) + 2 * i;
		odd[i] = even[i] + 1;
	}
	describe(&a, "one", 1);
	describe(&b, "two", 2);
	check_add(ledger, &a, even, COUNT, "none");
	check_slots(ledger, &b, odd, COUNT, NULL);
	odd[1023] = even[1023];
	odd[1024] = even[1024];
	odd[COUNT - 1] = even[COUNT - 1];
	check_slots(ledger, &b, odd, COUNT,
	    "3 of the devices already have slots of this batch from batch one; "
	    "a batch for them must supersede that one");
	free(even);
	free(odd);
	ledger_free(&ledger);
}

static void test_org(void **state)
{
	struct office *office = *state;
	struct ledger *ledger = open_ledger(office), *other = NULL;
	struct fault fault;

	ledger_free(&ledger);
	assert_int_equal(ledger_open(&other, office->path, "acme2", &fault), ERR_NO);
	assert_string_equal(fault.code, "ledger-org");
	assert_null(other);
	ledger = open_ledger(office);
	ledger_free(&ledger);
}

static void check_open_fails(const struct office *office, const char *code, const char *text)
{
	struct ledger *ledger;
	struct fault fault;

	assert_int_equal(ledger_open(&ledger, office->path, "acme", &fault), ERR_CANNOT);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.text, text);
	assert_null(ledger);
}

static void change(const struct office *office, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(office->file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_forms(void **state)
{
	struct office *office = *state;
	struct fault fault;
	struct stat status;
	char other[128];
	FILE *file;

	assert_int_equal(stat(office->file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(ledger_create(office->path, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "file-exists");
	change(office, "PRAGMA user_version = 4");
	check_open_fails(office, "ledger-form", "the ledger is of version 4, this program knows version 3: use the gapseal that works with it");
	change(office, "PRAGMA user_version = 3; PRAGMA application_id = 1");
	check_open_fails(office, "ledger-form",
	    "the file is no ledger, or is damaged: take it from the backup");
	file = fopen(office->file, "w");
	assert_int_equal(fputs("this is no database, and long enough to see that it is none. "
	    "this is no database, and long enough to see that it is none.\n", file) >= 0, 1);
	fclose(file);
	check_open_fails(office, "ledger-form",
	    "the file is no ledger, or is damaged: take it from the backup");
	snprintf(other, sizeof other, "%s.away", office->file);
	assert_int_equal(rename(office->file, other), 0);
	check_open_fails(office, "ledger-open",
	    "the office has no ledger: put its last backup there; a new one would not know what was made");
	assert_int_equal(symlink(other, office->file), 0);
	check_open_fails(office, "ledger-open",
	    "the office has no ledger: put its last backup there; a new one would not know what was made");
	assert_int_equal(unlink(other), 0);
}

/* The second one sees what the first one did, and both may change it in turn. */
static void test_two_at_a_time(void **state)
{
	struct ledger *one = open_ledger(*state), *two = open_ledger(*state);
	struct batch a, b;

	describe(&a, "one", 1);
	describe(&b, "two", 2);
	check_add(one, &a, first_imeis, 3, "none");
	check_add(two, &b, first_imeis, 3, "ledger-slot");
	check_add(two, &b, other_imeis, 3, "none");
	assert_int_equal(next(one, "eu"), 3);
	ledger_free(&one);
	ledger_free(&two);
}

static void test_locked(void **state)
{
	struct office *office = *state;
	struct ledger *ledger = open_ledger(office);
	struct fault fault;
	struct batch a;
	sqlite3 *db;

	describe(&a, "one", 1);
	assert_int_equal(sqlite3_open_v2(office->file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(next(ledger, "eu"), 1); /* reading goes on */
	assert_int_equal(ledger_add_batch(ledger, &a.fields, a.hash, a.plan, first_imeis, standing(3), 3,
	    &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "ledger-busy");
	assert_int_equal(sqlite3_exec(db, "COMMIT; BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	check_open_fails(office, "ledger-busy",
	    "another program is changing the ledger; try again when it is done");
	assert_int_equal(ledger_free_id(ledger, "one", &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "ledger-busy");
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	check_add(ledger, &a, first_imeis, 3, "none");
	ledger_free(&ledger);
}

/* A change that fails in its middle leaves nothing of itself. */
static void test_undone(void **state)
{
	struct ledger *ledger = open_ledger(*state);
	struct fault fault;
	struct batch a, b;

	describe(&a, "one", 1);
	describe(&b, "two", 2);
	supersede(&b, &a, true);
	check_add(ledger, &a, first_imeis, 3, "none");
	change(*state, "CREATE TRIGGER no BEFORE INSERT ON supersedes BEGIN SELECT raise(ABORT, 'no'); END");
	assert_int_equal(ledger_add_batch(ledger, &b.fields, b.hash, b.plan, other_imeis, standing(3), 3,
	    &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "ledger-failed");
	assert_string_equal(fault.text, "the ledger fails: constraint failed");
	assert_int_equal(ledger_free_id(ledger, "two", &fault), ERR_OK);
	assert_int_equal(next(ledger, "eu"), 2);
	change(*state, "DROP TRIGGER no");
	check_add(ledger, &b, other_imeis, 3, "none");
	ledger_free(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_numbers),
		LEDGER_TEST(test_rehearsals_take_nothing),
		LEDGER_TEST(test_slots),
		LEDGER_TEST(test_supersedes),
		LEDGER_TEST(test_many),
		LEDGER_TEST(test_org),
		LEDGER_TEST(test_forms),
		LEDGER_TEST(test_two_at_a_time),
		LEDGER_TEST(test_locked),
		LEDGER_TEST(test_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
