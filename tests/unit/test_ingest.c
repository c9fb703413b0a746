/* SPDX-License-Identifier: ISC */
/* From a medium into a home: what is taken, what is refused, and what stays when anything fails. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include <errno.h>
#include <sys/syscall.h>

#include "gapseal/ingest.h"

/* The calls that write stand here in front of the C library's: they fail when a test wants them to, and
 * they do not wait for the disk, since thousands of ingests run here. */
static int countdown; /* the call that fails, counted from 1; 0 for none */

static bool trips(void)
{
	if (countdown == 0 || --countdown != 0)
		return false;
	errno = EIO;
	return true;
}

ssize_t write(int file, const void *data, size_t size)
{
	return trips() ? -1 : syscall(SYS_write, file, data, size);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset)
{
	return trips() ? -1 : syscall(SYS_pwrite64, file, data, size, offset);
}

int fsync(int file)
{
	(void)file;
	return trips() ? -1 : 0;
}

int fdatasync(int file)
{
	(void)file;
	return trips() ? -1 : 0;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return trips() ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	return trips() ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
	return trips() ? -1 : (int)syscall(SYS_mkdirat, folder, name, mode);
}

static struct ingest_report report;
static struct buffer said;
static uint8_t manifest[HASH_SIZE]; /* of the small batch at place/b-1 */

static void say(void *context, const char *line)
{
	(void)context;
	assert_null(strchr(line, '\n'));
	buffer_format(&said, "%s\n", line);
}

static bool was_said(const char *what)
{
	bool found;

	buffer_byte(&said, '\0');
	found = strstr((const char *)said.data, what) != NULL;
	said.size--;
	return found;
}

static enum err ingest(const char *path)
{
	const char *const paths[] = {path};

	buffer_clear(&said);
	report = (struct ingest_report){.say = say};
	return ingest_paths(&home, paths, 1, &report, &fault);
}

static void check_report(size_t taken, size_t held, size_t refused)
{
	assert_int_equal(report.taken, taken);
	assert_int_equal(report.held, held);
	assert_int_equal(report.refused, refused);
}

static enum err pin_trust(const char *path, const uint8_t hash[static HASH_SIZE])
{
	char pin[2 * HASH_SIZE + 1];

	hex_encode(pin, bytes_from(hash, HASH_SIZE));
	buffer_clear(&said);
	report = (struct ingest_report){.say = say};
	return ingest_trust(&home, path, pin, false, &report, &fault);
}

/* A station that has pinned trust version 1, and a good batch on the medium. */
static int trusting_make(void **state)
{
	uint8_t hash[HASH_SIZE];

	station_make(state);
	media_make_trust(hash, place_path, "t1.json", NULL);
	assert_int_equal(pin_trust(in_place("t1.json"), hash), ERR_OK);
	media_make_batch(manifest, in_place("b-1"), &small_batch);
	return 0;
}

static int trusting_remove(void **state)
{
	trust_free(&media_trust);
	buffer_free(&said);
	return station_remove(state);
}

static struct entry last_entry;
static uint64_t entries_of_type[ENTRY_TYPES];

static enum err keep_last(void *context, const struct entry *entry, struct fault *unused)
{
	(void)context;
	(void)unused;
	last_entry = *entry;
	entries_of_type[entry->type]++;
	return ERR_OK;
}

static uint64_t log_size(void)
{
	memset(entries_of_type, 0, sizeof entries_of_type);
	return log_audit(keep_last, NULL);
}

static size_t names_in(const char *path)
{
	size_t count = 0;
	char **names;
	int folder;

	assert_int_equal(folder_open(&folder, AT_FDCWD, path, &fault), ERR_OK);
	assert_int_equal(folder_list(&names, folder, 1000, "list", &fault), ERR_OK);
	while (names[count] != NULL)
		count++;
	free(names);
	close(folder);
	return count;
}

/* Refused with this code, and nothing came of it. */
static void check_refused(const char *path, const char *code)
{
	size_t batches = names_in(in_place("home/batches")), grants = names_in(in_place("home/grants"));
	uint64_t size = log_size();
	enum err err = ingest(path);

	if (err != ERR_NO || strcmp(fault.code, code) != 0)
		fail_msg("%s: %d %s: %s", code, err, err == ERR_OK ? "" : fault.code, fault.text);
	check_report(0, 0, 1);
	assert_true(was_said("refused: "));
	assert_int_equal(names_in(in_place("home/batches")), batches);
	assert_int_equal(names_in(in_place("home/grants")), grants);
	assert_int_equal(log_size(), size);
}

