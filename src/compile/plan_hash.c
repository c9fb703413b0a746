/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gapseal/json.h"
#include "gapseal/pieces.h"
#include "plan_private.h"

#define KEY_LABEL "gapseal/plan/v1\n"
#define KEY_BYTES 32
#define HIDDEN_HASH 16

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The JSON half, as plan.h has it. */
struct document_credential {
	uint64_t bytes;
	bool chain;
	char column[NAME_SIZE];
	uint64_t days;
	unsigned line_ending;
	struct list lots;
	char name[NAME_SIZE];
	char password[NAME_SIZE];
	char *pem;
	unsigned source;
	uint64_t tag;
	char text[TEMPLATE_MAX + 1];
	uint64_t type;
};
struct document_lot {
	uint64_t count;
	char name[NAME_SIZE];
};
struct plan_document {
	char batch[NAME_SIZE];
	char *ca;
	struct list credentials;
	struct list lots;
	char org[NAME_SIZE];
	struct manifest_policy policy;
	char title[TITLE_SIZE];
};

static const char *const ending_words[] = {"crlf", "lf", NULL};

#define AT(member) offsetof(struct document_credential, member)
static const struct field credential_fields[] = {
	{"bytes", FIELD_INTEGER, AT(bytes), 0, NULL, NULL},
	{"chain", FIELD_BOOLEAN, AT(chain), 0, NULL, NULL},
	{"column", FIELD_TEXT, AT(column), NAME_SIZE, NULL, NULL},
	{"days", FIELD_INTEGER, AT(days), 0, NULL, NULL},
	{"line_ending", FIELD_CHOICE, AT(line_ending), 0, NULL, ending_words},
	{"lots", FIELD_LIST, AT(lots), 0, &names_shape, NULL},
	{"name", FIELD_NAME, AT(name), 0, NULL, NULL},
	{"password", FIELD_TEXT, AT(password), NAME_SIZE, NULL, NULL},
	{"pem", FIELD_LINES, AT(pem), 0, NULL, NULL},
	{"source", FIELD_CHOICE, AT(source), 0, NULL, source_words},
	{"tag", FIELD_INTEGER, AT(tag), 0, NULL, NULL},
	{"template", FIELD_TEXT, AT(text), TEMPLATE_MAX + 1, NULL, NULL},
	{"type", FIELD_INTEGER, AT(type), 0, NULL, NULL},
};
#undef AT
static const char *const later[] = {"chain", "lots", "password"}; /* keys of version 2 */

static bool is_later(const char *key)
{
	for (size_t i = 0; i < LENGTH(later); i++)
		if (strcmp(later[i], key) == 0)
			return true;
	return false;
}

static bool uses_later(const struct profile *profile)
{
	for (size_t i = 0; i < profile->count; i++)
		if (profile->credentials[i].chain || profile->credentials[i].lots.count > 0 ||
		    profile->credentials[i].password[0] != '\0')
			return true;
	return false;
}

static const struct field lot_fields[] = {
	{"count", FIELD_INTEGER, offsetof(struct document_lot, count), 0, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct document_lot, name), 0, NULL, NULL},
};
static const struct shape lots_shape = {NULL, lot_fields, LENGTH(lot_fields), sizeof(struct document_lot)};

/* The policy's table is the manifest's, found at run time, and that of credentials depends on the version:
 * so these are no constants. */
static void write_document(struct buffer *out, const struct plan_document *document, bool second)
{
	struct field credential[LENGTH(credential_fields)];
	struct shape credentials = {NULL, credential, 0, sizeof(struct document_credential)};
#define AT(member) offsetof(struct plan_document, member)
	const struct field fields[] = {
		{"batch", FIELD_NAME, AT(batch), 0, NULL, NULL},
		{"ca", FIELD_LINES, AT(ca), 0, NULL, NULL},
		{"credentials", FIELD_LIST, AT(credentials), 0, &credentials, NULL},
		{"lots", FIELD_LIST, AT(lots), 0, &lots_shape, NULL},
		{"org", FIELD_NAME, AT(org), 0, NULL, NULL},
		{"policy", FIELD_OBJECT, AT(policy), 0, profile_policy_shape(), NULL},
		{"title", FIELD_TEXT, AT(title), TITLE_SIZE, NULL, NULL},
	};
#undef AT
	const struct shape shape = {
		second ? PLAN_SCHEMA_2 : PLAN_SCHEMA, fields, LENGTH(fields), sizeof *document
	};

	for (size_t i = 0; i < LENGTH(credential_fields); i++)
		if (second || !is_later(credential_fields[i].key))
			credential[credentials.count++] = credential_fields[i];
	json_write(out, &shape, document);
}

