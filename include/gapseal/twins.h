/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TWINS_H
#define GAPSEAL_TWINS_H

#include <stddef.h>
#include <stdint.h>

#include "gapseal/bytes.h"

/* twins: the rows of a table by a 64-bit key of each, sorted: those that hold the same stand together, and
 * all in an order. */
struct twin {
	uint64_t key;
	uint32_t row;
};
struct twins {
	struct twin *items;
	size_t count, capacity;
};
#define TWINS_EMPTY ((struct twins){0})

/* Room for capacity rows. ERR_CANNOT "memory". */
enum err twins_new(struct twins *out, size_t capacity, struct fault *fault);
void twins_free(struct twins *twins); /* wipes: a key may be the hash of a secret */
void twins_add(struct twins *twins, uint64_t key, uint32_t row);
/* By key, equal keys in the order they were added. ERR_CANNOT "memory". */
enum err twins_sort(struct twins *twins, struct fault *fault);
/* A key for a text. Different texts may have the same key, by chance or by intent: compare them. */
uint64_t twins_key(struct bytes text);

#endif