static void test_pin(void **state)
{
	uint8_t hash[HASH_SIZE];
	char pin[2 * HASH_SIZE + 1];
	const char *path;

	(void)state;
	media_make_trust(hash, place_path, "t1.json", NULL);
	path = in_place("t1.json");
	report = (struct ingest_report){.say = NULL};
	assert_fault(ingest_trust(&home, path, NULL, false, &report, &fault), ERR_CANNOT, "pin-needed");
	hash[31] ^= 1;
	assert_fault(pin_trust(path, hash), ERR_NO, "pin-differs");
	hash[31] ^= 1;
	hex_encode(pin, bytes_from(hash, HASH_SIZE));
	pin[20] = '\0';
	assert_fault(ingest_trust(&home, path, pin, false, &report, &fault), ERR_NO, "pin-form");
	assert_fault(ingest(path), ERR_NO, "trust-needed");
	assert_int_equal(names_in(in_place("home/trust")), 0);
	assert_int_equal(ingest_trust(&home, path, pin, true, &report, &fault), ERR_OK);
	assert_int_equal(log_size(), 2);
	assert_int_equal(last_entry.type, ENTRY_TRUST);
	assert_int_equal(last_entry.trust, 1);
	assert_memory_equal(last_entry.sha256.hash, hash, HASH_SIZE);
	assert_int_equal(names_in(in_place("home/trust")), 3);
	assert_int_equal(ingest_trust(&home, path, NULL, false, &report, &fault), ERR_OK);
	assert_int_equal(report.held, 1);
	assert_int_equal(log_size(), 2);
}

static void other_org(struct trust_fields *fields)
{
	struct trust_station *stations = fields->stations.items;

	snprintf(fields->org, sizeof fields->org, "zenith");
	for (size_t i = 0; i < fields->stations.count; i++)
		specimen_log_key(stations[i].log_key, i == 0 ? "zenith/line1" : "zenith/line2", (uint8_t)(i + 1));
}

static void other_date(struct trust_fields *fields)
{
	snprintf(fields->issued, sizeof fields->issued, "2026-08-01T09:00:00Z");
}

static void test_foreign_trust(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_make_trust(hash, place_path, "t.json", other_org);
	assert_fault(pin_trust(in_place("t.json"), hash), ERR_NO, "trust-org");
	assert_int_equal(names_in(in_place("home/trust")), 0);
	assert_int_equal(log_size(), 1);
}

static void test_chain(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_folder(in_place("m"));
	media_make_trust(hash, in_place("m"), "trust-b.json", NULL); /* 2 */
	media_make_trust(hash, in_place("m"), "trust-a.json", other_date); /* 3, found before 2 */
	media_make_trust(hash, place_path, "t4.json", NULL);
	media_make_trust(hash, place_path, "t5.json", NULL);
	assert_fault(ingest(in_place("t4.json")), ERR_NO, "trust-version");
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(2, 0, 0);
	assert_int_equal(log_size(), 4);
	assert_int_equal(last_entry.trust, 3);
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(0, 2, 0);
	assert_int_equal(ingest(in_place("t1.json")), ERR_OK);
	check_report(0, 1, 0);
	assert_fault(ingest(in_place("t5.json")), ERR_NO, "trust-version");
	hash[0] ^= 1;
	assert_fault(pin_trust(in_place("t4.json"), hash), ERR_NO, "pin-differs");
	assert_int_equal(ingest(in_place("t4.json")), ERR_OK);
	assert_int_equal(log_size(), 5);
}

/* A station that pinned version 2 is not bothered by version 1. */
static void test_before_pin(void **state)
{
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_make_trust(hash, place_path, "trust-1.json", NULL);
	media_make_trust(hash, place_path, "trust-2.json", NULL);
	assert_int_equal(pin_trust(in_place("trust-2.json"), hash), ERR_OK);
	assert_int_equal(ingest(in_place("trust-1.json")), ERR_OK);
	check_report(0, 1, 0);
	assert_true(was_said("older than"));
	assert_int_equal(log_size(), 2);
}

