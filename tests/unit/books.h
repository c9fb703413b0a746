/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_BOOKS_H
#define GAPSEAL_BOOKS_H

/*
 * Station logs for the tests of the auditor, and the audit over all that was made. After officers.h.
 */
#include "audits.h"

#include "gapseal/signer.h"

/* One station's log. */
struct book {
	const char *station;
	uint8_t number;              /* of its specimen keys */
	struct buffer text;
	struct tree tree;
	int64_t clock;               /* seconds its clock is off */
	bool steps_back;             /* its monotonic clock does not go on */
	uint64_t signed_size;        /* entries under the checkpoint; 0: all */
	uint8_t signed_root[HASH_SIZE];
};

static inline uint64_t book_put(struct book *book, struct entry *entry)
{
	uint8_t leaf[HASH_SIZE];
	size_t start = book->text.size;

	entry->v = ENTRY_VERSION;
	entry->n = book->tree.size;
	entry->mono = book->steps_back ? 1 : 1000 * (entry->n + 1);
	utc_format(entry->time, CLOCK_BASE + book->clock + (int64_t)entry->n);
	snprintf(entry->boot, sizeof entry->boot, "b0071d");
	entry_format(&book->text, entry);
	hash_leaf(leaf, bytes_from(book->text.data + start, book->text.size - start));
	buffer_byte(&book->text, '\n');
	tree_push(&book->tree, leaf);
	return entry->n;
}

static inline void book_enroll(struct book *book)
{
	struct entry entry = {.type = ENTRY_ENROLL};
	char name[2 * NAME_SIZE];

	snprintf(name, sizeof name, "acme/%s", book->station);
	snprintf(entry.org, sizeof entry.org, "acme");
	snprintf(entry.station, sizeof entry.station, "%s", book->station);
	snprintf(entry.tool, sizeof entry.tool, "gapseal test");
	specimen_recipient(entry.recipient, book->number);
	specimen_log_key(entry.log_key, name, book->number);
	book_put(book, &entry);
}

static inline void book_trust(struct book *book, uint64_t version)
{
	struct entry entry = {.type = ENTRY_TRUST, .trust = version, .sha256.present = true};

	memcpy(entry.sha256.hash, trust_hashes[version - 1], HASH_SIZE);
	book_put(book, &entry);
}

/* grant 0: the batch itself, its document's hash that of the manifest. */
static inline void book_ingest(struct book *book, const struct run *run, uint64_t grant, const uint8_t *hash,
    uint64_t trust)
{
	struct entry entry = {.type = ENTRY_INGEST, .trust = trust, .grant = grant, .sha256.present = true,
	    .manifest.present = true};

	memcpy(entry.batch, run->fields.batch, NAME_SIZE);
	memcpy(entry.manifest.hash, run->hash, HASH_SIZE);
	memcpy(entry.sha256.hash, grant == 0 ? run->hash : hash, HASH_SIZE);
	book_put(book, &entry);
}

/* A station that has enrolled, trusts version 1 and has the batch and the grant. */
static inline void book_begin(struct book *book, const char *station, uint8_t number, const struct run *run,
    uint64_t grant, const uint8_t *hash)
{
	memset(book, 0, sizeof *book);
	book->station = station;
	book->number = number;
	book_enroll(book);
	book_trust(book, 1);
	book_ingest(book, run, 0, NULL, 1);
	book_ingest(book, run, grant, hash, 1);
}

/* An entry about a device of a run as it should be; index may be beyond the run. */
static inline void device_entry(struct entry *out, enum entry_type type, const struct run *run,
    uint64_t index, uint64_t grant)
{
	uint64_t known = index < run->fields.count ? index : 0;

	*out = (struct entry){.type = type, .index = index, .grant = grant, .attempt = 1, .ms = 900,
	    .leaf.present = true, .manifest.present = true};
	memcpy(out->leaf.hash, run->leaves[known], HASH_SIZE);
	memcpy(out->manifest.hash, run->hash, HASH_SIZE);
	snprintf(out->port, sizeof out->port, "left");
	snprintf(out->firmware, sizeof out->firmware, "mfw_nrf91x1_2.0.2");
	memcpy(out->state.hash, run->states[known], HASH_SIZE);
	out->state.present = true;
}

static inline uint64_t book_device(struct book *book, enum entry_type type, const struct run *run,
    uint64_t index, uint64_t grant)
{
	struct entry entry;

	device_entry(&entry, type, run, index, grant);
	return book_put(book, &entry);
}

/* result "done", "failed" or "unknown". */
static inline void end_entry(struct entry *out, const struct run *run, uint64_t index, uint64_t grant,
    uint64_t begin, const char *result)
{
	device_entry(out, ENTRY_END, run, index, grant);
	out->begin = begin;
	snprintf(out->result, sizeof out->result, "%s", result);
	if (strcmp(result, "done") == 0)
		snprintf(out->form, sizeof out->form, "exact");
	else
		snprintf(out->reason, sizeof out->reason, "no-answer");
	if (strcmp(result, "done") != 0)
		out->state.present = false;
}

