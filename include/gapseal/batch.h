/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_BATCH_H
#define GAPSEAL_BATCH_H

#include "gapseal/file.h"
#include "gapseal/ledger.h"
#include "gapseal/mint.h"
#include "gapseal/plan.h"

/*
 * batch: the compiler's act: one plan into one batch folder, lot by lot; per record no allocation and no
 * locked page of its own. Everything it writes follows from plan, seed and request, but for the CA's
 * signatures and master.age: a batch without certificates is the same to the last byte, however many
 * threads made it. x509_process comes before.
 */
struct batch_request {
	const char *out;                     /* batch folder to make */
	const char *org;
	const char *id;
	const char *title;
	const char *series;
	uint64_t seq;
	const struct list *abandoned;        /* of uint64_t, or NULL */
	const struct list *supersedes;       /* of struct manifest_supersede, or NULL */
	enum purpose purpose;
	uint64_t trust;                      /* version made under */
	const char *issued;                  /* UTC */
	const char *tool;
	const struct ca *ca;                 /* NULL if the profile issues nothing */
	const struct recipient *masters;     /* office and escrow, at least one */
	size_t master_count;
	bool verify_all;                     /* every signature of the CA, not only each 1000th */
	unsigned threads;                    /* that seal, at most BATCH_THREADS_MAX; 0: one */
	uint64_t file_max;                   /* bytes of a records file; 0: RECORDS_FILE_MAX */
	/* May be NULL. Called now and then; false stops: ERR_CANNOT "interrupted". */
	bool (*progress)(void *context, uint64_t done, uint64_t total);
	void *progress_context;
};
#define BATCH_THREADS_MAX 64

struct batch_result {
	uint8_t manifest_sha256[HASH_SIZE];
	uint8_t plan_hash[HASH_SIZE];
	struct manifest_fields manifest;
	struct buffer master;                /* master.age, for the office */
	uint64_t *imeis;                     /* manifest.count, ascending, as numbers */
	uint32_t *indices;                   /* of each in the batch */
	struct buffer certificates;          /* issued, as ledger_devices wants them */
};
/* Makes the folder whole: records, manifest.json, SHA256SUMS last, all synced, read back and compared with
 * what was sealed; and leaves it in draft, for the caller to commit after master.age is safe. On failure
 * nothing is left of it and the result is empty. ERR_CANNOT "batch-readback" (the medium gives back other
 * bytes), "batch-files" (more than RECORDS_FILES_MAX), "ca-needed", "system"; ERR_NO "batch-request" (what
 * the caller should have checked), "batch-tag" (two devices of a lot with one tag: another seed helps);
 * codes of manifest_check and of everything below. */
enum err batch_make(struct batch_result *out, struct folder_draft *draft, const struct plan *plan,
    struct secret *seed, const struct batch_request *request, struct fault *fault);
void batch_result_free(struct batch_result *result);

/* A batch made again on another machine, to see that it is what plan and seed make: the same code runs, only
 * that the CA's signatures come from the records, and what is made is compared with what is there instead of
 * being written. The request repeats what the manifest says of itself; its CA needs no key. */
struct batch_given {
	int folder;
	const char *where;                   /* its name, for places */
	struct bytes text;                   /* of manifest.json */
	const struct manifest_fields *manifest;
	const uint8_t *plan;                 /* plan hash its keys hang from, if known: then a row or a
	                                      * credential that is another can be named; or NULL */
};
/* ERR_NO for the first thing that is another: "rebuild-manifest" (a line of manifest.json), "rebuild-lot",
 * "rebuild-record", "rebuild-files", "rebuild-plan"; codes of sums_verify. The result has no master. */
enum err batch_rebuild(struct batch_result *out, const struct batch_given *given, const struct plan *plan,
    struct secret *seed, const struct batch_request *request, struct fault *fault);

/* The plaintext of master.age: "gapseal/master/v1\n" | 32 manifest sha256 | 32 plan hash | 32 seed. */
#define MASTER_MAGIC "gapseal/master/v1\n"
#define MASTER_NAME "master.age"
/* Opens it with the office's identity key (age_identity_parse) and checks that it belongs to this
 * manifest: age_open's codes, ERR_NO "master-form", "master-manifest". The seed goes to a new secret. */
enum err master_open(struct secret **seed, uint8_t plan[static HASH_SIZE], struct bytes file,
    struct secret *identity, const uint8_t manifest[static HASH_SIZE], const char *where,
    struct fault *fault);
/* The same of whatever manifest, whose hash it gives. */
enum err master_read(struct secret **seed, uint8_t plan[static HASH_SIZE], uint8_t manifest[static HASH_SIZE],
    struct bytes file, struct secret *identity, const char *where, struct fault *fault);

/* Making a grant: keys.age (grant.h) for these lots, numbers ascending, to these stations, from the seed.
 * Appends the age file to out. Every key is checked against the manifest first: ERR_NO "grant-seed" if the
 * seed is another batch's; "grant-lots" (none, not ascending, beyond the manifest's). */
enum err grant_seal(struct buffer *out, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], struct secret *seed, const uint8_t plan[static HASH_SIZE],
    const uint32_t *lots, size_t lot_count, const struct recipient *recipients, size_t recipient_count,
    struct fault *fault);
/* The same for one record of a batch. */
enum err grant_seal_record(struct buffer *out, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], struct secret *seed, const uint8_t plan[static HASH_SIZE],
    uint64_t index, const struct recipient *recipients, size_t recipient_count, struct fault *fault);

#endif
