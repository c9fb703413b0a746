/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LINE_STATION_PRIVATE_H
#define GAPSEAL_LINE_STATION_PRIVATE_H

#include <poll.h>

#include "gapseal/label.h"
#include "gapseal/outside.h"
#include "gapseal/station.h"

/*
 * The parts of the station: station.c life and stop, polling.c the one ppoll, converse.c messages between the
 * roles, seat.c the course of a presentation, seat_port.c a seat's bytes, seat_step.c the owner's steps,
 * clearance.c label and permit of a device, scans.c what was scanned for which seat, scanner.c where scans
 * come from.
 */
enum seat_state {
	SEAT_PREPARING, /* the step prepare runs */
	SEAT_SERVING,   /* a device is awaited or in hand */
	SEAT_ENDING,    /* the step after runs */
	SEAT_LEAVING,   /* the device is to go */
	SEAT_SUSPENDED,
	SEAT_OVER
};
enum seat_step { STEP_PREPARE, STEP_PERMIT, STEP_AFTER };

/* What was scanned for a seat, until a device takes it. */
struct scan {
	struct label_read label;
	uint64_t until;         /* 0: nothing */
};

/* What the vault asked for before the device in hand may be listed. */
struct clearance {
	bool asked;
	bool nameless;          /* it is the device that cannot say who it is: its label is awaited first */
	enum label wanted;
	uint64_t deadline;      /* of the label */
	bool said;
	/* what the step permit led to: NULL: not run yet, "", or the reason why not */
	const char *permit;
	char label[UNIT_SIZE];  /* what is answered */
	char imei[UNIT_SIZE];   /* scanned for this presentation already, */
	char unit[UNIT_SIZE];   /* by kind: a further batch that holds the device asks again */
};

/* One port of the bench and what is at it. */
struct seat {
	struct station *station;
	const struct station_port *place;
	unsigned number;
	enum seat_state state;
	struct port *port;           /* NULL: closed */
	struct provision *provision;
	uint64_t left;               /* presentations still to serve; counts only if the run is bounded */
	uint64_t reopen;             /* when a closed port is tried again */
	uint64_t until;              /* of a port that is suspended or whose device is to leave */
	bool told;                   /* its trouble opening was said once */
	bool in_hand;                /* STEPS went out, VERDICT has not come */
	bool judged;                 /* the last VERDICT came */
	unsigned faults;             /* of the fixture, in a row */

	char imei[IMEI_SIZE];        /* of the device in hand */
	char unit[UNIT_SIZE];
	struct scan scan;
	struct clearance clearance;

	struct outside *outside;     /* the step that runs */
	enum seat_step step;
	struct event *events;        /* of this presentation, said when the port is closed */
	size_t event_count;

	int polled;                  /* place of its port among the polled, -1: none */
	size_t step_polled, step_count; /* of its step */
};

#define LOOK_MS 100 /* between two pictures */

/* IMEI labels whose device has not come yet. */
#define SCANS_MAX 64
struct scans {
	struct scan items[SCANS_MAX];
	size_t count;
	struct seat *named;          /* by a scan of its name: the next one is its */
	uint64_t named_until;
};

struct scanner {
	int fd;                      /* -1: none, or at its end */
	char line[LABEL_LINE_MAX + 1];
	size_t size;
	bool long_;                  /* the line is longer: it is left out */
	struct outside *program;
	uint64_t restart;            /* when a program that ended is started again */
	int polled;
	size_t program_polled, program_count;
};

struct station {
	const struct home *home;
	struct reader *reader;
	struct vault *vault;
	const struct station_settings *settings;
	struct seat *seats;
	struct scans scans;
	struct scanner scanner;
	struct station_look *looks;
	struct pollfd *polled;
	size_t polled_count;
	size_t outlets_polled;       /* place of the first outlet */
	int stop_polled, acknowledge_polled, watch_polled;
	/* inotify of the home, for HOME_STOP; -1: looked for between devices only */
	int watch;
	struct message *message;     /* the one under way */
	struct message *answer;
	uint64_t now;
	uint64_t look;               /* when a face may be drawn next */
	bool changed;                /* something may have, since it was drawn */
	bool stopping;
	bool refreshed;              /* the documents were looked at in this turn */
	struct fault fault;          /* why it stops by itself; err ERR_OK: it does not */
	int code;
};

/* station.c */
void station_say(struct station *station, enum event_kind kind, const struct seat *seat, const char *code,
    const char *text);
void station_emit(struct station *station, const struct event *event);
void station_count(struct station *station, int code); /* raises the exit code */
void station_stop(struct station *station);
/* Looks for HOME_STOP. */
bool station_told(const struct station *station);
int station_code(enum result result);

/* polling.c */
enum err polling_new(struct station *station, struct fault *fault);
void polling_free(struct station *station);
enum err polling_wait(struct station *station, struct fault *fault);
uint64_t station_clock(void); /* monotonic milliseconds */

/* converse.c: until nobody has anything more to say; everything asked for before one turn of the vault shares
 * its durable step. busy: somebody said something. */
enum err station_converse(bool *busy, struct station *station, struct fault *fault);

/* seat.c */
void seat_begin(struct seat *seat);       /* a fresh presentation */
void seat_wait(struct seat *seat);        /* for its device; the step prepare is over */
void seat_tick(struct seat *seat);        /* after bytes, answers and time */
void seat_finish(struct seat *seat);      /* for good */
void seat_publish(struct seat *seat);     /* says the events kept */
void seat_acknowledge(struct seat *seat);
enum err seat_verdict(struct seat *seat, bool more, struct fault *fault);
/* The step that ran has ended. */
void seat_prepared(struct seat *seat, enum outside_end end);
void seat_ended(struct seat *seat, enum outside_end end);
void seat_look(struct station_look *out, const struct seat *seat);

/* seat_port.c */
void seat_open(struct seat *seat);
void seat_close(struct seat *seat);
void seat_read(struct seat *seat);
void seat_write(struct seat *seat);
void seat_hang_up(struct seat *seat);

/* seat_step.c */
const struct station_step *seat_step(const struct seat *seat, enum seat_step step);
void seat_step_start(struct seat *seat, enum seat_step step);
/* Whether a step still runs; one that has ended is told to seat or clearance. */
bool seat_step_runs(struct seat *seat);

/* clearance.c */
void clearance_ask(struct seat *seat, enum label wanted);
void clearance_ask_name(struct seat *seat);
void clearance_tick(struct seat *seat);
void clearance_permitted(struct seat *seat, enum outside_end end);
void clearance_hang_up(struct seat *seat); /* the device is gone meanwhile */
bool clearance_waits(const struct seat *seat); /* for a label */

/* scans.c */
void scans_take(struct station *station, const char *line);
/* A scan for the device in hand that says what is wanted. */
bool scans_find(char out[static UNIT_SIZE], struct seat *seat, enum label wanted);
/* The presentation is over: what was scanned for its device serves no other. */
void scans_forget(struct seat *seat);
void scans_expire(struct station *station);

/* scanner.c */
void scanner_start(struct station *station);
void scanner_stop(struct station *station);
void scanner_read(struct station *station);
void scanner_serve(struct station *station);
uint64_t scanner_due(const struct station *station);

#endif
