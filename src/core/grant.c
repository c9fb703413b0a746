/* SPDX-License-Identifier: ISC */
#include "gapseal/grant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/json.h"
#include "gapseal/list.h"

struct grant {
	struct grant_fields fields;
	uint8_t hash[HASH_SIZE];
};

/* Every station that the keys were sealed for was one that trust knew under that recipient. */
static enum err judge_stations(const struct grant_fields *fields, const struct trust_fields *trust,
    const char *where, struct fault *fault)
{
	const struct grant_station *stations = fields->stations.items;

	for (size_t i = 0; i < fields->stations.count; i++) {
		const struct trust_station *known = trust_station(trust, stations[i].name);

		if (known == NULL || known->status != STATION_ACTIVE ||
		    strcmp(known->recipient, stations[i].recipient) != 0)
			return fault_set(fault, ERR_NO, "grant-station", where,
			    "station %s is not active in trust version %" PRIu64 " or has another recipient",
			    stations[i].name, trust->version);
	}
	return ERR_OK;
}

/* What is asked beyond signatures and form. */
static enum err judge(const struct grant_fields *fields, const char *id, const struct trust *in_force,
    const struct trust *newest, const char *where, struct fault *fault)
{
	const struct trust_fields *trust = trust_get(in_force);
	char serial[NAME_SIZE];

	snprintf(serial, sizeof serial, "%" PRIu64, fields->serial);
	if (strcmp(serial, id) != 0)
		return fault_set(fault, ERR_NO, "signature-comment", where,
		    "the signatures were given for another grant than %s", serial);
	if (fields->trust > trust->version)
		return fault_set(fault, ERR_NO, "grant-trust", where,
		    "made under trust version %" PRIu64 ", held here is %" PRIu64 ": take in the "
		    "newer trust file first", fields->trust, trust->version);
	if (trust_grant_revoked(newest, fields->serial))
		return fault_set(fault, ERR_NO, "grant-revoked", where,
		    "grant %s is revoked by trust version %" PRIu64, serial, trust_get(newest)->version);
	return judge_stations(fields, trust, where, fault);
}

static enum err fill(struct grant *grant, const struct document *document, const struct trust *in_force,
    const struct trust *newest, struct fault *fault)
{
	char id[NAME_SIZE];
	enum err err;

	memcpy(grant->hash, document->hash, HASH_SIZE);
	err = document_claimed_id(id, document, "grant", fault);
	if (err == ERR_OK)
		err = trust_approve(in_force, newest, ROLE_GRANT, document, "grant", id, fault);
	if (err == ERR_OK)
		err = grant_parse(&grant->fields, buffer_bytes(&document->text), document->where, fault);
	if (err == ERR_OK)
		err = judge(&grant->fields, id, in_force, newest, document->where, fault);
	return err;
}

enum err grant_open(struct grant **out, const struct document *document, const struct trust *in_force,
    const struct trust *newest, struct fault *fault)
{
	enum err err;

	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return fault_memory(fault);
	err = fill(*out, document, in_force, newest, fault);
	if (err != ERR_OK)
		grant_free(out);
	return err;
}

void grant_free(struct grant **grant)
{
	if (*grant == NULL)
		return;
	json_free(&(*grant)->fields, &grant_shape);
	free(*grant);
	*grant = NULL;
}

const struct grant_fields *grant_get(const struct grant *grant)
{
	return &grant->fields;
}

const uint8_t *grant_hash(const struct grant *grant)
{
	return grant->hash;
}

bool grant_names_station(const struct grant_fields *fields, const char *name)
{
	const struct grant_station *stations = fields->stations.items;

	for (size_t i = 0; i < fields->stations.count; i++) {
		if (strcmp(stations[i].name, name) == 0)
			return true;
	}
	return false;
}

bool grant_covers(const struct grant_fields *grant, const struct manifest_fields *manifest, uint64_t index)
{
	const struct manifest_lot *lot;
	uint32_t number;

	if (grant->records.count > 0)
		return index < manifest->count && list_holds(&grant->records, index);
	lot = manifest_lot_of(manifest, index, &number);
	return lot != NULL && list_holds_text(&grant->lots, lot->name, NAME_SIZE);
}

/* The devices of all lots granted; false if the manifest does not know one of them. */
static bool count_lots(uint64_t *devices, const struct grant_fields *grant,
    const struct manifest_fields *manifest)
{
	*devices = 0;
	for (size_t i = 0; i < grant->lots.count; i++) {
		uint32_t number;

		if (!manifest_lot_named(manifest, list_text(&grant->lots, i, NAME_SIZE), &number))
			return false;
		*devices += manifest_lot(manifest, number)->count;
	}
	return true;
}

static bool covers_all(const struct grant_fields *grant, const struct manifest_fields *manifest,
    const struct list *indices)
{
	for (size_t i = 0; i < indices->count; i++) {
		if (!grant_covers(grant, manifest, list_integer(indices, i)))
			return false;
	}
	return true;
}

enum err grant_check(const struct grant_fields *grant, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], const char *where, struct fault *fault)
{
	uint64_t devices;

	if (memcmp(grant->manifest_sha256, manifest_hash, HASH_SIZE) != 0 || strcmp(grant->batch,
	    manifest->batch) != 0)
		return fault_set(fault, ERR_NO, "grant-manifest", where,
		    "this grant is for another manifest than that of batch %s", manifest->batch);
	if (!count_lots(&devices, grant, manifest))
		return fault_set(fault, ERR_NO, "grant-lots", where, "a granted lot is not in batch %s",
		    manifest->batch);
	devices += grant->records.count; /* one of the two is 0 */
	if (!covers_all(grant, manifest, &grant->records))
		return fault_set(fault, ERR_NO, "grant-lots", where, "a granted record is not in batch %s",
		    manifest->batch);
	if (!covers_all(grant, manifest, &grant->again))
		return fault_set(fault, ERR_NO, "grant-lots", where,
		    "a device may be done again that this grant does not cover");
	if (grant->max_success > devices)
		return fault_set(fault, ERR_NO, "grant-lots", where,
		    "max_success is above the %" PRIu64 " devices granted", devices);
	return ERR_OK;
}
