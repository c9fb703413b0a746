/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "audit_private.h"
#include "gapseal/list.h"

struct audited_batch *reading_subject(struct reading *reading, uint32_t *number, const struct entry *entry)
{
	struct audited_batch *batch;

	*number = entry->manifest.present ? audit_batch_find(reading->audit, entry->manifest.hash) : NOBODY;
	if (*number == NOBODY)
		return NULL;
	batch = audited_batch(reading->audit, *number);
	if (entry->index < audited_manifest(batch)->count)
		return audited_batch_holds(batch, entry->index) ? batch : NULL;
	reading_find(reading, CODE_ENTRY_INDEX, entry, batch, "the batch has only %" PRIu64 " devices",
	    audited_manifest(batch)->count);
	return NULL;
}

uint8_t *reading_lot(struct audited_batch *batch, uint64_t index)
{
	uint32_t number = 0;

	manifest_lot_of(audited_manifest(batch), index, &number);
	return &batch->closed[number];
}

static bool check_leaf(struct reading *reading, const struct entry *entry, const struct audited_batch *batch)
{
	if (memcmp(entry->leaf.hash, batch->leaves[entry->index], HASH_SIZE) == 0)
		return true;
	reading_find(reading, CODE_ENTRY_LEAF, entry, batch,
	    "the record the station used is not the one of this batch at this index");
	return false;
}

/* The entry's grant, with whatever is wrong about it said; NOBODY if there is none to look into. */
static uint32_t check_grant(struct reading *reading, const struct entry *entry,
    const struct audited_batch *batch)
{
	uint32_t number = audit_grant_find(reading->audit, entry->grant);
	const struct audited_grant *grant;

	if (number == NOBODY || audited_grant(reading->audit, number)->batch == NOBODY) {
		reading_tally(reading, CODE_GRANT_MISSING, entry, batch, entry->grant);
		return NOBODY;
	}
	grant = audited_grant(reading->audit, number);
	if (!grant->taken)
		reading_tally(reading, CODE_GRANT_NOT_INGESTED, entry, batch, entry->grant);
	if (!grant->named)
		reading_tally(reading, CODE_GRANT_OTHER_STATION, entry, batch, entry->grant);
	if (audited_batch(reading->audit, grant->batch) != batch ||
	    !audited_grant_covers(grant, audited_manifest(batch), entry->index))
		reading_find(reading, CODE_GRANT_NOT_COVERING, entry, batch,
		    "grant %" PRIu64 " does not cover this device", entry->grant);
	return number;
}

/* What begin, end and same have in common. False: nothing about the device can be taken from the entry. */
static bool check_entry(struct reading *reading, const struct entry *entry, struct audited_batch *batch,
    uint32_t *grant)
{
	if (!check_leaf(reading, entry, batch))
		return false;
	if (!batch->taken)
		reading_tally(reading, CODE_BATCH_NOT_INGESTED, entry, batch, 0);
	*grant = check_grant(reading, entry, batch);
	if ((*reading_lot(batch, entry->index) & CLOSED_HERE) != 0)
		reading_find(reading, CODE_AFTER_CLOSEOUT, entry, batch,
		    "the station had closed the lot of this device");
	reading_identity(reading, entry, batch);
	return true;
}

static void check_permission(struct reading *reading, const struct entry *entry,
    const struct audited_batch *batch, const struct audited_grant *grant)
{
	const struct grant_fields *fields = grant_get(grant->grant);

	if (grant->withdrawn)
		reading_tally(reading, CODE_GRANT_REPLACED, entry, batch, entry->grant);
	if (strcmp(entry->time, fields->not_before) < 0 || strcmp(entry->time, fields->not_after) > 0)
		reading_tally(reading, CODE_OUTSIDE_DATES, entry, batch, entry->grant);
}

/* Does a batch that the station has taken in supersede this index? */
static bool is_superseded(const struct reading *reading, const struct audited_batch *batch, uint64_t index)
{
	const struct audit *audit = reading->audit;

	for (size_t i = 0; batch->superseded && i < audit->batches.count; i++) {
		const struct audited_batch *other = audited_batch(audit, i);
		const struct list *list = &audited_manifest(other)->supersedes;
		const struct manifest_supersede *items = list->items;

		for (size_t k = 0; other->taken && k < list->count; k++) {
			if (memcmp(items[k].manifest_sha256, batch->document.hash, HASH_SIZE) == 0 &&
			    (items[k].all || list_holds(&items[k].indices, index)))
				return true;
		}
	}
	return false;
}

/* By what this log alone says: a station does not know what another one did. */
static bool may_begin(const struct audited_batch *batch, uint64_t index, const struct audited_grant *grant)
{
	unsigned seen = batch->seen[index];

	if ((seen & DEVICE_VOID) != 0)
		return false;
	if ((seen & (DEVICE_DONE | DEVICE_SAME)) == 0)
		return true;
	switch (audited_manifest(batch)->policy.rework) {
	case REWORK_LOCAL:
		return (seen & DEVICE_RELEASED) != 0;
	case REWORK_PERMIT:
		return grant != NULL && list_holds(&grant_get(grant->grant)->again, index);
	default:
		return false;
	}
}