static void put_credentials(struct document_credential *out, const struct profile *profile)
{
	for (size_t i = 0; i < profile->count; i++) {
		const struct profile_credential *from = &profile->credentials[i];

		out[i].bytes = from->bytes;
		out[i].chain = from->chain;
		out[i].lots = from->lots;
		memcpy(out[i].password, from->password, NAME_SIZE);
		memcpy(out[i].column, from->column, NAME_SIZE);
		out[i].days = from->days;
		out[i].line_ending = from->line_ending;
		memcpy(out[i].name, from->name, NAME_SIZE);
		out[i].pem = from->pem;
		out[i].source = from->source;
		out[i].tag = from->slot.tag;
		memcpy(out[i].text, from->text, sizeof out[i].text);
		out[i].type = from->slot.type;
	}
}

static enum err put_document(struct buffer *out, const struct plan *plan, struct fault *fault)
{
	struct document_credential *credentials = calloc(plan->profile->count + 1, sizeof *credentials);
	struct document_lot *lots = calloc(plan->lot_count + 1, sizeof *lots);
	struct plan_document document = {.ca = plan->ca, .policy = plan->profile->policy};

	if (credentials != NULL && lots != NULL) {
		put_credentials(credentials, plan->profile);
		for (size_t i = 0; i < plan->lot_count; i++) {
			lots[i].count = plan->lots[i].count;
			memcpy(lots[i].name, plan->lots[i].name, NAME_SIZE);
		}
		memcpy(document.batch, plan->batch, NAME_SIZE);
		memcpy(document.org, plan->org, NAME_SIZE);
		memcpy(document.title, plan->profile->title, TITLE_SIZE);
		document.credentials = (struct list){.items = credentials, .count = plan->profile->count};
		document.lots = (struct list){.items = lots, .count = plan->lot_count};
		write_document(out, &document, uses_later(plan->profile));
	} else {
		out->failed = true;
	}
	free(credentials);
	free(lots);
	return buffer_check(out, fault);
}

#define PIECE 4096 /* lines */

/* One thread's tools for the lines of devices. */
struct lines {
	const struct plan *plan;
	struct roster_reader *reader;
	struct roster_row row;
	struct secret *key;         /* 32 bytes, then room for a PSK */
	struct buffer text;
};

static struct bytes lot_name(const struct lines *lines, size_t row)
{
	if (lines->plan->lot_column >= 0)
		return lines->row.fields[lines->plan->lot_column];
	return bytes_of(lines->plan->lots[row / lines->plan->lot_size].name);
}

/* The keyed hash of what stands behind the key in lines->key. */
static enum err put_hidden(struct lines *lines, size_t credential, struct fault *fault)
{
	struct slot slot = lines->plan->profile->credentials[credential].slot;
	uint8_t id[8], hash[HIDDEN_HASH];
	struct bytes parts[2] = {bytes_from(id, sizeof id)};

	put_u64(id, (uint64_t)slot.tag * 256 + slot.type);
	parts[1] = bytes_from(secret_data(lines->key) + KEY_BYTES, secret_size(lines->key) - KEY_BYTES);
	hash_keyed(hash, sizeof hash, secret_data(lines->key), parts, 2);
	buffer_hex(&lines->text, bytes_from(hash, sizeof hash));
	return buffer_check(&lines->text, fault);
}

static enum err put_text(struct lines *lines, size_t credential, struct fault *fault)
{
	const struct profile_credential *of = &lines->plan->profile->credentials[credential];
	bool fits;

	secret_resize(lines->key, KEY_BYTES);
	if (of->source == SOURCE_PATH)
		fits = secret_put(lines->key, bytes_from(plan_mark(lines->plan, credential, lines->row.i),
		    HASH_SIZE));
	else if (of->slot.type == CREDENTIAL_PSK)
		fits = plan_psk(lines->key, lines->plan, credential, &lines->row);
	else
		return plan_text(&lines->text, lines->plan, credential, &lines->row, fault);
	return fits ? put_hidden(lines, credential, fault) : fault_memory(fault);
}

static enum err put_value(struct buffer *out, struct lines *lines, size_t credential, struct fault *fault)
{
	enum err err;

