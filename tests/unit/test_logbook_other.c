/* SPDX-License-Identifier: ISC */
/* A station's own log when it is not what its checkpoint says, or the checkpoint is not its own. */
#include "officers.h"

#include "stations.h"

#include "logbooks.h"

static void test_short(void **state)
{
	struct buffer entries;

	(void)state;
	grow_to(5);
	entries = home_file("log/" LOG_ENTRIES);
	for (size_t cut = 0; cut < entries.size; cut += 97) {
		home_put("log/" LOG_ENTRIES, bytes_from(entries.data, cut));
		refuse_open("log-short");
	}
	buffer_free(&entries);
}

/* Another history of as many entries, each of them good. */
static void test_other(void **state)
{
	struct logbook *logbook;
	struct buffer entries;
	struct seen seen;
	size_t at;

	(void)state;
	at = unsigned_last(3, &entries);
	home_put("log/" LOG_ENTRIES, bytes_from(entries.data, at));
	logbook = open_whole(&seen);
	commit_one(logbook, "another");
	logbook_close(&logbook);
	home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
	refuse_open("log-root");
	buffer_free(&entries);
}

/* Not one bit under the checkpoint may change. */
static void test_every_byte(void **state)
{
	struct buffer entries;

	(void)state;
	grow_to(3);
	entries = home_file("log/" LOG_ENTRIES);
	for (size_t i = 0; i < entries.size; i++) {
		struct logbook *logbook;
		struct seen seen = {0};

		entries.data[i] ^= 1;
		home_put("log/" LOG_ENTRIES, buffer_bytes(&entries));
		assert_int_equal(logbook_open(&logbook, home.folder, home.origin, signer, &start, NULL, &seen,
		    &fault), ERR_UNKNOWN);
		if (strcmp(fault.code, "log-root") != 0 && strcmp(fault.code, "log-entry") != 0 &&
		    strcmp(fault.code, "log-short") != 0)
			fail_msg("byte %zu: %s", i, fault.code);
		entries.data[i] ^= 1;
	}
	buffer_free(&entries);
}

static void test_every_byte_of_checkpoint(void **state)
{
	struct buffer checkpoint;

	(void)state;
	grow_to(3);
	checkpoint = home_file("log/" LOG_CHECKPOINT);
	for (size_t i = 0; i < checkpoint.size; i++) {
		checkpoint.data[i] ^= 1;
		home_put("log/" LOG_CHECKPOINT, buffer_bytes(&checkpoint));
		refuse_open("log-checkpoint");
		checkpoint.data[i] ^= 1;
	}
	for (size_t size = 1; size < checkpoint.size; size++) {
		home_put("log/" LOG_CHECKPOINT, bytes_from(checkpoint.data, size));
		refuse_open("log-checkpoint");
	}
	assert_int_equal(unlinkat(home.folder, "log/" LOG_CHECKPOINT, 0), 0);
	refuse_open("log-checkpoint");
	buffer_free(&checkpoint);
}

/* What a power cut makes of a file replaced without a sync. */
static void test_lost_checkpoint(void **state)
{
	static const uint8_t zeros[256];
	struct logbook *logbook;
	struct log_position kept;
	struct seen seen;

	(void)state;
	for (size_t size = 0; size <= sizeof zeros; size += sizeof zeros) {
		uint64_t before;

		grow_to(3);
		logbook = open_whole(&seen);
		before = seen.count;
		kept = *logbook_position(logbook);
		logbook_close(&logbook);
		home_put("log/" LOG_CHECKPOINT, bytes_from(zeros, size));
		assert_fault(open_from(&logbook, &kept, &seen), ERR_UNKNOWN, "log-position");
		logbook = open_whole(&seen);
		assert_int_equal(seen.count, before + 1);
		assert_int_equal(seen.last.type, ENTRY_RECOVER);
		assert_int_equal(seen.last.bytes, 0);
		assert_int_equal(logbook_lock(logbook, &fault), ERR_OK); /* said once */
		logbook_unlock(logbook);
		logbook_close(&logbook);
		assert_int_equal(log_audit(NULL, NULL), before + 1);
	}
}

/* An older checkpoint of the same log is what a crash leaves; once a later one was seen it is none. */
static void test_older_checkpoint(void **state)
{
	struct buffer checkpoint;
	struct logbook *logbook;
	struct seen seen;

	(void)state;
	grow_to(3);
	checkpoint = home_file("log/" LOG_CHECKPOINT);
	logbook = open_whole(&seen);
	commit_one(logbook, "later");
	home_put("log/" LOG_CHECKPOINT, buffer_bytes(&checkpoint));
	assert_fault(logbook_lock(logbook, &fault), ERR_UNKNOWN, "log-root");
	logbook_close(&logbook);
	logbook = open_whole(&seen);
	assert_int_equal(seen.count, 4);
	logbook_close(&logbook);
	assert_int_equal(log_audit(NULL, NULL), 4);
	buffer_free(&checkpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATION_TEST(test_short),
		STATION_TEST(test_other),
		STATION_TEST(test_every_byte),
		STATION_TEST(test_every_byte_of_checkpoint),
		STATION_TEST(test_lost_checkpoint),
		STATION_TEST(test_older_checkpoint),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
