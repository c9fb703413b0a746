/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CHECKPOINT_H
#define GAPSEAL_CHECKPOINT_H

#include "gapseal/hash.h"
#include "gapseal/note.h"

/* checkpoint: C2SP tlog-checkpoint, the signed head of a log: a note of origin, size and root. Sizes
 * beyond 2^53-1 and roots that are not 32 bytes are refused; extension lines are allowed and ignored. */
struct checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	uint8_t root[HASH_SIZE];
};
#define CHECKPOINT_MAX 16384 /* bytes of a checkpoint file */

/* The three lines. */
void checkpoint_format(struct buffer *out, const struct checkpoint *checkpoint);
/* The text of a verified note. ERR_NO "checkpoint-form", "checkpoint-origin" (not the expected one). */
enum err checkpoint_parse(struct checkpoint *out, struct bytes text, const char *origin, const char *where,
    struct fault *fault);
/* note_open plus checkpoint_parse: log must have signed; witnesses (at most CHECKPOINT_WITNESSES_MAX) may.
 * witnessed[i] tells whether witnesses[i] did; may be NULL. Codes of both, and "checkpoint-unsigned" if the
 * log key itself did not sign. */
#define CHECKPOINT_WITNESSES_MAX (NOTE_KEYS_MAX - 1)
enum err checkpoint_open(struct checkpoint *out, bool *witnessed, struct bytes raw, const char *origin,
    const struct note_key *log, const struct note_key *witnesses, size_t count, const char *where,
    struct fault *fault);

/* proof: C2SP tlog-proof, one leaf's inclusion with the checkpoint it is in. Verifies the checkpoint as
 * checkpoint_open and the inclusion of hash_leaf(leaf); an "extra" line is nothing the log vouches for and
 * is ignored. ERR_NO "proof-form", "proof-inclusion", or checkpoint codes. */
enum err proof_open(uint64_t *index, struct checkpoint *out, bool *witnessed, struct bytes raw,
    struct bytes leaf, const char *origin, const struct note_key *log, const struct note_key *witnesses,
    size_t count, const char *where, struct fault *fault);

#endif
