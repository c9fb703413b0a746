/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "audit_private.h"
#include "gapseal/list.h"

/* What a station says of itself and of the documents it took in. */

void take_enroll(struct reading *reading, const struct entry *entry)
{
	const struct trust_station *station = reading->log->trusted;

	if (entry->n != 0)
		reading_find(reading, CODE_LOG_ENROLL, entry, NULL, "the station enrolled once more");
	else if (strcmp(entry->org, trust_get(chain_newest(reading->audit->chain))->org) != 0 ||
	    strcmp(entry->station, station->name) != 0 || strcmp(entry->log_key, station->log_key) != 0 ||
	    strcmp(entry->recipient, station->recipient) != 0)
		reading_find(reading, CODE_LOG_ENROLL, entry, NULL,
		    "the station enrolled under another name or other keys than trust gives it");
}

/* The first version is pinned, each later one follows the one before; to see one again is harmless. */
void take_trust(struct reading *reading, const struct entry *entry)
{
	const struct trust *known = chain_version(reading->audit->chain, entry->trust);

	if (known == NULL)
		reading_find(reading, CODE_TRUST_MISSING, entry, NULL,
		    "the station took in trust version %" PRIu64 ", which was not given", entry->trust);
	else if (memcmp(trust_hash(known), entry->sha256.hash, HASH_SIZE) != 0)
		reading_find(reading, CODE_TRUST_OTHER, entry, NULL,
		    "what the station took in as trust version %" PRIu64 " is another file", entry->trust);
	if (reading->trust != 0 && entry->trust != reading->trust && entry->trust != reading->trust + 1)
		reading_find(reading, CODE_TRUST_ORDER, entry, NULL,
		    "trust version %" PRIu64 " came after version %" PRIu64, entry->trust, reading->trust);
	reading->trust = entry->trust;
}

static void ingest_batch(struct reading *reading, const struct entry *entry)
{
	uint32_t number = audit_batch_find(reading->audit, entry->manifest.hash);
	struct audited_batch *batch;

	if (number == NOBODY || memcmp(entry->sha256.hash, entry->manifest.hash, HASH_SIZE) != 0)
		return;
	batch = audited_batch(reading->audit, number);
	batch->taken = true;
	if (chain_version(reading->audit->chain, entry->trust) != NULL &&
	    !audit_manifest_approved(reading->audit, batch, entry->trust))
		reading_find(reading, CODE_INGEST_REFUSED, entry, batch,
		    "trust version %" PRIu64 " does not approve this batch, yet it was taken in",
		    entry->trust);
}

static void withdraw(struct reading *reading, const struct list *serials)
{
	for (size_t i = 0; i < serials->count; i++) {
		uint32_t grant = audit_grant_find(reading->audit, list_integer(serials, i));

		if (grant != NOBODY)
			audited_grant(reading->audit, grant)->withdrawn = true;
	}
}

static void ingest_grant(struct reading *reading, const struct entry *entry)
{
	uint32_t number = audit_grant_find(reading->audit, entry->grant);
	struct audited_grant *grant;

	if (number == NOBODY)
		return;
	grant = audited_grant(reading->audit, number);
	if (memcmp(grant->document.hash, entry->sha256.hash, HASH_SIZE) != 0)
		return;
	grant->taken = true;
	withdraw(reading, &grant_get(grant->grant)->replaces);
	if (chain_version(reading->audit->chain, entry->trust) != NULL &&
	    !audit_grant_approved(reading->audit, grant, entry->trust))
		reading_find(reading, CODE_INGEST_REFUSED, entry, NULL,
		    "trust version %" PRIu64 " does not approve grant %" PRIu64 ", yet it was taken in",
		    entry->trust, entry->grant);
}

void take_ingest(struct reading *reading, const struct entry *entry)
{
	if (entry->trust != reading->trust)
		reading_find(reading, CODE_INGEST_TRUST, entry, NULL,
		    "taken in under trust version %" PRIu64 " while version %" PRIu64 " was in force there",
		    entry->trust, reading->trust);
	if (entry->grant == 0)
		ingest_batch(reading, entry);
	else
		ingest_grant(reading, entry);
}

void take_recover(struct reading *reading, const struct entry *entry)
{
	reading_find(reading, CODE_LOG_RECOVERED, entry, NULL,
	    "after a power cut or a crash the station moved %" PRIu64 " bytes aside that were no entry",
	    entry->bytes);
}

/* A station set back to an older copy of its disk could not have exported more than it has. */
void take_export(struct reading *reading, const struct entry *entry)
{
	if (entry->size > entry->n + 1)
		reading_find(reading, CODE_LOG_EXPORT, entry, NULL,
		    "an export of %" PRIu64 " entries is noted as entry %" PRIu64, entry->size, entry->n);
}
