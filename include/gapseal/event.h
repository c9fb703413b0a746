/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_EVENT_H
#define GAPSEAL_EVENT_H

#include "gapseal/vault.h"

/* event: what a run says of itself, as a line of gapseal/event/v1 for machines and as a line for people. */
enum event_kind { EVENT_START, EVENT_WAITING, EVENT_PORT, EVENT_DEVICE, EVENT_ERROR, EVENT_STOP };
struct event {
	enum event_kind kind;
	const char *station;
	const char *port;            /* "" if none */
	struct vault_verdict device; /* of EVENT_DEVICE */
	const char *code;            /* of error, port, stop; "" if none */
	const char *text;
};
/* done or same. */
bool event_passed(const struct event *event);
/* Appends one line of gapseal/event/v1 without LF; time is now. */
void event_json(struct buffer *out, const struct event *event, int64_t now);
/* Appends the line a person reads, without LF. */
void event_text(struct buffer *out, const struct event *event);

#endif
