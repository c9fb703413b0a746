/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_RECONCILE_H
#define GAPSEAL_RECONCILE_H

#include "gapseal/grant.h"
#include "gapseal/log.h"

/*
 * reconcile: the auditor's act: station logs held against batches and grants, from the files alone and
 * without a secret. Every leaf, root and checkpoint is recomputed, and the state commitment of every
 * verdict is compared with the record's.
 *
 * What does not verify is a finding, not a failure: everything else is still looked at. A log counts only
 * after it has verified as a whole, so it is read twice: once to verify, once to judge.
 *
 * Memory: leaf and state commitment of every record are kept, taken in the one pass that hashes the
 * records files: 83 bytes an index with what the logs say of it, 8 more each if the batch logs IMEIs or
 * units, so 83 to 99 MB a million, and nothing for an entry. (Reading records again where an entry names
 * them would take 51 bytes an index and a seek an entry.) Measured: a million entries in 4 seconds of one
 * core, most of it for taking their lines apart, twice; a million records of 192 bytes in 1 second.
 *
 * Documents are judged under the version of trust that was in force where a log says they were taken in,
 * with the newest revocations and compromised officers applied; a document no log took in, under the
 * newest version that approves it. Entries about batches that were not given are passed over: a station's
 * log is one for its life. So are entries about records that are not there of a batch given in extracts, and
 * the lists of close-outs of its lots, which name such records.
 *
 * Close-out lists, recomputed from the station's own log up to the entry: of the indices of the lot
 *     void    whose last void or unvoid entry is void;
 *     done    of the others, those with an end done or a same;
 *     failed  of the others, those with a begin (their record was disclosed);
 *     unused  all others.
 * The list hash is SHA-256 over the indices ascending, each as decimal text and LF ("0\n17\n"); of an empty
 * list that of nothing.
 */

/* What an index is: the first that holds. They sum to the batch's count, or to that of the extracts given. */
enum audit_class {
	CLASS_MISMATCH,   /* a done or same whose state is not the record's */
	CLASS_DUPLICATE,  /* done more often than permitted */
	CLASS_VOID,       /* declared void, not taken back */
	CLASS_DONE,
	CLASS_SAME,       /* only ever found to hold everything already */
	CLASS_UNRESOLVED, /* a begin without its end */
	CLASS_FAILED,
	CLASS_UNUSED,
	CLASSES
};
const char *audit_class_name(enum audit_class class_); /* "mismatch" */

enum audit_severity { AUDIT_ERROR, AUDIT_WARNING };
const char *audit_severity_name(enum audit_severity severity);

#define AUDIT_TEXT_SIZE (FAULT_WHERE_MAX + 2 + FAULT_TEXT_MAX) /* a place, a colon and a sentence */

/* One finding. Its code is a row of audit_rule, or that of a fault in a document or log (an error). */
struct audit_finding {
	const char *code;
	enum audit_severity severity;
	char batch[NAME_SIZE];      /* "" if none */
	bool indexed;
	uint64_t index;
	char imei[IMEI_SIZE];       /* as the log says, "" if it does not */
	char station[NAME_SIZE];    /* "" if none */
	bool numbered;
	uint64_t entry;
	char text[AUDIT_TEXT_SIZE];
};
#define AUDIT_FINDINGS_MAX 10000 /* kept of each severity; more are counted and said in one */

/* The table of codes, for the manual page and its test; NULL beyond the last. */
struct audit_rule {
	const char *code;
	enum audit_severity severity;
	const char *text;           /* one sentence */
};
const struct audit_rule *audit_rule(size_t i);

/* One thing that was looked at, as verify shows it. */
enum audit_kind { AUDIT_TRUST, AUDIT_BATCH, AUDIT_GRANT, AUDIT_LOG };
const char *audit_kind_name(enum audit_kind kind); /* "trust" */
struct audit_item {
	enum audit_kind kind;
	char where[FAULT_WHERE_MAX];  /* as given, printable */
	const char *code;             /* "ok", or why not */
	char text[AUDIT_TEXT_SIZE];   /* what it is, or why not */
	bool hashed;
	uint8_t hash[HASH_SIZE];      /* of the document; of a log the signed root */
};

