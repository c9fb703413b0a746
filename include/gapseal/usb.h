/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_USB_H
#define GAPSEAL_USB_H

#include <stdbool.h>
#include <stdint.h>

/*
 * usb: where a serial device is plugged in. Device names go by the order of plugging in, places by sockets:
 *
 *     usb:1-2.3        bus 1, socket 2, there a hub, its socket 3: the device's first interface with a line
 *     usb:1-2.3:1.2    interface 2 of its configuration 1, as the kernel writes it
 *
 * Buses are numbered as the kernel finds their controllers, which is the same at each start of one machine.
 */
#define USB_SYSFS "/sys"
#define USB_CHAIN_SIZE 28
#define USB_DEVICE_SIZE 64

struct usb_place {
	char chain[USB_CHAIN_SIZE];       /* "1-2.3" */
	bool whole;                       /* no interface is named */
	uint8_t configuration, interface; /* 0 if whole */
};

/* Does the text begin with "usb:"? */
bool usb_is_place(const char *text);
/* False: not of the two forms above. */
bool usb_parse(struct usb_place *out, const char *text);

/* sysfs: USB_SYSFS, or another tree of that shape. */

/* The place of a device such as "/dev/ttyUSB0", with its interface; false if it is not on USB. */
bool usb_place_of(struct usb_place *out, const char *sysfs, const char *device);
/* The device at a place ("usb:..."), now; false if there is none. */
bool usb_device_at(char out[static USB_DEVICE_SIZE], const char *sysfs, const char *text);

#endif
