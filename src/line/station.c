/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/reason.h"
#include "station_private.h"

void station_emit(struct station *station, const struct event *event)
{
	if (station->settings->event != NULL)
		station->settings->event(station->settings->context, event);
}

void station_say(struct station *station, enum event_kind kind, const struct seat *seat, const char *code,
    const char *text)
{
	const struct event event = {.kind = kind, .station = station->home->station,
	    .port = seat != NULL ? seat->place->name : "", .code = code, .text = text};

	station_emit(station, &event);
}

void station_count(struct station *station, int code)
{
	if (code > station->code)
		station->code = code;
}

int station_code(enum result result)
{
	switch (result) {
	case RESULT_DONE:
	case RESULT_SAME:
		return ERR_OK;
	case RESULT_REFUSED:
	case RESULT_FAILED:
		return ERR_NO;
	case RESULT_UNKNOWN:
		break;
	}
	return ERR_UNKNOWN;
}

bool station_told(const struct station *station)
{
	return file_exists(station->home->folder, HOME_STOP);
}

/* Whether a seat has a device in hand that a stop lets it finish. */
static bool is_busy(const struct seat *seat)
{
	if (seat->state == SEAT_ENDING)
		return true;
	return seat->state == SEAT_SERVING &&
	    (seat->judged || provision_phase(seat->provision) != PROVISION_WAITING);
}

/* After a stop nothing new is begun; what is in hand is finished. A bounded run that did not get a port's
 * devices must not end as if it had. */
void station_stop(struct station *station)
{
	bool busy = false;

	station->stopping = true;
	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];

		if (seat->state == SEAT_OVER)
			continue;
		if (is_busy(seat)) {
			busy = true;
			continue;
		}
		if (station->settings->presentations > 0 && seat->left > 0)
			station_count(station, ERR_CANNOT);
		seat_finish(seat);
	}
	if (busy && station->settings->say != NULL)
		station->settings->say(station->settings->context,
		    "stopping: the devices in hand are finished first");
}

static bool all_over(const struct station *station)
{
	for (unsigned i = 0; i < station->settings->count; i++)
		if (station->seats[i].state != SEAT_OVER)
			return false;
	return true;
}

/* A face is drawn seldom; what changed meanwhile is drawn with the next. */
static void look(struct station *station)
{
	const struct station_settings *settings = station->settings;

	station->changed = true;
	if (settings->look == NULL || station->now < station->look)
		return;
	for (unsigned i = 0; i < settings->count; i++)
		seat_look(&station->looks[i], &station->seats[i]);
	settings->look(settings->context, station->looks, settings->count);
	station->look = station->now + LOOK_MS;
	station->changed = false;
}

/* What came is worked off until nobody has anything more to do now. */
static enum err turn(struct station *station, struct fault *fault)
{
	enum err err = polling_wait(station, fault);

	scans_expire(station);
	station->refreshed = false;
	for (bool busy = true; err == ERR_OK && busy;) {
		for (unsigned i = 0; i < station->settings->count; i++)
			seat_tick(&station->seats[i]);
		err = station_converse(&busy, station, fault);
	}
	if (err == ERR_OK)
		look(station);
	return err;
}

/* The log failed: a device whose steps went out and whose end could not be written is unknown. */
static void give_up_device(struct seat *seat, const char *code)
{
	struct event event = {.kind = EVENT_DEVICE, .station = seat->station->home->station,
	    .port = seat->place->name, .device = {.result = seat->in_hand ? RESULT_UNKNOWN : RESULT_FAILED}};

	if (strcmp(reason_find(code)->code, code) != 0)
		code = "log-write";
	text_copy(event.device.reason, sizeof event.device.reason, bytes_of(code));
	memcpy(event.device.imei, seat->imei, sizeof event.device.imei);
	memcpy(event.device.unit, seat->unit, sizeof event.device.unit);
	station_count(seat->station, station_code(event.device.result));
	station_emit(seat->station, &event);
}

static void give_up(struct station *station, const struct fault *fault)
{
	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];

		if (seat->state == SEAT_OVER)
			continue;
		seat_close(seat);
		seat_publish(seat);
		if (seat->state == SEAT_SERVING && !seat->judged && seat->imei[0] != '\0')
			give_up_device(seat, fault->code);
		seat_finish(seat);
	}
}

static enum err seat_all(struct station *station, struct fault *fault)
{
	const struct station_settings *settings = station->settings;

	station->seats = calloc(settings->count, sizeof *station->seats);
	station->looks = calloc(settings->count, sizeof *station->looks);
	station->message = calloc(1, sizeof *station->message);
	station->answer = calloc(1, sizeof *station->answer);
	if (station->seats == NULL || station->looks == NULL || station->message == NULL ||
	    station->answer == NULL)
		return fault_memory(fault);
	for (unsigned i = 0; i < settings->count; i++) {
		struct seat *seat = &station->seats[i];
		const struct provision_settings *own = settings->ports[i].provision;
		enum err err = provision_new(&seat->provision, i, own != NULL ? own : &settings->provision,
		    fault);

		if (err != ERR_OK)
			return err;
		seat->station = station;
		seat->place = &settings->ports[i];
		seat->number = i;
		seat->left = settings->presentations;
	}
	return ERR_OK;
}

static void unseat_all(struct station *station)
{
	for (unsigned i = 0; station->seats != NULL && i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];

		outside_free(&seat->outside);
		port_close(&seat->port);
		provision_free(&seat->provision);
		free(seat->events);
	}
	free(station->seats);
	free(station->looks);
	free(station->message);
	free(station->answer);
}

static enum err run(struct station *station, struct fault *fault)
{
	enum err err = ERR_OK;

	station_say(station, EVENT_START, NULL, "", "");
	scanner_start(station);
	for (unsigned i = 0; i < station->settings->count; i++)
		seat_begin(&station->seats[i]);
	for (unsigned i = 0; i < station->settings->count; i++)
		seat_tick(&station->seats[i]);
	while (err == ERR_OK && !all_over(station))
		err = turn(station, fault);
	if (err != ERR_OK) {
		give_up(station, fault);
	} else if (station->fault.err != ERR_OK) {
		*fault = station->fault;
		err = fault->err;
	}
	scanner_stop(station);
	station_say(station, EVENT_STOP, NULL, err != ERR_OK ? fault->code : "", err != ERR_OK ? fault->text
	    : "");
	return err;
}

enum err station_run(int *code, const struct home *home, struct reader *reader, struct vault *vault,
    const struct station_settings *settings, struct fault *fault)
{
	struct station station = {.home = home, .reader = reader, .vault = vault, .settings = settings,
	    .now = station_clock(), .scanner = {.fd = -1, .polled = -1}, .watch = -1};
	enum err err;

	if (station_told(&station))
		err = fault_set(fault, ERR_CANNOT, "stop-file", home->path,
		    "something named " HOME_STOP " lies in the home: it holds this station, remove it to go on");
	else
		err = seat_all(&station, fault);
	if (err == ERR_OK)
		err = polling_new(&station, fault);
	if (err == ERR_OK)
		err = run(&station, fault);
	polling_free(&station);
	unseat_all(&station);
	*code = station.code;
	return err;
}
