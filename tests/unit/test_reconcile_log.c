/* SPDX-License-Identifier: ISC */
/* Logs as a whole: heads, forks, earlier exports, what a station says of itself and of its lots. */
#include "officers.h"

#include <sys/syscall.h>

#include "books.h"

/*
 * This pread stands in front of the C library's: once wanted, the first that is called (of entries.jsonl, as
 * the log is verified) exchanges the log for another, which whoever opens it next will find.
 */
static struct {
	const char *path, *by; /* folders; path NULL: not wanted */
} exchange;

static void exchange_file(const char *name)
{
	char from[600], to[600];

	snprintf(from, sizeof from, "%s/%s", exchange.by, name);
	snprintf(to, sizeof to, "%s/%s", exchange.path, name);
	assert_int_equal(rename(from, to), 0);
}

ssize_t pread(int file, void *data, size_t size, off_t offset)
{
	if (exchange.path != NULL) {
		exchange_file(LOG_ENTRIES);
		exchange_file(LOG_CHECKPOINT);
		exchange.path = NULL;
	}
	return syscall(SYS_pread64, file, data, size, offset);
}

static struct trust_station *line1_of(struct trust_fields *fields)
{
	return (struct trust_station *)fields->stations.items;
}

/* Replaces text (once) by text of the same length in a file of a folder. */
static void tamper(const char *path, const char *name, const char *text, const char *by)
{
	struct buffer content = BUFFER_EMPTY;
	int folder;
	char *at;

	assert_int_equal(folder_open(&folder, AT_FDCWD, path, &fault), ERR_OK);
	assert_int_equal(file_read(&content, folder, name, 1 << 24, &fault), ERR_OK);
	close(folder);
	buffer_byte(&content, '\0');
	at = strstr((char *)content.data, text);
	assert_non_null(at);
	memcpy(at, by, strlen(by));
	content.size--;
	put_file(path, name, buffer_bytes(&content));
	buffer_free(&content);
}

static const struct audit_item *log_item(size_t log)
{
	for (size_t i = 0; i < audit_items(audit); i++) {
		if (audit_item(audit, i)->kind == AUDIT_LOG && log-- == 0)
			return audit_item(audit, i);
	}
	fail_msg("no such log");
	return NULL;
}

/* The other station's log counts whatever is wrong with the one of line1. */
static void check_bad_log(const char *code)
{
	book_close(&other, "log-2");
	judge_given();
	run_free(&run);
	assert_string_equal(only_finding(code, AUDIT_ERROR)->station, strcmp(code,
	    "log-station") == 0 ? "" : "line1");
	assert_string_equal(log_item(0)->code, code);
	assert_string_equal(log_item(1)->code, "ok");
	check_class(1, CLASS_UNUSED);
	check_class(2, CLASS_DONE);
}

static void start_bad_log(void)
{
	start();
	start_other();
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&other, &run, 2, PERMIT);
}

static void test_root(void **state)
{
	(void)state;
	start_bad_log();
	book_close(&book, "log-1");
	tamper(given_logs[0], LOG_ENTRIES, "\"port\":\"left\"", "\"port\":\"lift\"");
	check_bad_log("log-root");
}

static void test_line(void **state)
{
	(void)state;
	start_bad_log();
	book_close(&book, "log-1");
	tamper(given_logs[0], LOG_ENTRIES, "\"type\":\"begin\"", "\"type\":\"begun\"");
	check_bad_log("entry-form");
	assert_non_null(strstr(log_item(0)->text, "entries.jsonl:5"));
}

static void test_number(void **state)
{
	(void)state;
	start_bad_log();
	book_close(&book, "log-1");
	tamper(given_logs[0], LOG_ENTRIES, "\"n\":5,", "\"n\":6,");
	check_bad_log("entry-number");
}

static void test_short(void **state)
{
	(void)state;
	start_bad_log();
	book.signed_size = book.tree.size + 1;
	book_close(&book, "log-1");
	check_bad_log("log-short");
}

static void test_checkpoint(void **state)
{
	(void)state;
	start_bad_log();
	book_close(&book, "log-1");
	tamper(given_logs[0], LOG_CHECKPOINT, "\n6\n", "\n5\n");
	check_bad_log("note-signature");
}

/* A station nobody knows, and a known name under another key. */
static void test_station(void **state)
{
	(void)state;
	start_bad_log();
	book.station = "line9";
	book_close(&book, "log-1");
	check_bad_log("log-station");
	audit_tear_down(state);
	audit_set_up(state);

	start_bad_log();
	book.number = 9;
	book_close(&book, "log-1");
	check_bad_log("note-unsigned");
}

