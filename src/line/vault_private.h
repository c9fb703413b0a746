/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_VAULT_PRIVATE_H
#define GAPSEAL_VAULT_PRIVATE_H

#include "gapseal/age.h"
#include "gapseal/keys.h"
#include "gapseal/vault.h"

/* The parts of the vault: vault.c life and turns, vault_load.c documents and keys, vault_device.c decisions about one
 * device, vault_steps.c a record turned into steps, vault_entry.c what is logged. */

struct vault_granted {           /* one lot of a batch this station may open */
	bool live;
	bool expired;            /* known, but today outside its dates */
	uint64_t grant;          /* serial */
	uint64_t max_success;
	char not_before[UTC_SIZE];
	char not_after[UTC_SIZE];
};

struct vault_batch {
	struct manifest *manifest;
	struct secret *keys;     /* lot keys, KEY_SIZE each, in lot order; zeros where not granted */
	struct vault_granted *lots;
	struct list again;       /* of uint64_t: indices any live grant permits once more */
	bool serves;             /* chosen by --batch, or all are */
};

enum vault_stage {
	STAGE_IDLE,
	STAGE_SEARCHING,         /* which batches hold the device? */
	STAGE_FETCHING,          /* the record of a later batch */
	STAGE_LISTING,
	STAGE_PLAYING,
};

/* What goes out for a port once the entries asked for are durable. */
enum vault_answer { ANSWER_NONE, ANSWER_LOOKUP, ANSWER_LIST, ANSWER_STEPS, ANSWER_VERDICT };

struct vault_port {
	enum vault_stage stage;
	enum vault_answer answer;
	char imei[IMEI_SIZE];
	char firmware[FIRMWARE_SIZE];
	char unit[UNIT_SIZE];
	uint64_t since;          /* monotonic milliseconds of DEVICE */

	size_t searched;         /* batch being looked up */
	size_t *hits;            /* batches that hold the device, in order of issue */
	size_t hit_count, hit;   /* hit: the one in hand */

	bool found;              /* lot, index, record and leaf are of the batch in hand */
	size_t batch;
	uint32_t lot;
	uint64_t index;
	uint8_t record[RECORD_STRIDE_MAX];
	uint8_t leaf[HASH_SIZE];

	struct listing before;   /* what the modem listed before the first step */
	uint64_t begin;          /* entry number of our begin */
	uint64_t attempt;
	struct secret *plain;    /* the opened record, only while STAGE_PLAYING */
	struct secret *body;
	char refusal[40];        /* the record turned out unusable after begin: reason of the end */

	struct vault_verdict verdict;
};

struct vault {
	struct home *home;
	const struct reader *reader;
	struct vault_settings settings;
	struct chain *chain;
	struct secret *identity;
	struct signer *signer;
	struct logbook *logbook;
	struct progress *progress;
	struct secret *keys;     /* one struct record_keys and a root: scratch of one record at a time */
	struct vault_batch *batches;
	size_t batch_count;
	struct vault_port *ports;
	struct message *inbox;   /* at most two a port */
	size_t inbox_count;
	bool broken;             /* the log failed: nothing more is decided */
};

/* The longest step list: every slot a delete and a full write. */
#define VAULT_BODY_MAX (SLOTS_MAX * 512 + 2 * RECORD_STRIDE_MAX + 65536)

/* vault_cache.c: H/state. load: false (and a fresh, empty progress is still to be made) if there is none or it does not verify. */
bool vault_cache_load(struct vault *vault, struct log_position *position);
enum err vault_cache_save(struct vault *vault, struct fault *fault);
/* A fresh progress with room for every batch the reader holds. */
enum err vault_new_progress(struct vault *vault, struct fault *fault);

/* vault_load.c */
enum err vault_load_keys(struct vault *vault, struct fault *fault);
enum err vault_load_batches(struct vault *vault, struct fault *fault);
void vault_batches_free(struct vault *vault);
const struct manifest_fields *vault_manifest(const struct vault *vault, size_t batch);
const uint8_t *vault_lot_key(const struct vault *vault, size_t batch, uint32_t lot);
/* The record keys of an index, in vault->keys until the next call. */
const struct record_keys *vault_record_keys(struct vault *vault, size_t batch, uint32_t lot, uint64_t index);

/* vault_device.c: one message; may append entries, sets port->answer. */
enum err vault_decide(struct vault *vault, const struct message *message, struct fault *fault);
/* After commit: turns answers into messages. False: nothing (or nothing more) to send for this port. */
bool vault_answer(struct vault *vault, unsigned port, struct message *out);
/* Opens what a durable begin permits; a record that cannot be used leaves its reason in port->refusal. */
void vault_open_record(struct vault *vault, unsigned port);

/* vault_steps.c: reads the opened contents and builds the steps this modem still needs. Returns the reason it cannot, or NULL. */
const char *vault_make_steps(struct vault *vault, struct vault_port *port);

/* vault_entry.c */
enum err vault_log_refuse(struct vault *vault, unsigned port, enum result result, const char *reason, struct fault *fault);
enum err vault_log_begin(struct vault *vault, unsigned port, struct fault *fault);
/* end of begin: our own, or one a crash left open. message NULL: nothing was played. state NULL: could not be listed. */
enum err vault_log_end(struct vault *vault, unsigned port, uint64_t begin, enum result result, const char *reason, const uint8_t *state,
    const struct message *message, struct fault *fault);
enum err vault_log_same(struct vault *vault, unsigned port, const uint8_t *state, struct fault *fault);
uint64_t vault_clock(void); /* monotonic milliseconds */

#endif
