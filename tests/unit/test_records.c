/* SPDX-License-Identifier: ISC */
/* The records files and SHA256SUMS of a batch folder against its manifest. */
#include "officers.h"

#include "batches.h"
#include "place.h"

static struct manifest_fields fields;

static void put_records(const char *name, uint64_t first, uint64_t count)
{
	uint8_t records[BATCH_COUNT * BATCH_STRIDE];

	for (uint64_t i = 0; i < count; i++)
		batch_record(records + i * BATCH_STRIDE, first + i);
	place_put(name, records, count * BATCH_STRIDE);
}

static int set_up(void **state)
{
	(void)state;
	place_make();
	specimen_manifest(&fields);
	put_records("records-000.bin", 0, 5);
	put_records("records-001.bin", 5, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	json_free(&fields, &manifest_shape);
	place_remove();
	return 0;
}

static enum err verify(void)
{
	return records_verify(place, &fields, 1, NULL, NULL, "batch", &fault);
}

struct seen {
	uint64_t count;
	uint64_t stop;
};

static enum err see(void *context, uint64_t index, const uint8_t leaf[static HASH_SIZE], struct fault *out)
{
	uint8_t record[BATCH_STRIDE], expected[HASH_SIZE];
	struct seen *seen = context;

	assert_int_equal(index, seen->count);
	batch_record(record, index);
	hash_leaf(expected, bytes_from(record, sizeof record));
	assert_memory_equal(leaf, expected, HASH_SIZE);
	seen->count++;
	return index == seen->stop ? fault_set(out, ERR_CANNOT, "stopped", "", "by the visitor") : ERR_OK;
}

static void test_good(void **state)
{
	struct seen seen = {.stop = BATCH_COUNT};

	(void)state;
	assert_int_equal(records_verify(place, &fields, 1, see, &seen, "batch", &fault), ERR_OK);
	assert_int_equal(seen.count, BATCH_COUNT);
	assert_int_equal(verify(), ERR_OK);
	seen = (struct seen){.stop = 5};
	assert_fault(records_verify(place, &fields, 1, see, &seen, "batch", &fault), ERR_CANNOT, "stopped");
	assert_int_equal(seen.count, 6);
}

static void test_every_byte(void **state)
{
	uint8_t records[5 * BATCH_STRIDE];

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		batch_record(records + i * BATCH_STRIDE, i);
	for (size_t i = 0; i < sizeof records; i++) {
		records[i] ^= (uint8_t)(1U << i % 8);
		place_put("records-000.bin", records, sizeof records);
		assert_int_equal(verify(), ERR_NO);
		records[i] ^= (uint8_t)(1U << i % 8);
	}
}

static void test_hash(void **state)
{
	(void)state;
	((struct manifest_file *)fields.files.items)[1].sha256[0] ^= 1;
	assert_fault(verify(), ERR_NO, "records-hash");
	assert_string_equal(fault.where, "batch/records-001.bin");
}

static void test_root(void **state)
{
	(void)state;
	fields.root[31] ^= 1;
	assert_fault(verify(), ERR_NO, "records-root");
	assert_string_equal(fault.where, "batch");
}

static void test_missing(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(place, "records-001.bin", 0), 0);
	assert_fault(verify(), ERR_NO, "records-missing");
	assert_string_equal(fault.where, "batch/records-001.bin");
	assert_int_equal(symlinkat("records-000.bin", place, "records-001.bin"), 0);
	assert_fault(verify(), ERR_CANNOT, "file-kind");
	assert_string_equal(fault.where, "batch/records-001.bin");
}

static void test_size(void **state)
{
	(void)state;
	put_records("records-001.bin", 5, 1);
	assert_fault(verify(), ERR_NO, "records-size");
	put_records("records-001.bin", 4, 3);
	assert_fault(verify(), ERR_NO, "records-size");
}

/* Order is judged within a lot: the manifest of these very bytes, cut into other lots, is refused. */
static void test_order(void **state)
{
	struct manifest_lot *lots = fields.lots.items;

	(void)state;
	lots[0].count = 4; /* record 3 begins a lot no more, and its tag is below that of record 2 */
	lots[1].first = 4;
	assert_fault(verify(), ERR_NO, "records-order");
	assert_non_null(strstr(fault.text, "record 3 "));
	lots[0].count = 3;
	lots[1].first = 3;
	lots[1].count = 2; /* 3 and 4 ascend, and so do 5 and 6 */
	lots[2].first = 5;
	lots[2].count = 2;
	assert_int_equal(verify(), ERR_OK);
}

