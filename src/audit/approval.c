/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "audit_private.h"

/* Only that the officers of one version did not sign it, or that it was made under a later one. */
static bool is_of_version(const char *code)
{
	static const char *const codes[] = {
		"signature-key", "signature-threshold", "manifest-trust", "grant-trust", "grant-station"
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (strcmp(codes[i], code) == 0)
			return true;
	}
	return false;
}

/* Of the refusals by several versions the newest counts, unless a later look found more than signatures. */
static void keep_fault(struct fault *kept, const struct fault *fault, bool first)
{
	if (first || (is_of_version(kept->code) && !is_of_version(fault->code)))
		*kept = *fault;
}

enum err audit_open_manifest(struct manifest **out, uint64_t *version, const struct audit *audit,
    const struct document *document, struct fault *fault)
{
	size_t count = chain_count(audit->chain);
	struct fault refusal;

	for (size_t i = count; i > 0; i--) {
		const struct trust *trust = chain_at(audit->chain, i - 1);
		enum err err;

		err = manifest_open(out, document, trust, chain_newest(audit->chain), &refusal);
		*version = trust_get(trust)->version;
		if (err == ERR_OK)
			return ERR_OK;
		if (err != ERR_NO) {
			*fault = refusal;
			return err;
		}
		keep_fault(fault, &refusal, i == count);
	}
	return fault->err;
}

enum err audit_open_grant(struct grant **out, uint64_t *version, const struct audit *audit,
    const struct document *document, struct fault *fault)
{
	size_t count = chain_count(audit->chain);
	struct fault refusal;

	for (size_t i = count; i > 0; i--) {
		const struct trust *trust = chain_at(audit->chain, i - 1);
		enum err err;

		err = grant_open(out, document, trust, chain_newest(audit->chain), &refusal);
		*version = trust_get(trust)->version;
		if (err == ERR_OK)
			return ERR_OK;
		if (err != ERR_NO) {
			*fault = refusal;
			return err;
		}
		keep_fault(fault, &refusal, i == count);
	}
	return fault->err;
}

/* The place of a version in approvals; false if it was not given. */
static bool version_place(size_t *out, const struct audit *audit, uint64_t version)
{
	if (chain_version(audit->chain, version) == NULL)
		return false;
	*out = (size_t)(version - trust_get(chain_at(audit->chain, 0))->version);
	return true;
}

static void take_answer(struct audit *audit, uint8_t *approval, enum err err)
{
	*approval = err == ERR_OK ? APPROVAL_YES : APPROVAL_NO;
	if (err == ERR_CANNOT)
		audit->failed = true;
}

bool audit_manifest_approved(struct audit *audit, struct audited_batch *batch, uint64_t version)
{
	struct manifest *manifest;
	struct fault fault;
	size_t place;

	if (!version_place(&place, audit, version))
		return false;
	if (batch->approvals[place] == APPROVAL_UNKNOWN) {
		take_answer(audit, &batch->approvals[place], manifest_open(&manifest, &batch->document,
		    chain_at(audit->chain, place), chain_newest(audit->chain), &fault));
		manifest_free(&manifest);
	}
	return batch->approvals[place] == APPROVAL_YES;
}

bool audit_grant_approved(struct audit *audit, struct audited_grant *grant, uint64_t version)
{
	struct fault fault;
	struct grant *opened;
	size_t place;

	if (!version_place(&place, audit, version))
		return false;
	if (grant->approvals[place] == APPROVAL_UNKNOWN) {
		take_answer(audit, &grant->approvals[place], grant_open(&opened, &grant->document,
		    chain_at(audit->chain, place), chain_newest(audit->chain), &fault));
		grant_free(&opened);
	}
	return grant->approvals[place] == APPROVAL_YES;
}
