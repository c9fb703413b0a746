/* SPDX-License-Identifier: ISC */
#include "review_text.h"

#include <inttypes.h>
#include <string.h>

#include "gapseal/json.h"
#include "gapseal/list.h"

#define LOTS_SHOWN 20
#define WIDTH 80
#define INDENT 19                /* of what is said of a credential */
#define HALF (HASH_SIZE / 2)

/* Words with blanks between, on as many lines as they need. */
struct lines {
	struct buffer *out;
	size_t indent, column;
};

static void put_word(struct lines *lines, const char *word)
{
	size_t length = strlen(word);

	if (lines->column > lines->indent && lines->column + 1 + length > WIDTH) {
		buffer_format(lines->out, "\n%*s", (int)lines->indent, "");
		lines->column = lines->indent;
	} else if (lines->column > lines->indent) {
		buffer_byte(lines->out, ' ');
		lines->column++;
	}
	buffer_text(lines->out, word);
	lines->column += length;
}

static void put_words(struct buffer *out, size_t indent, const char *before, const struct list *names)
{
	struct lines lines = {out, indent, indent};

	buffer_format(out, "%*s", (int)indent, "");
	put_word(&lines, before);
	for (size_t i = 0; i < names->count; i++)
		put_word(&lines, list_text(names, i, NAME_SIZE));
	buffer_byte(out, '\n');
}

/* Two lines of eight groups of four. */
static void put_hash(struct buffer *out, size_t indent, const uint8_t hash[static HASH_SIZE])
{
	for (size_t i = 0; i < HASH_SIZE; i += 2) {
		if (i % HALF == 0)
			buffer_format(out, "%*s", (int)indent, "");
		buffer_hex(out, bytes_from(hash + i, 2));
		buffer_byte(out, (i + 2) % HALF == 0 ? '\n' : ' ');
	}
}

static void put_fact(struct buffer *out, const char *before, const char *text, const char *behind)
{
	buffer_format(out, "%*s%s%s%s\n", INDENT, "", before, text, behind);
}

/* Where what goes into the slot comes from; goes on behind the credential's name. */
static void text_source(struct buffer *out, const struct review_credential *credential)
{
	switch (credential->source) {
	case SOURCE_DERIVED:
		buffer_format(out, "from the seed, %" PRIu64 " bytes\n", credential->bytes);
		return;
	case SOURCE_COLUMN:
		buffer_format(out, "from the CSV, column %s\n", credential->column);
		return;
	case SOURCE_TEMPLATE:
		buffer_format(out, "\"%s\"\n", credential->text);
		return;
	case SOURCE_FILES:
		buffer_text(out, "shared, SHA-256 as the modem lists it:\n");
		return;
	case SOURCE_GENERATED:
		buffer_text(out, "a P-256 key from the seed\n");
		return;
	case SOURCE_ISSUED:
		buffer_format(out, "issued for %" PRIu64 " days, CN \"%s\"\n", credential->days,
		    credential->text);
		return;
	case SOURCE_PATH:
		buffer_format(out, "in files that column %s of the CSV names\n", credential->column);
		return;
	case SOURCE_DELETE:
		buffer_text(out, "deleted: empty in the end\n");
		return;
	case SOURCE_EXPECT:
		buffer_text(out, "expected: occupied, and not touched\n");
		return;
	default:
		return;
	}
}

static void text_credential(struct buffer *out, const struct review_credential *credential, bool others)
{
	if (strlen(credential->name) > INDENT - 5)
		buffer_format(out, "    %s\n%*s", credential->name, INDENT, "");
	else
		buffer_format(out, "    %-*s ", INDENT - 5, credential->name);
	text_source(out, credential);
	if (credential->digest.present)
		put_hash(out, INDENT, credential->digest.hash);
	if (credential->chain)
		put_fact(out, "followed by the chain of the issuing CA", "", "");
	if (credential->password[0] != '\0')
		put_fact(out, "passwords of encrypted keys in column ", credential->password, "");
	if (credential->line_ending == LINE_ENDING_CRLF)
		put_fact(out, "lines end in CR LF", "", "");
	if (credential->lots.count > 0)
		put_words(out, INDENT, "only in lots", &credential->lots);
	else if (others)
		put_fact(out, "in all other lots", "", "");
}

static bool same_slot(const struct review_credential *a, const struct review_credential *b)
{
	return a->tag == b->tag && a->slot_type == b->slot_type;
}

/* Credentials stand in the order of their slots. */
static void text_slots(struct buffer *out, const struct review *review)
{
	const struct review_credential *items = review->credentials.items;
	size_t count = review->credentials.count;

	buffer_text(out, "\nslots, as tag/type\n");
	for (size_t i = 0; i < count; i++) {
		bool begins = i == 0 || !same_slot(&items[i], &items[i - 1]);
		bool others = !begins || (i + 1 < count && same_slot(&items[i], &items[i + 1]));

		if (begins)
			buffer_format(out, "  %" PRIu64 "/%" PRIu64 " %s\n", items[i].tag, items[i].slot_type,
			    items[i].type);
		text_credential(out, &items[i], others);
	}
}

