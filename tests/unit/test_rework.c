/* SPDX-License-Identifier: ISC */
/* What a person decides: every answer against every state a device can be in, lists of devices, and the last
 * word on a lot. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "gapseal/closeout.h"
#include "gapseal/ingest.h"
#include "gapseal/lot_keys.h"
#include "gapseal/rework.h"

#define LOT 10 /* devices */
#define IMEI_A "352656100367872"
#define IMEI_B "490154203237518"

static uint8_t manifest[HASH_SIZE]; /* of the batch taken in */
static struct reader *reader;
static struct vault *vault;
static struct rework_list rework;

static void take(const char *name)
{
	const char *paths[] = {in_place(name)};
	struct ingest_report report = {0};

	if (ingest_paths(&home, paths, 1, &report, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
}

/* A station with a batch of three lots (0-9, 10-19, 20-24), of which it is granted the first two. */
static int make(void **state, enum rework policy)
{
	const struct media_batch batch = {
		.id = "b-1", .issued = "2026-07-01T09:00:00Z", .count = 2 * LOT + 5, .lot_size = LOT,
		.file_records = 100, .seq = 1, .rework = policy
	};
	const struct media_grant grant = {
		.serial = 1, .batch = &batch, .manifest = manifest, .lots = {0, 1}, .lot_count = 2
	};
	struct ingest_report report = {0};
	uint8_t hash[HASH_SIZE];
	char pin[2 * HASH_SIZE + 1];

	station_make(state);
	media_make_trust(hash, place_path, "t1.json", NULL);
	hex_encode(pin, bytes_from(hash, HASH_SIZE));
	assert_int_equal(ingest_trust(&home, in_place("t1.json"), pin, false, &report, &fault), ERR_OK);
	media_make_batch(manifest, in_place("b-1"), &batch);
	media_make_grant(in_place("g-1"), &grant);
	take("b-1");
	take("g-1");
	return 0;
}

static int make_local(void **state)
{
	return make(state, REWORK_LOCAL);
}

static int make_never(void **state)
{
	return make(state, REWORK_NEVER);
}

static int make_permit(void **state)
{
	return make(state, REWORK_PERMIT);
}

static void close_vault(void)
{
	assert_int_equal(vault_close(&vault, "", &fault), ERR_OK);
	reader_free(&reader);
}

static void open_vault(void)
{
	const struct vault_settings settings = {.operator_ = "", .tool = "test"};

	assert_int_equal(reader_open(&reader, &home, &fault), ERR_OK);
	if (vault_open(&vault, &home, reader, &settings, &fault) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
}

static int end(void **state)
{
	rework_free(&rework);
	close_vault();
	trust_free(&media_trust);
	return station_remove(state);
}

/* Appends as another process of the station would. */
static uint64_t log_entry(struct entry *entry)
{
	const struct log_position start = {0};
	struct logbook *logbook;

	memcpy(entry->manifest.hash, manifest, HASH_SIZE);
	entry->manifest.present = true;
	assert_int_equal(logbook_open(&logbook, home.folder, home.origin, signer, &start, NULL, NULL, &fault),
	    ERR_OK);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	if (logbook_append(logbook, entry, &fault) != ERR_OK)
		fail_msg("%s", fault.text);
	assert_int_equal(logbook_commit(logbook, &fault), ERR_OK);
	logbook_close(&logbook);
	return entry->n;
}

static struct entry device_entry(enum entry_type type, uint64_t index, const char *unit)
{
	struct entry entry = {.type = type, .index = index, .grant = 1, .attempt = 1, .leaf.present = true};

	snprintf(entry.port, sizeof entry.port, "p");
	snprintf(entry.unit, sizeof entry.unit, "%s", unit);
	return entry;
}

static uint64_t log_begin(uint64_t index, const char *unit)
{
	struct entry entry = device_entry(ENTRY_BEGIN, index, unit);

	return log_entry(&entry);
}

/* reason "": done. */
static void log_device(uint64_t index, const char *unit, const char *reason)
{
	struct entry entry = device_entry(ENTRY_END, index, unit);

	entry.begin = log_begin(index, unit);
	snprintf(entry.result, sizeof entry.result, "%s", reason[0] == '\0' ? "done" : "failed");
	snprintf(entry.reason, sizeof entry.reason, "%s", reason);
	entry.state.present = reason[0] == '\0';
	log_entry(&entry);
}

static void log_mark(enum entry_type type, uint64_t index)
{
	struct entry entry = {.type = type, .index = index};

	log_entry(&entry);
}

/* What a device can have behind it. */
enum past { NOTHING, DONE, RELEASED, FAILED_ONCE, USED_UP, DONE_USED_UP, BEGUN, VOID, UNVOID, PASTS };

static void live(enum past past, uint64_t index)
{
	if (past == DONE || past == RELEASED || past == DONE_USED_UP)
		log_device(index, "", "");
	if (past == RELEASED)
		log_mark(ENTRY_RELEASE, index);
	for (int i = past == FAILED_ONCE ? 2 : 0; i < 3; i++)
		if (past == FAILED_ONCE || past == USED_UP || past == DONE_USED_UP)
			log_device(index, "", "digest-differs");
	if (past == BEGUN)
		log_begin(index, "");
	if (past == VOID || past == UNVOID)
		log_mark(ENTRY_VOID, index);
	if (past == UNVOID)
		log_mark(ENTRY_UNVOID, index);
}

/* Decides about some devices of the first two lots. */
static enum err decide(enum entry_type type, const uint64_t *indices, size_t count)
{
	const struct rework_request request = {type, "olga", "why not"};

	rework_free(&rework);
	assert_int_equal(rework_add(&rework, IMEI_A, "B1", &fault), ERR_OK);
	rework.devices = calloc(count, sizeof *rework.devices);
	assert_non_null(rework.devices);
	rework.device_count = count;
	for (size_t i = 0; i < count; i++)
		rework.devices[i] = (struct rework_device){
			.index = indices[i], .lot_number = (uint32_t)(indices[i] / LOT)
		};
	return rework_decide(&rework, vault, &request, &fault);
}

/* One answer a device: the code, or that it was entered and nothing else was. */
static void check_answers(enum entry_type type, uint64_t first, const char *const answers[static PASTS])
{
	for (uint64_t past = 0; past < PASTS; past++) {
		const uint64_t index = first + past, before = log_audit(NULL, NULL);
		const bool enters = answers[past][0] == '\0';
		enum err err = decide(type, &index, 1);

		if (strcmp(rework.devices[0].code, answers[past]) != 0)
			fail_msg("past %d: %s, not %s", (int)past, rework.devices[0].code, answers[past]);
		assert_true(err == ERR_OK || strcmp(fault.code, "nothing-changed") == 0);
		assert_int_equal(log_audit(NULL, NULL), before + enters);
		if (enters)
			assert_int_equal(rework.devices[0].entry, before);
		else
			assert_true(rework.devices[0].text[0] != '\0');
	}
}

static void live_all(uint64_t first)
{
	for (uint64_t past = 0; past < PASTS; past++)
		live((enum past)past, first + past);
}

static void test_release_local(void **state)
{
	static const char *const answers[PASTS] = {
		[NOTHING] = "not-needed", [DONE] = "", [RELEASED] = "not-needed",
		    [FAILED_ONCE] = "not-needed",
		[USED_UP] = "", [DONE_USED_UP] = "", [BEGUN] = "device-open", [VOID] = "void",
		[UNVOID] = "not-needed"
	};

	(void)state;
	live_all(0);
	open_vault();
	check_answers(ENTRY_RELEASE, 0, answers);
}

static void test_release_never(void **state)
{
	static const char *const answers[PASTS] = {
		[NOTHING] = "not-needed", [DONE] = "rework-policy", [RELEASED] = "rework-policy",
		[FAILED_ONCE] = "not-needed", [USED_UP] = "", [DONE_USED_UP] = "rework-policy",
		[BEGUN] = "device-open", [VOID] = "void", [UNVOID] = "not-needed"
	};

	(void)state;
	live_all(0);
	open_vault();
	check_answers(ENTRY_RELEASE, 0, answers);
}

/* What was done is the grant's to permit, but its attempts are given back. */
static void test_release_permit(void **state)
{
	static const char *const answers[PASTS] = {
		[NOTHING] = "not-needed", [DONE] = "rework-policy", [RELEASED] = "rework-policy",
		[FAILED_ONCE] = "not-needed", [USED_UP] = "", [DONE_USED_UP] = "", [BEGUN] = "device-open",
		[VOID] = "void", [UNVOID] = "not-needed"
	};

	(void)state;
	live_all(0);
	open_vault();
	check_answers(ENTRY_RELEASE, 0, answers);
}

static void test_void(void **state)
{
	static const char *const voids[PASTS] = {
		"", "", "", "", "", "", "", [VOID] = "already-void", [UNVOID] = ""
	};
	static const char *const unvoids[PASTS] = {
		"not-void", "not-void", "not-void", "not-void", "not-void", "not-void", "not-void",
		    [VOID] = "",
		[UNVOID] = "not-void"
	};

	(void)state;
	live_all(0);
	live_all(LOT);
	open_vault();
	check_answers(ENTRY_VOID, 0, voids);
	check_answers(ENTRY_UNVOID, LOT, unvoids);
}

static enum err keep_marks(void *context, const struct entry *entry, struct fault *unused)
{
	struct entry *kept = context;

	(void)unused;
	if (entry->type == ENTRY_VOID || entry->type == ENTRY_RELEASE)
		*kept = *entry;
	return ERR_OK;
}

static void test_the_entry_says_who_and_why(void **state)
{
	const uint64_t index = 4;
	struct entry kept = {.n = 0};

	(void)state;
	open_vault();
	assert_int_equal(decide(ENTRY_VOID, &index, 1), ERR_OK);
	log_audit(keep_marks, &kept);
	assert_int_equal(kept.index, 4);
	assert_memory_equal(kept.manifest.hash, manifest, HASH_SIZE);
	assert_string_equal(kept.operator_, "olga");
	assert_string_equal(kept.text, "why not");
	assert_string_equal(kept.unit, "B1");
}

/* One refused, or one that leads nowhere, and none is entered; one that needs nothing stops nobody. */
static void test_all_or_none(void **state)
{
	static const uint64_t indices[] = {0, 1, 2};
	uint64_t before;

	(void)state;
	log_device(0, "", "");
	log_mark(ENTRY_VOID, 1);
	log_device(2, "", "");
	open_vault();
	before = log_audit(NULL, NULL);
	assert_fault(decide(ENTRY_RELEASE, indices, 3), ERR_NO, "nothing-changed");
	assert_int_equal(log_audit(NULL, NULL), before);
	assert_string_equal(rework.devices[0].code, "");
	assert_string_equal(rework.devices[1].code, "void");
	assert_int_equal(decide(ENTRY_VOID, indices, 3), ERR_OK);
	assert_string_equal(rework.devices[1].code, "already-void");
	assert_int_equal(log_audit(NULL, NULL), before + 2);
	rework.wishes[0].code = "not-in-batch";
	assert_fault(rework_decide(&rework, vault, &(struct rework_request){ENTRY_UNVOID, "olga", "x"},
	    &fault), ERR_NO, "nothing-changed");
	assert_int_equal(log_audit(NULL, NULL), before + 2);
}

/* What another process entered since this one opened counts. */
static void test_others_decide_too(void **state)
{
	static const uint64_t indices[] = {0, 12};
	struct entry entry = {.type = ENTRY_CLOSEOUT, .grant = 1, .lot = "wo-2", .unused = LOT};

	(void)state;
	open_vault();
	log_mark(ENTRY_VOID, 0);
	log_entry(&entry);
	assert_fault(decide(ENTRY_VOID, indices, 2), ERR_NO, "nothing-changed");
	assert_string_equal(rework.devices[0].code, "already-void");
	assert_string_equal(rework.devices[1].code, "lot-closed");
	assert_fault(decide(ENTRY_UNVOID, indices + 1, 1), ERR_NO, "nothing-changed");
	assert_fault(decide(ENTRY_RELEASE, indices + 1, 1), ERR_NO, "nothing-changed");
}

static enum err read_list(const char *text)
{
	place_put("list", text, strlen(text));
	rework_free(&rework);
	return rework_read(&rework, place, "list", &fault);
}

static void check_wish(size_t i, unsigned line, const char *imei, const char *unit, const char *code)
{
	assert_true(i < rework.wish_count);
	assert_int_equal(rework.wishes[i].line, line);
	assert_string_equal(rework.wishes[i].imei, imei);
	assert_string_equal(rework.wishes[i].unit, unit);
	assert_string_equal(rework.wishes[i].code, code);
	assert_int_equal(rework.wishes[i].text[0] != '\0', code[0] != '\0');
}

static void test_lists(void **state)
{
	(void)state;
	open_vault();
	assert_int_equal(read_list(IMEI_A "\r\n\nB 7\n35265610036787\n" IMEI_B), ERR_OK);
	assert_int_equal(rework.wish_count, 4);
	check_wish(0, 1, IMEI_A, "", "");
	check_wish(1, 3, "", "B 7", "");
	check_wish(2, 4, "", "35265610036787", "");
	check_wish(3, 5, IMEI_B, "", "");
	assert_int_equal(read_list("352656100367873\n B\nB \n\x01\n000000000000000\n"), ERR_OK);
	assert_int_equal(rework.wish_count, 5);
	check_wish(0, 1, "", "", "imei-check-digit");
	check_wish(1, 2, "", "", "rework-form");
	check_wish(2, 3, "", "", "rework-form");
	check_wish(3, 4, "", "", "unit-form");
	check_wish(4, 5, "", "", "imei-zero");
	assert_int_equal(read_list("a,unit,imei\nx,B1," IMEI_A "\n,B2,\nx,," IMEI_B "\n,,\nx\nx,B3,12\n"),
	    ERR_OK);
	assert_int_equal(rework.wish_count, 6);
	check_wish(0, 2, IMEI_A, "B1", "");
	check_wish(1, 3, "", "B2", "");
	check_wish(2, 4, IMEI_B, "", "");
	check_wish(3, 5, "", "", "unit-form");
	check_wish(4, 6, "", "", "unit-form");
	check_wish(5, 7, "", "", "imei-length");
	assert_int_equal(read_list("imei\n" IMEI_A "\n"), ERR_OK);
	check_wish(0, 2, IMEI_A, "", "");
}

static void test_no_lists(void **state)
{
	static const char *const bad[] = {"", "\n\n", "imei\n", "\"B1\"\n", "a,b\nB1,B2\n", "B1\nB2,B3\n"};
	char text[UNIT_SIZE + 2];

	(void)state;
	open_vault();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_fault(read_list(bad[i]), ERR_NO, "rework-form");
	memset(text, 'B', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	rework_free(&rework);
	assert_fault(rework_add(&rework, "", text, &fault), ERR_NO, "unit-form");
	assert_fault(rework_add(&rework, "", "", &fault), ERR_NO, "unit-form");
	assert_fault(rework_add(&rework, "12", "", &fault), ERR_NO, "imei-length");
}

static void test_too_long_a_list(void **state)
{
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	open_vault();
	for (unsigned i = 0; i <= REWORK_MAX; i++)
		buffer_format(&text, "B%u\n", i);
	buffer_byte(&text, '\0');
	assert_fault(read_list((const char *)text.data), ERR_CANNOT, "rework-many");
	buffer_free(&text);
}

static void find(const char *list, const char *batch)
{
	assert_int_equal(read_list(list), ERR_OK);
	if (rework_find(&rework, vault, reader, batch, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
}

/* By what was opened or proven with that unit; a refusal may name the label of another board. */
static void test_units(void **state)
{
	struct entry refusal = device_entry(ENTRY_REFUSE, 3, "B1");

	(void)state;
	log_device(2, "B1", "no-answer");
	snprintf(refusal.reason, sizeof refusal.reason, "unit-differs");
	log_entry(&refusal);
	log_device(2, "B1", "");
	log_device(14, "B2", "");
	log_device(5, "B3", "");
	log_device(6, "B3", "");
	open_vault();
	find("B2\nB1\nB3\nB4\nB2\n" IMEI_A "\n", "");
	check_wish(0, 1, "", "B2", "");
	check_wish(1, 2, "", "B1", "");
	check_wish(2, 3, "", "B3", "unit-ambiguous");
	check_wish(3, 4, "", "B4", "not-in-log");
	check_wish(4, 5, "", "B2", "asked-twice");
	check_wish(5, 6, IMEI_A, "", "not-in-batch");
	assert_true(rework.device_count >= 2);
	assert_int_equal(rework.devices[0].wish, 0);
	assert_int_equal(rework.devices[0].index, 14);
	assert_string_equal(rework.devices[0].lot, "wo-2");
	assert_string_equal(rework.devices[0].batch, "b-1");
	assert_int_equal(rework.devices[1].wish, 1);
	assert_int_equal(rework.devices[1].index, 2);
	assert_int_equal(rework.devices[1].lot_number, 0);
	find("B1\n", "b-2");
	check_wish(0, 1, "", "B1", "not-in-log");
	assert_int_equal(rework.device_count, 0);
}

static void make_table(struct closeout **table, size_t *count, const char *lot)
{
	assert_int_equal(closeout_table(table, count, vault, "b-1", lot != NULL ? &lot : NULL, lot != NULL,
	    &fault), ERR_OK);
}

static void check_lot(const struct closeout *lot, const char *name, uint64_t done, uint64_t failed,
    uint64_t void_, uint64_t unused, uint64_t open)
{
	assert_string_equal(lot->lot, name);
	assert_int_equal(lot->done, done);
	assert_int_equal(lot->failed, failed);
	assert_int_equal(lot->void_, void_);
	assert_int_equal(lot->unused, unused);
	assert_int_equal(lot->open, open);
	assert_int_equal(lot->count, done + failed + void_ + unused);
}

static void test_the_table(void **state)
{
	static const char *const unknown = "wo-9", *const ungranted = "wo-3";
	struct closeout *table;
	size_t count;

	(void)state;
	live_all(0);
	log_mark(ENTRY_VOID, LOT);
	log_begin(LOT, "");
	open_vault();
	make_table(&table, &count, NULL);
	assert_int_equal(count, 2);
	check_lot(&table[0], "wo-1", 3, 3, 1, 3, 1);
	check_lot(&table[1], "wo-2", 0, 0, 1, 9, 0); /* begun, but void */
	assert_true(table[0].granted && !table[0].closed);
	assert_fault(closeout_check(table, count, &fault), ERR_NO, "lot-open");
	assert_string_equal(fault.where, "wo-1");
	assert_int_equal(closeout_check(table + 1, 1, &fault), ERR_OK);
	free(table);
	make_table(&table, &count, ungranted);
	assert_int_equal(count, 1);
	assert_fault(closeout_check(table, count, &fault), ERR_NO, "lot-grant");
	free(table);
	assert_fault(closeout_table(&table, &count, vault, "b-1", &unknown, 1, &fault), ERR_NO,
	    "lot-unknown");
	free(table);
	assert_fault(closeout_table(&table, &count, vault, "b-2", NULL, 0, &fault), ERR_NO, "batch-unknown");
}

static struct entry closed;

static enum err keep_closeout(void *context, const struct entry *entry, struct fault *unused)
{
	(void)context;
	(void)unused;
	if (entry->type == ENTRY_CLOSEOUT)
		closed = *entry;
	return ERR_OK;
}

static void check_list(const uint8_t hash[static HASH_SIZE], const char *list)
{
	uint8_t expected[HASH_SIZE];

	hash_bytes(expected, bytes_of(list));
	assert_memory_equal(hash, expected, HASH_SIZE);
}

static void test_close(void **state)
{
	struct closeout *table;
	uint64_t before;
	size_t count;

	(void)state;
	live(DONE, 11);
	live(USED_UP, 12);
	live(VOID, 13);
	live(DONE, 19);
	log_mark(ENTRY_VOID, 19);
	open_vault();
	before = log_audit(NULL, NULL);
	make_table(&table, &count, "wo-2");
	assert_int_equal(closeout_lots(table, count, vault, &fault), ERR_OK);
	assert_int_equal(table[0].entry, before);
	free(table);
	assert_int_equal(log_audit(keep_closeout, NULL), before + 1);
	assert_string_equal(closed.lot, "wo-2");
	assert_int_equal(closed.grant, 1);
	assert_int_equal(closed.done, 1);
	check_list(closed.done_sha256, "11\n");
	check_list(closed.failed_sha256, "12\n");
	check_list(closed.void_sha256, "13\n19\n");
	check_list(closed.unused_sha256, "10\n14\n15\n16\n17\n18\n");
	assert_true(file_exists(home.folder, "grants/1/keys.left"));
	assert_false(file_exists(home.folder, "grants/1/keys.age"));
	make_table(&table, &count, NULL);
	assert_true(table[1].closed && !table[1].granted);
	assert_int_equal(closeout_check(table, count, &fault), ERR_OK);
	assert_int_equal(closeout_lots(table, count, vault, &fault), ERR_OK);
	assert_int_equal(table[1].entry, 0); /* closed once */
	free(table);
	assert_int_equal(log_audit(NULL, NULL), before + 2);
	assert_false(file_exists(home.folder, "grants/1/keys.left"));
}

/* Nothing is closed if another process began a device since the table was shown. */
static void test_close_counts_again(void **state)
{
	struct closeout *table;
	uint64_t before;
	size_t count;

	(void)state;
	open_vault();
	make_table(&table, &count, NULL);
	assert_int_equal(closeout_check(table, count, &fault), ERR_OK);
	log_begin(LOT + 3, "");
	before = log_audit(NULL, NULL);
	assert_fault(closeout_lots(table, count, vault, &fault), ERR_NO, "lot-open");
	assert_int_equal(log_audit(NULL, NULL), before);
	assert_true(file_exists(home.folder, "grants/1/keys.age"));
	free(table);
}

/* A key that cannot be destroyed is said, and goes once it can be. */
static void test_keys_that_stay(void **state)
{
	struct closeout *table;
	uint64_t before;
	size_t count;

	(void)state;
	open_vault();
	before = log_audit(NULL, NULL);
	make_table(&table, &count, "wo-1");
	assert_int_equal(mkdirat(home.folder, "grants/1/keys.next", 0700), 0);
	assert_fault(closeout_lots(table, count, vault, &fault), ERR_CANNOT, "closeout-keys");
	free(table);
	assert_int_equal(log_audit(NULL, NULL), before + 1);
	assert_true(file_exists(home.folder, "grants/1/keys.age"));
	close_vault();
	assert_int_equal(unlinkat(home.folder, "grants/1/keys.next", AT_REMOVEDIR), 0);
	open_vault();
	assert_false(file_exists(home.folder, "grants/1/keys.age"));
	assert_true(file_exists(home.folder, "grants/1/keys.left"));
}

#define LOCAL_TEST(function) cmocka_unit_test_setup_teardown(function, make_local, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOCAL_TEST(test_release_local),
		cmocka_unit_test_setup_teardown(test_release_never, make_never, end),
		cmocka_unit_test_setup_teardown(test_release_permit, make_permit, end),
		LOCAL_TEST(test_void),
		LOCAL_TEST(test_the_entry_says_who_and_why),
		LOCAL_TEST(test_all_or_none),
		LOCAL_TEST(test_others_decide_too),
		LOCAL_TEST(test_lists),
		LOCAL_TEST(test_no_lists),
		LOCAL_TEST(test_too_long_a_list),
		LOCAL_TEST(test_units),
		LOCAL_TEST(test_the_table),
		LOCAL_TEST(test_close),
		LOCAL_TEST(test_close_counts_again),
		LOCAL_TEST(test_keys_that_stay),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
