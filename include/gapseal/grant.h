/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_GRANT_H
#define GAPSEAL_GRANT_H

#include "gapseal/manifest.h"

/*
 * grant: the signed permission for named stations to open named lots: grant.json, schema gapseal/grant/v1,
 * with keys.age beside it.
 */
#define GRANT_SCHEMA "gapseal/grant/v1"
#define GRANT_NAME "grant.json"
#define GRANT_KEYS_NAME "keys.age"
#define NOTE_TEXT_SIZE 161

struct grant_station {
	char name[NAME_SIZE];
	char recipient[RECIPIENT_SIZE];
};
struct grant_fields {
	struct list again;           /* of uint64_t, ascending: indices that may be done once more */
	char batch[NAME_SIZE];
	uint8_t keys_sha256[HASH_SIZE];
	struct list lots;            /* of char[NAME_SIZE]; exactly one of lots and records is not empty */
	uint8_t manifest_sha256[HASH_SIZE];
	uint64_t max_success;        /* distinct indices done */
	char not_after[UTC_SIZE];
	char not_before[UTC_SIZE];
	char note[NOTE_TEXT_SIZE];
	struct list records;         /* of uint64_t, ascending */
	struct list replaces;        /* of uint64_t, ascending: serials withdrawn */
	uint64_t serial;             /* 1.., unique in the org, ascending */
	struct list stations;        /* of struct grant_station: all that may share these lots */
	uint64_t trust;
};
extern const struct shape grant_shape;

/* Reads and checks the document itself. ERR_NO: JSON codes,
 *   "grant-form"      batch, serial, trust or max_success missing
 *   "grant-scope"     not exactly one of lots and records
 *   "grant-dates"     missing, or not_after before not_before
 *   "grant-stations"  none, or a station without a name or recipient, or one that stands twice
 *   "grant-order"     records, again or replaces not strictly ascending, a lot twice, replaces not below
 *                     serial */
enum err grant_parse(struct grant_fields *out, struct bytes text, const char *where, struct fault *fault);
struct grant;
/* Signatures at the grant threshold of in_force (officers compromised in newest not counted), before a byte
 * is parsed; the id of the trusted comment is the serial in decimal; every station active in in_force under
 * the recipient named here; not revoked in newest. A station that newest has lost since does not take the
 * grant from the others. Codes of trust_approve, document_claimed_id and grant_parse, "signature-comment",
 * "grant-trust" (names a later trust version than in_force), "grant-revoked", "grant-station". */
enum err grant_open(struct grant **out, const struct document *document, const struct trust *in_force,
    const struct trust *newest, struct fault *fault);
/* Fits this manifest: hash and batch id ("grant-manifest"); lots known, indices below count, again within
 * what is granted, max_success <= devices granted ("grant-lots"). */
enum err grant_check(const struct grant_fields *grant, const struct manifest_fields *manifest,
    const uint8_t manifest_hash[static HASH_SIZE], const char *where, struct fault *fault);
void grant_free(struct grant **grant);
const struct grant_fields *grant_get(const struct grant *grant);
const uint8_t *grant_hash(const struct grant *grant);
bool grant_names_station(const struct grant_fields *fields, const char *name);
bool grant_covers(const struct grant_fields *grant, const struct manifest_fields *manifest, uint64_t index);

/*
 * The plaintext of keys.age: "gapseal/keys/v1\n" | 32 manifest sha256 | u8 kind (1 lots, 2 records) |
 * u32 count | count times (u32 lot or u64 index, 32 key), ascending, nothing behind.
 */
#define GRANT_KEYS_MAGIC "gapseal/keys/v1\n"
#define GRANT_KEYS_LOTS 1
#define GRANT_KEYS_RECORDS 2

#endif
