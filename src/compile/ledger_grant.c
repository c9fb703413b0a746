/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>

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

static enum err put_lot(struct ledger *ledger, uint64_t serial, const char *lot, struct fault *fault)
{
	struct query query = query_begin(ledger, "INSERT INTO grant_lots VALUES (?, ?)");

	query_integer(&query, serial);
	query_text(&query, lot);
	return query_run(&query, fault);
}

/* A single record stands among the lots as "#" and its index, which is no name of a lot: so grants of one
 * record overlap, and one of a lot and one of a record in it do not. */
static enum err put_lots(struct ledger *ledger, const struct grant_fields *grant, struct fault *fault)
{
	enum err err = ERR_OK;
	char record[24];

	for (size_t i = 0; i < grant->lots.count && err == ERR_OK; i++)
		err = put_lot(ledger, grant->serial, list_text(&grant->lots, i, NAME_SIZE), fault);
	for (size_t i = 0; i < grant->records.count && err == ERR_OK; i++) {
		snprintf(record, sizeof record, "#%" PRIu64, list_integer(&grant->records, i));
		err = put_lot(ledger, grant->serial, record, fault);
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

/* Another grant that lives and shares a lot or a single record with this one, which is in the tables
 * already. */
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
	bool found;
	enum err err = ERR_OK;
	struct fault ending;

	query_integer(&query, grant->serial);
	query_text(&query, grant->batch);
	query_text(&query, now);
	found = query_row(&query);
	if (found)
		err = fault_set(fault, ERR_NO, "grant-overlap", ledger_path(ledger),
		    "%s %s is in grant %" PRIu64 ", valid to %s: a new grant must replace that one",
		    *query_string(&query, 2) == '#' ? "record" : "lot", query_string(&query, 2),
		    query_number(&query, 0), query_string(&query, 1));
	if (query_end(&query, &ending) != ERR_OK && !found) {
		*fault = ending;
		err = ending.err;
	}
	return err;
}

static enum err add(struct ledger *ledger, const struct grant_fields *grant,
    const uint8_t hash[static HASH_SIZE], const char *now, struct fault *fault)
{
	enum err err = ledger_has_batch(ledger, grant->manifest_sha256, grant->batch, fault);

	if (err == ERR_OK)
		err = check_serial(ledger, grant->serial, fault);
	if (err == ERR_OK)
		err = put_row(ledger, grant, hash, fault);
	if (err == ERR_OK)
		err = put_lots(ledger, grant, fault);
	for (size_t i = 0; i < grant->replaces.count && err == ERR_OK; i++)
		err = put_replaced(ledger, grant, list_integer(&grant->replaces, i), fault);
	if (err == ERR_OK)
		err = check_overlap(ledger, grant, now, fault);
	return err;
}

enum err ledger_add_grant(struct ledger *ledger, const struct grant_fields *grant,
    const uint8_t hash[static HASH_SIZE], const char *now, struct fault *fault)
{
	enum err err = ledger_begin(ledger, fault);

	if (err != ERR_OK)
		return err;
	return ledger_finish(ledger, add(ledger, grant, hash, now, fault), fault);
}
