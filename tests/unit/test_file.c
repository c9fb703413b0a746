/* SPDX-License-Identifier: ISC */
#include "scratch.h"

#include <sys/socket.h>
#include <sys/un.h>

static void test_read(void **state)
{
	struct buffer buffer = BUFFER_EMPTY;

	(void)state;
	put("file", "content");
	put("empty", "");
	buffer_text(&buffer, "before ");
	assert_int_equal(file_read(&buffer, home, "file", 7, &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&buffer), "before content"));
	check_refused(file_read(&buffer, home, "file", 6, &fault), "file-size", "file");
	assert_string_equal(fault.text, "the file has 7 bytes, allowed are 6");
	check_refused(file_read(&buffer, home, "none", 7, &fault), "file-open", "none");
	assert_int_equal(file_read(&buffer, home, "empty", 0, &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&buffer), "before content"));
	buffer_free(&buffer);
}

/* A file whose length is not known before: read to its end, and stopped at the limit all the same. */
static void test_read_of_a_file_that_grows(void **state)
{
	struct buffer buffer = BUFFER_EMPTY;

	(void)state;
	assert_int_equal(file_read(&buffer, AT_FDCWD, "/proc/self/status", 1 << 20, &fault), ERR_OK);
	assert_true(buffer.size > 100);
	buffer_clear(&buffer);
	check_refused(file_read(&buffer, AT_FDCWD, "/proc/self/status", 10, &fault), "file-size",
	    "/proc/self/status");
	assert_int_equal(buffer.size, 0);
	buffer_free(&buffer);
}

static void make_socket(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", home, name);
	assert_int_equal(bind(file, (const struct sockaddr *)&address, sizeof address), 0);
	close(file);
}

