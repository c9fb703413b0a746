/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_MANIFEST_H
#define GAPSEAL_MANIFEST_H

#include "gapseal/credential.h"
#include "gapseal/fields.h"
#include "gapseal/record.h"
#include "gapseal/state.h"
#include "gapseal/trust.h"

/*
 * manifest: the signed list of what a batch is: manifest.json, schema gapseal/manifest/v1. It names no
 * station and no IMEI. The records beside it are bound by root.
 */
#define MANIFEST_SCHEMA "gapseal/manifest/v1"
#define MANIFEST_NAME "manifest.json"
#define TITLE_SIZE 81
#define MANIFEST_LOTS_MAX 2048               /* of one batch: a station looks into all of them at once */
#define LOT_DEVICES_MAX 65536
#define COMMONS_MAX SLOTS_MAX                 /* a common fills at least one slot */
#define ATTEMPTS_MAX 99
#define FIRMWARE_VERSION_SIZE 16              /* "1.3.2" and a NUL */
#define RECORDS_FILE_MAX (UINT64_C(1) << 30)  /* bytes of one records file, whole records only */
#define RECORDS_FILES_MAX 1000
#define RECORDS_NAME_SIZE 16                  /* "records-000.bin" and a NUL */
#define SUMS_NAME "SHA256SUMS"
#define SUMS_PART_NAME "SHA256SUMS.part"    /* of a medium that is not whole yet: see medium.h */

enum manifest_kind { KIND_CERT_ONLY, KIND_FULL, KIND_HARVEST };
enum purpose { PURPOSE_PRODUCTION, PURPOSE_REHEARSAL };
enum existing { EXISTING_KEEP_SAME, EXISTING_REFUSE, EXISTING_REPLACE };
enum rework { REWORK_LOCAL, REWORK_NEVER, REWORK_PERMIT };
enum label { LABEL_IMEI, LABEL_OFF, LABEL_UNIT };
enum attestation { ATTESTATION_OFF, ATTESTATION_RECORD, ATTESTATION_REQUIRE };
enum digest_form { DIGEST_EXACT, DIGEST_NUL };
enum slot_state { SLOT_ABSENT, SLOT_DIGEST, SLOT_PRESENT };
enum finish { FINISH_CFUN0, FINISH_NONE, FINISH_RESET };
enum line_ending { LINE_ENDING_CRLF, LINE_ENDING_LF };

struct manifest_file { uint64_t bytes; uint8_t sha256[HASH_SIZE]; };
struct manifest_lot { uint8_t check[HASH_SIZE]; uint64_t count; uint64_t first; char name[NAME_SIZE]; };
struct manifest_common {
	uint8_t digest[HASH_SIZE];   /* of the content as written: text with the line ending */
	unsigned line_ending;
	char *text;                  /* with LF */
};
struct manifest_supersede {
	bool all;                    /* then indices is empty */
	struct list indices;         /* of uint64_t, ascending */
	uint8_t manifest_sha256[HASH_SIZE];
	char reason[TITLE_SIZE];
};
struct manifest_slot {
	unsigned state;              /* enum slot_state: what a finished device lists there */
	uint64_t tag;
	uint64_t type;
};
struct manifest_policy {
	uint64_t attempts;           /* 1..99 per device and station */
	unsigned attestation;
	struct list digest_forms;    /* of unsigned; exact always, first */
	unsigned existing;
	struct list families;        /* of char[NAME_SIZE]: "nrf9160", "nrf91x1" as AT+CGMR; empty: any */
	unsigned finish;             /* cfun0 | none | reset */
	unsigned label;
	bool log_imei;
	bool log_unit;
	char minimum_firmware[FIRMWARE_VERSION_SIZE]; /* "1.3.2", "" for any */
	unsigned rework;
	struct list slots;           /* of struct manifest_slot, numeric order of (tag, type), 1..SLOTS_MAX */
};
struct manifest_fields {
	struct list abandoned;       /* of uint64_t: numbers of the series never shipped */
	char batch[NAME_SIZE];
	struct list common;          /* of struct manifest_common */
	uint64_t count;
	struct list files;           /* of struct manifest_file */
	char issued[UTC_SIZE];
	unsigned kind;
	struct list lots;            /* of struct manifest_lot */
	struct list master_recipients; /* of char[RECIPIENT_SIZE] */
	char org[NAME_SIZE];
	struct manifest_policy policy;
	unsigned purpose;
	uint8_t root[HASH_SIZE];
	uint64_t seq;
	char series[NAME_SIZE];
	uint64_t stride;
	struct list supersedes;      /* of struct manifest_supersede */
	char title[TITLE_SIZE];
	char tool[TITLE_SIZE];
	uint64_t trust;              /* version it was made under */
};
extern const struct shape manifest_shape;

