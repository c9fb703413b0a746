/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/json.h"
#include "gapseal/list.h"
#include "gapseal/lot_keys.h"

#define SERIAL_SIZE 24

/* Going through the grants of a home, one process at a time: what is closed is destroyed on the way. */
struct granting {
	struct vault *vault;
	int folder;              /* H/grants, locked */
	struct grant **grants;   /* NULL: does not verify */
	size_t count;
	struct list withdrawn;   /* serials, of uint64_t */
};

static const struct document *document_of(const struct granting *granting, size_t i)
{
	return reader_grant(granting->vault->reader, i);
}

static struct vault_batch *batch_of(const struct vault *vault, const uint8_t *manifest)
{
	for (size_t i = 0; i < vault->batch_count; i++) {
		struct vault_batch *batch = &vault->batches[i];

		if (batch->lots != NULL && memcmp(manifest_hash(batch->manifest), manifest, HASH_SIZE) == 0)
			return batch;
	}
	return NULL;
}

static enum err open_grant(struct grant **out, const struct vault *vault, size_t i, struct fault *fault)
{
	const struct document *document = reader_grant(vault->reader, i);
	struct grant_fields claim;
	const struct trust *trust;
	enum err err;

	*out = NULL;
	err = grant_parse(&claim, buffer_bytes(&document->text), document->where, fault);
	if (err != ERR_OK)
		return err;
	trust = vault_in_force(vault, claim.manifest_sha256, claim.serial);
	json_free(&claim, &grant_shape);
	if (trust == NULL)
		return fault_set(fault, ERR_NO, "grant-ingest", document->where,
		    "the log has no ingest of it; ingest it again");
	return grant_open(out, document, trust, chain_newest(vault->chain), fault);
}

void vault_granted_fill(struct vault_granted *out, const struct grant_fields *grant)
{
	*out = (struct vault_granted){
		.live = true, .grant = grant->serial, .max_success = grant->max_success
	};
	memcpy(out->not_before, grant->not_before, UTC_SIZE);
	memcpy(out->not_after, grant->not_after, UTC_SIZE);
}

static enum err accept_key(struct vault_batch *batch, bool record, uint64_t number, const uint8_t *key,
    const struct grant_fields *grant, struct fault *fault)
{
	if (record)
		return vault_record_add(batch, number, key, grant, fault);
	memcpy(secret_data(batch->keys) + number * KEY_SIZE, key, KEY_SIZE);
	vault_granted_fill(&batch->lots[number], grant);
	return ERR_OK;
}

/* Takes the keys of open lots and of records in them, and destroys those of closed ones. */
static enum err accept_keys(struct vault_batch *batch, int folder, const struct grant_keys *keys,
    const struct grant_fields *grant, const bool *closed, const char *where, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(batch->manifest);
	enum err err = ERR_OK;
	bool cut = false;
	uint64_t number;

	for (uint32_t i = 0; i < keys->count && err == ERR_OK; i++) {
		const uint8_t *key = grant_key(&number, keys, i);

		if (grant_key_closed(keys, i, manifest, closed))
			cut = true;
		else
			err = accept_key(batch, keys->records, number, key, grant, fault);
	}
	if (err != ERR_OK || !cut)
		return err;
	return lot_keys_cut(folder, keys, manifest, closed, where, fault);
}

/* Whether any lot of a grant, or of its records, is still open. */
static bool any_open(const struct grant_fields *grant, const struct manifest_fields *manifest,
    const bool *closed)
{
	uint32_t lot;

	for (size_t i = 0; i < grant->lots.count; i++) {
		if (manifest_lot_named(manifest, list_text(&grant->lots, i, NAME_SIZE), &lot) && !closed[lot])
			return true;
	}
	for (size_t i = 0; i < grant->records.count; i++) {
		if (manifest_lot_of(manifest, list_integer(&grant->records, i), &lot) != NULL && !closed[lot])
			return true;
	}
	return false;
}

