/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SEED_H
#define GAPSEAL_SEED_H

#include "gapseal/secret.h"

/*
 * seed: the 32 random bytes everything of a batch hangs from. The machine's own random numbers, or what
 * several officers bring as shares, each of 32 random bytes:
 *
 *     seed = BLAKE2b-256(key = the smallest share, "gapseal/seed/v1\n" | the other shares, ascending)
 *
 * so their order decides nothing, and whoever lacks one of them knows nothing of the seed. A share, or a
 * seed, is written as one line of 64 lower-case hex digits.
 */
#define SEED_SIZE 32
#define SEED_SHARES_MIN 2
#define SEED_SHARES_MAX 16
#define SEED_TEXT_SIZE (2 * SEED_SIZE + 1) /* with its LF */

/* A new share as text. */
enum err seed_share_new(struct secret **out, struct fault *fault);
/* Reads such a line from a descriptor, and not a byte more: several may follow each other. ERR_CANNOT
 * "seed-read", "seed-empty" (at its end, or an empty line), "seed-form" (anything else: a part of one, for
 * instance); secrets. */
enum err seed_read_fd(struct secret **out, int fd, struct fault *fault);
/* ERR_CANNOT "seed-shares" (fewer or more than the limits), "seed-share-twice". Wipes nothing it is given. */
enum err seed_combine(struct secret **out, struct secret *const *shares, size_t count, struct fault *fault);

#endif
