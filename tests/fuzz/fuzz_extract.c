/* SPDX-License-Identifier: ISC */
/*
 * A folder of one record: proof.json, then the record; SHA256SUMS is right whatever they are. What is taken
 * is a record of the batch at its index.
 */
#include "gapseal/extract.h"
#include "gapseal/json.h"
#include "golden_batch.h"

#define CODES "json-size json-schema json-canonical json-key json-value proof-manifest proof-index " \
	"proof-path proof-inclusion record-size file-size"

static void put_sum(struct buffer *out, const char *name, struct bytes content)
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, content);
	buffer_hex(out, bytes_from(hash, sizeof hash));
	buffer_format(out, "  %s\n", name);
}

static void put_folder(const struct golden *golden, struct bytes proof, struct bytes record)
{
	struct buffer sums = BUFFER_EMPTY;

	put_sum(&sums, MANIFEST_NAME, buffer_bytes(&golden->text));
	put_sum(&sums, PROOF_NAME, proof);
	put_sum(&sums, EXTRACT_RECORD_NAME, record);
	fuzz_file(PROOF_NAME, proof);
	fuzz_file(EXTRACT_RECORD_NAME, record);
	fuzz_file(SUMS_NAME, buffer_bytes(&sums));
	buffer_free(&sums);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_of(bytes_from(data, size));
	const struct golden *golden = golden_batch();
	const uint64_t stride = golden->manifest.stride;
	struct bytes proof = fuzz_part(&input), record = fuzz_rest(&input);
	static struct extract extract;
	uint8_t hash[HASH_SIZE];
	struct fault fault = {0};
	enum err err;

	hash_bytes(hash, buffer_bytes(&golden->text));
	put_folder(golden, proof, record);
	err = extract_open(&extract, fuzz_folder(), &golden->manifest, hash, "extract", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
		return 0;
	}
	FUZZ_WANT(extract.index < golden->manifest.count && record.size == stride);
	FUZZ_WANT(memcmp(record.data, golden->records.data + extract.index * stride, stride) == 0);
	return 0;
}

static void add_seed(struct corpus *corpus, const struct golden *golden, uint64_t index)
{
	const uint64_t count = golden->manifest.count, stride = golden->manifest.stride;
	const uint8_t *hashes = golden->tree.data;
	uint8_t path[TREE_DEPTH_MAX][HASH_SIZE];
	struct proof_fields proof = {.index = index, .path = {path, 0}};
	struct buffer text = BUFFER_EMPTY;

	hash_bytes(proof.manifest_sha256, buffer_bytes(&golden->text));
	for (unsigned level = 0; tree_level_count(count, level) > 1; level++) {
		uint64_t sibling = index >> level ^ 1;

		if (sibling < tree_level_count(count, level))
			memcpy(path[proof.path.count++],
			    hashes + (tree_level_start(count, level) + sibling) * HASH_SIZE, HASH_SIZE);
	}
	json_write(&text, &proof_shape, &proof);
	corpus_pair(corpus, buffer_bytes(&text), bytes_from(golden->records.data + index * stride, stride));
	buffer_free(&text);
}

void fuzz_seeds(struct corpus *corpus)
{
	const struct golden *golden = golden_batch();

	for (uint64_t i = 0; i < golden->manifest.count; i++)
		add_seed(corpus, golden, i);
}
