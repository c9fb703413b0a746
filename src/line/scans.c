/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "station_private.h"

static struct seat *seat_named(struct station *station, struct bytes name)
{
	for (unsigned i = 0; i < station->settings->count; i++)
		if (bytes_is(name, station->settings->ports[i].name))
			return &station->seats[i];
	return NULL;
}

static void drop(struct scans *scans, size_t i)
{
	memmove(&scans->items[i], &scans->items[i + 1], (--scans->count - i) * sizeof scans->items[0]);
}

static void say_unused(struct station *station, const struct seat *seat)
{
	station_say(station, EVENT_ERROR, seat, "label-unused",
	    "a label was scanned and its device did not come: scan it again with its device");
}

/* An IMEI that no port shows yet waits for its modem. */
static void keep(struct station *station, const struct scan *scan)
{
	struct scans *scans = &station->scans;

	for (size_t i = scans->count; i-- > 0;)
		if (strcmp(scans->items[i].label.imei, scan->label.imei) == 0)
			drop(scans, i);
	if (scans->count == SCANS_MAX) {
		drop(scans, 0);
		say_unused(station, NULL);
	}
	scans->items[scans->count++] = *scan;
}

static void give(struct station *station, struct seat *seat, const struct scan *scan)
{
	if (seat == NULL && station->settings->count == 1)
		seat = &station->seats[0];
	if (seat != NULL)
		seat->scan = *scan;
	else if (scan->label.imei[0] != '\0')
		keep(station, scan);
	else
		station_say(station, EVENT_ERROR, NULL, "label-port",
		    "a serial does not tell its port: scan the name of the port first");
}

static void take_label(struct station *station, struct seat *seat, struct bytes line)
{
	struct scan scan = {.until = station->now + station->settings->label_ms};

	label_read(&scan.label, line);
	if (scan.label.text[0] == '\0' && scan.label.imei[0] == '\0')
		station_say(station, EVENT_ERROR, seat, "label-form",
		    "what was scanned is no label: it is too long or has bytes that are not printable");
	else
		give(station, seat, &scan);
}

static void acknowledge(struct station *station, struct bytes name)
{
	struct seat *seat = seat_named(station, name);

	if (seat != NULL)
		seat_acknowledge(seat);
	else
		station_say(station, EVENT_ERROR, NULL, "ack-port",
		    "there is no port of that name to acknowledge");
}

/* The port a scan names, in front of it or by the scan before; the name is taken off. */
static struct seat *take_name(struct station *station, struct bytes *line)
{
	struct scans *scans = &station->scans;
	struct bytes word, rest;
	struct seat *seat;

	label_split(&word, &rest, *line);
	seat = seat_named(station, word);
	if (seat != NULL)
		*line = rest;
	else
		seat = scans->named;
	scans->named = NULL;
	return seat;
}

void scans_take(struct station *station, const char *text)
{
	struct bytes line = bytes_of(text), word, rest;
	struct seat *seat;

	label_split(&word, &rest, line);
	if (word.size == 0)
		return;
	if (bytes_is(word, "ack") && rest.size > 0) {
		acknowledge(station, rest);
		return;
	}
	seat = take_name(station, &line);
	if (line.size > 0) {
		take_label(station, seat, line);
		return;
	}
	station->scans.named = seat;
	station->scans.named_until = station->now + station->settings->label_ms;
}

/* IMEIs that came without a port. */
static bool find_kept(char out[static UNIT_SIZE], struct seat *seat)
{
	struct scans *scans = &seat->station->scans;

	for (size_t i = 0; i < scans->count; i++) {
		if (strcmp(scans->items[i].label.imei, seat->imei) != 0)
			continue;
		memcpy(out, scans->items[i].label.imei, IMEI_SIZE);
		drop(scans, i);
		return true;
	}
	return false;
}

/* A label that is not of the kind wanted is said and forgotten: the next scan may be it. */
static void say_form(struct seat *seat)
{
	station_say(seat->station, EVENT_ERROR, seat, "label-form", seat->scan.label.digits ?
	    "the check digit of the IMEI scanned is wrong: clean the label and scan it again" :
	    "the batch wants the IMEI label, and what was scanned holds no IMEI");
}

bool scans_find(char out[static UNIT_SIZE], struct seat *seat, enum label wanted)
{
	const struct label_read *label = &seat->scan.label;

	if (seat->scan.until == 0)
		return wanted == LABEL_IMEI && find_kept(out, seat);
	seat->scan.until = 0;
	if (wanted == LABEL_UNIT && label->text[0] != '\0') {
		memcpy(out, label->text, sizeof label->text);
		return true;
	}
	if (wanted == LABEL_IMEI && label->imei[0] != '\0') {
		memcpy(out, label->imei, sizeof label->imei);
		return true;
	}
	say_form(seat);
	return false;
}

void scans_forget(struct seat *seat)
{
	char label[UNIT_SIZE];

	if (seat->clearance.imei[0] == '\0' && seat->clearance.unit[0] == '\0')
		seat->scan.until = 0;
	(void)find_kept(label, seat);
}

void scans_expire(struct station *station)
{
	struct scans *scans = &station->scans;

	while (scans->count > 0 && station->now >= scans->items[0].until) {
		drop(scans, 0);
		say_unused(station, NULL);
	}
	if (scans->named != NULL && station->now >= scans->named_until)
		scans->named = NULL;
	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];

		if (seat->scan.until == 0 || station->now < seat->scan.until)
			continue;
		seat->scan.until = 0;
		say_unused(station, seat);
	}
}
