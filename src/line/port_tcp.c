/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "port_private.h"

#define PREFIX "tcp:"

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} socket;
	socklen_t size;
	bool local; /* of this machine */
};

bool port_is_tcp(const char *path)
{
	return strncmp(path, PREFIX, strlen(PREFIX)) == 0;
}

static bool parse_host(struct address *out, struct bytes host, uint16_t number)
{
	char text[INET6_ADDRSTRLEN];
	const bool bracketed = host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']';

	if (bracketed)
		host = bytes_from(host.data + 1, host.size - 2);
	if (!text_copy(text, sizeof text, host))
		return false;
	if (bracketed) {
		out->socket.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(number)};
		out->size = sizeof out->socket.six;
		if (inet_pton(AF_INET6, text, &out->socket.six.sin6_addr) != 1)
			return false;
		out->local = IN6_IS_ADDR_LOOPBACK(&out->socket.six.sin6_addr);
		return true;
	}
	out->socket.four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(number)};
	out->size = sizeof out->socket.four;
	if (inet_pton(AF_INET, text, &out->socket.four.sin_addr) != 1)
		return false;
	out->local = ntohl(out->socket.four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return true;
}

/* "tcp:ADDR:PORT"; the port stands behind the last colon. */
static bool parse(struct address *out, const char *path)
{
	const char *host = path + strlen(PREFIX), *colon = strrchr(host, ':');
	uint64_t number;

	return colon != NULL && decimal_parse(bytes_of(colon + 1), 65535, &number) && number > 0 &&
	    parse_host(out, bytes_from(host, (size_t)(colon - host)), (uint16_t)number);
}

static enum err permitted(struct address *out, const char *path, const struct port_settings *settings,
    struct fault *fault)
{
	if (!parse(out, path))
		return fault_set(fault, ERR_CANNOT, "port-address", path,
		    "a TCP port is written tcp:127.0.0.1:4001 or tcp:[::1]:4001, in numbers");
	if (!out->local && !settings->remote)
		return fault_set(fault, ERR_CANNOT, "port-remote", path,
		    "this is another machine, to which credentials would travel unprotected");
	return ERR_OK;
}

enum err port_tcp_check(const char *path, const struct port_settings *settings, struct fault *fault)
{
	struct address address;

	return permitted(&address, path, settings, fault);
}

/* Commands are short and each waits for its answer; and a server that lost its power must not look like a
 * silent device for ever. */
static bool tune(int fd)
{
	const int on = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0;
}

/* The refusal of a server that is near is here before connect returns: better said now than found later. */
static int early_refusal(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	if (poll(&poll_fd, 1, 0) > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return errno;
	return error;
}

enum err port_tcp_setup(struct port *port, const char *path, const struct port_settings *settings,
    struct fault *fault)
{
	struct address address;
	enum err err = permitted(&address, path, settings, fault);
	int error = 0;

	if (err != ERR_OK)
		return err;
	port->tcp = true;
	port->fd = socket(address.socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0 || !tune(port->fd))
		return port_cannot_open(fault, path, errno);
	if (connect(port->fd, &address.socket.any, address.size) != 0)
		error = errno == EINPROGRESS ? early_refusal(port->fd) : errno;
	return error == 0 ? ERR_OK : port_cannot_open(fault, path, error);
}

ssize_t port_tcp_send(struct port *port, struct bytes bytes)
{
	return send(port->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
}

/* A reset instead of a farewell: what the server has not taken yet must not reach the next device. */
void port_tcp_abandon(struct port *port)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (port->fd >= 0)
		(void)setsockopt(port->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}
