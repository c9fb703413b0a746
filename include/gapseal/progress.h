/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROGRESS_H
#define GAPSEAL_PROGRESS_H

#include "gapseal/entry.h"

/*
 * progress: what the log says about every index of every batch a station knows, derived from entries alone.
 * Four bytes an index in one array a batch; what few indices have (an open begin, an earlier grant) is kept
 * beside it. A batch is known by the hash of its manifest, from the first entry that names it.
 */
enum progress_flag {
	PROGRESS_DONE = 1,        /* an end or same said done or same */
	PROGRESS_FAILED = 2,      /* the last verdict was failed or unknown */
	PROGRESS_VOID = 4,
	PROGRESS_OPEN = 8,        /* a begin without its end */
	PROGRESS_RELEASED = 16,   /* may be done once more */
	PROGRESS_DISCLOSED = 32   /* a begin was ever written: the record was opened */
};
struct progress;
enum err progress_new(struct progress **out, struct fault *fault);
void progress_free(struct progress **progress); /* NULL is fine */
/* Makes room for a batch of count devices; harmless if it has it. Entries that came before count.
 * ERR_UNKNOWN "progress-index": the log speaks of an index beyond count. */
enum err progress_add_batch(struct progress *progress, const uint8_t manifest[static HASH_SIZE],
    uint64_t count, struct fault *fault);
/* Takes one entry of the log; in order. ERR_UNKNOWN "progress-index" as above; ERR_CANNOT "memory".
 *   begin             OPEN and DISCLOSED
 *   end done          DONE; clears FAILED and RELEASED; one more success of its grant if the index had
 *                     none under it
 *   end otherwise     FAILED; one more attempt if the reason's class is device
 *   end               clears OPEN, if its begin is the one that is open
 *   same              DONE; clears FAILED
 *   release           RELEASED; no attempts
 *   void, unvoid      VOID or not
 *   ingest, closeout  see progress_accepted, progress_closed
 * All others, refuse among them, change nothing. */
enum err progress_entry(struct progress *progress, const struct entry *entry, struct fault *fault);

struct progress_device {
	unsigned flags;
	unsigned attempts;        /* ends not done by a fault of class device, at most 255 */
	uint64_t begin;           /* entry number of the open begin */
	uint64_t done_grant;      /* serial it was last done under; 0: never by this station */
};
/* All zero for an index or a batch that is not known. */
void progress_device(struct progress_device *out, const struct progress *progress,
    const uint8_t manifest[static HASH_SIZE], uint64_t index);
/* Each index counts as void, done or failed: the first that holds; open and disclosed count besides. */
struct progress_counts {
	uint64_t done, failed, void_, open, disclosed;
};
/* Counts over indices first..first+count-1. */
void progress_count(struct progress_counts *out, const struct progress *progress,
    const uint8_t manifest[static HASH_SIZE], uint64_t first, uint64_t count);
/* Distinct indices done under a grant, for max_success. */
uint64_t progress_successes(const struct progress *progress, uint64_t grant);
/* The trust version the last ingest entry accepted a batch (grant 0) or a grant for it under; 0 if none. */
uint64_t progress_accepted(const struct progress *progress, const uint8_t manifest[static HASH_SIZE],
    uint64_t grant);
/* Whether a lot of a batch was closed out. */
bool progress_closed(const struct progress *progress, const uint8_t manifest[static HASH_SIZE],
    const char *lot);

/* The cache: appended as bytes (check with buffer_check). */
void progress_save(struct buffer *out, const struct progress *progress);
/* Takes back what was saved instead of what it holds; batches added keep their room. False, and progress as
 * it was, if the bytes are not what progress_save makes. */
bool progress_load(struct progress *progress, struct bytes saved);

#endif
