/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_MUTATE_H
#define GAPSEAL_MUTATE_H

#include "fuzz.h"

/*
 * mutate: seeds changed as files go wrong, and as somebody would change them who knows the formats: bits,
 * bytes, lines, words and numbers, and pieces of one seed in another. The same seed of the generator and the
 * same round make the same input on every machine.
 */
struct chance {
	uint64_t state;
};
/* The generator of one round. */
struct chance chance_of(uint64_t seed, uint64_t round);

/* Fills out with a changed seed of the corpus, which is not empty; never more than FUZZ_INPUT_MAX. */
void mutate(struct buffer *out, const struct corpus *corpus, struct chance *chance);

#endif
