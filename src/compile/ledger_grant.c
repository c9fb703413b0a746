/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "gapseal/list.h"
#include "ledger_private.h"

enum err ledger_next_grant(uint64_t *serial, struct ledger *ledger, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT coalesce(max(serial), 0) + 1 FROM grants");

	return query_value(&query, serial, fault);
}

static enum err check_serial(struct ledger *ledger, uint64_t serial, struct fault *fault)
{
	uint64_t next = 0;
	enum err err = ledger_next_grant(&next, ledger, fault);

	if (err == ERR_OK && serial < next)
		err = fault_set(fault, ERR_NO, "ledger-serial", ledger_path(ledger),
		    "serial %" PRIu64 " was given to another grant meanwhile: grant again", serial);
	return err;
}

static enum err put_row(struct ledger *ledger, const struct grant_fields *grant,
    const uint8_t hash[static HASH_SIZE], struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "INSERT INTO grants (serial, batch, document, not_before, not_after)"
	    " VALUES (?, ?, ?, ?, ?)");

	query_integer(&query, grant->serial);
	query_text(&query, grant->batch);
	query_hash(&query, hash);
	query_text(&query, grant->not_before);
	query_text(&query, grant->not_after);
	return query_run(&query, fault);
}

static enum err put_lots(struct ledger *ledger, const struct grant_fields *grant, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < grant->lots.count && err == ERR_OK; i++) {
		struct query query = query_begin(ledger, "INSERT INTO grant_lots VALUES (?, ?)");

		query_integer(&query, grant->serial);
		query_text(&query, list_text(&grant->lots, i, NAME_SIZE));
		err = query_run(&query, fault);
	}
	return err;
}

static enum err put_records(struct ledger *ledger, const struct grant_fields *grant, struct fault *fault)
{
	struct query query;
	struct buffer indices = BUFFER_EMPTY;
	enum err err;

	if (grant->records.count == 0)
		return ERR_OK;
	for (size_t i = 0; i < grant->records.count; i++) {
		uint8_t *space = buffer_space(&indices, 8);

		if (space != NULL)
			put_u64(space, list_integer(&grant->records, i));
	}
	err = buffer_check(&indices, fault);
	if (err == ERR_OK) {
		query = query_begin(ledger, "INSERT INTO grant_records VALUES (?, ?)");
		query_integer(&query, grant->serial);
		query_blob(&query, buffer_bytes(&indices));
		err = query_run(&query, fault);
	}
	buffer_free(&indices);
	return err;
}

static enum err put_stations(struct ledger *ledger, const struct grant_fields *grant, struct fault *fault)
{
	const struct grant_station *stations = grant->stations.items;
	enum err err = ERR_OK;

	for (size_t i = 0; i < grant->stations.count && err == ERR_OK; i++) {
		struct query query = query_begin(ledger, "INSERT INTO grant_stations VALUES (?, ?)");

		query_integer(&query, grant->serial);
		query_text(&query, stations[i].name);
		err = query_run(&query, fault);
	}
	return err;
}

/* What is replaced must be another grant of the same batch. */
static enum err put_replaced(struct ledger *ledger, const struct grant_fields *grant, uint64_t replaced,
    struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT count(*) FROM grants WHERE serial = ? AND batch = ? AND serial <> ?");
	uint64_t count = 0;
	enum err err;

	query_integer(&query, replaced);
	query_text(&query, grant->batch);
	query_integer(&query, grant->serial);
	err = query_value(&query, &count, fault);
	if (err != ERR_OK)
		return err;
	if (count == 0)
		return fault_set(fault, ERR_NO, "grant-replaces", ledger_path(ledger),
		    "there is no grant %" PRIu64 " of batch %s that could be replaced", replaced,
		    grant->batch);
	query = query_begin(ledger, "INSERT INTO grant_replaces VALUES (?, ?)");
	query_integer(&query, grant->serial);
	query_integer(&query, replaced);
	return query_run(&query, fault);
}

/* Another grant that lives and shares a lot with this one, which is in the tables already. */
static enum err check_overlap(struct ledger *ledger, const struct grant_fields *grant, const char *now,
    struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT other.serial, other.not_after, shared.lot FROM grant_lots AS own"
	    " JOIN grant_lots AS shared ON shared.lot = own.lot AND shared.serial <> own.serial"
	    " JOIN grants AS other ON other.serial = shared.serial"
	    " WHERE own.serial = ? AND other.batch = ? AND other.not_after >= ?"
	    " AND other.serial NOT IN (SELECT replaced FROM grant_replaces)"
	    " ORDER BY other.serial, shared.lot LIMIT 1");
	enum err err = ERR_OK;

	query_integer(&query, grant->serial);
	query_text(&query, grant->batch);
	query_text(&query, now);
	if (query_row(&query))
		err = fault_set(fault, ERR_NO, "grant-overlap", ledger_path(ledger),
		    "lot %s is in grant %" PRIu64 ", valid to %s: a new grant must replace that one",
		    query_string(&query, 2), query_number(&query, 0), query_string(&query, 1));
	return query_close(&query, err, fault);
}

