/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/list.h"
#include "gapseal/medium.h"

#define COLUMNS 80
#define INDENT 13         /* where values begin: "    signed   " */
#define WIDTH (COLUMNS - INDENT)
#define LOTS_SHOWN 16
#define HALF (FINGERPRINT_SIZE / 2 - 1) /* digits and spaces of half a fingerprint */

/* A line as it grows: label, then words that go on below each other. */
struct slip {
	struct buffer *out;
	size_t column;
};

static void start(struct slip *slip, const char *label)
{
	buffer_format(slip->out, "    %-*s", INDENT - 4, label);
	slip->column = INDENT;
}

static void word(struct slip *slip, struct bytes text)
{
	bool first = slip->column == INDENT;

	if (!first && slip->column + 1 + text.size > COLUMNS) {
		buffer_format(slip->out, "\n%*s", INDENT, "");
		slip->column = INDENT;
		first = true;
	}
	if (!first)
		buffer_byte(slip->out, ' ');
	buffer_put(slip->out, text);
	slip->column += text.size + !first;
}

static void end(struct slip *slip)
{
	buffer_byte(slip->out, '\n');
}

/* A sentence, cut where a word alone is longer than a line. */
static void put_text(struct buffer *out, const char *label, const char *text)
{
	struct slip slip = {.out = out};
	struct cursor cursor = cursor_of(bytes_of(text));
	struct bytes next;

	start(&slip, label);
	while (take_field(&cursor, ' ', &next)) {
		while (next.size > WIDTH) {
			word(&slip, bytes_from(next.data, WIDTH));
			next = bytes_from(next.data + WIDTH, next.size - WIDTH);
		}
		word(&slip, next);
	}
	end(&slip);
}

static void put_names(struct buffer *out, const char *label, const struct list *names, size_t size)
{
	struct slip slip = {.out = out};
	char more[64];

	if (names->count == 0)
		return;
	start(&slip, label);
	for (size_t i = 0; i < names->count && i < LOTS_SHOWN; i++)
		word(&slip, bytes_of(list_text(names, i, size)));
	if (names->count > LOTS_SHOWN) {
		snprintf(more, sizeof more, "and %zu more", names->count - LOTS_SHOWN);
		word(&slip, bytes_of(more));
	}
	end(&slip);
}

/* A fingerprint is too long for one line of a slip, and two are read aloud better. */
static void put_fingerprint(struct buffer *out, const char *label, const uint8_t hash[static HASH_SIZE])
{
	char text[FINGERPRINT_SIZE];

	fingerprint_print(text, hash);
	buffer_format(out, "    %-*s%.*s\n%*s%s\n", INDENT - 4, label, HALF, text, INDENT, "",
	    text + HALF + 1);
}

static void put_head(struct buffer *out, const struct delivery *delivery, const char *place)
{
	buffer_text(out, "GAPSEAL DELIVERY SLIP\n");
	put_text(out, "from", delivery->org);
	put_text(out, "packed", delivery->packed);
	put_text(out, "medium", text_is_printable(bytes_of(place)) ? place :
	    "(a name that cannot be printed)");
	buffer_format(out, "    %-*s%" PRIu64 " files of %" PRIu64 " bytes, and " SUMS_NAME "\n",
	    INDENT - 4, "holds", delivery->files, delivery->bytes);
	if (delivery->other_names > 0)
		buffer_format(out, "%*s%" PRIu64 " names of others at its top, left alone, not listed\n",
		    INDENT, "", delivery->other_names);
	if (delivery->rehearsal)
		buffer_text(out, "\n*** REHEARSAL ***  What is marked so never counts as production.\n");
	buffer_text(out, "\nREAD THIS NUMBER ALOUD: the SHA-256 of the file SHA256SUMS\n\n");
	put_fingerprint(out, "", delivery->sums_sha256);
}

/* The key's part behind its name, which is "<org>/<station>". */
static const char *key_of(const char *log_key)
{
	const char *plus = strchr(log_key, '+');

	return plus == NULL ? log_key : plus + 1;
}

static void put_stations(struct buffer *out, const struct delivery *delivery)
{
	const struct delivery_station *stations = delivery->stations.items;

	buffer_text(out, "\nFOR THE STATIONS\n");
	for (size_t i = 0; i < delivery->stations.count; i++) {
		buffer_format(out, "  %s\n", stations[i].name);
		put_text(out, "log key", key_of(stations[i].log_key));
	}
}

static void put_trust(struct buffer *out, const struct delivery *delivery)
{
	const struct delivery_trust *trusts = delivery->trust.items;

	buffer_text(out, "\nTRUST\n");
	for (size_t i = 0; i < delivery->trust.count; i++) {
		buffer_format(out, "  version %" PRIu64 ", issued %s\n", trusts[i].version, trusts[i].issued);
		put_fingerprint(out, "sha256", trusts[i].sha256);
	}
}

