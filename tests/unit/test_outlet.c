/* SPDX-License-Identifier: ISC */
/* Lines that wait for slow readers, are dropped whole, and never make anybody wait. */
#include "testing.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "gapseal/outlet.h"

static int ends[2]; /* read, write */
static struct fault fault;

static void put_text(struct outlet *outlet, const char *text)
{
	outlet_put(outlet, bytes_of(text));
}

static struct outlet *new_outlet(int fd, size_t limit)
{
	struct outlet *outlet;

	assert_int_equal(outlet_new(&outlet, fd, limit, &fault), ERR_OK);
	return outlet;
}

static int make_pipe(void **state)
{
	(void)state;
	return pipe(ends) == 0 && fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096 ? 0 : -1;
}

static int close_pipe(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return 0;
}

/* Fills the pipe to the last byte; how many that were. */
static size_t fill(void)
{
	static const uint8_t block[4096];
	const int flags = fcntl(ends[1], F_GETFL);
	size_t total = 0;
	ssize_t size;

	assert_int_equal(fcntl(ends[1], F_SETFL, flags | O_NONBLOCK), 0);
	for (size_t step = sizeof block; step > 0; step /= 2)
		while ((size = write(ends[1], block, step)) > 0)
			total += (size_t)size;
	assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
	return total;
}

static void pass_over(size_t size)
{
	uint8_t block[4096];

	while (size > 0) {
		ssize_t got = read(ends[0], block, size < sizeof block ? size : sizeof block);

		assert_true(got > 0);
		size -= (size_t)got;
	}
}

static void check_read(const char *expected)
{
	char text[8192];
	size_t size = 0;

	while (size < strlen(expected)) {
		ssize_t got = read(ends[0], text + size, sizeof text - 1 - size);

		assert_true(got > 0);
		size += (size_t)got;
	}
	text[size] = '\0';
	assert_string_equal(text, expected);
}

static void test_goes_out_at_once(void **state)
{
	struct outlet *outlet = new_outlet(ends[1], 1000);

	(void)state;
	put_text(outlet, "one");
	put_text(outlet, "");
	put_text(outlet, "three");
	assert_false(outlet_pending(outlet));
	check_read("one\n\nthree\n");
	assert_int_equal(outlet_finish(outlet, 0), 0);
	outlet_free(&outlet);
	assert_null(outlet);
	outlet_free(&outlet);
}

/* The descriptor given is shared with others: it stays as it was. */
static void test_flags_are_left_alone(void **state)
{
	const int flags = fcntl(ends[1], F_GETFL);
	struct outlet *outlet = new_outlet(ends[1], 1000);

	(void)state;
	assert_int_not_equal(outlet_fd(outlet), ends[1]);
	put_text(outlet, "one");
	assert_int_equal(fcntl(ends[1], F_GETFL), flags);
	outlet_free(&outlet);
	assert_int_equal(fcntl(ends[1], F_GETFL), flags);
}

static void test_waits_for_a_slow_reader(void **state)
{
	struct outlet *outlet = new_outlet(ends[1], 1000);
	const size_t full = fill();

	(void)state;
	put_text(outlet, "one");
	put_text(outlet, "two");
	assert_true(outlet_pending(outlet));
	outlet_drain(outlet);
	assert_true(outlet_pending(outlet));
	pass_over(full);
	outlet_drain(outlet);
	assert_false(outlet_pending(outlet));
	check_read("one\ntwo\n");
	assert_int_equal(outlet_finish(outlet, 0), 0);
	outlet_free(&outlet);
}

/* The oldest go; what is counted as lost at the end is what never came out. */
static void test_drops_the_oldest(void **state)
{
	struct outlet *outlet = new_outlet(ends[1], 16);
	const size_t full = fill();

	(void)state;
	put_text(outlet, "first");  /* 6 bytes each */
	put_text(outlet, "again");
	put_text(outlet, "third");
	put_text(outlet, "0123456789abcdef"); /* never fits */
	pass_over(full);
	outlet_drain(outlet);
	put_text(outlet, "x");
	check_read("again\nthird\nx\n");
	assert_int_equal(outlet_finish(outlet, 0), 2);
	outlet_free(&outlet);
}

static void test_keeps_what_still_fits(void **state)
{
	struct outlet *outlet = new_outlet(ends[1], 16);
	const size_t full = fill();

	(void)state;
	put_text(outlet, "first");
	put_text(outlet, "again");
	put_text(outlet, "third");
	pass_over(full);
	outlet_drain(outlet);
	check_read("again\nthird\n");
	assert_int_equal(outlet_finish(outlet, 0), 1);
	outlet_free(&outlet);
}

