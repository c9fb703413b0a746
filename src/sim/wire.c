/* SPDX-License-Identifier: ISC */
#include "gapseal/sim_wire.h"

#include <string.h>

#define BIT_RATE 10000000u /* bits of a byte, times microseconds in a second */
#define GRAIN 2000u        /* long transfers are looked at this often */

void sim_wire_free(struct sim_wire *wire)
{
	buffer_free(&wire->queue);
}

void sim_wire_put(struct sim_wire *wire, struct bytes bytes, uint64_t now)
{
	if (wire->queue.size == 0) {
		wire->start = now;
		wire->taken = 0;
	}
	buffer_put(&wire->queue, bytes);
}

struct bytes sim_wire_arrived(const struct sim_wire *wire, uint64_t now)
{
	uint64_t count = wire->queue.size;

	if (wire->baud != 0)
		count = (now - wire->start) * wire->baud / BIT_RATE - wire->taken;
	return bytes_from(wire->queue.data, count < wire->queue.size ? (size_t)count : wire->queue.size);
}

void sim_wire_taken(struct sim_wire *wire, size_t count)
{
	if (count == 0)
		return;
	memmove(wire->queue.data, wire->queue.data + count, wire->queue.size - count);
	wire->queue.size -= count;
	wire->taken += count;
}

uint64_t sim_wire_due(const struct sim_wire *wire, uint64_t now)
{
	uint64_t last;

	if (wire->queue.size == 0)
		return UINT64_MAX;
	if (wire->baud == 0)
		return now;
	last = wire->start + ((wire->taken + wire->queue.size) * BIT_RATE + wire->baud - 1) / wire->baud;
	if (last <= now)
		return now;
	return last < now + GRAIN ? last : now + GRAIN;
}