/* folder is that of the grant. Keys of which none may be used are destroyed unopened: a crash may have left
 * half of them. */
static enum err use_keys(struct vault *vault, struct vault_batch *batch, size_t i, int folder,
    const struct grant_fields *grant, const bool *closed, const char *where, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(batch->manifest);
	struct grant_keys keys;
	enum err err;

	err = lot_keys_settle(folder, where, fault);
	if (err != ERR_OK)
		return err;
	if (!any_open(grant, manifest, closed))
		return lot_keys_destroy(folder, where, fault);
	err = lot_keys_open(&keys, folder, reader_grant_keys(vault->reader, i), vault->identity, grant,
	    manifest, where, fault);
	if (err == ERR_OK)
		err = accept_keys(batch, folder, &keys, grant, closed, where, fault);
	grant_keys_free(&keys);
	return err;
}

/* One bool a lot, to be freed. */
static enum err closed_lots(bool **out, const struct vault *vault, const struct vault_batch *batch,
    struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(batch->manifest);
	const uint8_t *hash = manifest_hash(batch->manifest);
	bool *closed = calloc(manifest->lots.count, sizeof *closed);

	*out = closed;
	if (closed == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < manifest->lots.count; i++)
		closed[i] = progress_closed(vault->progress, hash, manifest_lot(manifest, i)->name);
	return ERR_OK;
}

