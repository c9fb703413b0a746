/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_AUDIT_PRIVATE_H
#define GAPSEAL_AUDIT_PRIVATE_H

#include "gapseal/reconcile.h"

/* The rows of the table in findings.c. */
enum audit_code {
	/* documents */
	CODE_BATCH_TWICE, CODE_GRANT_TWICE, CODE_GRANT_KEYS, CODE_GRANT_BATCH, CODE_REHEARSAL_MIXED,
	/* logs as a whole */
	CODE_LOG_STATION, CODE_LOG_FORK, CODE_LOG_ENROLL, CODE_LOG_EXPORT, CODE_LOG_TAIL, CODE_LOG_RECOVERED,
	CODE_LOG_UNWITNESSED, CODE_LAST_SIZE, CODE_STATION_LOST, CODE_CLOCK,
	/* what a station took in */
	CODE_TRUST_OTHER, CODE_TRUST_MISSING, CODE_TRUST_ORDER, CODE_INGEST_TRUST, CODE_INGEST_REFUSED,
	CODE_BATCH_NOT_INGESTED, CODE_GRANT_NOT_INGESTED, CODE_GRANT_MISSING, CODE_GRANT_OTHER_STATION,
	CODE_GRANT_NOT_COVERING, CODE_GRANT_REPLACED, CODE_OUTSIDE_DATES,
	/* entries about a device */
	CODE_ENTRY_INDEX, CODE_ENTRY_LEAF, CODE_SUPERSEDED, CODE_BEGIN_REFUSED, CODE_END_WITHOUT_BEGIN,
	CODE_END_OTHER_DEVICE, CODE_DIGEST_FORM, CODE_ATTESTATION_MISSING, CODE_IMEI_DIFFERS,
	CODE_UNIT_DIFFERS, CODE_CLOSEOUT_LOT, CODE_CLOSEOUT_TWICE, CODE_CLOSEOUT_DIFFERS, CODE_AFTER_CLOSEOUT,
	/* devices over all logs */
	CODE_MISMATCH, CODE_DUPLICATE, CODE_MAX_SUCCESS, CODE_IMEI_TWICE, CODE_UNRESOLVED,
	CODE_UNRESOLVED_CLOSED,
	CODE_LOST_ERRORS, CODE_LOST_WARNINGS,
	AUDIT_CODES
};

/* What the log in hand (seen) and all logs together (flags) say of an index. */
enum {
	DEVICE_BEGUN = 1,
	DEVICE_DONE = 2,
	DEVICE_SAME = 4,
	DEVICE_FAILED = 8,     /* an end that was not done */
	DEVICE_VOID = 16,
	DEVICE_MISMATCH = 32,
	DEVICE_RELEASED = 64,  /* may be done once more; means nothing in flags */
	DEVICE_OPEN = 256,     /* only flags: a begin was never ended */
	DEVICE_DUPLICATE = 512, /* only flags */
	DEVICE_PERMITTED = 1024 /* only flags: its first done had a release */
};

#define NOBODY UINT32_MAX         /* no log, no grant that was given */
#define REPEATED (UINT32_MAX - 1) /* in place of a log: all dones of the index are among the repeats */

struct audited_done {              /* one end done */
	uint64_t entry;
	uint32_t log;
	uint32_t grant;
};
struct audited_repeat {            /* one of several of an index */
	uint64_t index;
	struct audited_done done;
	uint32_t batch;
	bool released;
};

enum { CLOSED_EVER = 1, CLOSED_HERE = 2 }; /* a lot, by any log and by the log in hand */

struct audited_batch {
	size_t item;
	struct document document;
	struct manifest *manifest;
	uint8_t *approvals;            /* one a version of the chain: enum approval */
	uint8_t (*leaves)[HASH_SIZE];
	uint8_t (*states)[HASH_SIZE];
	struct audited_done *done;     /* the first */
	uint16_t *flags;
	uint8_t *seen;
	uint64_t *imeis;               /* as numbers, 0 unknown; NULL unless policy logs them */
	uint64_t *units;               /* the beginnings of their hashes; NULL unless policy logs them */
	uint8_t *closed;               /* one a lot */
	bool *held;                    /* one an index, of a batch given in extracts; NULL: all are there */
	uint64_t held_count;
	uint64_t classes[CLASSES];
	uint64_t refused;
	bool taken;                    /* the log in hand has taken it in */
	bool superseded;               /* some batch given supersedes indices of it */
};