/* A line that is half out stays whole whatever is dropped behind it. */
static void test_half_a_line_is_finished(void **state)
{
	struct outlet *outlet = new_outlet(ends[1], 8192);
	char line[5000], expected[6000];
	size_t full;

	(void)state;
	memset(line, 'a', sizeof line);
	line[sizeof line - 1] = '\0';
	put_text(outlet, line); /* 4096 fit into the pipe */
	assert_true(outlet_pending(outlet));
	for (int i = 0; i < 8000; i++)
		put_text(outlet, "b");
	pass_over(4096);
	outlet_drain(outlet);
	memset(expected, 'a', 4999 - 4096);
	strcpy(expected + 4999 - 4096, "\nb\n");
	full = strlen(expected);
	assert_true(read(ends[0], line, full) == (ssize_t)full);
	assert_memory_equal(line, expected, full);
	assert_true(outlet_finish(outlet, 0) > 4000);
	outlet_free(&outlet);
}

static void test_a_reader_that_is_gone(void **state)
{
	struct outlet *outlet = new_outlet(ends[1], 1000);

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	ends[0] = -1;
	put_text(outlet, "one");
	put_text(outlet, "two");
	assert_false(outlet_pending(outlet));
	assert_int_equal(outlet_finish(outlet, 1000), 2);
	outlet_free(&outlet);
}

static void test_picture(void **state)
{
	struct outlet *outlet = new_outlet(ends[1], 1000);
	size_t full;

	(void)state;
	assert_true(outlet_offer(outlet, bytes_of("first")));
	check_read("first");
	full = fill();
	assert_true(outlet_offer(outlet, bytes_of("second")));
	assert_false(outlet_offer(outlet, bytes_of("third")));
	pass_over(full);
	assert_true(outlet_offer(outlet, bytes_of("fourth")));
	check_read("secondfourth");
	outlet_free(&outlet);
}

/* A terminal that somebody stopped with Ctrl-S takes nothing, and nobody waits for it. */
static void test_a_stopped_terminal(void **state)
{
	struct outlet *outlet;
	int master, slave;
	char block[65536];

	(void)state;
	memset(block, 'x', sizeof block);
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	outlet = new_outlet(slave, 1 << 20);
	assert_int_equal(tcflow(slave, TCOOFF), 0);
	for (int i = 0; i < 4; i++)
		outlet_put(outlet, bytes_from(block, sizeof block));
	assert_true(outlet_pending(outlet));
	assert_true(outlet_finish(outlet, 0) > 0);
	assert_int_equal(tcflow(slave, TCOON), 0);
	outlet_free(&outlet);
	close(slave);
	close(master);
}

static void test_a_full_socket(void **state)
{
	struct outlet *outlet;
	char block[65536];
	int pair[2];

	(void)state;
	memset(block, 'x', sizeof block);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	outlet = new_outlet(pair[0], 1 << 24);
	for (int i = 0; i < 100; i++)
		outlet_put(outlet, bytes_from(block, sizeof block));
	assert_true(outlet_pending(outlet));
	close(pair[1]);
	outlet_drain(outlet);
	assert_false(outlet_pending(outlet));
	outlet_free(&outlet);
	close(pair[0]);
}

/* A file is appended to where its descriptor stands. */
static void test_a_file(void **state)
{
	char name[] = "/tmp/gapseal-test-XXXXXX", text[64];
	int file = mkstemp(name);
	struct outlet *outlet;

	(void)state;
	assert_true(file >= 0 && unlink(name) == 0 && write(file, "before\n", 7) == 7);
	outlet = new_outlet(file, 1000);
	assert_int_equal(outlet_fd(outlet), file);
	put_text(outlet, "after");
	assert_int_equal(outlet_finish(outlet, 0), 0);
	assert_int_equal(pread(file, text, sizeof text, 0), 13);
	assert_memory_equal(text, "before\nafter\n", 13);
	outlet_free(&outlet);
	close(file);
}

#define PIPE_TEST(function) cmocka_unit_test_setup_teardown(function, make_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPE_TEST(test_goes_out_at_once), PIPE_TEST(test_flags_are_left_alone),
		PIPE_TEST(test_waits_for_a_slow_reader), PIPE_TEST(test_drops_the_oldest),
		PIPE_TEST(test_keeps_what_still_fits), PIPE_TEST(test_half_a_line_is_finished),
		PIPE_TEST(test_a_reader_that_is_gone), PIPE_TEST(test_picture), cmocka_unit_test(test_a_stopped_terminal),
		cmocka_unit_test(test_a_full_socket), cmocka_unit_test(test_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
