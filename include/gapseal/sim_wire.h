/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_WIRE_H
#define GAPSEAL_SIM_WIRE_H

#include <stdint.h>

#include "gapseal/bytes.h"

/* sim_wire: one direction of a serial line, 8N1: ten bits a byte. It touches no descriptor and no
 * clock: times are microseconds. */
struct sim_wire { /* start from {.baud = n}, end with sim_wire_free */
	unsigned baud;       /* 0: bytes arrive as soon as they are sent */
	struct buffer queue; /* sent, not yet taken */
	uint64_t start;      /* when the wire began to be busy */
	uint64_t taken;      /* bytes taken since then */
};

void sim_wire_free(struct sim_wire *wire);
void sim_wire_put(struct sim_wire *wire, struct bytes bytes, uint64_t now);
/* What has arrived by now; sim_wire_taken says how many of these bytes were taken. */
struct bytes sim_wire_arrived(const struct sim_wire *wire, uint64_t now);
void sim_wire_taken(struct sim_wire *wire, size_t count);
/* When to look again: the last byte's arrival, or a few milliseconds on while there are more
 * (UINT64_MAX: nothing is on its way). */
uint64_t sim_wire_due(const struct sim_wire *wire, uint64_t now);

#endif
