/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CMD_LINE_FACE_H
#define GAPSEAL_CMD_LINE_FACE_H

#include <termios.h>

#include "gapseal/table.h"

/*
 * face: what a run shows and to whom. On a terminal a live table, otherwise a line an event; --json lines
 * instead; --events a second stream of JSON lines beside either. Nothing here ever waits for a reader.
 */
#define FACE_OUTLETS 4

struct face_settings {
	bool json, quiet;
	const char *events;          /* a file, or the number of a descriptor; NULL: none */
	const struct home *home;
	const struct bench *bench;
};
struct face {
	bool json, live;             /* live: the table */
	bool begun;                  /* it is on the terminal */
	struct outlet *lines;        /* standard output, without a table */
	struct outlet *picture;      /* standard output, with one */
	struct outlet *events;
	struct outlet *notices;      /* standard error */
	struct outlet *all[FACE_OUTLETS];
	size_t count;
	int events_fd;               /* opened here; -1 */
	struct table table;
	const struct vault *vault;   /* whose lots are shown, while the station runs */
	uint64_t lots_at;            /* when they were counted */
	bool lots_old;
	struct termios terminal;     /* of standard input, as it was */
	bool muted;
};
#define FACE_CLOSED ((struct face){.events_fd = -1})

/* ERR_CANNOT "events-open", "memory". */
enum err face_open(struct face *face, const struct face_settings *settings, struct fault *fault);
/* The table appears; from here on what is said goes to it. */
void face_begin(struct face *face, const struct vault *vault);
/* Takes the table away, gives the terminal back, waits a little for readers. */
void face_close(struct face *face);

/* What station_run calls; the context is the face. */
void face_event(void *context, const struct event *event);
void face_say(void *context, const char *line);
void face_look(void *context, const struct station_look *ports, unsigned count);

#endif
