/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TREE_H
#define GAPSEAL_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/hash.h"

/*
 * tree: Merkle trees of RFC 6962 section 2.1, verified by the algorithms of RFC 9162 section 2.1.3
 * and 2.1.4. Leaves come in already hashed (hash_leaf).
 */
#define TREE_DEPTH_MAX 64

/* The right edge of a growing tree: one hash per set bit of size, largest subtree first. A plain
 * value of fixed size, copied by assignment; start from {0}. */
struct tree {
	uint64_t size;
	uint8_t edge[TREE_DEPTH_MAX][HASH_SIZE];
};
void tree_push(struct tree *tree, const uint8_t leaf[static HASH_SIZE]);
/* The root so far; of an empty tree SHA-256 of nothing. */
void tree_root(const struct tree *tree, uint8_t out[static HASH_SIZE]);

/* Is leaf the index-th of size leaves under root, by this proof (nearest sibling first)? */
bool tree_includes(uint64_t index, uint64_t size, const uint8_t leaf[static HASH_SIZE],
    const uint8_t (*proof)[HASH_SIZE], size_t count, const uint8_t root[static HASH_SIZE]);
/* Collects the proof of one leaf while all leaves go by in their order. Start from {.index = ...}; what
 * tree_path_end leaves in proof is what tree_includes takes. */
struct tree_path {
	uint64_t index;
	struct {
		uint64_t count;                  /* nodes so far */
		uint8_t last[HASH_SIZE];
		bool known;                      /* sibling is */
		uint8_t sibling[HASH_SIZE];
	} levels[TREE_DEPTH_MAX];
	size_t count;
	uint8_t proof[TREE_DEPTH_MAX][HASH_SIZE];
};
void tree_path_push(struct tree_path *path, const uint8_t leaf[static HASH_SIZE]);
void tree_path_end(struct tree_path *path);

/* Is the tree of first leaves with root1 a beginning of the tree of second leaves with root2? */
bool tree_extends(uint64_t first, uint64_t second, const uint8_t root1[static HASH_SIZE],
    const uint8_t root2[static HASH_SIZE], const uint8_t (*proof)[HASH_SIZE], size_t count);

/*
 * tree.bin holds every level of one tree, leaves first, 32 bytes a hash: level l has
 * ceil(size / 2^l) hashes, an odd last one stands in the next level unchanged, the last level is the
 * root alone. It is never trusted: whoever reads a proof from it checks it with tree_includes.
 */
uint64_t tree_level_count(uint64_t size, unsigned level);  /* hashes in a level, 0 beyond the root */
uint64_t tree_level_start(uint64_t size, unsigned level);  /* hashes before the level in the file */
uint64_t tree_file_bytes(uint64_t size);                   /* bytes of a whole tree.bin */

#endif
