/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "gapseal/activation.h"
#include "gapseal/json.h"
#include "gapseal/list.h"

static enum err judge(const struct activation_fields *fields, const char *id, const struct trust *newest,
    const struct manifest *manifest, const char *where, struct fault *fault)
{
	const struct manifest_fields *batch = manifest_get(manifest);

	if (strcmp(fields->batch, id) != 0)
		return fault_set(fault, ERR_NO, "signature-comment", where,
		    "the signatures were given for another batch than %s", fields->batch);
	if (memcmp(fields->manifest_sha256, manifest_hash(manifest), HASH_SIZE) != 0 ||
	    strcmp(fields->batch, batch->batch) != 0 || strcmp(fields->org, batch->org) != 0)
		return fault_set(fault, ERR_NO, "activation-manifest", where,
		    "this activation is for another manifest than that of batch %s", batch->batch);
	if (fields->trust > trust_get(newest)->version)
		return fault_set(fault, ERR_NO, "activation-trust", where,
		    "made under trust version %" PRIu64 ", held here is %" PRIu64 ": take in the "
		    "newer trust file first", fields->trust, trust_get(newest)->version);
	if (batch->purpose == PURPOSE_REHEARSAL)
		return fault_set(fault, ERR_NO, "activation-rehearsal", where,
		    "batch %s is a rehearsal: its devices are never activated", batch->batch);
	if (fields->done.count > 0 && list_integer(&fields->done, fields->done.count - 1) >= batch->count)
		return fault_set(fault, ERR_NO, "activation-manifest", where,
		    "an index is beyond the %" PRIu64 " devices of batch %s", batch->count, batch->batch);
	return ERR_OK;
}

enum err activation_open(struct activation_fields *out, const struct document *document,
    const struct trust *newest, const struct manifest *manifest, struct fault *fault)
{
	char id[NAME_SIZE];
	enum err err;

	*out = (struct activation_fields){0};
	err = document_claimed_id(id, document, "activation", fault);
	if (err == ERR_OK)
		err = trust_approve(newest, newest, ROLE_GRANT, document, "activation", id, fault);
	if (err == ERR_OK)
		err = activation_parse(out, buffer_bytes(&document->text), document->where, fault);
	if (err == ERR_OK)
		err = judge(out, id, newest, manifest, document->where, fault);
	if (err != ERR_OK)
		json_free(out, &activation_shape);
	return err;
}
