/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "audit_private.h"

static bool has_purpose(const struct audit *audit, enum purpose purpose)
{
	for (size_t i = 0; i < audit->batches.count; i++) {
		if (audited_manifest(audited_batch(audit, i))->purpose == purpose)
			return true;
	}
	return false;
}

/* Marks the batches that others supersede, so that entries about all others cost nothing. */
static void mark_superseded(struct audit *audit)
{
	for (size_t i = 0; i < audit->batches.count; i++) {
		const struct list *list = &audited_manifest(audited_batch(audit, i))->supersedes;
		const struct manifest_supersede *items = list->items;

		for (size_t k = 0; k < list->count; k++) {
			uint32_t other = audit_batch_find(audit, items[k].manifest_sha256);

			if (other != NOBODY)
				audited_batch(audit, other)->superseded = true;
		}
	}
}

static void judge_documents(struct audit *audit)
{
	static const struct audit_place nowhere;

	if (has_purpose(audit, PURPOSE_REHEARSAL) && has_purpose(audit, PURPOSE_PRODUCTION))
		audit_find(audit, CODE_REHEARSAL_MIXED, &nowhere,
		    "rehearsal and production batches were given together");
	for (size_t i = 0; i < audit->grants.count; i++) {
		const struct audited_grant *grant = audited_grant(audit, i);
		const struct grant_fields *fields = grant_get(grant->grant);
		const struct audit_place place = {.batch = fields->batch};

		if (grant->batch == NOBODY && audit_item_is_good(audit, grant->item))
			audit_find(audit, CODE_GRANT_BATCH, &place, "the batch of grant %" PRIu64
			    " was not given or does not verify", fields->serial);
	}
	mark_superseded(audit);
}

/* A begin without its end. A device that was then proven elsewhere is worth a look, no more; one that is
 * void needs none. */
static void judge_unresolved(struct audit *audit, const struct audit_unresolved *unresolved)
{
	const struct audit_open *open = &unresolved->open;
	struct audited_batch *batch = audited_batch(audit, open->batch);
	enum audit_class class_ = audit_class_of(batch->flags[open->index]);
	bool closed = (*reading_lot(batch, open->index) & CLOSED_EVER) != 0;
	char imei[IMEI_SIZE];
	const struct audit_place place = {
		.batch = audited_manifest(batch)->batch, .imei = imei, .station = audited_log(audit,
		    unresolved->log)->station, .indexed = true, .index = open->index, .numbered = true,
		.entry = open->entry
	};

	if (class_ == CLASS_VOID)
		return;
	audit_place_imei(imei, batch, open->index);
	if (class_ != CLASS_UNRESOLVED)
		audit_find(audit, CODE_UNRESOLVED, &place,
		    "opened here without an end; other entries say %s", audit_class_name(class_));
	else if (closed)
		audit_find(audit, CODE_UNRESOLVED_CLOSED, &place,
		    "opened without an end, and its lot is closed");
	else
		audit_find(audit, CODE_UNRESOLVED, &place, "opened without an end");
}

static void count_classes(struct audited_batch *batch)
{
	memset(batch->classes, 0, sizeof batch->classes);
	for (uint64_t index = 0; index < audited_manifest(batch)->count; index++)
		if (audited_batch_holds(batch, index))
			batch->classes[audit_class_of(batch->flags[index])]++;
}

enum err audit_judge(struct audit *audit, struct fault *fault)
{
	const struct audit_unresolved *unresolved;
	enum err err;

	err = audit_verify(audit, fault);
	if (err != ERR_OK)
		return err;
	judge_documents(audit);
	for (size_t i = 0; i < audit->logs.count && err == ERR_OK; i++) {
		if (audited_log(audit, i)->good && !audited_log(audit, i)->covered)
			err = audit_read_log(audit, i, fault);
	}
	if (err != ERR_OK)
		return err;
	audit_judge_repeats(audit);
	audit_judge_identities(audit);
	unresolved = audit->unresolved.items;
	for (size_t i = 0; i < audit->unresolved.count; i++)
		judge_unresolved(audit, &unresolved[i]);
	for (size_t i = 0; i < audit->batches.count; i++)
		count_classes(audited_batch(audit, i));
	audit_find_lost(audit);
	return audit->failed ? fault_memory(fault) : ERR_OK;
}
