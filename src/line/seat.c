/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gapseal/reason.h"
#include "station_private.h"

static bool is_bounded(const struct seat *seat)
{
	return seat->station->settings->presentations > 0;
}

void seat_finish(struct seat *seat)
{
	outside_free(&seat->outside);
	port_close(&seat->port);
	seat->state = SEAT_OVER;
}

void seat_wait(struct seat *seat)
{
	struct station *station = seat->station;
	const uint64_t timeout = station->settings->timeout_ms;

	seat->state = SEAT_SERVING;
	seat->reopen = station->now;
	provision_start(seat->provision, station->settings->unit, station->now,
	    timeout == UINT64_MAX ? UINT64_MAX : station->now + timeout);
	station_say(station, EVENT_WAITING, seat, "", "waiting for a device");
}

void seat_begin(struct seat *seat)
{
	struct station *station = seat->station;

	if (!station->stopping && station_told(station))
		station_stop(station);
	if (station->stopping) {
		seat_finish(seat);
		return;
	}
	seat->imei[0] = seat->unit[0] = '\0';
	seat->judged = seat->in_hand = false;
	seat->clearance = (struct clearance){0};
	if (seat_step(seat, STEP_PREPARE)->arguments == NULL) {
		seat_wait(seat);
		return;
	}
	seat->state = SEAT_PREPARING;
	seat_step_start(seat, STEP_PREPARE);
}

/* In a run that waits for devices only so long, a port waits no longer than that for one to leave, or for a
 * person. */
static void rest(struct seat *seat, enum seat_state state)
{
	const uint64_t timeout = seat->station->settings->timeout_ms;

	seat->state = state;
	seat->until = timeout == UINT64_MAX ? UINT64_MAX : seat->station->now + timeout;
}

static void suspend(struct seat *seat)
{
	rest(seat, SEAT_SUSPENDED);
	station_say(seat->station, EVENT_PORT, seat, "port-suspended", reason_find("port-suspended")->text);
}

void seat_acknowledge(struct seat *seat)
{
	seat->faults = 0;
	if (seat->state == SEAT_SUSPENDED)
		seat_begin(seat);
}

/* Ends what counts as a presentation; false if the port goes on. */
static bool is_enough(struct seat *seat)
{
	if (is_bounded(seat))
		seat->left--;
	if (!seat->station->stopping && (!is_bounded(seat) || seat->left > 0))
		return false;
	seat_finish(seat);
	return true;
}

void seat_prepared(struct seat *seat, enum outside_end end)
{
	if (end == OUTSIDE_WELL) {
		seat_wait(seat);
		return;
	}
	if (is_bounded(seat))
		station_count(seat->station, ERR_CANNOT);
	station_say(seat->station, EVENT_PORT, seat, "prepare-failed", reason_find("prepare-failed")->text);
	seat->faults++;
	if (is_enough(seat))
		return;
	if (seat->faults >= STATION_FAULTS)
		suspend(seat);
	else
		seat_begin(seat);
}

/* The result lines go out after the port was closed: whoever reads them may already pull the device. */
void seat_publish(struct seat *seat)
{
	for (size_t i = 0; i < seat->event_count; i++) {
		const struct event *event = &seat->events[i];

		if (is_bounded(seat) || event->device.result == RESULT_UNKNOWN)
			station_count(seat->station, station_code(event->device.result));
		station_emit(seat->station, event);
	}
}

static void count_fault(struct seat *seat)
{
	bool fixture = false;

	for (size_t i = 0; i < seat->event_count; i++)
		if (strcmp(reason_find(seat->events[i].device.reason)->class_, "fixture") == 0)
			fixture = true;
	seat->faults = fixture ? seat->faults + 1 : 0;
}

static void end_presentation(struct seat *seat)
{
	seat_publish(seat);
	count_fault(seat);
	seat->event_count = 0;
	scans_forget(seat);
	if (is_enough(seat))
		return;
	if (seat->faults >= STATION_FAULTS) {
		suspend(seat);
		return;
	}
	rest(seat, SEAT_LEAVING);
	seat->reopen = seat->station->now;
	provision_leave(seat->provision, seat->station->now);
}

