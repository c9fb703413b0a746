/* SPDX-License-Identifier: ISC */
/* A station's own log: commits, several writers, and going on from where a look ended. */
#include "officers.h"

#include "stations.h"

#include "logbooks.h"

#include <sys/file.h>
#include <sys/wait.h>

static void test_commit(void **state)
{
	struct logbook *logbook;
	struct entry entry = {.type = ENTRY_STOP};
	struct buffer boot = BUFFER_EMPTY;
	struct seen seen;

	(void)state;
	logbook = open_whole(&seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.type, ENTRY_ENROLL);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, "first");
	snprintf(entry.reason, sizeof entry.reason, "stopped");
	assert_int_equal(logbook_append(logbook, &entry, &fault), ERR_OK);
	assert_int_equal(entry.n, 2);
	assert_int_equal(seen.count, 1); /* not before it is durable */
	forget_calls();
	assert_int_equal(logbook_commit(logbook, &fault), ERR_OK);
	assert_string_equal(calls.done, "wdwr"); /* entries, sync, checkpoint, into place */
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.last.type, ENTRY_STOP);
	assert_int_equal(file_read(&boot, AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &fault), ERR_OK);
	assert_memory_equal(seen.last.boot, boot.data, 36);
	assert_true(seen.last.mono > 0);
	assert_true(logbook_latest(logbook) > INT64_C(1700000000));
	assert_int_equal(logbook_position(logbook)->tree.size, 3);
	logbook_close(&logbook);
	logbook_close(&logbook);
	assert_int_equal(log_audit(NULL, NULL), 3);
	buffer_free(&boot);
}

static void test_nothing_appended(void **state)
{
	struct logbook *logbook;
	struct seen seen;

	(void)state;
	logbook = open_whole(&seen);
	forget_calls();
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	assert_int_equal(logbook_commit(logbook, &fault), ERR_OK);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, "forgotten");
	logbook_unlock(logbook);
	assert_string_equal(calls.done, "");
	assert_int_equal(seen.count, 1);
	commit_one(logbook, "kept");
	assert_string_equal(seen.last.operator_, "kept");
	assert_int_equal(log_audit(NULL, NULL), 2);
	logbook_close(&logbook);
}

static void test_sync(void **state)
{
	struct logbook *logbook;
	struct seen seen;
	int file;

	(void)state;
	logbook = open_whole(&seen);
	forget_calls();
	assert_int_equal(logbook_sync(logbook, &fault), ERR_OK);
	assert_string_equal(calls.done, "fF");
	for (int failing = 1; failing <= 2; failing++) {
		forget_calls();
		calls.countdown = failing;
		assert_fault(logbook_sync(logbook, &fault), ERR_CANNOT, "file-write");
	}
	forget_calls();
	file = open(in_place("home/log/" LOG_ENTRIES), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0); /* the lock was given back */
	close(file);
	logbook_close(&logbook);
}

/* What entry_read refuses is never written. */
static void test_bad_entry(void **state)
{
	struct entry entry = {.type = ENTRY_END};
	struct logbook *logbook;
	struct seen seen;

	(void)state;
	logbook = open_whole(&seen);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, "good");
	assert_fault(logbook_append(logbook, &entry, &fault), ERR_CANNOT, "log-form");
	append(logbook, "also good");
	assert_int_equal(logbook_commit(logbook, &fault), ERR_OK);
	assert_int_equal(seen.count, 3);
	assert_int_equal(log_audit(NULL, NULL), 3);
	logbook_close(&logbook);
}

static void test_two_writers(void **state)
{
	struct logbook *logbooks[2];
	struct seen seen[2];
	uint32_t chance = 1;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		logbooks[i] = open_whole(&seen[i]);
	for (size_t round = 0; round < 300; round++) {
		size_t i = (chance = chance * 1664525 + 1013904223) >> 31;

		assert_int_equal(logbook_lock(logbooks[i], &fault), ERR_OK);
		for (unsigned more = chance >> 20 & 3; more > 0; more--)
			append(logbooks[i], i == 0 ? "left" : "right");
		if ((chance >> 16 & 7) == 0)
			logbook_unlock(logbooks[i]);
		else
			assert_int_equal(logbook_commit(logbooks[i], &fault), ERR_OK);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(logbook_lock(logbooks[i], &fault), ERR_OK);
		logbook_unlock(logbooks[i]);
	}
	assert_int_equal(seen[0].count, seen[1].count);
	assert_memory_equal(&logbook_position(logbooks[0])->tree, &logbook_position(logbooks[1])->tree,
	    sizeof(struct tree));
	assert_true(seen[0].count > 200);
	assert_int_equal(log_audit(NULL, NULL), seen[0].count);
	logbook_close(&logbooks[0]);
	logbook_close(&logbooks[1]);
}

#define PROCESSES 4
#define EACH 40