/* Stored, but interrupted before its entry: the next ingest of anything logs it. */
static void test_trust_unlogged(void **state)
{
	uint8_t hash[HASH_SIZE];
	struct document document;
	int folder;

	(void)state;
	media_make_trust(hash, place_path, "t2.json", NULL);
	assert_int_equal(document_load(&document, AT_FDCWD, in_place("t2.json"), &fault), ERR_OK);
	assert_int_equal(folder_open(&folder, home.folder, HOME_TRUST, &fault), ERR_OK);
	assert_int_equal(chain_store(folder, &document, 2, &fault), ERR_OK);
	close(folder);
	document_free(&document);
	assert_int_equal(ingest(in_place("t1.json")), ERR_OK);
	assert_int_equal(log_size(), 3);
	assert_int_equal(last_entry.type, ENTRY_TRUST);
	assert_int_equal(last_entry.trust, 2);
	assert_memory_equal(last_entry.sha256.hash, hash, HASH_SIZE);
	assert_int_equal(ingest(in_place("t1.json")), ERR_OK);
	assert_int_equal(log_size(), 3);
}

static void check_same_file(const char *name)
{
	char held[64];
	struct buffer medium = media_read(in_place("b-1"), name), copy;

	snprintf(held, sizeof held, "batches/b-1/%s", name);
	copy = home_file(held);
	assert_bytes(buffer_bytes(&copy), buffer_bytes(&medium));
	buffer_free(&medium);
	buffer_free(&copy);
}

/* tree.bin as the levels say: each hash over the two below it, an odd last one unchanged. */
static void check_tree(uint64_t count)
{
	struct buffer tree = home_file("batches/b-1/tree.bin");
	const uint8_t (*hashes)[HASH_SIZE] = (const uint8_t (*)[HASH_SIZE])tree.data;
	uint8_t expected[HASH_SIZE], record[MEDIA_STRIDE];

	assert_int_equal(tree.size, tree_file_bytes(count));
	for (uint64_t i = 0; i < count; i++) {
		media_record(record, &small_batch, i);
		hash_leaf(expected, bytes_from(record, sizeof record));
		assert_memory_equal(hashes[i], expected, HASH_SIZE);
	}
	for (unsigned level = 1; tree_level_count(count, level) > 0; level++) {
		const uint8_t (*below)[HASH_SIZE] = hashes + tree_level_start(count, level - 1);

		for (uint64_t i = 0; i < tree_level_count(count, level); i++) {
			if (2 * i + 1 < tree_level_count(count, level - 1))
				hash_node(expected, below[2 * i], below[2 * i + 1]);
			else
				memcpy(expected, below[2 * i], HASH_SIZE);
			assert_memory_equal(hashes[tree_level_start(count, level) + i], expected, HASH_SIZE);
		}
	}
	buffer_free(&tree);
}

static void test_batch(void **state)
{
	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("batch b-1: taken, 7 devices"));
	check_same_file(MANIFEST_NAME);
	check_same_file("records-000.bin");
	check_same_file("records-001.bin");
	check_same_file(SUMS_NAME);
	check_tree(7);
	assert_int_equal(names_in(in_place("home/batches/b-1")), 7);
	assert_int_equal(log_size(), 3);
	assert_int_equal(last_entry.type, ENTRY_INGEST);
	assert_string_equal(last_entry.batch, "b-1");
	assert_int_equal(last_entry.grant, 0);
	assert_int_equal(last_entry.trust, 1);
	assert_memory_equal(last_entry.manifest.hash, manifest, HASH_SIZE);
	assert_memory_equal(last_entry.sha256.hash, manifest, HASH_SIZE);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(log_size(), 3);
}

static void test_rehearsal(void **state)
{
	struct media_batch batch = small_batch;

	(void)state;
	batch.purpose = PURPOSE_REHEARSAL;
	batch.id = "r-1";
	media_make_batch(manifest, in_place("r-1"), &batch);
	assert_int_equal(ingest(in_place("r-1")), ERR_OK);
	assert_true(was_said("REHEARSAL"));
}

static void test_batch_without_trust(void **state)
{
	(void)state;
	media_make_batch(manifest, in_place("b-1"), &small_batch);
	check_refused(in_place("b-1"), "trust-needed");
}

