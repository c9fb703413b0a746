/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medium_private.h"

static void *make_list(struct list *out, size_t count, size_t size)
{
	out->items = calloc(count + 1, size);
	out->count = out->items == NULL ? 0 : count;
	return out->items;
}

/* Who signed a document that the newest trust approves of; so every signature is known and good. */
static enum err list_officers(struct list *out, const struct medium *medium, enum trust_role role,
    const struct document *document, const char *type, const char *id, struct fault *fault)
{
	const struct trust_fields *trust = trust_get(chain_newest(medium->chain));
	char (*names)[NAME_SIZE] = make_list(out, trust->officers.count, NAME_SIZE);
	bool *signed_by = calloc(trust->officers.count + 1, sizeof *signed_by);
	enum err err = ERR_OK;
	unsigned counted;

	out->count = 0;
	if (names == NULL || signed_by == NULL)
		err = fault_memory(fault);
	if (err == ERR_OK)
		err = trust_count(&counted, signed_by, trust, trust, role, document, type, id, fault);
	for (size_t i = 0; i < trust->officers.count && err == ERR_OK; i++) {
		if (signed_by[i])
			memcpy(names[out->count++], trust_officer(trust, i)->name, NAME_SIZE);
	}
	free(signed_by);
	return err;
}

static enum err fill_trust(struct medium *medium, struct fault *fault)
{
	struct delivery_trust *trusts = make_list(&medium->delivery.trust, medium->trust_count,
	    sizeof *trusts);

	if (trusts == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < medium->trust_count; i++) {
		const struct trust *trust = chain_at(medium->chain, i);

		trusts[i].version = trust_get(trust)->version;
		memcpy(trusts[i].issued, trust_get(trust)->issued, UTC_SIZE);
		memcpy(trusts[i].sha256, trust_hash(trust), HASH_SIZE);
	}
	return ERR_OK;
}

static enum err fill_stations(struct medium *medium, struct fault *fault)
{
	const struct medium_request *request = medium->request;
	struct delivery_station *stations = make_list(&medium->delivery.stations, request->station_count,
	    sizeof *stations);

	if (stations == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < request->station_count; i++) {
		const struct trust_station *known = trust_station(trust_get(chain_newest(medium->chain)),
		    request->stations[i]);

		memcpy(stations[i].name, known->name, NAME_SIZE);
		memcpy(stations[i].log_key, known->log_key, NOTE_VKEY_MAX);
	}
	return ERR_OK;
}

static enum err fill_batch(struct delivery_batch *out, const struct medium *medium,
    struct medium_batch *batch, struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(batch->manifest);

	memcpy(out->batch, fields->batch, NAME_SIZE);
	memcpy(out->title, fields->title, TITLE_SIZE);
	memcpy(out->manifest_sha256, manifest_hash(batch->manifest), HASH_SIZE);
	out->devices = fields->count;
	out->held = batch->held;
	out->lots = fields->lots;
	if (batch->extract != NULL) {
		out->devices = 1;
		out->lots = (struct list){&batch->lot, 1};
		out->records = (struct list){&batch->extract->index, 1};
	}
	out->purpose = fields->purpose;
	return list_officers(&out->officers, medium, ROLE_BATCH, &batch->document, "manifest", fields->batch,
	    fault);
}

static enum err fill_batches(struct medium *medium, struct fault *fault)
{
	struct delivery *delivery = &medium->delivery;
	struct delivery_batch *batches = make_list(&delivery->batches, medium->batch_count, sizeof *batches);
	enum err err = batches == NULL ? fault_memory(fault) : ERR_OK;

	for (size_t i = 0; i < medium->batch_count && err == ERR_OK; i++) {
		err = fill_batch(&batches[i], medium, &medium->batches[i], fault);
		delivery->rehearsal = delivery->rehearsal || batches[i].purpose == PURPOSE_REHEARSAL;
	}
	return err;
}

static enum err fill_grant(struct delivery_grant *out, const struct medium *medium,
    const struct medium_grant *grant, struct fault *fault)
{
	const struct grant_fields *fields = grant_get(grant->grant);
	char serial[NAME_SIZE];

	memcpy(out->batch, fields->batch, NAME_SIZE);
	memcpy(out->grant_sha256, grant_hash(grant->grant), HASH_SIZE);
	memcpy(out->not_after, fields->not_after, UTC_SIZE);
	memcpy(out->not_before, fields->not_before, UTC_SIZE);
	out->again = fields->again;
	out->lots = fields->lots;
	out->max_success = fields->max_success;
	out->records = fields->records;
	out->replaces = fields->replaces;
	out->serial = fields->serial;
	out->stations = fields->stations;
	snprintf(serial, sizeof serial, "%" PRIu64, fields->serial);
	return list_officers(&out->officers, medium, ROLE_GRANT, &grant->document, "grant", serial, fault);
}

static enum err fill_grants(struct medium *medium, struct fault *fault)
{
	struct delivery_grant *grants = make_list(&medium->delivery.grants, medium->grant_count,
	    sizeof *grants);
	enum err err = grants == NULL ? fault_memory(fault) : ERR_OK;

	for (size_t i = 0; i < medium->grant_count && err == ERR_OK; i++)
		err = fill_grant(&grants[i], medium, &medium->grants[i], fault);
	return err;
}

enum err medium_fill_delivery(struct medium *medium, struct fault *fault)
{
	struct delivery *delivery = &medium->delivery;
	enum err err;

	memcpy(delivery->org, trust_get(chain_newest(medium->chain))->org, NAME_SIZE);
	utc_format(delivery->packed, medium->request->now);
	delivery->files = medium->file_count;
	for (size_t i = 0; i < medium->file_count; i++)
		delivery->bytes += medium->files[i].size;
	err = fill_trust(medium, fault);
	if (err == ERR_OK)
		err = fill_stations(medium, fault);
	if (err == ERR_OK)
		err = fill_batches(medium, fault);
	if (err == ERR_OK)
		err = fill_grants(medium, fault);
	return err;
}

void medium_free_delivery(struct delivery *delivery)
{
	struct delivery_batch *batches = delivery->batches.items;
	struct delivery_grant *grants = delivery->grants.items;

	for (size_t i = 0; i < delivery->batches.count; i++)
		free(batches[i].officers.items);
	for (size_t i = 0; i < delivery->grants.count; i++)
		free(grants[i].officers.items);
	free(delivery->batches.items);
	free(delivery->grants.items);
	free(delivery->stations.items);
	free(delivery->trust.items);
}
