/* SPDX-License-Identifier: ISC */
#include "audit_private.h"

/* What a person at the station said of a device: it counts within that station's log. */

static void mark(struct reading *reading, const struct entry *entry, unsigned set, unsigned clear)
{
	uint32_t number;
	struct audited_batch *batch = reading_subject(reading, &number, entry);

	if (batch == NULL)
		return;
	batch->seen[entry->index] = (uint8_t)((batch->seen[entry->index] | set) & ~clear);
}

void take_release(struct reading *reading, const struct entry *entry)
{
	mark(reading, entry, DEVICE_RELEASED, 0);
}

void take_void(struct reading *reading, const struct entry *entry)
{
	mark(reading, entry, DEVICE_VOID, 0);
}

void take_unvoid(struct reading *reading, const struct entry *entry)
{
	mark(reading, entry, 0, DEVICE_VOID);
}
