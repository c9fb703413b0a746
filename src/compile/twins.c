/* SPDX-License-Identifier: ISC */
#include "gapseal/twins.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/secret.h"

enum err twins_new(struct twins *out, size_t capacity, struct fault *fault)
{
	*out = (struct twins){.capacity = capacity};
	out->items = calloc(capacity != 0 ? capacity : 1, sizeof *out->items);
	return out->items == NULL ? fault_memory(fault) : ERR_OK;
}

void twins_free(struct twins *twins)
{
	if (twins->items != NULL)
		secret_wipe(twins->items, twins->capacity * sizeof *twins->items);
	free(twins->items);
	*twins = TWINS_EMPTY;
}

void twins_add(struct twins *twins, uint64_t key, uint32_t row)
{
	if (twins->count < twins->capacity)
		twins->items[twins->count++] = (struct twin){.key = key, .row = row};
}

static bool is_sorted(const struct twins *twins)
{
	for (size_t i = 1; i < twins->count; i++)
		if (twins->items[i].key < twins->items[i - 1].key)
			return false;
	return true;
}

/* One pass of a radix sort: stable, by one byte of the key. False, and nothing is moved, if it is the same
 * byte in all. */
static bool distribute(struct twin *to, const struct twin *from, size_t count, unsigned byte)
{
	size_t starts[256] = {0}, sum = 0;

	for (size_t i = 0; i < count; i++)
		starts[from[i].key >> (8 * byte) & 255]++;
	if (starts[from[0].key >> (8 * byte) & 255] == count)
		return false;
	for (size_t i = 0; i < 256; i++) {
		size_t here = starts[i];

		starts[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		to[starts[from[i].key >> (8 * byte) & 255]++] = from[i];
	return true;
}

enum err twins_sort(struct twins *twins, struct fault *fault)
{
	struct twins other;
	enum err err;

	if (is_sorted(twins)) /* most lists of devices are, and empty ones */
		return ERR_OK;
	err = twins_new(&other, twins->capacity, fault);
	if (err != ERR_OK)
		return err;
	for (unsigned byte = 0; byte < 8; byte++) {
		struct twin *sorted = other.items;

		if (!distribute(sorted, twins->items, twins->count, byte))
			continue;
		other.items = twins->items;
		twins->items = sorted;
	}
	twins_free(&other);
	return ERR_OK;
}

uint64_t twins_key(struct bytes text)
{
	uint64_t key = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < text.size; i++)
		key = (key ^ text.data[i]) * UINT64_C(0x100000001b3);
	return key;
}
