/* SPDX-License-Identifier: ISC */
#include "gapseal/sim_store.h"

#include <stdlib.h>
#include <string.h>

void sim_store_free(struct sim_store *store)
{
	for (size_t i = 0; i < store->count; i++)
		buffer_free(&store->items[i].content);
	free(store->items);
	*store = SIM_STORE_EMPTY;
}

/* Where a tag stands in a listing: the user's by number, then the factory's three as real modems print
 * them. */
static uint64_t rank(uint32_t tag)
{
	static const uint32_t factory[] = {UINT32_C(4294967293), UINT32_C(4294967294), UINT32_C(4294967292)};

	for (size_t i = 0; i < sizeof factory / sizeof factory[0]; i++)
		if (tag == factory[i])
			return (UINT64_C(1) << 32) + i;
	return tag;
}

/* The index of a slot, or where it would have to be inserted. */
static size_t place(const struct sim_store *store, uint32_t tag, uint32_t type, bool *found)
{
	size_t i = 0;

	while (i < store->count && (rank(store->items[i].tag) < rank(tag) ||
	    (store->items[i].tag == tag && store->items[i].type < type)))
		i++;
	*found = i < store->count && store->items[i].tag == tag && store->items[i].type == type;
	return i;
}

const struct sim_item *sim_store_find(const struct sim_store *store, uint32_t tag, uint32_t type)
{
	bool found;
	size_t i = place(store, tag, type, &found);

	return found ? &store->items[i] : NULL;
}

size_t sim_store_users(const struct sim_store *store)
{
	size_t count = 0;

	for (size_t i = 0; i < store->count; i++)
		if (store->items[i].tag <= SIM_TAG_USER_MAX)
			count++;
	return count;
}

static bool grow(struct sim_store *store)
{
	size_t capacity = store->capacity == 0 ? 16 : store->capacity * 2;
	struct sim_item *items;

	if (store->count < store->capacity)
		return true;
	items = realloc(store->items, capacity * sizeof *items);
	if (items == NULL)
		return false;
	store->items = items;
	store->capacity = capacity;
	return true;
}

/* The item of a slot, made if it is not there, without content. NULL: no memory. */
static struct sim_item *claim(struct sim_store *store, uint32_t tag, uint32_t type)
{
	bool found;
	size_t i = place(store, tag, type, &found);

	if (found) {
		buffer_free(&store->items[i].content);
		store->items[i].has_content = false;
		return &store->items[i];
	}
	if (!grow(store))
		return NULL;
	memmove(&store->items[i + 1], &store->items[i], (store->count - i) * sizeof store->items[0]);
	store->items[i] = (struct sim_item){.tag = tag, .type = type};
	store->count++;
	return &store->items[i];
}

enum err sim_store_put(struct sim_store *store, uint32_t tag, uint32_t type, struct bytes content,
    struct fault *fault)
{
	struct buffer copy = BUFFER_EMPTY;
	struct sim_item *item;

	buffer_put(&copy, content);
	if (copy.failed || (item = claim(store, tag, type)) == NULL) {
		buffer_free(&copy);
		return fault_memory(fault);
	}
	hash_bytes(item->digest, content);
	item->content = copy;
	item->has_content = true;
	return ERR_OK;
}

enum err sim_store_mark(struct sim_store *store, uint32_t tag, uint32_t type,
    const uint8_t digest[static HASH_SIZE], struct fault *fault)
{
	struct sim_item *item = claim(store, tag, type);

	if (item == NULL)
		return fault_memory(fault);
	memcpy(item->digest, digest, HASH_SIZE);
	return ERR_OK;
}

bool sim_store_delete(struct sim_store *store, uint32_t tag, uint32_t type)
{
	bool found;
	size_t i = place(store, tag, type, &found);

	if (!found)
		return false;
	buffer_free(&store->items[i].content);
	memmove(&store->items[i], &store->items[i + 1], (store->count - i - 1) * sizeof store->items[0]);
	store->count--;
	return true;
}
