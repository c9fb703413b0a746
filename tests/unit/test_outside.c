/* SPDX-License-Identifier: ISC */
/* Programs run beside the dialogue: what they are given, what they say, how they end, what they leave. */
#include "testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/outside.h"

#define DEADLINE 1000000 /* of a clock only the test moves */

static struct buffer said; /* "> line" of standard output, "! line" of standard error */
static struct fault fault;

static void on_line(void *context, bool error, const char *line)
{
	assert_ptr_equal(context, &said);
	buffer_format(&said, "%s %s\n", error ? "!" : ">", line);
}

static int make(void **state)
{
	(void)state;
	said = BUFFER_EMPTY;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	buffer_free(&said);
	return 0;
}

static const char *const environment[] = {"PATH=/usr/bin:/bin", "GAPSEAL_PORT=bench3", NULL};

static struct outside *start(const char *script)
{
	const char *const arguments[] = {"/bin/sh", "-c", script, "sh", "one", "two words", NULL};
	const struct outside_order order = {arguments, environment, DEADLINE, on_line, &said};
	struct outside *outside;

	if (outside_start(&outside, &order, &fault) != ERR_OK)
		fail_msg("%s", fault.text);
	return outside;
}

/* Waits for whatever it has to say next. */
static void serve(struct outside *outside, uint64_t now)
{
	struct pollfd watched[OUTSIDE_WATCHED];
	size_t count = outside_watch(outside, watched);

	assert_true(count > 0 && poll(watched, count, 60000) > 0);
	outside_serve(outside, now);
}

static enum outside_end finish(struct outside *outside)
{
	struct pollfd watched[OUTSIDE_WATCHED];
	enum outside_end end;

	while (outside_end(outside) == OUTSIDE_RUNNING)
		serve(outside, 0);
	assert_int_equal(outside_watch(outside, watched), 0);
	assert_true(outside_due(outside) == UINT64_MAX);
	end = outside_end(outside);
	outside_free(&outside);
	return end;
}

static void check_said(const char *expected)
{
	buffer_byte(&said, '\0');
	assert_string_equal((const char *)said.data, expected);
}

static void test_well(void **state)
{
	(void)state;
	assert_int_equal(finish(start("echo hello; echo; echo oh >&2; printf last")), OUTSIDE_WELL);
	buffer_byte(&said, '\0');
	assert_non_null(strstr((const char *)said.data, "> hello\n> \n"));
	assert_non_null(strstr((const char *)said.data, "! oh\n"));
	assert_non_null(strstr((const char *)said.data, "> last\n"));
}

static void test_ends(void **state)
{
	(void)state;
	assert_int_equal(finish(start("exit 1")), OUTSIDE_NO);
	assert_int_equal(finish(start("exit 255")), OUTSIDE_NO);
	assert_int_equal(finish(start("kill -9 $$")), OUTSIDE_DIED);
	assert_int_equal(finish(start("kill -TERM $$")), OUTSIDE_DIED);
}

/* Its arguments as they are, the environment given, nothing to read, nothing else open, a group of its own,
 * and signals as programs expect them. */