static inline void book_end(struct book *book, const struct run *run, uint64_t index, uint64_t grant,
    uint64_t begin, const char *result)
{
	struct entry entry;

	end_entry(&entry, run, index, grant, begin, result);
	book_put(book, &entry);
}

static inline void book_provision(struct book *book, const struct run *run, uint64_t index, uint64_t grant)
{
	book_end(book, run, index, grant, book_device(book, ENTRY_BEGIN, run, index, grant), "done");
}

static inline void same_entry(struct entry *out, const struct run *run, uint64_t index, uint64_t grant)
{
	device_entry(out, ENTRY_SAME, run, index, grant);
	snprintf(out->result, sizeof out->result, "same");
	snprintf(out->form, sizeof out->form, "exact");
}

static inline void book_same(struct book *book, const struct run *run, uint64_t index, uint64_t grant)
{
	struct entry entry;

	same_entry(&entry, run, index, grant);
	book_put(book, &entry);
}

/* release, void or unvoid. */
static inline void book_mark(struct book *book, enum entry_type type, const struct run *run, uint64_t index)
{
	struct entry entry = {.type = type, .index = index, .manifest.present = true};

	memcpy(entry.manifest.hash, run->hash, HASH_SIZE);
	book_put(book, &entry);
}

/* run NULL: a device of no batch. */
static inline void book_refuse(struct book *book, const struct run *run, uint64_t index, const char *reason)
{
	struct entry entry = {.type = ENTRY_REFUSE};

	if (run != NULL)
		device_entry(&entry, ENTRY_REFUSE, run, index, 0);
	snprintf(entry.port, sizeof entry.port, "left");
	snprintf(entry.reason, sizeof entry.reason, "%s", reason);
	book_put(book, &entry);
}

/* Adds an index to a close-out list as text; the test ends the hash. */
static inline void close_list(uint64_t *count, uint8_t hash[static HASH_SIZE], const uint64_t *indices,
    size_t n)
{
	struct buffer text = BUFFER_EMPTY;

	for (size_t i = 0; i < n; i++)
		buffer_format(&text, "%llu\n", (unsigned long long)indices[i]);
	hash_bytes(hash, buffer_bytes(&text));
	*count = n;
	buffer_free(&text);
}

/* From here on nothing is under the checkpoint. */
static inline void book_sign_here(struct book *book)
{
	book->signed_size = book->tree.size;
	tree_root(&book->tree, book->signed_root);
}

static inline struct signer *book_signer(const struct book *book)
{
	uint8_t seed[SIGNER_SEED_SIZE] = {book->number, 'l'};
	struct signer *signer;
	struct secret *secret;
	char name[2 * NAME_SIZE];

	snprintf(name, sizeof name, "acme/%s", book->station);
	assert_int_equal(secret_new(&secret, SIGNER_SEED_SIZE, &fault), ERR_OK);
	secret_put(secret, bytes_from(seed, sizeof seed));
	assert_int_equal(signer_new(&signer, name, secret, &fault), ERR_OK);
	secret_free(&secret);
	return signer;
}

/* Into a folder of that name; given to the audit. The book can go on. */
static inline void book_write(const struct book *book, const char *folder)
{
	struct checkpoint checkpoint = {.size = book->signed_size != 0 ? book->signed_size : book->tree.size};
	struct buffer text = BUFFER_EMPTY, note = BUFFER_EMPTY;
	struct signer *signer = book_signer(book);
	const char *path = given_logs[logs_given++] = in_place(folder);

	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(checkpoint.origin, sizeof checkpoint.origin, "acme/%s", book->station);
	tree_root(&book->tree, checkpoint.root);
	if (book->signed_size != 0)
		memcpy(checkpoint.root, book->signed_root, HASH_SIZE);
	checkpoint_format(&text, &checkpoint);
	assert_int_equal(note_sign(&note, signer, buffer_bytes(&text), &fault), ERR_OK);
	put_file(path, LOG_CHECKPOINT, buffer_bytes(&note));
	put_file(path, LOG_ENTRIES, buffer_bytes(&book->text));
	signer_free(&signer);
	buffer_free(&text);
	buffer_free(&note);
}

static inline void book_close(struct book *book, const char *folder)
{
	book_write(book, folder);
	buffer_free(&book->text);
}

