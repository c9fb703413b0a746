/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_GOLDEN_BATCH_H
#define GAPSEAL_GOLDEN_BATCH_H

#include "fuzz.h"
#include "gapseal/manifest.h"
#include "gapseal/tree.h"

/* The batch of the golden documents, whole and in memory, with the tree.bin of its records. */
#define GOLDEN_BATCH "manifests/golden/golden-1/"

struct golden {
	struct buffer text, records, tree;
	struct manifest_fields manifest;
};

static inline void put_levels(struct golden *golden)
{
	uint64_t count = golden->manifest.count, stride = golden->manifest.stride;
	uint8_t *hashes = buffer_space(&golden->tree, tree_file_bytes(count));

	FUZZ_WANT(hashes != NULL);
	for (uint64_t i = 0; i < count; i++)
		hash_leaf(hashes + i * HASH_SIZE, bytes_from(golden->records.data + i * stride, stride));
	for (unsigned level = 1; tree_level_count(count, level) > 0; level++) {
		const uint8_t *below = hashes + tree_level_start(count, level - 1) * HASH_SIZE;
		uint64_t whole = tree_level_count(count, level - 1);

		for (uint64_t i = 0; i < whole; i += 2) {
			uint8_t *out = hashes + (tree_level_start(count, level) + i / 2) * HASH_SIZE;

			memcpy(out, below + i * HASH_SIZE, HASH_SIZE);
			if (i + 1 < whole)
				hash_node(out, out, below + (i + 1) * HASH_SIZE);
		}
	}
}

static inline const struct golden *golden_batch(void)
{
	static struct golden golden;
	struct fault fault;

	if (golden.text.size > 0)
		return &golden;
	golden.text = corpus_file(GOLDEN_BATCH MANIFEST_NAME);
	golden.records = corpus_file(GOLDEN_BATCH "records-000.bin");
	FUZZ_WANT(manifest_parse(&golden.manifest, buffer_bytes(&golden.text), "golden", &fault) == ERR_OK);
	put_levels(&golden);
	return &golden;
}

#endif
