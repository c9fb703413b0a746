/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LOGBOOKS_H
#define GAPSEAL_LOGBOOKS_H

/* What the tests of the logbook share: visitors, short ways to open and append, and a disk that fails. After
 * officers.h and stations.h. */

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The calls of a commit stand here in front of the C library's, and fail when a test wants them to. */
static struct {
	int countdown;     /* the call that fails, counted from 1; 0 for none */
	bool no_truncate;
	char done[64];     /* w write, d fdatasync, f fsync of a file, F of a folder, r rename, t truncate */
} calls;

static inline bool trips(const char *letter)
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

static inline void forget_calls(void)
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

static inline enum err see(void *context, const struct entry *entry, struct fault *out)
{
	struct seen *seen = context;

	assert_int_equal(entry->n, seen->next);
	seen->next++;
	seen->count++;
	seen->last = *entry;
	return seen->answer == ERR_OK ? ERR_OK : fault_set(out, seen->answer, "visitor", NULL, "has enough");
}

static const struct log_position start; /* the whole log */

static inline enum err open_from(struct logbook **out, const struct log_position *from, struct seen *seen)
{
	*seen = (struct seen){.next = from->tree.size};
	return logbook_open(out, home.folder, home.origin, signer, from, see, seen, &fault);
}

static inline struct logbook *open_whole(struct seen *seen)
{
	struct logbook *logbook;

	if (open_from(&logbook, &start, seen) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
	return logbook;
}

static inline void append(struct logbook *logbook, const char *operator_)
{
	struct entry entry = {.type = ENTRY_START, .sha256.present = true};

	snprintf(entry.operator_, sizeof entry.operator_, "%s", operator_);
	assert_int_equal(logbook_append(logbook, &entry, &fault), ERR_OK);
}

static inline void commit_one(struct logbook *logbook, const char *operator_)
{
	assert_int_equal(logbook_lock(logbook, &fault), ERR_OK);
	append(logbook, operator_);
	assert_int_equal(logbook_commit(logbook, &fault), ERR_OK);
}

/* A log of count entries, the enroll entry among them. */
static inline void grow_to(uint64_t count)
{
	struct seen seen;
	struct logbook *logbook = open_whole(&seen);

	while (seen.next < count)
		commit_one(logbook, "grow");
	logbook_close(&logbook);
}

static inline void refuse_open(const char *code)
{
	struct logbook *logbook;
	struct seen seen;

	assert_fault(open_from(&logbook, &start, &seen), ERR_UNKNOWN, code);
	assert_null(logbook);
}

/* Makes a log of count entries whose last one is behind the checkpoint; returns where it begins. */
static inline size_t unsigned_last(uint64_t count, struct buffer *entries)
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

#endif
