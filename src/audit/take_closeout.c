/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_private.h"

/* The lists of a close-out, as reconcile.h defines them. */
enum { LIST_DONE, LIST_FAILED, LIST_UNUSED, LIST_VOID, LISTS };

struct closing {
	uint64_t count[LISTS];
	struct hash hash[LISTS];
};

static unsigned list_of(unsigned seen)
{
	if ((seen & DEVICE_VOID) != 0)
		return LIST_VOID;
	if ((seen & (DEVICE_DONE | DEVICE_SAME)) != 0)
		return LIST_DONE;
	return (seen & DEVICE_BEGUN) != 0 ? LIST_FAILED : LIST_UNUSED;
}

static void compute(struct closing *out, const struct audited_batch *batch, const struct manifest_lot *lot)
{
	char line[24];

	for (unsigned i = 0; i < LISTS; i++) {
		out->count[i] = 0;
		hash_begin(&out->hash[i]);
	}
	for (uint64_t index = lot->first; index < lot->first + lot->count; index++) {
		unsigned list = list_of(batch->seen[index]);
		int length = snprintf(line, sizeof line, "%" PRIu64 "\n", index);

		out->count[list]++;
		hash_add(&out->hash[list], bytes_from(line, (size_t)length));
	}
}

static bool same_list(struct closing *closing, unsigned list, uint64_t count,
    const uint8_t hash[static HASH_SIZE])
{
	uint8_t computed[HASH_SIZE];

	hash_end(&closing->hash[list], computed);
	return closing->count[list] == count && memcmp(computed, hash, HASH_SIZE) == 0;
}

static void check_lists(struct reading *reading, const struct entry *entry, const struct audited_batch *batch,
    const struct manifest_lot *lot)
{
	const uint64_t said[LISTS] = {
		[LIST_DONE] = entry->done, [LIST_FAILED] = entry->failed,
		[LIST_UNUSED] = entry->unused, [LIST_VOID] = entry->void_
	};
	struct closing closing;
	const uint64_t *found = closing.count;

	compute(&closing, batch, lot);
	if (same_list(&closing, LIST_DONE, entry->done, entry->done_sha256) &&
	    same_list(&closing, LIST_FAILED, entry->failed, entry->failed_sha256) &&
	    same_list(&closing, LIST_UNUSED, entry->unused, entry->unused_sha256) &&
	    same_list(&closing, LIST_VOID, entry->void_, entry->void_sha256))
		return;
	reading_find(reading, CODE_CLOSEOUT_DIFFERS, entry, batch,
	    "lot %s: the entry says %" PRIu64 " done, %" PRIu64 " failed, %" PRIu64 " void, %" PRIu64
	    " unused; the log before it %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "%s",
	    lot->name, said[LIST_DONE], said[LIST_FAILED], said[LIST_VOID], said[LIST_UNUSED],
	    found[LIST_DONE], found[LIST_FAILED], found[LIST_VOID], found[LIST_UNUSED],
	    memcmp(said, found, sizeof said) == 0 ? ", of other devices" : "");
}

/* A lot is closed once: that also keeps a log of nothing but close-outs cheap to read. */
void take_closeout(struct reading *reading, const struct entry *entry)
{
	uint32_t number = audit_batch_find(reading->audit, entry->manifest.hash), lot;
	const struct manifest_fields *manifest;
	struct audited_batch *batch;

	if (number == NOBODY)
		return;
	batch = audited_batch(reading->audit, number);
	manifest = audited_manifest(batch);
	if (!manifest_lot_named(manifest, entry->lot, &lot)) {
		reading_find(reading, CODE_CLOSEOUT_LOT, entry, batch, "the batch has no lot %s", entry->lot);
		return;
	}
	if ((batch->closed[lot] & CLOSED_HERE) != 0) {
		reading_find(reading, CODE_CLOSEOUT_TWICE, entry, batch,
		    "the station had closed lot %s before", entry->lot);
		return;
	}
	batch->closed[lot] |= CLOSED_EVER | CLOSED_HERE;
	if (batch->held != NULL)
		return; /* its lists name records that are not here */
	check_lists(reading, entry, batch, manifest_lot(manifest, lot));
}
