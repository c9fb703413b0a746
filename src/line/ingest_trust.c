/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "gapseal/json.h"
#include "ingest_private.h"

enum err ingest_demand_trust(const struct ingest *ingest, const char *where, struct fault *fault)
{
	if (chain_count(ingest->chain) > 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "trust-needed", where,
	    "this station trusts nobody yet: run 'gapseal-line trust' first");
}

static enum err read_claims(uint64_t *version, bool *foreign, const struct ingest *ingest,
    const struct document *document, struct fault *fault)
{
	struct trust_fields fields;
	enum err err;

	err = trust_parse(&fields, buffer_bytes(&document->text), document->where, fault);
	if (err != ERR_OK)
		return err;
	*version = fields.version;
	*foreign = strcmp(fields.org, ingest->home->org) != 0;
	json_free(&fields, &trust_shape);
	return ERR_OK;
}

static enum err store(struct ingest *ingest, const struct document *document, struct fault *fault)
{
	const struct trust *trust = chain_newest(ingest->chain);
	char fingerprint[FINGERPRINT_SIZE];
	enum err err;

	err = chain_store(ingest->trust, document, trust_get(trust)->version, fault);
	ingest->fatal = err != ERR_OK; /* the chain in memory is ahead of what is stored now */
	if (err == ERR_OK)
		err = ingest_log_trust(ingest, trust, fault);
	if (err != ERR_OK)
		return err;
	fingerprint_print(fingerprint, trust_hash(trust));
	ingest->report->taken++;
	ingest_say(ingest, "trust version %" PRIu64 ": taken, fingerprint %s", trust_get(trust)->version,
	    fingerprint);
	return ERR_OK;
}

/* A version below the one pinned is nothing to verify here, and nothing to complain of: a medium may well
 * carry the whole chain. */
static bool is_before_pin(const struct ingest *ingest, uint64_t version)
{
	return chain_count(ingest->chain) > 0 && version < trust_get(chain_at(ingest->chain, 0))->version;
}

enum err ingest_take_trust(struct ingest *ingest, const struct document *document, struct fault *fault)
{
	bool added = false, foreign;
	uint64_t version;
	enum err err;

	err = read_claims(&version, &foreign, ingest, document, fault);
	if (err != ERR_OK)
		return err;
	if (foreign)
		return fault_set(fault, ERR_NO, "trust-org", document->where,
		    "this is the trust of another organisation than %s", ingest->home->org);
	if (!is_before_pin(ingest, version)) {
		err = chain_add(ingest->chain, document, &added, fault);
		if (err != ERR_OK)
			return err;
	}
	if (added)
		return store(ingest, document, fault);
	ingest->report->held++;
	ingest_say(ingest, "trust version %" PRIu64 ": %s", version,
	    is_before_pin(ingest, version) ? "older than what this station has pinned" : "held already");
	return ERR_OK;
}
