/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <jansson.h>

#include "gapseal/tree.h"

#define LEAVES 70

static uint8_t leaves[LEAVES][HASH_SIZE];

static int make_leaves(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LEAVES; i++) {
		char text[24];

		snprintf(text, sizeof text, "leaf %u", i);
		hash_leaf(leaves[i], bytes_of(text));
	}
	return 0;
}

/* The largest power of two below size: where RFC 6962 section 2.1 cuts a tree in two. */
static size_t cut_of(size_t size)
{
	size_t cut = 1;

	while (2 * cut < size)
		cut *= 2;
	return cut;
}

/* The three definitions of RFC 6962 section 2.1, word for word: the oracle. */
static void oracle_root(uint8_t out[HASH_SIZE], size_t start, size_t size)
{
	uint8_t left[HASH_SIZE], right[HASH_SIZE];

	if (size == 0) {
		hash_bytes(out, bytes_of(""));
	} else if (size == 1) {
		memcpy(out, leaves[start], HASH_SIZE);
	} else {
		size_t cut = cut_of(size);

		oracle_root(left, start, cut);
		oracle_root(right, start + cut, size - cut);
		hash_node(out, left, right);
	}
}

struct proof {
	size_t count;
	uint8_t hashes[TREE_DEPTH_MAX + 2][HASH_SIZE];
};

static const uint8_t (*hashes_of(const struct proof *proof))[HASH_SIZE]
{
	return proof->hashes;
}

static void oracle_path(struct proof *proof, size_t index, size_t start, size_t size)
{
	size_t cut = cut_of(size);

	if (size == 1)
		return;
	if (index < cut) {
		oracle_path(proof, index, start, cut);
		oracle_root(proof->hashes[proof->count++], start + cut, size - cut);
	} else {
		oracle_path(proof, index - cut, start + cut, size - cut);
		oracle_root(proof->hashes[proof->count++], start, cut);
	}
}

static void oracle_subproof(struct proof *proof, size_t first, size_t start, size_t size, bool whole)
{
	size_t cut = cut_of(size);

	if (first == size) {
		if (!whole)
			oracle_root(proof->hashes[proof->count++], start, size);
	} else if (first <= cut) {
		oracle_subproof(proof, first, start, cut, whole);
		oracle_root(proof->hashes[proof->count++], start + cut, size - cut);
	} else {
		oracle_subproof(proof, first - cut, start + cut, size - cut, false);
		oracle_root(proof->hashes[proof->count++], start, cut);
	}
}

static void test_growing(void **state)
{
	struct tree tree = {0};
	uint8_t root[HASH_SIZE], expected[HASH_SIZE];

	(void)state;
	for (size_t size = 0; size <= LEAVES; size++) {
		struct tree copy = tree;

		assert_true(tree.size == size);
		oracle_root(expected, 0, size);
		tree_root(&copy, root);
		assert_memory_equal(root, expected, HASH_SIZE);
		tree_root(&tree, root); /* asking changes nothing */
		assert_memory_equal(root, expected, HASH_SIZE);
		if (size < LEAVES)
			tree_push(&tree, leaves[size]);
	}
}

/* The path of every leaf of every size, collected while they go by. */
static void test_collecting(void **state)
{
	(void)state;
	for (size_t size = 1; size <= LEAVES; size++) {
		for (size_t index = 0; index < size; index++) {
			struct tree_path path = {.index = index};
			struct proof proof = {0};

			for (size_t i = 0; i < size; i++)
				tree_path_push(&path, leaves[i]);
			tree_path_end(&path);
			oracle_path(&proof, index, 0, size);
			assert_int_equal(path.count, proof.count);
			assert_memory_equal(path.proof, proof.hashes, proof.count * HASH_SIZE);
		}
	}
}

/* A proof holds as it is, and with any one bit or hash of it, its length, index or size changed it
 * does not. */
static void check_inclusion(size_t index, size_t size)
{
	struct proof proof = {0};
	uint8_t root[HASH_SIZE];
	const uint8_t *leaf = leaves[index], *other = leaves[(index + 1) % LEAVES];

	oracle_root(root, 0, size);
	oracle_path(&proof, index, 0, size);
	assert_true(tree_includes(index, size, leaf, hashes_of(&proof), proof.count, root));
	assert_false(tree_includes(index, size, other, hashes_of(&proof), proof.count, root));
	assert_false(tree_includes(index, size, leaf, hashes_of(&proof), proof.count + 1, root));
	for (size_t i = 0; i < size + 3; i++) {
		if (i != index)
			assert_false(tree_includes(i, size, leaf, hashes_of(&proof), proof.count, root));
	}
	if (proof.count > 0)
		assert_false(tree_includes(index, size, leaf, hashes_of(&proof), proof.count - 1, root));
	for (size_t i = 0; i < proof.count; i++) {
		proof.hashes[i][i % HASH_SIZE] ^= 1;
		assert_false(tree_includes(index, size, leaf, hashes_of(&proof), proof.count, root));
		proof.hashes[i][i % HASH_SIZE] ^= 1;
	}
	root[31] ^= 0x80;
	assert_false(tree_includes(index, size, leaf, hashes_of(&proof), proof.count, root));
}