/* An earlier export beside the later one, in both orders, and one export twice: nothing counts twice. */
static void test_prefix(void **state)
{
	static const size_t orders[][2] = {{0, 1}, {1, 0}, {1, 1}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *written[2];
		struct audit_counts counts;

		start();
		book_provision(&book, &run, 1, PERMIT);
		book_write(&book, "log-0");
		book_refuse(&book, NULL, 0, "not-in-batch");
		book_provision(&book, &run, 2, PERMIT);
		book_close(&book, "log-1");
		memcpy(written, given_logs, sizeof written);
		given_logs[0] = written[orders[i][0]];
		given_logs[1] = written[orders[i][1]];
		judge_given();
		run_free(&run);
		no_finding();
		check_class(1, CLASS_DONE);
		check_class(2, CLASS_DONE);
		assert_string_equal(log_item(1)->code, "ok");
		audit_counts(&counts, audit, AUDIT_ALL);
		assert_int_equal(counts.foreign, 1);
		audit_tear_down(state);
		audit_set_up(state);
	}
}

/* A station set back to an old disk did devices 2 and 3 again, in another order: both histories are read
 * from where they part, and the devices are named. */
static void test_fork(void **state)
{
	const struct audit_finding *finding;
	struct audit_counts counts;
	uint64_t parts;

	(void)state;
	start();
	book_provision(&book, &run, 1, PERMIT);
	book_refuse(&book, NULL, 0, "not-in-batch");
	parts = book.tree.size;
	other = book;
	other.text = BUFFER_EMPTY;
	buffer_put(&other.text, buffer_bytes(&book.text));
	book_provision(&book, &run, 2, PERMIT);
	book_provision(&book, &run, 3, PERMIT);
	book_provision(&book, &run, 4, PERMIT);
	book_provision(&other, &run, 3, PERMIT);
	book_provision(&other, &run, 2, PERMIT);
	book_mark(&other, ENTRY_VOID, &run, 5);
	judge();
	assert_int_equal(count_code("log-fork", AUDIT_ERROR), 1);
	assert_int_equal(count_code("duplicate", AUDIT_ERROR), 2);
	assert_int_equal(audit_findings(audit), 3);
	finding = audit_finding(audit, 0);
	assert_string_equal(finding->code, "log-fork");
	assert_string_equal(finding->station, "line1");
	assert_int_equal(finding->entry, parts);
	assert_string_equal(log_item(0)->code, "ok");
	assert_string_equal(log_item(1)->code, "log-fork");
	check_class(1, CLASS_DONE);
	check_class(2, CLASS_DUPLICATE);
	check_class(3, CLASS_DUPLICATE);
	check_class(4, CLASS_DONE);
	check_class(5, CLASS_VOID);
	audit_counts(&counts, audit, AUDIT_ALL);
	assert_int_equal(counts.foreign, 1);
}

/* A begin before the parting that only one history ended. */
static void test_fork_open(void **state)
{
	uint64_t begin;

	(void)state;
	start();
	book_device(&book, ENTRY_BEGIN, &run, 2, PERMIT); /* ended by neither */
	begin = book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT);
	other = book;
	other.text = BUFFER_EMPTY;
	buffer_put(&other.text, buffer_bytes(&book.text));
	book_end(&book, &run, 1, PERMIT, begin, "done");
	book_end(&other, &run, 1, PERMIT, begin, "failed");
	judge();
	assert_int_equal(count_code("log-fork", AUDIT_ERROR), 1);
	assert_int_equal(count_code("unresolved", AUDIT_WARNING), 1);
	assert_int_equal(audit_findings(audit), 2);
	check_class(1, CLASS_DONE);
	check_class(2, CLASS_UNRESOLVED);
}

/* What nobody signed is not counted, nor is a torn end. */
static void test_tail(void **state)
{
	(void)state;
	start();
	book_provision(&book, &run, 1, PERMIT);
	book_sign_here(&book);
	book_provision(&book, &run, 2, PERMIT);
	buffer_text(&book.text, "{\"att");
	judge();
	assert_non_null(strstr(only_finding("log-tail", AUDIT_WARNING)->text, "2 entries, 5 other bytes"));
	check_class(1, CLASS_DONE);
	check_class(2, CLASS_UNUSED);
}

/* A log that is another one when it is read again to be judged: longer, or none. */
static void test_changed(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		start();
		book_write(&book, "log-1");
		book_provision(&book, &run, 1, PERMIT);
		if (turn == 1)
			book.signed_size = 99;
		book_close(&book, "later");
		logs_given = 1;
		audit_given();
		exchange.by = given_logs[1];
		exchange.path = given_logs[0];
		assert_int_equal(audit_judge(audit, &fault), ERR_CANNOT);
		assert_string_equal(fault.code, "audit-changed");
		assert_null(exchange.path);
		run_free(&run);
		audit_tear_down(state);
		audit_set_up(state);
	}
}

