/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/list.h"
#include "ledger_private.h"

static enum err differs(const struct ledger *ledger, const char *batch, const char *what, struct fault *fault)
{
	return fault_set(fault, ERR_NO, "ledger-broken", ledger_path(ledger),
	    "batch %s: the ledger has another %s than the manifest", batch, what);
}

static enum err hold_row(struct ledger *ledger, const struct manifest_fields *manifest, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT purpose, series, seq, issued, count, slots"
	    " FROM batches WHERE id = ?");
	char slots[SLOTS_TEXT_MAX];
	const char *what = NULL;
	enum err err = ERR_OK;

	slots_write(slots, manifest);
	query_text(&query, manifest->batch);
	if (query_row(&query)) {
		if (query_number(&query, 0) != manifest->purpose)
			what = "purpose";
		else if (strcmp(query_string(&query, 1), manifest->series) != 0 ||
		    query_number(&query, 2) != manifest->seq)
			what = "number";
		else if (strcmp(query_string(&query, 3), manifest->issued) != 0)
			what = "time of issue";
		else if (query_number(&query, 4) != manifest->count)
			what = "number of devices";
		else if (strcmp(query_string(&query, 5), slots) != 0)
			what = "list of slots";
	}
	if (what != NULL)
		err = differs(ledger, manifest->batch, what, fault);
	return query_close(&query, err, fault);
}

static enum err hold_lots(struct ledger *ledger, const struct manifest_fields *manifest, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT first, count, name FROM lots WHERE batch = ? ORDER BY first");
	enum err err = ERR_OK;
	bool same = true;
	size_t i = 0;

	query_text(&query, manifest->batch);
	for (; same && query_row(&query); i++) {
		const struct manifest_lot *lot = i < manifest->lots.count ? manifest_lot(manifest, i) : NULL;

		same = lot != NULL && query_number(&query, 0) == lot->first &&
		    query_number(&query, 1) == lot->count && strcmp(query_string(&query, 2), lot->name) == 0;
	}
	if (!same || i < manifest->lots.count)
		err = differs(ledger, manifest->batch, "list of lots", fault);
	return query_close(&query, err, fault);
}

static bool same_indices(const struct list *indices, struct bytes blob)
{
	struct cursor cursor = cursor_of(blob);
	uint32_t index;

	for (size_t i = 0; i < indices->count; i++)
		if (!take_u32(&cursor, &index) || index != list_integer(indices, i))
			return false;
	return cursor_left(&cursor) == 0;
}

static enum err hold_supersede(struct ledger *ledger, const struct manifest_fields *manifest,
    const struct manifest_supersede *item, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT whole, reason, indices FROM supersedes"
	    " WHERE batch = ? AND manifest = ?");
	enum err err = ERR_OK;

	query_text(&query, manifest->batch);
	query_hash(&query, item->manifest_sha256);
	if (!query_row(&query) || (query_number(&query, 0) != 0) != item->all ||
	    strcmp(query_string(&query, 1), item->reason) != 0 ||
	    !same_indices(&item->indices, query_bytes(&query, 2)))
		err = differs(ledger, manifest->batch, "list of what it supersedes", fault);
	return query_close(&query, err, fault);
}

static enum err hold_supersedes(struct ledger *ledger, const struct manifest_fields *manifest,
    struct fault *fault)
{
	const struct manifest_supersede *items = manifest->supersedes.items;
	struct query query = query_begin(ledger, "SELECT count(*) FROM supersedes WHERE batch = ?");
	uint64_t count = 0;
	enum err err;

	query_text(&query, manifest->batch);
	err = query_value(&query, &count, fault);
	if (err == ERR_OK && count != manifest->supersedes.count)
		err = differs(ledger, manifest->batch, "list of what it supersedes", fault);
	for (size_t i = 0; i < manifest->supersedes.count && err == ERR_OK; i++)
		err = hold_supersede(ledger, manifest, &items[i], fault);
	return err;
}

/* The numbers before its own of which the ledger has no batch are those the manifest calls abandoned. */
static enum err hold_abandoned(struct ledger *ledger, const struct manifest_fields *manifest,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT seq FROM numbers WHERE series = ? AND seq < ?"
	    " AND " ABANDONED " ORDER BY seq");
	enum err err = ERR_OK;
	bool same = true;
	size_t i = 0;

	query_text(&query, manifest->series);
	query_integer(&query, manifest->seq);
	for (; same && query_row(&query); i++)
		same = i < manifest->abandoned.count &&
		    query_number(&query, 0) == list_integer(&manifest->abandoned, i);
	if (!same || i != manifest->abandoned.count)
		err = differs(ledger, manifest->batch, "list of abandoned numbers", fault);
	return query_close(&query, err, fault);
}

enum err ledger_hold(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint8_t hash[static HASH_SIZE], struct fault *fault)
{
	enum err err = ledger_has_batch(ledger, hash, manifest->batch, fault);

	if (err == ERR_OK)
		err = hold_row(ledger, manifest, fault);
	if (err == ERR_OK)
		err = hold_lots(ledger, manifest, fault);
	if (err != ERR_OK || manifest->purpose != PURPOSE_PRODUCTION)
		return err;
	err = hold_supersedes(ledger, manifest, fault);
	return err == ERR_OK ? hold_abandoned(ledger, manifest, fault) : err;
}
