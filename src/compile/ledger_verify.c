/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "ledger_private.h"

#define IMEI_MAX UINT64_C(999999999999999)

enum err ledger_broken(const struct ledger *ledger, const char *what, const char *which, struct fault *fault)
{
	/* whoever broke the ledger may have put anything there */
	return fault_set(fault, ERR_NO, "ledger-broken", ledger_path(ledger), "%s: %s", what,
	    text_is_name(bytes_of(which)) ? which : "one without a name");
}

static enum err check_file(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT integrity_check = 'ok' FROM pragma_integrity_check(1)");
	uint64_t fine = 0;
	enum err err = query_value(&query, &fine, fault);

	if (err == ERR_OK && fine == 0)
		err = fault_set(fault, ERR_NO, "ledger-broken", ledger_path(ledger),
		    "SQLite finds the file damaged: take it from the backup");
	return err;
}

#define NO_BATCH " NOT IN (SELECT id FROM batches)"
#define NO_MANIFEST " NOT IN (SELECT manifest FROM batches)"
#define NO_GRANT " NOT IN (SELECT serial FROM grants)"

/* Each gives what breaks a rule. All of them take a time that goes with the size of the ledger. */
static const struct {
	const char *what;
	const char *sql;
} rules[] = {
	{"something no ledger has, or lacks something each has", "SELECT name FROM sqlite_schema"
	    " WHERE type IN ('trigger', 'view') UNION ALL SELECT 'batch-numbers' WHERE NOT EXISTS"
	    " (SELECT 1 FROM sqlite_schema WHERE name = 'batch_numbers')"},
	{"a batch whose lists are not as long as it has devices, or whose hashes are none",
	    "SELECT id FROM batches WHERE length(manifest) <> 32 OR length(plan) <> 32"
	    " OR purpose NOT IN (0, 1) OR count < 1 OR length(imeis) <> iif(purpose = 0, 8 * count, 0)"
	    " OR length(indices) <> iif(purpose = 0, 4 * count, 0)"},
	{"a batch without a number of its own", "SELECT id FROM batches WHERE purpose = 0 AND NOT EXISTS"
	    " (SELECT 1 FROM numbers WHERE numbers.series = batches.series AND numbers.seq = batches.seq"
	    " AND numbers.batch = batches.id)"},
	{"two batches with one number",
	    "SELECT max(id) FROM batches WHERE purpose = 0 GROUP BY series, seq HAVING count(*) > 1"},
	{"a series whose numbers have a hole",
	    "SELECT series FROM numbers GROUP BY series HAVING min(seq) <> 1 OR max(seq) <> count(*)"},
	{"a batch before which another one is missing, or one too many is there",
	    "SELECT id FROM (SELECT batches.id AS id, batches.abandoned AS said, sum(batches.id IS NULL)"
	    " OVER (PARTITION BY numbers.series ORDER BY numbers.seq) AS missing"
	    " FROM numbers LEFT JOIN batches"
	    " ON batches.purpose = 0 AND batches.series = numbers.series AND batches.seq = numbers.seq)"
	    " WHERE id IS NOT NULL AND said <> missing"},
	{"a batch that is not there, but its lots are", "SELECT batch FROM lots WHERE batch" NO_BATCH},
	{"a batch whose lots do not adjoin or are not all of it",
	    "SELECT id FROM batches LEFT JOIN (SELECT batch, sum(first = before) AS adjoining,"
	    " count(*) AS lots, sum(count) AS devices, min(count) AS least"
	    " FROM (SELECT *, coalesce(sum(count) OVER (PARTITION BY batch ORDER BY first"
	    " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM lots)"
	    " GROUP BY batch) ON batch = id WHERE devices IS NULL OR devices <> batches.count"
	    " OR adjoining <> lots OR least < 1"},
	{"a batch with two lots of one name",
	    "SELECT batch FROM lots GROUP BY batch, name HAVING count(*) > 1"},
	{"a batch that supersedes but is not there", "SELECT batch FROM supersedes WHERE batch" NO_BATCH},
	{"a batch that supersedes one that is not there",
	    "SELECT batch FROM supersedes WHERE manifest" NO_MANIFEST},
	{"a batch that supersedes a later one, or none of its devices, or both all and some",
	    "SELECT supersedes.batch FROM supersedes JOIN batches AS new ON new.id = supersedes.batch"
	    " JOIN batches AS old ON old.manifest = supersedes.manifest WHERE old.rowid >= new.rowid"
	    " OR whole NOT IN (0, 1) OR length(supersedes.indices) % 4 <> 0"
	    " OR (whole = 1) <> (length(supersedes.indices) = 0)"
	    " OR length(supersedes.indices) > 4 * old.count"},
	{"a grant of a batch that is not there", "SELECT serial FROM grants WHERE batch" NO_BATCH},
	{"a grant that ends before it begins, or whose hash is none",
	    "SELECT serial FROM grants WHERE not_after < not_before OR length(document) <> 32"},
	{"a grant that is not there, but its lots, records or stations are",
	    "SELECT serial FROM grant_lots WHERE serial" NO_GRANT
	    " UNION ALL SELECT serial FROM grant_records WHERE serial" NO_GRANT
	    " UNION ALL SELECT serial FROM grant_stations WHERE serial" NO_GRANT},
	{"a grant of nothing, or of lots and of records, or to nobody",
	    "SELECT serial FROM grants WHERE"
	    " EXISTS (SELECT 1 FROM grant_lots WHERE grant_lots.serial = grants.serial) ="
	    " EXISTS (SELECT 1 FROM grant_records WHERE grant_records.serial = grants.serial)"
	    " OR NOT EXISTS (SELECT 1 FROM grant_stations WHERE grant_stations.serial = grants.serial)"},
	{"a grant of a lot that its batch does not have",
	    "SELECT serial FROM grant_lots JOIN grants USING (serial) WHERE (batch, lot) NOT IN"
	    " (SELECT batch, name FROM lots)"},
	{"a grant that replaces, or is replaced, but is not there",
	    "SELECT serial FROM grant_replaces WHERE serial" NO_GRANT " OR replaced" NO_GRANT},
	{"a grant that a later one does not replace, but an earlier one does",
	    "SELECT replaced FROM grant_replaces WHERE serial <= replaced"},
	{"a grant that replaces one of another batch",
	    "SELECT new.serial FROM grant_replaces JOIN grants AS new ON new.serial = grant_replaces.serial"
	    " JOIN grants AS old ON old.serial = replaced WHERE old.batch <> new.batch"},
	{"a station whose log has no head", "SELECT station FROM heads WHERE length(root) <> 32"},
	{"a station with a close-out of a batch, lot or grant that is not there",
	    "SELECT station FROM closeouts LEFT JOIN batches USING (manifest) LEFT JOIN grants USING (serial)"
	    " WHERE grants.batch IS NOT batches.id OR batches.id IS NULL OR (batches.id, lot) NOT IN"
	    " (SELECT batch, name FROM lots)"},
	{"a station with a close-out beyond the log that was accepted",
	    "SELECT closeouts.station FROM closeouts LEFT JOIN heads USING (station)"
	    " WHERE size IS NULL OR entry >= size"},
	{"devices accepted as done of a batch that is not there",
	    "SELECT document FROM accepted WHERE manifest" NO_MANIFEST},
};

