/* SPDX-License-Identifier: ISC */
/* Batches into a home: what is refused, and what stays when anything fails. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "ingests.h"

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
	char name[DOCUMENT_PLACE_SIZE];

	(void)state;
	batch.purpose = PURPOSE_REHEARSAL;
	batch.id = "r-1";
	media_make_batch(manifest, in_place("r-1"), &batch);
	assert_int_equal(ingest(in_place("r-1")), ERR_OK);
	assert_true(was_said("REHEARSAL"));
	media_sign(name, in_place("r-1"), MANIFEST_NAME, BERT, "manifest", "r-1");
	assert_int_equal(ingest(in_place("r-1")), ERR_OK);
	assert_true(was_said("batch r-1 (REHEARSAL): 1 signature added"));
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

/* Everything a batch folder holds, it, and the folder that names it were synced before the entry. */
static void test_batch_durable(void **state)
{
	char **names;
	int folder;

	(void)state;
	synced_count = 0;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	assert_int_equal(folder_open(&folder, AT_FDCWD, in_place("home/batches/b-1"), &fault), ERR_OK);
	assert_int_equal(folder_list(&names, folder, 100, "list", &fault), ERR_OK);
	for (char **name = names; *name != NULL; name++)
		if (!was_synced(folder, *name))
			fail_msg("%s was not synced", *name);
	assert_true(was_synced(folder, "."));
	assert_true(was_synced(folder, ".."));
	free(names);
	close(folder);
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

/* Another officer's signature comes after the batch was taken in. */
static void test_signature_added(void **state)
{
	char name[DOCUMENT_PLACE_SIZE];
	int folder;

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_sign(name, in_place("b-1"), MANIFEST_NAME, BERT, "manifest", "b-1");
	synced_count = 0;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_report(1, 0, 0);
	assert_true(was_said("batch b-1: 1 signature added"));
	check_same_file(name);
	assert_int_equal(folder_open(&folder, AT_FDCWD, in_place("home/batches/b-1"), &fault), ERR_OK);
	assert_true(was_synced(folder, name));
	assert_true(was_synced(folder, "."));
	close(folder);
	assert_int_equal(names_in(in_place("home/batches/b-1")), 8);
	assert_int_equal(log_size(), 4);
	assert_int_equal(last_entry.type, ENTRY_INGEST);
	assert_int_equal(last_entry.trust, 1);
	assert_memory_equal(last_entry.sha256.hash, manifest, HASH_SIZE);
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	check_report(0, 1, 0);
	assert_int_equal(names_in(in_place("home/batches/b-1")), 8);
	assert_int_equal(log_size(), 4);
}

static void test_signature_not_added(void **state)
{
	struct media_batch batch = small_batch;
	char name[DOCUMENT_PLACE_SIZE], full[700];
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_sign(name, in_place("b-1"), MANIFEST_NAME, DORA, "manifest", "b-1");
	check_refused(in_place("b-1"), "signature-key");
	snprintf(full, sizeof full, "%s/%s", in_place("b-1"), name);
	assert_int_equal(unlink(full), 0);
	media_sign(name, in_place("b-1"), MANIFEST_NAME, BERT, "manifest", "b-2");
	check_refused(in_place("b-1"), "signature-comment");
	batch.seq = 2;
	media_make_batch(hash, in_place("other"), &batch);
	media_sign(name, in_place("other"), MANIFEST_NAME, BERT, "manifest", "b-1");
	check_refused(in_place("other"), "batch-differs");
	assert_int_equal(names_in(in_place("home/batches/b-1")), 7);
}

static void without_cleo(struct trust_fields *fields)
{
	fields->officers.count--;
	for (size_t role = 0; role < ROLES; role++)
		fields->roles[role].officers.count--;
}

/* One that is held is of an officer the newest trust has dropped: nothing is added to it. */
static void test_signature_dropped(void **state)
{
	char name[DOCUMENT_PLACE_SIZE], full[700];
	uint8_t hash[HASH_SIZE];

	(void)state;
	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_trust(hash, place_path, "t2.json", without_cleo);
	assert_int_equal(ingest(in_place("t2.json")), ERR_OK);
	media_sign(name, in_place("b-1"), MANIFEST_NAME, CLEO, "manifest", "b-1");
	snprintf(full, sizeof full, "%s/%s", in_place("b-1"), name);
	assert_int_equal(unlink(full), 0);
	media_sign(name, in_place("b-1"), MANIFEST_NAME, BERT, "manifest", "b-1");
	check_refused(in_place("b-1"), "signature-key");
	assert_ptr_equal(strstr(fault.where, "batches/b-1/" MANIFEST_NAME), fault.where);
	assert_int_equal(names_in(in_place("home/batches/b-1")), 7);
}

static void cleo_compromised(struct trust_fields *fields)
{
	officer_at(fields, CLEO)->status = OFFICER_COMPROMISED;
}

/* A batch whose threshold broke, and the signature that mends it on the medium, its name in name. */
static void break_and_sign(char name[static DOCUMENT_PLACE_SIZE])
{
	uint8_t hash[HASH_SIZE];

	assert_int_equal(ingest(in_place("b-1")), ERR_OK);
	media_make_trust(hash, place_path, "t2.json", cleo_compromised);
	assert_int_equal(ingest(in_place("t2.json")), ERR_OK);
	check_refused(in_place("b-1"), "signature-threshold");
	media_sign(name, in_place("b-1"), MANIFEST_NAME, BERT, "manifest", "b-1");
}

/* Whatever call fails, the signature is there whole or not at all, and repeating adds what is missing, be it
 * the entry alone. */
static void test_signature_failing_calls(void **state)
{
	char name[DOCUMENT_PLACE_SIZE], held[256];
	int failing = 0, unlogged = 0;
	enum err err;

	for (;;) {
		break_and_sign(name);
		snprintf(held, sizeof held, "batches/b-1/%s", name);
		countdown = ++failing;
		err = ingest(in_place("b-1"));
		countdown = 0;
		if (err == ERR_OK)
			break;
		assert_int_equal(err, ERR_CANNOT);
		assert_int_equal(log_size(), 4);
		if (file_exists(home.folder, held)) {
			check_same_file(name);
			unlogged++;
		}
		assert_int_equal(ingest(in_place("b-1")), ERR_OK);
		check_same_file(name);
		assert_int_equal(names_in(in_place("home/batches/b-1")), 8);
		assert_int_equal(log_size(), 5);
		assert_int_equal(last_entry.trust, 2);
		trusting_remove(state);
		trusting_make(state);
	}
	assert_int_equal(last_entry.trust, 2);
	assert_true(failing > 6);
	assert_true(unlogged > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRUSTING_TEST(test_batch),
		TRUSTING_TEST(test_rehearsal),
		NEW_TEST(test_batch_without_trust),
		TRUSTING_TEST(test_threshold),
		TRUSTING_TEST(test_batch_every_byte),
		TRUSTING_TEST(test_batch_cut_and_missing),
		TRUSTING_TEST(test_batch_differs),
		TRUSTING_TEST(test_batch_unlogged),
		TRUSTING_TEST(test_damaged_copy),
		TRUSTING_TEST(test_batch_failing_calls),
		TRUSTING_TEST(test_batch_durable),
		TRUSTING_TEST(test_broken_log),
		TRUSTING_TEST(test_sweep),
		TRUSTING_TEST(test_signature_added),
		TRUSTING_TEST(test_signature_not_added),
		TRUSTING_TEST(test_signature_dropped),
		TRUSTING_TEST(test_signature_failing_calls),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