void take_begin(struct reading *reading, const struct entry *entry)
{
	uint32_t number, grant;
	struct audited_batch *batch = reading_subject(reading, &number, entry);
	const struct audited_grant *granted;
	struct audit_open open = {.entry = entry->n, .index = entry->index};

	if (batch == NULL || !check_entry(reading, entry, batch, &grant))
		return;
	granted = grant == NOBODY ? NULL : audited_grant(reading->audit, grant);
	if (granted != NULL)
		check_permission(reading, entry, batch, granted);
	if (is_superseded(reading, batch, entry->index))
		reading_find(reading, CODE_SUPERSEDED, entry, batch,
		    "the station held a batch that supersedes this record");
	if (!may_begin(batch, entry->index, granted))
		reading_find(reading, CODE_BEGIN_REFUSED, entry, batch,
		    "the record was opened although the device was %s", (batch->seen[entry->index] &
		    DEVICE_VOID) != 0 ? "void" : "done and not permitted again");
	batch->seen[entry->index] |= DEVICE_BEGUN;
	open.batch = number;
	reading_open(reading, &open);
}

/* A begin is ended by the end that names it and its device, once. */
static void close_begin(struct reading *reading, const struct entry *entry, const struct audited_batch *batch,
    uint32_t number)
{
	struct audit_open *open = reading_opened(reading, entry->begin);

	if (open == NULL)
		reading_find(reading, CODE_END_WITHOUT_BEGIN, entry, batch,
		    "entry %" PRIu64 ", which it ends, is no begin or was ended before", entry->begin);
	else if (open->batch != number || open->index != entry->index)
		reading_find(reading, CODE_END_OTHER_DEVICE, entry, batch,
		    "entry %" PRIu64 ", which it ends, is the begin of another device", entry->begin);
	else
		reading_ended(reading, open);
}

static bool form_allowed(const struct manifest_policy *policy, const char *form)
{
	const unsigned *forms = policy->digest_forms.items;

	for (size_t i = 0; i < policy->digest_forms.count; i++) {
		if (strcmp(form, forms[i] == DIGEST_NUL ? "nul" : "exact") == 0)
			return true;
	}
	return false;
}

/* What done or same rests on: the commitment over what the modem listed is the record's. */
static void check_proof(struct reading *reading, const struct entry *entry, struct audited_batch *batch)
{
	const struct manifest_policy *policy = &audited_manifest(batch)->policy;

	if (memcmp(entry->state.hash, batch->states[entry->index], HASH_SIZE) != 0) {
		batch->seen[entry->index] |= DEVICE_MISMATCH;
		reading_find(reading, CODE_MISMATCH, entry, batch,
		    "called %s, but what the modem listed is not the record", entry->result);
	}
	if (!form_allowed(policy, entry->form))
		reading_find(reading, CODE_DIGEST_FORM, entry, batch,
		    "proven by a form of digest that the batch does not allow");
	if (policy->attestation == ATTESTATION_REQUIRE && !entry->attestation.present)
		reading_find(reading, CODE_ATTESTATION_MISSING, entry, batch,
		    "the batch requires attestation and the entry has none");
}

void take_end(struct reading *reading, const struct entry *entry)
{
	uint32_t number, grant;
	struct audited_batch *batch = reading_subject(reading, &number, entry);
	uint8_t *seen;

	if (batch == NULL || !check_entry(reading, entry, batch, &grant))
		return;
	close_begin(reading, entry, batch, number);
	seen = &batch->seen[entry->index];
	if (strcmp(entry->result, "done") != 0) {
		*seen |= DEVICE_FAILED;
		return;
	}
	check_proof(reading, entry, batch);
	/* a release of what the station itself had not seen done permits nothing */
	reading_done(reading, entry, batch, number, grant, (*seen & DEVICE_RELEASED) != 0 &&
	    (*seen & (DEVICE_DONE | DEVICE_SAME)) != 0);
	*seen &= (uint8_t)~DEVICE_RELEASED;
	*seen |= DEVICE_DONE;
}

void take_same(struct reading *reading, const struct entry *entry)
{
	uint32_t number, grant;
	struct audited_batch *batch = reading_subject(reading, &number, entry);

	if (batch == NULL || !check_entry(reading, entry, batch, &grant))
		return;
	check_proof(reading, entry, batch);
	batch->seen[entry->index] |= DEVICE_SAME;
}

/* A refusal opens nothing, so only what it says of the record is checked. Refusals about a batch that was
 * not given are another audit's. */
void take_refuse(struct reading *reading, const struct entry *entry)
{
	uint32_t number;
	struct audited_batch *batch;

	if (reading->counts && strcmp(entry->reason, "not-in-batch") == 0)
		reading->audit->foreign++;
	else if (reading->counts && !entry->manifest.present)
		reading->audit->unnamed++;
	batch = reading_subject(reading, &number, entry);
	if (batch == NULL)
		return;
	if (reading->counts && strcmp(entry->reason, "not-in-batch") != 0)
		batch->refused++;
	if (entry->leaf.present && check_leaf(reading, entry, batch))
		reading_identity(reading, entry, batch);
}
