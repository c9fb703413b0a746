/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/grant_keys.h"
#include "gapseal/json.h"
#include "gapseal/list.h"

struct scratch { /* what vault->keys holds */
	uint8_t root[KEY_SIZE];
	struct record_keys record;
};

static enum err load_chain(struct vault *vault, struct fault *fault)
{
	int folder;
	enum err err = chain_new(&vault->chain, fault);

	if (err == ERR_OK)
		err = folder_open(&folder, vault->home->folder, HOME_TRUST, fault);
	if (err != ERR_OK)
		return err;
	err = chain_load(vault->chain, folder, HOME_TRUST, fault);
	close(folder);
	if (err == ERR_OK && chain_count(vault->chain) == 0)
		err = fault_set(fault, ERR_NO, "trust-needed", vault->home->path, "this station trusts nobody yet; run gapseal-line trust first");
	return err;
}

enum err vault_load_keys(struct vault *vault, struct fault *fault)
{
	enum err err = load_chain(vault, fault);

	if (err == ERR_OK)
		err = secret_new(&vault->keys, sizeof(struct scratch), fault);
	if (err == ERR_OK)
		err = home_identity(&vault->identity, vault->home, fault);
	if (err == ERR_OK)
		err = home_signer(&vault->signer, vault->home, fault);
	return err;
}

/* Room is made by what the manifests claim, before they are verified: the log has to be read first to know under which trust
 * version each was accepted. */
enum err vault_new_progress(struct vault *vault, struct fault *fault)
{
	enum err err;

	progress_free(&vault->progress);
	err = progress_new(&vault->progress, fault);
	for (size_t i = 0; err == ERR_OK && i < reader_batches(vault->reader); i++) {
		const struct document *document = reader_manifest(vault->reader, i);
		struct manifest_fields fields;

		err = manifest_parse(&fields, buffer_bytes(&document->text), document->where, fault);
		if (err == ERR_OK)
			err = progress_add_batch(vault->progress, document->hash, fields.count, fault);
		json_free(&fields, &manifest_shape);
	}
	return err;
}

static void say(const struct vault *vault, const char *what, const char *name, const char *why)
{
	char line[FAULT_TEXT_MAX + 128];

	if (vault->settings.say == NULL)
		return;
	snprintf(line, sizeof line, "%s %s is left out: %s", what, name, why);
	vault->settings.say(vault->settings.context, line);
}

/* What was accepted at a logged ingest stays accepted: judged by the trust version in force then, with the newest revocations. */
static const struct trust *in_force(const struct vault *vault, const uint8_t *manifest, uint64_t grant)
{
	uint64_t version = progress_accepted(vault->progress, manifest, grant);

	return version == 0 ? NULL : chain_version(vault->chain, version);
}

static bool chosen(const struct vault *vault, const char *batch)
{
	for (size_t i = 0; i < vault->settings.batch_count; i++)
		if (strcmp(vault->settings.batches[i], batch) == 0)
			return true;
	return vault->settings.batches == NULL;
}

/* A batch that no longer verifies keeps its number, without lots: nothing is looked up in it. */
static enum err load_batch(struct vault *vault, size_t i, struct fault *fault)
{
	const struct document *document = reader_manifest(vault->reader, i);
	const struct trust *trust = in_force(vault, document->hash, 0);
	struct vault_batch *batch = &vault->batches[i];
	size_t lots;
	enum err err;

	if (trust == NULL) {
		say(vault, "batch", document->where, "the log has no ingest of it; ingest it again");
		return ERR_OK;
	}
	err = manifest_open(&batch->manifest, document, trust, chain_newest(vault->chain), fault);
	if (err == ERR_NO)
		say(vault, "batch", document->where, fault->text);
	if (err != ERR_OK)
		return err == ERR_NO ? ERR_OK : err;
	lots = manifest_get(batch->manifest)->lots.count;
	batch->serves = chosen(vault, manifest_get(batch->manifest)->batch);
	batch->lots = calloc(lots, sizeof *batch->lots);
	if (batch->lots == NULL)
		return fault_memory(fault);
	return secret_new(&batch->keys, lots * KEY_SIZE, fault);
}

static struct vault_batch *batch_named(struct vault *vault, const uint8_t *manifest)
{
	for (size_t i = 0; i < vault->batch_count; i++)
		if (vault->batches[i].lots != NULL && memcmp(manifest_hash(vault->batches[i].manifest), manifest, HASH_SIZE) == 0)
			return &vault->batches[i];
	return NULL;
}

