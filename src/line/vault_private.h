/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_VAULT_PRIVATE_H
#define GAPSEAL_VAULT_PRIVATE_H

#include "gapseal/age.h"
#include "gapseal/keys.h"
#include "gapseal/vault.h"

/* The parts of the vault: vault.c life and turns, vault_load.c documents and keys, vault_grants.c grants,
 * vault_lots.c lots, vault_records.c records granted by themselves, vault_refresh.c the same while devices
 * are in hand, vault_find.c which record is the device's, vault_clearance.c its label, vault_claim.c that it
 * is nowhere else, vault_device.c what is done about it, vault_steps.c a record turned into steps,
 * vault_entry.c what is logged. */

struct vault_granted {           /* one lot of a batch, or one record, this station may open */
	bool live;
	bool again;              /* of a record, or of the device in hand: it may be done once more */
	bool expired;            /* known, but today outside its dates */
	uint64_t grant;          /* serial */
	uint64_t max_success;
	char not_before[UTC_SIZE];
	char not_after[UTC_SIZE];
};

/*
 * A record granted by itself. It comes without the key its tag was made with, so nobody can say by IMEI where
 * it is: the vault opens it, compares the IMEI inside, wipes it and remembers whose it is. That discloses
 * nothing: the plaintext does not leave the vault, which could have opened it at any time, and what is
 * remembered is no secret. A begin stands for a record whose contents go to the line.
 */
struct vault_record {
	uint64_t index;
	struct vault_granted granted;
	size_t root;             /* its number among the roots */
	char imei[IMEI_SIZE];    /* "" until it was looked into */
};

struct vault_batch {
	struct manifest *manifest;
	struct secret *keys;     /* lot keys, KEY_SIZE each, in lot order; zeros where not granted */
	struct vault_granted *lots;
	struct vault_record *records; /* granted by themselves, ascending */
	size_t record_count;
	struct secret *roots;    /* of records, KEY_SIZE each; NULL without any */
	struct list again;       /* of uint64_t: indices any live grant of lots permits once more */
	bool serves;             /* chosen by --batch, or all are */
};

enum vault_stage {
	STAGE_IDLE,
	STAGE_SEARCHING,         /* which batches hold the device? */
	STAGE_FETCHING,          /* the record of a later batch */
	STAGE_CLEARANCE,         /* the station scans its label, and asks whom it must */
	STAGE_LISTING,
	STAGE_PLAYING,
};

/* What goes out for a port once the entries asked for are durable. */
enum vault_answer { ANSWER_NONE, ANSWER_LOOKUP, ANSWER_CLEARANCE, ANSWER_LIST, ANSWER_STEPS, ANSWER_VERDICT };

/* The digests a planned content is listed with: over it, and over it and a NUL. */
struct vault_form {
	struct slot slot;
	uint8_t exact[HASH_SIZE];
	uint8_t nul[HASH_SIZE];
};

/* What the reader is asked about an IMEI: the tags in the lots of a batch, or one record by its index. */
struct vault_question {
	size_t batch;
	bool single;
	uint64_t index;          /* of single */
};

struct vault_port {
	enum vault_stage stage;
	enum vault_answer answer;
	char imei[IMEI_SIZE];
	char firmware[FIRMWARE_SIZE];
	char unit[UNIT_SIZE];
	uint64_t since;          /* monotonic milliseconds of DEVICE */
	bool claimed;            /* vault_claim holds the IMEI for this port */
	bool twin;               /* the IMEI was shown at another port meanwhile */

	struct vault_question asked;
	/* why a single record could not be looked into: it may have been the device's */
	char doubt[40];
	size_t *hits;            /* batches that hold the device, in order of issue */
	size_t hit_count, hit;   /* hit: the one in hand */

	bool found;              /* lot, index, record and leaf are of the batch that is decided about */
	bool nobodys;            /* all batches were asked, and none has the device */
	size_t batch;
	uint32_t lot;
	uint64_t index;
	uint8_t record[RECORD_STRIDE_MAX];
	uint8_t leaf[HASH_SIZE];
	struct secret *root;     /* of the record */
	struct vault_granted granted; /* what the batch in hand is done under, as it was chosen last */

