/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LEDGER_H
#define GAPSEAL_LEDGER_H

#include "gapseal/grant.h"
#include "gapseal/manifest.h"

/*
 * ledger: what an office has made and granted; SQLite in OFFICE/ledger.sqlite; no secrets. One row a
 * batch with a sorted blob of its IMEIs, not a row a device. Every change is one transaction, durable
 * when the function returns. Nothing waits: whoever meets another program's change gets "ledger-busy" and
 * may try again.
 *
 * Codes of all of them: ERR_CANNOT "ledger-open" (not there, not a file), "ledger-form" (no ledger, or of
 * another version), "ledger-busy", "ledger-failed" (disk full and the like), "memory".
 */
#define LEDGER_NAME "ledger.sqlite"
struct ledger;
/* Creates an empty ledger that appears whole or not at all; "file-exists". Its org is set when it is first
 * opened. */
enum err ledger_create(const char *office, struct fault *fault);
/* ERR_NO "ledger-org" if it is another org's. */
enum err ledger_open(struct ledger **out, const char *office, const char *org, struct fault *fault);
void ledger_free(struct ledger **ledger);

/* The next number of a series, 1 for a new one. A number is taken by ledger_add_batch alone, and by
 * production batches only, so none is ever abandoned here. */
enum err ledger_next(uint64_t *seq, struct ledger *ledger, const char *series, struct fault *fault);
/* Whether a batch id is free: ERR_NO "batch-exists". */
enum err ledger_free_id(struct ledger *ledger, const char *batch, struct fault *fault);
/* Whether every device of a production batch (IMEIs as numbers, ascending) is new to every slot the batch
 * touches: ERR_NO "ledger-slot" names an earlier production batch and says how many devices it has in
 * common. Batches superseded as a whole, by an earlier one or by this one, do not count. */
enum err ledger_check_slots(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint64_t *imeis, size_t count, struct fault *fault);
/* Commits a batch after checking all of it again: id, slots, and ERR_NO "ledger-seq" if its number was
 * taken meanwhile. */
enum err ledger_add_batch(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint8_t hash[static HASH_SIZE], const uint8_t plan[static HASH_SIZE], const uint64_t *imeis,
    size_t count, struct fault *fault);
/* Whether this manifest was committed here under this id: ERR_NO "ledger-batch". */
enum err ledger_has_batch(struct ledger *ledger, const uint8_t hash[static HASH_SIZE], const char *batch,
    struct fault *fault);

/* The next grant serial, 1 for the first. */
enum err ledger_next_grant(uint64_t *serial, struct ledger *ledger, struct fault *fault);
/* Commits a grant. ERR_NO "ledger-batch" (of a batch not committed here), "ledger-serial" (not above all
 * before it), "grant-replaces" (a serial that is no grant of the batch), "grant-overlap": one of its lots is
 * in a grant that lives: not past its not_after at now (UTC), and replaced neither by this one nor before. */
enum err ledger_add_grant(struct ledger *ledger, const struct grant_fields *grant,
    const uint8_t hash[static HASH_SIZE], const char *now, struct fault *fault);

#endif
