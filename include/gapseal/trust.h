/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TRUST_H
#define GAPSEAL_TRUST_H

#include "gapseal/document.h"
#include "gapseal/fields.h"
#include "gapseal/note.h"
#include "gapseal/recipient.h"
#include "gapseal/utc.h"

/*
 * trust: who may sign what, which stations there are, what is revoked: trust.json, schema
 * gapseal/trust/v1. Version 1 is taken by its fingerprint (SHA-256 of the file); version N+1 is signed by
 * its own trust threshold and by that of version N and names N's hash in prev.
 */
#define TRUST_SCHEMA "gapseal/trust/v1"
#define TRUST_VERSION_MAX 999999
#define TRUST_OFFICERS_MAX 256
#define TRUST_STATIONS_MAX 4096
enum trust_role { ROLE_BATCH, ROLE_GRANT, ROLE_TRUST, ROLES };
enum officer_status { OFFICER_ACTIVE, OFFICER_COMPROMISED, OFFICER_RETIRED };
enum station_status { STATION_ACTIVE, STATION_LOST, STATION_RETIRED, STATION_STOLEN };

struct trust_officer {
	char key[MINISIG_TYPED_MAX];
	char name[NAME_SIZE];
	unsigned status;                 /* enum officer_status */
};
struct trust_station {
	uint64_t last_size;              /* entries past it do not count; 0: no limit */
	char log_key[NOTE_VKEY_MAX];     /* its note name is "<org>/<name>" */
	char name[NAME_SIZE];
	char recipient[RECIPIENT_SIZE];
	unsigned status;                 /* enum station_status */
};
struct trust_rule {
	struct list officers;            /* of char[NAME_SIZE] */
	uint64_t threshold;
};
struct trust_fields {
	struct list escrow;              /* of char[RECIPIENT_SIZE] */
	char issued[UTC_SIZE];
	struct list officers;            /* of struct trust_officer */
	char org[NAME_SIZE];
	char prev[2 * HASH_SIZE + 1];    /* hex, "" in version 1 */
	struct list revoked_batches;     /* of char[65]: manifest sha256 */
	struct list revoked_grants;      /* of uint64_t: serials */
	struct trust_rule roles[ROLES];
	struct list stations;            /* of struct trust_station */
	uint64_t version;
	struct list witnesses;           /* of char[NOTE_VKEY_MAX] */
};
extern const struct shape trust_shape;
extern const struct shape recipients_shape; /* bare char[RECIPIENT_SIZE] */

/* Reads and checks the document itself, no signature. JSON codes and those of trust_check. Free with
 * json_free(.., &trust_shape). */
enum err trust_parse(struct trust_fields *out, struct bytes text, const char *where, struct fault *fault);
/* The checks on a struct being made; trust_parse does them too. ERR_NO:
 *   "trust-form"       org, issued or version missing or out of range; more officers or stations than the
 *                      limits above
 *   "trust-prev"       prev is 64 hex digits, and empty if and only if version is 1
 *   "trust-officer"    an officer without a name, or a role that names none of the officers
 *   "trust-station"    a station without a name, or whose log key is not named "<org>/<name>"
 *   "trust-key"        a key that is not well formed; more than CHECKPOINT_WITNESSES_MAX witnesses
 *   "trust-duplicate"  a name, key, key id, officer of a role or revocation that stands twice
 *   "trust-threshold"  not 1 <= k <= n, n being the role's active officers
 *   "trust-revoked"    a revoked batch that is not 64 hex digits, a revoked grant 0 */
enum err trust_check(const struct trust_fields *fields, const char *where, struct fault *fault);

/* A verified version: only trust_open makes one. */
struct trust;
/* previous NULL: the first one held; the caller compares its fingerprint. Codes of trust_parse and
 * trust_approve, "trust-version" (not N+1), "trust-prev" (not along prev), "trust-org", "trust-station" (a
 * station of the previous version is gone or has other keys: a name is never reused). */
enum err trust_open(struct trust **out, const struct document *document, const struct trust *previous,
    struct fault *fault);
