/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/list.h"
#include "ledger_private.h"

/* Indices stand in a blob as u64, ascending. */
static enum err read_indices(struct list *out, struct bytes blob, struct fault *fault)
{
	struct cursor cursor = cursor_of(blob);
	uint64_t *items = malloc(blob.size + sizeof *items);
	uint64_t index;

	if (items == NULL)
		return fault_memory(fault);
	*out = (struct list){.items = items};
	while (take_u64(&cursor, &index))
		items[out->count++] = index;
	return ERR_OK;
}

enum err ledger_accepted(struct list *done, bool *known, struct ledger *ledger,
    const uint8_t manifest[static HASH_SIZE], struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT done FROM accepted WHERE manifest = ?");
	enum err err = ERR_OK;

	*done = (struct list){0};
	query_hash(&query, manifest);
	*known = query_row(&query);
	if (*known)
		err = read_indices(done, query_bytes(&query, 0), fault);
	return query_close(&query, err, fault);
}

enum err ledger_find_head(struct ledger_head *out, bool *known, struct ledger *ledger, const char *station,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT size, root FROM heads WHERE station = ?");
	struct bytes root;

	*out = (struct ledger_head){0};
	query_text(&query, station);
	*known = query_row(&query);
	if (*known) {
		out->size = query_number(&query, 0);
		root = query_bytes(&query, 1);
		if (root.size == HASH_SIZE)
			memcpy(out->root, root.data, HASH_SIZE);
		text_copy(out->station, sizeof out->station, bytes_of(station));
	}
	return query_end(&query, fault);
}

/* Both ascend: is every one of some in all? */
static bool holds_all(const struct list *all, const struct list *some)
{
	size_t at = 0;

	for (size_t i = 0; i < some->count; i++) {
		while (at < all->count && list_integer(all, at) < list_integer(some, i))
			at++;
		if (at == all->count || list_integer(all, at) != list_integer(some, i))
			return false;
	}
	return true;
}

static enum err check_before(struct ledger *ledger, const struct ledger_return *returned, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT trust FROM accepted WHERE manifest = ?");
	struct list before;
	uint64_t trust = 0;
	bool known;
	enum err err;

	query_hash(&query, returned->manifest);
	err = query_value(&query, &trust, fault);
	if (err == ERR_OK && trust > returned->trust)
		return fault_set(fault, ERR_NO, "accept-old", ledger_path(ledger),
		    "an activation made under trust version %" PRIu64 " was accepted before, this one is of %" PRIu64,
		    trust, returned->trust);
	if (err == ERR_OK)
		err = ledger_accepted(&before, &known, ledger, returned->manifest, fault);
	if (err != ERR_OK)
		return err;
	if (!returned->withdraw && !holds_all(returned->done, &before))
		err = fault_set(fault, ERR_NO, "accept-fewer", ledger_path(ledger),
		    "devices accepted as done before are not in this activation: an older file, or, if they are "
		    "to be withdrawn, say --withdraw");
	free(before.items);
	return err;
}

static enum err put_accepted(struct ledger *ledger, const struct ledger_return *returned, struct fault *fault)
{
	struct buffer blob = BUFFER_EMPTY;
	uint8_t *space = buffer_space(&blob, 8 * returned->done->count);
	struct query query;
	enum err err;

	for (size_t i = 0; i < returned->done->count && space != NULL; i++)
		put_u64(space + 8 * i, list_integer(returned->done, i));
	err = buffer_check(&blob, fault);
	if (err == ERR_OK) {
		/* the same document again was accepted when it first was */
		query = query_begin(ledger, "INSERT INTO accepted (manifest, document, trust, time, done)"
		    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (manifest) DO UPDATE SET trust = excluded.trust,"
		    " time = iif(document = excluded.document, time, excluded.time),"
		    " document = excluded.document, done = excluded.done");
		query_hash(&query, returned->manifest);
		query_hash(&query, returned->document);
		query_integer(&query, returned->trust);
		query_text(&query, returned->time);
		query_blob(&query, buffer_bytes(&blob));
		err = query_run(&query, fault);
	}
	buffer_free(&blob);
	return err;
}

static enum err put_head(struct ledger *ledger, const struct ledger_head *head, struct fault *fault)
{
	struct ledger_head held;
	struct query query;
	bool known;
	enum err err = ledger_find_head(&held, &known, ledger, head->station, fault);

	if (err != ERR_OK)
		return err;
	if (known && held.size > head->size)
		return fault_set(fault, ERR_NO, "accept-rollback", ledger_path(ledger),
		    "the log of station %s had %" PRIu64 " entries before, now it has %" PRIu64, head->station,
		    held.size, head->size);
	query = query_begin(ledger, "INSERT OR REPLACE INTO heads (station, size, root) VALUES (?, ?, ?)");
	query_text(&query, head->station);
	query_integer(&query, head->size);
	query_hash(&query, head->root);
	return query_run(&query, fault);
}

/* A station may say anything; what the office notes is of a lot and a grant it knows. */
static enum err check_closeout(struct ledger *ledger, const uint8_t *manifest,
    const struct ledger_closeout *closeout, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT count(*) FROM batches"
	    " JOIN lots ON lots.batch = batches.id JOIN grants ON grants.batch = batches.id"
	    " WHERE batches.manifest = ? AND lots.name = ? AND grants.serial = ?");
	uint64_t count = 0;
	enum err err;

	query_hash(&query, manifest);
	query_text(&query, closeout->lot);
	query_integer(&query, closeout->grant);
	err = query_value(&query, &count, fault);
	if (err == ERR_OK && count == 0)
		err = fault_set(fault, ERR_NO, "accept-closeout", ledger_path(ledger),
		    "station %s closed out lot %s under grant %" PRIu64 " (entry %" PRIu64 "), which this "
		    "office did not give for the batch", closeout->station, closeout->lot, closeout->grant,
		    closeout->entry);
	return err;
}

static enum err put_closeout(struct ledger *ledger, const uint8_t *manifest,
    const struct ledger_closeout *closeout, struct fault *fault)
{
	enum err err = check_closeout(ledger, manifest, closeout, fault);
	struct query query;

	if (err != ERR_OK)
		return err;
	query = query_begin(ledger, "INSERT OR REPLACE INTO closeouts"
	    " (station, entry, manifest, lot, serial, done, failed, void, unused)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");

	query_text(&query, closeout->station);
	query_integer(&query, closeout->entry);
	query_hash(&query, manifest);
	query_text(&query, closeout->lot);
	query_integer(&query, closeout->grant);
	query_integer(&query, closeout->done);
	query_integer(&query, closeout->failed);
	query_integer(&query, closeout->void_);
	query_integer(&query, closeout->unused);
	return query_run(&query, fault);
}

static enum err add(struct ledger *ledger, const struct ledger_return *returned, struct fault *fault)
{
	enum err err = check_before(ledger, returned, fault);

	if (err == ERR_OK)
		err = put_accepted(ledger, returned, fault);
	for (size_t i = 0; i < returned->head_count && err == ERR_OK; i++)
		err = put_head(ledger, &returned->heads[i], fault);
	for (size_t i = 0; i < returned->closeout_count && err == ERR_OK; i++)
		err = put_closeout(ledger, returned->manifest, &returned->closeouts[i], fault);
	return err;
}

enum err ledger_add_return(struct ledger *ledger, const struct ledger_return *returned, struct fault *fault)
{
	enum err err = ledger_begin(ledger, fault);

	if (err != ERR_OK)
		return err;
	return ledger_finish(ledger, add(ledger, returned, fault), fault);
}
