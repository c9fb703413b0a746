/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "station_private.h"

#define VARIABLES 7
#define VARIABLE_SIZE 320 /* the longest: a port's path */

static const char *const step_names[] = {
	[STEP_PREPARE] = "prepare", [STEP_PERMIT] = "permit", [STEP_AFTER] = "after",
};

const struct station_step *seat_step(const struct seat *seat, enum seat_step step)
{
	const struct station_settings *settings = seat->station->settings;

	switch (step) {
	case STEP_PREPARE:
		return &settings->prepare;
	case STEP_PERMIT:
		return &settings->permit;
	case STEP_AFTER:
		break;
	}
	return &settings->after;
}

/* Of several batches' verdicts the one that decides the exit code is told. */
static const struct event *worst(const struct seat *seat)
{
	const struct event *found = NULL;

	for (size_t i = 0; i < seat->event_count; i++) {
		const struct event *event = &seat->events[i];

		if (found == NULL || station_code(event->device.result) > station_code(found->device.result))
			found = event;
	}
	return found;
}

static void fill(char variables[VARIABLES][VARIABLE_SIZE], const struct seat *seat)
{
	const struct event *event = worst(seat);

	snprintf(variables[0], VARIABLE_SIZE,
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	snprintf(variables[1], VARIABLE_SIZE, "GAPSEAL_PORT=%s", seat->place->name);
	snprintf(variables[2], VARIABLE_SIZE, "GAPSEAL_PORT_PATH=%s", seat->place->path);
	snprintf(variables[3], VARIABLE_SIZE, "GAPSEAL_IMEI=%s", seat->imei);
	snprintf(variables[4], VARIABLE_SIZE, "GAPSEAL_UNIT=%s", seat->unit);
	snprintf(variables[5], VARIABLE_SIZE, "GAPSEAL_RESULT=%s",
	    event != NULL ? result_name(event->device.result) : "");
	snprintf(variables[6], VARIABLE_SIZE, "GAPSEAL_REASON=%s", event != NULL ? event->device.reason : "");
}

/* What a step prints goes on to the operator with where it comes from in front; what is not printable is not
 * shown to a terminal. */
static void on_line(void *context, bool error, const char *text)
{
	const struct seat *seat = context;
	const struct station_settings *settings = seat->station->settings;
	char line[OUTSIDE_LINE_MAX + 64];

	(void)error;
	snprintf(line, sizeof line, "%s %s: %s", seat->place->name, step_names[seat->step], text);
	for (char *at = line; *at != '\0'; at++)
		if (*at < 0x20 || *at > 0x7e)
			*at = '?';
	if (settings->say != NULL)
		settings->say(settings->context, line);
}

static void ended(struct seat *seat, enum outside_end end)
{
	switch (seat->step) {
	case STEP_PREPARE:
		seat_prepared(seat, end);
		return;
	case STEP_PERMIT:
		clearance_permitted(seat, end);
		return;
	case STEP_AFTER:
		seat_ended(seat, end);
		return;
	}
}

void seat_step_start(struct seat *seat, enum seat_step step)
{
	const struct station_step *which = seat_step(seat, step);
	char variables[VARIABLES][VARIABLE_SIZE];
	const char *environment[VARIABLES + 1] = {0};
	const struct outside_order order = {.arguments = which->arguments, .environment = environment,
	    .deadline = seat->station->now + which->timeout_ms, .line = on_line, .context = seat};
	struct fault fault;

	seat->step = step;
	fill(variables, seat);
	for (size_t i = 0; i < VARIABLES; i++)
		environment[i] = variables[i];
	if (outside_start(&seat->outside, &order, &fault) == ERR_OK)
		return;
	on_line(seat, true, fault.text);
	ended(seat, OUTSIDE_DIED);
}

static void say_end(struct seat *seat, enum outside_end end)
{
	if (end == OUTSIDE_LATE)
		on_line(seat, true, "its time is over, it was killed");
	else if (end == OUTSIDE_DIED)
		on_line(seat, true, "it was killed by a signal");
}

bool seat_step_runs(struct seat *seat)
{
	enum outside_end end;

	if (seat->outside == NULL)
		return false;
	end = outside_end(seat->outside);
	if (end == OUTSIDE_RUNNING)
		return true;
	say_end(seat, end);
	outside_free(&seat->outside);
	ended(seat, end);
	return false;
}
