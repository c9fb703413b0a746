/* SPDX-License-Identifier: ISC */
/* What the station reads of its home: numbering, look-ups, and paths that lead to the signed root. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "gapseal/ingest.h"
#include "gapseal/reader.h"

static struct message lookup, answer; /* large */

static int trusting_make(void **state)
{
	struct ingest_report report = {0};
	uint8_t hash[HASH_SIZE];
	char pin[2 * HASH_SIZE + 1];

	station_make(state);
	media_make_trust(hash, place_path, "t1.json", NULL);
	hex_encode(pin, bytes_from(hash, HASH_SIZE));
	assert_int_equal(ingest_trust(&home, in_place("t1.json"), pin, false, &report, &fault), ERR_OK);
	return 0;
}

static int trusting_remove(void **state)
{
	trust_free(&media_trust);
	return station_remove(state);
}

static void take(const char *name)
{
	const char *paths[] = {in_place(name)};
	struct ingest_report report = {0};

	if (ingest_paths(&home, paths, 1, &report, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
}

static void take_batch(const struct media_batch *batch)
{
	uint8_t hash[HASH_SIZE];

	media_make_batch(hash, in_place(batch->id), batch);
	take(batch->id);
}

static void take_grant(uint64_t serial, const struct media_batch *batch)
{
	struct media_grant grant = {.serial = serial, .batch = batch, .lots = {0}, .lot_count = 1};
	struct buffer text = media_read(in_place(batch->id), MANIFEST_NAME);
	uint8_t hash[HASH_SIZE];
	char name[32];

	hash_bytes(hash, buffer_bytes(&text));
	grant.manifest = hash;
	snprintf(name, sizeof name, "g-%d", (int)serial);
	media_make_grant(in_place(name), &grant);
	take(name);
	buffer_free(&text);
}

static struct reader *open_reader(void)
{
	struct reader *reader;

	if (reader_open(&reader, &home, &fault) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
	return reader;
}

static void ask(unsigned batch, const struct media_batch *about, uint64_t index)
{
	lookup = (struct message){.kind = MESSAGE_LOOKUP, .port = 3, .batch = batch};
	for (uint64_t first = 0; first < about->count; first += about->lot_size) {
		uint8_t tag[RECORD_TAG_SIZE];

		/* every lot is asked for a tag; only that of the index's own lot is in it */
		lookup.lookup[lookup.lots].lot = (uint32_t)lookup.lots;
		media_tag(tag, about, index);
		if (index / about->lot_size != lookup.lots)
			tag[14] ^= 1;
		memcpy(lookup.lookup[lookup.lots++].tag, tag, sizeof tag);
	}
}

static void check_found(struct reader *reader, unsigned batch, const struct media_batch *about,
    uint64_t index,
    const uint8_t root[static HASH_SIZE])
{
	uint8_t record[MEDIA_STRIDE], leaf[HASH_SIZE];

	ask(batch, about, index);
	assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
	assert_int_equal(answer.kind, MESSAGE_RECORD);
	assert_int_equal(answer.port, 3);
	assert_int_equal(answer.batch, batch);
	assert_string_equal(answer.reason, "");
	assert_true(answer.found);
	assert_int_equal(answer.index, index);
	assert_int_equal(answer.lot, index / about->lot_size);
	media_record(record, about, index);
	assert_memory_equal(answer.record, record, sizeof record);
	hash_leaf(leaf, bytes_from(record, sizeof record));
	assert_true(tree_includes(index, about->count, leaf, (const uint8_t (*)[HASH_SIZE])answer.path,
	    answer.path_count, root));
}

static void root_of(uint8_t out[static HASH_SIZE], const struct reader *reader, size_t batch)
{
	const struct document *document = reader_manifest(reader, batch);
	struct manifest_fields fields;

	assert_int_equal(manifest_parse(&fields, buffer_bytes(&document->text), "m", &fault), ERR_OK);
	memcpy(out, fields.root, HASH_SIZE);
	json_free(&fields, &manifest_shape);
}

/* Every index of batches of every shape up to some size, in the tree that ingest made. */
static void test_all_sizes(void **state)
{
	struct media_batch batches[24];
	char ids[24][NAME_SIZE];
	struct reader *reader;

	(void)state;
	for (size_t i = 0; i < 24; i++) {
		snprintf(ids[i], sizeof ids[i], "b-%02zu", i);
		batches[i] = (struct media_batch){.id = ids[i], .issued = "2026-07-01T09:00:00Z",
		    .count = i + 1,
		    .lot_size = 1 + i % 5, .file_records = 1 + i % 4, .seq = i + 1};
		if (i == 23)
			batches[i] = (struct media_batch){.id = ids[i], .issued = "2026-07-01T09:00:00Z",
			    .count = 333, .lot_size = 100, .file_records = 64, .seq = 24};
		take_batch(&batches[i]);
	}
	reader = open_reader();
	assert_int_equal(reader_batches(reader), 24);
	for (unsigned i = 0; i < 24; i++) {
		uint8_t root[HASH_SIZE];

		root_of(root, reader, i);
		for (uint64_t index = 0; index < batches[i].count; index++)
			check_found(reader, i, &batches[i], index, root);
	}
	reader_free(&reader);
	reader_free(&reader);
}

static void test_not_found(void **state)
{
	static const uint8_t firsts[] = {0x00, 0x01, 0x02, 0x05, 0xff};
	struct reader *reader;

	(void)state;
	take_batch(&small_batch);
	reader = open_reader();
	for (size_t i = 0; i < sizeof firsts; i++) {
		ask(0, &small_batch, 0);
		for (size_t lot = 0; lot < lookup.lots; lot++)
			memset(lookup.lookup[lot].tag, firsts[i], RECORD_TAG_SIZE);
		assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
		assert_false(answer.found);
		assert_string_equal(answer.reason, "");
	}
	/* a tag of another lot is not looked for in this one */
	ask(0, &small_batch, 4);
	memcpy(lookup.lookup[0].tag, lookup.lookup[1].tag, RECORD_TAG_SIZE);
	lookup.lots = 1;
	assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
	assert_false(answer.found);
	lookup.lots = 0;
	assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
	assert_false(answer.found);
	reader_free(&reader);
}

static void test_wrong_questions(void **state)
{
	struct reader *reader;

	(void)state;
	take_batch(&small_batch);
	reader = open_reader();
	ask(0, &small_batch, 0);
	lookup.batch = 1;
	assert_fault(reader_answer(reader, &lookup, &answer, &fault), ERR_CANNOT, "reader");
	assert_string_equal(answer.reason, "reader");
	ask(0, &small_batch, 0);
	lookup.lookup[0].lot = 3;
	assert_fault(reader_answer(reader, &lookup, &answer, &fault), ERR_CANNOT, "reader");
	assert_false(answer.found);
	reader_free(&reader);
}

/* A file cut behind the reader's back: the device has its end, and a reason. */
static void test_read_error(void **state)
{
	static const char *const files[] = {"records-000.bin", "records-001.bin", "tree.bin"};
	struct reader *reader;
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char full[700];

		take_batch(&small_batch);
		reader = open_reader();
		snprintf(full, sizeof full, "%s/home/batches/b-1/%s", place_path, files[i]);
		assert_int_equal(truncate(full, 40), 0);
		for (uint64_t index = 0; index < small_batch.count; index++) {
			ask(0, &small_batch, index);
			if (reader_answer(reader, &lookup, &answer, &fault) == ERR_OK)
				continue;
			failed++;
			assert_int_equal(fault.err, ERR_CANNOT);
			assert_int_equal(answer.kind, MESSAGE_RECORD);
			assert_int_equal(answer.port, 3);
			assert_false(answer.found);
			assert_string_equal(answer.reason, "reader");
		}
		reader_free(&reader);
	}
	assert_true(failed > 10);
}

static void check_grants(const struct reader *reader, const uint64_t *serials, size_t count)
{
	assert_int_equal(reader_grants(reader), count);
	for (size_t i = 0; i < count; i++) {
		const struct document *document = reader_grant(reader, i);
		uint8_t hash[HASH_SIZE];
		struct grant_fields fields;

		assert_int_equal(grant_parse(&fields, buffer_bytes(&document->text), "g", &fault), ERR_OK);
		assert_int_equal(fields.serial, serials[i]);
		hash_bytes(hash, reader_grant_keys(reader, i));
		assert_memory_equal(hash, fields.keys_sha256, HASH_SIZE);
		assert_int_equal(document->count, 1);
		json_free(&fields, &grant_shape);
	}
}

static void check_batches(const struct reader *reader, const char *const *ids, size_t count)
{
	assert_int_equal(reader_batches(reader), count);
	for (size_t i = 0; i < count; i++) {
		char where[128];

		snprintf(where, sizeof where, "batches/%s/manifest.json", ids[i]);
		assert_string_equal(reader_manifest(reader, i)->where, where);
		assert_int_equal(reader_manifest(reader, i)->count, 2);
	}
}

static struct media_batch batch_issued(const char *id, const char *issued, uint64_t seq)
{
	struct media_batch batch = small_batch;

	batch.id = id;
	batch.issued = issued;
	batch.seq = seq;
	return batch;
}

/* By issue, then id; grants by serial; what comes later keeps behind. */
static void test_order_and_refresh(void **state)
{
	static const char *const ids[] = {"y", "a", "b", "c", "d"};
	static const uint64_t serials[] = {2, 9, 10, 1};
	const struct media_batch a = batch_issued("a", "2026-07-02T00:00:00Z", 1);
	const struct media_batch b = batch_issued("b", "2026-07-02T00:00:00Z", 2);
	const struct media_batch y = batch_issued("y", "2026-07-01T00:00:00Z", 3);
	const struct media_batch d = batch_issued("d", "2026-06-02T00:00:00Z", 4);
	const struct media_batch c = batch_issued("c", "2026-06-01T00:00:00Z", 5);
	const struct document *first;
	struct reader *reader;
	uint8_t root[HASH_SIZE];
	bool changed;

	(void)state;
	reader = open_reader();
	check_batches(reader, ids, 0);
	reader_free(&reader);
	take_batch(&b);
	take_batch(&a);
	take_batch(&y);
	take_grant(10, &a);
	take_grant(9, &a);
	take_grant(2, &b);
	reader = open_reader();
	check_batches(reader, ids, 3);
	check_grants(reader, serials, 3);
	first = reader_manifest(reader, 0);
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_false(changed);
	take_batch(&d);
	take_batch(&c);
	take_grant(1, &c);
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_true(changed);
	check_batches(reader, ids, 5);
	check_grants(reader, serials, 4);
	assert_ptr_equal(reader_manifest(reader, 0), first);
	root_of(root, reader, 4);
	check_found(reader, 4, &d, 2, root);
	reader_free(&reader);
}

/* Signatures that came after their documents, and a folder that is set aside. */
static void test_signatures_later(void **state)
{
	char name[DOCUMENT_PLACE_SIZE];
	struct reader *reader;
	bool changed;

	(void)state;
	take_batch(&small_batch);
	take_grant(9, &small_batch);
	reader = open_reader();
	media_sign(name, in_place("home/batches/b-1"), MANIFEST_NAME, BERT, "manifest", "b-1");
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_true(changed);
	assert_int_equal(reader_manifest(reader, 0)->count, 3);
	media_sign(name, in_place("home/grants/9"), GRANT_NAME, ANNA, "grant", "9");
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_true(changed);
	assert_int_equal(reader_grant(reader, 0)->count, 2);
	assert_string_equal(reader_grant(reader, 0)->where, "grants/9/" GRANT_NAME);
	assert_int_equal(rename(in_place("home/batches/b-1"), in_place("away")), 0);
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_false(changed);
	assert_int_equal(reader_manifest(reader, 0)->count, 3);
	reader_free(&reader);
}

static void refuse_open(const char *code)
{
	struct reader *reader;

	assert_fault(reader_open(&reader, &home, &fault), ERR_CANNOT, code);
	assert_null(reader);
}

/* A folder that ingest did not leave so. Drafts and strangers' names are not looked at. */
static void test_damaged_home(void **state)
{
	struct reader *reader;

	(void)state;
	take_batch(&small_batch);
	media_folder(in_place("home/batches/.x.part"));
	media_folder(in_place("home/batches/lost+found"));
	media_folder(in_place("home/grants/.5.part"));
	media_folder(in_place("home/grants/five"));
	reader = open_reader();
	assert_int_equal(reader_batches(reader), 1);
	assert_int_equal(reader_grants(reader), 0);
	reader_free(&reader);
	home_put("batches/b-1/tree.bin", bytes_of("short"));
	refuse_open("reader");
	take("b-1");
	assert_int_equal(unlinkat(home.folder, "batches/b-1/records-001.bin", 0), 0);
	refuse_open("reader");
	take("b-1");
	reader = open_reader();
	reader_free(&reader);
	media_folder(in_place("home/grants/7"));
	refuse_open("file-open");
}

static void ask_single(unsigned batch, uint64_t index)
{
	lookup = (struct message){.kind = MESSAGE_LOOKUP, .port = 3, .batch = batch, .single = true,
	    .index = index};
}

static void check_single(struct reader *reader, uint64_t index, const uint8_t root[static HASH_SIZE])
{
	uint8_t record[MEDIA_STRIDE], leaf[HASH_SIZE];

	ask_single(0, index);
	if (reader_answer(reader, &lookup, &answer, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	assert_true(answer.found);
	assert_int_equal(answer.index, index);
	assert_int_equal(answer.lot, index / small_batch.lot_size);
	media_record(record, &small_batch, index);
	assert_memory_equal(answer.record, record, sizeof record);
	hash_leaf(leaf, bytes_from(record, sizeof record));
	assert_true(tree_includes(index, small_batch.count, leaf, (const uint8_t (*)[HASH_SIZE])answer.path,
	    answer.path_count, root));
}

static void take_extract(const char *name, uint64_t index)
{
	media_make_extract(in_place(name), in_place("b-1"), &small_batch, index);
	take(name);
}

/* Records of a batch that is not held, then another one, then the whole batch: the number stays. */
static void test_extracts(void **state)
{
	uint8_t hash[HASH_SIZE], root[HASH_SIZE];
	struct reader *reader;
	bool changed;

	(void)state;
	media_make_batch(hash, in_place("b-1"), &small_batch);
	take_extract("x", 4);
	reader = open_reader();
	assert_int_equal(reader_batches(reader), 1);
	root_of(root, reader, 0);
	check_single(reader, 4, root);
	ask_single(0, 6);
	assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
	assert_false(answer.found);
	assert_string_equal(answer.reason, "");
	ask_single(0, small_batch.count);
	assert_fault(reader_answer(reader, &lookup, &answer, &fault), ERR_CANNOT, "reader");
	/* no tag is looked for among extracts */
	ask(0, &small_batch, 4);
	assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
	assert_false(answer.found);
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_false(changed);
	take_extract("y", 6);
	take_extract("z", 0);
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_true(changed);
	check_single(reader, 0, root);
	check_single(reader, 4, root);
	check_single(reader, 6, root);
	take("b-1");
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_true(changed);
	assert_int_equal(reader_batches(reader), 1);
	for (uint64_t index = 0; index < small_batch.count; index++) {
		check_single(reader, index, root);
		check_found(reader, 0, &small_batch, index, root);
	}
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_false(changed);
	reader_free(&reader);
	reader = open_reader();
	check_single(reader, 5, root);
	reader_free(&reader);
}

static void test_damaged_extract(void **state)
{
	static const char *const files[] = {PROOF_NAME, EXTRACT_RECORD_NAME};
	uint8_t hash[HASH_SIZE];
	struct reader *reader;

	(void)state;
	media_make_batch(hash, in_place("b-1"), &small_batch);
	take_extract("x", 4);
	reader = open_reader();
	for (size_t i = 0; i < 2; i++) {
		char full[700];

		snprintf(full, sizeof full, "%s/home/batches/b-1@4/%s", place_path, files[i]);
		assert_int_equal(truncate(full, 40), 0);
		ask_single(0, 4);
		assert_fault(reader_answer(reader, &lookup, &answer, &fault), ERR_CANNOT, "reader");
		assert_string_equal(fault.where, "b-1@4");
		assert_false(answer.found);
		assert_string_equal(answer.reason, "reader");
		/* a copy taken anew is seen at once */
		take("x");
		assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
		assert_true(answer.found);
	}
	reader_free(&reader);
}

#define READER_TEST(function) cmocka_unit_test_setup_teardown(function, trusting_make, trusting_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		READER_TEST(test_all_sizes),
		READER_TEST(test_not_found),
		READER_TEST(test_wrong_questions),
		READER_TEST(test_read_error),
		READER_TEST(test_order_and_refresh),
		READER_TEST(test_signatures_later),
		READER_TEST(test_damaged_home),
		READER_TEST(test_extracts),
		READER_TEST(test_damaged_extract),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
