/* SPDX-License-Identifier: ISC */
#include "gapseal/extract.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/json.h"

static const struct field hash_table[] = {{.kind = FIELD_HASH}};
static const struct shape hashes_shape = {.fields = hash_table, .count = 1, .size = HASH_SIZE};

static const struct field proof_table[] = {
	{.key = "index", .kind = FIELD_INTEGER, .offset = offsetof(struct proof_fields, index)},
	{.key = "manifest_sha256", .kind = FIELD_HASH, .offset = offsetof(struct proof_fields,
	    manifest_sha256)},
	{.key = "path", .kind = FIELD_LIST, .offset = offsetof(struct proof_fields, path),
	    .shape = &hashes_shape},
};
const struct shape proof_shape = {
	.schema = PROOF_SCHEMA,
	.fields = proof_table,
	.count = sizeof proof_table / sizeof proof_table[0],
	.size = sizeof(struct proof_fields),
};

static enum err refuse(struct fault *fault, const char *code, const char *where, const char *rule)
{
	return fault_set(fault, ERR_NO, code, where, "%s", rule);
}

enum err proof_parse(struct proof_fields *out, struct bytes text, const char *where, struct fault *fault)
{
	enum err err = json_read(out, &proof_shape, text, where, fault);

	if (err == ERR_OK && out->path.count > TREE_DEPTH_MAX) {
		json_free(out, &proof_shape);
		err = refuse(fault, "proof-path", where, "the path has more hashes than any tree is deep");
	}
	return err;
}

bool extract_is(int folder)
{
	return file_exists(folder, PROOF_NAME);
}

/* How many siblings a leaf has on its way to the root: the odd last one of a level has none there. */
static size_t path_length(uint64_t index, uint64_t size)
{
	size_t length = 0;

	for (unsigned level = 0; tree_level_count(size, level) > 1; level++, index /= 2)
		length += (index ^ 1) < tree_level_count(size, level);
	return length;
}

static enum err check_proof(struct extract *out, const struct proof_fields *proof,
    const struct manifest_fields *manifest, const uint8_t manifest_hash[static HASH_SIZE], const char *where,
    struct fault *fault)
{
	if (memcmp(proof->manifest_sha256, manifest_hash, HASH_SIZE) != 0)
		return refuse(fault, "proof-manifest", where, "the proof is about another manifest");
	if (proof->index >= manifest->count)
		return fault_set(fault, ERR_NO, "proof-index", where,
		    "the batch has only %" PRIu64 " records", manifest->count);
	if (proof->path.count != path_length(proof->index, manifest->count))
		return fault_set(fault, ERR_NO, "proof-path", where,
		    "the path of this record has %zu hashes, not %zu",
		    path_length(proof->index, manifest->count), proof->path.count);
	out->index = proof->index;
	out->path_count = proof->path.count;
	if (proof->path.count > 0) /* a batch of one device: its record is the root */
		memcpy(out->path, proof->path.items, proof->path.count * HASH_SIZE);
	return ERR_OK;
}

/* The files are read once: what is summed is what is used. */
struct files {
	struct buffer proof;
	struct buffer record;
	char proof_place[FAULT_WHERE_MAX];
	char record_place[FAULT_WHERE_MAX];
};

static enum err read_file(struct buffer *out, int folder, const char *name, size_t limit, const char *place,
    struct fault *fault)
{
	enum err err = file_read(out, folder, name, limit, fault);

	if (err != ERR_OK)
		snprintf(fault->where, sizeof fault->where, "%s", place); /* which folder's */
	return err;
}

static enum err read_files(struct files *files, int folder, const char *where, struct fault *fault)
{
	enum err err;

	snprintf(files->proof_place, sizeof files->proof_place, "%s/" PROOF_NAME, where);
	snprintf(files->record_place, sizeof files->record_place, "%s/" EXTRACT_RECORD_NAME, where);
	err = read_file(&files->proof, folder, PROOF_NAME, PROOF_MAX, files->proof_place, fault);
	if (err == ERR_OK && !file_exists(folder, EXTRACT_RECORD_NAME))
		err = refuse(fault, "record-missing", files->record_place, "the file is missing");
	if (err == ERR_OK)
		err = read_file(&files->record, folder, EXTRACT_RECORD_NAME, RECORD_STRIDE_MAX,
		    files->record_place, fault);
	return err;
}

static enum err check_sums(struct extract *out, const struct files *files, int folder,
    const uint8_t manifest_hash[static HASH_SIZE], const char *where, struct fault *fault)
{
	const struct sum sums[] = {
		{MANIFEST_NAME, manifest_hash}, {PROOF_NAME, out->proof_sha256},
		{EXTRACT_RECORD_NAME, out->record_sha256},
	};

	hash_bytes(out->proof_sha256, buffer_bytes(&files->proof));
	hash_bytes(out->record_sha256, buffer_bytes(&files->record));
	out->proof_size = files->proof.size;
	return sums_check(folder, sums, sizeof sums / sizeof sums[0], where, fault);
}

static enum err check_record(struct extract *out, const struct files *files,
    const struct manifest_fields *manifest, struct fault *fault)
{
	struct bytes record = buffer_bytes(&files->record);

	if (record.size != manifest->stride)
		return fault_set(fault, ERR_NO, "record-size", files->record_place,
		    "a record of this batch has %" PRIu64 " bytes, not %zu", manifest->stride, record.size);
	memcpy(out->record, record.data, record.size);
	hash_leaf(out->leaf, record);
	if (!tree_includes(out->index, manifest->count, out->leaf, (const uint8_t (*)[HASH_SIZE])out->path,
	    out->path_count, manifest->root))
		return refuse(fault, "proof-inclusion", files->record_place,
		    "this is not the record that stands at this index under the signed root");
	return ERR_OK;
}

static enum err check(struct extract *out, const struct files *files, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], struct fault *fault)
{
	struct proof_fields proof;
	enum err err = proof_parse(&proof, buffer_bytes(&files->proof), files->proof_place, fault);

	if (err != ERR_OK)
		return err;
	err = check_proof(out, &proof, manifest, manifest_hash, files->proof_place, fault);
	json_free(&proof, &proof_shape);
	return err == ERR_OK ? check_record(out, files, manifest, fault) : err;
}

enum err extract_open(struct extract *out, int folder, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], const char *where, struct fault *fault)
{
	struct files files = {BUFFER_EMPTY, BUFFER_EMPTY, "", ""};
	enum err err = read_files(&files, folder, where, fault);

	if (err == ERR_OK)
		err = check_sums(out, &files, folder, manifest_hash, where, fault);
	if (err == ERR_OK)
		err = check(out, &files, manifest, manifest_hash, fault);
	buffer_free(&files.proof);
	buffer_free(&files.record);
	return err;
}
