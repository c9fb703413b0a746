/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_AUDITS_H
#define GAPSEAL_AUDITS_H

/*
 * What the tests of the auditor share: a folder with trust files, batches and grants, made and signed as the
 * office would, with whatever is to be wrong in them. After officers.h.
 */
#include <sys/stat.h>

#include "place.h"

#include "gapseal/file.h"
#include "gapseal/reconcile.h"
#include "gapseal/tree.h"

#define RUN_STRIDE 192
#define CLOCK_BASE INT64_C(1782900000) /* 2026-07-01T10:00:00Z */

/* What is given to the audit. */
static const char *given_trusts[8], *given_batches[8], *given_grants[8], *given_logs[8];
static size_t trusts_given, batches_given, grants_given, logs_given;
static uint8_t trust_hashes[8][HASH_SIZE];
static struct audit *audit;

/* The path of a name in the place, kept until the test ends. */
static char paths[64][400];
static size_t path_count;
static inline const char *in_place(const char *name)
{
	char *path = paths[path_count++];

	assert_true(path_count <= 64);
	snprintf(path, sizeof paths[0], "%s/%s", place_path, name);
	return path;
}

static inline int audit_set_up(void **state)
{
	(void)state;
	trusts_given = batches_given = grants_given = logs_given = path_count = 0;
	place_make();
	return 0;
}

static inline int audit_tear_down(void **state)
{
	(void)state;
	audit_free(&audit);
	place_remove();
	return 0;
}
#define AUDIT_TEST(function) cmocka_unit_test_setup_teardown(function, audit_set_up, audit_tear_down)

/* A file in a folder given by its path. */
static inline void put_file(const char *path, const char *name, struct bytes text)
{
	int folder;

	assert_int_equal(folder_open(&folder, AT_FDCWD, path, &fault), ERR_OK);
	if (file_write(folder, name, text, 0644, true, &fault) != ERR_OK)
		fail_msg("%s/%s: %s", path, name, fault.text);
	close(folder);
}

/* The document and its signatures. */
static inline void put_document(const char *path, const char *name, const struct document *document)
{
	char signature[64 + MINISIG_KEYID_SIZE];

	put_file(path, name, buffer_bytes(&document->text));
	for (size_t i = 0; i < document->count; i++) {
		snprintf(signature, sizeof signature, "%.40s.%s.minisig", name,
		    document->signatures[i].key_id);
		put_file(path, signature, buffer_bytes(&document->signatures[i].text));
	}
}

/* The next version: signed by Anna and Bert; given to the audit. Frees the fields. */
static inline void put_trust(struct trust_fields *fields)
{
	struct document document;
	char name[32];

	if (trusts_given > 0)
		hex_encode(fields->prev, bytes_from(trust_hashes[trusts_given - 1], HASH_SIZE));
	fields->version = trusts_given + 1;
	if (trusts_given == 0)
		fields->prev[0] = '\0';
	trust_document(&document, fields);
	sign_trust(&document, ANNA, fields->version);
	sign_trust(&document, BERT, fields->version);
	snprintf(name, sizeof name, "trust-%zu.json", trusts_given + 1);
	given_trusts[trusts_given] = in_place(name);
	put_document(place_path, name, &document);
	memcpy(trust_hashes[trusts_given++], document.hash, HASH_SIZE);
	document_free(&document);
	json_free(fields, &trust_shape);
}

/* Stations line1, line2, line3; no witness. */
static inline void plain_trust(struct trust_fields *out)
{
	specimen_trust(out);
	add_station(out, "line3", 5);
	out->witnesses.count = 0;
}

static inline void put_plain_trust(void)
{
	struct trust_fields fields;

	plain_trust(&fields);
	put_trust(&fields);
}

/* One batch: set fields between run_begin and run_put. */
struct run {
	struct manifest_fields fields;
	uint8_t hash[HASH_SIZE];
	char folder[64];
	uint8_t (*leaves)[HASH_SIZE], (*states)[HASH_SIZE];
};

static inline void run_lot(struct run *run, const char *name, uint64_t count)
{
	struct manifest_lot *lot = list_grow(&run->fields.lots, sizeof *lot);

	snprintf(lot->name, sizeof lot->name, "%s", name);
	lot->first = run->fields.count;
	lot->count = count;
	run->fields.count += count;
}

static inline void run_begin(struct run *run, const char *id)
{
	struct manifest_fields *fields = &run->fields;
	struct manifest_slot *slot;

	memset(run, 0, sizeof *run);
	snprintf(fields->org, sizeof fields->org, "acme");
	snprintf(fields->batch, sizeof fields->batch, "%s", id);
	snprintf(fields->issued, sizeof fields->issued, "2026-07-01T09:00:00Z");
	snprintf(fields->series, sizeof fields->series, "acme");
	snprintf(fields->title, sizeof fields->title, "Trackers <&\"'> for the north");
	snprintf(fields->tool, sizeof fields->tool, "gapseal test");
	fields->kind = KIND_FULL;
	fields->purpose = PURPOSE_PRODUCTION;
	fields->seq = 1;
	fields->trust = 1;
	fields->stride = RUN_STRIDE;
	fields->policy.attempts = 3;
	fields->policy.existing = EXISTING_REPLACE;
	fields->policy.rework = REWORK_NEVER;
	*(unsigned *)list_grow(&fields->policy.digest_forms, sizeof(unsigned)) = DIGEST_EXACT;
	slot = list_grow(&fields->policy.slots, sizeof *slot);
	*slot = (struct manifest_slot){.state = SLOT_DIGEST, .tag = 42, .type = 3};
}