struct audited_grant {
	size_t item;
	struct document document;
	struct grant *grant;
	uint8_t *approvals;
	bool *lots;                    /* by number: granted; NULL if it is for single records */
	uint32_t batch;                /* NOBODY: not given */
	bool taken, withdrawn, named;  /* by the log in hand; its station is one of the grant's */
	uint64_t done;                 /* distinct indices */
};

struct audited_log {
	size_t item;
	char *folder;
	char station[NAME_SIZE];
	char origin[2 * NAME_SIZE + 1];
	const struct trust_station *trusted; /* in the newest version */
	struct log_reading reading;    /* as it verified */
	bool good;
	bool covered;                  /* it is the beginning of another one given */
	uint64_t from;                 /* entries before it are another's too, which counts them */
	uint64_t end;                  /* entries from it on do not count */
};

struct audit_list {                /* a growing array */
	void *items;
	size_t count, capacity;
};
/* Room for one more of size bytes at the end, cleared; NULL without memory. */
void *audit_push(struct audit_list *list, size_t size);

struct audit_open {                /* a begin without its end so far */
	uint64_t entry;
	uint64_t index;
	uint32_t batch;
	bool ended;
};
struct audit_unresolved {
	struct audit_open open;
	uint32_t log;
};

struct audit {
	struct chain *chain;
	struct note_key *witnesses;    /* of the newest version */
	size_t witness_count;
	struct audit_list items;       /* of struct audit_item */
	struct audit_list batches;     /* of struct audited_batch: those that verified */
	struct audit_list grants;      /* of struct audited_grant: likewise; by serial after audit_verify */
	struct audit_list logs;        /* of struct audited_log: those of a known station */
	struct audit_list findings[2]; /* of struct audit_finding, by severity */
	uint64_t totals[2];
	struct audit_list repeats;     /* of struct audited_repeat */
	struct audit_list unresolved;  /* of struct audit_unresolved */
	uint64_t foreign;
	uint64_t unnamed;              /* other refusals without a batch */
	size_t batches_refused;
	bool failed;                   /* memory ran out somewhere that could not say so */
};

struct audited_batch *audited_batch(const struct audit *audit, size_t i);
struct audited_grant *audited_grant(const struct audit *audit, size_t i);
struct audited_log *audited_log(const struct audit *audit, size_t i);
const struct manifest_fields *audited_manifest(const struct audited_batch *batch);