static enum err check_rules(struct ledger *ledger, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && err == ERR_OK; i++) {
		struct query query = query_begin(ledger, rules[i].sql);

		if (query_row(&query))
			err = ledger_broken(ledger, rules[i].what, query_string(&query, 0), fault);
		err = query_close(&query, err, fault);
	}
	return err;
}

/* The devices of a batch, looked at one by one. */
struct devices {
	const struct ledger *ledger;
	const char *batch;
	uint8_t *seen;               /* a bit an index */
	uint64_t count, last;
};

static enum err take_device(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct devices *devices = context;

	if (imei > IMEI_MAX || imei <= devices->last)
		return ledger_broken(devices->ledger, "a batch whose devices do not ascend", devices->batch,
		    fault);
	if (index >= devices->count || (devices->seen[index / 8] >> index % 8 & 1) != 0)
		return ledger_broken(devices->ledger, "a batch whose indices are not each there once",
		    devices->batch, fault);
	devices->seen[index / 8] |= (uint8_t)(1 << index % 8);
	devices->last = imei;
	return ERR_OK;
}

static enum err check_devices(struct ledger *ledger, const struct query *query, struct fault *fault)
{
	struct devices devices = {.ledger = ledger, .batch = query_string(query, 1),
		.count = query_number(query, 2)};
	enum err err;

