/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "audit_private.h"
#include "gapseal/activation.h"
#include "gapseal/json.h"

static enum err check(const struct audit *audit, const struct audited_batch *batch, struct fault *fault)
{
	const struct manifest_fields *manifest = audited_manifest(batch);

	if (manifest->purpose == PURPOSE_REHEARSAL)
		return fault_set(fault, ERR_NO, "activation-rehearsal", NULL,
		    "batch %s is a rehearsal: its devices are never activated", manifest->batch);
	if (batch->held != NULL)
		return fault_set(fault, ERR_NO, "activation-extract", NULL,
		    "of batch %s only extracts were given: what an activation does not list is not done",
		    manifest->batch);
	if (!audit_accepts(audit))
		return fault_set(fault, ERR_NO, "activation-rejected", NULL,
		    "the verdict is reject: no device is activated before the errors are explained");
	return ERR_OK;
}

/* The indices done or same, ascending. */
static enum err fill_done(struct list *out, const struct audited_batch *batch, struct fault *fault)
{
	uint64_t count = audited_manifest(batch)->count;
	uint64_t *items = calloc((size_t)count + 1, sizeof *items);

	if (items == NULL)
		return fault_memory(fault);
	*out = (struct list){.items = items};
	for (uint64_t index = 0; index < count; index++) {
		enum audit_class class_ = audit_class_of(batch->flags[index]);

		if (class_ == CLASS_DONE || class_ == CLASS_SAME)
			items[out->count++] = index;
	}
	return ERR_OK;
}

enum err activation_write(struct buffer *out, const struct audit *audit, size_t number, struct fault *fault)
{
	const struct audited_batch *batch = audited_batch(audit, number);
	const struct manifest_fields *manifest = audited_manifest(batch);
	struct activation_fields fields = {.trust = trust_get(chain_newest(audit->chain))->version};
	enum err err;

	err = check(audit, batch, fault);
	if (err == ERR_OK)
		err = fill_done(&fields.done, batch, fault);
	if (err != ERR_OK)
		return err;
	memcpy(fields.batch, manifest->batch, NAME_SIZE);
	memcpy(fields.org, manifest->org, NAME_SIZE);
	memcpy(fields.manifest_sha256, batch->document.hash, HASH_SIZE);
	json_write(out, &activation_shape, &fields);
	free(fields.done.items);
	return buffer_check(out, fault);
}
