/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/grant.h"
#include "gapseal/json.h"
#include "gapseal/list.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct field station_fields[] = {
	{"name", FIELD_NAME, offsetof(struct grant_station, name), 0, NULL, NULL},
	{"recipient", FIELD_TEXT, offsetof(struct grant_station, recipient), RECIPIENT_SIZE, NULL, NULL},
};
static const struct shape stations_shape = {
	NULL, station_fields, LENGTH(station_fields), sizeof(struct grant_station)
};

#define AT(member) offsetof(struct grant_fields, member)
static const struct field grant_table[] = {
	{"again", FIELD_LIST, AT(again), 0, &integers_shape, NULL},
	{"batch", FIELD_NAME, AT(batch), 0, NULL, NULL},
	{"keys_sha256", FIELD_HASH, AT(keys_sha256), 0, NULL, NULL},
	{"lots", FIELD_LIST, AT(lots), 0, &names_shape, NULL},
	{"manifest_sha256", FIELD_HASH, AT(manifest_sha256), 0, NULL, NULL},
	{"max_success", FIELD_INTEGER, AT(max_success), 0, NULL, NULL},
	{"not_after", FIELD_TIME, AT(not_after), 0, NULL, NULL},
	{"not_before", FIELD_TIME, AT(not_before), 0, NULL, NULL},
	{"note", FIELD_TEXT, AT(note), NOTE_TEXT_SIZE, NULL, NULL},
	{"records", FIELD_LIST, AT(records), 0, &integers_shape, NULL},
	{"replaces", FIELD_LIST, AT(replaces), 0, &integers_shape, NULL},
	{"serial", FIELD_INTEGER, AT(serial), 0, NULL, NULL},
	{"stations", FIELD_LIST, AT(stations), 0, &stations_shape, NULL},
	{"trust", FIELD_INTEGER, AT(trust), 0, NULL, NULL},
};
#undef AT
const struct shape grant_shape = {GRANT_SCHEMA, grant_table, LENGTH(grant_table),
    sizeof(struct grant_fields)};

static enum err check_form(const struct grant_fields *fields, const char *where, struct fault *fault)
{
	if (fields->batch[0] == '\0' || fields->serial == 0 || fields->trust == 0 || fields->max_success == 0)
		return fault_set(fault, ERR_NO, "grant-form", where,
		    "batch, serial, trust and max_success should not be empty or 0");
	if ((fields->lots.count > 0) == (fields->records.count > 0))
		return fault_set(fault, ERR_NO, "grant-scope", where,
		    "a grant is for lots or for records, one of the two");
	/* written this way, times compare as text */
	if (fields->not_before[0] == '\0' || strcmp(fields->not_before, fields->not_after) > 0)
		return fault_set(fault, ERR_NO, "grant-dates", where,
		    "not_before and not_after should be times in this order");
	return ERR_OK;
}

static enum err check_stations(const struct grant_fields *fields, const char *where, struct fault *fault)
{
	const struct grant_station *stations = fields->stations.items;
	struct buffer names = BUFFER_EMPTY, recipients = BUFFER_EMPTY;
	struct recipient recipient;
	bool valid = fields->stations.count > 0;
	enum err err;

	for (size_t i = 0; i < fields->stations.count && valid; i++) {
		valid = stations[i].name[0] != '\0' &&
		    recipient_parse(&recipient, bytes_of(stations[i].recipient), where, fault) == ERR_OK;
		list_collect(&names, stations[i].name, NAME_SIZE);
		list_collect(&recipients, stations[i].recipient, RECIPIENT_SIZE);
	}
	err = buffer_check(&names, fault);
	if (err == ERR_OK)
		err = buffer_check(&recipients, fault);
	if (err == ERR_OK &&
	    (!valid || list_repeats(&names, NAME_SIZE) || list_repeats(&recipients, RECIPIENT_SIZE)))
		err = fault_set(fault, ERR_NO, "grant-stations", where,
		    "there should be stations, each with a name and an age recipient of its own");
	buffer_free(&names);
	buffer_free(&recipients);
	return err;
}

static enum err check_order(const struct grant_fields *fields, const char *where, struct fault *fault)
{
	const struct list *replaces = &fields->replaces;
	bool repeats;
	enum err err;

	if (!list_ascending(&fields->records) || !list_ascending(&fields->again) || !list_ascending(replaces))
		return fault_set(fault, ERR_NO, "grant-order", where,
		    "records, again and replaces should ascend");
	if (replaces->count > 0 && list_integer(replaces, replaces->count - 1) >= fields->serial)
		return fault_set(fault, ERR_NO, "grant-order", where,
		    "a grant replaces only grants of lower serials");
	err = list_repeats_text(&repeats, &fields->lots, NAME_SIZE, fault);
	if (err != ERR_OK)
		return err;
	if (repeats || list_holds_text(&fields->lots, "", NAME_SIZE))
		return fault_set(fault, ERR_NO, "grant-order", where, "a lot stands twice or has no name");
	return ERR_OK;
}

enum err grant_parse(struct grant_fields *out, struct bytes text, const char *where, struct fault *fault)
{
	enum err err;

	err = json_read(out, &grant_shape, text, where, fault);
	if (err != ERR_OK)
		return err;
	err = check_form(out, where, fault);
	if (err == ERR_OK)
		err = check_stations(out, where, fault);
	if (err == ERR_OK)
		err = check_order(out, where, fault);
	if (err != ERR_OK)
		json_free(out, &grant_shape);
	return err;
}