static void accept_lot(struct vault *vault, struct vault_batch *batch, uint32_t number, const uint8_t *key, const struct grant_fields *grant)
{
	const struct manifest_lot *lot = manifest_lot(manifest_get(batch->manifest), number);
	struct vault_granted *granted = &batch->lots[number];

	if (progress_closed(vault->progress, manifest_hash(batch->manifest), lot->name))
		return;
	memcpy(secret_data(batch->keys) + (size_t)number * KEY_SIZE, key, KEY_SIZE);
	*granted = (struct vault_granted){.live = true, .grant = grant->serial, .max_success = grant->max_success};
	memcpy(granted->not_before, grant->not_before, UTC_SIZE);
	memcpy(granted->not_after, grant->not_after, UTC_SIZE);
}

/* Single records have no tag key, so their devices cannot be found by IMEI here. */
static enum err open_keys(struct vault *vault, struct vault_batch *batch, size_t i, const struct grant_fields *grant, struct fault *fault)
{
	const char *where = reader_grant(vault->reader, i)->where;
	struct grant_keys keys;
	uint64_t lot;
	enum err err = grant_keys_open(&keys, reader_grant_keys(vault->reader, i), vault->identity, grant, manifest_get(batch->manifest),
	    where, fault);

	if (err != ERR_OK)
		return err;
	if (keys.records)
		err = fault_set(fault, ERR_NO, "grant-records", where, "it grants single records, which run does not serve");
	for (uint32_t k = 0; err == ERR_OK && k < keys.count; k++) {
		const uint8_t *key = grant_key(&lot, &keys, k);

		accept_lot(vault, batch, (uint32_t)lot, key, grant);
	}
	grant_keys_free(&keys);
	return err;
}

/* Withdrawn by a later grant of this home. */
static bool replaced(const struct list *withdrawn, uint64_t serial)
{
	for (size_t i = 0; i < withdrawn->count; i++)
		if (list_integer(withdrawn, i) == serial)
			return true;
	return false;
}

static enum err add_integers(struct list *list, const struct list *more, struct fault *fault)
{
	uint64_t *items;

	if (more->count == 0)
		return ERR_OK;
	items = realloc(list->items, (list->count + more->count) * sizeof *items);
	if (items == NULL)
		return fault_memory(fault);
	memcpy(items + list->count, more->items, more->count * sizeof *items);
	*list = (struct list){items, list->count + more->count};
	return ERR_OK;
}

static enum err use_grant(struct vault *vault, size_t i, const struct grant *grant, struct fault *fault)
{
	const struct grant_fields *fields = grant_get(grant);
	const struct document *document = reader_grant(vault->reader, i);
	struct vault_batch *batch = batch_named(vault, fields->manifest_sha256);
	enum err err;

	if (batch == NULL)
		return fault_set(fault, ERR_NO, "grant-batch", document->where, "its batch is not in use here");
	if (!grant_names_station(fields, vault->home->station))
		return fault_set(fault, ERR_NO, "grant-station", document->where, "it does not name this station");
	err = grant_check(fields, manifest_get(batch->manifest), manifest_hash(batch->manifest), document->where, fault);
	if (err == ERR_OK)
		err = open_keys(vault, batch, i, fields, fault);
	/* Kept in the order of serials and read by list_holds: a later permit only adds. */
	if (err == ERR_OK)
		err = add_integers(&batch->again, &fields->again, fault);
	return err;
}

static enum err open_grant(struct grant **out, const struct vault *vault, size_t i, struct fault *fault)
{
	const struct document *document = reader_grant(vault->reader, i);
	struct grant_fields claim;
	const struct trust *trust;
	enum err err = grant_parse(&claim, buffer_bytes(&document->text), document->where, fault);

	*out = NULL;
	if (err != ERR_OK)
		return err;
	trust = in_force(vault, claim.manifest_sha256, claim.serial);
	json_free(&claim, &grant_shape);
	if (trust == NULL)
		return fault_set(fault, ERR_NO, "grant-ingest", document->where, "the log has no ingest of it; ingest it again");
	return grant_open(out, document, trust, chain_newest(vault->chain), fault);
}

