/* SPDX-License-Identifier: ISC */
#include "gapseal/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include "gapseal/usb.h"
#include "port_private.h"

enum err port_cannot_open(struct fault *fault, const char *path, int error)
{
	if (error == EBUSY || error == EWOULDBLOCK)
		return fault_set(fault, ERR_CANNOT, "port-busy", path, "another process uses this port");
	return fault_set(fault, ERR_CANNOT, "port-open", path, "the port cannot be opened: %s",
	    strerror(error));
}

enum err port_bad_settings(struct fault *fault, const char *path)
{
	return fault_set(fault, ERR_CANNOT, "port-settings", path,
	    "the driver does not take the baud rate, framing or flow control asked for");
}

bool port_flow_parse(enum port_flow *out, const char *word)
{
	static const char *const words[] = {
		[PORT_FLOW_NONE] = "none", [PORT_FLOW_RTSCTS] = "rtscts", [PORT_FLOW_XONXOFF] = "xonxoff",
	};

	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum port_flow)i;
			return true;
		}
	return false;
}

enum err port_check(const char *path, const struct port_settings *settings, struct fault *fault)
{
	struct usb_place place;

	if (path[0] == '\0')
		return fault_set(fault, ERR_CANNOT, "port-address", path,
		    "a port is the path of a device, a place on USB or a TCP address");
	if (port_is_tcp(path))
		return port_tcp_check(path, settings, fault);
	if (usb_is_place(path) && !usb_parse(&place, path))
		return fault_set(fault, ERR_CANNOT, "port-address", path,
		    "a place on USB is written usb:1-2.3 or, with an interface, usb:1-2.3:1.0");
	return ERR_OK;
}

/* The device itself: libserialport refuses links, and /dev/serial/by-id is nothing else. */
static enum err find_device(char **real, const char *path, struct fault *fault)
{
	char device[USB_DEVICE_SIZE];

	if (usb_is_place(path)) {
		if (!usb_device_at(device, USB_SYSFS, path))
			return fault_set(fault, ERR_CANNOT, "port-open", path,
			    "no serial device is plugged in there");
		*real = realpath(device, NULL);
	} else {
		*real = realpath(path, NULL);
	}
	return *real == NULL ? port_cannot_open(fault, path, errno) : ERR_OK;
}

/* Locks before anything is configured: setting up a port another process is using would ruin that one's
 * dialogue, and libserialport sets it up as it opens it. */
static enum err claim(struct port *port, const char *real, const char *path, struct fault *fault)
{
	port->claim = open(real, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (port->claim < 0)
		return port_cannot_open(fault, path, errno);
	if (flock(port->claim, LOCK_EX | LOCK_NB) != 0)
		return port_cannot_open(fault, path, errno);
	return ERR_OK;
}

static void drop_claim(struct port *port)
{
	if (port->claim >= 0)
		(void)close(port->claim); /* nothing was written by it */
	port->claim = -1;
}

static enum err device_setup(struct port *port, const char *path, const struct port_settings *settings,
    struct fault *fault)
{
	char *real = NULL;
	enum err err = find_device(&real, path, fault);

	if (err == ERR_OK)
		err = claim(port, real, path, fault);
	if (err == ERR_OK && strncmp(real, "/dev/pts/", strlen("/dev/pts/")) == 0)
		err = port_pty_setup(port, path, fault);
	else if (err == ERR_OK)
		err = port_serial_setup(port, real, settings, path, fault);
	if (err == ERR_OK)
		drop_claim(port);
	free(real);
	return err;
}

enum err port_open(struct port **out, const char *path, const struct port_settings *settings,
    struct fault *fault)
{
	struct port *port;
	enum err err;

	*out = NULL;
	err = port_check(path, settings, fault);
	if (err != ERR_OK)
		return err;
	port = calloc(1, sizeof *port);
	if (port == NULL)
		return fault_memory(fault);
	port->fd = -1;
	port->claim = -1;
	if (port_is_tcp(path))
		err = port_tcp_setup(port, path, settings, fault);
	else
		err = device_setup(port, path, settings, fault);
	if (err != ERR_OK)
		port_close(&port);
	*out = port;
	return err;
}

int port_fd(const struct port *port)
{
	return port->fd;
}

/* A read of 0 bytes is a hang-up where VMIN is 1 and nothing where it is 0: poll tells them apart. Of a
 * connection it is the other side's farewell, which poll reports only where asked. */
static bool is_hung_up(const struct port *port)
{
	struct pollfd poll_fd = {.fd = port->fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0;
}

static ssize_t nothing_or_gone(const struct port *port, ssize_t result)
{
	if (result < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	return is_hung_up(port) ? -1 : 0;
}

ssize_t port_read(struct port *port, void *out, size_t size)
{
	ssize_t got = read(port->fd, out, size);

	return got > 0 ? got : nothing_or_gone(port, got);
}

ssize_t port_write(struct port *port, struct bytes bytes)
{
	ssize_t took;

	if (bytes.size == 0)
		return 0;
	took = port->tcp ? port_tcp_send(port, bytes) : write(port->fd, bytes.data, bytes.size);
	return took > 0 ? took : nothing_or_gone(port, took);
}

/* What was not sent yet belongs to a command nobody waits for; left in place, a line held up by flow
 * control would make close wait half a minute for it. Nothing here can fail in a way that matters: the
 * line is given up. */
void port_close(struct port **port)
{
	if (*port == NULL)
		return;
	if ((*port)->tcp)
		port_tcp_abandon(*port);
	else if ((*port)->fd >= 0)
		(void)tcflush((*port)->fd, TCIOFLUSH);
	if ((*port)->serial != NULL)
		port_serial_close(*port);
	else if ((*port)->fd >= 0)
		(void)close((*port)->fd);
	drop_claim(*port);
	free(*port);
	*port = NULL;
}
