/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "port_private.h"

static enum sp_flowcontrol flow_control(enum port_flow flow)
{
	switch (flow) {
	case PORT_FLOW_RTSCTS:
		return SP_FLOWCONTROL_RTSCTS;
	case PORT_FLOW_XONXOFF:
		return SP_FLOWCONTROL_XONXOFF;
	default:
		return SP_FLOWCONTROL_NONE;
	}
}

/* libserialport 0.1.1 sets CRTSCTS among the input flags, where it means nothing, and finds it there. */
static bool set_rtscts(int fd, bool on)
{
	struct termios termios;

	if (tcgetattr(fd, &termios) != 0)
		return false;
	if (on)
		termios.c_cflag |= CRTSCTS;
	else
		termios.c_cflag &= ~(tcflag_t)CRTSCTS;
	return tcsetattr(fd, TCSANOW, &termios) == 0;
}

/* 8N1. DTR is asserted, since it gates some hosts' UART; sp_set_flowcontrol leaves it as it is. */
static bool configure(const struct port *port, const struct port_settings *settings)
{
	struct sp_port *serial = port->serial;

	return sp_set_baudrate(serial, (int)settings->baud) == SP_OK && sp_set_bits(serial, 8) == SP_OK &&
	    sp_set_parity(serial, SP_PARITY_NONE) == SP_OK && sp_set_stopbits(serial, 1) == SP_OK &&
	    sp_set_flowcontrol(serial, flow_control(settings->flow)) == SP_OK &&
	    sp_set_dtr(serial, SP_DTR_ON) == SP_OK &&
	    set_rtscts(port->fd, settings->flow == PORT_FLOW_RTSCTS) &&
	    sp_flush(serial, SP_BUF_INPUT) == SP_OK;
}

/* Whether the driver kept the settings: an adapter may take an odd baud rate and round it to another. */
static bool kept_settings(const struct port *port, const struct port_settings *settings)
{
	struct sp_port_config *config;
	enum sp_xonxoff xonxoff;
	struct termios termios;
	int baud, bits;
	bool kept;

	if (tcgetattr(port->fd, &termios) != 0 || sp_new_config(&config) != SP_OK)
		return false;
	kept = sp_get_config(port->serial, config) == SP_OK &&
	    sp_get_config_baudrate(config, &baud) == SP_OK && sp_get_config_bits(config, &bits) == SP_OK &&
	    sp_get_config_xon_xoff(config, &xonxoff) == SP_OK && baud == (int)settings->baud && bits == 8 &&
	    ((termios.c_cflag & CRTSCTS) != 0) == (settings->flow == PORT_FLOW_RTSCTS) &&
	    (xonxoff != SP_XONXOFF_DISABLED) == (settings->flow == PORT_FLOW_XONXOFF);
	sp_free_config(config);
	return kept;
}

static enum err device_open(struct port *port, const char *real, const char *path, struct fault *fault)
{
	enum sp_return result = sp_get_port_by_name(real, &port->serial);

	if (result == SP_ERR_ARG)
		return fault_set(fault, ERR_CANNOT, "port-kind", path,
		    "this is neither a serial port nor a pty");
	if (result == SP_ERR_MEM)
		return fault_memory(fault);
	if (result != SP_OK)
		return port_cannot_open(fault, path, errno);
	if (sp_open(port->serial, SP_MODE_READ_WRITE) != SP_OK) {
		int error = sp_last_error_code();

		sp_free_port(port->serial);
		port->serial = NULL;
		return port_cannot_open(fault, path, error);
	}
	return ERR_OK;
}

/* What libserialport 0.1.1 leaves undone. Later versions lock by themselves, which is why the claim lets
 * go of its lock before they open; it stays open until then, since the last close of a port drops DTR. */
static enum err secure(struct port *port, const char *path, struct fault *fault)
{
	if (sp_get_port_handle(port->serial, &port->fd) != SP_OK)
		return fault_set(fault, ERR_CANNOT, "port-open", path, "the port has no descriptor");
	if (fcntl(port->fd, F_SETFD, FD_CLOEXEC) != 0)
		return fault_system(fault, path, "fcntl");
	if (flock(port->fd, LOCK_EX | LOCK_NB) != 0)
		return port_cannot_open(fault, path, errno);
	if (ioctl(port->fd, TIOCEXCL) != 0)
		return fault_system(fault, path, "TIOCEXCL");
	return ERR_OK;
}

enum err port_serial_setup(struct port *port, const char *real, const struct port_settings *settings,
    const char *path, struct fault *fault)
{
	enum err err;

	if (flock(port->claim, LOCK_UN) != 0)
		return fault_system(fault, path, "flock");
	err = device_open(port, real, path, fault);
	if (err == ERR_OK)
		err = secure(port, path, fault);
	if (err != ERR_OK)
		return err;
	if (!configure(port, settings) || !kept_settings(port, settings))
		return port_bad_settings(fault, path);
	return ERR_OK;
}

void port_serial_close(struct port *port)
{
	(void)sp_close(port->serial);
	sp_free_port(port->serial);
}

/* False: not on USB, or gone again. A path or number that does not fit belongs to no device we know. */
static bool describe(struct port_device *out, const struct sp_port *serial)
{
	const char *name = sp_get_port_name(serial), *number;
	int vendor, product;

	if (name == NULL || sp_get_port_transport(serial) != SP_TRANSPORT_USB ||
	    sp_get_port_usb_vid_pid(serial, &vendor, &product) != SP_OK)
		return false;
	number = sp_get_port_usb_serial(serial);
	*out = (struct port_device){.vendor = (unsigned)vendor, .product = (unsigned)product};
	return text_copy(out->path, sizeof out->path, bytes_of(name)) &&
	    text_copy(out->serial, sizeof out->serial, bytes_of(number != NULL ? number : ""));
}

enum err port_devices(struct port_device **out, size_t *count, struct fault *fault)
{
	struct sp_port **list;
	size_t all = 0;

	*out = NULL;
	*count = 0;
	if (sp_list_ports(&list) != SP_OK)
		return fault_set(fault, ERR_CANNOT, "port-list", "",
		    "the serial devices of this machine cannot be listed");
	while (list[all] != NULL)
		all++;
	*out = calloc(all + 1, sizeof **out);
	for (size_t i = 0; *out != NULL && i < all; i++)
		if (describe(&(*out)[*count], list[i]))
			(*count)++;
	sp_free_port_list(list);
	return *out != NULL ? ERR_OK : fault_memory(fault);
}
