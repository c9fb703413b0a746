/* SPDX-License-Identifier: ISC */
#include "gapseal/tree.h"

#include <string.h>

/* How many perfect subtrees, largest first, a tree of this size is made of: its set bits. */
static unsigned edge_length(uint64_t size)
{
	unsigned count = 0;

	for (; size != 0; size &= size - 1)
		count++;
	return count;
}

void tree_push(struct tree *tree, const uint8_t leaf[static HASH_SIZE])
{
	unsigned at = edge_length(tree->size);
	uint8_t node[HASH_SIZE];

	memcpy(node, leaf, HASH_SIZE);
	/* a carry of the binary counter joins two subtrees of equal size */
	for (uint64_t size = tree->size; size & 1; size >>= 1)
		hash_node(node, tree->edge[--at], node);
	memcpy(tree->edge[at], node, HASH_SIZE);
	tree->size++;
}

void tree_root(const struct tree *tree, uint8_t out[static HASH_SIZE])
{
	unsigned at = edge_length(tree->size);

	if (at == 0) {
		hash_bytes(out, bytes_from(NULL, 0));
		return;
	}
	memcpy(out, tree->edge[--at], HASH_SIZE);
	while (at > 0)
		hash_node(out, tree->edge[--at], out);
}

static bool same(const uint8_t a[static HASH_SIZE], const uint8_t b[static HASH_SIZE])
{
	return memcmp(a, b, HASH_SIZE) == 0;
}

/* A way from one node up to the root: its index in its level, and the index of the level's last. */
struct way {
	uint64_t index;
	uint64_t last;
};

static void way_up(struct way *way)
{
	way->index >>= 1;
	way->last >>= 1;
}

/* Is the next sibling to the left? If the node is the last of its level and has no sibling there, climbs
 * to the level where it has one. */
static bool way_left(struct way *way)
{
	if ((way->index & 1) == 0 && way->index != way->last)
		return false;
	while ((way->index & 1) == 0 && way->index != 0)
		way_up(way);
	return true;
}

bool tree_includes(uint64_t index, uint64_t size, const uint8_t leaf[static HASH_SIZE],
    const uint8_t (*proof)[HASH_SIZE], size_t count, const uint8_t root[static HASH_SIZE])
{
	struct way way = {.index = index, .last = size - 1};
	uint8_t node[HASH_SIZE];

	if (index >= size)
		return false;
	memcpy(node, leaf, HASH_SIZE);
	for (size_t i = 0; i < count; i++) {
		if (way.last == 0) /* the root is reached: too many hashes */
			return false;
		if (way_left(&way))
			hash_node(node, proof[i], node);
		else
			hash_node(node, node, proof[i]);
		way_up(&way);
	}
	return way.last == 0 && same(node, root);
}

/* The proof that starts from `start`, a subtree both trees have. */
static bool extends_from(struct way way, const uint8_t start[static HASH_SIZE],
    const uint8_t (*proof)[HASH_SIZE], size_t count, const uint8_t root1[static HASH_SIZE],
    const uint8_t root2[static HASH_SIZE])
{
	uint8_t first[HASH_SIZE], second[HASH_SIZE];

	memcpy(first, start, HASH_SIZE);
	memcpy(second, start, HASH_SIZE);
	for (size_t i = 0; i < count; i++) {
		if (way.last == 0)
			return false;
		if (way_left(&way)) {
			hash_node(first, proof[i], first);
			hash_node(second, proof[i], second);
		} else {
			hash_node(second, second, proof[i]);
		}
		way_up(&way);
	}
	return way.last == 0 && same(first, root1) && same(second, root2);
}

bool tree_extends(uint64_t first, uint64_t second, const uint8_t root1[static HASH_SIZE],
    const uint8_t root2[static HASH_SIZE], const uint8_t (*proof)[HASH_SIZE], size_t count)
{
	struct way way = {.index = first - 1, .last = second - 1};
	uint8_t empty[HASH_SIZE];

	if (first > second)
		return false;
	if (first == second)
		return count == 0 && same(root1, root2);
	if (first == 0) { /* every tree extends the empty one, whose root is known */
		hash_bytes(empty, bytes_from(NULL, 0));
		return count == 0 && same(root1, empty);
	}
	while (way.index & 1)
		way_up(&way);
	if (way.index == 0) /* the first tree is perfect: it is that subtree, and the proof leaves it out */
		return extends_from(way, root1, proof, count, root1, root2);
	return count > 0 && extends_from(way, proof[0], proof + 1, count - 1, root1, root2);
}

uint64_t tree_level_count(uint64_t size, unsigned level)
{
	for (; level > 0; level--) {
		if (size <= 1)
			return 0;
		size = size / 2 + (size & 1);
	}
	return size;
}

uint64_t tree_level_start(uint64_t size, unsigned level)
{
	uint64_t start = 0;

	for (unsigned below = 0; below < level; below++)
		start += tree_level_count(size, below);
	return start;
}

uint64_t tree_file_bytes(uint64_t size)
{
	return tree_level_start(size, TREE_DEPTH_MAX + 1) * HASH_SIZE;
}
