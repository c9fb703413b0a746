/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIGNER_H
#define GAPSEAL_SIGNER_H

#include "gapseal/note.h"
#include "gapseal/secret.h"

/* signer: a station's log key; it signs notes (its checkpoints and its enrolment) and nothing else. Station
 * only. */
#define SIGNER_SEED_SIZE 32
struct signer;
/* A key pair from a seed of SIGNER_SEED_SIZE, which the caller keeps; name becomes the note key's name.
 * ERR_NO "note-key" (the name), "signer-seed" (its size). Free with signer_free (wipes, NULL is fine). */
enum err signer_new(struct signer **out, const char *name, const struct secret *seed, struct fault *fault);
void signer_free(struct signer **signer);
const struct note_key *signer_key(const struct signer *signer);
/* Appends the note (text, empty line, signature line). ERR_NO "note-form": the text does not end in LF, is
 * not UTF-8 or holds a control character; ERR_CANNOT "memory", out is then unchanged. */
enum err note_sign(struct buffer *out, const struct signer *signer, struct bytes text, struct fault *fault);

#endif