	struct listing before;   /* what the modem listed before the first step */
	bool nul;                /* it lists digests over content and a NUL */
	bool nul_counted;        /* one of them proved something */
	struct vault_form forms[SLOTS_MAX]; /* of planned writes, only while STAGE_PLAYING */
	size_t form_count;
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
	struct secret *keys;     /* one struct record_keys: scratch of one record at a time */
	struct secret *plain;    /* of a record that is looked into, and wiped at once */
	struct vault_batch *batches;
	size_t batch_count;
	struct vault_port *ports;
	struct message *inbox;   /* at most two a port */
	size_t inbox_count;
	bool broken;             /* the log failed: nothing more is decided */
	bool stale;              /* the log told of documents or close-outs that were not looked at */
	int claims;              /* H/claims, -1 before it is opened */
	struct list said;        /* of uint64_t: keys of the lines that went to settings.say */
};

/* The longest step list: every slot a delete and a full write. */
#define VAULT_BODY_MAX (SLOTS_MAX * 512 + 2 * RECORD_STRIDE_MAX + 65536)

/* vault_cache.c: H/state. load: false (and a fresh, empty progress is still to be made) if there is none or
 * it does not verify. */
bool vault_cache_load(struct vault *vault, struct log_position *position);
enum err vault_cache_save(struct vault *vault, struct fault *fault);
/* A fresh progress with room for every batch the reader holds; and room in the one there is for those that
 * came since. */
enum err vault_new_progress(struct vault *vault, struct fault *fault);
enum err vault_add_batches(struct vault *vault, struct fault *fault);

/* vault_load.c */
enum err vault_load_chain(struct vault *vault, struct fault *fault);
enum err vault_load_keys(struct vault *vault, struct fault *fault);
enum err vault_load_batches(struct vault *vault, struct fault *fault);
void vault_batches_free(struct vault_batch *batches, size_t count); /* NULL is fine */
/* The trust version a batch (grant 0) or a grant was accepted under; NULL if the log has no ingest of it. */
const struct trust *vault_in_force(const struct vault *vault, const uint8_t *manifest, uint64_t grant);
void vault_say_left_out(struct vault *vault, const char *what, const char *name, const char *why);
const struct manifest_fields *vault_manifest(const struct vault *vault, size_t batch);
const uint8_t *vault_lot_key(const struct vault *vault, size_t batch, uint32_t lot);
/* The record keys below a root, in vault->keys until the next call. */
const struct record_keys *vault_record_keys(struct vault *vault, const uint8_t root[static KEY_SIZE]);

/* vault_find.c: from DEVICE to the record of a batch, checked, and CLEARANCE asked for. */
enum err vault_decide_device(struct vault *vault, unsigned port, const struct message *message,
    struct fault *fault);
enum err vault_decide_record(struct vault *vault, unsigned port, const struct message *message,
    struct fault *fault);
/* Whether an answer to a question by tags is the device's record: nothing the reader says is believed.
 * *reason: why nobody can say, or NULL. */
bool vault_tagged_is(const char **reason, const struct vault *vault, const struct vault_question *question,
    const struct message *answer, const char imei[static IMEI_SIZE]);
/* Whether an answer to the question of a single record is the device's, after looking into it. *reason: why
 * nobody can say, or NULL. */
bool vault_single_is(const char **reason, struct vault *vault, const struct vault_question *question,
    const struct message *answer, const char imei[static IMEI_SIZE]);
/* Why a device is refused whatever its store holds; NULL if that is not settled. Asked again behind the
 * listing: a person may have decided meanwhile. */
const char *vault_settled(const struct vault *vault, const struct vault_port *port,
    const struct progress_device *device);
/* What the log says of the device in hand; sets port->attempt. */
void vault_look(struct progress_device *device, const struct vault *vault, struct vault_port *port);
/* Ends the batch in hand without a begin of its own: the entry, then the verdict. */
enum err vault_refuse(struct vault *vault, unsigned port, enum result result, const char *reason,
    struct fault *fault);

/* vault_grants.c: what the grants permit, for batches just loaded. Keys of closed lots are destroyed in the
 * home. */
enum err vault_load_grants(struct vault *vault, struct fault *fault);

/* vault_lots.c: a batch in use, by name. */
bool vault_batch_named(const struct vault *vault, const char *batch, size_t *number);
bool vault_closed(const struct vault *vault, size_t batch, uint32_t lot);
/* The first question about an IMEI in a batch, and the next one; false: there is no other. */
bool vault_first_question(struct vault_question *question, const struct vault *vault, size_t batch,
    const char imei[static IMEI_SIZE]);