/* Tags ascend; the rest tells records of all batches apart. */
static inline void run_record(uint8_t out[static RUN_STRIDE], const struct run *run, uint64_t index)
{
	char name[80];

	snprintf(name, sizeof name, "%s %llu", run->fields.batch, (unsigned long long)index);
	for (size_t i = 0; i < RUN_STRIDE / HASH_SIZE; i++) {
		name[0]++;
		hash_bytes(out + i * HASH_SIZE, bytes_of(name));
	}
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(index >> (56 - 8 * i));
}

static inline struct buffer run_records(struct run *run)
{
	struct manifest_file *file = list_grow(&run->fields.files, sizeof *file);
	struct buffer records = BUFFER_EMPTY;
	struct tree tree = {0};

	run->leaves = calloc(run->fields.count, sizeof *run->leaves);
	run->states = calloc(run->fields.count, sizeof *run->states);
	for (uint64_t i = 0; i < run->fields.count; i++) {
		uint8_t *record = buffer_space(&records, RUN_STRIDE);

		run_record(record, run, i);
		hash_leaf(run->leaves[i], bytes_from(record, RUN_STRIDE));
		memcpy(run->states[i], record + RECORD_STATE, HASH_SIZE);
		tree_push(&tree, run->leaves[i]);
	}
	tree_root(&tree, run->fields.root);
	hash_bytes(file->sha256, buffer_bytes(&records));
	file->bytes = records.size;
	return records;
}

static inline void run_sums(const struct run *run, const char *path)
{
	const struct manifest_file *file = run->fields.files.items;
	struct buffer sums = BUFFER_EMPTY;

	buffer_hex(&sums, bytes_from(run->hash, HASH_SIZE));
	buffer_text(&sums, "  manifest.json\n");
	buffer_hex(&sums, bytes_from(file->sha256, HASH_SIZE));
	buffer_text(&sums, "  records-000.bin\n");
	put_file(path, SUMS_NAME, buffer_bytes(&sums));
	buffer_free(&sums);
}

/* Signed by the officers given (Anna and Bert are enough); given to the audit. */
static inline void run_put_signed(struct run *run, const size_t *signers, size_t count)
{
	struct buffer records = run_records(run), text = BUFFER_EMPTY;
	struct document document;
	const char *path;

	snprintf(run->folder, sizeof run->folder, "batch-%s", run->fields.batch);
	path = given_batches[batches_given++] = in_place(run->folder);
	assert_int_equal(mkdir(path, 0755), 0);
	put_file(path, "records-000.bin", buffer_bytes(&records));
	json_write(&text, &manifest_shape, &run->fields);
	document_of(&document, "manifest.json", buffer_bytes(&text));
	for (size_t i = 0; i < count; i++)
		sign(&document, signers[i], "manifest", run->fields.batch);
	put_document(path, MANIFEST_NAME, &document);
	memcpy(run->hash, document.hash, HASH_SIZE);
	run_sums(run, path);
	document_free(&document);
	buffer_free(&text);
	buffer_free(&records);
}

static inline void run_put(struct run *run)
{
	run_put_signed(run, (const size_t[]){ANNA, BERT}, 2);
}

static inline void run_free(struct run *run)
{
	json_free(&run->fields, &manifest_shape);
	free(run->leaves);
	free(run->states);
}

/* One grant: all lots of a run to line1 and line2 unless a test changes that. */
static inline void permit_begin(struct grant_fields *out, const struct run *run, uint64_t serial)
{
	static const char *const names[] = {"line1", "line2"};
	const struct manifest_lot *lots = run->fields.lots.items;

	memset(out, 0, sizeof *out);
	memcpy(out->batch, run->fields.batch, NAME_SIZE);
	memcpy(out->manifest_sha256, run->hash, HASH_SIZE);
	hash_bytes(out->keys_sha256, bytes_of("sealed"));
	snprintf(out->not_before, sizeof out->not_before, "2026-07-01T00:00:00Z");
	snprintf(out->not_after, sizeof out->not_after, "2026-09-01T00:00:00Z");
	out->serial = serial;
	out->trust = 1;
	out->max_success = run->fields.count;
	for (size_t i = 0; i < run->fields.lots.count; i++)
		memcpy(list_grow(&out->lots, NAME_SIZE), lots[i].name, NAME_SIZE);
	for (uint8_t i = 0; i < 2; i++) {
		struct grant_station *station = list_grow(&out->stations, sizeof *station);

		snprintf(station->name, sizeof station->name, "%s", names[i]);
		specimen_recipient(station->recipient, (uint8_t)(i + 1));
	}
}

/* Signed by Anna; given to the audit. Frees the fields, gives the document's hash. */
static inline void permit_put(uint8_t hash[static HASH_SIZE], struct grant_fields *fields)
{
	struct buffer text = BUFFER_EMPTY;
	struct document document;
	const char *path;
	char name[32], id[24];

	snprintf(id, sizeof id, "%llu", (unsigned long long)fields->serial);
	snprintf(name, sizeof name, "grant-%s", id);
	path = given_grants[grants_given++] = in_place(name);
	assert_int_equal(mkdir(path, 0755), 0);
	put_file(path, GRANT_KEYS_NAME, bytes_of("sealed"));
	json_write(&text, &grant_shape, fields);
	document_of(&document, "grant.json", buffer_bytes(&text));
	sign(&document, ANNA, "grant", id);
	put_document(path, GRANT_NAME, &document);
	memcpy(hash, document.hash, HASH_SIZE);
	document_free(&document);
	buffer_free(&text);
	json_free(fields, &grant_shape);
}

#endif