/* What a lot has that not all lots have. */
static void text_own(struct buffer *out, const struct review *review, const char *lot)
{
	const struct review_credential *items = review->credentials.items;
	bool first = true;

	for (size_t i = 0; i < review->credentials.count; i++) {
		if (!list_holds_text(&items[i].lots, lot, NAME_SIZE))
			continue;
		buffer_format(out, "%s%s", first ? ", with its own " : " ", items[i].name);
		first = false;
	}
	buffer_byte(out, '\n');
}

static void text_lots(struct buffer *out, const struct review *review)
{
	const struct review_lot *lots = review->lots.items;
	size_t shown = review->lots.count < LOTS_SHOWN ? review->lots.count : LOTS_SHOWN;
	uint64_t rest = 0;

	buffer_format(out, "\nlots: %zu\n", review->lots.count);
	for (size_t i = 0; i < shown; i++) {
		buffer_format(out, "  %-20s %" PRIu64 " device%s", lots[i].name, lots[i].count,
		    lots[i].count == 1 ? "" : "s");
		text_own(out, review, lots[i].name);
	}
	for (size_t i = shown; i < review->lots.count; i++)
		rest += lots[i].count;
	if (rest > 0)
		buffer_format(out, "  and %zu more of together %" PRIu64 " devices: --json names them\n",
		    review->lots.count - shown, rest);
}

/* What is left of a piece of JSON without blanks, quotes, commas and brackets around it. */
static struct bytes bare(struct bytes value)
{
	static const char around[] = " \",[]";

	while (value.size > 0 && strchr(around, value.data[0]) != NULL)
		value = bytes_from(value.data + 1, value.size - 1);
	while (value.size > 0 && strchr(around, value.data[value.size - 1]) != NULL)
		value.size--;
	return value;
}

/* A line of the policy as canonical JSON: two blanks, a key and a value; or an element of a list. An empty
 * list or text is a condition that holds for any device. */
static void text_policy_line(struct buffer *out, struct bytes line, bool *skipping)
{
	struct cursor cursor = cursor_of(line);
	struct bytes blanks, key, value = line;
	bool open = line.data[line.size - 1] == '[';

	if (bytes_starts(line, "  \"") && take_bytes(&cursor, 3, &blanks) && take_field(&cursor, '"', &key)) {
		*skipping = bytes_is(key, "schema") || bytes_is(key, "slots"); /* those are shown already */
		if (!*skipping)
			buffer_format(out, "\n  %-17.*s", (int)key.size, (const char *)key.data);
		value = bytes_from(cursor.at + 1, cursor_left(&cursor) - 1); /* behind the colon */
		if (!*skipping && !open && bare(value).size == 0)
			buffer_text(out, " any");
	}
	value = bare(value);
	if (!*skipping && value.size > 0)
		buffer_format(out, " %.*s", (int)value.size, (const char *)value.data);
}

static void text_policy(struct buffer *out, const struct review *review)
{
	const struct shape *table = profile_policy_shape();
	const struct shape shape = {"policy", table->fields, table->count, table->size};
	struct buffer json = BUFFER_EMPTY;
	struct cursor cursor;
	struct bytes line;
	bool skipping = false;

	json_write(&json, &shape, &review->policy);
	out->failed |= json.failed;
	buffer_text(out, "\npolicy");
	cursor = cursor_of(buffer_bytes(&json));
	while (take_line(&cursor, &line))
		if (line.size > 1) /* the braces */
			text_policy_line(out, line, &skipping);
	buffer_byte(out, '\n');
	buffer_free(&json);
}

static void text_hash(struct buffer *out, const struct review *review)
{
	if (!review->plan_sha256.present) {
		buffer_text(out,
		    "\nplan hash: none without the seed, because secrets of the CSV go into it keyed;\n"
		    "  give --seed-share-fd, --seed-fd or --master\n");
		return;
	}
	buffer_format(out, "\nplan hash%s\n", review->keyed ? ", of this seed" : "");
	put_hash(out, 2, review->plan_sha256.hash);
	buffer_format(out, "  %s\n", review->words);
}

void review_text(struct buffer *out, const struct review *review)
{
	buffer_format(out, "batch %s of %s\n", review->batch, review->org);
	if (review->title[0] != '\0')
		buffer_format(out, "  title    %s\n", review->title);
	buffer_format(out, "  devices  %" PRIu64 ", the first %s, the last %s\n", review->devices,
	    review->first, review->last);
	buffer_format(out, "  records  %" PRIu64 " bytes each\n", review->stride);
	text_slots(out, review);
	if (review->ca_sha256.present) {
		buffer_text(out, "\nissuing CA, SHA-256 of its certificate\n");
		put_hash(out, 2, review->ca_sha256.hash);
	}
	text_lots(out, review);
	text_policy(out, review);
	text_hash(out, review);
}
