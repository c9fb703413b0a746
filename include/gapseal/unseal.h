/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_UNSEAL_H
#define GAPSEAL_UNSEAL_H

#include "gapseal/contents.h"
#include "gapseal/keys.h"
#include "gapseal/office.h"

/*
 * unseal: an office looks into a batch of its own: a batch folder verified as any auditor would (signatures
 * at the threshold, every file) and known to the ledger; and, with the office's identity, its records one by
 * one.
 * Officers who have left since do not take their signatures with them: any version of trust that the office
 * has used may have been in force. To make something new of a batch, such as a grant, is another matter.
 */
struct own_batch {
	int folder;
	const char *path;                /* the caller's, which outlives it */
	struct document document;
	struct manifest *manifest;
	struct ledger *ledger;
};
#define OWN_BATCH_EMPTY ((struct own_batch){.folder = -1})
/* Codes of manifest_open, sums_verify, records_verify, ledger_open and ledger_has_batch; files. */
enum err own_batch_open(struct own_batch *out, const struct office *office, const struct trust *trust,
    const char *path, struct fault *fault);
/* The same for making something new of the batch: the signatures must count under trust itself. */
enum err own_batch_open_now(struct own_batch *out, const struct office *office, const struct trust *trust,
    const char *path, struct fault *fault);
void own_batch_close(struct own_batch *batch);

struct unseal;
/* batch outlives it. Codes of master_open, files, secrets; ERR_NO "unseal-seed" (the seed does not give the
 * key of a lot). */
enum err unseal_new(struct unseal **out, const struct own_batch *batch, const struct office *office,
    struct secret *identity, struct fault *fault);
void unseal_free(struct unseal **unseal);

struct unsealed {
	uint64_t index;
	const struct manifest_lot *lot;
	uint8_t state_commitment[HASH_SIZE]; /* as in the record; equal to that over slots */
	const struct record_keys *keys;
	const struct contents *contents;     /* of secrets: views, gone with the next record */
	size_t count;
	struct state_slot slots[SLOTS_MAX];  /* what a modem that holds it lists, in numeric order */
};
typedef enum err unseal_visit(void *context, const struct unsealed *device, struct fault *fault);
/* Opens a record, compares the tag and the state commitment in its head with what is inside, and calls visit.
 * Codes of record_open, contents_read, files and visit; ERR_NO "unseal-record" (head and inside differ). */
enum err unseal_one(struct unseal *unseal, uint64_t index, unseal_visit *visit, void *context,
    struct fault *fault);
/* The same of the indices in only (of uint64_t, ascending) or, if only is NULL, of all, ascending. */
enum err unseal_each(struct unseal *unseal, const struct list *only, unseal_visit *visit, void *context,
    struct fault *fault);
/* The index of a device by its tag: ERR_NO "unseal-imei". */
enum err unseal_find(uint64_t *index, struct unseal *unseal, const char imei[static IMEI_SIZE],
    struct fault *fault);

#endif