struct audit;
/* The versions of trust in any order, each a file with its signatures beside it. Any pin (64 hex digits;
 * NULL: none) must be the fingerprint of one of them: prev binds those before it, signatures those after.
 * Codes of document_load and chain_add, "pin-form", "pin-differs". Free with audit_free. */
enum err audit_new(struct audit **out, const char *const *trusts, size_t count, const char *pin,
    struct fault *fault);
void audit_free(struct audit **audit);
const struct chain *audit_chain(const struct audit *audit);

/* Each reads and verifies what the folder holds; a refusal is a finding of severity error and ERR_OK. Only
 * what could not be read at all is ERR_CANNOT. Of the same thing given twice the second is passed over. An
 * extract is given as a batch, and adds its record. */
enum err audit_add_batch(struct audit *audit, const char *folder, struct fault *fault);
enum err audit_add_grant(struct audit *audit, const char *folder, struct fault *fault);
/* Only its claim is read: whose it is. */
enum err audit_add_log(struct audit *audit, const char *folder, struct fault *fault);
/* After all adds: do the grants fit their batches, do the logs verify, do logs of one station fork? */
enum err audit_verify(struct audit *audit, struct fault *fault);
/* Instead of audit_verify, which it does first: classifies every index of every batch. ERR_CANNOT
 * "audit-changed": a log was changed while it was read. */
enum err audit_judge(struct audit *audit, struct fault *fault);

struct audit_counts {
	uint64_t of[CLASSES];
	uint64_t devices; /* the sum of the classes */
	uint64_t foreign; /* refusals of devices no granted lot holds; only of all batches together */
	uint64_t refused; /* all other refusals; of all batches together also those of unidentified devices */
};
size_t audit_items(const struct audit *audit);
const struct audit_item *audit_item(const struct audit *audit, size_t i);
size_t audit_batches(const struct audit *audit); /* those that verified */
const struct manifest_fields *audit_batch(const struct audit *audit, size_t i);
const uint8_t *audit_batch_hash(const struct audit *audit, size_t i);
bool audit_batch_partial(const struct audit *audit, size_t i); /* only extracts of it were given */
#define AUDIT_ALL SIZE_MAX
void audit_counts(struct audit_counts *out, const struct audit *audit, size_t batch); /* or AUDIT_ALL */
enum audit_class audit_class(const struct audit *audit, size_t batch, uint64_t index);
size_t audit_findings(const struct audit *audit); /* errors first */
const struct audit_finding *audit_finding(const struct audit *audit, size_t i);
uint64_t audit_total(const struct audit *audit, enum audit_severity severity); /* also those not kept */
bool audit_accepts(const struct audit *audit);  /* no finding of severity error */
bool audit_complete(const struct audit *audit); /* every batch verified, every index done, same or void */
bool audit_rehearsal(const struct audit *audit); /* a rehearsal batch is among them */

/*
 * report: the same as text, as JSON and as one HTML page without scripts or links; none says when or where
 * it was made, so the same files give the same bytes. Each appends to out.
 */
void report_text(struct buffer *out, const struct audit *audit);
void report_json(struct buffer *out, const struct audit *audit);
void report_html(struct buffer *out, const struct audit *audit);
/* What verify prints: one line an item, or one object of schema gapseal/verify/v1. */
void report_items_text(struct buffer *out, const struct audit *audit);
void report_items_json(struct buffer *out, const struct audit *audit);

/* The activation document of a batch (activation.h), after audit_judge, for officers to sign. ERR_NO
 * "activation-rehearsal", "activation-extract" (only extracts were given), "activation-rejected" (there are
 * findings of severity error). */
enum err activation_write(struct buffer *out, const struct audit *audit, size_t batch, struct fault *fault);

#endif