static void test_threshold(void **state)
{
	struct media_batch batch = small_batch;

	(void)state;
	batch.id = "b-2";
	batch.one_signature = true;
	media_make_batch(manifest, in_place("b-2"), &batch);
	check_refused(in_place("b-2"), "signature-threshold");
}

/* The text after "untrusted comment: " of a signature file is ignored, and its line end with it. */
static bool is_ignored(const char *name, struct bytes text, size_t at)
{
	const uint8_t *end = memchr(text.data, '\n', text.size);

	return strstr(name, ".minisig") != NULL && at >= strlen("untrusted comment: ") &&
	    at < (size_t)(end - text.data);
}

static void flip_every_byte(const char *folder, const char *name)
{
	struct buffer text = media_read(folder, name);

	for (size_t i = 0; i < text.size; i++) {
		enum err err;

		if (is_ignored(name, buffer_bytes(&text), i))
			continue;
		text.data[i] ^= 1;
		media_write(folder, name, buffer_bytes(&text));
		err = ingest(folder);
		if (err != ERR_NO)
			fail_msg("%s: byte %zu: %d", name, i, err);
		text.data[i] ^= 1;
	}
	media_write(folder, name, buffer_bytes(&text));
	buffer_free(&text);
}

static void flip_every_file(const char *folder, void (*flip)(const char *folder, const char *name))
{
	char **names;
	int opened;

	assert_int_equal(folder_open(&opened, AT_FDCWD, folder, &fault), ERR_OK);
	assert_int_equal(folder_list(&names, opened, 1000, "list", &fault), ERR_OK);
	for (char **name = names; *name != NULL; name++)
		flip(folder, *name);
	free(names);
	close(opened);
}

static void test_batch_every_byte(void **state)
{
	(void)state;
	flip_every_file(in_place("b-1"), flip_every_byte);
	assert_int_equal(names_in(in_place("home/batches")), 0);
	assert_int_equal(log_size(), 2);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
}

static void cut_file(const char *folder, const char *name)
{
	struct buffer text = media_read(folder, name);
	char full[700];

	for (size_t size = 0; size < text.size; size += text.size / 3) {
		media_write(folder, name, bytes_from(text.data, size));
		assert_int_equal(ingest(folder), ERR_NO);
	}
	buffer_byte(&text, 'x');
	media_write(folder, name, buffer_bytes(&text));
	assert_int_equal(ingest(folder), ERR_NO);
	text.size--;
	snprintf(full, sizeof full, "%s/%s", folder, name);
	assert_int_equal(unlink(full), 0);
	assert_int_not_equal(ingest(folder), ERR_OK);
	assert_int_equal(symlink("/dev/null", full), 0);
	assert_int_not_equal(ingest(folder), ERR_OK);
	assert_int_equal(unlink(full), 0);
	media_write(folder, name, buffer_bytes(&text));
	buffer_free(&text);
}

static void test_batch_cut_and_missing(void **state)
{
	(void)state;
	flip_every_file(in_place("b-1"), cut_file);
	assert_int_equal(names_in(in_place("home/batches")), 0);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
}

static void test_batch_differs(void **state)
{
	struct media_batch batch = small_batch;
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	batch.seq = 2;
	media_make_batch(hash, in_place("other"), &batch);
	check_refused(in_place("other"), "batch-differs");
	check_same_file(MANIFEST_NAME);
}

/* In place, but interrupted before its entry. */
static void test_batch_unlogged(void **state)
{
	(void)state;
	assert_int_equal(rename(in_place("b-1"), in_place("home/batches/b-1")), 0);
	media_make_batch(manifest, in_place("b-1"), &small_batch);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(log_size(), 3);
	assert_int_equal(last_entry.type, ENTRY_INGEST);
	check_tree(7);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	assert_int_equal(log_size(), 3);
}

