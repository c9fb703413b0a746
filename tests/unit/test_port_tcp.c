/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gapseal/port.h"

static const struct port_settings settings = {.baud = 115200};
static const struct port_settings remote = {.baud = 115200, .remote = true};
static struct fault fault;

/* A server on a free port of this machine. */
struct server {
	int listener;
	char path[64];
};

static void listen_on(struct server *server, bool six)
{
	struct sockaddr_in6 address6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in address4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *address = six ? (struct sockaddr *)&address6 : (struct sockaddr *)&address4;
	socklen_t size = six ? sizeof address6 : sizeof address4;
	unsigned port;

	server->listener = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (six && (server->listener < 0 || bind(server->listener, address, size) != 0))
		skip(); /* a machine without IPv6 */
	assert_true(server->listener >= 0);
	if (!six)
		assert_int_equal(bind(server->listener, address, size), 0);
	assert_int_equal(listen(server->listener, 1), 0);
	assert_int_equal(getsockname(server->listener, address, &size), 0);
	port = ntohs(six ? address6.sin6_port : address4.sin_port);
	snprintf(server->path, sizeof server->path, six ? "tcp:[::1]:%u" : "tcp:127.0.0.1:%u", port);
}

static int setup(void **state)
{
	static struct server server;

	listen_on(&server, false);
	*state = &server;
	return 0;
}

static int teardown(void **state)
{
	struct server *server = *state;

	return server->listener >= 0 ? close(server->listener) : 0;
}

static struct port *open_port(const char *path)
{
	struct port *port;

