/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CLOSEOUT_H
#define GAPSEAL_CLOSEOUT_H

#include "gapseal/vault.h"

/*
 * closeout: a station's last word on a lot: an entry with the counts and lists that reconcile.h defines, and
 * then the end of its key (lot_keys.h). The entry comes first: a lot whose key is gone without a word in the
 * log would look unfinished for ever, and the key of a lot that is closed goes at the next look at the home.
 *
 * A device of a closed lot is refused: as "lot-closed" by a process that had the key already, for as long
 * as it needs it; later as "not-in-batch", since nobody can recognise it any more.
 */
struct closeout {
	size_t number;        /* of the batch in the home */
	uint32_t lot_number;
	char lot[NAME_SIZE];
	bool closed;          /* already */
	bool granted;         /* to this station, now */
	bool rehearsal;
	uint64_t count, done, failed, void_, unused;
	uint64_t open;        /* begun and never ended, and not void: the lot cannot be closed */
	uint64_t entry;       /* number of the entry that closed it just now, otherwise 0 */
};

/* The table of a batch, to be freed with free(3): the lots named, or (no names) all that are or were open to
 * this station. ERR_NO "batch-unknown", "lot-unknown". */
enum err closeout_table(struct closeout **out, size_t *count, const struct vault *vault, const char *batch,
    const char *const *lots, size_t lot_count, struct fault *fault);
/* Whether all lots of a table can be closed, or are. ERR_NO "lot-open", "lot-grant". */
enum err closeout_check(const struct closeout *table, size_t count, struct fault *fault);
/* Closes what is not closed yet, in one durable step of the log, then destroys the keys. Codes of
 * closeout_check and of the logbook; "closeout-keys": the entries are written, a key is still there. */
enum err closeout_lots(struct closeout *table, size_t count, struct vault *vault, struct fault *fault);

#endif
