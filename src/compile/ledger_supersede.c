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

enum err ledger_superseded(struct list *out, struct ledger *ledger, const uint8_t manifest[static HASH_SIZE],
    uint64_t count, struct fault *fault)
{
	struct buffer indices = BUFFER_EMPTY;
	struct freed freed;
	enum err err = freed_read(&freed, ledger, bytes_from(manifest, HASH_SIZE), count, NULL, fault);

	*out = (struct list){0};
	for (uint64_t i = 0; err == ERR_OK && i < count; i++)
		if (freed_has(&freed, i))
			buffer_put(&indices, bytes_from(&i, sizeof i));
	freed_free(&freed);
	if (err == ERR_OK)
		err = buffer_check(&indices, fault);
	if (err == ERR_OK)
		*out = (struct list){indices.data, indices.size / sizeof(uint64_t)}; /* its memory */
	else
		buffer_free(&indices);
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

/* The devices of the earlier batch, one by one, beside those of the new one. */
struct choice {
	const struct supersede_wish *wish;
	const struct freed *freed;
	const uint64_t *next, *end;  /* IMEIs of the new batch */
	struct buffer indices;       /* superseded now */
	uint64_t common;             /* devices the new batch has */
	struct supersede_others others;
};

static bool is_wished(const struct choice *choice, bool common, uint64_t index)
{
	switch (choice->wish->how) {
	case SUPERSEDE_SAME:
		return common;
	case SUPERSEDE_INDICES:
		return list_holds(&choice->wish->indices, index);
	case SUPERSEDE_ALL:
		break;
	}
	return true;
}

static enum err choose(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct choice *choice = context;
	uint64_t wide = index;
	bool common, wished;

	while (choice->next < choice->end && *choice->next < imei)
		choice->next++;
	common = choice->next < choice->end && *choice->next == imei;
	wished = is_wished(choice, common, index);
	choice->common += common;
	if (!freed_has(choice->freed, index)) {
		choice->others.dropped += wished && !common;
		choice->others.kept += !wished;
	}
	if (wished)
		buffer_put(&choice->indices, bytes_from(&wide, sizeof wide));
	return buffer_check(&choice->indices, fault);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static enum err check_choice(const struct choice *choice, uint64_t count, const struct ledger *ledger,
    struct fault *fault)
{
	const struct supersede_wish *wish = choice->wish;
	const struct list *indices = &wish->indices;

	if (wish->how == SUPERSEDE_INDICES && list_integer(indices, indices->count - 1) >= count)
		return fault_set(fault, ERR_NO, "supersede-index", ledger_path(ledger),
		    "batch %s has only %" PRIu64 " devices, the first of index 0", wish->batch, count);
	if (choice->common == 0 && wish->how == SUPERSEDE_SAME)
		return fault_set(fault, ERR_NO, "supersede-none", ledger_path(ledger),
		    "batch %s has none of these devices: say %s:all if it is superseded nevertheless",
		    wish->batch, wish->batch);
	return ERR_OK;
}

/* If nothing is left of a batch, one word says so: that is more than its indices one by one. */
static void take_choice(struct manifest_supersede *out, struct choice *choice, uint64_t count)
{
	size_t chosen = choice->indices.size / sizeof(uint64_t);

	out->all = chosen == count || choice->others.kept == 0;
	if (out->all)
		return;
	qsort(choice->indices.data, chosen, sizeof(uint64_t), compare);
	out->indices = (struct list){choice->indices.data, chosen}; /* takes the memory over */
	choice->indices = BUFFER_EMPTY;
}

/* The batch to be superseded: its row, manifest and number of devices. */
static enum err find_batch(uint64_t *row, uint64_t *count, uint8_t manifest[static HASH_SIZE],
    struct ledger *ledger, const char *batch, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT rowid, manifest, count FROM batches WHERE purpose = 0 AND id = ?");
	bool found;
	enum err err;

	query_text(&query, batch);
	found = query_row(&query) && query_bytes(&query, 1).size == HASH_SIZE;
	if (found) {
		*row = query_number(&query, 0);
		memcpy(manifest, query_bytes(&query, 1).data, HASH_SIZE);
		*count = query_number(&query, 2);
	}
	err = query_end(&query, fault);
	if (err == ERR_OK && !found)
		err = fault_set(fault, ERR_NO, "supersede-batch", ledger_path(ledger),
		    "this office did not commit a production batch %s", batch);
	return err;
}

enum err ledger_supersede(struct manifest_supersede *out, struct supersede_others *others,
    struct ledger *ledger, const struct supersede_wish *wish, const uint64_t *imeis, size_t count,
    struct fault *fault)
{
	struct freed freed = {0};
	struct choice choice = {.wish = wish, .freed = &freed, .next = imeis, .end = imeis + count,
		.indices = BUFFER_EMPTY};
	uint64_t row = 0, devices = 0;
	enum err err;

	*out = (struct manifest_supersede){0};
	err = find_batch(&row, &devices, out->manifest_sha256, ledger, wish->batch, fault);
	if (err == ERR_OK)
		err = freed_read(&freed, ledger, bytes_from(out->manifest_sha256, HASH_SIZE), devices, NULL,
		    fault);
	if (err == ERR_OK)
		err = ledger_devices(ledger, row, choose, &choice, fault);
	if (err == ERR_OK)
		err = check_choice(&choice, devices, ledger, fault);
	if (err == ERR_OK) {
		take_choice(out, &choice, devices);
		others->dropped += choice.others.dropped;
		others->kept += choice.others.kept;
	}
	buffer_free(&choice.indices);
	freed_free(&freed);
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
	struct searching searching = {.next = imeis, .end = imeis + count, .visit = visit,
	    .context = context};

	return ledger_devices(ledger, row, visit_common, &searching, fault);
}
