/* SPDX-License-Identifier: ISC */
#include "trust_private.h"

#include <string.h>

#include "gapseal/list.h"

static enum err unknown(struct fault *fault, const char *option, const char *what)
{
	return fault_set(fault, ERR_NO, "trust-change", option, "the version before has no such %s", what);
}

static struct trust_officer *officer_named(struct trust_fields *fields, const char *name)
{
	struct trust_officer *officers = fields->officers.items;

	for (size_t i = 0; i < fields->officers.count; i++)
		if (strcmp(officers[i].name, name) == 0)
			return &officers[i];
	return NULL;
}

static struct trust_station *station_named(struct trust_fields *fields, struct bytes name)
{
	struct trust_station *stations = fields->stations.items;

	for (size_t i = 0; i < fields->stations.count; i++)
		if (bytes_is(name, stations[i].name))
			return &stations[i];
	return NULL;
}

/* Somebody who no longer counts leaves every role: a threshold is then seen to be reachable or not. */
static void leave_roles(struct trust_fields *fields, const char *name)
{
	for (size_t role = 0; role < ROLES; role++) {
		struct list *list = &fields->roles[role].officers;
		char(*names)[NAME_SIZE] = list->items;
		size_t kept = 0;

		for (size_t i = 0; i < list->count; i++)
			if (strcmp(names[i], name) != 0)
				memmove(names[kept++], names[i], NAME_SIZE);
		list->count = kept;
	}
}

static enum err set_officers(struct trust_fields *fields, const char *const *names, size_t count,
    enum officer_status status,
    const char *option, struct fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct trust_officer *officer = officer_named(fields, names[i]);

		if (officer == NULL)
			return unknown(fault, option, "officer");
		officer->status = status;
		leave_roles(fields, officer->name);
	}
	return ERR_OK;
}

static bool parse_status(unsigned *out, struct bytes word)
{
	static const char *const words[] = {[STATION_LOST] = "lost", [STATION_RETIRED] = "retired",
	    [STATION_STOLEN] = "stolen"};

	for (unsigned i = STATION_LOST; i <= STATION_STOLEN; i++)
		if (bytes_is(word, words[i])) {
			*out = i;
			return true;
		}
	return false;
}

/* "line1=stolen:4711" */
static enum err set_station(struct trust_fields *fields, const char *text, struct fault *fault)
{
	struct cursor cursor = cursor_of(bytes_of(text));
	struct trust_station *station;
	struct bytes name, word, size;

	if (!take_field(&cursor, '=', &name) || !take_field(&cursor, ':', &word))
		return fault_set(fault, ERR_CANNOT, "usage", "--station-off",
		    "NAME=lost, NAME=stolen or NAME=retired, with :SIZE behind if known");
	station = station_named(fields, name);
	if (station == NULL)
		return unknown(fault, "--station-off", "station");
	if (!parse_status(&station->status, word))
		return fault_set(fault, ERR_CANNOT, "usage", "--station-off",
		    "a station is lost, stolen or retired");
	if (take_field(&cursor, '\n', &size) && !decimal_parse(size, INTEGER_MAX, &station->last_size))
		return fault_set(fault, ERR_CANNOT, "usage", "--station-off",
		    "the size of a log is a number of entries");
	return ERR_OK;
}

static enum err revoke_batch(struct trust_fields *fields, const char *hex, struct fault *fault)
{
	char text[2 * HASH_SIZE + 1] = {0};
	uint8_t hash[HASH_SIZE];

	if (!hex_decode(hash, HASH_SIZE, bytes_of(hex)))
		return fault_set(fault, ERR_CANNOT, "usage", "--revoke-batch",
		    "the SHA-256 of its manifest.json, 64 lower-case hex digits");
	hex_encode(text, bytes_from(hash, HASH_SIZE));
	return trust_list_add(&fields->revoked_batches, text, sizeof text, fault);
}

static enum err revoke_grant(struct trust_fields *fields, const char *text, struct fault *fault)
{
	uint64_t serial;

	if (!decimal_parse(bytes_of(text), INTEGER_MAX, &serial))
		return fault_set(fault, ERR_CANNOT, "usage", "--revoke-grant",
		    "the serial of a grant, a number");
	return trust_list_add(&fields->revoked_grants, &serial, sizeof serial, fault);
}

enum err trust_apply_changes(struct trust_fields *fields, const struct trust_request *request,
    struct fault *fault)
{
	enum err err = set_officers(fields, request->retired, request->retired_count, OFFICER_RETIRED,
	    "--retire", fault);

	if (err == ERR_OK)
		err = set_officers(fields, request->compromised, request->compromised_count,
		    OFFICER_COMPROMISED, "--compromised", fault);
	for (size_t i = 0; err == ERR_OK && i < request->station_off_count; i++)
		err = set_station(fields, request->stations_off[i], fault);
	for (size_t i = 0; err == ERR_OK && i < request->revoked_batch_count; i++)
		err = revoke_batch(fields, request->revoked_batches[i], fault);
	for (size_t i = 0; err == ERR_OK && i < request->revoked_grant_count; i++)
		err = revoke_grant(fields, request->revoked_grants[i], fault);
	return err;
}
