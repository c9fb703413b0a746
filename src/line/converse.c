/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "station_private.h"

/* Documents that came meanwhile are taken into use before the next device is looked for in them. If they
 * cannot be, nothing new is begun: what holds is no longer known. */
static enum err refresh(struct station *station, struct fault *fault)
{
	struct fault document;
	bool stale, changed;
	enum err err;

	if (station->refreshed)
		return ERR_OK;
	station->refreshed = true;
	err = vault_catch_up(station->vault, &stale, fault);
	if (err != ERR_OK || !stale || station->fault.err != ERR_OK)
		return err;
	err = reader_refresh(station->reader, &changed, &document);
	if (err == ERR_OK)
		err = vault_refresh(station->vault, &document);
	if (err == ERR_OK)
		return ERR_OK;
	station->fault = document;
	station_say(station, EVENT_ERROR, NULL, document.code, document.text);
	station_stop(station);
	return ERR_OK;
}

/* A device has said who it is. One that cannot waits here for its label, and is asked again with it. */
static enum err arrive(struct seat *seat, struct message *message, struct fault *fault)
{
	struct station *station = seat->station;
	enum err err;

	if (strcmp(message->reason, "label-missing") == 0) {
		clearance_ask_name(seat);
		return ERR_OK;
	}
	err = refresh(station, fault);
	if (message->unit[0] == '\0' && seat->scan.until != 0 && seat->scan.label.imei[0] == '\0')
		memcpy(message->unit, seat->scan.label.text, sizeof message->unit);
	memcpy(seat->imei, message->imei, sizeof seat->imei);
	memcpy(seat->unit, message->unit, sizeof seat->unit);
	if (station->fault.err != ERR_OK && message->reason[0] == '\0')
		memcpy(message->reason, "reader", sizeof "reader");
	vault_give(station->vault, message);
	return err;
}

static enum err gather(bool *busy, struct station *station, struct fault *fault)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];

		while (err == ERR_OK && provision_take(seat->provision, station->message)) {
			*busy = true;
			if (station->message->kind == MESSAGE_DEVICE)
				err = arrive(seat, station->message, fault);
			else
				vault_give(station->vault, station->message);
		}
	}
	return err;
}

/* A disk that cannot be read ends this device; the answer says so. */
static void look_up(struct station *station, const struct seat *seat)
{
	struct fault fault;

	if (reader_answer(station->reader, station->message, station->answer, &fault) != ERR_OK)
		station_say(station, EVENT_ERROR, seat, fault.code, fault.text);
	vault_give(station->vault, station->answer);
}

/* One answer of the vault to whom it is for. */
static enum err route(struct station *station, struct fault *fault)
{
	struct seat *seat = &station->seats[station->message->port];
	enum err err = ERR_OK;

	switch (station->message->kind) {
	case MESSAGE_LOOKUP:
		look_up(station, seat);
		return ERR_OK;
	case MESSAGE_CLEARANCE:
		clearance_ask(seat, station->message->wanted);
		return ERR_OK;
	case MESSAGE_STEPS:
		seat->in_hand = true;
		break;
	case MESSAGE_VERDICT:
		err = seat_verdict(seat, station->message->more, fault);
		break;
	default:
		break;
	}
	provision_give(seat->provision, station->message, station->now);
	return err;
}

enum err station_converse(bool *busy, struct station *station, struct fault *fault)
{
	bool more = true;

	*busy = false;
	while (more) {
		enum err err;

		more = false;
		err = gather(&more, station, fault);
		if (err == ERR_OK)
			err = vault_turn(station->vault, fault);
		if (err != ERR_OK)
			return err;
		while (vault_take(station->vault, station->message)) {
			more = true;
			err = route(station, fault);
			if (err != ERR_OK)
				return err;
		}
		*busy = *busy || more;
	}
	return ERR_OK;
}
