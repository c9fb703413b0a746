/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "gapseal/port.h"

static const struct port_settings settings = {.baud = 115200, .flow = PORT_FLOW_NONE};
static struct fault fault;

struct pair {
	int master;
	char path[64];
	char link[256];
};

static int setup(void **state)
{
	struct pair *pair = calloc(1, sizeof *pair);
	const char *base = getenv("TMPDIR");
	int slave;

	if (pair == NULL || openpty(&pair->master, &slave, pair->path, NULL, NULL) != 0)
		return -1;
	close(slave);
	snprintf(pair->link, sizeof pair->link, "%s/gapseal-test-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(pair->link) == NULL || rmdir(pair->link) != 0)
		return -1;
	*state = pair;
	return symlink(pair->path, pair->link);
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	unlink(pair->link);
	if (pair->master >= 0)
		close(pair->master);
	free(pair);
	return 0;
}

static struct port *open_port(const char *path)
{
	struct port *port;

	if (port_open(&port, path, &settings, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.code, fault.text);
	return port;
}

static void assert_refused(const char *path, const char *code)
{
	struct port *port = (struct port *)&fault;

	assert_int_equal(port_open(&port, path, &settings, &fault), ERR_CANNOT);
	assert_null(port);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, path);
}

/* Waits for the kernel to move what was written; never longer than the whole test may take. */
static void wait_for(int fd, short events)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};

	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
}

static void test_bytes_both_ways(void **state)
{
	struct pair *pair = *state;
	struct port *port = open_port(pair->path);
	static const uint8_t all[] = "\x03\x04\x11\x13\x1a\x7f\r\n\xff x"; /* none is a control character */
	uint8_t got[64];

	assert_int_equal(port_write(port, bytes_from(all, sizeof all)), sizeof all);
	wait_for(pair->master, POLLIN);
	assert_int_equal(read(pair->master, got, sizeof got), sizeof all);
	assert_memory_equal(got, all, sizeof all);
	assert_int_equal(write(pair->master, all, sizeof all), sizeof all);
	wait_for(port_fd(port), POLLIN);
	assert_int_equal(port_read(port, got, sizeof got), sizeof all);
	assert_memory_equal(got, all, sizeof all);
	assert_int_equal(port_read(port, got, sizeof got), 0);
	assert_int_equal(port_write(port, (struct bytes){0}), 0);
	port_close(&port);
	assert_null(port);
	port_close(&port);
}

static void test_descriptor(void **state)
{
	struct pair *pair = *state;
	struct port *port = open_port(pair->link); /* by a link */
	int fd = port_fd(port);
	int exclusive;

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(ioctl(fd, TIOCGEXCL, &exclusive), 0);
	assert_int_equal(exclusive, 0); /* a pty would keep it past a killed holder */
	port_close(&port);
}

static void test_locked_until_closed(void **state)
{
	struct pair *pair = *state;
	struct port *port = open_port(pair->link);
	struct termios before, after;
	int other;

	assert_refused(pair->path, "port-busy");
	assert_refused(pair->link, "port-busy");
	port_close(&port);
	other = open(pair->path, O_RDWR | O_NOCTTY);
	assert_true(other >= 0); /* not exclusive beyond its life: the stand-in opens it again */
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(tcgetattr(other, &before), 0);
	before.c_lflag |= ECHO;
	assert_int_equal(tcsetattr(other, TCSANOW, &before), 0);
	assert_refused(pair->path, "port-busy");
	assert_int_equal(tcgetattr(other, &after), 0);
	assert_true(after.c_lflag & ECHO); /* a port in use is not touched */
	close(other);
	port = open_port(pair->path);
	port_close(&port);
}

/* What lay in the line before belongs to somebody else. */
static void test_stale_input_is_dropped(void **state)
{
	struct pair *pair = *state;
	int other = open(pair->path, O_RDWR | O_NOCTTY);
	struct port *port;
	uint8_t got[16];

	assert_true(other >= 0);
	assert_int_equal(write(pair->master, "OK\r\n", 4), 4);
	wait_for(other, POLLIN);
	port = open_port(pair->path);
	assert_int_equal(port_read(port, got, sizeof got), 0);
	port_close(&port);
	close(other);
}

