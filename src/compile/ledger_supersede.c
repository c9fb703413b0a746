/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/list.h"
#include "ledger_private.h"

bool freed_has(const struct freed *freed, uint64_t index)
{
	return freed->all || (index < freed->count && (freed->bits[index / 8] >> index % 8 & 1) != 0);
}

void freed_free(struct freed *freed)
{
	free(freed->bits);
	*freed = (struct freed){0};
}

static void set(struct freed *freed, uint64_t index)
{
	if (index < freed->count)
		freed->bits[index / 8] |= (uint8_t)(1 << index % 8);
}

static void add_blob(struct freed *freed, struct bytes indices)
{
	struct cursor cursor = cursor_of(indices);
	uint32_t index;

	while (take_u32(&cursor, &index))
		set(freed, index);
}

static void add_manifest(struct freed *freed, struct bytes manifest, const struct manifest_fields *by)
{
	const struct manifest_supersede *items = by->supersedes.items;

	for (size_t i = 0; i < by->supersedes.count; i++) {
		if (!bytes_equal(manifest, bytes_from(items[i].manifest_sha256, HASH_SIZE)))
			continue;
		freed->all |= items[i].all;
		for (size_t j = 0; j < items[i].indices.count; j++)
			set(freed, list_integer(&items[i].indices, j));
	}
}

enum err freed_read(struct freed *out, struct ledger *ledger, struct bytes manifest, uint64_t count,
    const struct manifest_fields *by, struct fault *fault)
{
	struct query query;
	enum err err;

	*out = (struct freed){.bits = calloc((size_t)count / 8 + 1, 1), .count = count};
	if (out->bits == NULL)
		return fault_memory(fault);
	query = query_begin(ledger, "SELECT whole, indices FROM supersedes WHERE manifest = ?");
	query_blob(&query, manifest);
	while (query_row(&query)) {
		out->all |= query_number(&query, 0) != 0;
		add_blob(out, query_bytes(&query, 1));
	}
	err = query_end(&query, fault);
	if (err != ERR_OK)
		freed_free(out);
	else if (by != NULL)
		add_manifest(out, manifest, by);
	return err;
}

static enum err put_one(struct ledger *ledger, const char *batch, const struct manifest_supersede *item,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "INSERT INTO supersedes VALUES (?, ?, ?, ?, ?)");
	struct buffer indices = BUFFER_EMPTY;
	enum err err;

	for (size_t i = 0; i < item->indices.count; i++) {
		uint8_t *space = buffer_space(&indices, 4);

		if (space != NULL) /* each is below the number of devices of a batch */
			put_u32(space, (uint32_t)list_integer(&item->indices, i));
	}
	query_text(&query, batch);
	query_hash(&query, item->manifest_sha256);
	query_integer(&query, item->all);
	query_text(&query, item->reason);
	query_blob(&query, buffer_bytes(&indices));
	err = query_run(&query, fault);
	if (err == ERR_OK)
		err = buffer_check(&indices, fault);
	buffer_free(&indices);
	return err;
}

enum err ledger_put_supersedes(struct ledger *ledger, const struct manifest_fields *manifest,
    struct fault *fault)
{
	const struct manifest_supersede *items = manifest->supersedes.items;
	enum err err = ERR_OK;

	for (size_t i = 0; i < manifest->supersedes.count && err == ERR_OK; i++)
		err = put_one(ledger, manifest->batch, &items[i], fault);
	return err;
}

static enum err collect(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct buffer *indices = context;
	uint64_t wide = index;

	(void)imei;
	buffer_put(indices, bytes_from(&wide, sizeof wide));
	return buffer_check(indices, fault);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* All of a batch is superseded in one word: that says more than its indices one by one. */
static enum err take_indices(struct manifest_supersede *out, struct buffer *indices, uint64_t count,
    const struct ledger *ledger, const char *batch, struct fault *fault)
{
	size_t common = indices->size / sizeof(uint64_t);

	if (common == 0)
		return fault_set(fault, ERR_NO, "supersede-none", ledger_path(ledger),
		    "batch %s has none of these devices, so there is nothing to supersede", batch);
	out->all = common == count;
	if (out->all)
		return ERR_OK;
	qsort(indices->data, common, sizeof(uint64_t), compare);
	out->indices = (struct list){indices->data, common}; /* the buffer's memory is the list's now */
	*indices = BUFFER_EMPTY;
	return ERR_OK;
}

enum err ledger_supersede(struct manifest_supersede *out, struct ledger *ledger, const char *batch,
    const uint64_t *imeis, size_t count, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT rowid, manifest, count FROM batches WHERE purpose = 0 AND id = ?");
	struct buffer indices = BUFFER_EMPTY;
	uint64_t row = 0, devices = 0;
	bool found;
	enum err err;

	*out = (struct manifest_supersede){0};
	query_text(&query, batch);
	found = query_row(&query) && query_bytes(&query, 1).size == HASH_SIZE;
	if (found) {
		row = query_number(&query, 0);
		memcpy(out->manifest_sha256, query_bytes(&query, 1).data, HASH_SIZE);
		devices = query_number(&query, 2);
	}
	err = query_end(&query, fault);
	if (err == ERR_OK && !found)
		err = fault_set(fault, ERR_NO, "supersede-batch", ledger_path(ledger),
		    "this office did not commit a production batch %s",
		    text_is_name(bytes_of(batch)) ? batch : "of that name");
	if (err == ERR_OK)
		err = ledger_common(ledger, row, imeis, count, collect, &indices, fault);
	if (err == ERR_OK)
		err = take_indices(out, &indices, devices, ledger, batch, fault);
	buffer_free(&indices);
	return err;
}

struct searching {
	const uint64_t *next, *end;  /* of the list */
	device_visit *visit;
	void *context;
};

static enum err visit_common(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct searching *searching = context;

	while (searching->next < searching->end && *searching->next < imei)
		searching->next++;
	if (searching->next == searching->end || *searching->next != imei)
		return ERR_OK;
	return searching->visit(searching->context, imei, index, fault);
}

enum err ledger_common(struct ledger *ledger, uint64_t row, const uint64_t *imeis, size_t count,
    device_visit *visit, void *context, struct fault *fault)
{
	struct searching searching = {.next = imeis, .end = imeis + count, .visit = visit, .context = context};

	return ledger_devices(ledger, row, visit_common, &searching, fault);
}
