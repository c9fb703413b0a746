/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PORT_H
#define GAPSEAL_PORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/*
 * port: bytes to and from a line, whatever kind it is of.
 *
 *     /dev/ttyUSB0, /dev/serial/by-id/...   a serial device, opened, configured and closed by libserialport
 *     /dev/pts/4, a link to it              a pty, by plain termios (libserialport 0.1.1 cannot)
 *     usb:1-2.3  usb:1-2.3:1.0              the serial device at that place of the USB tree: see usb.h
 *     tcp:127.0.0.1:4001  tcp:[::1]:4001    a TCP server that hands on raw bytes, such as ser2net or the
 *                                           RTT server of OpenOCD
 *
 * Bytes go by read and write on the descriptor, which is non-blocking and close-on-exec. A device is flocked
 * before anything is configured; a serial device is TIOCEXCL too, a pty is not, since it would keep that flag
 * past a killed holder, for as long as its master lives. A TCP server locks for itself or not at all.
 *
 * Credentials cross a TCP connection unprotected, so only this machine's own addresses (127.0.0.0/8, ::1) are
 * taken unless settings say otherwise, and names are never looked up.
 */
#define PORT_BAUD_MIN 1200
#define PORT_BAUD_MAX 4000000
enum port_flow { PORT_FLOW_NONE, PORT_FLOW_RTSCTS, PORT_FLOW_XONXOFF };
/* "none", "rtscts", "xonxoff"; false for any other word. */
bool port_flow_parse(enum port_flow *out, const char *word);

struct port_settings {
	unsigned baud;         /* 115200 unless set; of serial devices, as flow is */
	enum port_flow flow;
	bool remote;           /* tcp: other machines are allowed */
};

/* What can be said of a path without opening it. ERR_CANNOT: "port-address" (not of the forms above),
 * "port-remote" (another machine, and that is not allowed). */
enum err port_check(const char *path, const struct port_settings *settings, struct fault *fault);

struct port;
/* Opens a path (links are resolved first). DTR is asserted, stale input discarded. ERR_CANNOT: what
 * port_check says, "port-open", "port-busy" (locked by another process), "port-kind" (no kind of line),
 * "port-settings" (the driver did not keep them). A TCP connection is under way when this returns: a server
 * that refuses at once is "port-open", one that does so later a line that is gone. */
enum err port_open(struct port **out, const char *path, const struct port_settings *settings,
    struct fault *fault);
int port_fd(const struct port *port);                 /* for ppoll */
/* Bytes read (> 0), 0: nothing now, -1: the line is gone. */
ssize_t port_read(struct port *port, void *out, size_t size);
/* Bytes taken (>= 0, may be less), -1: the line is gone. */
ssize_t port_write(struct port *port, struct bytes bytes);
void port_close(struct port **port);                  /* NULL is fine */

/* A serial device on USB, as libserialport finds it; nothing is opened for it. */
struct port_device {
	char path[64];         /* "/dev/ttyUSB0" */
	unsigned vendor, product;
	char serial[64];       /* as the device says it, so not to be shown; "" if it says none */
};
/* Every one there is; the caller frees the list with free(3). ERR_CANNOT "port-list", "memory". */
enum err port_devices(struct port_device **out, size_t *count, struct fault *fault);

#endif
