/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PLAN_H
#define GAPSEAL_PLAN_H

#include "gapseal/contents.h"
#include "gapseal/profile.h"
#include "gapseal/roster.h"

/*
 * plan: profile x CSV, resolved: who gets what, nothing secret kept of its own. Lots are cut by the
 * CSV's lot column (a lot's devices need not adjoin; lots stand in order of first appearance) or by
 * size, named "lot-001" and so on.
 */
#define PLAN_LOTS_MAX MANIFEST_LOTS_MAX

struct plan_request {
	const char *org;
	const char *batch;
	size_t lot_size;             /* 0: LOT_DEVICES_MAX; ignored with a lot column */
	const char *ca_pem;          /* the issuing CA, text around it allowed; NULL if the profile issues
	                              * nothing, or in a mere lint, which then cannot size certificates */
	int64_t now;                 /* from when certificates are valid; 0: their end is not looked at */
};
struct plan_lot {
	char name[NAME_SIZE];
	size_t count;
};
struct plan;

/* Lints everything the two together can get wrong, in every row, into findings; *out is set only if
 * findings hold no error, of earlier readings neither. The plan keeps pointers to profile and roster.
 *   "csv-missing"      the profile takes a column that is not there
 *   "template-column"  a template does; "template-secret": it uses a column of secrets;
 *                      "template-constant": it uses none, and there are several devices
 *   "field-empty", "field-blank"  (a blank at either end) in a column the profile uses
 *   "psk-hex", "psk-odd", "psk-short" (below 128 bits), "psk-duplicate"; never says a PSK
 *   "identity-duplicate"
 *   "cn-size" (over 64 characters), "cn-byte", "cn-duplicate"
 *   "cert-key"         an issued certificate for anything but a generated key, or a generated key with
 *                      another certificate
 *   path_read's "path-...", "key-none", "pem-...", "key-match", "key-password", "path-duplicate"
 *   credential_check's "content-..."
 *   "lot-name", "lot-size" (over LOT_DEVICES_MAX devices), "lot-count" (over PLAN_LOTS_MAX)
 *   "lot-unknown"      a credential names a lot that no device is in
 *   "lot-slots"        a lot for which no credential fills a slot that others have
 *   "record-size"      the contents of a device are beyond what a record holds
 *   x509_bundle's "pem-..." of the CA
 * Warnings "psk-long" (over 64 bytes), "psk-text" (text or a pattern), "lot-tac" (a few devices of a lot are
 * another type of module), "csv-unused" (a column of credentials nothing uses), "cert-outlives", "pem-weak",
 * "pem-version", "pem-expired"; notices "psk-case" (upper-case hex is written in lower case), "path-mode"
 * (private keys others may read), "identity-colon", "plan-ca" (without the CA no certificate is sized).
 * ERR_CANNOT "name-form" (org or batch), "lot-size" (the request's), "memory". */
enum err plan_make(struct plan **out, const struct profile *profile, const struct roster *roster,
    const struct plan_request *request, struct findings *findings, struct fault *fault);
void plan_free(struct plan **plan);
const struct profile *plan_profile(const struct plan *plan);
const struct roster *plan_roster(const struct plan *plan);
size_t plan_lots(const struct plan *plan);
const struct plan_lot *plan_lot(const struct plan *plan, size_t lot);
/* The roster index of the k-th device (CSV order) of a lot. */
size_t plan_device(const struct plan *plan, size_t lot, size_t k);

/* The slots of the policy, and the credential (of the profile) that a lot's devices get for one. */
size_t plan_slots(const struct plan *plan);
size_t plan_credential(const struct plan *plan, size_t lot, size_t slot);

/* The common contents of the manifest, in slot order, each once; and which one a credential writes (-1:
 * none). Their texts belong to the profile. */
size_t plan_commons(const struct plan *plan);
const struct manifest_common *plan_common(const struct plan *plan, size_t i);
int plan_common_of(const struct plan *plan, size_t credential);

/* Expands a template with a row; appends text. The lint has made sure that it works. */
enum err plan_expand(struct buffer *out, const struct plan *plan, const char *text,
    const struct roster_row *row, struct fault *fault);
/* What a row gives an identity (of a column or a template) or a certificate (its CN); appends text. */
enum err plan_text(struct buffer *out, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct fault *fault);
/* The PSK of a row, for a credential of SOURCE_COLUMN; appends it in lower-case hex. False if the
 * capacity does not suffice; credential_limit(0) always does. */
bool plan_psk(struct secret *out, const struct plan *plan, size_t credential, const struct roster_row *row);
/* Appends what follows an issued certificate: of a credential with a chain the certificates of the CA. */
enum err plan_chain(struct buffer *out, const struct plan *plan, size_t credential, struct fault *fault);
/* What a row's file gives a credential of SOURCE_PATH, read anew into out, which is cleared first and has
 * room for credential_limit(0); password views into the row, empty if there is none. file is scratch, with
 * room for PATH_FILE_MAX. Besides path.h's codes ERR_NO "path-changed": it is not what was linted. */
enum err plan_path(struct secret *out, struct bytes *password, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct secret *file, struct fault *fault);

/* An upper bound of the plaintext contents of any device before padding, issued certificates included. */
size_t plan_contents_max(const struct plan *plan);

/*
 * The plan hash: SHA-256 of canonical JSON (json.h) and then a line for each device, in CSV order.
 *
 * The JSON has schema "gapseal/plan/v1" and the keys
 *   batch, org    names
 *   ca            the issuing CA as x509_bundle cuts it down; "" if nothing is issued
 *   credentials   in slot order, of one slot by name: bytes, column, days, line_ending, name, pem, source,
 *                 tag, template, type ("" or 0 where unused, line_ending then lf; template: also the CN's)
 *   lots          in order: count, name
 *   policy        as in the manifest
 *   title         the profile's
 * If any credential has a chain, lots or a column of passwords, the schema is "gapseal/plan/v2" and every
 * credential has further keys: chain, lots (names, ascending), password (that column). So a profile that
 * uses none of them keeps its hash.
 *
 * A line is the IMEI, a comma, the lot's name, and for each credential of the device's lot that takes
 * anything from the CSV (from column, template, issued, path), in slot order, a comma, a length in decimal, a
 * colon and so many bytes: the identity, the CN, or, for a secret or a file, 32 hex digits of
 *     BLAKE2b-128(key = K, u64 slot id | value)    slot id = tag * 256 + type
 *     K = BLAKE2b-256(key = seed, "gapseal/plan/v1\n")
 * where value is the PSK in lower-case hex, or SHA-256 (its 32 bytes) over the certificate or key as it is
 * written, and, if it has a password, a NUL and the password; and LF.
 */
#define PLAN_SCHEMA "gapseal/plan/v1"
#define PLAN_SCHEMA_2 "gapseal/plan/v2"
enum err plan_hash(uint8_t out[static HASH_SIZE], const struct plan *plan, struct secret *seed,
    unsigned threads, struct fault *fault);

#endif
