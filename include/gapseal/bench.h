/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_BENCH_H
#define GAPSEAL_BENCH_H

#include "gapseal/port.h"
#include "gapseal/provision.h"
#include "gapseal/usb.h"

/*
 * bench: the ports of a run under their names: given one by one, read from a file, found on USB. Add them in
 * this order: what has a name already is not found once more.
 *
 * A file of ports has one port a line; NAME is 1 to 39 of a-z 0-9 . -, and '#' at the start of a word begins
 * a comment:
 *
 *     left  = usb:1-2.3            baud 115200  flow rtscts
 *     right = /dev/serial/by-id/usb-FTDI_TTL232R-3V3_FT000002-if00-port0
 *     rtt   = tcp:127.0.0.1:9090   # OpenOCD
 *     shell = usb:1-2.4            dialect shell  line_limit 3072  pacing 12/10
 *
 * Words and values behind the path are baud, flow, and the settings of provision_set, each at most once.
 *
 * Found on USB are the lines of common serial adapters (FTDI, Silicon Labs, Prolific, WCH), each interface a
 * port of its own, and the AT port of nRF91 kits, which is their first. Kits that carry no nRF91 (by their
 * serial numbers), other debug probes and everything else are left out. A port found has the name of its
 * place, "usb-1-2.3", or "usb-1-2.3-if1" behind interface 0, and goes to whatever is plugged in there when
 * it is opened: a position keeps its name.
 */
#define BENCH_MAX 32
#define BENCH_PATH_SIZE 256
#define BENCH_FILE_MAX 65536

struct bench_port {
	char name[NAME_SIZE];
	char path[BENCH_PATH_SIZE];
	struct port_settings settings;
	struct provision_settings provision;
};
struct bench {
	const char *sysfs;
	const struct provision_settings *provision; /* of ports that do not say; NULL: provision_defaults */
	struct bench_port ports[BENCH_MAX];
	unsigned count;
};
#define BENCH_EMPTY ((struct bench){.sysfs = USB_SYSFS})

/* Adds one port; name NULL: the last part of its path. ERR_CANNOT, place = the name: "name-form",
 * "port-twice" (a name or a device that is on the bench already), "ports-many", and what port_check says. */
enum err bench_add(struct bench *bench, const char *name, const char *path,
    const struct port_settings *settings, struct fault *fault);
/* The same for "NAME=PATH" or "PATH". */
enum err bench_give(struct bench *bench, const char *given, const struct port_settings *settings,
    struct fault *fault);
/* Adds the ports of a file; settings are for lines that do not say. ERR_CANNOT with file:line: "ports-form"
 * and the codes of bench_add; the codes of file.h. */
enum err bench_read(struct bench *bench, int folder, const char *name, const struct port_settings *settings,
    struct fault *fault);
/* Adds what is found on USB, in the order of places. say (may be NULL) hears what is left out and why.
 * ERR_CANNOT "ports-none" (the bench is still empty), "ports-many", "port-list". */
enum err bench_find(struct bench *bench, const struct port_settings *settings,
    void (*say)(void *context, const char *line), void *context, struct fault *fault);

/* Is the device behind a path on the bench already, under whatever path? */
bool bench_holds(const struct bench *bench, const char *path);

#endif
