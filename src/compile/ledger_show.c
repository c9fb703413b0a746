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

#define ABANDONED "NOT EXISTS (SELECT 1 FROM batches WHERE purpose = 0" \
    " AND batches.series = numbers.series AND batches.seq = numbers.seq)"

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
	    " FROM grant_lots WHERE grant_lots.serial = grants.serial), ''), coalesce((SELECT min(serial)"
	    " FROM grant_replaces WHERE replaced = grants.serial), 0), document FROM grants ORDER BY serial",
	    {{"serial", COLUMN_NUMBER}, {"batch", COLUMN_TEXT}, {"not_before", COLUMN_TEXT},
	    {"not_after", COLUMN_TEXT}, {"lots", COLUMN_TEXT}, {"replaced_by", COLUMN_NUMBER},
	    {"grant_sha256", COLUMN_HASH}}},
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

enum err ledger_show(struct buffer *out, struct ledger *ledger, bool json, struct fault *fault)
{
	enum err err = ERR_OK;

	if (json)
		buffer_text(out, "{\"schema\":\"gapseal/ledger/v1\"");
	for (size_t i = 0; i < sizeof tables / sizeof *tables && err == ERR_OK; i++)
		err = put_table(out, ledger, &tables[i], json, fault);
	if (json)
		buffer_text(out, "}\n");
	return err == ERR_OK ? buffer_check(out, fault) : err;
}

struct place {
	bool found;
	uint32_t index;
};

static enum err take_index(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct place *place = context;

	(void)imei;
	(void)fault;
	place->found = true;
	place->index = index;
	return ERR_OK;
}

/* The batch of the row, if it has the device. */
static enum err find_in_row(struct buffer *out, bool *found, struct ledger *ledger, const struct query *query,
    uint64_t imei, bool json, struct fault *fault)
{
	struct place place = {0};
	struct freed freed;
	bool superseded;
	enum err err = ledger_common(ledger, query_number(query, 0), &imei, 1, take_index, &place, fault);

	if (err != ERR_OK || !place.found)
		return err;
	err = freed_read(&freed, ledger, query_bytes(query, 2), query_number(query, 3), NULL, fault);
	if (err != ERR_OK)
		return err;
	superseded = freed_has(&freed, place.index);
	freed_free(&freed);
	if (json) {
		buffer_format(out,
		    "%s{\"batch\":\"%s\",\"index\":%" PRIu32 ",\"superseded\":%s,\"manifest_sha256\":\"",
		    *found ? "," : "", query_string(query, 1), place.index, superseded ? "true" : "false");
		buffer_hex(out, query_bytes(query, 2));
		buffer_format(out, "\",\"slots\":\"%s\"}", query_string(query, 4));
	} else {
		buffer_format(out, "batch %s, index %" PRIu32 "%s, slots %s\n", query_string(query, 1),
		    place.index,
		    superseded ? ", superseded" : "", query_string(query, 4));
	}
	*found = true;
	return ERR_OK;
}

enum err ledger_find(struct buffer *out, bool *found, struct ledger *ledger, uint64_t imei, bool json,
    struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT rowid, id, manifest, count, slots FROM batches WHERE purpose = 0 ORDER BY rowid");
	struct fault ending;
	enum err err = ERR_OK, end;

	*found = false;
	if (json)
		buffer_format(out,
		    "{\"schema\":\"gapseal/ledger-find/v1\",\"imei\":\"%015" PRIu64 "\",\"batches\":[", imei);
	while (err == ERR_OK && query_row(&query))
		err = find_in_row(out, found, ledger, &query, imei, json, fault);
	end = query_end(&query, &ending);
	if (json)
		buffer_text(out, "]}\n");
	if (err == ERR_OK && end != ERR_OK) {
		*fault = ending;
		err = end;
	}
	return err == ERR_OK ? buffer_check(out, fault) : err;
}
