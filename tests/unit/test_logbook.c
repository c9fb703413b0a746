/* SPDX-License-Identifier: ISC */
/* A station's own log: several writers, crashes at every byte, disks that fail, logs that were changed. */
#include "officers.h"

#include "stations.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The calls of a commit stand here in front of the C library's, and fail when a test wants them to. */
static struct {
	int countdown;     /* the call that fails, counted from 1; 0 for none */
	bool no_truncate;
	char done[64];     /* w write, d fdatasync, f fsync of a file, F of a folder, r rename, t truncate */
} calls;

static bool trips(const char *letter)
{
	if (strlen(calls.done) < sizeof calls.done - 1)
		strcat(calls.done, letter);
	if (calls.countdown == 0 || --calls.countdown != 0)
		return false;
	errno = EIO;
	return true;
}

ssize_t write(int file, const void *data, size_t size)
{
	return trips("w") ? -1 : syscall(SYS_write, file, data, size);
}

int fdatasync(int file)
{
	return trips("d") ? -1 : (int)syscall(SYS_fdatasync, file);
}

int fsync(int file)
{
	struct stat status;

	assert_int_equal(fstat(file, &status), 0);
	return trips(S_ISDIR(status.st_mode) ? "F" : "f") ? -1 : (int)syscall(SYS_fsync, file);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return trips("r") ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int ftruncate(int file, off_t size)
{
	if (calls.no_truncate) {
		errno = EIO;
		return -1;
	}
	return trips("t") ? -1 : (int)syscall(SYS_ftruncate, file, size);
}

static void forget_calls(void)
{
	memset(&calls, 0, sizeof calls);
}

/* What a visitor has seen. */
struct seen {
	uint64_t next;              /* the number due */
	size_t count;
	struct entry last;
	enum err answer;
};

static enum err see(void *context, const struct entry *entry, struct fault *out)
{
	struct seen *seen = context;

	assert_int_equal(entry->n, seen->next);
	seen->next++;
	seen->count++;
	seen->last = *entry;
	return seen->answer == ERR_OK ? ERR_OK : fault_set(out, seen->answer, "visitor", NULL, "has enough");
}

static const struct log_position start; /* the whole log */

static enum err open_from(struct logbook **out, const struct log_position *from, struct seen *seen)
{
	*seen = (struct seen){.next = from->tree.size};
	return logbook_open(out, home.folder, home.origin, signer, from, see, seen, &fault);
}

static struct logbook *open_whole(struct seen *seen)
{
	struct logbook *logbook;

	if (open_from(&logbook, &start, seen) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
	return logbook;
}

static void append(struct logbook *logbook, const char *operator_)
{
	struct entry entry = {.type = ENTRY_START, .sha256.present = true};

	snprintf(entry.operator_, sizeof entry.operator_, "%s", operator_);
	assert_int_equal(logbook_append(logbook, &entry, &fault), ERR_OK);
}

static void commit_one(struct logbook *logbook, const char *operator_)
{
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, operator_);
	assert_int_equal(logbook_commit(logbook, &fault), ERR_OK);
}

/* A log of count entries, the enroll entry among them. */
static void grow_to(uint64_t count)
{
	struct seen seen;
	struct logbook *logbook = open_whole(&seen);

	while (seen.next < count)
		commit_one(logbook, "grow");
	logbook_close(&logbook);
}

static void refuse_open(const char *code)
{
	struct logbook *logbook;
	struct seen seen;

	assert_fault(open_from(&logbook, &start, &seen), ERR_UNKNOWN, code);
	assert_null(logbook);
}

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
	commit_one(logbook, "lock was given back");
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

/* Makes a log of count entries whose last one is behind the checkpoint; returns where it begins. */
static size_t unsigned_last(uint64_t count, struct buffer *entries)
{
	struct buffer checkpoint, before;
	size_t at;

	grow_to(count - 1);
	checkpoint = home_file("log/" LOG_CHECKPOINT);
	before = home_file("log/" LOG_ENTRIES);
	at = before.size;
	grow_to(count);
	*entries = home_file("log/" LOG_ENTRIES);
	home_put("log/" LOG_CHECKPOINT, buffer_bytes(&checkpoint));
	buffer_free(&checkpoint);
	buffer_free(&before);
	return at;
}

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
	struct entry entry = {.type = ENTRY_CLOCK, .v = 1, .n = 1, .time = "2199-01-02T03:04:05Z", .boot = "b"};
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
		STATION_TEST(test_torn_line),
		STATION_TEST(test_torn_line_met_at_lock),
		STATION_TEST(test_garbage_and_good),
		STATION_TEST(test_recovery_interrupted),
		STATION_TEST(test_long_tail),
		STATION_TEST(test_short),
		STATION_TEST(test_other),
		STATION_TEST(test_every_byte),
		STATION_TEST(test_every_byte_of_checkpoint),
		STATION_TEST(test_lost_checkpoint),
		STATION_TEST(test_older_checkpoint),
		STATION_TEST(test_failing_calls),
		STATION_TEST(test_uncut),
		STATION_TEST(test_disk_full),
		STATION_TEST(test_failing_recovery),
		STATION_TEST(test_visitor_fails),
		STATION_TEST(test_latest),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
