/* SPDX-License-Identifier: ISC */
#ifndef BATCH_PRIVATE_H
#define BATCH_PRIVATE_H

#include "gapseal/batch.h"
#include "gapseal/keys.h"
#include "gapseal/tree.h"

/* The parts of batch_make. */

/* The keys all records of a batch hang from; only inside a secret. */
struct batch_keys {
	uint8_t batch[KEY_SIZE];
	uint8_t credentials[KEY_SIZE];
	uint8_t lot[KEY_SIZE];       /* of the lot in hand */
	uint8_t tags[KEY_SIZE];      /* of the lot in hand */
};

/* The lot in hand: its devices in the order of their records. */
struct lot_device {
	uint8_t tag[RECORD_TAG_SIZE];
	uint32_t row;                /* in the roster */
};
struct lot {
	uint32_t number;
	uint64_t first;
	size_t count;
	struct lot_device *devices;  /* room for the largest lot */
};
/* Takes the lot's keys and devices in hand, appends its IMEIs to imeis, and gives its check value. */
enum err lot_take(struct lot *lot, uint8_t check[static HASH_SIZE], uint64_t *imeis, struct batch_keys *keys,
    const struct plan *plan, struct roster_reader *reader, struct fault *fault);

/* One thread's tools and scratch: everything it writes to, but the records. */
struct worker;
enum err worker_new(struct worker **out, const struct plan *plan, const struct manifest_fields *manifest,
    const struct ca *ca, struct fault *fault);
void worker_free(struct worker **worker);
/* Makes what the k-th device of the lot gets and seals its record to out, and the record's leaf. */
enum err seal_device(struct worker *worker, uint8_t *out, uint8_t leaf[static HASH_SIZE],
    const struct lot *lot, size_t k, const struct batch_keys *keys, struct fault *fault);

/* The records files being written. Records are put in order into a buffer that is written when full. */
struct records {
	int folder;
	int file;                    /* -1: none open */
	size_t stride;
	uint64_t file_room;          /* records one file takes */
	size_t capacity, used;       /* records in buffer */
	uint8_t *buffer;
	uint8_t (*leaves)[HASH_SIZE];
	struct tree tree;
	struct hash hash;            /* of the file in hand */
	struct buffer files;         /* of struct manifest_file, the last one in hand */
};
enum err records_begin(struct records *out, int folder, size_t stride, uint64_t file_max,
    struct fault *fault);
/* Counts records in that were sealed behind buffer's used ones; at most capacity - used. */
enum err records_add(struct records *records, size_t count, struct fault *fault);
/* Writes the rest and syncs; the files become the manifest's, the tree's root too. */
enum err records_end(struct records *records, struct manifest_fields *manifest, struct fault *fault);
void records_free(struct records *records);

/* All of the manifest that is known beforehand: everything but files, root and the lots' check values. */
enum err manifest_begin(struct manifest_fields *out, const struct plan *plan,
    const struct batch_request *request, struct fault *fault);
/* Writes manifest.json and then SHA256SUMS to the folder. */
enum err manifest_put(uint8_t hash[static HASH_SIZE], int folder, const struct manifest_fields *manifest,
    struct fault *fault);

/* Appends master.age. */
enum err master_seal(struct buffer *out, const uint8_t manifest[static HASH_SIZE],
    const uint8_t plan[static HASH_SIZE], struct secret *seed, const struct recipient *recipients,
    size_t count, struct fault *fault);

#endif
