/* SPDX-License-Identifier: ISC */
#ifndef BATCH_PRIVATE_H
#define BATCH_PRIVATE_H

#include "gapseal/batch.h"
#include "gapseal/keys.h"
#include "gapseal/pieces.h"
#include "gapseal/tree.h"
#include "gapseal/twins.h"

/* The parts of batch_make. */

/* The keys all records of a batch hang from; only inside a secret. */
struct lot_keys {
	uint8_t lot[KEY_SIZE];
	uint8_t tags[KEY_SIZE];
};
struct batch_keys {
	uint8_t batch[KEY_SIZE];
	uint8_t credentials[KEY_SIZE];
	struct lot_keys lots[2];     /* of the one being sealed and the next one */
};

struct lot {
	uint32_t number;
	uint64_t first;
	size_t count;                /* 0: none in hand */
	const struct lot_keys *keys;
	struct twins order;          /* its devices, by number in the lot, in the order of their records */
	uint8_t (*tags)[RECORD_TAG_SIZE]; /* of its devices by number in the lot */
};
/* A lot that has none in hand yet, and room for the largest. */
enum err lot_new(struct lot *out, size_t largest, struct fault *fault);
void lot_free(struct lot *lot);
/* Takes one in hand: its keys, which go to keys, and its check value. */
void lot_begin(struct lot *lot, struct lot_keys *keys, uint8_t check[static HASH_SIZE],
    const uint8_t batch[static KEY_SIZE]);
/* Its devices' tags are made in so many pieces, by several threads in any order, each taken in order; the
 * last one puts the devices in order. ERR_NO "batch-tag". */
uint64_t lot_pieces(const struct lot *lot);
void lot_tag(struct lot *lot, const struct plan *plan, uint64_t piece);
enum err lot_take(struct lot *lot, uint64_t piece, struct fault *fault);

/* The records of a batch that is made again, a piece at a time. */
struct given {
	const struct batch_given *batch;
	size_t stride;
	int file;                    /* -1: none open */
	unsigned number;             /* of the file */
};
void given_end(struct given *given);
/* Reads count records from an index on. ERR_NO "rebuild-files". */
enum err given_read(uint8_t *out, struct given *given, uint64_t index, size_t count, struct fault *fault);
/* ERR_NO "rebuild-lot" if a lot's check value is another. */
enum err given_lot(const struct batch_given *given, const struct manifest_lot *lot, uint32_t number,
    struct fault *fault);
/* Which part of a record differs; NULL: none. */
const char *given_part(const uint8_t *made, const uint8_t *given, size_t stride);
/* One record of it opened, for what only it can tell: the CA's signatures. */
struct given_record {
	const struct batch_given *batch; /* NULL: the batch is made for the first time */
	struct secret *plain;
	struct contents contents;
};
enum err given_record_begin(struct given_record *out, const struct batch_given *batch, size_t stride,
    struct fault *fault);
void given_record_free(struct given_record *given);
/* Opens a record. What is not as the tag and keys would have it is named in *part, with ERR_NO. */
enum err given_open(struct given_record *given, const char **part, const uint8_t *record,
    const struct record_place *place, const struct record_keys *keys,
    const uint8_t tag[static RECORD_TAG_SIZE], size_t commons, struct fault *fault);
/* What the opened record writes to a slot; empty without such a step. */
struct bytes given_content(const struct given_record *given, struct slot slot);
/* The fault of a record that differs: ERR_NO "rebuild-record". */
enum err given_refuse(const struct batch_given *batch, const struct plan *plan, const struct lot *lot,
    uint64_t index, unsigned long line, const char *what, struct fault *fault);

/* One thread's tools and scratch: everything it writes to, but the records. */
struct worker;
enum err worker_new(struct worker **out, const struct plan *plan, const struct manifest_fields *manifest,
    const struct batch_request *request, const struct batch_given *given, struct fault *fault);
void worker_free(struct worker **worker);
/* Of all it issued: serial and index, in no order. */
struct bytes worker_certificates(const struct worker *worker);
/* Makes what the k-th device of the lot gets and seals its record to out, and the record's leaf. given, if
 * not NULL, is the record as it was made before: the CA's signatures come from it, and all the rest must be
 * equal, or ERR_NO "rebuild-record". */
enum err seal_device(struct worker *worker, uint8_t *out, uint8_t leaf[static HASH_SIZE],
    const struct lot *lot, size_t k, const uint8_t *given, const struct batch_keys *keys,
    struct fault *fault);

/* The records files being written. */
struct records {
	int folder;                  /* -1: nothing is written, only told what would be */
	const char *where;           /* its name */
	char place[FAULT_WHERE_MAX]; /* of the file in hand */
	int file;                    /* -1: none open */
	bool open;                   /* a file is in hand */
	size_t stride;
	uint64_t file_room;          /* records one file takes */
	/* bytes of the file in hand sent to the medium, and fetched from it again */
	uint64_t started, again;
	struct tree tree;
	struct hash hash;            /* of the file in hand, if nothing is written */
	struct buffer files;         /* of struct manifest_file, the last one in hand */
};
enum err records_begin(struct records *out, int folder, const char *where, size_t stride, uint64_t file_max,
    struct fault *fault);
/* Appends records with their leaves. */
enum err records_add(struct records *records, const uint8_t *data, uint8_t (*leaves)[HASH_SIZE],
    size_t count, struct fault *fault);
/* Syncs what is not; the files become the manifest's, the tree's root too. The hashes of written files are
 * left to whoever reads them back. */
enum err records_end(struct records *records, struct manifest_fields *manifest, struct fault *fault);
void records_free(struct records *records);

/* Makes all records and fills what the manifest says of them, and the IMEIs. Keys hang from the plan hash in
 * keyed. Into the folder; or given is not NULL, and nothing is written. */
enum err batch_records(struct batch_result *out, int folder, const struct batch_given *given,
    const uint8_t keyed[static HASH_SIZE], const struct plan *plan, struct secret *seed,
    const struct batch_request *request, struct fault *fault);
unsigned batch_threads(const struct batch_request *request); /* at least 1 */
enum err batch_check_request(const struct secret *seed, const struct batch_request *request,
    struct fault *fault);

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