/* The first of the single records that another grant gives too. */
static bool shares_record(uint64_t *out, const struct list *records, struct bytes indices)
{
	struct cursor cursor = cursor_of(indices);

	while (take_u64(&cursor, out))
		if (list_holds(records, *out))
			return true;
	return false;
}

/* Another grant that lives and gives one of the single records of this one. A lot and a record in it may be
 * in two: whoever extracts one device takes no lot from its station. */
static enum err check_records(struct ledger *ledger, const struct grant_fields *grant, const char *now,
    struct fault *fault)
{
	struct query query;
	uint64_t index;
	enum err err = ERR_OK;

	if (grant->records.count == 0)
		return ERR_OK;
	query = query_begin(ledger,
	    "SELECT serial, not_after, indices FROM grants JOIN grant_records USING (serial)"
	    " WHERE batch = ? AND serial <> ? AND not_after >= ?"
	    " AND serial NOT IN (SELECT replaced FROM grant_replaces) ORDER BY serial");
	query_text(&query, grant->batch);
	query_integer(&query, grant->serial);
	query_text(&query, now);
	while (err == ERR_OK && query_row(&query))
		if (shares_record(&index, &grant->records, query_bytes(&query, 2)))
			err = fault_set(fault, ERR_NO, "grant-overlap", ledger_path(ledger),
			    "record %" PRIu64 " is in grant %" PRIu64 ", valid to %s: a new grant must replace "
			    "that one", index, query_number(&query, 0), query_string(&query, 1));
	return query_close(&query, err, fault);
}

/* Whether all devices of a lot are superseded. */
static enum err lot_is_freed(bool *out, struct ledger *ledger, const char *batch, const char *lot,
    const struct freed *freed, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT first, count FROM lots WHERE batch = ? AND name = ?");
	uint64_t first = 0, count = 0, left = 0;

	query_text(&query, batch);
	query_text(&query, lot);
	if (query_row(&query)) {
		first = query_number(&query, 0);
		count = query_number(&query, 1);
	}
	for (uint64_t i = 0; i < count && left == 0; i++)
		left += !freed_has(freed, first + i);
	*out = count > 0 && left == 0;
	return query_end(&query, fault);
}

static enum err check_scope(struct ledger *ledger, const struct grant_fields *grant,
    const struct freed *freed, struct fault *fault)
{
	bool superseded = false;
	enum err err = ERR_OK;

	for (size_t i = 0; i < grant->lots.count && err == ERR_OK && !superseded; i++) {
		const char *lot = list_text(&grant->lots, i, NAME_SIZE);

		err = lot_is_freed(&superseded, ledger, grant->batch, lot, freed, fault);
		if (err == ERR_OK && superseded)
			err = fault_set(fault, ERR_NO, "grant-superseded", ledger_path(ledger),
			    "every device of lot %s is superseded by a later batch: grant that one", lot);
	}
	for (size_t i = 0; i < grant->records.count && err == ERR_OK; i++)
		if (freed_has(freed, list_integer(&grant->records, i)))
			err = fault_set(fault, ERR_NO, "grant-superseded", ledger_path(ledger),
			    "record %" PRIu64 " is superseded by a later batch: grant it there",
			    list_integer(&grant->records, i));
	return err;
}

/* A station that does not hold the later batch would not know. */
static enum err check_superseded(struct ledger *ledger, const struct grant_fields *grant, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT count FROM batches WHERE manifest = ?");
	struct freed freed;
	uint64_t count = 0;
	enum err err;

	query_hash(&query, grant->manifest_sha256);
	err = query_value(&query, &count, fault);
	if (err != ERR_OK)
		return err;
	err = freed_read(&freed, ledger, bytes_from(grant->manifest_sha256, HASH_SIZE), count, NULL, fault);
	if (err == ERR_OK)
		err = check_scope(ledger, grant, &freed, fault);
	freed_free(&freed);
	return err;
}

static enum err add(struct ledger *ledger, const struct grant_fields *grant,
    const uint8_t hash[static HASH_SIZE], const char *now, struct fault *fault)
{
	enum err err = ledger_has_batch(ledger, grant->manifest_sha256, grant->batch, fault);

	if (err == ERR_OK)
		err = check_superseded(ledger, grant, fault);
	if (err == ERR_OK)
		err = check_serial(ledger, grant->serial, fault);
	if (err == ERR_OK)
		err = put_row(ledger, grant, hash, fault);
	if (err == ERR_OK)
		err = put_lots(ledger, grant, fault);
	if (err == ERR_OK)
		err = put_records(ledger, grant, fault);
	if (err == ERR_OK)
		err = put_stations(ledger, grant, fault);
	for (size_t i = 0; i < grant->replaces.count && err == ERR_OK; i++)
		err = put_replaced(ledger, grant, list_integer(&grant->replaces, i), fault);
	if (err == ERR_OK)
		err = check_overlap(ledger, grant, now, fault);
	return err == ERR_OK ? check_records(ledger, grant, now, fault) : err;
}

enum err ledger_add_grant(struct ledger *ledger, const struct grant_fields *grant,
    const uint8_t hash[static HASH_SIZE], const char *now, struct fault *fault)
{
	enum err err = ledger_begin(ledger, fault);

	if (err != ERR_OK)
		return err;
	return ledger_finish(ledger, add(ledger, grant, hash, now, fault), fault);
}
