/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SCRATCH_H
#define GAPSEAL_SCRATCH_H

/* A folder for each test, and file system calls that note what was done and can be made to fail. */
#include "testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gapseal/file.h"

/*
 * The calls by which file.c, folder.c and draft.c change things stand here in front of the C library's:
 * they note what was done in which order, and fail when a test wants them to.
 */
static struct {
	int countdown;    /* the call that fails, counted from 1; 0 for none */
	bool bits;        /* short counts and EINTR */
	bool no_rename2;  /* a file system without RENAME_NOREPLACE */
	bool no_links;    /* and without hard links */
	bool no_close;    /* the next close reports a failure */
	unsigned turn;
	char log[64];     /* w write, f fsync of a file, F of a folder, r renameat2, l linkat, R renameat */
	size_t logged;
} calls;

static inline bool trips(char letter)
{
	if (calls.logged < sizeof calls.log - 1)
		calls.log[calls.logged++] = letter;
	if (calls.countdown == 0 || --calls.countdown != 0)
		return false;
	errno = EIO;
	return true;
}

/* In turn: interrupted, one byte, three bytes. */
static inline bool nibble(size_t *size)
{
	if (!calls.bits)
		return false;
	calls.turn++;
	if (calls.turn % 3 == 0) {
		errno = EINTR;
		return true;
	}
	*size = *size < calls.turn % 3 * 2 - 1 ? *size : calls.turn % 3 * 2 - 1;
	return false;
}

ssize_t write(int file, const void *data, size_t size)
{
	return nibble(&size) || trips('w') ? -1 : syscall(SYS_write, file, data, size);
}

ssize_t read(int file, void *data, size_t size)
{
	return nibble(&size) ? -1 : syscall(SYS_read, file, data, size);
}

ssize_t pread(int file, void *data, size_t size, off_t offset)
{
	return nibble(&size) ? -1 : syscall(SYS_pread64, file, data, size, offset);
}

int flock(int file, int how)
{
	size_t unused = 0;

	return nibble(&unused) ? -1 : (int)syscall(SYS_flock, file, how);
}

int close(int file)
{
	int result = (int)syscall(SYS_close, file);

	if (!calls.no_close)
		return result;
	calls.no_close = false;
	errno = ENOSPC;
	return -1;
}

int fsync(int file)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return -1;
	return trips(S_ISDIR(status.st_mode) ? 'F' : 'f') ? -1 : (int)syscall(SYS_fsync, file);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	if (trips('r'))
		return -1;
	if (calls.no_rename2) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	if (trips('l'))
		return -1;
	if (calls.no_links) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return trips('R') ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

/* Each test has a folder of its own, open as `home`. */
static char path[256];
static int home = -1;
static size_t open_before;
static struct fault fault; /* of the last call */

static inline size_t count_open(void)
{
	DIR *stream = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count;
}

static inline int set_up(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	memset(&calls, 0, sizeof calls);
	open_before = count_open();
	snprintf(path, sizeof path, "%s/gapseal-test-XXXXXX", base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(path));
	home = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return home < 0 ? -1 : 0;
}

static inline int remove_one(const char *name, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(name);
}

static inline int tear_down(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof calls);
	close(home);
	assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	assert_int_equal(count_open(), open_before);
	return 0;
}

/* The path of a name in home, valid until the call after the next. */
static inline const char *in_home(const char *name)
{
	static char full[2][512];
	static unsigned turn;

	turn ^= 1;
	snprintf(full[turn], sizeof full[turn], "%s/%s", path, name);
	return full[turn];
}

static inline void put(const char *name, const char *text)
{
	assert_int_equal(file_write(home, name, bytes_of(text), 0600, true, &fault), ERR_OK);
}

static inline void check_content(int folder, const char *name, const char *text)
{
	struct buffer buffer = BUFFER_EMPTY;

	assert_int_equal(file_read(&buffer, folder, name, 1 << 20, &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&buffer), text));
	buffer_free(&buffer);
}

/* The last call must have ended in this refusal. */
static inline void check_refused(enum err err, const char *code, const char *where)
{
	assert_int_equal(err, ERR_CANNOT);
	assert_int_equal(fault.err, ERR_CANNOT);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, where);
}

/* The names in a folder, joined by commas, must be these. */
static inline void check_names(int folder, const char *expected)
{
	struct buffer joined = BUFFER_EMPTY;
	char **names;

	assert_int_equal(folder_list(&names, folder, 100, "list", &fault), ERR_OK);
	for (char **name = names; *name != NULL; name++)
		buffer_format(&joined, "%s%s", name == names ? "" : ",", *name);
	free(names);
	buffer_byte(&joined, '\0');
	assert_string_equal((const char *)joined.data, expected);
	buffer_free(&joined);
}

static inline void check_calls(const char *expected)
{
	assert_string_equal(calls.log, expected);
	memset(&calls, 0, sizeof calls);
}

#define SCRATCH_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
