/* SPDX-License-Identifier: ISC */
#include "gapseal/trust.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/json.h"
#include "gapseal/list.h"

struct trust {
	struct trust_fields fields;
	uint8_t hash[HASH_SIZE];
};

/* The stations of the version before are all still there under their keys. A name that vanished could
 * come back with other keys and claim the old one's log. */
static enum err follow_stations(const struct trust_fields *next, const struct trust_fields *previous,
    const char *where, struct fault *fault)
{
	for (size_t i = 0; i < previous->stations.count; i++) {
		const struct trust_station *before = trust_station_at(previous, i);
		const struct trust_station *now = trust_station(next, before->name);

		if (now == NULL || strcmp(now->log_key, before->log_key) != 0 ||
		    strcmp(now->recipient, before->recipient) != 0)
			return fault_set(fault, ERR_NO, "trust-station", where,
			    "station %s of the version before is gone or has other keys: retire it and use a "
			    "new name", before->name);
	}
	return ERR_OK;
}

static enum err follow(const struct trust_fields *next, const struct trust *previous, const char *where,
    struct fault *fault)
{
	const struct trust_fields *before = &previous->fields;
	char hex[2 * HASH_SIZE + 1];

	if (next->version != before->version + 1)
		return fault_set(fault, ERR_NO, "trust-version", where,
		    "this is version %" PRIu64 ", after %" PRIu64 " comes %" PRIu64, next->version,
		    before->version, before->version + 1);
	hex_encode(hex, bytes_from(previous->hash, HASH_SIZE));
	if (strcmp(next->prev, hex) != 0)
		return fault_set(fault, ERR_NO, "trust-prev", where,
		    "this version does not follow the one held here: prev is another file");
	if (strcmp(next->org, before->org) != 0)
		return fault_set(fault, ERR_NO, "trust-org", where,
		    "this is the trust of another organisation than %s", before->org);
	return follow_stations(next, before, where, fault);
}

enum err trust_open(struct trust **out, const struct document *document, const struct trust *previous,
    struct fault *fault)
{
	struct trust *trust = calloc(1, sizeof *trust);
	enum err err;

	*out = NULL;
	if (trust == NULL)
		return fault_memory(fault);
	err = trust_parse(&trust->fields, buffer_bytes(&document->text), document->where, fault);
	if (err == ERR_OK && previous != NULL)
		err = follow(&trust->fields, previous, document->where, fault);
	if (err == ERR_OK)
		err = trust_approve_next(&trust->fields, previous, document, fault);
	if (err != ERR_OK) {
		trust_free(&trust);
		return err;
	}
	memcpy(trust->hash, document->hash, HASH_SIZE);
	*out = trust;
	return ERR_OK;
}

void trust_free(struct trust **trust)
{
	if (*trust == NULL)
		return;
	json_free(&(*trust)->fields, &trust_shape);
	free(*trust);
	*trust = NULL;
}

const struct trust_fields *trust_get(const struct trust *trust)
{
	return &trust->fields;
}

const uint8_t *trust_hash(const struct trust *trust)
{
	return trust->hash;
}

bool trust_batch_revoked(const struct trust *trust, const uint8_t manifest[static HASH_SIZE])
{
	char hex[2 * HASH_SIZE + 1];

	hex_encode(hex, bytes_from(manifest, HASH_SIZE));
	return list_holds_text(&trust->fields.revoked_batches, hex, sizeof hex);
}

bool trust_grant_revoked(const struct trust *trust, uint64_t serial)
{
	const struct list *revoked = &trust->fields.revoked_grants;

	for (size_t i = 0; i < revoked->count; i++) {
		if (list_integer(revoked, i) == serial)
			return true;
	}
	return false;
}
