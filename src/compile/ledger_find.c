/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "ledger_private.h"

/* A device in a batch, and what is to be said of it. */
struct place {
	struct ledger *ledger;
	struct buffer *out;
	bool json, found;
	uint32_t index;
	char batch[NAME_SIZE], lot[NAME_SIZE];
	uint8_t manifest[HASH_SIZE];
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

/* Whether indices of some width, one behind the other, name the device. */
static bool names(const struct place *place, struct bytes indices, size_t width)
{
	uint8_t wanted[8];

	put_u64(wanted, place->index);
	for (size_t at = 0; at + width <= indices.size; at += width)
		if (memcmp(indices.data + at, wanted, width) == 0)
			return true;
	return false;
}

/* Behind another one. */
static void json_text(struct buffer *out, const char *key, const char *text)
{
	buffer_format(out, ",\"%s\":", key);
	buffer_json_text(out, text);
}

static enum err find_lot(struct place *place, struct fault *fault)
{
	struct query query = query_begin(place->ledger,
	    "SELECT name FROM lots WHERE batch = ? AND first <= ? ORDER BY first DESC LIMIT 1");

	query_text(&query, place->batch);
	query_integer(&query, place->index);
	if (query_row(&query))
		text_copy(place->lot, sizeof place->lot, bytes_of(query_string(&query, 0)));
	return query_end(&query, fault);
}

static void put_grant(const struct place *place, const struct query *query, bool records, bool first)
{
	struct buffer *out = place->out;
	uint64_t serial = query_number(query, 0), by = query_number(query, 4);

	if (place->json) {
		buffer_format(out, "%s{\"serial\":%" PRIu64 ",\"records\":%s", first ? "" : ",", serial,
		    records ? "true" : "false");
		json_text(out, "stations", query_string(query, 1));
		json_text(out, "not_before", query_string(query, 2));
		json_text(out, "not_after", query_string(query, 3));
		buffer_format(out, ",\"replaced_by\":%" PRIu64 "}", by);
		return;
	}
	buffer_format(out, "  grant %" PRIu64 "%s to %s, %s to %s", serial,
	    records ? " of single records" : "", query_string(query, 1), query_string(query, 2),
	    query_string(query, 3));
	if (by != 0)
		buffer_format(out, ", replaced by grant %" PRIu64, by);
	buffer_byte(out, '\n');
}

static enum err put_grants(const struct place *place, struct fault *fault)
{
	struct query query = query_begin(place->ledger, "SELECT serial,"
	    " coalesce((SELECT group_concat(station, ' ') FROM grant_stations"
	    " WHERE grant_stations.serial = grants.serial), ''), not_before, not_after,"
	    " coalesce((SELECT min(serial) FROM grant_replaces WHERE replaced = grants.serial), 0),"
	    " EXISTS (SELECT 1 FROM grant_lots WHERE grant_lots.serial = grants.serial AND lot = ?),"
	    " coalesce((SELECT indices FROM grant_records WHERE grant_records.serial = grants.serial), x'')"
	    " FROM grants WHERE batch = ? ORDER BY serial");
	bool first = true;

	query_text(&query, place->lot);
	query_text(&query, place->batch);
	while (query_row(&query)) {
		bool records = names(place, query_bytes(&query, 6), 8);

		if (!records && query_number(&query, 5) == 0)
			continue;
		put_grant(place, &query, records, first);
		first = false;
	}
	return query_end(&query, fault);
}

static enum err put_closeouts(const struct place *place, struct fault *fault)
{
	struct query query = query_begin(place->ledger, "SELECT station, entry, serial FROM closeouts"
	    " WHERE manifest = ? AND lot = ? ORDER BY station, entry");

	query_hash(&query, place->manifest);
	query_text(&query, place->lot);
	for (bool first = true; query_row(&query); first = false) {
		const char *station = query_string(&query, 0);
		uint64_t entry = query_number(&query, 1), grant = query_number(&query, 2);

		if (place->json) {
			buffer_format(place->out, "%s{\"entry\":%" PRIu64 ",\"grant\":%" PRIu64, first ? ""
			    : ",",
			    entry, grant);
			json_text(place->out, "station", station);
			buffer_byte(place->out, '}');
		} else {
			buffer_format(place->out, "  lot closed out by %s, entry %" PRIu64
			    ", under grant %" PRIu64 "\n", station, entry, grant);
		}
	}
	return query_end(&query, fault);
}

static enum err put_accepted(const struct place *place, struct fault *fault)
{
	struct query query = query_begin(place->ledger, "SELECT time, done FROM accepted WHERE manifest = ?");
	bool known, done = false;
	const char *time = "";

	query_hash(&query, place->manifest);
	known = query_row(&query);
	if (known) {
		done = names(place, query_bytes(&query, 1), 8);
		time = query_string(&query, 0);
	}
	if (place->json) {
		buffer_format(place->out, ",\"done\":%s", done ? "true" : "false");
		json_text(place->out, "accepted", time);
	} else if (known) {
		buffer_format(place->out, "  %s among the devices accepted as done on %s\n",
		    done ? "is" : "is not", time);
	} else {
		buffer_text(place->out, "  nothing of the batch was accepted as done\n");
	}
	return query_end(&query, fault);
}

/* The first batch that supersedes the device there. */
static enum err put_superseded(const struct place *place, struct fault *fault)
{
	struct query query = query_begin(place->ledger,
	    "SELECT supersedes.batch, reason, whole, supersedes.indices FROM supersedes"
	    " JOIN batches ON batches.id = supersedes.batch WHERE supersedes.manifest = ?"
	    " ORDER BY batches.rowid");
	const char *by = "", *reason = "";

