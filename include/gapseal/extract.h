/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_EXTRACT_H
#define GAPSEAL_EXTRACT_H

#include "gapseal/manifest.h"
#include "gapseal/tree.h"

/*
 * extract: one record of a batch as a folder of its own, with what proves that it is one.
 *
 *     X/manifest.json    of the batch, with its signatures
 *     X/proof.json       schema gapseal/proof/v1: which record, and its way to the signed root
 *     X/record.bin       the record
 *     X/SHA256SUMS       of those three, written last
 *     X/grant/           a grant folder for this one record
 *
 * The signed manifest and the proof stand for the whole batch: who holds them knows that the record is the
 * one the officers signed for, and nothing of any other device.
 */
#define PROOF_SCHEMA "gapseal/proof/v1"
#define PROOF_NAME "proof.json"
#define PROOF_MAX 16384                 /* bytes of the document */
#define EXTRACT_RECORD_NAME "record.bin"
#define EXTRACT_GRANT_NAME "grant"

/* What X is called where several lie together, on a medium and in a home: "<id>@<index>"; and back, false if
 * a name is none of that kind. */
#define EXTRACT_FOLDER_SIZE (NAME_SIZE + 24)
void extract_folder_name(char out[static EXTRACT_FOLDER_SIZE], const char *batch, uint64_t index);
bool extract_folder_parse(char batch[static NAME_SIZE], uint64_t *index, const char *name);

struct proof_fields {
	uint64_t index;
	uint8_t manifest_sha256[HASH_SIZE];
	struct list path;            /* of uint8_t[HASH_SIZE], nearest sibling first */
};
extern const struct shape proof_shape;
/* The document alone: JSON codes; ERR_NO "proof-path" (more hashes than any tree is deep). */
enum err proof_parse(struct proof_fields *out, struct bytes text, const char *where, struct fault *fault);

struct extract {
	uint64_t index;
	uint8_t leaf[HASH_SIZE];
	uint8_t record[RECORD_STRIDE_MAX];   /* stride bytes of it */
	uint8_t proof_sha256[HASH_SIZE];     /* of the files, as SHA256SUMS has them */
	uint8_t record_sha256[HASH_SIZE];
	size_t proof_size;
	size_t path_count;
	uint8_t path[TREE_DEPTH_MAX][HASH_SIZE];
};
/* True if a folder is an extract: it has a proof. */
bool extract_is(int folder);
/* Reads and checks all but manifest.json and its signatures, which are the caller's, against a manifest.
 * where is the folder's name. ERR_NO "record-missing", "sums-form", "sums-differ", codes of proof_parse,
 * "proof-manifest" (of another manifest), "proof-index" (the batch has no such record), "proof-path" (as many
 * hashes as nothing at this index has), "record-size" (not one record), "proof-inclusion" (the record is not
 * the one under the signed root); file codes. */
enum err extract_open(struct extract *out, int folder, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], const char *where, struct fault *fault);

#endif
