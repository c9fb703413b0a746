/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit_private.h"
#include "gapseal/json.h"

void *audit_push(struct audit_list *list, size_t size)
{
	uint8_t *items = list->items;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity != 0 ? 2 * list->capacity : 16;

		items = reallocarray(items, capacity, size);
		if (items == NULL)
			return NULL;
		list->items = items;
		list->capacity = capacity;
	}
	memset(items + list->count * size, 0, size);
	return items + list->count++ * size;
}

/* A version of trust on the way into the chain. */
struct version {
	struct document document;
	uint64_t number;
	size_t item;
};

static int compare_versions(const void *a, const void *b)
{
	const struct version *first = a, *second = b;

	return (first->number > second->number) - (first->number < second->number);
}

static enum err load_version(struct version *out, struct audit *audit, const char *path, struct fault *fault)
{
	struct trust_fields fields;
	enum err err;

	err = audit_item_begin(&out->item, audit, AUDIT_TRUST, path, fault);
	if (err == ERR_OK)
		err = document_load(&out->document, AT_FDCWD, path, fault);
	if (err == ERR_OK)
		err = trust_parse(&fields, buffer_bytes(&out->document.text), path, fault);
	if (err != ERR_OK)
		return err;
	out->number = fields.version;
	json_free(&fields, &trust_shape);
	return ERR_OK;
}

static enum err add_version(struct audit *audit, const struct version *version, struct fault *fault)
{
	const struct trust_fields *fields;
	bool added;
	enum err err;

	err = chain_add(audit->chain, &version->document, &added, fault);
	if (err != ERR_OK)
		return err;
	fields = trust_get(chain_version(audit->chain, version->number));
	audit_item_good(audit, version->item, version->document.hash,
	    "version %" PRIu64 " of %s, issued %s, %zu officers, %zu stations", fields->version, fields->org,
	    fields->issued, fields->officers.count, fields->stations.count);
	return ERR_OK;
}

/* The versions from the oldest on, whatever the order they were given in. */
static enum err build_chain(struct audit *audit, struct version *versions, const char *const *paths,
    size_t count, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = load_version(&versions[i], audit, paths[i], fault);
	if (err == ERR_OK)
		qsort(versions, count, sizeof *versions, compare_versions);
	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = add_version(audit, &versions[i], fault);
	return err;
}

static enum err load_chain(struct audit *audit, const char *const *paths, size_t count, struct fault *fault)
{
	struct version *versions;
	enum err err;

	if (count == 0)
		return fault_set(fault, ERR_CANNOT, "usage", "--trust",
		    "at least one version of trust is needed");
	versions = calloc(count, sizeof *versions);
	if (versions == NULL)
		return fault_memory(fault);
	err = build_chain(audit, versions, paths, count, fault);
	for (size_t i = 0; i < count; i++)
		document_free(&versions[i].document);
	free(versions);
	return err;
}

static enum err check_pin(const struct audit *audit, const char *pin, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; pin != NULL && i < chain_count(audit->chain); i++) {
		err = fingerprint_check(trust_hash(chain_at(audit->chain, i)), pin, false, "--pin", fault);
		if (err == ERR_OK)
			return ERR_OK;
	}
	return err;
}

static enum err load_witnesses(struct audit *audit, struct fault *fault)
{
	const struct list *witnesses = &trust_get(chain_newest(audit->chain))->witnesses;
	enum err err = ERR_OK;

	audit->witnesses = calloc(witnesses->count + 1, sizeof *audit->witnesses);
	if (audit->witnesses == NULL)
		return fault_memory(fault);
	audit->witness_count = witnesses->count;
	for (size_t i = 0; i < witnesses->count && err == ERR_OK; i++) {
		const char(*keys)[NOTE_VKEY_MAX] = witnesses->items;

		err = note_key_parse(&audit->witnesses[i], bytes_of(keys[i]), "trust: witnesses", fault);
	}
	return err;
}

enum err audit_new(struct audit **out, const char *const *trusts, size_t count, const char *pin,
    struct fault *fault)
{
	struct audit *audit = calloc(1, sizeof *audit);
	enum err err;

	*out = NULL;
	if (audit == NULL)
		return fault_memory(fault);
	err = chain_new(&audit->chain, fault);
	if (err == ERR_OK)
		err = load_chain(audit, trusts, count, fault);
	if (err == ERR_OK)
		err = check_pin(audit, pin, fault);
	if (err == ERR_OK)
		err = load_witnesses(audit, fault);
	if (err != ERR_OK)
		audit_free(&audit);
	*out = audit;
	return err;
}

void audit_free(struct audit **freed)
{
	struct audit *audit = *freed;

	if (audit == NULL)
		return;
	*freed = NULL;
	for (size_t i = 0; i < audit->batches.count; i++)
		audited_batch_free(audited_batch(audit, i));
	for (size_t i = 0; i < audit->grants.count; i++)
		audited_grant_free(audited_grant(audit, i));
	for (size_t i = 0; i < audit->logs.count; i++)
		free(audited_log(audit, i)->folder);
	free(audit->batches.items);
	free(audit->grants.items);
	free(audit->logs.items);
	free(audit->items.items);
	free(audit->findings[AUDIT_ERROR].items);
	free(audit->findings[AUDIT_WARNING].items);
	free(audit->repeats.items);
	free(audit->unresolved.items);
	free(audit->witnesses);
	chain_free(&audit->chain);
	free(audit);
}

struct audited_batch *audited_batch(const struct audit *audit, size_t i)
{
	return (struct audited_batch *)audit->batches.items + i;
}

struct audited_grant *audited_grant(const struct audit *audit, size_t i)
{
	return (struct audited_grant *)audit->grants.items + i;
}

struct audited_log *audited_log(const struct audit *audit, size_t i)
{
	return (struct audited_log *)audit->logs.items + i;
}

const struct manifest_fields *audited_manifest(const struct audited_batch *batch)
{
	return manifest_get(batch->manifest);
}

enum err audit_verify(struct audit *audit, struct fault *fault)
{
	enum err err;

	err = audit_verify_grants(audit, fault);
	if (err == ERR_OK)
		err = audit_verify_logs(audit, fault);
	if (err == ERR_OK)
		err = audit_verify_forks(audit, fault);
	if (err == ERR_OK && audit->failed)
		err = fault_memory(fault);
	return err;
}
