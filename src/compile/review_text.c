/* SPDX-License-Identifier: ISC */
#include "review_text.h"

#include <inttypes.h>

#include "gapseal/json.h"
#include "gapseal/list.h"
#include "gapseal/review.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define LOTS_SHOWN 20

#define AT(member) offsetof(struct review_credential, member)
static const struct field credential_fields[] = {
	{"bytes", FIELD_INTEGER, AT(bytes), 0, NULL, NULL},
	{"chain", FIELD_BOOLEAN, AT(chain), 0, NULL, NULL},
	{"column", FIELD_TEXT, AT(column), NAME_SIZE, NULL, NULL},
	{"days", FIELD_INTEGER, AT(days), 0, NULL, NULL},
	{"digest", FIELD_HASH_OR_EMPTY, AT(digest), 0, NULL, NULL},
	{"lots", FIELD_LIST, AT(lots), 0, &names_shape, NULL},
	{"name", FIELD_NAME, AT(name), 0, NULL, NULL},
	{"source", FIELD_CHOICE, AT(source), 0, NULL, source_words},
	{"tag", FIELD_INTEGER, AT(tag), 0, NULL, NULL},
	{"template", FIELD_TEXT, AT(text), TEMPLATE_MAX + 1, NULL, NULL},
	{"type", FIELD_TEXT, AT(type), NAME_SIZE, NULL, NULL},
};
#undef AT
static const struct shape credentials_shape = {
	NULL, credential_fields, LENGTH(credential_fields), sizeof(struct review_credential)
};
static const struct field lot_fields[] = {
	{"count", FIELD_INTEGER, offsetof(struct review_lot, count), 0, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct review_lot, name), 0, NULL, NULL},
};
static const struct shape lots_shape = {NULL, lot_fields, LENGTH(lot_fields), sizeof(struct review_lot)};

void review_json(struct buffer *out, const struct review *review)
{
#define AT(member) offsetof(struct review, member)
	const struct field fields[] = {
		{"batch", FIELD_NAME, AT(batch), 0, NULL, NULL},
		{"ca_sha256", FIELD_HASH_OR_EMPTY, AT(ca_sha256), 0, NULL, NULL},
		{"credentials", FIELD_LIST, AT(credentials), 0, &credentials_shape, NULL},
		{"devices", FIELD_INTEGER, AT(devices), 0, NULL, NULL},
		{"first", FIELD_TEXT, AT(first), IMEI_SIZE, NULL, NULL},
		{"keyed", FIELD_BOOLEAN, AT(keyed), 0, NULL, NULL},
		{"last", FIELD_TEXT, AT(last), IMEI_SIZE, NULL, NULL},
		{"lots", FIELD_LIST, AT(lots), 0, &lots_shape, NULL},
		{"org", FIELD_NAME, AT(org), 0, NULL, NULL},
		{"plan_sha256", FIELD_HASH_OR_EMPTY, AT(plan_sha256), 0, NULL, NULL},
		{"policy", FIELD_OBJECT, AT(policy), 0, profile_policy_shape(), NULL},
		{"stride", FIELD_INTEGER, AT(stride), 0, NULL, NULL},
		{"title", FIELD_TEXT, AT(title), TITLE_SIZE, NULL, NULL},
		{"words", FIELD_TEXT, AT(words), WORDS_SIZE, NULL, NULL},
	};
#undef AT
	const struct shape shape = {REVIEW_SCHEMA, fields, LENGTH(fields), sizeof *review};

	json_write(out, &shape, review);
}

static void text_credential(struct buffer *out, const struct review_credential *credential)
{
	buffer_format(out, "  %-10" PRIu64 " %-8s %-9s", credential->tag, credential->type,
	    source_words[credential->source]);
	if (credential->bytes > 0)
		buffer_format(out, " %" PRIu64 " bytes", credential->bytes);
	if (credential->column[0] != '\0')
		buffer_format(out, " CSV column %s", credential->column);
	if (credential->text[0] != '\0')
		buffer_format(out, " \"%s\"", credential->text);
	if (credential->days > 0)
		buffer_format(out, ", %" PRIu64 " days%s", credential->days,
		    credential->chain ? ", with the CA's chain" : "");
	if (credential->digest.present) {
		buffer_text(out, " sha256 ");
		buffer_hex(out, bytes_from(credential->digest.hash, HASH_SIZE));
	}
	for (size_t i = 0; i < credential->lots.count; i++)
		buffer_format(out, "%s%s", i == 0 ? ", lots " : " ",
		    list_text(&credential->lots, i, NAME_SIZE));
	buffer_byte(out, '\n');
}

static void text_lots(struct buffer *out, const struct review *review)
{
	const struct review_lot *lots = review->lots.items;
	size_t shown = review->lots.count < LOTS_SHOWN ? review->lots.count : LOTS_SHOWN;

	buffer_format(out, "lots: %zu\n", review->lots.count);
	for (size_t i = 0; i < shown; i++)
		buffer_format(out, "  %-40s %" PRIu64 " device%s\n", lots[i].name, lots[i].count,
		    lots[i].count == 1 ? "" : "s");
	if (shown < review->lots.count)
		buffer_format(out, "  and %zu more\n", review->lots.count - shown);
}

/* The policy in the manifest's own words: its canonical JSON without the braces. */
static void text_policy(struct buffer *out, const struct review *review)
{
	const struct shape *table = profile_policy_shape();
	const struct shape shape = {"policy", table->fields, table->count, table->size};
	struct buffer json = BUFFER_EMPTY;
	struct cursor cursor;
	struct bytes line;

	json_write(&json, &shape, &review->policy);
	out->failed |= json.failed;
	buffer_text(out, "policy:\n");
	cursor = cursor_of(buffer_bytes(&json));
	while (take_line(&cursor, &line)) {
		if (line.size < 2 || bytes_starts(line, "  \"schema\""))
			continue;
		buffer_put(out, line);
		buffer_byte(out, '\n');
	}
	buffer_free(&json);
}

static void text_hash(struct buffer *out, const struct review *review)
{
	if (!review->plan_sha256.present) {
		buffer_text(out,
		    "plan hash: none without the seed, because secrets of the CSV go into it keyed; give"
		    " --seed-share-fd, --seed-fd or --master\n");
		return;
	}
	buffer_text(out, "plan hash: ");
	buffer_hex(out, bytes_from(review->plan_sha256.hash, HASH_SIZE));
	buffer_format(out, "%s\n           %s\n", review->keyed ? " (of this seed)" : "", review->words);
}

void review_text(struct buffer *out, const struct review *review)
{
	const struct review_credential *credentials = review->credentials.items;

	buffer_format(out, "batch %s of %s\n", review->batch, review->org);
	if (review->title[0] != '\0')
		buffer_format(out, "title: %s\n", review->title);
	buffer_format(out, "devices: %" PRIu64 ", from %s to %s, %" PRIu64 " bytes a record\n",
	    review->devices,
	    review->first, review->last, review->stride);
	buffer_text(out, "credentials:\n");
	for (size_t i = 0; i < review->credentials.count; i++)
		text_credential(out, &credentials[i]);
	if (review->ca_sha256.present) {
		buffer_text(out, "issuing CA: sha256 ");
		buffer_hex(out, bytes_from(review->ca_sha256.hash, HASH_SIZE));
		buffer_byte(out, '\n');
	}
	text_lots(out, review);
	text_policy(out, review);
	text_hash(out, review);
}
