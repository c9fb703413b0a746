/* SPDX-License-Identifier: ISC */
#include <termios.h>

#include "port_private.h"

/* No TIOCEXCL here: a pty keeps that flag as long as its master lives, so that a station killed with it
 * set could never open the stand-in modem again. The flock is enough among ourselves. */
enum err port_pty_setup(struct port *port, const char *path, struct fault *fault)
{
	struct termios settings;

	port->fd = port->claim;
	port->claim = -1;
	if (tcgetattr(port->fd, &settings) != 0)
		return port_bad_settings(fault, path);
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	if (tcsetattr(port->fd, TCSANOW, &settings) != 0 || tcflush(port->fd, TCIFLUSH) != 0)
		return port_bad_settings(fault, path);
	return ERR_OK;
}
