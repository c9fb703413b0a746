/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "station_private.h"

/* A seat's port and step; the scanner's descriptor and program, stop, acknowledge and the home. */
#define POLLED_SEAT (1 + OUTSIDE_WATCHED)
#define POLLED_STATION (1 + OUTSIDE_WATCHED + 3)

uint64_t station_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Without it (a system's limit) HOME_STOP is seen at the next device boundary. */
static int watch_home(const struct home *home)
{
	char path[32];
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	snprintf(path, sizeof path, "/proc/self/fd/%d", home->folder);
	if (watch >= 0 && inotify_add_watch(watch, path, IN_CREATE | IN_MOVED_TO) < 0) {
		close(watch);
		watch = -1;
	}
	return watch;
}

enum err polling_new(struct station *station, struct fault *fault)
{
	const struct station_settings *settings = station->settings;
	const size_t count = settings->count * POLLED_SEAT + POLLED_STATION + settings->outlet_count;

	station->polled = calloc(count, sizeof *station->polled);
	if (station->polled == NULL)
		return fault_memory(fault);
	station->watch = watch_home(station->home);
	return ERR_OK;
}

void polling_free(struct station *station)
{
	if (station->watch >= 0)
		close(station->watch);
	free(station->polled);
}

/* Returns its place among the polled. */
static int add(struct station *station, int fd, short events)
{
	if (fd < 0)
		return -1;
	station->polled[station->polled_count] = (struct pollfd){.fd = fd, .events = events};
	return (int)station->polled_count++;
}

static size_t add_program(struct station *station, const struct outside *program, size_t *place)
{
	size_t count;

	*place = station->polled_count;
	if (program == NULL)
		return 0;
	count = outside_watch(program, station->polled + station->polled_count);
	station->polled_count += count;
	return count;
}

static void add_seat(struct station *station, struct seat *seat)
{
	const bool output = provision_output(seat->provision).size > 0;

	seat->polled = add(station, seat->port != NULL ? port_fd(seat->port) : -1,
	    (short)(POLLIN | (output ? POLLOUT : 0)));
	seat->step_count = add_program(station, seat->outside, &seat->step_polled);
}

/* A run of one device a port may stand in a script's loop over a list it reads: nothing is taken from its
 * standard input that is not needed. */
static bool wants_scans(const struct station *station)
{
	if (station->settings->presentations != 1)
		return true;
	for (unsigned i = 0; i < station->settings->count; i++)
		if (clearance_waits(&station->seats[i]) || station->seats[i].state == SEAT_SUSPENDED)
			return true;
	return false;
}

static void gather(struct station *station)
{
	const struct station_settings *settings = station->settings;
	struct scanner *scanner = &station->scanner;

	station->polled_count = 0;
	for (unsigned i = 0; i < settings->count; i++)
		add_seat(station, &station->seats[i]);
	scanner->polled = add(station, wants_scans(station) ? scanner->fd : -1, POLLIN);
	scanner->program_count = add_program(station, scanner->program, &scanner->program_polled);
	station->stop_polled = add(station, station->stopping ? -1 : settings->stop_fd, POLLIN);
	station->acknowledge_polled = add(station, settings->acknowledge_fd, POLLIN);
	station->watch_polled = add(station, station->watch, POLLIN);
	station->outlets_polled = station->polled_count;
	for (size_t i = 0; i < settings->outlet_count; i++) {
		const struct outlet *outlet = settings->outlets[i];

		station->polled[station->polled_count++] =
		    (struct pollfd){.fd = outlet_pending(outlet) ? outlet_fd(outlet) : -1, .events = POLLOUT};
	}
}

static short events_of(const struct station *station, int place)
{
	return place < 0 ? 0 : station->polled[place].revents;
}

static bool any_of(const struct station *station, size_t place, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (station->polled[place + i].revents != 0)
			return true;
	return false;
}

static uint64_t seat_due(const struct seat *seat)
{
	uint64_t due = seat->outside != NULL ? outside_due(seat->outside) : UINT64_MAX, other = UINT64_MAX;

	switch (seat->state) {
	case SEAT_PREPARING:
	case SEAT_ENDING:
	case SEAT_OVER:
		return due;
	case SEAT_SUSPENDED:
		return seat->until;
	case SEAT_SERVING:
	case SEAT_LEAVING:
		break;
	}
	other = provision_due(seat->provision);
	due = other < due ? other : due;
	if (seat->port == NULL && seat->reopen < due)
		due = seat->reopen;
	if (seat->state == SEAT_LEAVING && seat->until < due)
		due = seat->until;
	if (clearance_waits(seat) && seat->clearance.deadline < due)
		due = seat->clearance.deadline;
	return due;
}

static uint64_t next_due(const struct station *station)
{
	uint64_t due = scanner_due(station);

	for (unsigned i = 0; i < station->settings->count; i++) {
		uint64_t at = seat_due(&station->seats[i]);

		due = at < due ? at : due;
	}
	if (station->settings->look != NULL && station->changed && station->look < due)
		due = station->look;
	return due;
}

/* A signalfd says what came; that something came is all that matters. */
static void empty(int fd)
{
	uint8_t bytes[4096];

	while (read(fd, bytes, sizeof bytes) > 0)
		;
}

static void serve_seats(struct station *station)
{
	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];
		short events = events_of(station, seat->polled);

		if ((events & POLLIN) != 0)
			seat_read(seat);
		else if ((events & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			seat_hang_up(seat);
	}
}

static void serve_steps(struct station *station)
{
	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];

		if (seat->outside != NULL && (any_of(station, seat->step_polled, seat->step_count) ||
		    station->now >= outside_due(seat->outside)))
			outside_serve(seat->outside, station->now);
	}
}

static void serve_station(struct station *station)
{
	struct scanner *scanner = &station->scanner;

	if (events_of(station, station->stop_polled) != 0)
		station_stop(station);
	if (events_of(station, station->watch_polled) != 0) {
		empty(station->watch);
		if (!station->stopping && station_told(station))
			station_stop(station);
	}
	if (events_of(station, station->acknowledge_polled) != 0) {
		empty(station->settings->acknowledge_fd);
		for (unsigned i = 0; i < station->settings->count; i++)
			seat_acknowledge(&station->seats[i]);
	}
	if (events_of(station, scanner->polled) != 0)
		scanner_read(station);
	if (any_of(station, scanner->program_polled, scanner->program_count) ||
	    station->now >= scanner_due(station))
		scanner_serve(station);
	for (size_t i = 0; i < station->settings->outlet_count; i++)
		if (station->polled[station->outlets_polled + i].revents != 0)
			outlet_drain(station->settings->outlets[i]);
}

enum err polling_wait(struct station *station, struct fault *fault)
{
	const uint64_t due = next_due(station), now = station_clock();
	struct timespec timeout = {0};

	gather(station);
	if (due != UINT64_MAX && due > now) {
		timeout.tv_sec = (time_t)((due - now) / 1000);
		timeout.tv_nsec = (long)((due - now) % 1000) * 1000000;
	}
	if (ppoll(station->polled, station->polled_count, due == UINT64_MAX ? NULL : &timeout, NULL) < 0) {
		if (errno != EINTR)
			return fault_system(fault, "ppoll", "waiting");
		station->polled_count = 0;
	}
	station->now = station_clock();
	if (station->polled_count > 0) {
		serve_seats(station);
		serve_steps(station);
		serve_station(station);
	}
	return ERR_OK;
}