static void put_lots(struct buffer *out, const struct list *lots)
{
	const struct manifest_lot *items = lots->items;
	struct slip slip = {.out = out};
	char text[NAME_SIZE + 32];

	start(&slip, "lots");
	for (size_t i = 0; i < lots->count && i < LOTS_SHOWN; i++) {
		snprintf(text, sizeof text, "%s (%" PRIu64 ")", items[i].name, items[i].count);
		word(&slip, bytes_of(text));
	}
	if (lots->count > LOTS_SHOWN) {
		snprintf(text, sizeof text, "and %zu more", lots->count - LOTS_SHOWN);
		word(&slip, bytes_of(text));
	}
	end(&slip);
}

static void put_batches(struct buffer *out, const struct delivery *delivery)
{
	const struct delivery_batch *batches = delivery->batches.items;

	if (delivery->batches.count > 0)
		buffer_text(out, "\nBATCHES\n");
	for (size_t i = 0; i < delivery->batches.count; i++) {
		const struct delivery_batch *batch = &batches[i];

		buffer_format(out, "  %s%s\n", batch->batch,
		    batch->purpose == PURPOSE_REHEARSAL ? "  *** REHEARSAL ***" : "");
		if (batch->held)
			put_text(out, "note", "not on this medium: the stations hold it already");
		if (batch->records.count > 0)
			buffer_format(out, "    %-*sone device alone: record %" PRIu64 "\n", INDENT - 4,
			    "extract", list_integer(&batch->records, 0));
		if (batch->title[0] != '\0')
			put_text(out, "title", batch->title);
		put_text(out, "purpose", batch->purpose == PURPOSE_REHEARSAL ? "rehearsal" : "production");
		buffer_format(out, "    %-*s%" PRIu64 "\n", INDENT - 4, "devices", batch->devices);
		put_lots(out, &batch->lots);
		put_fingerprint(out, "manifest", batch->manifest_sha256);
		put_names(out, "signed", &batch->officers, NAME_SIZE);
	}
}

static void put_count(struct buffer *out, const char *label, uint64_t count, const char *what)
{
	buffer_format(out, "    %-*s%" PRIu64 " %s%s\n", INDENT - 4, label, count, what, count == 1 ? ""
	    : "s");
}

static void put_grant(struct buffer *out, const struct delivery_grant *grant)
{
	buffer_format(out, "  %" PRIu64 ", for batch %s\n", grant->serial, grant->batch);
	put_names(out, "stations", &grant->stations, sizeof(struct grant_station));
	put_names(out, "lots", &grant->lots, NAME_SIZE);
	if (grant->records.count > 0)
		put_count(out, "records", grant->records.count, "single device");
	put_count(out, "at most", grant->max_success, "device");
	buffer_format(out, "    %-*s%s to %s\n", INDENT - 4, "valid", grant->not_before, grant->not_after);
	if (grant->again.count > 0)
		buffer_format(out, "    %-*s%zu device%s may be done once more\n", INDENT - 4, "again",
		    grant->again.count, grant->again.count == 1 ? "" : "s");
	if (grant->replaces.count > 0)
		put_count(out, "replaces", grant->replaces.count, "earlier grant");
	put_fingerprint(out, "grant", grant->grant_sha256);
	put_names(out, "signed", &grant->officers, NAME_SIZE);
}

static void put_grants(struct buffer *out, const struct delivery *delivery)
{
	const struct delivery_grant *grants = delivery->grants.items;

	if (delivery->grants.count > 0)
		buffer_text(out, "\nGRANTS\n");
	for (size_t i = 0; i < delivery->grants.count; i++)
		put_grant(out, &grants[i]);
}

static void put_advice(struct buffer *out, const struct delivery *delivery)
{
	const struct delivery_trust *trusts = delivery->trust.items;

	buffer_text(out,
	    "\nBEFORE IT LEAVES THE OFFICE\n"
	    "  Unplug the medium, plug it in again, and in its folder run\n"
	    "      sha256sum -c --quiet SHA256SUMS\n"
	    "  Send this slip another way than the medium: who alters one alters both.\n"
	    "\nAT THE STATION (PATH is the folder of the medium, H the station's home)\n"
	    "  1. Run    sha256sum PATH/SHA256SUMS\n"
	    "     Call the office at a number you know. They read the number at the top\n"
	    "     of this slip; every digit must be the same.\n"
	    "  2. Run    (cd PATH && sha256sum -c --quiet SHA256SUMS)\n"
	    "     It must say nothing.\n"
	    "  3. Run    gapseal-line ingest --home H PATH\n"
	    "     It must end without a line that says refused.\n"
	    "  A station that holds no trust file yet takes one first, before step 3, and\n"
	    "  compares its fingerprint:\n");
	buffer_format(out, "      gapseal-line trust --home H PATH/" MEDIUM_TRUST "/trust-%06" PRIu64
	    ".json\n", trusts[delivery->trust.count - 1].version);
	buffer_text(out, "  If anything differs: stop, ingest nothing, keep the medium, call the office.\n");
}

void delivery_text(struct buffer *out, const struct delivery *delivery, const char *place)
{
	put_head(out, delivery, place);
	put_stations(out, delivery);
	put_trust(out, delivery);
	put_batches(out, delivery);
	put_grants(out, delivery);
	put_advice(out, delivery);
}