bool vault_next_question(struct vault_question *question, const struct vault *vault,
    const char imei[static IMEI_SIZE]);
/* Makes the LOOKUP of it; the port is the caller's. */
void vault_lookup(const struct vault *vault, const struct vault_question *question,
    const char imei[static IMEI_SIZE], struct message *out);
/* What permits the device in hand, into port->granted: a grant of its own record before one of its lot, but
 * one that the dates allow, and permits a device that is done, before one that does not. If none is left of
 * those it was found under, that one stays, and is live no more. */
void vault_choose(const struct vault *vault, struct vault_port *port);

/* What a grant permits; live, again is left to the caller. */
void vault_granted_fill(struct vault_granted *out, const struct grant_fields *grant);

/* vault_records.c */
enum err vault_record_add(struct vault_batch *batch, uint64_t index, const uint8_t root[static KEY_SIZE],
    const struct grant_fields *grant, struct fault *fault);
/* Once all are there: they ascend, and of two grants of a record the later one counts. */
void vault_records_settle(struct vault_batch *batch);
struct vault_record *vault_record(const struct vault_batch *batch, uint64_t index); /* NULL: not granted */
const uint8_t *vault_record_root(const struct vault_batch *batch, const struct vault_record *record);
/* What was remembered of the records of a batch before it was loaded anew. */
void vault_records_remember(struct vault_batch *now, const struct vault_batch *before);
/* Looks into the bytes of a record, seen under the signed root, unless that was done before; afterwards its
 * imei is known. Returns the reason it could not be, or NULL. */
const char *vault_record_look(struct vault *vault, struct vault_record *record, size_t batch, uint32_t lot,
    const uint8_t *bytes);

/* vault.c: look sees every entry of this station's log, in order. Codes of log_verify. */
enum err vault_read_log(const struct vault *vault, log_visit *look, void *context, struct fault *fault);

/* vault_device.c: one message; may append entries, sets port->answer. */
enum err vault_decide(struct vault *vault, const struct message *message, struct fault *fault);
/* After commit: turns answers into messages. False: nothing (or nothing more) to send for this port. */
bool vault_answer(struct vault *vault, unsigned port, struct message *out);
/* Opens what a durable begin permits; a record that cannot be used leaves its reason in port->refusal. */
void vault_open_record(struct vault *vault, unsigned port);

/* vault_clearance.c: what the station answered; appends an entry, or has the modem listed. */
enum err vault_decide_clearance(struct vault *vault, unsigned port, const struct message *message,
    struct fault *fault);

/* vault_claim.c: one device, one port: a byte of H/claims is locked for each device in hand, so that other
 * processes of this station see it, and a killed one gives it up. */
enum err vault_claims_open(struct vault *vault, struct fault *fault);
/* *elsewhere: another process of this station has the port's IMEI in hand. ERR_CANNOT "claim". */
enum err vault_claim(bool *elsewhere, const struct vault *vault, struct vault_port *port,
    struct fault *fault);
void vault_unclaim(const struct vault *vault, struct vault_port *port);

/* vault_form.c: the other form of digest. */
bool vault_allows_nul(const struct manifest_policy *policy);
/* False if there is no room. */
bool vault_form_keep(struct vault_port *port, struct slot slot, struct bytes content);
/* Digests over a kept content and a NUL become those over the content, if the policy allows it. True if there
 * was one. */
bool vault_forms_apply(const struct vault_port *port, const struct manifest_policy *policy,
    struct listing *listing);
void vault_forms_forget(struct vault_port *port);

/* vault_steps.c: reads the opened contents and builds the steps this modem still needs. Returns the reason it
 * cannot, or NULL. */
const char *vault_make_steps(struct vault *vault, struct vault_port *port);

/* vault_entry.c */
enum err vault_log_refuse(struct vault *vault, unsigned port, enum result result, const char *reason,
    struct fault *fault);
enum err vault_log_begin(struct vault *vault, unsigned port, struct fault *fault);
/* end of begin: our own, or one a crash left open. message NULL: nothing was played. state NULL: could not be
 * listed. */
enum err vault_log_end(struct vault *vault, unsigned port, uint64_t begin, enum result result,
    const char *reason, const uint8_t *state,
    const struct message *message, struct fault *fault);
enum err vault_log_same(struct vault *vault, unsigned port, const uint8_t *state, struct fault *fault);
uint64_t vault_clock(void); /* monotonic milliseconds */

#endif