/* Two passes: what later grants withdraw must be known before the first one is used. */
static enum err load_grants(struct vault *vault, struct fault *fault)
{
	size_t count = reader_grants(vault->reader);
	struct grant **grants = calloc(count + 1, sizeof *grants);
	struct list withdrawn = {0};
	enum err err = grants == NULL ? fault_memory(fault) : ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		err = open_grant(&grants[i], vault, i, fault);
		if (err == ERR_OK)
			err = add_integers(&withdrawn, &grant_get(grants[i])->replaces, fault);
		if (err != ERR_NO)
			continue;
		say(vault, "grant", reader_grant(vault->reader, i)->where, fault->text);
		err = ERR_OK;
	}
	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		if (grants[i] == NULL || replaced(&withdrawn, grant_get(grants[i])->serial))
			continue;
		err = use_grant(vault, i, grants[i], fault);
		if (err != ERR_NO)
			continue;
		say(vault, "grant", reader_grant(vault->reader, i)->where, fault->text);
		err = ERR_OK;
	}
	for (size_t i = 0; grants != NULL && i < count; i++)
		grant_free(&grants[i]);
	free(grants);
	free(withdrawn.items);
	return err;
}

static int compare_integers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

enum err vault_load_batches(struct vault *vault, struct fault *fault)
{
	enum err err = ERR_OK;

	vault->batch_count = reader_batches(vault->reader);
	vault->batches = calloc(vault->batch_count + 1, sizeof *vault->batches);
	if (vault->batches == NULL)
		return fault_memory(fault);
	for (size_t i = 0; err == ERR_OK && i < vault->batch_count; i++)
		err = load_batch(vault, i, fault);
	if (err == ERR_OK)
		err = load_grants(vault, fault);
	for (size_t i = 0; i < vault->batch_count; i++)
		if (vault->batches[i].again.count > 0)
			qsort(vault->batches[i].again.items, vault->batches[i].again.count, sizeof(uint64_t), compare_integers);
	return err;
}

void vault_batches_free(struct vault *vault)
{
	for (size_t i = 0; vault->batches != NULL && i < vault->batch_count; i++) {
		free(vault->batches[i].lots);
		free(vault->batches[i].again.items);
		secret_free(&vault->batches[i].keys);
		manifest_free(&vault->batches[i].manifest);
	}
	free(vault->batches);
}

const struct manifest_fields *vault_manifest(const struct vault *vault, size_t batch)
{
	return manifest_get(vault->batches[batch].manifest);
}

const uint8_t *vault_lot_key(const struct vault *vault, size_t batch, uint32_t lot)
{
	return secret_data(vault->batches[batch].keys) + (size_t)lot * KEY_SIZE;
}

const struct record_keys *vault_record_keys(struct vault *vault, size_t batch, uint32_t lot, uint64_t index)
{
	struct scratch *scratch = (struct scratch *)(void *)secret_data(vault->keys);

	keys_root(scratch->root, vault_lot_key(vault, batch, lot), index);
	keys_record(&scratch->record, scratch->root);
	return &scratch->record;
}

bool vault_lot(const struct vault *vault, size_t i, struct vault_lot *out)
{
	char now[UTC_SIZE];

	utc_format(now, utc_now());
	for (size_t batch = 0; batch < vault->batch_count; batch++) {
		const struct vault_batch *at = &vault->batches[batch];

		for (uint32_t number = 0; at->lots != NULL && number < manifest_get(at->manifest)->lots.count; number++) {
			const struct manifest_lot *lot = manifest_lot(manifest_get(at->manifest), number);
			const struct vault_granted *granted = &at->lots[number];
			bool closed = progress_closed(vault->progress, manifest_hash(at->manifest), lot->name);

			if ((!granted->live && !closed) || i-- > 0)
				continue;
			*out = (struct vault_lot){.grant = granted->grant, .count = lot->count, .max_success = granted->max_success,
			    .closed = closed, .expired = granted->live && strcmp(now, granted->not_after) > 0,
			    .rehearsal = manifest_get(at->manifest)->purpose == PURPOSE_REHEARSAL};
			memcpy(out->batch, manifest_get(at->manifest)->batch, NAME_SIZE);
			memcpy(out->lot, lot->name, NAME_SIZE);
			memcpy(out->not_after, granted->not_after, UTC_SIZE);
			progress_count(&out->counts, vault->progress, manifest_hash(at->manifest), lot->first, lot->count);
			return true;
		}
	}
	return false;
}
