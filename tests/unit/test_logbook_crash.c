/* SPDX-License-Identifier: ISC */
/* A station's own log after crashes at every byte, on disks that fail, and in recoveries that are
 * themselves interrupted. */
#include "officers.h"

#include "stations.h"

#include "logbooks.h"

#include <signal.h>
#include <sys/resource.h>

static void check_recovered(uint64_t n, struct bytes rejected)
{
	uint8_t hash[HASH_SIZE];
	char name[64];
	struct buffer side;
	struct seen seen = {0};

	log_audit(see, &seen);
	assert_int_equal(seen.last.n, n);
	assert_int_equal(seen.last.type, ENTRY_RECOVER);
	assert_int_equal(seen.last.bytes, rejected.size);
	hash_bytes(hash, rejected);
	assert_memory_equal(seen.last.sha256.hash, hash, HASH_SIZE);
	snprintf(name, sizeof name, "log/rejected-%d", (int)n);
	side = home_file(name);
	assert_bytes(buffer_bytes(&side), rejected);
	buffer_free(&side);
}

/* A writer killed at every byte of its line, before the checkpoint. */
static void test_torn_line(void **state)
{
	struct buffer entries, checkpoint;
	struct logbook *logbook;
	struct seen seen;
	size_t at;

	(void)state;
	at = unsigned_last(4, &entries);
	checkpoint = home_file("log/" LOG_CHECKPOINT);
	for (size_t size = at; size <= entries.size; size++) {
		bool torn = size > at && size < entries.size;

		home_put("log/" LOG_ENTRIES, bytes_from(entries.data, size));
		home_put("log/" LOG_CHECKPOINT, buffer_bytes(&checkpoint));
		unlinkat(home.folder, "log/rejected-3", 0);
		logbook = open_whole(&seen);
		assert_int_equal(seen.count, size == at ? 3 : 4);
		assert_int_equal(log_audit(NULL, NULL), seen.count);
		if (torn)
			check_recovered(3, bytes_from(entries.data + at, size - at));
		else
			assert_false(file_exists(home.folder, "log/rejected-3"));
		commit_one(logbook, "on");
		assert_int_equal(log_audit(NULL, NULL), seen.count);
		logbook_close(&logbook);
	}
	buffer_free(&entries);
	buffer_free(&checkpoint);
}

/* The same met by a process that has the log open. */
static void test_torn_line_met_at_lock(void **state)
{
	struct logbook *logbook;
	struct seen seen;
	FILE *file;

	(void)state;
	logbook = open_whole(&seen);
	file = fopen(in_place("home/log/" LOG_ENTRIES), "a");
	assert_non_null(file);
	fputs("{\"boot\":\"", file);
	fclose(file);
	commit_one(logbook, "on");
	assert_int_equal(seen.count, 3);
	assert_int_equal(log_audit(NULL, NULL), 3);
	logbook_close(&logbook);
}

/* Whole lines behind a bad one go to the side with it. */
static void test_garbage_and_good(void **state)
{
	struct buffer entries, tail = BUFFER_EMPTY;
	struct logbook *logbook;
	struct seen seen;
	size_t at;

	(void)state;
	at = unsigned_last(3, &entries);
	buffer_text(&tail, "garbage\n");
	buffer_put(&tail, bytes_from(entries.data + at, entries.size - at));
	entries.size = at;
	buffer_put(&entries, buffer_bytes(&tail));
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	logbook = open_whole(&seen);
	assert_int_equal(seen.count, 3);
	check_recovered(2, buffer_bytes(&tail));
	logbook_close(&logbook);
	buffer_free(&entries);
	buffer_free(&tail);
}

/* A good line that is not the next one. */
static void test_repeated_line(void **state)
{
	struct buffer entries;
	struct logbook *logbook;
	struct seen seen;
	size_t size;

	(void)state;
	entries = home_file("log/" LOG_ENTRIES);
	size = entries.size;
	buffer_put(&entries, bytes_from(entries.data, size));
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	logbook = open_whole(&seen);
	logbook_close(&logbook);
	check_recovered(1, bytes_from(entries.data, size));
	buffer_free(&entries);
}

/* A recovery that was itself interrupted: before the cut, before its entry, and in its entry. */
static void test_recovery_interrupted(void **state)
{
	const struct bytes torn = bytes_of("{\"boot\":\"torn");
	struct buffer entries, all = BUFFER_EMPTY;
	struct logbook *logbook;
	struct seen seen;

	(void)state;
	grow_to(2);
	entries = home_file("log/" LOG_ENTRIES);
	buffer_put(&entries, torn);
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	home_put("log/rejected-2", torn);
	logbook = open_whole(&seen);
	logbook_close(&logbook);
	check_recovered(2, torn);

	grow_to(3);
	home_put("log/rejected-3", torn);
	logbook = open_whole(&seen);
	logbook_close(&logbook);
	check_recovered(3, torn);

	buffer_free(&entries);
	entries = home_file("log/" LOG_ENTRIES);
	buffer_text(&entries, "{\"boo");
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	home_put("log/rejected-4", torn);
	buffer_put(&all, torn);
	buffer_text(&all, "{\"boo");
	logbook = open_whole(&seen);
	logbook_close(&logbook);
	check_recovered(4, buffer_bytes(&all));
	buffer_free(&entries);
	buffer_free(&all);
}