/* The same tag twice would make a look-up ambiguous. */
static void test_twice(void **state)
{
	uint8_t records[5 * BATCH_STRIDE];

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		batch_record(records + i * BATCH_STRIDE, i);
	memcpy(records + BATCH_STRIDE, records, RECORD_TAG_SIZE);
	place_put("records-000.bin", records, sizeof records);
	assert_fault(verify(), ERR_NO, "records-order");
	assert_non_null(strstr(fault.text, "record 1 "));
}

/* More than one window of the reader, with a stride that does not divide it. */
static void test_large(void **state)
{
	enum { COUNT = 20000, STRIDE = 320 };
	struct manifest_file *file = fields.files.items;
	uint8_t *records = calloc(COUNT, STRIDE), leaf[HASH_SIZE];
	struct tree tree = {0};

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		uint8_t *record = records + i * STRIDE;

		record[0] = (uint8_t)(i >> 8);
		record[1] = (uint8_t)i;
		record[STRIDE - 1] = (uint8_t)(i * 3);
		hash_leaf(leaf, bytes_from(record, STRIDE));
		tree_push(&tree, leaf);
	}
	tree_root(&tree, fields.root);
	fields.stride = STRIDE;
	fields.count = 0;
	fields.lots.count = 0;
	add_lot(&fields, "all", COUNT);
	fields.files.count = 1;
	file->bytes = COUNT * STRIDE;
	hash_bytes(file->sha256, bytes_from(records, COUNT * STRIDE));
	place_put("records-000.bin", records, COUNT * STRIDE);
	assert_int_equal(manifest_check(&fields, "m", &fault), ERR_OK);
	assert_int_equal(verify(), ERR_OK);
	records[COUNT * STRIDE - 1] ^= 1;
	place_put("records-000.bin", records, COUNT * STRIDE);
	assert_fault(verify(), ERR_NO, "records-hash");
	free(records);
}

static const uint8_t manifest_hash_of[HASH_SIZE] = {1, 2, 3};

static void sums_text(struct buffer *out)
{
	const struct manifest_file *files = fields.files.items;

	buffer_hex(out, bytes_from(manifest_hash_of, HASH_SIZE));
	buffer_text(out, "  manifest.json\n");
	buffer_hex(out, bytes_from(files[0].sha256, HASH_SIZE));
	buffer_text(out, "  records-000.bin\n");
	buffer_hex(out, bytes_from(files[1].sha256, HASH_SIZE));
	buffer_text(out, "  records-001.bin\n");
}

static enum err verify_sums(const struct buffer *text)
{
	place_put("SHA256SUMS", text->data, text->size);
	return sums_verify(place, &fields, manifest_hash_of, "batch", &fault);
}

static void test_sums(void **state)
{
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	assert_fault(sums_verify(place, &fields, manifest_hash_of, "batch", &fault), ERR_CANNOT, "file-open");
	assert_string_equal(fault.where, "batch/SHA256SUMS");
	sums_text(&text);
	assert_int_equal(verify_sums(&text), ERR_OK);
	for (size_t i = 0; i < text.size; i++) {
		text.data[i] ^= 1;
		assert_int_equal(verify_sums(&text), ERR_NO);
		assert_string_equal(fault.where, "batch/SHA256SUMS");
		text.data[i] ^= 1;
	}
	text.data[0] = '1';
	assert_fault(verify_sums(&text), ERR_NO, "sums-differ");
	text.data[0] = '0';
	buffer_text(&text, "\n");
	assert_fault(verify_sums(&text), ERR_NO, "sums-form");
	text.size -= 2;
	assert_fault(verify_sums(&text), ERR_NO, "sums-form");
	text.size = 2 * HASH_SIZE + 16; /* the first line alone */
	assert_fault(verify_sums(&text), ERR_NO, "sums-form");
	buffer_clear(&text);
	assert_fault(verify_sums(&text), ERR_NO, "sums-form");
	buffer_free(&text);
}

/* What sha256sum itself prints. */
static void test_sums_stock(void **state)
{
	struct manifest_file *files = fields.files.items;
	char command[sizeof place_path + 80];
	uint8_t hash[HASH_SIZE];

	(void)state;
	place_put("manifest.json", "text", 4);
	snprintf(command, sizeof command, "cd %s && sha256sum manifest.json records-*.bin >SHA256SUMS",
	    place_path);
	assert_int_equal(system(command), 0);
	hash_bytes(hash, bytes_of("text"));
	assert_int_equal(sums_verify(place, &fields, hash, "batch", &fault), ERR_OK);
	files[1].sha256[3] ^= 1;
	assert_fault(sums_verify(place, &fields, hash, "batch", &fault), ERR_NO, "sums-differ");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good), TEST(test_every_byte), TEST(test_hash), TEST(test_root), TEST(test_missing),
		    TEST(test_size),
		TEST(test_order), TEST(test_twice), TEST(test_large), TEST(test_sums), TEST(test_sums_stock),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