/* What passed fails as far as anybody waits for it: the credentials are there, but the device is not as it
 * should leave the fixture. Presented again it is "same", and the step runs once more. */
void seat_ended(struct seat *seat, enum outside_end end)
{
	for (size_t i = 0; end != OUTSIDE_WELL && i < seat->event_count; i++) {
		struct vault_verdict *device = &seat->events[i].device;

		if (!event_passed(&seat->events[i]))
			continue;
		device->result = RESULT_FAILED;
		memcpy(device->reason, "after-failed", sizeof "after-failed");
	}
	end_presentation(seat);
}

static void judge(struct seat *seat)
{
	seat_close(seat);
	if (seat_step(seat, STEP_AFTER)->arguments == NULL) {
		end_presentation(seat);
		return;
	}
	seat->state = SEAT_ENDING;
	seat_step_start(seat, STEP_AFTER);
}

/* The wait for a device, or for a person, is over. */
static void abandon(struct seat *seat)
{
	seat_finish(seat);
	station_count(seat->station, ERR_CANNOT);
}

static void no_modem(struct seat *seat)
{
	abandon(seat);
	station_say(seat->station, EVENT_PORT, seat, "no-modem", reason_find("no-modem")->text);
}

/* Where a dialogue that has come to rest leads. */
static void settle(struct seat *seat)
{
	if (provision_phase(seat->provision) != PROVISION_OVER)
		return;
	if (seat->state == SEAT_LEAVING)
		seat_begin(seat);
	else if (seat->judged)
		judge(seat);
	else
		no_modem(seat);
}

static void not_removed(struct seat *seat)
{
	abandon(seat);
	station_say(seat->station, EVENT_PORT, seat, "not-removed", "the device was not taken away in time");
}

static void tick_dialogue(struct seat *seat)
{
	struct station *station = seat->station;

	if (seat->state == SEAT_LEAVING && station->now >= seat->until) {
		not_removed(seat);
		return;
	}
	if (seat->port == NULL && station->now >= seat->reopen)
		seat_open(seat);
	provision_tick(seat->provision, station->now);
	clearance_tick(seat);
	settle(seat);
	if (seat->state == SEAT_SERVING || seat->state == SEAT_LEAVING)
		seat_write(seat);
}

void seat_tick(struct seat *seat)
{
	if (seat_step_runs(seat) && seat->state != SEAT_SERVING)
		return;
	if (seat->state == SEAT_SERVING || seat->state == SEAT_LEAVING)
		tick_dialogue(seat);
	else if (seat->state == SEAT_SUSPENDED && seat->station->now >= seat->until)
		abandon(seat);
}

enum err seat_verdict(struct seat *seat, bool more, struct fault *fault)
{
	struct event *events = reallocarray(seat->events, seat->event_count + 1, sizeof *events);
	struct event *event;

	if (events == NULL)
		return fault_memory(fault);
	seat->events = events;
	event = &events[seat->event_count++];
	*event = (struct event){.kind = EVENT_DEVICE, .station = seat->station->home->station,
	    .port = seat->place->name};
	vault_verdict(seat->station->vault, seat->number, &event->device);
	seat->in_hand = false;
	seat->judged = !more;
	return ERR_OK;
}

static const char *word_of(const struct seat *seat)
{
	static const char *const words[] = {
		[SEAT_PREPARING] = "prepare", [SEAT_ENDING] = "after", [SEAT_LEAVING] = "leave",
		[SEAT_SUSPENDED] = "suspended", [SEAT_OVER] = "over",
	};

	if (seat->state != SEAT_SERVING)
		return words[seat->state];
	if (seat->outside != NULL)
		return "permit";
	if (clearance_waits(seat))
		return "label";
	return provision_phase(seat->provision) == PROVISION_WAITING ? "wait"
	    : provision_step(seat->provision);
}

void seat_look(struct station_look *out, const struct seat *seat)
{
	*out = (struct station_look){seat->place->name, word_of(seat), seat->imei};
}
