/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_STATION_H
#define GAPSEAL_STATION_H

#include "gapseal/event.h"
#include "gapseal/outlet.h"
#include "gapseal/port.h"
#include "gapseal/provision.h"
#include "gapseal/reader.h"

/*
 * station: owns the descriptors and the only ppoll, and routes messages between line, vault and reader.
 * Nothing else.
 *
 * A presentation at a port, in order; the port is open in what is marked with a star:
 *
 *     prepare    the owner's step, if there is one
 *   * wait       for a modem
 *   * label      if the batch wants one scanned
 *   * permit     the owner's interlock, if there is one
 *   * dialogue   list, begin, write, list, end
 *     after      the owner's step, if there is one
 *     event      the result
 *   * leave      until the device has gone, if the port goes on
 *
 * Faults of the fixture three times in a row suspend a port until somebody acknowledges it.
 *
 * Lines of labels are scans (see label.h), the name of a port and a scan, the name of a port (the scan
 * follows), or "ack" and the name of a port. An IMEI belongs to the port whose modem says it; a serial to
 * the port named, or the only one there is. A scan may come before its device: both wait for the other as
 * long as label_ms.
 */
#define STATION_FAULTS 3

struct station_port {
	const char *name;            /* a name for entries and events, at most 39 characters */
	const char *path;
	struct port_settings settings;
	const struct provision_settings *provision; /* NULL: as the station's */
};
struct station_step {
	const char *const *arguments; /* NULL-ended, the first an absolute path; NULL: no such step */
	uint64_t timeout_ms;
};
/* What a face shows of a port. */
struct station_look {
	const char *port;
	const char *step;            /* a word: "prepare", "wait", "label", "permit", those of provision_step,
	                              * "after", "leave", "suspended", "over" */
	const char *imei;            /* "" if not known yet */
};
struct station_settings {
	const struct station_port *ports;
	unsigned count;
	uint64_t presentations;      /* per port; 0: until stopped */
	uint64_t timeout_ms;         /* longest wait for a device; UINT64_MAX: for ever */
	const char *unit;            /* "" if none */
	struct provision_settings provision;

	uint64_t label_ms;
	int label_fd;                /* lines are scans; -1: none. Read until it ends */
	const char *const *label_command; /* so are the lines this program says; NULL: none */
	struct station_step prepare, permit, after;

	struct outlet *const *outlets; /* drained when their readers are ready */
	size_t outlet_count;
	/* readable (signalfd): finish the devices in hand and return; -1: none */
	int stop_fd;
	int acknowledge_fd;          /* readable (signalfd): acknowledges every suspended port; -1: none */

	void (*event)(void *context, const struct event *event);
	void (*say)(void *context, const char *line);  /* what steps print, and notices */
	/* If not NULL: at most ten times a second, when anything may have changed. */
	void (*look)(void *context, const struct station_look *ports, unsigned count);
	void *context;
};
/* Runs until every port had its presentations, or a stop: stop_fd, or something named HOME_STOP in the home
 * (ERR_CANNOT "stop-file" if it is there at the start). The port of a presentation is closed before its
 * event. *code is the exit code of the contract: the highest of 0 done or same, 1 refused or failed, 2 no
 * device ever identified, 3 unknown; without a bound on the presentations 0, or 3 if a device was left
 * unknown. A fault of the log is returned after the ports were closed; one of documents that came meanwhile
 * after the devices in hand were finished. */
enum err station_run(int *code, const struct home *home, struct reader *reader, struct vault *vault,
    const struct station_settings *settings, struct fault *fault);

#endif
