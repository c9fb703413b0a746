/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "station_private.h"

static char *memory(struct clearance *clearance)
{
	return clearance->wanted == LABEL_UNIT ? clearance->unit : clearance->imei;
}

void clearance_ask(struct seat *seat, enum label wanted)
{
	struct clearance *clearance = &seat->clearance;

	clearance->asked = true;
	clearance->wanted = wanted;
	clearance->said = false;
	memcpy(clearance->label, memory(clearance), sizeof clearance->label);
	clearance->deadline = seat->station->now + seat->station->settings->label_ms;
}

/* What the vault takes for an answer; it decides. */
static void answer(struct seat *seat, const char *reason)
{
	struct message message = {.kind = MESSAGE_CLEARANCE, .port = seat->number};

	seat->clearance.asked = false;
	memcpy(message.label, seat->clearance.label, sizeof message.label);
	text_copy(message.reason, sizeof message.reason, bytes_of(reason));
	vault_give(seat->station->vault, &message);
}

void clearance_ask_name(struct seat *seat)
{
	struct clearance *clearance = &seat->clearance;

	clearance->nameless = true;
	clearance->said = false;
	clearance->deadline = seat->station->now + seat->station->settings->label_ms;
}

void clearance_hang_up(struct seat *seat)
{
	if (seat->clearance.nameless) {
		seat->clearance.nameless = false;
		seat_wait(seat);
	} else if (seat->clearance.asked && seat->outside == NULL) {
		answer(seat, "port-gone");
	}
}

bool clearance_waits(const struct seat *seat)
{
	return (seat->clearance.asked || seat->clearance.nameless) && seat->outside == NULL;
}

static void ask_for_scan(struct seat *seat, const char *text)
{
	if (!seat->clearance.said)
		station_say(seat->station, EVENT_WAITING, seat, "", text);
	seat->clearance.said = true;
}

/* Whether a scan may still come: not behind the end of standard input. */
static bool may_wait(const struct seat *seat)
{
	const struct station *station = seat->station;

	return station->now < seat->clearance.deadline &&
	    (station->scanner.fd >= 0 || station->settings->label_command != NULL);
}

/* With its label the device is asked once more; without one the vault is told so. */
static void tick_nameless(struct seat *seat)
{
	struct station *station = seat->station;
	struct clearance *clearance = &seat->clearance;
	struct message message = {.kind = MESSAGE_DEVICE, .port = seat->number};

	if (scans_find(clearance->imei, seat, LABEL_IMEI)) {
		clearance->nameless = false;
		seat_wait(seat);
		provision_label(seat->provision, clearance->imei);
	} else if (station->stopping || !may_wait(seat)) {
		clearance->nameless = false;
		text_copy(message.reason, sizeof message.reason,
		    bytes_of(station->stopping ? "stopped" : "label-missing"));
		vault_give(station->vault, &message);
	} else {
		ask_for_scan(seat, station->settings->count == 1 ? "scan the label" :
		    "scan the label, its port's name first");
	}
}

/* A unit given with the port needs no scan; a scan that is there is compared with it all the same. */
static bool is_label_missing(struct seat *seat)
{
	struct clearance *clearance = &seat->clearance;

	if (clearance->wanted == LABEL_OFF || clearance->label[0] != '\0')
		return false;
	if (scans_find(clearance->label, seat, clearance->wanted)) {
		memcpy(memory(clearance), clearance->label, sizeof clearance->label);
		if (clearance->wanted == LABEL_UNIT && seat->unit[0] == '\0')
			memcpy(seat->unit, clearance->label, sizeof seat->unit);
		return false;
	}
	return clearance->wanted == LABEL_IMEI || seat->unit[0] == '\0';
}

void clearance_tick(struct seat *seat)
{
	struct station *station = seat->station;
	struct clearance *clearance = &seat->clearance;

	if (clearance->nameless) {
		tick_nameless(seat);
		return;
	}
	if (!clearance->asked || seat->outside != NULL)
		return;
	if (is_label_missing(seat) && station->stopping) {
		answer(seat, "stopped");
		return;
	}
	if (is_label_missing(seat) && may_wait(seat)) {
		ask_for_scan(seat, clearance->wanted == LABEL_UNIT && station->settings->count > 1 ?
		    "scan the label, its port's name first" : "scan the label");
		return;
	}
	if (seat_step(seat, STEP_PERMIT)->arguments != NULL && clearance->permit == NULL)
		seat_step_start(seat, STEP_PERMIT);
	else
		answer(seat, clearance->permit != NULL ? clearance->permit : "");
}

/* No answer is no permit. Whoever was asked once is not asked again for another batch. */
void clearance_permitted(struct seat *seat, enum outside_end end)
{
	seat->clearance.permit = end == OUTSIDE_WELL ? "" :
	    end == OUTSIDE_NO ? "permit-refused" : "permit-failed";
	answer(seat, seat->clearance.permit);
}
