/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "ledger_private.h"

#define IMEI_MAX UINT64_C(999999999999999)

static enum err broken(const struct ledger *ledger, const char *what, const char *which, struct fault *fault)
{
	return fault_set(fault, ERR_NO, "ledger-broken", ledger_path(ledger), "%s: %s", what, which);
}

static enum err check_file(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT integrity_check = 'ok' FROM pragma_integrity_check(1)");
	uint64_t fine = 0;
	enum err err = query_value(&query, &fine, fault);

	if (err == ERR_OK && fine == 0)
		err = broken(ledger, "SQLite finds the file damaged", "take it from the backup", fault);
	return err;
}

/* Each gives what breaks a rule. */
static const struct {
	const char *what;
	const char *sql;
} rules[] = {
	{"a batch whose lists are not as long as it has devices, or whose hashes are none",
	    "SELECT id FROM batches WHERE length(manifest) <> 32 OR length(plan) <> 32"
	    " OR length(imeis) <> iif(purpose = 0, 8 * count, 0)"
	    " OR length(indices) <> iif(purpose = 0, 4 * count, 0)"},
	{"a batch without a number of its own", "SELECT id FROM batches WHERE purpose = 0 AND NOT EXISTS"
	    " (SELECT 1 FROM numbers WHERE numbers.series = batches.series AND numbers.seq = batches.seq"
	    " AND numbers.batch = batches.id)"},
	{"a batch that supersedes but is not there",
	    "SELECT batch FROM supersedes WHERE batch NOT IN (SELECT id FROM batches)"},
	{"a batch that supersedes one that is not there",
	    "SELECT batch FROM supersedes WHERE manifest NOT IN (SELECT manifest FROM batches)"},
	{"a grant of a batch that is not there",
	    "SELECT serial FROM grants WHERE batch NOT IN (SELECT id FROM batches)"},
	{"a grant that is not there, but its lots are",
	    "SELECT serial FROM grant_lots WHERE serial NOT IN (SELECT serial FROM grants)"},
	{"a grant that replaces, or is replaced, but is not there",
	    "SELECT serial FROM grant_replaces WHERE serial NOT IN (SELECT serial FROM grants)"
	    " OR replaced NOT IN (SELECT serial FROM grants)"},
	{"a grant that a later one does not replace, but an earlier one does",
	    "SELECT replaced FROM grant_replaces WHERE serial <= replaced"},
};

static enum err check_rules(struct ledger *ledger, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && err == ERR_OK; i++) {
		struct query query = query_begin(ledger, rules[i].sql);
		struct fault ending;
		bool found = query_row(&query);

		if (found)
			err = broken(ledger, rules[i].what, query_string(&query, 0), fault);
		if (query_end(&query, &ending) != ERR_OK && !found) {
			*fault = ending;
			err = ending.err;
		}
	}
	return err;
}

/* The devices of a batch, read into memory and looked at one by one. */
struct devices {
	const struct ledger *ledger;
	const char *batch;
	uint64_t *imeis;
	uint8_t *seen;               /* a bit an index */
	size_t count, taken;
};

static enum err take_device(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct devices *devices = context;

	if (devices->taken >= devices->count || imei > IMEI_MAX ||
	    (devices->taken > 0 && imei <= devices->imeis[devices->taken - 1]))
		return broken(devices->ledger, "a batch whose devices do not ascend", devices->batch, fault);
	if (index >= devices->count || (devices->seen[index / 8] >> index % 8 & 1) != 0)
		return broken(devices->ledger, "a batch whose indices are not each there once",
		    devices->batch, fault);
	devices->seen[index / 8] |= (uint8_t)(1 << index % 8);
	devices->imeis[devices->taken++] = imei;
	return ERR_OK;
}

static enum err check_batch(struct ledger *ledger, const struct query *query, struct fault *fault)
{
	size_t count = (size_t)query_number(query, 2);
	struct devices devices = {.ledger = ledger, .batch = query_string(query, 1), .count = count,
		.imeis = calloc(count + 1, sizeof(uint64_t)), .seen = calloc(count / 8 + 1, 1)};
	struct fault twice;
	enum err err = devices.imeis != NULL && devices.seen != NULL ? ERR_OK : fault_memory(fault);

	if (err == ERR_OK)
		err = ledger_devices(ledger, query_number(query, 0), take_device, &devices, fault);
	if (err == ERR_OK) {
		err = ledger_check_rows(ledger, query_number(query, 0), query_string(query, 3), NULL,
		    devices.imeis,
		    count, &twice);
		if (err == ERR_NO)
			broken(ledger, "a batch with slots of an earlier one that it does not supersede",
			    devices.batch,
			    fault);
		else if (err != ERR_OK)
			*fault = twice;
	}
	free(devices.imeis);
	free(devices.seen);
	return err;
}

static enum err check_batches(struct ledger *ledger, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT rowid, id, count, slots FROM batches WHERE purpose = 0 ORDER BY rowid");
	struct fault ending;
	enum err err = ERR_OK, end;

	while (err == ERR_OK && query_row(&query))
		err = check_batch(ledger, &query, fault);
	end = query_end(&query, &ending);
	if (err == ERR_OK && end != ERR_OK) {
		*fault = ending;
		err = end;
	}
	return err;
}

enum err ledger_verify(struct ledger *ledger, struct fault *fault)
{
	enum err err = check_file(ledger, fault);

	if (err == ERR_OK)
		err = check_rules(ledger, fault);
	return err == ERR_OK ? check_batches(ledger, fault) : err;
}
