/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_ENTRY_H
#define GAPSEAL_ENTRY_H

#include "gapseal/bytes.h"
#include "gapseal/err.h"
#include "gapseal/fields.h"
#include "gapseal/hash.h"
#include "gapseal/imei.h"
#include "gapseal/note.h"
#include "gapseal/utc.h"

/*
 * entry: one line of a station's log. The struct holds the fields of every type; the table of a type
 * (entry_fields.c) says which of them its line has. Every entry has v (1), n (0 for the first line), type,
 * time, boot (the kernel's boot id), mono (milliseconds since boot).
 */
enum entry_type {
	ENTRY_ENROLL,   /* org station recipient log_key tool */
	ENTRY_TRUST,    /* trust sha256 */
	ENTRY_INGEST,   /* batch manifest_sha256 grant (0: the batch itself)
	                   sha256 (of the grant; of the manifest again for a batch) trust */
	ENTRY_START,    /* operator tool sha256 (of the configuration) */
	ENTRY_BEGIN,    /* device fields */
	ENTRY_END,      /* begin, device fields, verdict fields */
	ENTRY_SAME,     /* device fields, verdict fields */
	ENTRY_REFUSE,   /* device fields, reason; index 0 and leaf empty for a device no granted lot holds */
	ENTRY_RELEASE,  /* manifest_sha256 index operator text */
	ENTRY_VOID,     /* manifest_sha256 index operator text unit */
	ENTRY_UNVOID,   /* manifest_sha256 index operator text unit */
	ENTRY_RECOVER,  /* bytes sha256 (of what was moved to the side file) text */
	ENTRY_EXPORT,   /* size */
	ENTRY_CLOSEOUT, /* manifest_sha256 grant lot done failed void unused and their list hashes */
	ENTRY_STOP,     /* reason */
	ENTRY_CLOCK,    /* text: the clock is earlier than a time already verified */
	ENTRY_TYPES
};
#define ENTRY_VERSION 1
#define ENTRY_TEXT_SIZE 161
#define FIRMWARE_SIZE 64  /* what AT+CGMR says, cut, printable ASCII without quote and backslash, and a NUL */
#define UNIT_SIZE 64      /* the board or product serial a scanner reads */

/* How a step ended: 0 is OK, 1..8999 the CME code, and these. */
#define STEP_CME_ZERO 9000 /* +CME ERROR: 0 */
#define STEP_ERROR 9001    /* ERROR without a code */
#define STEP_SILENT 9002   /* no final result before the deadline */
#define STEP_NOT_SENT 9003 /* an earlier step ended the dialogue */
#define ENTRY_LINE_MAX 8192 /* no entry is longer */

struct entry {
	enum entry_type type;
	uint64_t v;
	uint64_t n;
	char time[UTC_SIZE];
	char boot[40];
	uint64_t mono;

	/* device fields of begin, end, same, refuse */
	uint64_t attempt;
	uint64_t grant;                  /* serial, 0: none */
	char imei[IMEI_SIZE];            /* "" unless the policy logs it */
	uint64_t index;
	struct maybe_hash leaf;          /* "" : no record */
	struct maybe_hash manifest;      /* key manifest_sha256, "" : no batch holds the device */
	char port[40];
	char unit[UNIT_SIZE];

	/* verdict fields of end, same */
	struct maybe_hash attestation;
	uint64_t begin;                  /* of end: entry number it ends */
	char firmware[FIRMWARE_SIZE];
	char form[8];                    /* digest form that counted: "exact" or "nul", "" if none */
	uint64_t ms;
	char reason[40];                 /* also of refuse, stop; "" when done */
	char result[8];                  /* of end: done failed unknown; of same: same */
	struct maybe_hash state;         /* commitment over what the modem listed; "" if it could not */
	struct numbers steps;

	/* the others */
	char batch[NAME_SIZE];
	uint64_t bytes;
	char log_key[NOTE_VKEY_MAX];
	char lot[NAME_SIZE];
	char operator_[ENTRY_TEXT_SIZE]; /* key operator */
	char org[NAME_SIZE];
	char recipient[80];
	struct maybe_hash sha256;
	uint64_t size;
	char station[NAME_SIZE];
	char text[ENTRY_TEXT_SIZE];
	char tool[81];
	uint64_t trust;
	uint64_t done, failed, unused, void_; /* of closeout: counts, and SHA-256 of the sorted index lists */
	uint8_t done_sha256[HASH_SIZE];
	uint8_t failed_sha256[HASH_SIZE];
	uint8_t unused_sha256[HASH_SIZE];
	uint8_t void_sha256[HASH_SIZE];
};

/* The keys of a type's line; nobody but entry_read and entry_format needs it. */
extern const struct shape entry_shapes[ENTRY_TYPES];

const char *entry_type_name(enum entry_type type);
/* line without LF. ERR_NO "entry-form": not the canonical bytes of a known type, or values no station
 * writes: v other than 1; time, boot, port, or what names the subject of the entry, empty; an IMEI that is
 * none; index other than 0 without a leaf, or a leaf without a manifest; begin, end or same without leaf
 * and grant; begin or end without an attempt from 1; an end of an entry that does not come before it; a
 * result that is not one of the words, done or same without state or with a reason, failed, unknown, refuse
 * or stop without a reason code ([a-z0-9-]); a step code or form that is none. */
enum err entry_read(struct entry *out, struct bytes line, const char *where, struct fault *fault);
/* Appends the line without LF: the fields of its type, whatever else the struct holds. */
void entry_format(struct buffer *out, const struct entry *entry);

#endif