	query_hash(&query, place->manifest);
	while (by[0] == '\0' && query_row(&query))
		if (query_number(&query, 2) != 0 || names(place, query_bytes(&query, 3), 4)) {
			by = query_string(&query, 0);
			reason = query_string(&query, 1);
		}
	if (place->json) {
		buffer_format(place->out, ",\"superseded\":%s", by[0] != '\0' ? "true" : "false");
		json_text(place->out, "superseded_by", by);
		json_text(place->out, "reason", reason);
	} else if (by[0] != '\0') {
		buffer_format(place->out, "  superseded by batch %s: %s\n", by, reason);
	}
	return query_end(&query, fault);
}

static void put_head(const struct place *place, const struct query *query)
{
	struct buffer *out = place->out;

	if (!place->json) {
		buffer_format(out, "batch %s, %s number %" PRIu64 ", issued %s\n", place->batch,
		    query_string(query, 5), query_number(query, 6), query_string(query, 7));
		buffer_format(out, "  lot %s, index %" PRIu32 ", slots %s\n", place->lot, place->index,
		    query_string(query, 4));
		return;
	}
	buffer_text(out, "{\"batch\":");
	buffer_json_text(out, place->batch);
	json_text(out, "series", query_string(query, 5));
	buffer_format(out, ",\"seq\":%" PRIu64, query_number(query, 6));
	json_text(out, "issued", query_string(query, 7));
	json_text(out, "lot", place->lot);
	buffer_format(out, ",\"index\":%" PRIu32, place->index);
	json_text(out, "slots", query_string(query, 4));
	buffer_text(out, ",\"manifest_sha256\":\"");
	buffer_hex(out, bytes_from(place->manifest, HASH_SIZE));
	buffer_byte(out, '"');
}

static enum err put_certificates(const struct place *place, struct fault *fault)
{
	struct buffer serials = BUFFER_EMPTY;
	enum err err = ledger_certificates(&serials, place->ledger, place->batch, place->index,
	    place->json ? "\",\"" : " ", fault);

	if (place->json)
		buffer_text(place->out, serials.size > 0 ? ",\"certificates\":[\"" : ",\"certificates\":[");
	else if (serials.size > 0)
		buffer_text(place->out, "  certificate serial ");
	buffer_put(place->out, buffer_bytes(&serials));
	if (place->json)
		buffer_text(place->out, serials.size > 0 ? "\"]" : "]");
	else if (serials.size > 0)
		buffer_byte(place->out, '\n');
	buffer_free(&serials);
	return err;
}

static enum err put_place(const struct place *place, const struct query *query, struct fault *fault)
{
	enum err err;

	put_head(place, query);
	err = put_certificates(place, fault);
	if (err == ERR_OK)
		err = put_superseded(place, fault);
	if (err == ERR_OK)
		err = put_accepted(place, fault);
	if (place->json)
		buffer_text(place->out, ",\"grants\":[");
	if (err == ERR_OK)
		err = put_grants(place, fault);
	if (place->json)
		buffer_text(place->out, "],\"closeouts\":[");
	if (err == ERR_OK)
		err = put_closeouts(place, fault);
	if (place->json)
		buffer_text(place->out, "]}");
	return err;
}

/* The batch of the row, if it has the device. */
static enum err find_in_row(struct buffer *out, bool *found, struct ledger *ledger, const struct query *query,
    uint64_t imei, bool json, struct fault *fault)
{
	struct place place = {.ledger = ledger, .out = out, .json = json};
	struct bytes manifest = query_bytes(query, 2);
	enum err err = ledger_common(ledger, query_number(query, 0), &imei, 1, take_index, &place, fault);

	if (err != ERR_OK || !place.found)
		return err;
	if (manifest.size != HASH_SIZE ||
	    !text_copy(place.batch, NAME_SIZE, bytes_of(query_string(query, 1))))
		return ledger_broken(ledger, "a batch without a name or a manifest", "", fault);
	memcpy(place.manifest, manifest.data, HASH_SIZE);
	if (json && *found)
		buffer_byte(out, ',');
	*found = true;
	err = find_lot(&place, fault);
	return err == ERR_OK ? put_place(&place, query, fault) : err;
}

enum err ledger_find(struct buffer *out, bool *found, struct ledger *ledger, uint64_t imei, bool json,
    struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT rowid, id, manifest, count, slots, series, seq, issued FROM batches"
	    " WHERE purpose = 0 ORDER BY rowid");
	enum err err = ERR_OK;

	*found = false;
	if (json)
		buffer_format(out,
		    "{\"schema\":\"gapseal/ledger-find/v1\",\"imei\":\"%015" PRIu64 "\",\"batches\":[", imei);
	while (err == ERR_OK && query_row(&query))
		err = find_in_row(out, found, ledger, &query, imei, json, fault);
	err = query_close(&query, err, fault);
	if (json)
		buffer_text(out, "]}\n");
	return err == ERR_OK ? buffer_check(out, fault) : err;
}
