/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>

#include "audit_private.h"
#include "gapseal/list.h"

/*
 * Devices done more than once, and how many were done under each grant. Stations know nothing of each
 * other, and their clocks prove nothing, so order is taken from where it is certain: grants have ascending
 * serials, releases stand in the log of the done that they permit.
 */

static void add_repeat(struct audit *audit, uint32_t batch, uint64_t index, const struct audited_done *done,
    bool released)
{
	struct audited_repeat *repeat = audit_push(&audit->repeats, sizeof *repeat);

	if (repeat == NULL)
		audit->failed = true;
	else
		*repeat = (struct audited_repeat){index, *done, batch, released};
}

/* The first done of an index is kept with it; from the second on all of them are listed. */
void reading_done(struct reading *reading, const struct entry *entry, struct audited_batch *batch,
    uint32_t number, uint32_t grant, bool released)
{
	const struct audited_done done = {entry->n, reading->number, grant};
	struct audited_done *first = &batch->done[entry->index];

	if (!reading->counts)
		return;
	if (first->log == NOBODY) {
		*first = done;
		batch->flags[entry->index] |= released ? DEVICE_PERMITTED : 0;
		return;
	}
	if (first->log != REPEATED)
		add_repeat(reading->audit, number, entry->index, first,
		    (batch->flags[entry->index] & DEVICE_PERMITTED) != 0);
	first->log = REPEATED;
	add_repeat(reading->audit, number, entry->index, &done, released);
}

/* By batch and index, then by the serial of the grant; grants are sorted by it, unknown ones come last. */
static int compare_repeats(const void *a, const void *b)
{
	const struct audited_repeat *x = a, *y = b;

	if (x->batch != y->batch)
		return x->batch > y->batch ? 1 : -1;
	if (x->index != y->index)
		return x->index > y->index ? 1 : -1;
	if (x->done.grant != y->done.grant)
		return x->done.grant > y->done.grant ? 1 : -1;
	if (x->done.log != y->done.log)
		return x->done.log > y->done.log ? 1 : -1;
	return (x->done.entry > y->done.entry) - (x->done.entry < y->done.entry);
}

/* A done under a later grant than the one before, and one that says so again. */
static bool permitted(const struct audit *audit, const struct audited_repeat *before,
    const struct audited_repeat *repeat)
{
	uint32_t grant = repeat->done.grant;

	return grant != NOBODY && grant != before->done.grant &&
	    list_holds(&grant_get(audited_grant(audit, grant)->grant)->again, repeat->index);
}

/* The first of a group of dones of one index that nothing permits; count if all are. One needs no permit. */
static size_t first_unpermitted(const struct audit *audit, const struct audited_repeat *group, size_t count,
    enum rework rework)
{
	bool had_free = false;

	for (size_t i = 0; i < count; i++) {
		if (rework == REWORK_LOCAL && group[i].released)
			continue;
		if (had_free && (rework != REWORK_PERMIT || !permitted(audit, &group[i - 1], &group[i])))
			return i;
		had_free = true;
	}
	return count;
}

/* One that nothing permits is never the first. */
static void find_duplicate(struct audit *audit, const struct audited_repeat *group, size_t count, size_t bad)
{
	const struct audited_done *done = &group[bad].done, *before = &group[bad - 1].done;
	struct audited_batch *batch = audited_batch(audit, group->batch);
	char imei[IMEI_SIZE];
	const struct audit_place place = {
		.batch = audited_manifest(batch)->batch, .imei = imei,
		.station = audited_log(audit, done->log)->station, .indexed = true, .index = group->index,
		.numbered = true, .entry = done->entry
	};

	audit_place_imei(imei, batch, group->index);
	batch->flags[group->index] |= DEVICE_DUPLICATE;
	audit_find(audit, CODE_DUPLICATE, &place,
	    "done %zu times without a permit, also by station %s in its entry %" PRIu64, count,
	    audited_log(audit, before->log)->station, before->entry);
}

/* Each grant counts an index once. */
static void count_group(struct audit *audit, const struct audited_repeat *group, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t grant = group[i].done.grant;

		if (grant != NOBODY && (i == 0 || group[i - 1].done.grant != grant))
			audited_grant(audit, grant)->done++;
	}
}

static void judge_groups(struct audit *audit)
{
	const struct audited_repeat *repeats = audit->repeats.items;

	for (size_t at = 0, count; at < audit->repeats.count; at += count) {
		const struct audited_repeat *group = repeats + at;
		const struct audited_batch *batch = audited_batch(audit, group->batch);
		size_t bad;

		for (count = 1; at + count < audit->repeats.count; count++) {
			if (group[count].batch != group->batch || group[count].index != group->index)
				break;
		}
		count_group(audit, group, count);
		bad = first_unpermitted(audit, group, count, audited_manifest(batch)->policy.rework);
		if (bad < count)
			find_duplicate(audit, group, count, bad);
	}
}

static void count_single(struct audit *audit)
{
	for (size_t i = 0; i < audit->batches.count; i++) {
		const struct audited_batch *batch = audited_batch(audit, i);

		for (uint64_t index = 0; index < audited_manifest(batch)->count; index++) {
			const struct audited_done *done = &batch->done[index];

			if (done->log != NOBODY && done->log != REPEATED && done->grant != NOBODY)
				audited_grant(audit, done->grant)->done++;
		}
	}
}

static void judge_grants(struct audit *audit)
{
	for (size_t i = 0; i < audit->grants.count; i++) {
		const struct audited_grant *grant = audited_grant(audit, i);
		const struct grant_fields *fields = grant_get(grant->grant);
		const struct audit_place place = {.batch = fields->batch};

		if (grant->done > fields->max_success)
			audit_find(audit, CODE_MAX_SUCCESS, &place, "grant %" PRIu64 " allows %" PRIu64
			    " devices, %" PRIu64 " were done under it", fields->serial, fields->max_success,
			    grant->done);
	}
}

void audit_judge_repeats(struct audit *audit)
{
	if (audit->repeats.count > 1)
		qsort(audit->repeats.items, audit->repeats.count, sizeof(struct audited_repeat),
		    compare_repeats);
	judge_groups(audit);
	count_single(audit);
	judge_grants(audit);
}