static void test_damaged_copy(void **state)
{
	struct buffer records;

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	records = home_file("batches/b-1/records-001.bin");
	records.data[300] ^= 1;
	home_put("batches/b-1/records-001.bin", buffer_bytes(&records));
	media_write(in_place("b-1"), "records-000.bin", buffer_bytes(&records));
	/* the medium is no better: what is there stays */
	assert_fault(ingest(in_place("b-1")), ERR_NO, "records-size");
	assert_int_equal(names_in(in_place("home/batches")), 1);
	assert_int_equal(names_in(in_place("home/batches/b-1")), 7);
	media_make_batch(manifest, in_place("b-1"), &small_batch);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("damaged"));
	check_same_file("records-001.bin");
	/* what was set aside goes with the next ingest */
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(names_in(in_place("home/batches")), 1);
	/* a tree that is wrong is made again without a word */
	home_put("batches/b-1/tree.bin", bytes_of("x"));
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_tree(7);
	buffer_free(&records);
}

/* Whatever call fails, the batch is there whole or not at all, and repeating heals it. */
static void test_batch_failing_calls(void **state)
{
	int failing = 0;
	enum err err;

	for (;;) {
		countdown = ++failing;
		err = ingest(in_place("b-1"));
		countdown = 0;
		if (err == ERR_OK)
			break;
		assert_int_equal(err, ERR_CANNOT);
		assert_int_equal(log_size(), 2);
		assert_int_equal(ingest(in_place("b-1")), ERR_OK);
		check_tree(7);
		check_same_file("records-000.bin");
		assert_int_equal(names_in(in_place("home/batches")), 1);
		assert_int_equal(log_size(), 3);
		trusting_remove(state);
		trusting_make(state);
	}
	assert_true(failing > 20);
}

static struct media_grant good_grant(void)
{
	return (struct media_grant){.serial = 5, .batch = &small_batch, .manifest = manifest, .lots = {0, 2},
	    .lot_count = 2};
}