static void test_inclusion(void **state)
{
	(void)state;
	for (size_t size = 1; size <= LEAVES; size++) {
		for (size_t index = 0; index < size; index++)
			check_inclusion(index, size);
	}
	assert_false(tree_includes(0, 0, leaves[0], NULL, 0, leaves[0]));
}

static void check_consistency(size_t first, size_t second)
{
	struct proof proof = {0};
	uint8_t root1[HASH_SIZE], root2[HASH_SIZE];

	oracle_root(root1, 0, first);
	oracle_root(root2, 0, second);
	if (first > 0 && first < second)
		oracle_subproof(&proof, first, 0, second, true);
	assert_true(tree_extends(first, second, root1, root2, hashes_of(&proof), proof.count));
	assert_false(tree_extends(first, second, root1, root2, hashes_of(&proof), proof.count + 1));
	if (proof.count > 0)
		assert_false(tree_extends(first, second, root1, root2, hashes_of(&proof), proof.count - 1));
	if (first != second)
		assert_false(tree_extends(second, first, root2, root1, hashes_of(&proof), proof.count));
	for (size_t i = 0; i < proof.count; i++) {
		proof.hashes[i][i % HASH_SIZE] ^= 1;
		assert_false(tree_extends(first, second, root1, root2, hashes_of(&proof), proof.count));
		proof.hashes[i][i % HASH_SIZE] ^= 1;
	}
	root1[0] ^= 1;
	assert_false(tree_extends(first, second, root1, root2, hashes_of(&proof), proof.count));
	root1[0] ^= 1;
	root2[31] ^= 1;
	/* nothing is claimed about what follows an empty tree */
	assert_true(tree_extends(first, second, root1, root2, hashes_of(&proof), proof.count) ==
	    (first == 0 && second > 0));
}

static void test_consistency(void **state)
{
	(void)state;
	for (size_t second = 0; second <= LEAVES; second++) {
		for (size_t first = 0; first <= second; first++)
			check_consistency(first, second);
	}
}

/* Roots made to fit a proof that goes on above the top of the trees, or that is too short to start. */
static void test_proofs_of_wrong_length(void **state)
{
	uint8_t root[HASH_SIZE], root1[HASH_SIZE], root2[HASH_SIZE];
	struct proof proof = {0};

	(void)state;
	memcpy(proof.hashes[0], leaves[1], HASH_SIZE);
	hash_node(root, leaves[1], leaves[0]);
	assert_false(tree_includes(0, 1, leaves[0], hashes_of(&proof), 1, root));

	oracle_root(root1, 0, 3);
	oracle_root(root2, 0, 4);
	memset(&proof, 0, sizeof proof);
	oracle_subproof(&proof, 3, 0, 4, true);
	assert_true(tree_extends(3, 4, root1, root2, hashes_of(&proof), proof.count));
	memcpy(proof.hashes[proof.count++], leaves[9], HASH_SIZE);
	hash_node(root1, leaves[9], root1);
	hash_node(root2, leaves[9], root2);
	assert_false(tree_extends(3, 4, root1, root2, hashes_of(&proof), proof.count));

	assert_false(tree_extends(3, 4, root1, root1, NULL, 0));
	assert_false(tree_extends(2, 1, root1, root1, NULL, 0));
	assert_false(tree_extends(1, 2, root1, root1, NULL, 0));
}

/* Builds tree.bin by its description; returns the number of hashes. */
static size_t build_levels(uint8_t (*file)[HASH_SIZE], size_t size)
{
	size_t start = 0, count = size;

	memcpy(file, leaves, size * HASH_SIZE);
	while (count > 1) {
		size_t above = start + count;

		for (size_t i = 0; i < count / 2; i++)
			hash_node(file[above + i], file[start + 2 * i], file[start + 2 * i + 1]);
		if (count % 2 == 1)
			memcpy(file[above + count / 2], file[start + count - 1], HASH_SIZE);
		start = above;
		count = count / 2 + count % 2;
	}
	return start + count;
}

/* The path that a reader of tree.bin would take, by the level functions alone. */
static void check_path(uint8_t (*file)[HASH_SIZE], size_t size, size_t index)
{
	struct proof proof = {0};
	uint64_t at = index;
	unsigned level;

	for (level = 0; tree_level_count(size, level) > 1; level++) {
		uint64_t start = tree_level_start(size, level), sibling = at ^ 1;

		if (sibling < tree_level_count(size, level))
			memcpy(proof.hashes[proof.count++], file[start + sibling], HASH_SIZE);
		at /= 2;
	}
	assert_true(tree_includes(index, size, leaves[index], hashes_of(&proof), proof.count,
	    file[tree_level_start(size, level)]));
}

