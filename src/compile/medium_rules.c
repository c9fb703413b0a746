/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "gapseal/list.h"
#include "medium_private.h"

/* What must hold between trust, stations, batches and grants: a medium tells each station what it needs, and
 * nobody more. */

static const char *shown(const char *name)
{
	return text_is_name(bytes_of(name)) ? name : "of that name";
}

static enum err check_station(const struct medium *medium, size_t i, struct fault *fault)
{
	const struct trust_fields *trust = trust_get(chain_newest(medium->chain));
	const char *name = medium->request->stations[i];
	const struct trust_station *station = trust_station(trust, name);

	if (station == NULL)
		return fault_set(fault, ERR_NO, "pack-station", "--station",
		    "trust version %" PRIu64 " knows no station %s", trust->version, shown(name));
	if (station->status != STATION_ACTIVE)
		return fault_set(fault, ERR_NO, "pack-station", "--station",
		    "station %s is not active in trust version %" PRIu64, name, trust->version);
	for (size_t j = 0; j < i; j++) {
		if (strcmp(medium->request->stations[j], name) == 0)
			return fault_set(fault, ERR_NO, "pack-station", "--station", "%s is named twice",
			    name);
	}
	return ERR_OK;
}

enum err medium_check_stations(const struct medium *medium, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < medium->request->station_count && err == ERR_OK; i++)
		err = check_station(medium, i, fault);
	return err;
}

static enum err check_named(const struct medium *medium, const char *station, struct fault *fault)
{
	for (size_t i = 0; i < medium->grant_count; i++) {
		if (grant_names_station(grant_get(medium->grants[i].grant), station))
			return ERR_OK;
	}
	return fault_set(fault, ERR_NO, "pack-station-grant", "--station",
	    "no grant given names station %s: it could open nothing", station);
}

static enum err check_grant(const struct medium *medium, const struct medium_grant *grant,
    struct fault *fault)
{
	const struct grant_fields *fields = grant_get(grant->grant);

	for (size_t i = 0; i < medium->grant_count; i++) {
		const struct grant_fields *other = grant_get(medium->grants[i].grant);

		if (list_holds(&other->replaces, fields->serial))
			return fault_set(fault, ERR_NO, "grant-withdrawn", grant->path,
			    "grant %" PRIu64 " is withdrawn by grant %" PRIu64 ": leave it out",
			    fields->serial, other->serial);
	}
	for (size_t i = 0; i < medium->request->station_count; i++) {
		if (grant_names_station(fields, medium->request->stations[i]))
			return ERR_OK;
	}
	return fault_set(fault, ERR_NO, "pack-grant", grant->path,
	    "grant %" PRIu64 " names none of the stations this medium is for", fields->serial);
}

static enum err check_batch(const struct medium *medium, const struct medium_batch *batch,
    struct fault *fault)
{
	char name[EXTRACT_FOLDER_SIZE];

	if (medium_has_grant(medium, batch))
		return ERR_OK;
	medium_batch_name(name, batch);
	return fault_set(fault, ERR_NO, "pack-batch", batch->path,
	    "no grant given is for batch %s: these stations could not open it", name);
}

enum err medium_check_rules(const struct medium *medium, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < medium->grant_count && err == ERR_OK; i++)
		err = check_grant(medium, &medium->grants[i], fault);
	for (size_t i = 0; i < medium->batch_count && err == ERR_OK; i++)
		err = check_batch(medium, &medium->batches[i], fault);
	if (medium->grant_count + medium->batch_count == 0)
		return err; /* trust alone: a revocation must reach every station */
	for (size_t i = 0; i < medium->request->station_count && err == ERR_OK; i++)
		err = check_named(medium, medium->request->stations[i], fault);
	return err;
}