	if (port_open(&port, path, &settings, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.code, fault.text);
	return port;
}

static int accept_on(const struct server *server)
{
	int peer = accept(server->listener, NULL, NULL);

	assert_true(peer >= 0);
	return peer;
}

static void assert_refused(const char *path, const struct port_settings *with, const char *code)
{
	struct port *port = (struct port *)&fault;

	assert_int_equal(port_open(&port, path, with, &fault), ERR_CANNOT);
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

static void check_both_ways(const struct server *server)
{
	static const uint8_t all[] = "\x03\x04\x11\x13\x1a\x7f\r\n\xff x";
	struct port *port = open_port(server->path);
	int peer = accept_on(server);
	uint8_t got[64];

	wait_for(port_fd(port), POLLOUT);
	assert_int_equal(port_write(port, bytes_from(all, sizeof all)), sizeof all);
	assert_int_equal(port_write(port, (struct bytes){0}), 0);
	wait_for(peer, POLLIN);
	assert_int_equal(read(peer, got, sizeof got), sizeof all);
	assert_memory_equal(got, all, sizeof all);
	assert_int_equal(port_read(port, got, sizeof got), 0);
	assert_int_equal(write(peer, all, sizeof all), sizeof all);
	wait_for(port_fd(port), POLLIN);
	assert_int_equal(port_read(port, got, sizeof got), sizeof all);
	assert_memory_equal(got, all, sizeof all);
	port_close(&port);
	assert_null(port);
	close(peer);
}

static void test_both_ways(void **state)
{
	check_both_ways(*state);
}

static void test_six(void **state)
{
	struct server server;

	(void)state;
	listen_on(&server, true);
	check_both_ways(&server);
	close(server.listener);
}

static void test_descriptor(void **state)
{
	struct server *server = *state;
	struct port *port = open_port(server->path);
	socklen_t size = sizeof(int);
	int value = 0;

	assert_true(fcntl(port_fd(port), F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(port_fd(port), F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockopt(port_fd(port), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
	assert_true(value != 0);
	assert_int_equal(getsockopt(port_fd(port), SOL_SOCKET, SO_KEEPALIVE, &value, &size), 0);
	assert_true(value != 0);
	port_close(&port);
}

static void test_addresses(void **state)
{
	static const char *const bad[] = {
		"tcp:", "tcp::", "tcp:4001", "tcp:127.0.0.1", "tcp:127.0.0.1:", "tcp:127.0.0.1:0",
		"tcp:127.0.0.1:65536", "tcp:127.0.0.1:04001", "tcp:127.0.0.1:+1", "tcp:127.0.0.1:4001x",
		"tcp:127.0.0.1:ssh", "tcp:127.1:4001", "tcp:0x7f.0.0.1:4001", "tcp:localhost:4001",
		"tcp:example.com:4001", "tcp:::1:4001", "tcp:[::1]", "tcp:[::1]:", "tcp:[::1:4001",
		"tcp:[]:4001", "tcp:[127.0.0.1]:4001", "tcp:[fe80::1%lo]:4001", "tcp: 127.0.0.1:4001",
		"tcp:[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:4001",
	};
	static const char *const others[] = {
		"tcp:192.0.2.1:4001", "tcp:0.0.0.0:4001", "tcp:128.0.0.1:4001", "tcp:126.255.255.255:4001",
		"tcp:255.255.255.255:1", "tcp:[::]:4001", "tcp:[2001:db8::1]:4001", "tcp:[::ffff:192.0.2.1]:1",
		"tcp:[fe80::1]:4001", "tcp:[::2]:4001",
	};
	static const char *const ours[] = {
		"tcp:127.0.0.1:1", "tcp:127.255.255.254:65535", "tcp:[::1]:4001", "/dev/ttyUSB0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_refused(bad[i], &settings, "port-address");
		assert_refused(bad[i], &remote, "port-address");
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		assert_refused(others[i], &settings, "port-remote");
		assert_int_equal(port_check(others[i], &settings, &fault), ERR_CANNOT);
		assert_int_equal(port_check(others[i], &remote, &fault), ERR_OK);
	}
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		assert_int_equal(port_check(ours[i], &settings, &fault), ERR_OK);
}

/* Nobody listens: said when it is opened, as the server is near. */
static void test_refused_at_once(void **state)
{
	struct server *server = *state;

	close(server->listener);
	server->listener = -1;
	assert_refused(server->path, &settings, "port-open");
	assert_non_null(strstr(fault.text, strerror(ECONNREFUSED)));
}

/* A server whose queue is full answers later: opening does not wait for it, and nothing is lost. */
static void test_connection_under_way(void **state)
{
	struct server *server = *state;
	struct pollfd poll_fd = {.events = POLLOUT};
	struct port *ports[8], *waiting = NULL;
	uint8_t got[16];

	for (size_t i = 0; i < 8; i++) {
		ports[i] = open_port(server->path);
		poll_fd.fd = port_fd(ports[i]);
		if (waiting == NULL && poll(&poll_fd, 1, 0) == 0)
			waiting = ports[i];
	}
	assert_non_null(waiting);
	assert_int_equal(port_read(waiting, got, sizeof got), 0);
	assert_int_equal(port_write(waiting, bytes_of("AT\r")), 0);
	for (size_t i = 0; i < 8; i++)
		port_close(&ports[i]);
}

static void test_farewell(void **state)
{
	struct server *server = *state;
	struct port *port = open_port(server->path);
	int peer = accept_on(server);
	uint8_t got[16];

	assert_int_equal(write(peer, "OK\r\n", 4), 4);
	close(peer);
	wait_for(port_fd(port), POLLRDHUP);
	assert_int_equal(port_read(port, got, sizeof got), 4); /* what came before is still read */
	assert_int_equal(port_read(port, got, sizeof got), -1);
	assert_int_equal(port_read(port, got, sizeof got), -1);
	port_close(&port);
}

/* A server that dies; and writing to it is an answer, not a signal. */
static void test_reset(void **state)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	struct server *server = *state;
	struct port *port = open_port(server->path);
	int peer = accept_on(server);
	uint8_t got[16];

	assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_DFL);
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(peer);
	wait_for(port_fd(port), POLLIN);
	assert_int_equal(port_read(port, got, sizeof got), -1);
	assert_int_equal(port_write(port, bytes_of("AT\r")), -1);
	assert_int_equal(port_write(port, bytes_of("AT\r")), -1);
	port_close(&port);
}

static void test_partial_writes(void **state)
{
	struct server *server = *state;
	struct port *port = open_port(server->path);
	int peer = accept_on(server);
	static uint8_t sent[16 << 20], got[sizeof sent];
	size_t written = 0, taken = 0;
	bool full = false;

	for (size_t i = 0; i < sizeof sent; i++)
		sent[i] = (uint8_t)(i * 31 + i / 251);
	while (taken < sizeof sent) {
		ssize_t now = port_write(port, bytes_from(sent + written, sizeof sent - written));

		assert_true(now >= 0);
		full |= now == 0 && written < sizeof sent;
		written += (size_t)now;
		if (now > 0 && written < sizeof sent)
			continue;
		now = read(peer, got + taken, sizeof got - taken);
		assert_true(now > 0);
		taken += (size_t)now;
	}
	assert_true(full);
	assert_memory_equal(got, sent, sizeof sent);
	port_close(&port);
	close(peer);
}

/* What was not taken when the port is closed does not reach the next device: the server sees a reset. */
static void test_close_takes_back(void **state)
{
	struct server *server = *state;
	struct port *port = open_port(server->path);
	int peer = accept_on(server);
	static uint8_t bytes[1 << 20];
	ssize_t size;

	while (port_write(port, bytes_from(bytes, sizeof bytes)) > 0)
		continue;
	port_close(&port);
	do
		size = read(peer, bytes, sizeof bytes);
	while (size > 0);
	assert_int_equal(size, -1);
	assert_int_equal(errno, ECONNRESET);
	close(peer);
}

#define PORT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PORT_TEST(test_both_ways),
		cmocka_unit_test(test_six),
		PORT_TEST(test_descriptor),
		cmocka_unit_test(test_addresses),
		PORT_TEST(test_refused_at_once),
		PORT_TEST(test_connection_under_way),
		PORT_TEST(test_farewell),
		PORT_TEST(test_reset),
		PORT_TEST(test_partial_writes),
		PORT_TEST(test_close_takes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