	if (!plan_uses_rows(&lines->plan->profile->credentials[credential]))
		return ERR_OK;
	buffer_clear(&lines->text);
	err = put_text(lines, credential, fault);
	buffer_byte(out, ',');
	buffer_decimal(out, lines->text.size);
	buffer_byte(out, ':');
	buffer_put(out, buffer_bytes(&lines->text));
	return err;
}

static enum err put_line(struct buffer *out, struct lines *lines, size_t row, struct fault *fault)
{
	enum err err = roster_row(&lines->row, lines->reader, row, fault);

	if (err != ERR_OK)
		return err;
	buffer_text(out, lines->row.imei);
	buffer_byte(out, ',');
	buffer_put(out, lot_name(lines, row));
	for (size_t i = 0; err == ERR_OK && i < plan_slots(lines->plan); i++)
		err = put_value(out, lines, plan_credential_of(lines->plan, row, i), fault);
	buffer_byte(out, '\n');
	return err;
}

static enum err make_lines(void *worker, void *room, uint64_t piece, struct fault *fault)
{
	struct lines *lines = worker;
	struct buffer *out = room;
	size_t row = (size_t)piece * PIECE, count = roster_count(lines->plan->roster);
	size_t end = row + PIECE < count ? row + PIECE : count;
	enum err err = ERR_OK;

	buffer_clear(out);
	for (; err == ERR_OK && row < end; row++)
		err = put_line(out, lines, row, fault);
	return err == ERR_OK ? buffer_check(out, fault) : err;
}

static enum err hash_lines(void *context, void *room, uint64_t piece, struct fault *fault)
{
	(void)piece;
	(void)fault;
	hash_add(context, buffer_bytes(room));
	return ERR_OK;
}

static void lines_free(struct lines *lines)
{
	roster_reader_free(&lines->reader);
	secret_free(&lines->key);
	buffer_free(&lines->text);
}

static enum err lines_new(struct lines *out, const struct plan *plan, struct secret *seed,
    struct fault *fault)
{
	struct bytes label = bytes_of(KEY_LABEL);
	enum err err;

	*out = (struct lines){.plan = plan};
	err = roster_reader_new(&out->reader, plan->roster, fault);
	if (err == ERR_OK)
		err = secret_new(&out->key, KEY_BYTES + ROSTER_FIELD_MAX, fault);
	if (err == ERR_OK)
		hash_keyed(secret_data(out->key), KEY_BYTES, secret_data(seed), &label, 1);
	return err;
}

static enum err add_lines(struct hash *hash, const struct plan *plan, struct secret *seed, unsigned threads,
    struct fault *fault)
{
	struct lines lines[PIECES_THREADS_MAX] = {{0}};
	struct buffer buffers[PIECES_ROOMS(PIECES_THREADS_MAX)] = {BUFFER_EMPTY};
	void *workers[PIECES_THREADS_MAX], *rooms[PIECES_ROOMS(PIECES_THREADS_MAX)];
	const struct pieces pieces = {
		.count = (roster_count(plan->roster) + PIECE - 1) / PIECE,
		.threads = threads,
		.make = make_lines,
		.take = hash_lines,
		.context = hash,
		.workers = workers,
		.rooms = rooms,
	};
	enum err err = ERR_OK;

	for (unsigned i = 0; i < PIECES_ROOMS(threads); i++)
		rooms[i] = &buffers[i];
	for (unsigned i = 0; i < threads && err == ERR_OK; i++) {
		workers[i] = &lines[i];
		err = lines_new(&lines[i], plan, seed, fault);
	}
	if (err == ERR_OK)
		err = pieces_run(&pieces, fault);
	for (unsigned i = 0; i < threads; i++)
		lines_free(&lines[i]);
	for (unsigned i = 0; i < PIECES_ROOMS(threads); i++)
		buffer_free(&buffers[i]);
	return err;
}

enum err plan_hash(uint8_t out[static HASH_SIZE], const struct plan *plan, struct secret *seed,
    unsigned threads, struct fault *fault)
{
	struct buffer document = BUFFER_EMPTY;
	struct hash hash;
	enum err err = put_document(&document, plan, fault);

	hash_begin(&hash);
	hash_add(&hash, buffer_bytes(&document));
	if (err == ERR_OK)
		err = add_lines(&hash, plan, seed, threads, fault);
	if (err == ERR_OK)
		hash_end(&hash, out);
	buffer_free(&document);
	return err;
}
