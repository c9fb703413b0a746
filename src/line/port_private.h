/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PORT_PRIVATE_H
#define GAPSEAL_PORT_PRIVATE_H

#include "gapseal/port.h"

/* The kinds of port: port.c tells them apart and moves bytes, each of the others opens one kind. What a
 * setup has opened when it fails, port_close closes. */

struct sp_port;

struct port {
	int claim;               /* the flocked descriptor a device was claimed by; -1 once not needed */
	int fd;                  /* bytes go here */
	struct sp_port *serial;  /* of a serial device: owns fd */
	bool tcp;                /* fd is a socket */
};

/* ERR_CANNOT "port-open" with what errno says, or "port-busy". */
enum err port_cannot_open(struct fault *fault, const char *path, int error);
/* ERR_CANNOT "port-settings". */
enum err port_bad_settings(struct fault *fault, const char *path);

/* port_pty.c: takes over the claim. */
enum err port_pty_setup(struct port *port, const char *path, struct fault *fault);

/* port_serial.c: leaves the claim without its lock. real: the path without links; path: as given, for faults.
 */
enum err port_serial_setup(struct port *port, const char *real, const struct port_settings *settings,
    const char *path, struct fault *fault);
void port_serial_close(struct port *port);

/* port_tcp.c */
bool port_is_tcp(const char *path);
enum err port_tcp_check(const char *path, const struct port_settings *settings, struct fault *fault);
enum err port_tcp_setup(struct port *port, const char *path, const struct port_settings *settings,
    struct fault *fault);
ssize_t port_tcp_send(struct port *port, struct bytes bytes); /* as send(2) */
void port_tcp_abandon(struct port *port);

#endif
