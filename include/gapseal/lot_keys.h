/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LOT_KEYS_H
#define GAPSEAL_LOT_KEYS_H

#include "gapseal/grant_keys.h"

/*
 * lot_keys: the keys of a grant as a home keeps them, and their end once lots are closed: a key of a lot, or
 * one of a record in it.
 *
 *     H/grants/<serial>/keys.age    as the office sealed it: the keys of every lot granted
 *     H/grants/<serial>/keys.left   (0600) once a lot was closed: the keys of the others, as grant.h lays
 *                                   them out; there is no keys.age any more
 *     H/grants/<serial>/keys.next   (0600) the same, not in its place yet
 *
 * A station has no code to seal, so what is left lies open beside H/identity, which opens keys.age just as
 * well: nobody can read the one who cannot read the other. When no lot is left, no file is.
 *
 * A key is destroyed in three durable steps: what is left is written whole as keys.next; the old file is
 * overwritten, synced and removed; keys.next is renamed. A crash in between leaves keys.next, from which
 * lot_keys_settle goes on. Overwriting reaches the same blocks only on disks that write in place: the disk
 * of a station should be encrypted all the same. A medium or a copy of the home that still has keys.age is
 * out of reach; what comes back with it goes at the next look at the home.
 *
 * folder is H/grants/<serial>, where its name in faults. All of this happens under a lock of H/grants.
 */
#define LOT_KEYS_LEFT "keys.left"
#define LOT_KEYS_NEXT "keys.next"

/* Puts in order what a crash left: first of all. File codes. */
enum err lot_keys_settle(int folder, const char *where, struct fault *fault);
/* Opens the keys the home still has: keys.left, otherwise sealed, the bytes of keys.age (none: there is no
 * such file). Codes of grant_keys_open and secret_read_file; ERR_NO "grant-keys" if there are none at all. */
enum err lot_keys_open(struct grant_keys *out, int folder, struct bytes sealed, const struct secret *identity,
    const struct grant_fields *grant, const struct manifest_fields *manifest, const char *where,
    struct fault *fault);
/* Destroys the keys of closed lots (an array, by the lot's number), and of records in them, among keys; the
 * rest stays. The memory of keys is the caller's. File codes, "memory", "secret-lock". */
enum err lot_keys_cut(int folder, const struct grant_keys *keys, const struct manifest_fields *manifest,
    const bool *closed, const char *where, struct fault *fault);
/* Destroys all of them; none there is fine. File codes. */
enum err lot_keys_destroy(int folder, const char *where, struct fault *fault);

#endif