static void test_enroll(void **state)
{
	struct entry stop = {.type = ENTRY_STOP, .reason = "stopped"};

	(void)state;
	start();
	book_enroll(&book);
	judge();
	assert_int_equal(only_finding("log-enroll", AUDIT_ERROR)->entry, 4);
	audit_tear_down(state);
	audit_set_up(state);

	start();
	buffer_free(&book.text);
	book.tree = (struct tree){0};
	book_put(&book, &stop);
	judge();
	assert_int_equal(only_finding("log-enroll", AUDIT_ERROR)->entry, 0);
	audit_tear_down(state);
	audit_set_up(state);

	for (unsigned turn = 0; turn < 4; turn++) {
		struct entry entry = {.type = ENTRY_ENROLL};

		start();
		buffer_free(&book.text);
		book.tree = (struct tree){0};
		snprintf(entry.org, sizeof entry.org, "%s", turn == 0 ? "acne" : "acme");
		snprintf(entry.station, sizeof entry.station, "%s", turn == 1 ? "line2" : "line1");
		specimen_recipient(entry.recipient, turn == 2 ? 2 : 1);
		specimen_log_key(entry.log_key, "acme/line1", turn == 3 ? 2 : 1);
		book_put(&book, &entry);
		judge();
		only_finding("log-enroll", AUDIT_ERROR);
		audit_tear_down(state);
		audit_set_up(state);
	}
}

static void test_export(void **state)
{
	struct entry entry = {.type = ENTRY_EXPORT};

	(void)state;
	start();
	entry.size = book.tree.size;
	book_put(&book, &entry);
	judge();
	no_finding();
	audit_tear_down(state);
	audit_set_up(state);

	start();
	entry.size = book.tree.size + 2;
	book_put(&book, &entry);
	judge();
	only_finding("log-export", AUDIT_ERROR);
}

static void test_recovered(void **state)
{
	struct entry entry = {.type = ENTRY_RECOVER, .bytes = 17, .sha256.present = true};

	(void)state;
	start();
	book_put(&book, &entry);
	judge();
	only_finding("log-recovered", AUDIT_WARNING);
}

/* By wall clock, by the monotonic one, by the station's own word; told once. */
static void test_clock(void **state)
{
	struct entry entry = {.type = ENTRY_CLOCK, .text = "the clock is earlier"};
	const struct audit_finding *finding;

	(void)state;
	start();
	book_put(&book, &entry);
	book.clock = -60;
	book_provision(&book, &run, 1, PERMIT);
	judge();
	finding = only_finding("clock", AUDIT_WARNING);
	assert_int_equal(finding->entry, 4);
	assert_non_null(strstr(finding->text, "3 entries"));
}

static void test_monotonic_clock(void **state)
{
	(void)state;
	start();
	book.steps_back = true;
	book_provision(&book, &run, 1, PERMIT);
	judge();
	assert_non_null(strstr(only_finding("clock", AUDIT_WARNING)->text, "1 entry"));
}

/* An audit of line1's log of five devices under a trust that says this of the station. */
static void judge_station(unsigned status, uint64_t last_size, bool witness)
{
	struct trust_fields fields;
	struct grant_fields grant;

	plain_trust(&fields);
	if (witness)
		fields.witnesses.count = 1;
	put_trust(&fields);
	plain_trust(&fields);
	if (witness)
		fields.witnesses.count = 1;
	line1_of(&fields)->status = status;
	line1_of(&fields)->last_size = last_size;
	put_trust(&fields);
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 5);
	run_put(&run);
	permit_begin(&grant, &run, PERMIT);
	permit_put(permit, &grant);
	book_begin(&book, "line1", 1, &run, PERMIT, permit);
	for (uint64_t i = 0; i < 5; i++)
		book_provision(&book, &run, i, PERMIT);
	judge();
}

static void test_last_size(void **state)
{
	(void)state;
	judge_station(STATION_STOLEN, 8, false);
	only_finding("last-size", AUDIT_WARNING);
	check_class(1, CLASS_DONE);
	check_class(2, CLASS_UNUSED);
	audit_tear_down(state);
	audit_set_up(state);

	judge_station(STATION_RETIRED, 14, false);
	no_finding();
	check_class(4, CLASS_DONE);
}

static void test_station_lost(void **state)
{
	(void)state;
	judge_station(STATION_LOST, 0, false);
	only_finding("station-lost", AUDIT_WARNING);
	check_class(4, CLASS_DONE);
	audit_tear_down(state);
	audit_set_up(state);

	judge_station(STATION_RETIRED, 0, false);
	no_finding();
}

static void test_unwitnessed(void **state)
{
	(void)state;
	judge_station(STATION_ACTIVE, 0, true);
	only_finding("log-unwitnessed", AUDIT_WARNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_root),
		AUDIT_TEST(test_line),
		AUDIT_TEST(test_number),
		AUDIT_TEST(test_short),
		AUDIT_TEST(test_checkpoint),
		AUDIT_TEST(test_station),
		AUDIT_TEST(test_prefix),
		AUDIT_TEST(test_fork),
		AUDIT_TEST(test_fork_open),
		AUDIT_TEST(test_tail),
		AUDIT_TEST(test_changed),
		AUDIT_TEST(test_enroll),
		AUDIT_TEST(test_export),
		AUDIT_TEST(test_recovered),
		AUDIT_TEST(test_clock),
		AUDIT_TEST(test_monotonic_clock),
		AUDIT_TEST(test_last_size),
		AUDIT_TEST(test_station_lost),
		AUDIT_TEST(test_unwitnessed),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
