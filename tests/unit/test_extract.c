/* SPDX-License-Identifier: ISC */
/* The proof document and the folder round it, one thing wrong at a time. */
#include "officers.h"

#include "place.h"

#include "gapseal/extract.h"
#include "gapseal/file.h"

#define COUNT 11
#define INDEX 8
#define STRIDE 192

static struct manifest_fields manifest = {.count = COUNT, .stride = STRIDE};
static uint8_t manifest_hash_of[HASH_SIZE] = {7};
static struct proof_fields proof;
static struct tree_path path;
static uint8_t record[STRIDE + 1];
static struct extract extract;

static void record_of(uint8_t out[static STRIDE], uint64_t index)
{
	memset(out, (int)index + 1, STRIDE);
}

static int make(void **state)
{
	struct tree tree = {0};

	(void)state;
	place_make();
	path = (struct tree_path){.index = INDEX};
	for (uint64_t i = 0; i < COUNT; i++) {
		uint8_t leaf[HASH_SIZE];

		record_of(record, i);
		hash_leaf(leaf, bytes_from(record, STRIDE));
		tree_push(&tree, leaf);
		tree_path_push(&path, leaf);
	}
	tree_root(&tree, manifest.root);
	tree_path_end(&path);
	proof = (struct proof_fields){.index = INDEX, .path = {path.proof, path.count}};
	memcpy(proof.manifest_sha256, manifest_hash_of, HASH_SIZE);
	record_of(record, INDEX);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	place_remove();
	return 0;
}

static void put_sum(struct buffer *sums, const char *name, struct bytes file)
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, file);
	buffer_hex(sums, bytes_from(hash, HASH_SIZE));
	buffer_format(sums, "  %s\n", name);
}

/* Writes the folder as it stands in memory, with sums that fit it. */
static void put_folder(size_t stride)
{
	struct buffer text = BUFFER_EMPTY, sums = BUFFER_EMPTY;

	json_write(&text, &proof_shape, &proof);
	buffer_hex(&sums, bytes_from(manifest_hash_of, HASH_SIZE));
	buffer_text(&sums, "  " MANIFEST_NAME "\n");
	put_sum(&sums, PROOF_NAME, buffer_bytes(&text));
	put_sum(&sums, EXTRACT_RECORD_NAME, bytes_from(record, stride));
	place_put(PROOF_NAME, text.data, text.size);
	place_put(EXTRACT_RECORD_NAME, record, stride);
	place_put(SUMS_NAME, sums.data, sums.size);
	buffer_free(&text);
	buffer_free(&sums);
}

static enum err look(void)
{
	return extract_open(&extract, place, &manifest, manifest_hash_of, "x", &fault);
}

static void refuse(const char *code, const char *where)
{
	put_folder(STRIDE);
	assert_fault(look(), ERR_NO, code);
	assert_string_equal(fault.where, where);
}

static void test_good(void **state)
{
	uint8_t leaf[HASH_SIZE];

	(void)state;
	assert_false(extract_is(place));
	put_folder(STRIDE);
	assert_true(extract_is(place));
	if (look() != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	assert_int_equal(extract.index, INDEX);
	assert_memory_equal(extract.record, record, STRIDE);
	hash_leaf(leaf, bytes_from(record, STRIDE));
	assert_memory_equal(extract.leaf, leaf, HASH_SIZE);
	assert_int_equal(extract.path_count, path.count);
	assert_memory_equal(extract.path, path.proof, path.count * HASH_SIZE);
}

static void test_wrong_proof(void **state)
{
	(void)state;
	proof.index = COUNT;
	refuse("proof-index", "x/" PROOF_NAME);
	proof.index = INTEGER_MAX;
	refuse("proof-index", "x/" PROOF_NAME);
	proof.index = INDEX ^ 1;
	refuse("proof-inclusion", "x/" EXTRACT_RECORD_NAME);
	proof.index = 0; /* which has a longer path */
	refuse("proof-path", "x/" PROOF_NAME);
	proof.index = INDEX;
	proof.path.count--;
	refuse("proof-path", "x/" PROOF_NAME);
	proof.path.count += 2;
	refuse("proof-path", "x/" PROOF_NAME);
	proof.path.count = TREE_DEPTH_MAX;
	refuse("proof-path", "x/" PROOF_NAME);
	proof.path.count = path.count;
	proof.manifest_sha256[31] ^= 1;
	refuse("proof-manifest", "x/" PROOF_NAME);
	proof.manifest_sha256[31] ^= 1;
	for (size_t i = 0; i < path.count; i++) {
		path.proof[i][HASH_SIZE - 1] ^= 1;
		refuse("proof-inclusion", "x/" EXTRACT_RECORD_NAME);
		path.proof[i][HASH_SIZE - 1] ^= 1;
	}
	manifest.root[0] ^= 1;
	refuse("proof-inclusion", "x/" EXTRACT_RECORD_NAME);
	manifest.root[0] ^= 1;
	put_folder(STRIDE);
	assert_int_equal(look(), ERR_OK);
}

static void test_wrong_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < STRIDE; i++) {
		record[i] ^= 1;
		refuse("proof-inclusion", "x/" EXTRACT_RECORD_NAME);
		record[i] ^= 1;
	}
	for (size_t size = 0; size <= STRIDE + 1; size += size == 0 ? STRIDE - 1 : 2) {
		put_folder(size);
		assert_fault(look(), ERR_NO, "record-size");
		assert_string_equal(fault.where, "x/" EXTRACT_RECORD_NAME);
	}
	put_folder(STRIDE);
	assert_int_equal(unlinkat(place, EXTRACT_RECORD_NAME, 0), 0);
	assert_fault(look(), ERR_NO, "record-missing");
	assert_int_equal(symlinkat("/dev/zero", place, EXTRACT_RECORD_NAME), 0);
	assert_fault(look(), ERR_CANNOT, "file-kind");
}