static void test_processes(void **state)
{
	pid_t children[PROCESSES];

	(void)state;
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			struct seen seen;
			struct logbook *logbook = open_whole(&seen);

			for (int j = 0; j < EACH; j++)
				commit_one(logbook, "child");
			logbook_close(&logbook);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(log_audit(NULL, NULL), 1 + PROCESSES * EACH);
}

/* A start from a kept position reads nothing before it, and ends where reading everything ends. */
static void test_position(void **state)
{
	struct log_position kept, whole;
	struct logbook *logbook;
	struct buffer entries;
	struct seen seen;

	(void)state;
	for (uint64_t size = 0; size <= 9; size++) {
		logbook = open_whole(&seen);
		kept = *logbook_position(logbook);
		logbook_close(&logbook);
		grow_to(size);
		logbook = open_whole(&seen);
		whole = *logbook_position(logbook);
		logbook_close(&logbook);
		assert_int_equal(open_from(&logbook, &kept, &seen), ERR_OK);
		assert_int_equal(seen.count, whole.tree.size - kept.tree.size);
		assert_memory_equal(logbook_position(logbook), &whole, sizeof whole);
		commit_one(logbook, "on");
		logbook_close(&logbook);
	}
	logbook = open_whole(&seen);
	kept = *logbook_position(logbook);
	logbook_close(&logbook);
	entries = home_file("log/" LOG_ENTRIES);
	entries.data[entries.size / 2] ^= 1;
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	assert_int_equal(open_from(&logbook, &kept, &seen), ERR_OK);
	assert_int_equal(seen.count, 0);
	logbook_close(&logbook);
	buffer_free(&entries);
}

static void refuse_position(const struct log_position *position)
{
	struct logbook *logbook;
	struct seen seen = {.next = position->tree.size};

	assert_fault(logbook_open(&logbook, home.folder, home.origin, signer, position, NULL, &seen, &fault),
	    ERR_UNKNOWN, "log-position");
	assert_null(logbook);
}

static void test_wrong_positions(void **state)
{
	struct log_position right, wrong;
	struct logbook *logbook;
	struct seen seen;

	(void)state;
	grow_to(6);
	logbook = open_whole(&seen);
	right = *logbook_position(logbook);
	for (int behind = 0; behind < 2; behind++) { /* at the checkpoint, then behind it */
		wrong = right;
		wrong.tree.edge[0][5] ^= 1;
		refuse_position(&wrong);
		wrong = right;
		wrong.tree.size--;
		refuse_position(&wrong);
		wrong = right;
		wrong.bytes += 1000000;
		refuse_position(&wrong);
		commit_one(logbook, "on");
	}
	wrong = right;
	wrong.bytes--;
	refuse_position(&wrong);
	wrong = *logbook_position(logbook);
	wrong.tree.size += 8;
	refuse_position(&wrong);
	logbook_close(&logbook);
}

static void test_visitor_fails(void **state)
{
	struct logbook *logbook;
	struct seen seen = {.answer = ERR_CANNOT};

	(void)state;
	assert_fault(logbook_open(&logbook, home.folder, home.origin, signer, &start, see, &seen, &fault),
	    ERR_CANNOT, "visitor");
	assert_null(logbook);
	logbook = open_whole(&seen);
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, "durable all the same");
	seen.answer = ERR_CANNOT;
	assert_fault(logbook_commit(logbook, &fault), ERR_CANNOT, "visitor");
	logbook_close(&logbook);
	assert_int_equal(log_audit(NULL, NULL), 2);
}

/* The latest time is not that of the last entry when the clock went back in between. */
static void test_latest(void **state)
{
	struct buffer entries = home_file("log/" LOG_ENTRIES);
	struct entry entry = {.type = ENTRY_CLOCK, .v = 1, .n = 1, .time = "2199-01-02T03:04:05Z",
	    .boot = "b"};
	struct log_position kept;
	struct logbook *logbook;
	struct seen seen;
	int64_t future;

	(void)state;
	assert_true(utc_parse(bytes_of(entry.time), &future));
	entry_format(&entries, &entry);
	buffer_byte(&entries, '\n');
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	logbook = open_whole(&seen);
	assert_int_equal(logbook_latest(logbook), future);
	commit_one(logbook, "now");
	assert_int_equal(logbook_latest(logbook), future);
	assert_string_not_equal(seen.last.time, entry.time); /* the true clock is written */
	kept = *logbook_position(logbook);
	logbook_close(&logbook);
	assert_int_equal(open_from(&logbook, &kept, &seen), ERR_OK);
	assert_int_equal(logbook_latest(logbook), future);
	logbook_close(&logbook);
	buffer_free(&entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_commit),
		STATION_TEST(test_nothing_appended),
		STATION_TEST(test_sync),
		STATION_TEST(test_bad_entry),
		STATION_TEST(test_two_writers),
		STATION_TEST(test_processes),
		STATION_TEST(test_position),
		STATION_TEST(test_wrong_positions),
		STATION_TEST(test_visitor_fails),
		STATION_TEST(test_latest),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