static void test_levels(void **state)
{
	uint8_t file[2 * LEAVES + 8][HASH_SIZE], root[HASH_SIZE];

	(void)state;
	for (size_t size = 1; size <= LEAVES; size++) {
		size_t count = build_levels(file, size);

		assert_true(tree_file_bytes(size) == count * HASH_SIZE);
		oracle_root(root, 0, size);
		assert_memory_equal(file[count - 1], root, HASH_SIZE);
		for (size_t index = 0; index < size; index++)
			check_path(file, size, index);
	}
}

static void test_level_numbers(void **state)
{
	(void)state;
	assert_true(tree_file_bytes(0) == 0);
	assert_true(tree_level_count(0, 0) == 0);
	assert_true(tree_level_count(1, 0) == 1 && tree_level_count(1, 1) == 0);
	assert_true(tree_level_count(5, 1) == 3 && tree_level_count(5, 2) == 2);
	assert_true(tree_level_count(5, 3) == 1);
	assert_true(tree_level_count(5, 4) == 0 && tree_level_count(5, 64) == 0);
	assert_true(tree_level_start(5, 3) == 10);
	assert_true(tree_level_count(UINT64_MAX, 63) == 2 && tree_level_count(UINT64_MAX, 64) == 1);
	assert_true(tree_file_bytes(UINT64_C(1) << 32) == ((UINT64_C(1) << 33) - 1) * HASH_SIZE);
}

/* Loaded as reals, because 2^64-1 occurs, which jansson's integers cannot hold; the others are small. */
static uint64_t number_of(const json_t *vector, const char *key)
{
	double value = json_real_value(json_object_get(vector, key));

	assert_true(json_is_real(json_object_get(vector, key)));
	return value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
}

/* False if it is not the length of a hash, which our callers cannot even pass. */
static bool hash_of(uint8_t out[HASH_SIZE], const json_t *text)
{
	struct buffer decoded = BUFFER_EMPTY;
	bool fits;

	assert_true(json_is_string(text));
	assert_true(base64_decode(&decoded, bytes_of(json_string_value(text)), true));
	fits = decoded.size == HASH_SIZE;
	if (fits)
		memcpy(out, decoded.data, HASH_SIZE);
	buffer_free(&decoded);
	return fits;
}

static bool proof_of(struct proof *proof, const json_t *list)
{
	proof->count = json_array_size(list);
	assert_true(proof->count <= TREE_DEPTH_MAX);
	for (size_t i = 0; i < proof->count; i++) {
		if (!hash_of(proof->hashes[i], json_array_get(list, i)))
			return false;
	}
	return true;
}

static bool vector_includes(const json_t *vector, bool *reached)
{
	struct proof proof = {0};
	uint8_t leaf[HASH_SIZE], root[HASH_SIZE];

	*reached = hash_of(leaf, json_object_get(vector, "leafHash")) &&
	    hash_of(root, json_object_get(vector, "root")) &&
	    proof_of(&proof, json_object_get(vector, "proof"));
	return *reached && tree_includes(number_of(vector, "leafIdx"), number_of(vector, "treeSize"), leaf,
	    hashes_of(&proof), proof.count, root);
}

static bool vector_extends(const json_t *vector, bool *reached)
{
	struct proof proof = {0};
	uint8_t root1[HASH_SIZE], root2[HASH_SIZE];

	*reached = hash_of(root1, json_object_get(vector, "root1")) &&
	    hash_of(root2, json_object_get(vector, "root2")) &&
	    proof_of(&proof, json_object_get(vector, "proof"));
	return *reached && tree_extends(number_of(vector, "size1"), number_of(vector, "size2"), root1, root2,
	    hashes_of(&proof), proof.count);
}

static void run_vectors(const char *name, bool (*holds)(const json_t *, bool *), size_t whole)
{
	json_t *list = json_load_file(vector_path(name), JSON_DECODE_INT_AS_REAL, NULL), *vector;
	size_t i, used = 0;
	bool reached;

	assert_non_null(list);
	assert_int_equal(json_array_size(list), 49);
	json_array_foreach(list, i, vector) {
		bool expected = !json_is_true(json_object_get(vector, "wantErr"));

		if (holds(vector, &reached) != expected)
			fail_msg("%s: %s", name, json_string_value(json_object_get(vector, "name")));
		used += reached;
	}
	assert_int_equal(used, whole); /* the others have a hash of the wrong length */
	json_decref(list);
}

static void test_inclusion_vectors(void **state)
{
	(void)state;
	run_vectors("merkle/inclusion.json", vector_includes, 37);
}

static void test_consistency_vectors(void **state)
{
	(void)state;
	run_vectors("merkle/consistency.json", vector_extends, 36);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_collecting),
		cmocka_unit_test(test_inclusion),
		cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_proofs_of_wrong_length),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_level_numbers),
		cmocka_unit_test(test_inclusion_vectors),
		cmocka_unit_test(test_consistency_vectors),
	};

	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
