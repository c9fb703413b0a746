/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/tree.h"

/* A node joins its level, and with its left neighbour makes one of the next. */
static void push(struct tree_path *path, unsigned level, const uint8_t hash[static HASH_SIZE])
{
	uint8_t node[HASH_SIZE];

	memcpy(node, hash, HASH_SIZE);
	for (;; level++) {
		uint64_t number = path->levels[level].count++;

		if (number == (path->index >> level ^ 1)) {
			path->levels[level].known = true;
			memcpy(path->levels[level].sibling, node, HASH_SIZE);
		}
		if (number % 2 == 0) {
			memcpy(path->levels[level].last, node, HASH_SIZE);
			return;
		}
		hash_node(node, path->levels[level].last, node);
	}
}

void tree_path_push(struct tree_path *path, const uint8_t leaf[static HASH_SIZE])
{
	push(path, 0, leaf);
}

void tree_path_end(struct tree_path *path)
{
	/* an odd last node stands in the next level unchanged */
	for (unsigned level = 0; path->levels[level].count > 1; level++)
		if (path->levels[level].count % 2 == 1)
			push(path, level + 1, path->levels[level].last);
	path->count = 0;
	for (unsigned level = 0; path->levels[level].count > 1; level++)
		if (path->levels[level].known)
			memcpy(path->proof[path->count++], path->levels[level].sibling, HASH_SIZE);
}