static void test_gone(void **state)
{
	struct pair *pair = *state;
	struct port *port = open_port(pair->path);
	uint8_t got[16];

	close(pair->master);
	pair->master = -1;
	wait_for(port_fd(port), POLLIN);
	assert_int_equal(port_read(port, got, sizeof got), -1);
	assert_int_equal(port_read(port, got, sizeof got), -1);
	assert_int_equal(port_write(port, bytes_of("AT\r")), -1);
	port_close(&port);
	assert_refused(pair->path, "port-open");
	assert_refused(pair->link, "port-open");
}

/* What came before the hang-up is still read. */
static void test_last_words(void **state)
{
	struct pair *pair = *state;
	struct port *port = open_port(pair->path);
	uint8_t got[16];
	ssize_t size;

	assert_int_equal(write(pair->master, "OK\r\n", 4), 4);
	wait_for(port_fd(port), POLLIN);
	close(pair->master);
	pair->master = -1;
	size = port_read(port, got, sizeof got);
	assert_true(size == 4 || size == -1); /* Linux may drop it, but never says "nothing" */
	assert_int_equal(port_read(port, got, sizeof got), -1);
	port_close(&port);
}

static void test_partial_writes(void **state)
{
	struct pair *pair = *state;
	struct port *port = open_port(pair->path);
	static uint8_t sent[300000], got[sizeof sent];
	size_t written = 0, taken = 0;
	bool partial = false, full = false;

	for (size_t i = 0; i < sizeof sent; i++)
		sent[i] = (uint8_t)(i * 31 + i / 251);
	while (taken < sizeof sent) {
		ssize_t now = port_write(port, bytes_from(sent + written, sizeof sent - written));

		assert_true(now >= 0);
		partial |= now > 0 && (size_t)now < sizeof sent - written;
		full |= now == 0 && written < sizeof sent;
		written += (size_t)now;
		if (now > 0 && written < sizeof sent)
			continue;
		wait_for(pair->master, POLLIN);
		now = read(pair->master, got + taken, sizeof got - taken);
		assert_true(now > 0);
		taken += (size_t)now;
	}
	assert_true(partial && full);
	assert_memory_equal(got, sent, sizeof sent);
	port_close(&port);
}

/* Closing does not wait for bytes nobody takes. */
static void test_close_with_unsent_bytes(void **state)
{
	struct pair *pair = *state;
	struct port *port = open_port(pair->path);
	static uint8_t bytes[100000];

	while (port_write(port, bytes_from(bytes, sizeof bytes)) > 0)
		continue;
	port_close(&port);
	port = open_port(pair->path);
	port_close(&port);
}

static void test_no_port(void **state)
{
	(void)state;
	assert_refused("/dev/gapseal-no-such-port", "port-open");
	assert_refused("/dev/null", "port-kind");
	assert_refused("/dev", "port-open");
	assert_refused("usb:250-250", "port-open");
	assert_refused("usb:250", "port-address");
	assert_refused("", "port-address");
}

static void test_a_file_is_no_port(void **state)
{
	struct pair *pair = *state;
	int file;

	assert_int_equal(unlink(pair->link), 0);
	file = open(pair->link, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(file >= 0);
	close(file);
	assert_refused(pair->link, "port-kind");
}

#define PORT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PORT_TEST(test_bytes_both_ways),
		PORT_TEST(test_descriptor),
		PORT_TEST(test_locked_until_closed),
		PORT_TEST(test_stale_input_is_dropped),
		PORT_TEST(test_gone),
		PORT_TEST(test_last_words),
		PORT_TEST(test_partial_writes),
		PORT_TEST(test_close_with_unsent_bytes),
		cmocka_unit_test(test_no_port),
		PORT_TEST(test_a_file_is_no_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
