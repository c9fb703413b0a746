/* SPDX-License-Identifier: ISC */
#ifndef MEDIUM_PRIVATE_H
#define MEDIUM_PRIVATE_H

#include "gapseal/extract.h"
#include "gapseal/medium.h"
#include "gapseal/trust.h"

/* The parts of a medium: medium.c the order of things, medium_trust.c, medium_batch.c and medium_grant.c what
 * is read and verified, medium_rules.c what must hold between them, medium_files.c what goes where,
 * medium_folder.c the folder it goes to, medium_write.c writing and reading back, medium_slip.c and
 * medium_json.c what is told. */

struct medium_trust {
	struct document document;
	uint64_t version;
};
struct medium_batch {
	const char *path;
	int folder;
	struct document document;
	struct manifest *manifest;
	struct extract *extract;       /* one record of it; NULL: the whole batch */
	struct manifest_lot lot;       /* of an extract: of its one device */
	struct buffer sums;            /* SHA256SUMS */
	bool held;
};
struct medium_grant {
	char *path;
	struct document document;
	struct grant *grant;
	struct buffer keys;            /* keys.age */
};
/* One file on its way. */
struct medium_file {
	char path[MEDIUM_PATH_SIZE];   /* on the medium */
	uint8_t hash[HASH_SIZE];
	uint64_t size;
	struct bytes text;             /* what it holds; or */
	const struct medium_batch *batch; /* that it is copied from, under the last part of path */
	bool document;                 /* written after all that are none */
	bool made;
};
struct medium {
	const struct medium_request *request;
	struct chain *chain;
	struct medium_trust *trusts;
	size_t trust_count;
	struct medium_batch *batches;
	size_t batch_count;
	struct medium_grant *grants;
	size_t grant_count;
	struct medium_file *files;     /* sorted by path */
	size_t file_count;
	struct delivery delivery;
};

/* Each reads the documents of its kind and verifies them; of an extract all. */
enum err medium_read_trusts(struct medium *medium, struct fault *fault);
enum err medium_read_batches(struct medium *medium, struct fault *fault);
enum err medium_read_grants(struct medium *medium, struct fault *fault);
/* SHA256SUMS and records of the batches: what takes long comes last. */
enum err medium_verify_files(struct medium *medium, struct fault *fault);
void medium_batch_free(struct medium_batch *batch);
/* What its folder on the medium is called, as in a station's home. */
void medium_batch_name(char out[static EXTRACT_FOLDER_SIZE], const struct medium_batch *batch);
/* Turns "not enough signatures" into what to do about it. */
enum err medium_refuse(enum err err, struct fault *fault);
/* A fault in a file of a folder: its place is told with the folder. */
enum err medium_in_folder(enum err err, const char *path, struct fault *fault);
/* Is one of the grants read so far for this batch, and not for its extracts alone; or for this extract? */
bool medium_has_grant(const struct medium *medium, const struct medium_batch *batch);

enum err medium_check_stations(const struct medium *medium, struct fault *fault);
enum err medium_check_rules(const struct medium *medium, struct fault *fault);

/* Lists the files, sorted. */
enum err medium_list_files(struct medium *medium, struct fault *fault);
/* SHA256SUMS of them. */
void medium_sums(struct buffer *out, const struct medium *medium);
/* Fills the delivery, but for sums_sha256 and other_names. */
enum err medium_fill_delivery(struct medium *medium, struct fault *fault);
void medium_free_delivery(struct delivery *delivery);

/* The medium's folder while it is written. */
struct medium_root {
	const struct medium *medium;
	int folder;                    /* -1 before it is open */
	bool made;                     /* it was not there before */
	struct buffer folders;         /* of char[MEDIUM_PATH_SIZE]: made below it, outer before inner */
	bool earlier;                  /* files of an earlier delivery lie here */
	uint64_t other_names;
};
/* Opens or makes it; refuses what is not empty enough. */
enum err medium_root_open(struct medium_root *root, const struct medium *medium, struct fault *fault);
/* Is there room for all files? */
enum err medium_root_room(const struct medium_root *root, struct fault *fault);
/* Opens the folder a path lies in, part by part, so that no link is followed; makes what is missing. */
enum err medium_root_parent(int *out, const char **base, struct medium_root *root, const char *path,
    struct fault *fault);
/* Removes the folders made; what is not empty stays. False if one is left. */
bool medium_root_remove(struct medium_root *root);
void medium_root_close(struct medium_root *root);
/* "<medium>/<path>", for places. */
void medium_place(char out[static FAULT_WHERE_MAX], const struct medium *medium, const char *path);

#endif
