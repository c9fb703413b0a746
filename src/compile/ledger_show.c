/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "ledger_private.h"

enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_HASH, COLUMN_FLAG };
struct column {
	const char *key;
	enum column_kind kind;
};
struct table {
	const char *key;             /* also its heading */
	const char *sql;
	struct column columns[10];   /* ended by one without a key */
};

static const struct table tables[] = {
	{"batches",
	    "SELECT id, purpose = 0, series, seq, issued, count, manifest, plan FROM batches ORDER BY rowid",
	    {{"id", COLUMN_TEXT}, {"production", COLUMN_FLAG}, {"series", COLUMN_TEXT}, {"seq",
	    COLUMN_NUMBER},
	    {"issued", COLUMN_TEXT}, {"count", COLUMN_NUMBER}, {"manifest_sha256", COLUMN_HASH},
	    {"plan_sha256", COLUMN_HASH}}},
	{"abandoned", "SELECT series, seq, batch FROM numbers WHERE " ABANDONED " ORDER BY series, seq",
	    {{"series", COLUMN_TEXT}, {"seq", COLUMN_NUMBER}, {"batch", COLUMN_TEXT}}},
	{"supersedes",
	    "SELECT batch, manifest, whole, length(indices) / 4, reason FROM supersedes ORDER BY rowid",
	    {{"batch", COLUMN_TEXT}, {"manifest_sha256", COLUMN_HASH}, {"all", COLUMN_FLAG},
	    {"indices", COLUMN_NUMBER}, {"reason", COLUMN_TEXT}}},
	{"grants", "SELECT serial, batch, not_before, not_after, coalesce((SELECT group_concat(lot, ' ')"
	    " FROM grant_lots WHERE grant_lots.serial = grants.serial), ''),"
	    " coalesce((SELECT length(indices) / 8 FROM grant_records"
	    " WHERE grant_records.serial = grants.serial), 0),"
	    " coalesce((SELECT group_concat(station, ' ') FROM grant_stations"
	    " WHERE grant_stations.serial = grants.serial), ''), coalesce((SELECT min(serial)"
	    " FROM grant_replaces WHERE replaced = grants.serial), 0), document FROM grants ORDER BY serial",
	    {{"serial", COLUMN_NUMBER}, {"batch", COLUMN_TEXT}, {"not_before", COLUMN_TEXT},
	    {"not_after", COLUMN_TEXT}, {"lots", COLUMN_TEXT}, {"records", COLUMN_NUMBER},
	    {"stations", COLUMN_TEXT}, {"replaced_by", COLUMN_NUMBER}, {"grant_sha256", COLUMN_HASH}}},
	{"accepted", "SELECT manifest, trust, time, length(done) / 8, document FROM accepted ORDER BY rowid",
	    {{"manifest_sha256", COLUMN_HASH}, {"trust", COLUMN_NUMBER}, {"time", COLUMN_TEXT},
	    {"done", COLUMN_NUMBER}, {"activation_sha256", COLUMN_HASH}}},
	{"closeouts",
	    "SELECT station, entry, manifest, lot, serial, done, failed, void, unused FROM closeouts"
	    " ORDER BY station, entry",
	    {{"station", COLUMN_TEXT}, {"entry", COLUMN_NUMBER}, {"manifest_sha256", COLUMN_HASH},
	    {"lot", COLUMN_TEXT}, {"grant", COLUMN_NUMBER}, {"done", COLUMN_NUMBER}, {"failed",
	    COLUMN_NUMBER},
	    {"void", COLUMN_NUMBER}, {"unused", COLUMN_NUMBER}}},
};

static void json_value(struct buffer *out, const struct query *query, int i, enum column_kind kind)
{
	switch (kind) {
	case COLUMN_TEXT:
		buffer_json_text(out, query_string(query, i));
		return;
	case COLUMN_NUMBER:
		buffer_format(out, "%" PRIu64, query_number(query, i));
		return;
	case COLUMN_FLAG:
		buffer_text(out, query_number(query, i) != 0 ? "true" : "false");
		return;
	case COLUMN_HASH:
		buffer_byte(out, '"');
		buffer_hex(out, query_bytes(query, i));
		buffer_byte(out, '"');
		return;
	}
}

static void text_value(struct buffer *out, const struct query *query, int i, const struct column *column)
{
	if (column->kind == COLUMN_FLAG) {
		if (query_number(query, i) != 0)
			buffer_format(out, " %s", column->key);
		return;
	}
	buffer_format(out, i == 0 ? "  " : ", %s ", column->key);
	if (column->kind == COLUMN_TEXT)
		buffer_text(out, query_string(query, i));
	else if (column->kind == COLUMN_HASH)
		buffer_hex(out, query_bytes(query, i));
	else
		json_value(out, query, i, column->kind);
}

static void put_row(struct buffer *out, const struct query *query, const struct table *table, bool json)
{
	if (json)
		buffer_byte(out, '{');
	for (int i = 0; table->columns[i].key != NULL; i++) {
		if (json) {
			buffer_format(out, "%s\"%s\":", i > 0 ? "," : "", table->columns[i].key);
			json_value(out, query, i, table->columns[i].kind);
		} else {
			text_value(out, query, i, &table->columns[i]);
		}
	}
	buffer_byte(out, json ? '}' : '\n');
}

static enum err put_table(struct buffer *out, struct ledger *ledger, const struct table *table, bool json,
    struct fault *fault)
{
	struct query query = query_begin(ledger, table->sql);
	bool first = true;

	if (json)
		buffer_format(out, ",\"%s\":[", table->key);
	for (; query_row(&query); first = false) {
		if (json && !first)
			buffer_byte(out, ',');
		if (!json && first)
			buffer_format(out, "%s\n", table->key);
		put_row(out, &query, table, json);
	}
	if (json)
		buffer_byte(out, ']');
	return query_end(&query, fault);
}

/* None before the first batch. */
static enum err put_org(struct buffer *out, struct ledger *ledger, bool json, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT org FROM meta");
	bool known = query_row(&query);
	const char *org = known ? query_string(&query, 0) : "";

	if (json) {
		buffer_text(out, "{\"schema\":\"gapseal/ledger/v1\",\"org\":");
		buffer_json_text(out, org);
	} else if (known) {
		buffer_format(out, "ledger of %s\n", org);
	}
	return query_end(&query, fault);
}

enum err ledger_show(struct buffer *out, struct ledger *ledger, bool json, struct fault *fault)
{
	enum err err = put_org(out, ledger, json, fault);

	for (size_t i = 0; i < sizeof tables / sizeof *tables && err == ERR_OK; i++)
		err = put_table(out, ledger, &tables[i], json, fault);
	if (json)
		buffer_text(out, "}\n");
	return err == ERR_OK ? buffer_check(out, fault) : err;
}