/* Adds all that is given. */
static inline void audit_given(void)
{
	audit_free(&audit);
	if (audit_new(&audit, given_trusts, trusts_given, NULL, &fault) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
	for (size_t i = 0; i < batches_given; i++)
		assert_int_equal(audit_add_batch(audit, given_batches[i], &fault), ERR_OK);
	for (size_t i = 0; i < grants_given; i++)
		assert_int_equal(audit_add_grant(audit, given_grants[i], &fault), ERR_OK);
	for (size_t i = 0; i < logs_given; i++)
		assert_int_equal(audit_add_log(audit, given_logs[i], &fault), ERR_OK);
}

static inline void judge_given(void)
{
	audit_given();
	if (audit_judge(audit, &fault) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
}

static inline size_t count_code(const char *code, enum audit_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < audit_findings(audit); i++) {
		const struct audit_finding *finding = audit_finding(audit, i);

		count += finding->severity == severity && strcmp(finding->code, code) == 0;
	}
	return count;
}

/* Changes one bit of a file. */
static inline void flip(const char *path, const char *name, size_t at)
{
	struct buffer content = BUFFER_EMPTY;
	int folder;

	assert_int_equal(folder_open(&folder, AT_FDCWD, path, &fault), ERR_OK);
	assert_int_equal(file_read(&content, folder, name, 1 << 24, &fault), ERR_OK);
	close(folder);
	content.data[at] ^= 1;
	put_file(path, name, buffer_bytes(&content));
	buffer_free(&content);
}

/* The first item of a kind. */
static inline const struct audit_item *item_of(enum audit_kind kind)
{
	for (size_t i = 0; i < audit_items(audit); i++) {
		if (audit_item(audit, i)->kind == kind)
			return audit_item(audit, i);
	}
	fail_msg("no such item");
	return NULL;
}

/* All findings as text, for a message. */
static inline const char *all_findings(void)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < audit_findings(audit) && used < sizeof text; i++) {
		const struct audit_finding *finding = audit_finding(audit, i);

		used += (size_t)snprintf(text + used, sizeof text - used, "\n%s %s %s/%d/%llu %s/%llu: %s",
		    audit_severity_name(finding->severity), finding->code, finding->batch, finding->indexed,
		    (unsigned long long)finding->index, finding->station, (unsigned long long)finding->entry,
		    finding->text);
	}
	return text;
}

/* Exactly one finding, and this one. */
static inline const struct audit_finding *only_finding(const char *code, enum audit_severity severity)
{
	if (audit_findings(audit) != 1 || count_code(code, severity) != 1)
		fail_msg("expected only %s, found:%s", code, all_findings());
	assert_int_equal(audit_accepts(audit), severity != AUDIT_ERROR);
	return audit_finding(audit, 0);
}

static inline void no_finding(void)
{
	if (audit_findings(audit) != 0)
		fail_msg("findings:%s", all_findings());
	assert_true(audit_accepts(audit));
}

static inline void check_class(uint64_t index, enum audit_class class_)
{
	if (audit_class(audit, 0, index) != class_)
		fail_msg("index %llu is %s, not %s;%s", (unsigned long long)index,
		    audit_class_name(audit_class(audit, 0, index)), audit_class_name(class_), all_findings());
}

/* The world most tests begin in. */
static struct run run;
static struct book book, other;
static uint8_t permit[HASH_SIZE];
#define PERMIT 7 /* its serial */

/* Trust, the batch of eight devices in two lots with grant 7, and line1's log up to its first device. */
static inline void start_under(enum rework rework)
{
	struct grant_fields fields;

	put_plain_trust();
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_lot(&run, "wo-2", 4);
	run.fields.policy.rework = rework;
	run.fields.policy.log_imei = run.fields.policy.log_unit = true;
	run_put(&run);
	permit_begin(&fields, &run, PERMIT);
	permit_put(permit, &fields);
	book_begin(&book, "line1", 1, &run, PERMIT, permit);
}

static inline void start(void)
{
	start_under(REWORK_NEVER);
}

static inline void start_other(void)
{
	book_begin(&other, "line2", 2, &run, PERMIT, permit);
}

/* Judges the log of line1, and line2's if it was begun. */
static inline void judge(void)
{
	book_close(&book, "log-1");
	if (other.text.size > 0)
		book_close(&other, "log-2");
	judge_given();
	run_free(&run);
}

static inline void put_closeout(struct book *into, const char *lot, const uint64_t *done, size_t n_done,
    const uint64_t *failed, size_t n_failed, const uint64_t *unused, size_t n_unused, const uint64_t *voids,
    size_t n_voids)
{
	struct entry entry = {.type = ENTRY_CLOSEOUT, .grant = PERMIT, .manifest.present = true};

	memcpy(entry.manifest.hash, run.hash, HASH_SIZE);
	snprintf(entry.lot, sizeof entry.lot, "%s", lot);
	close_list(&entry.done, entry.done_sha256, done, n_done);
	close_list(&entry.failed, entry.failed_sha256, failed, n_failed);
	close_list(&entry.unused, entry.unused_sha256, unused, n_unused);
	close_list(&entry.void_, entry.void_sha256, voids, n_voids);
	book_put(into, &entry);
}
#define LIST(...) (const uint64_t[]){__VA_ARGS__}, sizeof(uint64_t[]){__VA_ARGS__} / sizeof(uint64_t)

#endif