static enum err open_folder(int *out, char where[static FAULT_WHERE_MAX], const struct granting *granting,
    size_t i, struct fault *fault)
{
	char name[SERIAL_SIZE];

	snprintf(name, sizeof name, "%" PRIu64, reader_grant_serial(granting->vault->reader, i));
	snprintf(where, FAULT_WHERE_MAX, HOME_GRANTS "/%s", name);
	return folder_open(out, granting->folder, name, fault);
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

static enum err use_batch(struct granting *granting, size_t i, struct vault_batch *batch,
    const struct grant_fields *grant, struct fault *fault)
{
	char where[FAULT_WHERE_MAX];
	bool *closed = NULL;
	int folder;
	enum err err;

	err = open_folder(&folder, where, granting, i, fault);
	if (err != ERR_OK)
		return err;
	err = closed_lots(&closed, granting->vault, batch, fault);
	if (err == ERR_OK)
		err = use_keys(granting->vault, batch, i, folder, grant, closed, where, fault);
	free(closed);
	close(folder);
	if (err != ERR_OK || grant->records.count > 0)
		return err; /* a record has its permit with it */
	/* in the order of serials, sorted at the end: a later permit only adds */
	return add_integers(&batch->again, &grant->again, fault);
}

static enum err use_grant(struct granting *granting, size_t i, struct fault *fault)
{
	const struct grant_fields *fields = grant_get(granting->grants[i]);
	struct vault_batch *batch = batch_of(granting->vault, fields->manifest_sha256);
	const char *where = document_of(granting, i)->where;
	enum err err;

	if (batch == NULL)
		return fault_set(fault, ERR_NO, "grant-batch", where, "its batch is not in use here");
	if (!grant_names_station(fields, granting->vault->home->station))
		return fault_set(fault, ERR_NO, "grant-station", where, "it does not name this station");
	err = grant_check(fields, manifest_get(batch->manifest), manifest_hash(batch->manifest), where,
	    fault);
	return err == ERR_OK ? use_batch(granting, i, batch, fields, fault) : err;
}

static bool names_closed(const struct vault *vault, const struct grant_fields *claim)
{
	const struct vault_batch *batch = batch_of(vault, claim->manifest_sha256);
	uint32_t lot;

	for (size_t i = 0; i < claim->lots.count; i++) {
		if (progress_closed(vault->progress, claim->manifest_sha256,
		    list_text(&claim->lots, i, NAME_SIZE)))
			return true;
	}
	for (size_t i = 0; batch != NULL && i < claim->records.count; i++) {
		const struct manifest_lot *at = manifest_lot_of(manifest_get(batch->manifest),
		    list_integer(&claim->records, i), &lot);

		if (at != NULL && progress_closed(vault->progress, claim->manifest_sha256, at->name))
			return true;
	}
	return false;
}

/* A grant that is not used is not opened to cut its keys either: if it so much as claims a closed lot, all
 * of them go. Should it be of use again, it comes from its medium. */
static enum err drop_unused(struct granting *granting, size_t i, struct fault *fault)
{
	const struct document *document = document_of(granting, i);
	char where[FAULT_WHERE_MAX];
	struct grant_fields claim;
	struct fault unused;
	bool closed;
	int folder;
	enum err err;

	if (grant_parse(&claim, buffer_bytes(&document->text), document->where, &unused) != ERR_OK)
		return ERR_OK; /* it names nothing */
	closed = names_closed(granting->vault, &claim);
	err = closed ? open_folder(&folder, where, granting, i, fault) : ERR_OK;
	json_free(&claim, &grant_shape);
	if (err != ERR_OK || !closed)
		return err;
	err = lot_keys_settle(folder, where, fault);
	if (err == ERR_OK)
		err = lot_keys_destroy(folder, where, fault);
	close(folder);
	return err;
}

static bool is_withdrawn(const struct granting *granting, uint64_t serial)
{
	for (size_t i = 0; i < granting->withdrawn.count; i++) {
		if (list_integer(&granting->withdrawn, i) == serial)
			return true;
	}
	return false;
}

/* What later grants withdraw must be known before the first one is used. */
static enum err open_all(struct granting *granting, struct fault *fault)
{
	for (size_t i = 0; i < granting->count; i++) {
		enum err err = open_grant(&granting->grants[i], granting->vault, i, fault);

		if (err == ERR_OK)
			err = add_integers(&granting->withdrawn, &grant_get(granting->grants[i])->replaces,
			    fault);
		if (err == ERR_NO)
			vault_say_left_out(granting->vault, "grant", document_of(granting, i)->where,
			    fault->text);
		else if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static enum err use_all(struct granting *granting, struct fault *fault)
{
	for (size_t i = 0; i < granting->count; i++) {
		bool good = granting->grants[i] != NULL &&
		    !is_withdrawn(granting, grant_get(granting->grants[i])->serial);
		enum err err = good ? use_grant(granting, i, fault) : ERR_OK;

		if (err == ERR_NO)
			vault_say_left_out(granting->vault, "grant", document_of(granting, i)->where,
			    fault->text);
		if (!good || err == ERR_NO)
			err = drop_unused(granting, i, fault);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static int compare_integers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void settle(struct vault *vault)
{
	for (size_t i = 0; i < vault->batch_count; i++) {
		struct list *again = &vault->batches[i].again;

		vault_records_settle(&vault->batches[i]);
		if (again->count > 0)
			qsort(again->items, again->count, sizeof(uint64_t), compare_integers);
	}
}

enum err vault_load_grants(struct vault *vault, struct fault *fault)
{
	struct granting granting = {.vault = vault, .folder = -1, .count = reader_grants(vault->reader)};
	enum err err;

	granting.grants = calloc(granting.count + 1, sizeof *granting.grants);
	if (granting.grants == NULL)
		return fault_memory(fault);
	err = folder_open(&granting.folder, vault->home->folder, HOME_GRANTS, fault);
	if (err == ERR_OK)
		err = file_lock(granting.folder, HOME_GRANTS, fault);
	if (err == ERR_OK)
		err = open_all(&granting, fault);
	if (err == ERR_OK)
		err = use_all(&granting, fault);
	settle(vault);
	for (size_t i = 0; i < granting.count; i++)
		grant_free(&granting.grants[i]);
	free(granting.grants);
	free(granting.withdrawn.items);
	if (granting.folder >= 0)
		close(granting.folder); /* gives up the lock */
	return err;
}
