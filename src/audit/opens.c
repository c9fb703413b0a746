/* SPDX-License-Identifier: ISC */
#include "audit_private.h"

/*
 * The begins that wait for their end, ascending by entry number as they come. An honest log has a handful
 * at a time; what ended is swept out once it is half of them, so a log of nothing but begins costs no more
 * than its size.
 */
#define SWEEP_MIN 64

static struct audit_open *open_at(const struct reading *reading, size_t i)
{
	return (struct audit_open *)reading->opens.items + i;
}

void reading_open(struct reading *reading, const struct audit_open *open)
{
	struct audit_open *kept = audit_push(&reading->opens, sizeof *kept);

	if (kept == NULL)
		reading->audit->failed = true;
	else
		*kept = *open;
}

struct audit_open *reading_opened(struct reading *reading, uint64_t entry)
{
	size_t low = 0, high = reading->opens.count;
	struct audit_open *found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (open_at(reading, middle)->entry < entry)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == reading->opens.count)
		return NULL;
	found = open_at(reading, low);
	return found->entry == entry && !found->ended ? found : NULL;
}

static void sweep(struct reading *reading)
{
	size_t kept = 0;

	for (size_t i = 0; i < reading->opens.count; i++) {
		if (!open_at(reading, i)->ended)
			*open_at(reading, kept++) = *open_at(reading, i);
	}
	reading->opens.count = kept;
	reading->ended = 0;
}

void reading_ended(struct reading *reading, struct audit_open *open)
{
	open->ended = true;
	reading->ended++;
	if (reading->ended >= SWEEP_MIN && 2 * reading->ended >= reading->opens.count)
		sweep(reading);
}
