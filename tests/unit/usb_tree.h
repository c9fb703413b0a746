/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_USB_TREE_H
#define GAPSEAL_USB_TREE_H

/* A small sysfs in the folder of a test: only the links of class/tty, which is all the code reads. */
#include "place.h"

#define USB_ROOT "../../devices/pci0000:00/0000:00:14.0/usb1/"

static inline void tree_link(const char *tty, const char *target)
{
	char name[128];

	snprintf(name, sizeof name, "class/tty/%s", tty);
	assert_int_equal(symlinkat(target, place, name), 0);
}

static inline void tree_make(void)
{
	place_make();
	assert_int_equal(mkdirat(place, "class", 0700), 0);
	assert_int_equal(mkdirat(place, "class/tty", 0700), 0);
	tree_link("tty0", "../../devices/virtual/tty/tty0");
	tree_link("ttyS0", "../../devices/pnp0/00:03/tty/ttyS0");
}

#endif