/* findings.c: what a finding is about; anything may be left 0. */
struct audit_place {
	const char *batch;
	const char *imei;
	const char *station;
	bool indexed, numbered;
	uint64_t index, entry;
};
void audit_find(struct audit *audit, enum audit_code code, const struct audit_place *place,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* An error under the code of a fault; place may be NULL, text is printable. */
void audit_find_error(struct audit *audit, const char *code, const struct audit_place *place,
    const char *text);
/* Says how many findings were not kept. */
void audit_find_lost(struct audit *audit);

/* items.c. begin: the item is taken to be good; its number in *out. */
enum err audit_item_begin(size_t *out, struct audit *audit, enum audit_kind kind, const char *where,
    struct fault *fault);
void audit_item_good(struct audit *audit, size_t item, const uint8_t hash[static HASH_SIZE],
    const char *format, ...) __attribute__((format(printf, 4, 5)));
bool audit_item_is_good(const struct audit *audit, size_t item);
/* Takes a fault of ERR_NO over as a finding and as the item's text (the first counts), and returns ERR_OK;
 * returns the err of any other fault. place may be NULL. */
enum err audit_item_refuse(struct audit *audit, size_t item, const struct audit_place *place,
    const struct fault *fault);
const char *audit_code(enum audit_code code);

/* approval.c: under which version of trust is a document approved? */
enum approval { APPROVAL_UNKNOWN, APPROVAL_YES, APPROVAL_NO };
/* The newest version that approves it; the fault of the likeliest one if none does. */
enum err audit_open_manifest(struct manifest **out, uint64_t *version, const struct audit *audit,
    const struct document *document, struct fault *fault);
enum err audit_open_grant(struct grant **out, uint64_t *version, const struct audit *audit,
    const struct document *document, struct fault *fault);
/* Is it approved under exactly this version? Remembered in approvals. */
bool audit_manifest_approved(struct audit *audit, struct audited_batch *batch, uint64_t version);
bool audit_grant_approved(struct audit *audit, struct audited_grant *grant, uint64_t version);

/* audit_batch.c, audit_extract.c, audit_grant.c, audit_log.c */
void audited_batch_free(struct audited_batch *batch);
/* Arrays for everything that will be known of a batch whose manifest is open. */
enum err audited_batch_room(struct audited_batch *batch, struct fault *fault);
/* "batch-twice": another manifest of this id was given. */
enum err audited_batch_check_id(const struct audit *audit, const struct audited_batch *batch,
    const char *where, struct fault *fault);
/* The record of an extract, whose manifest batch has open: it becomes a batch of that record alone, or joins
 * what was given of the batch before. */
enum err audit_add_extract(struct audit *audit, struct audited_batch *batch, int folder, const char *where,
    uint64_t version, struct fault *fault);
bool audited_batch_holds(const struct audited_batch *batch, uint64_t index);
void audited_grant_free(struct audited_grant *grant);
uint32_t audit_batch_find(const struct audit *audit, const uint8_t manifest[static HASH_SIZE]);
uint32_t audit_grant_find(const struct audit *audit, uint64_t serial); /* after audit_verify */
bool audited_grant_covers(const struct audited_grant *grant, const struct manifest_fields *manifest,
    uint64_t index);
enum err audit_verify_grants(struct audit *audit, struct fault *fault);
enum err audit_verify_logs(struct audit *audit, struct fault *fault);
/* fork.c: which logs are beginnings of others, and where others part. After the logs have verified. */
enum err audit_verify_forks(struct audit *audit, struct fault *fault);

/*
 * reading: one log being judged, entry by entry.
 */
struct audit_tally {               /* a finding told once a log, however often it happens */
	uint64_t count;
	uint64_t entry;                /* the first */
	uint64_t serial;
	const char *batch;
};
struct reading {
	struct audit *audit;
	struct audited_log *log;
	uint32_t number;               /* of the log */
	bool counts;                   /* the entry in hand is nobody else's */
	uint64_t trust;                /* version in force, 0 before the first */
	struct audit_list opens;       /* of struct audit_open, ascending by entry */
	size_t ended;                  /* how many of them are */
	char latest[UTC_SIZE];
	char boot[40];
	uint64_t mono;
	struct audit_tally tallies[AUDIT_CODES];
};
typedef void reading_take(struct reading *reading, const struct entry *entry);

/* reading.c */
enum err audit_read_log(struct audit *audit, size_t log, struct fault *fault);
/* A finding about an entry; nothing if the entry does not count. batch may be NULL. */
void reading_find(struct reading *reading, enum audit_code code, const struct entry *entry,
    const struct audited_batch *batch, const char *format, ...) __attribute__((format(printf, 5, 6)));
void reading_tally(struct reading *reading, enum audit_code code, const struct entry *entry,
    const struct audited_batch *batch, uint64_t serial);
/* opens.c */
void reading_open(struct reading *reading, const struct audit_open *open);
struct audit_open *reading_opened(struct reading *reading, uint64_t entry); /* NULL if it is not open */
void reading_ended(struct reading *reading, struct audit_open *open);
/* take_papers.c, take_device.c, take_marks.c, take_closeout.c: the types of entries. */
reading_take take_enroll, take_trust, take_ingest, take_recover, take_export;
reading_take take_begin, take_end, take_same, take_refuse;
reading_take take_release, take_void, take_unvoid;
reading_take take_closeout;
/* The batch an entry is about, its number in *number; NULL (and, for an index beyond it, a finding) if there
 * is nothing to judge: neither the batch nor an extract of that record was given. */
struct audited_batch *reading_subject(struct reading *reading, uint32_t *number, const struct entry *entry);
uint8_t *reading_lot(struct audited_batch *batch, uint64_t index); /* its closed flags */

/* identity.c: who a device said it was, and on which board. */
void reading_identity(struct reading *reading, const struct entry *entry, struct audited_batch *batch);
void audit_judge_identities(struct audit *audit);
/* repeats.c */
void reading_done(struct reading *reading, const struct entry *entry, struct audited_batch *batch,
    uint32_t number, uint32_t grant, bool released);
void audit_judge_repeats(struct audit *audit);
enum audit_class audit_class_of(unsigned flags);

/* An IMEI kept as a number; "" for 0. */
void audit_imei_print(char out[static IMEI_SIZE], uint64_t imei);
void audit_place_imei(char out[static IMEI_SIZE], const struct audited_batch *batch, uint64_t index);

#endif
