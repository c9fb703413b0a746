/* SPDX-License-Identifier: ISC */
/*
 * Proofs of inclusion: u8 size of the tree, u8 index, u8 hashes left out of the right proof, and bytes that
 * are laid over it (exclusive or). Only the right proof is taken.
 */
#include "fuzz.h"
#include "gapseal/tree.h"

#define LEAVES_MAX 70

static void leaf_of(uint8_t out[static HASH_SIZE], size_t i)
{
	hash_leaf(out, bytes_from(&i, sizeof i));
}

/* RFC 6962 section 2.1, word for word: the hash of leaves start to start + size - 1. */
static void root_of(uint8_t out[static HASH_SIZE], size_t start, size_t size)
{
	uint8_t right[HASH_SIZE];
	size_t cut = 1;

	if (size == 1) {
		leaf_of(out, start);
		return;
	}
	while (2 * cut < size)
		cut *= 2;
	root_of(out, start, cut);
	root_of(right, start + cut, size - cut);
	hash_node(out, out, right);
}

static size_t proof_of(uint8_t (*out)[HASH_SIZE], size_t index, size_t start, size_t size)
{
	size_t cut = 1, count;

	if (size == 1)
		return 0;
	while (2 * cut < size)
		cut *= 2;
	if (index < cut) {
		count = proof_of(out, index, start, cut);
		root_of(out[count], start + cut, size - cut);
	} else {
		count = proof_of(out, index - cut, start + cut, size - cut);
		root_of(out[count], start, cut);
	}
	return count + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t proof[TREE_DEPTH_MAX][HASH_SIZE] = {{0}}, root[HASH_SIZE], leaf[HASH_SIZE];
	uint8_t leaves, index, missing;
	struct cursor cursor = cursor_of(bytes_from(data, size));
	struct bytes over;
	size_t count, given;
	const uint8_t (*given_proof)[HASH_SIZE] = (const uint8_t (*)[HASH_SIZE])proof;
	bool right;

	if (!take_u8(&cursor, &leaves) || !take_u8(&cursor, &index) || !take_u8(&cursor, &missing) ||
	    leaves == 0 || leaves > LEAVES_MAX || index >= leaves)
		return 0;
	over = fuzz_rest(&cursor);
	count = proof_of(proof, index, 0, leaves);
	given = missing > count ? TREE_DEPTH_MAX : count - missing;
	root_of(root, 0, leaves);
	leaf_of(leaf, index);
	for (size_t i = 0; i < over.size && i < sizeof proof; i++)
		proof[i / HASH_SIZE][i % HASH_SIZE] ^= over.data[i];
	right = given == count &&
	    fuzz_empty(over.data, over.size < count * HASH_SIZE ? over.size : count * HASH_SIZE);
	FUZZ_WANT(tree_includes(index, leaves, leaf, given_proof, given, root) == right);
	FUZZ_WANT(index == 0 || !tree_includes(index - 1u, leaves, leaf, given_proof, given, root));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const uint8_t seeds[][4] = {{1, 0, 0, 0}, {7, 3, 0, 0}, {64, 63, 0, 0}, {70, 69, 1, 0},
		{33, 0, 0, 1}};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_add(corpus, bytes_from(seeds[i], sizeof seeds[i]));
}