static void test_what_it_is_given(void **state)
{
	sigset_t block, before;

	(void)state;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &block, &before), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(finish(start("echo $# $2; /usr/bin/env | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD='; cat; "
	    "ls /proc/self/fd | tr '\\n' ' '; echo; read pid name what parent group rest </proc/self/stat; "
	    "test $pid = $group && echo leader; "
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status | sed 's/:.*\\(.......\\)$/ \\1/'")),
	    OUTSIDE_WELL);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	signal(SIGPIPE, SIG_DFL);
	check_said("> 2 two words\n> PATH=/usr/bin:/bin\n> GAPSEAL_PORT=bench3\n> 0 1 2 3 \n> leader\n"
	    "> SigBlk 0000000\n> SigIgn 0000000\n");
}

static void test_a_long_line_is_cut(void **state)
{
	char expected[OUTSIDE_LINE_MAX + 16] = "> ";

	(void)state;
	assert_int_equal(finish(start("head -c 300000 /dev/zero | tr '\\0' a; echo; echo b")), OUTSIDE_WELL);
	memset(expected + 2, 'a', OUTSIDE_LINE_MAX);
	strcpy(expected + 2 + OUTSIDE_LINE_MAX, "\n> b\n");
	check_said(expected);
}

static bool has_said(const char *text)
{
	return said.size > 0 && memmem(said.data, said.size, text, strlen(text)) != NULL;
}

/* First it is asked to end, then it is made to. */
static void test_its_time_is_over(void **state)
{
	struct outside *outside = start("trap '' TERM; echo up; sleep 1000; sleep 1000");

	(void)state;
	while (!has_said("up"))
		serve(outside, 0);
	assert_true(outside_due(outside) == DEADLINE);
	outside_serve(outside, DEADLINE - 1);
	assert_true(outside_due(outside) == DEADLINE);
	outside_serve(outside, DEADLINE);
	assert_true(outside_due(outside) == DEADLINE + OUTSIDE_GRACE);
	assert_int_equal(outside_end(outside), OUTSIDE_RUNNING);
	outside_serve(outside, DEADLINE + OUTSIDE_GRACE);
	while (outside_end(outside) == OUTSIDE_RUNNING)
		serve(outside, DEADLINE + OUTSIDE_GRACE + 1);
	assert_int_equal(outside_end(outside), OUTSIDE_LATE);
	outside_free(&outside);
}

/* One that ends well when it is asked to was late all the same. */
static void test_late_is_late(void **state)
{
	struct outside *outside = start("trap 'exit 0' TERM; echo up; while :; do sleep 1000 & wait; done");

	(void)state;
	while (!has_said("up"))
		serve(outside, 0);
	outside_serve(outside, DEADLINE);
	while (outside_end(outside) == OUTSIDE_RUNNING)
		serve(outside, DEADLINE + 1);
	assert_int_equal(outside_end(outside), OUTSIDE_LATE);
	outside_free(&outside);
}

/* A process whose number was said, watched until it is no more. */
static int watch_said(void)
{
	uint64_t pid = 0;
	int pidfd;

	for (size_t i = 2; i < said.size && said.data[i] >= '0' && said.data[i] <= '9'; i++)
		pid = pid * 10 + (said.data[i] - '0');
	assert_true(pid > 1);
	pidfd = pidfd_open((pid_t)pid, 0);
	assert_true(pidfd >= 0);
	return pidfd;
}

static void check_gone(int pidfd)
{
	struct pollfd watched = {.fd = pidfd, .events = POLLIN};

	assert_int_equal(poll(&watched, 1, 60000), 1);
	close(pidfd);
}

/* The program goes on when the test has taken hold of what it leaves behind. */
static void test_nothing_is_left_running(void **state)
{
	char folder[] = "/tmp/gapseal-test-XXXXXX", fifo[64], script[160];
	struct outside *outside;
	int pidfd, go;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(fifo, sizeof fifo, "%s/go", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	snprintf(script, sizeof script, "trap '' TERM HUP; sleep 1000 & echo $!; read x <%s; exit 0", fifo);
	outside = start(script);
	while (!has_said("\n"))
		serve(outside, 0);
	pidfd = watch_said();
	go = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_true(go >= 0 && write(go, "go\n", 3) == 3);
	close(go);
	assert_int_equal(finish(outside), OUTSIDE_WELL);
	check_gone(pidfd);
	assert_true(unlink(fifo) == 0 && rmdir(folder) == 0);
}

static void test_free_kills(void **state)
{
	struct outside *outside = start("trap '' TERM; echo $$; sleep 1000; sleep 1000");
	int pidfd;

	(void)state;
	while (!has_said("\n"))
		serve(outside, 0);
	pidfd = watch_said();
	outside_free(&outside);
	assert_null(outside);
	check_gone(pidfd);
	outside_free(&outside);
}

static void test_no_such_program(void **state)
{
	const char *const arguments[] = {"/nowhere/at-all", NULL};
	const struct outside_order order = {arguments, environment, DEADLINE, on_line, &said};
	struct outside *outside;

	(void)state;
	assert_int_equal(outside_start(&outside, &order, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "outside");
	assert_string_equal(fault.where, "/nowhere/at-all");
	assert_null(outside);
	assert_int_equal(said.size, 0);
}

#define OUTSIDE_TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OUTSIDE_TEST(test_well), OUTSIDE_TEST(test_ends), OUTSIDE_TEST(test_what_it_is_given),
		OUTSIDE_TEST(test_a_long_line_is_cut), OUTSIDE_TEST(test_its_time_is_over), OUTSIDE_TEST(test_late_is_late),
		OUTSIDE_TEST(test_nothing_is_left_running), OUTSIDE_TEST(test_free_kills),
		OUTSIDE_TEST(test_no_such_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
