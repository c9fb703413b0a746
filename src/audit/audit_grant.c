/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_private.h"
#include "gapseal/file.h"
#include "gapseal/list.h"

#define KEYS_MAX DOCUMENT_MAX /* bytes of keys.age */

void audited_grant_free(struct audited_grant *grant)
{
	document_free(&grant->document);
	grant_free(&grant->grant);
	free(grant->approvals);
	free(grant->lots);
	*grant = (struct audited_grant){0};
}

/* The wrapped keys are only hashed: nobody here can open them. */
static enum err check_keys(const struct audited_grant *grant, int folder, const char *where,
    struct fault *fault)
{
	struct buffer keys = BUFFER_EMPTY;
	uint8_t hash[HASH_SIZE];
	enum err err;

	err = file_read(&keys, folder, GRANT_KEYS_NAME, KEYS_MAX, fault);
	hash_bytes(hash, buffer_bytes(&keys));
	buffer_free(&keys);
	if (err == ERR_OK && memcmp(hash, grant_get(grant->grant)->keys_sha256, HASH_SIZE) != 0)
		err = fault_set(fault, ERR_NO, audit_code(CODE_GRANT_KEYS), where,
		    GRANT_KEYS_NAME " is not the one that the grant was signed with");
	return err;
}

static enum err check_serial(const struct audit *audit, const struct audited_grant *grant, const char *where,
    struct fault *fault)
{
	uint64_t serial = grant_get(grant->grant)->serial;

	for (size_t i = 0; i < audit->grants.count; i++) {
		if (grant_get(audited_grant(audit, i)->grant)->serial == serial)
			return fault_set(fault, ERR_NO, audit_code(CODE_GRANT_TWICE), where,
			    "another grant %" PRIu64 " was given before", serial);
	}
	return ERR_OK;
}

static bool given_before(const struct audit *audit, const struct document *document)
{
	for (size_t i = 0; i < audit->grants.count; i++) {
		if (memcmp(audited_grant(audit, i)->document.hash, document->hash, HASH_SIZE) == 0)
			return true;
	}
	return false;
}

static enum err load(struct audited_grant *grant, struct audit *audit, int folder, const char *where,
    struct fault *fault)
{
	grant->approvals = calloc(chain_count(audit->chain), sizeof *grant->approvals);
	if (grant->approvals == NULL)
		return fault_memory(fault);
	if (document_load(&grant->document, folder, GRANT_NAME, fault) != ERR_OK)
		return fault->err;
	snprintf(grant->document.where, sizeof grant->document.where, "%s/" GRANT_NAME, where);
	return ERR_OK;
}

/* The grant is the audit's from here on. */
static enum err keep(struct audit *audit, struct audited_grant *grant, uint64_t version, struct fault *fault)
{
	const struct grant_fields *fields = grant_get(grant->grant);
	struct audited_grant *kept = audit_push(&audit->grants, sizeof *kept);

	if (kept == NULL)
		return fault_memory(fault);
	grant->batch = NOBODY;
	*kept = *grant;
	audit_item_good(audit, grant->item, grant->document.hash,
	    "grant %" PRIu64 " for batch %s, %zu station%s, at most %" PRIu64 " devices, %s to %s; "
	    "approved by trust version %" PRIu64, fields->serial, fields->batch, fields->stations.count,
	    fields->stations.count == 1 ? "" : "s", fields->max_success, fields->not_before,
	    fields->not_after, version);
	*grant = (struct audited_grant){0};
	return ERR_OK;
}

static enum err add(struct audit *audit, struct audited_grant *grant, int folder, const char *where,
    struct fault *fault)
{
	uint64_t version;
	enum err err;

	err = load(grant, audit, folder, where, fault);
	if (err == ERR_OK && given_before(audit, &grant->document)) {
		audit_item_good(audit, grant->item, grant->document.hash, "given before");
		return ERR_OK;
	}
	if (err == ERR_OK)
		err = audit_open_grant(&grant->grant, &version, audit, &grant->document, fault);
	if (err == ERR_OK)
		err = check_serial(audit, grant, where, fault);
	if (err == ERR_OK)
		err = check_keys(grant, folder, where, fault);
	return err == ERR_OK ? keep(audit, grant, version, fault) :
	    audit_item_refuse(audit, grant->item, NULL, fault);
}

enum err audit_add_grant(struct audit *audit, const char *path, struct fault *fault)
{
	struct audited_grant grant = {0};
	int folder;
	enum err err;

	err = audit_item_begin(&grant.item, audit, AUDIT_GRANT, path, fault);
	if (err == ERR_OK)
		err = folder_open(&folder, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	err = add(audit, &grant, folder, path, fault);
	audited_grant_free(&grant);
	close(folder);
	return err;
}

static int compare_serials(const void *a, const void *b)
{
	const struct audited_grant *first = a, *second = b;
	uint64_t x = grant_get(first->grant)->serial, y = grant_get(second->grant)->serial;

	return (x > y) - (x < y);
}

uint32_t audit_grant_find(const struct audit *audit, uint64_t serial)
{
	size_t low = 0, high = audit->grants.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t at = grant_get(audited_grant(audit, middle)->grant)->serial;

		if (at == serial)
			return (uint32_t)middle;
		if (at < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return NOBODY;
}

/* The lots by number: asked for every entry, and there may be thousands of them. */
static enum err number_lots(struct audited_grant *grant, const struct manifest_fields *manifest,
    struct fault *fault)
{
	const struct list *names = &grant_get(grant->grant)->lots;
	uint32_t number;

	if (names->count == 0)
		return ERR_OK;
	grant->lots = calloc(manifest->lots.count, sizeof *grant->lots);
	if (grant->lots == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < names->count; i++) {
		if (manifest_lot_named(manifest, list_text(names, i, NAME_SIZE), &number))
			grant->lots[number] = true;
	}
	return ERR_OK;
}

bool audited_grant_covers(const struct audited_grant *grant, const struct manifest_fields *manifest,
    uint64_t index)
{
	uint32_t number;

	if (grant->lots == NULL)
		return list_holds(&grant_get(grant->grant)->records, index);
	return manifest_lot_of(manifest, index, &number) != NULL && grant->lots[number];
}

/* Holds a grant against its batch, if that was given. */
static enum err fit(struct audit *audit, struct audited_grant *grant, struct fault *fault)
{
	const struct grant_fields *fields = grant_get(grant->grant);
	uint32_t batch = audit_batch_find(audit, fields->manifest_sha256);
	const struct manifest_fields *manifest;
	enum err err;

	if (batch == NOBODY)
		return ERR_OK;
	manifest = audited_manifest(audited_batch(audit, batch));
	err = grant_check(fields, manifest, fields->manifest_sha256, grant->document.where, fault);
	if (err != ERR_OK)
		return audit_item_refuse(audit, grant->item, NULL, fault);
	grant->batch = batch;
	return number_lots(grant, manifest, fault);
}

enum err audit_verify_grants(struct audit *audit, struct fault *fault)
{
	enum err err = ERR_OK;

	if (audit->grants.count > 1)
		qsort(audit->grants.items, audit->grants.count, sizeof(struct audited_grant),
		    compare_serials);
	for (size_t i = 0; i < audit->grants.count && err == ERR_OK; i++)
		err = fit(audit, audited_grant(audit, i), fault);
	return err;
}