static void test_sums(void **state)
{
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	put_folder(STRIDE);
	assert_int_equal(file_read(&text, place, SUMS_NAME, 4096, &fault), ERR_OK);
	for (size_t i = 0; i < text.size; i++) {
		text.data[i] ^= 1;
		place_put(SUMS_NAME, text.data, text.size);
		assert_int_equal(look(), ERR_NO);
		assert_string_equal(fault.where, "x/" SUMS_NAME);
		text.data[i] ^= 1;
	}
	place_put(SUMS_NAME, text.data, text.size - 1);
	assert_fault(look(), ERR_NO, "sums-form");
	assert_int_equal(unlinkat(place, SUMS_NAME, 0), 0);
	assert_fault(look(), ERR_CANNOT, "file-open");
	assert_string_equal(fault.where, "x/" SUMS_NAME);
	buffer_free(&text);
}

/* A batch of one device: its record is the root. */
static void test_one_device(void **state)
{
	(void)state;
	manifest.count = 1;
	proof.index = 0;
	proof.path.count = 0;
	hash_leaf(manifest.root, bytes_from(record, STRIDE));
	put_folder(STRIDE);
	assert_int_equal(look(), ERR_OK);
	assert_int_equal(extract.path_count, 0);
	proof.path.count = 1;
	refuse("proof-path", "x/" PROOF_NAME);
	manifest.count = COUNT;
}

static void check_text(const char *text, const char *code)
{
	struct proof_fields fields;

	assert_fault(proof_parse(&fields, bytes_of(text), "p", &fault), ERR_NO, code);
	assert_null(fields.path.items);
}

#define HASH_TEXT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_document(void **state)
{
	uint8_t hashes[TREE_DEPTH_MAX + 1][HASH_SIZE] = {0};
	struct buffer text = BUFFER_EMPTY;
	struct proof_fields fields;

	(void)state;
	json_write(&text, &proof_shape, &proof);
	assert_int_equal(proof_parse(&fields, buffer_bytes(&text), "p", &fault), ERR_OK);
	assert_int_equal(fields.path.count, path.count);
	assert_memory_equal(fields.path.items, path.proof, path.count * HASH_SIZE);
	json_free(&fields, &proof_shape);
	buffer_clear(&text);
	proof.path = (struct list){hashes, TREE_DEPTH_MAX + 1};
	json_write(&text, &proof_shape, &proof);
	assert_fault(proof_parse(&fields, buffer_bytes(&text), "p", &fault), ERR_NO, "proof-path");
	buffer_free(&text);
	check_text("", "json-canonical");
	check_text("{\n  \"index\": 1,\n  \"manifest_sha256\": \"" HASH_TEXT "\",\n  \"path\": [\n    \"00\"\n  ],\n"
	    "  \"schema\": \"" PROOF_SCHEMA "\"\n}\n", "json-value");
	check_text("{\n  \"index\": 1,\n  \"manifest_sha256\": \"" HASH_TEXT "\",\n  \"path\": [],\n"
	    "  \"schema\": \"gapseal/proof/v2\"\n}\n", "json-schema");
	check_text("{\n  \"index\": 1,\n  \"path\": [],\n  \"schema\": \"" PROOF_SCHEMA "\"\n}\n", "json-key");
}

#define EXTRACT_TEST(function) cmocka_unit_test_setup_teardown(function, make, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXTRACT_TEST(test_good),
		EXTRACT_TEST(test_wrong_proof),
		EXTRACT_TEST(test_wrong_record),
		EXTRACT_TEST(test_sums),
		EXTRACT_TEST(test_one_device),
		EXTRACT_TEST(test_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