	devices.seen = calloc((size_t)devices.count / 8 + 1, 1);
	if (devices.seen == NULL)
		return fault_memory(fault);
	err = ledger_devices(ledger, query_number(query, 0), take_device, &devices, fault);
	free(devices.seen);
	return err;
}

/* Ascending and below the number of devices; width: bytes of an index. */
static bool are_indices(struct bytes blob, size_t width, uint64_t count)
{
	struct cursor cursor = cursor_of(blob);
	uint64_t least = 0;

	while (cursor_left(&cursor) > 0) {
		uint32_t narrow = 0;
		uint64_t index = 0;

		if (!(width == 4 ? take_u32(&cursor, &narrow) : take_u64(&cursor, &index)))
			return false;
		index += narrow;
		if (index < least || index >= count)
			return false;
		least = index + 1;
	}
	return true;
}

/* Lists of indices, with the number of devices of their batch and something to call them by. */
static const struct {
	const char *what;
	size_t width;
	const char *sql;
} lists[] = {
	{"a batch that supersedes what is not there", 4,
	    "SELECT supersedes.indices, count, supersedes.batch FROM supersedes"
	    " JOIN batches USING (manifest)"},
	{"a grant of records that are not there", 8,
	    "SELECT grant_records.indices, count, serial FROM grant_records JOIN grants USING (serial)"
	    " JOIN batches ON batches.id = grants.batch"},
	{"a batch with devices accepted as done that are not there", 8,
	    "SELECT done, count, id FROM accepted JOIN batches USING (manifest)"},
};

static enum err check_lists(struct ledger *ledger, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < sizeof lists / sizeof *lists && err == ERR_OK; i++) {
		struct query query = query_begin(ledger, lists[i].sql);

		while (err == ERR_OK && query_row(&query))
			if (!are_indices(query_bytes(&query, 0), lists[i].width, query_number(&query, 1)))
				err = ledger_broken(ledger, lists[i].what, query_string(&query, 2), fault);
		err = query_close(&query, err, fault);
	}
	return err;
}

static enum err check_batches(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT rowid, id, count FROM batches WHERE purpose = 0 ORDER BY rowid");
	enum err err = ERR_OK;

	while (err == ERR_OK && query_row(&query))
		err = check_devices(ledger, &query, fault);
	return query_close(&query, err, fault);
}

static enum err check_all(struct ledger *ledger, struct fault *fault)
{
	enum err err = check_file(ledger, fault);

	if (err == ERR_OK)
		err = check_rules(ledger, fault);
	if (err == ERR_OK)
		err = check_lists(ledger, fault);
	if (err == ERR_OK)
		err = check_batches(ledger, fault);
	return err == ERR_OK ? ledger_check_twice(ledger, fault) : err;
}

/* At one moment of the ledger, whatever another program adds meanwhile. */
enum err ledger_verify(struct ledger *ledger, struct fault *fault)
{
	struct fault ending;
	enum err err = ledger_run(ledger, "BEGIN", fault);

	if (err != ERR_OK)
		return err;
	err = check_all(ledger, fault);
	(void)ledger_run(ledger, "COMMIT", &ending); /* of a transaction that only read */
	return err;
}
