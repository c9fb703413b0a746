/* SPDX-License-Identifier: ISC */
#include "gapseal/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/json.h"

struct manifest {
	struct manifest_fields fields;
	uint8_t hash[HASH_SIZE];
};

/* What is asked beyond signatures and form. */
static enum err judge(const struct manifest *manifest, const char *id, const struct trust *in_force,
    const struct trust *newest, const char *where, struct fault *fault)
{
	const struct manifest_fields *fields = &manifest->fields;
	const struct trust_fields *trust = trust_get(in_force);

	if (strcmp(fields->batch, id) != 0)
		return fault_set(fault, ERR_NO, "signature-comment", where,
		    "the signatures were given for another batch than %s", fields->batch);
	if (strcmp(fields->org, trust->org) != 0)
		return fault_set(fault, ERR_NO, "manifest-org", where,
		    "this is a batch of another organisation than %s", trust->org);
	if (fields->trust > trust->version)
		return fault_set(fault, ERR_NO, "manifest-trust", where,
		    "made under trust version %" PRIu64 ", held here is %" PRIu64 ": take in the "
		    "newer trust file first", fields->trust, trust->version);
	if (trust_batch_revoked(newest, manifest->hash))
		return fault_set(fault, ERR_NO, "manifest-revoked", where,
		    "batch %s is revoked by trust version %" PRIu64, fields->batch,
		    trust_get(newest)->version);
	return ERR_OK;
}

static enum err fill(struct manifest *manifest, const struct document *document, const struct trust *in_force,
    const struct trust *newest, struct fault *fault)
{
	char id[NAME_SIZE];
	enum err err;

	memcpy(manifest->hash, document->hash, HASH_SIZE);
	err = document_claimed_id(id, document, "manifest", fault);
	if (err == ERR_OK)
		err = trust_approve(in_force, newest, ROLE_BATCH, document, "manifest", id, fault);
	if (err == ERR_OK)
		err = manifest_parse(&manifest->fields, buffer_bytes(&document->text), document->where,
		    fault);
	if (err == ERR_OK)
		err = judge(manifest, id, in_force, newest, document->where, fault);
	return err;
}

enum err manifest_open(struct manifest **out, const struct document *document, const struct trust *in_force,
    const struct trust *newest, struct fault *fault)
{
	enum err err;

	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return fault_memory(fault);
	err = fill(*out, document, in_force, newest, fault);
	if (err != ERR_OK)
		manifest_free(out);
	return err;
}

void manifest_free(struct manifest **manifest)
{
	if (*manifest == NULL)
		return;
	json_free(&(*manifest)->fields, &manifest_shape);
	free(*manifest);
	*manifest = NULL;
}

const struct manifest_fields *manifest_get(const struct manifest *manifest)
{
	return &manifest->fields;
}

const uint8_t *manifest_hash(const struct manifest *manifest)
{
	return manifest->hash;
}

const struct manifest_lot *manifest_lot(const struct manifest_fields *fields, size_t i)
{
	return (const struct manifest_lot *)fields->lots.items + i;
}

const struct manifest_lot *manifest_lot_of(const struct manifest_fields *fields, uint64_t index,
    uint32_t *number)
{
	size_t low = 0, high = fields->lots.count;

	if (index >= fields->count)
		return NULL;
	while (high - low > 1) { /* lots low to high - 1 hold the index; lots adjoin from 0 */
		size_t middle = low + (high - low) / 2;

		if (manifest_lot(fields, middle)->first <= index)
			low = middle;
		else
			high = middle;
	}
	*number = (uint32_t)low;
	return manifest_lot(fields, low);
}

bool manifest_lot_named(const struct manifest_fields *fields, const char *name, uint32_t *number)
{
	for (size_t i = 0; i < fields->lots.count; i++) {
		if (strcmp(manifest_lot(fields, i)->name, name) == 0) {
			*number = (uint32_t)i;
			return true;
		}
	}
	return false;
}

void manifest_place(struct record_place *out, const struct manifest_fields *fields, uint32_t lot,
    uint64_t index)
{
	const struct manifest_common *commons = fields->common.items;
	uint8_t digests[COMMONS_MAX][HASH_SIZE];
	size_t count = fields->common.count;

	for (size_t i = 0; i < count && i < COMMONS_MAX; i++)
		memcpy(digests[i], commons[i].digest, HASH_SIZE);
	out->batch = fields->batch;
	out->lot = lot;
	out->index = index;
	out->stride = (uint32_t)fields->stride;
	record_common(out->common, (const uint8_t (*)[HASH_SIZE])digests, (uint32_t)count);
}

size_t manifest_state(struct state_slot *out, const struct manifest_fields *fields)
{
	static const enum state_kind kinds[] = {
		[SLOT_ABSENT] = STATE_ABSENT,
		[SLOT_DIGEST] = STATE_DIGEST,
		[SLOT_PRESENT] = STATE_PRESENT,
	};
	const struct manifest_slot *slots = fields->policy.slots.items;
	size_t count = fields->policy.slots.count;

	for (size_t i = 0; i < count; i++)
		out[i] = (struct state_slot){
			.slot = {.tag = (uint32_t)slots[i].tag, .type = (uint32_t)slots[i].type},
			.kind = kinds[slots[i].state],
		};
	return count;
}
