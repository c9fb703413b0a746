/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TABLE_H
#define GAPSEAL_TABLE_H

#include "gapseal/bench.h"
#include "gapseal/event.h"
#include "gapseal/station.h"

/*
 * table: the live picture of a run on a terminal, in plain ANSI sequences, and the counts it shows. State in,
 * bytes out: no descriptor, no clock.
 *
 * Each port has four rows where there is room, otherwise two or one, and if even that is too much two ports
 * share a row. The result is a word on a colour, so that neither has to be seen to know the other.
 */
#define TABLE_TIMES 32     /* devices done that the rate is taken from */
#define TABLE_NOTICE 160

struct table_port {
	char name[NAME_SIZE];
	char imei[IMEI_SIZE];
	char step[16];
	bool judged;            /* result and text are of the device that is there */
	enum result result;
	char reason[40];
	uint64_t passed, failed;
	uint64_t first_passed, first; /* at their first attempt, and all first attempts */
};
struct table_lot { /* the one the last device was of */
	char batch[NAME_SIZE], lot[NAME_SIZE]; /* "" before the first */
	uint64_t count, left;
	uint64_t others;        /* lots besides it with devices left */
};
struct table {
	unsigned width, height;
	bool colour;
	bool rehearsal;
	char station[2 * NAME_SIZE + 1];
	struct table_port ports[BENCH_MAX];
	unsigned count;
	struct table_lot lot;
	uint64_t times[TABLE_TIMES]; /* milliseconds; the youngest at (done - 1) % TABLE_TIMES */
	uint64_t done;
	char notice[TABLE_NOTICE];
};

#define TABLE_BEGIN "\033[?1049h\033[?25l\033[2J" /* another screen, without cursor */
#define TABLE_END "\033[0m\033[?25h\033[?1049l"

/* Takes an event over; now in milliseconds. */
void table_event(struct table *table, const struct event *event, uint64_t now);
void table_look(struct table *table, const struct station_look *looks, unsigned count);
/* Devices an hour over the last TABLE_TIMES, 0: not known yet. */
uint64_t table_rate(const struct table *table, uint64_t now);
/* The whole picture, over the one before it. */
void table_draw(struct buffer *out, const struct table *table, uint64_t now);
/* What is left when the picture is gone: a line for each port and one for all, with LF. */
void table_summary(struct buffer *out, const struct table *table);
/* How far a step of provision_step is, in percent. */
unsigned table_progress(const char *step);

#endif