static void test_grant(void **state)
{
	struct media_grant grant = good_grant();

	(void)state;
	media_make_grant(in_place("g-5"), &grant);
	check_refused(in_place("g-5"), "grant-batch");
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	assert_int_equal(ingest(in_place("g-5")), ERR_OK);
	check_report(1, 0, 0);
	assert_int_equal(names_in(in_place("home/grants/5")), 3);
	assert_int_equal(log_size(), 4);
	assert_int_equal(last_entry.type, ENTRY_INGEST);
	assert_int_equal(last_entry.grant, 5);
	assert_int_equal(last_entry.trust, 1);
	assert_memory_equal(last_entry.manifest.hash, manifest, HASH_SIZE);
	assert_memory_not_equal(last_entry.sha256.hash, manifest, HASH_SIZE);
	assert_int_equal(ingest(in_place("g-5")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(log_size(), 4);
}

static void test_grant_of_records(void **state)
{
	struct media_grant grant = {.serial = 6, .batch = &small_batch, .manifest = manifest, .records = {1, 5, 6},
	    .record_count = 3};

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	grant.bad_key = true;
	media_make_grant(in_place("g"), &grant);
	check_refused(in_place("g"), "grant-keys");
	grant.bad_key = false;
	media_make_grant(in_place("h"), &grant);
	assert_int_equal(ingest(in_place("h")), ERR_OK);
	check_report(1, 0, 0);
}

static void refuse_grant(const struct media_grant *grant, const char *code)
{
	media_make_grant(in_place("g"), grant);
	check_refused(in_place("g"), code);
	assert_int_equal(nftw(in_place("g"), place_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_grants_refused(void **state)
{
	struct media_grant grant = good_grant();
	uint8_t other[HASH_SIZE] = {1};

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	grant.bad_key = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.bad_order = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.bad_hash = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.bad_manifest = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.trailing = true;
	refuse_grant(&grant, "grant-keys");
	grant = good_grant();
	grant.foreign_seal = true;
	refuse_grant(&grant, "age-no-match");
	grant = good_grant();
	grant.foreign_recipient = true; /* trust knows ours by another */
	refuse_grant(&grant, "grant-station");
	grant = good_grant();
	grant.station = "line2";
	refuse_grant(&grant, "grant-station");
	grant = good_grant();
	grant.manifest = other;
	refuse_grant(&grant, "grant-batch");
	grant = good_grant();
	grant.lots[1] = 7;
	refuse_grant(&grant, "grant-lots");
}

static void foreign_log_key(struct trust_fields *fields)
{
	fields->version = 1;
	fields->prev[0] = '\0';
	specimen_log_key(station_at(fields, 0)->log_key, "acme/line1", 1);
}

static void foreign_recipient(struct trust_fields *fields)
{
	fields->version = 1;
	fields->prev[0] = '\0';
	specimen_recipient(station_at(fields, 0)->recipient, 2);
	specimen_recipient(station_at(fields, 1)->recipient, 1);
}

/* The office has taken the card of an earlier enrolment. */
static void test_enrolled_twice(void **state)
{
	void (*const changes[])(struct trust_fields *) = {foreign_log_key, foreign_recipient};
	struct media_grant grant = good_grant();

	for (size_t i = 0; i < 2; i++) {
		uint8_t hash[HASH_SIZE];

		if (i > 0) {
			trusting_remove(state);
			station_make(state);
		}
		media_make_trust(hash, place_path, "t1.json", changes[i]);
		assert_int_equal(pin_trust(in_place("t1.json"), hash), ERR_OK);
		media_make_batch(manifest, in_place("b-1"), &small_batch);
		assert_int_equal(ingest(in_place("b-1")), ERR_OK);
		grant.foreign_recipient = i == 1;
		media_make_grant(in_place("g"), &grant);
		check_refused(in_place("g"), "grant-station");
		assert_non_null(strstr(fault.text, "enrolled twice"));
	}
}

static void test_grant_differs(void **state)
{
	struct media_grant grant = good_grant();

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_grant(in_place("g"), &grant);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	grant.lot_count = 1;
	media_make_grant(in_place("h"), &grant);
	check_refused(in_place("h"), "grant-differs");
	assert_int_equal(ingest(in_place("g")), ERR_OK);
	check_report(0, 1, 0);
}

static void test_grant_every_byte(void **state)
{
	struct media_grant grant = good_grant();

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_grant(in_place("g"), &grant);
	flip_every_file(in_place("g"), flip_every_byte);
	assert_int_equal(names_in(in_place("home/grants")), 0);
	assert_int_equal(ingest(in_place("g")), ERR_OK);
}

static void test_grant_failing_calls(void **state)
{
	struct media_grant grant = good_grant();
	int failing = 0;
	enum err err;

	for (;;) {
		assert_int_equal(ingest(in_place("b-1")), ERR_OK);
		media_make_grant(in_place("g"), &grant);
		countdown = ++failing;
		err = ingest(in_place("g"));
		countdown = 0;
		if (err == ERR_OK)
			break;
		assert_int_equal(err, ERR_CANNOT);
		assert_int_equal(log_size(), 3);
		assert_int_equal(ingest(in_place("g")), ERR_OK);
		assert_int_equal(names_in(in_place("home/grants")), 1);
		assert_int_equal(names_in(in_place("home/grants/5")), 3);
		assert_int_equal(log_size(), 4);
		trusting_remove(state);
		trusting_make(state);
	}
	assert_true(failing > 10);
}

/* A stick as it comes: everything on it in one go, in whatever order it lies there. */
static void test_medium(void **state)
{
	struct media_grant grant = good_grant();
	struct media_batch batch = small_batch;
	uint8_t hash[HASH_SIZE];

	(void)state;
	media_folder(in_place("m"));
	media_folder(in_place("m/a-grants"));
	media_make_grant(in_place("m/a-grants/5"), &grant);
	grant.serial = 6;
	grant.station = "line2";
	media_make_grant(in_place("m/a-grants/6"), &grant);
	assert_int_equal(rename(in_place("b-1"), in_place("m/b-1")), 0);
	media_make_trust(hash, in_place("m"), "trust.json", NULL);
	media_write(in_place("m"), "readme.json", bytes_of("{}"));
	media_folder(in_place("m/.trash"));
	media_write(in_place("m/.trash"), "trust.json", bytes_of("{}"));
	batch.id = "b-2";
	batch.seq = 2;
	media_folder(in_place("m/1"));
	media_folder(in_place("m/1/2"));
	media_make_batch(hash, in_place("m/1/2/3"), &batch);
	assert_int_equal(symlink("1/2/3", in_place("m/link")), 0);
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(3, 0, 0);
	assert_true(was_said("passed over"));
	assert_false(file_exists(home.folder, "batches/b-2"));
	assert_int_equal(log_size(), 5);
	assert_int_equal(last_entry.grant, 5);
	assert_int_equal(last_entry.trust, 2);
	assert_int_equal(ingest(in_place("m")), ERR_OK);
	check_report(0, 3, 0);
	/* what the person names may be a link */
	assert_int_equal(ingest(in_place("m/link")), ERR_OK);
	check_report(1, 0, 0);
	/* and then a grant for others is a mistake */
	assert_fault(ingest(in_place("m/a-grants/6")), ERR_NO, "grant-station");
}

static void test_goes_on(void **state)
{
	struct media_batch batch = small_batch;
	const char *paths[4];
	uint8_t hash[HASH_SIZE];

	(void)state;
	batch.id = "b-2";
	batch.one_signature = true;
	media_make_batch(hash, in_place("b-2"), &batch);
	batch.id = "b-3";
	batch.one_signature = false;
	media_make_batch(hash, in_place("b-3"), &batch);
	media_folder(in_place("empty"));
	paths[0] = in_place("b-2");
	paths[1] = in_place("empty");
	paths[2] = in_place("b-3");
	paths[3] = in_place("nowhere");
	buffer_clear(&said);
	report = (struct ingest_report){.say = say};
	assert_fault(ingest_paths(&home, paths, 4, &report, &fault), ERR_NO, "ingest-nothing");
	check_report(1, 0, 3);
	assert_true(was_said("signatures of"));
	assert_true(file_exists(home.folder, "batches/b-3"));
	assert_int_equal(ingest_paths(&home, paths, 0, &report, &fault), ERR_OK);
}

static void test_trust_malformed(void **state)
{
	(void)state;
	media_write(place_path, "trust.json", bytes_of("{\"version\": 2}\n"));
	assert_int_equal(ingest(in_place("trust.json")), ERR_NO);
	check_report(0, 0, 1);
}

/* A log that cannot be trusted takes nothing more. */
static void test_broken_log(void **state)
{
	(void)state;
	home_put("log/" LOG_CHECKPOINT, bytes_of("nonsense\n"));
	assert_fault(ingest(in_place("b-1")), ERR_UNKNOWN, "log-checkpoint");
	assert_false(file_exists(home.folder, "batches/b-1"));
}

/* What an interrupted ingest left is swept away, and nothing else. */
static void test_sweep(void **state)
{
	(void)state;
	media_folder(in_place("home/batches/.b-1.0123.part"));
	media_write(in_place("home/batches/.b-1.0123.part"), "records-000.bin", bytes_of("x"));
	media_folder(in_place("home/grants/.5.0123.part"));
	media_folder(in_place("home/batches/.hidden"));
	assert_int_equal(ingest(in_place("t1.json")), ERR_OK);
	assert_int_equal(names_in(in_place("home/batches")), 1);
	assert_int_equal(names_in(in_place("home/grants")), 0);
}

#define TRUSTING_TEST(function) cmocka_unit_test_setup_teardown(function, trusting_make, trusting_remove)
#define NEW_TEST(function) cmocka_unit_test_setup_teardown(function, station_make, trusting_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NEW_TEST(test_pin),
		NEW_TEST(test_foreign_trust),
		NEW_TEST(test_before_pin),
		NEW_TEST(test_batch_without_trust),
		NEW_TEST(test_enrolled_twice),
		TRUSTING_TEST(test_chain),
		TRUSTING_TEST(test_trust_unlogged),
		TRUSTING_TEST(test_trust_malformed),
		TRUSTING_TEST(test_batch),
		TRUSTING_TEST(test_rehearsal),
		TRUSTING_TEST(test_threshold),
		TRUSTING_TEST(test_batch_every_byte),
		TRUSTING_TEST(test_batch_cut_and_missing),
		TRUSTING_TEST(test_batch_differs),
		TRUSTING_TEST(test_batch_unlogged),
		TRUSTING_TEST(test_damaged_copy),
		TRUSTING_TEST(test_batch_failing_calls),
		TRUSTING_TEST(test_grant),
		TRUSTING_TEST(test_grant_of_records),
		TRUSTING_TEST(test_grants_refused),
		TRUSTING_TEST(test_grant_differs),
		TRUSTING_TEST(test_grant_every_byte),
		TRUSTING_TEST(test_grant_failing_calls),
		TRUSTING_TEST(test_medium),
		TRUSTING_TEST(test_goes_on),
		TRUSTING_TEST(test_broken_log),
		TRUSTING_TEST(test_sweep),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