/* Reads and checks the document itself. JSON codes and those of manifest_check. Free with
 * json_free(.., &manifest_shape). */
enum err manifest_parse(struct manifest_fields *out, struct bytes text, const char *where,
    struct fault *fault);
/* The checks on a struct being made; manifest_parse does them too. ERR_NO:
 *   "manifest-names"       org or batch without a name, no time of issue, no trust version
 *   "manifest-series"      abandoned numbers that do not ascend below seq
 *   "manifest-stride"      not one of record_stride
 *   "manifest-lots"        lots that do not adjoin from 0, do not sum to count, have no or one name twice,
 *                          no or more than LOT_DEVICES_MAX devices, or more than MANIFEST_LOTS_MAX lots
 *   "manifest-files"       files that are not whole records, are over RECORDS_FILE_MAX, or do not sum to
 *                          count * stride
 *   "manifest-common"      a text that is not LF-ended lines, or whose digest is another; over COMMONS_MAX
 *   "manifest-recipient"   a master recipient that is none, or stands twice
 *   "manifest-policy"      attempts, digest forms, families, firmware or slots out of their ranges or order
 *   "manifest-supersedes"  a manifest that stands twice, or neither or both of all and ascending indices */
enum err manifest_check(const struct manifest_fields *fields, const char *where, struct fault *fault);

/* A verified manifest: only manifest_open makes one. */
struct manifest;
/* Verifies the signatures at the batch threshold of in_force (officers compromised in newest not counted),
 * before a byte is parsed; then org, that it names no later trust version than in_force, that it is not
 * revoked in newest. Codes of trust_approve, document_claimed_id and manifest_parse, "signature-comment"
 * (signed for another batch id), "manifest-org", "manifest-trust", "manifest-revoked". */
enum err manifest_open(struct manifest **out, const struct document *document, const struct trust *in_force,
    const struct trust *newest, struct fault *fault);
void manifest_free(struct manifest **manifest);
const struct manifest_fields *manifest_get(const struct manifest *manifest);
const uint8_t *manifest_hash(const struct manifest *manifest);
const struct manifest_lot *manifest_lot(const struct manifest_fields *fields, size_t i);
/* The lot an index lies in (binary search), its number in *number; NULL beyond count. */
const struct manifest_lot *manifest_lot_of(const struct manifest_fields *fields, uint64_t index,
    uint32_t *number);
/* By name; false if there is none. */
bool manifest_lot_named(const struct manifest_fields *fields, const char *name, uint32_t *number);
/* The place of a record, for its associated data; batch points into fields. */
void manifest_place(struct record_place *out, const struct manifest_fields *fields, uint32_t lot,
    uint64_t index);
/* Policy slots as a state plan, digests left zero; out has SLOTS_MAX elements; returns the count. */
size_t manifest_state(struct state_slot *out, const struct manifest_fields *fields);
/* "records-007.bin", and which file and offset an index below count lies at. */
void records_name(char out[static RECORDS_NAME_SIZE], unsigned number);
void records_locate(const struct manifest_fields *fields, uint64_t index, unsigned *file, uint64_t *offset);

/* Called with every leaf in order. */
typedef enum err leaf_visit(void *context, uint64_t index, const uint8_t leaf[static HASH_SIZE],
    struct fault *fault);
/* Reads every records file of a batch folder once: size and sha256 of each file, tags strictly ascending
 * within each lot, root over all leaves. visit may be NULL; it sees leaves before the root is known: what
 * it gathered counts only if this returns ERR_OK. where is the folder's name. As many threads as
 * PIECES_THREADS_MAX may share the work; visit is still called in order. ERR_NO "records-missing",
 * "records-size", "records-hash", "records-order", "records-root"; file codes. Needs about 1 MiB a thread. */
enum err records_verify(int folder, const struct manifest_fields *fields, unsigned threads, leaf_visit *visit,
    void *context, const char *where, struct fault *fault);
/* The same of files whose SHA-256 is not known yet, and gives it: what is read is bound by the root, and that
 * by the leaves it was taken of. */
enum err records_fill(struct manifest_fields *fields, int folder, unsigned threads, const char *where,
    struct fault *fault);
/* Checks SHA256SUMS of a folder: exactly one line "<hex>  <name>" for each of these files, in this order.
 * Whether the files have these digests is the caller's to know. ERR_NO "sums-form", "sums-differ". */
struct sum {
	char name[RECORDS_NAME_SIZE];
	const uint8_t *sha256;
};
enum err sums_check(int folder, const struct sum *sums, size_t count, const char *where, struct fault *fault);
/* That of a batch folder: manifest.json, then each records file. */
enum err sums_verify(int folder, const struct manifest_fields *fields,
    const uint8_t manifest[static HASH_SIZE], const char *where, struct fault *fault);

#endif