void trust_free(struct trust **trust);
const struct trust_fields *trust_get(const struct trust *trust);
const uint8_t *trust_hash(const struct trust *trust);
const struct trust_officer *trust_officer(const struct trust_fields *fields, size_t i);
const struct trust_station *trust_station_at(const struct trust_fields *fields, size_t i);
/* By name; NULL if there is none. */
const struct trust_station *trust_station(const struct trust_fields *fields, const char *name);
bool trust_batch_revoked(const struct trust *trust, const uint8_t manifest[static HASH_SIZE]);
bool trust_grant_revoked(const struct trust *trust, uint64_t serial);
const char *trust_role_name(enum trust_role role);

/* Verifies every signature beside a document with the officers of fields or of newest (may be the same), and
 * counts, into *counted, the distinct officers of fields that are in the role, active, and not compromised in
 * newest. An officer of newest alone may have signed later, to mend what lost a voice: known, but not
 * counted. signed_by, if not NULL, takes one bool per officer. ERR_NO for a signature that is malformed,
 * wrong, of a key unknown to trust, whose file name is not its key id, or whose trusted comment is not
 * exactly document_comment(type, id): "signature-key", "signature-comment", minisig codes. */
enum err trust_count(unsigned *counted, bool *signed_by, const struct trust_fields *fields,
    const struct trust_fields *newest, enum trust_role role, const struct document *document,
    const char *type, const char *id, struct fault *fault);
/* The same for a version of trust itself, whose signers may be known to either version: *counted by the
 * roles of next, *before by those of previous (NULL: none, *before is 0). That next calls an officer
 * compromised does not take his voice in previous: otherwise two leaked keys of three could never be
 * replaced. */
enum err trust_count_next(unsigned *counted, unsigned *before, const struct trust_fields *next,
    const struct trust_fields *previous, const struct document *document, struct fault *fault);
/* trust_count, and "signature-threshold" (says how many of how many) when the role's threshold is not
 * reached. */
enum err trust_approve(const struct trust *in_force, const struct trust *newest, enum trust_role role,
    const struct document *document, const char *type, const char *id, struct fault *fault);
/* trust_count_next, and "signature-threshold" if either threshold is not reached. */
enum err trust_approve_next(const struct trust_fields *next, const struct trust *previous,
    const struct document *document, struct fault *fault);

/* A fingerprint for reading aloud: 64 hex digits in groups of four separated by spaces. */
#define FINGERPRINT_SIZE 80
#define FINGERPRINT_PREFIX 16 /* the fewest digits of a prefix */
void fingerprint_print(char out[static FINGERPRINT_SIZE], const uint8_t hash[static HASH_SIZE]);
/* A pin typed by a person: hex digits in any case, spaces and colons ignored; whole (64) or, with
 * prefix_allowed, its first FINGERPRINT_PREFIX or more. ERR_NO "pin-form", "pin-differs". */
enum err fingerprint_check(const uint8_t hash[static HASH_SIZE], const char *pin, bool prefix_allowed,
    const char *where, struct fault *fault);

/* The version a document says it is; nothing is verified. Codes of trust_parse. */
enum err trust_claimed_version(uint64_t *out, const struct document *document, struct fault *fault);

/*
 * chain: the versions somebody holds, each verified along the one before, ascending without gaps. In a
 * folder they are trust-000001.json and so on with their signatures.
 */
struct chain;
enum err chain_new(struct chain **out, struct fault *fault);
void chain_free(struct chain **chain);
/* The first version is taken as it is (its fingerprint is the caller's business), each later one must be
 * newest + 1. A version already held is verified again and fine if equal ("trust-differs" if not). *added
 * tells whether it was new. On failure the chain is unchanged. */
enum err chain_add(struct chain *chain, const struct document *document, bool *added, struct fault *fault);
size_t chain_count(const struct chain *chain);
const struct trust *chain_at(const struct chain *chain, size_t i);
const struct trust *chain_newest(const struct chain *chain);                    /* NULL if empty */
const struct trust *chain_version(const struct chain *chain, uint64_t version); /* NULL if not held */
/* All versions of a folder; an empty folder is an empty chain. "trust-name" if a file's number is not the
 * version in it. */
enum err chain_load(struct chain *chain, int folder, const char *where, struct fault *fault);
/* Stores a document with its signatures into the folder under its version's name, durable, document
 * last. */
enum err chain_store(int folder, const struct document *document, uint64_t version, struct fault *fault);

#endif