static void test_only_regular_files(void **state)
{
	static const char *const names[] = {"link", "dangling", "fifo", "socket", "folder", "device"};
	off_t size;
	int file;

	(void)state;
	put("file", "content");
	assert_int_equal(symlinkat("file", home, "link"), 0);
	assert_int_equal(symlinkat("none", home, "dangling"), 0);
	assert_int_equal(mkfifoat(home, "fifo", 0600), 0);
	assert_int_equal(mkdirat(home, "folder", 0700), 0);
	make_socket("socket");
	assert_int_equal(symlinkat("/dev/null", home, "device"), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		check_refused(file_open(&file, &size, home, names[i], &fault), "file-kind", names[i]);
	check_refused(file_open(&file, &size, AT_FDCWD, "/dev/null", &fault), "file-kind", "/dev/null");
	check_refused(file_open(&file, &size, AT_FDCWD, in_home("fifo"), &fault), "file-kind",
	    in_home("fifo"));
	/* a person may give a link */
	assert_int_equal(file_open(&file, &size, AT_FDCWD, in_home("link"), &fault), ERR_OK);
	assert_int_equal(size, 7);
	assert_int_equal(fcntl(file, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(file);
}

static void test_exists(void **state)
{
	(void)state;
	put("file", "");
	assert_int_equal(symlinkat("none", home, "dangling"), 0);
	assert_true(file_exists(home, "file"));
	assert_true(file_exists(home, "dangling"));
	assert_true(file_exists(AT_FDCWD, path));
	assert_false(file_exists(home, "none"));
}

static enum err write_new(int folder, const char *name, const char *text)
{
	return file_write(folder, name, bytes_of(text), 0600, false, &fault);
}

static void test_write_without_force(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(write_new(home, "file", "one"), ERR_OK);
	check_calls("wfrF");
	assert_int_equal(fstatat(home, "file", &status, 0), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	check_refused(write_new(home, "file", "two"), "file-exists", "file");
	check_content(home, "file", "one");
	assert_int_equal(symlinkat("none", home, "dangling"), 0);
	check_refused(write_new(home, "dangling", "two"), "file-exists", "dangling");
	check_names(home, "dangling,file");
}

static void test_write_with_force(void **state)
{
	(void)state;
	assert_int_equal(file_write(home, "file", bytes_of("one"), 0600, true, &fault), ERR_OK);
	check_calls("wfRF");
	assert_int_equal(symlinkat("file", home, "link"), 0);
	assert_int_equal(file_write(home, "link", bytes_of("two"), 0600, true, &fault), ERR_OK);
	check_content(home, "file", "one"); /* the link was replaced, not followed */
	check_content(home, "link", "two");
	assert_int_equal(mkdirat(home, "folder", 0700), 0);
	check_refused(file_write(home, "folder", bytes_of("x"), 0600, true, &fault), "file-write", "folder");
	check_names(home, "file,folder,link");
}

static void test_replace(void **state)
{
	(void)state;
	put("file", "one");
	memset(&calls, 0, sizeof calls);
	assert_int_equal(file_replace(home, "file", bytes_of("two"), 0600, &fault), ERR_OK);
	check_calls("wR");
	assert_int_equal(file_replace(home, "other", bytes_of(""), 0600, &fault), ERR_OK);
	check_content(home, "file", "two");
	check_content(home, "other", "");
}

static void test_write_by_path(void **state)
{
	char slash[600];

	(void)state;
	assert_int_equal(mkdirat(home, "folder", 0700), 0);
	assert_int_equal(symlinkat("folder", home, "link"), 0);
	assert_int_equal(write_new(AT_FDCWD, in_home("folder/a"), "a"), ERR_OK);
	assert_int_equal(write_new(AT_FDCWD, in_home("link/b"), "b"), ERR_OK);
	check_content(AT_FDCWD, in_home("folder/a"), "a");
	check_content(AT_FDCWD, in_home("folder/b"), "b");
	check_refused(write_new(home, "link/c", "c"), "file-kind", "link");
	check_refused(write_new(AT_FDCWD, in_home("none/a"), "a"), "file-open", in_home("none"));
	snprintf(slash, sizeof slash, "%s/", in_home("folder"));
	check_refused(write_new(AT_FDCWD, slash, "a"), "file-open", slash);
	check_refused(write_new(AT_FDCWD, "", "a"), "file-open", "");
	check_refused(write_new(AT_FDCWD, "/", "a"), "file-open", "/");
	check_names(home, "folder,link");
}

/* Whatever call fails, the file is the old or the new one, whole, and nothing else is left. */
static void test_write_fails_at_every_call(void **state)
{
	int steps;

	(void)state;
	for (steps = 1;; steps++) {
		enum err err;

		put("file", "old");
		calls.countdown = steps;
		err = file_write(home, "file", bytes_of("new"), 0600, true, &fault);
		if (err == ERR_OK)
			break;
		check_refused(err, "file-write", "file");
		check_content(home, "file", steps <= 3 ? "old" : "new");
		check_names(home, "file");
	}
	assert_int_equal(steps, 5);
	calls.countdown = 0;
	check_content(home, "file", "new");
	for (steps = 1; steps <= 3; steps++) {
		calls.countdown = steps;
		check_refused(write_new(home, "fresh", "new"), "file-write", "fresh");
		check_names(home, "file");
	}
}

/* Where close is what tells that the disk is full; and it must not hide what was told before. */
static void test_write_fails_at_close(void **state)
{
	(void)state;
	calls.no_close = true;
	check_refused(write_new(home, "file", "new"), "file-write", "file");
	assert_string_equal(fault.text, "cannot close: No space left on device");
	calls.no_close = true;
	calls.countdown = 1;
	check_refused(write_new(home, "file", "new"), "file-write", "file");
	assert_string_equal(fault.text, "cannot write: Input/output error");
	check_names(home, "");
}

static void test_write_without_renameat2(void **state)
{
	(void)state;
	for (int links = 0; links < 2; links++) {
		const char *name = links ? "with-links" : "without-links";

		calls.no_rename2 = true;
		calls.no_links = !links;
		assert_int_equal(write_new(home, name, "one"), ERR_OK);
		check_refused(write_new(home, name, "two"), "file-exists", name);
		check_content(home, name, "one");
		check_calls(links ? "wfrlFwfrl" : "wfrlRFwfrl");
	}
	check_names(home, "with-links,without-links");
}

static void test_short_counts_and_interrupts(void **state)
{
	char text[2001], back[2001] = "";
	struct buffer buffer = BUFFER_EMPTY;
	off_t size;
	int file;

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = (char)('a' + i % 26);
	text[sizeof text - 1] = '\0';
	calls.bits = true;
	put("file", text);
	assert_int_equal(file_read(&buffer, home, "file", 2000, &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&buffer), text));
	buffer_free(&buffer);
	assert_int_equal(file_open(&file, &size, home, "file", &fault), ERR_OK);
	assert_int_equal(file_pread(file, back, 2000, 0, "where", &fault), ERR_OK);
	assert_string_equal(back, text);
	assert_int_equal(file_pread(file, back, 10, 1990, "where", &fault), ERR_OK);
	assert_memory_equal(back, text + 1990, 10);
	check_refused(file_pread(file, back, 11, 1990, "where", &fault), "file-read", "where");
	close(file);
	check_refused(file_pread(-1, back, 1, 0, "where", &fault), "file-read", "where");
	check_refused(file_append(-1, bytes_of("x"), "where", &fault), "file-write", "where");
}

static void test_lock(void **state)
{
	int one, two;

	(void)state;
	put("lock", "");
	one = openat(home, "lock", O_RDONLY | O_CLOEXEC);
	two = openat(home, "lock", O_RDONLY | O_CLOEXEC);
	assert_true(one >= 0 && two >= 0);
	calls.bits = true; /* interrupted while waiting */
	calls.turn = 2;
	assert_int_equal(file_lock(one, "lock", &fault), ERR_OK);
	calls.bits = false;
	assert_int_equal(flock(two, LOCK_SH | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	file_unlock(one);
	assert_int_equal(flock(two, LOCK_EX | LOCK_NB), 0);
	close(one);
	close(two);
	check_refused(file_lock(-1, "lock", &fault), "system", "lock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_read),
		SCRATCH_TEST(test_read_of_a_file_that_grows),
		SCRATCH_TEST(test_only_regular_files),
		SCRATCH_TEST(test_exists),
		SCRATCH_TEST(test_write_without_force),
		SCRATCH_TEST(test_write_with_force),
		SCRATCH_TEST(test_replace),
		SCRATCH_TEST(test_write_by_path),
		SCRATCH_TEST(test_write_fails_at_every_call),
		SCRATCH_TEST(test_write_fails_at_close),
		SCRATCH_TEST(test_write_without_renameat2),
		SCRATCH_TEST(test_short_counts_and_interrupts),
		SCRATCH_TEST(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