static void test_long_tail(void **state)
{
	struct buffer entries;

	(void)state;
	entries = home_file("log/" LOG_ENTRIES);
	for (size_t i = 0; i < (1 << 20) + 1; i++)
		buffer_byte(&entries, 'x');
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	refuse_open("log-tail");
	entries.size--;
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	grow_to(2);
	assert_int_equal(log_audit(NULL, NULL), 2);
	buffer_free(&entries);
}

/* Each call of a commit fails once: nothing counts, and the next commit takes the same number. */
static void test_failing_calls(void **state)
{
	struct logbook *logbook;
	struct buffer before, after;
	struct seen seen;

	(void)state;
	logbook = open_whole(&seen);
	before = home_file("log/" LOG_ENTRIES);
	for (int failing = 1; failing <= 4; failing++) {
		assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
		append(logbook, "lost");
		forget_calls();
		calls.countdown = failing;
		assert_fault(logbook_commit(logbook, &fault), ERR_CANNOT, "log-write");
		assert_int_equal(seen.count, 1);
		assert_int_equal(logbook_position(logbook)->tree.size, 1);
		after = home_file("log/" LOG_ENTRIES);
		assert_bytes(buffer_bytes(&after), buffer_bytes(&before));
		buffer_free(&after);
		assert_int_equal(log_audit(NULL, NULL), 1);
	}
	forget_calls();
	commit_one(logbook, "kept");
	assert_int_equal(seen.last.n, 1);
	assert_string_equal(seen.last.operator_, "kept");
	assert_int_equal(log_audit(NULL, NULL), 2);
	logbook_close(&logbook);
	buffer_free(&before);
}

static void test_uncut(void **state)
{
	struct logbook *logbook;
	struct seen seen;

	(void)state;
	logbook = open_whole(&seen);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, "perhaps");
	forget_calls();
	calls.countdown = 2;
	calls.no_truncate = true;
	assert_fault(logbook_commit(logbook, &fault), ERR_UNKNOWN, "log-unknown");
	forget_calls();
	assert_int_equal(seen.count, 1);
	logbook_close(&logbook);
	logbook = open_whole(&seen); /* it was whole: it is an entry */
	assert_int_equal(seen.count, 2);
	logbook_close(&logbook);
}

/* A disk that takes the first bytes of an entry only. */
static void test_disk_full(void **state)
{
	struct rlimit limit, small;
	struct logbook *logbook;
	struct buffer before, after;
	struct seen seen;

	(void)state;
	logbook = open_whole(&seen);
	before = home_file("log/" LOG_ENTRIES);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, "does not fit");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = before.size + 30;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_fault(logbook_commit(logbook, &fault), ERR_CANNOT, "log-write");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	after = home_file("log/" LOG_ENTRIES);
	assert_bytes(buffer_bytes(&after), buffer_bytes(&before));
	commit_one(logbook, "fits");
	assert_int_equal(log_audit(NULL, NULL), 2);
	logbook_close(&logbook);
	buffer_free(&before);
	buffer_free(&after);
}

/* Each call of a recovery fails once; the next one finishes it, whatever it finds, and loses nothing. */
static void test_failing_recovery(void **state)
{
	struct buffer entries, checkpoint;
	struct logbook *logbook;
	struct seen seen;
	int failing = 0;
	enum err err;

	(void)state;
	grow_to(2);
	entries = home_file("log/" LOG_ENTRIES);
	checkpoint = home_file("log/" LOG_CHECKPOINT);
	buffer_text(&entries, "torn");
	do {
		forget_calls();
		home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
		home_put("log/" LOG_CHECKPOINT, buffer_bytes(&checkpoint));
		unlinkat(home.folder, "log/rejected-2", 0);
		forget_calls();
		calls.countdown = ++failing;
		err = open_from(&logbook, &start, &seen);
		forget_calls();
		if (err == ERR_OK)
			logbook_close(&logbook);
		logbook = open_whole(&seen);
		assert_int_equal(seen.count, 3);
		logbook_close(&logbook);
		check_recovered(2, bytes_of("torn"));
	} while (err != ERR_OK);
	assert_true(failing > 8); /* side file, cut, entry, checkpoint */
	buffer_free(&entries);
	buffer_free(&checkpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_torn_line),
		STATION_TEST(test_torn_line_met_at_lock),
		STATION_TEST(test_garbage_and_good),
		STATION_TEST(test_repeated_line),
		STATION_TEST(test_recovery_interrupted),
		STATION_TEST(test_long_tail),
		STATION_TEST(test_failing_calls),
		STATION_TEST(test_uncut),
		STATION_TEST(test_disk_full),
		STATION_TEST(test_failing_recovery),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
