/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_STATION_H
#define GAPSEAL_STATION_H

#include "gapseal/port.h"
#include "gapseal/provision.h"
#include "gapseal/vault.h"

/*
 * station: owns the descriptors and the only ppoll, and routes messages between line, vault and reader. Nothing else.
 */
enum event_kind { EVENT_START, EVENT_WAITING, EVENT_PORT, EVENT_DEVICE, EVENT_ERROR, EVENT_STOP };
struct event {
	enum event_kind kind;
	const char *station;
	const char *port;            /* "" if none */
	struct vault_verdict device; /* of EVENT_DEVICE */
	const char *code;            /* of error, port, stop */
	const char *text;
};
/* Appends one line of gapseal/event/v1 (DESIGN 6) without LF; time is now. */
void event_json(struct buffer *out, const struct event *event, int64_t now);
/* Appends the line a person reads, without LF. */
void event_text(struct buffer *out, const struct event *event);

/* Where events go without ever blocking a port: lines are kept until their reader takes them. */
struct outlet;
/* fd is not closed; at most limit bytes are kept, then the oldest whole lines are dropped and counted. */
enum err outlet_new(struct outlet **out, int fd, size_t limit, struct fault *fault);
void outlet_free(struct outlet **outlet);
/* Keeps a line (LF is added) and writes what can be written now. */
void outlet_put(struct outlet *outlet, struct bytes line);
bool outlet_pending(const struct outlet *outlet);
void outlet_drain(struct outlet *outlet);
/* At the end: waits at most ms for the reader; the number of lines it never got, 0 if all went out. */
uint64_t outlet_finish(struct outlet *outlet, unsigned ms);

struct station_port {
	const char *name;            /* a name for entries and events, at most 39 characters */
	const char *path;
	struct port_settings settings;
};
struct station_settings {
	const struct station_port *ports;
	unsigned count;
	uint64_t presentations;      /* per port; 0: until stopped */
	uint64_t timeout_ms;         /* longest wait for a device; UINT64_MAX: for ever */
	const char *unit;            /* "" if none */
	struct provision_settings provision;
	struct outlet *outlet;       /* drained when its reader is ready; NULL: none */
	int outlet_fd;
	int stop_fd;                 /* readable (signalfd): finish the devices in hand and return; -1: none */
	void (*event)(void *context, const struct event *event);
	void *context;
};
/* Runs until every port had its presentations or a stop. The port of a presentation is closed before its event. *code is the exit code
 * of the contract: the highest of 0 done or same, 1 refused or failed, 2 no device ever identified, 3 unknown; after a stop 0, or 3 if
 * a device was left unknown. A fault of the log is returned after the ports were closed. */
enum err station_run(int *code, const struct home *home, struct reader *reader, struct vault *vault,
    const struct station_settings *settings, struct fault *fault);

#endif
