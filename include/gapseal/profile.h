/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROFILE_H
#define GAPSEAL_PROFILE_H

#include "gapseal/bytes.h"
#include "gapseal/credential.h"
#include "gapseal/finding.h"
#include "gapseal/manifest.h"
#include "gapseal/template.h"

/*
 * profile: the recipe, a file in libconfuse syntax (config.h):
 *
 *     title = "..."                                      at most 80 characters; optional
 *     credential psk      { tag = 42  type = psk       from = derived  bytes = 32 }
 *     credential identity { tag = 42  type = identity  template = "{imei}@project" }
 *     credential ca       { tag = 42  type = ca        files = {"root.pem"} }
 *     credential key      { tag = 43  type = key       from = generated }
 *     credential cert     { tag = 43  type = cert      from = issued  cn = "urn:imei:{imei}"  days = 5500 }
 *     credential old      { tag = 94  type = psk       from = delete }
 *     policy { existing = replace  attempts = 3 }
 *
 *     type      from        further options
 *     psk       derived     bytes (16 to 64, default 32)
 *               column      column (default psk)
 *     identity  template    template
 *               column      column (default psk_identity)
 *     ca        files       files, in the order they are to stand; line_ending
 *     key       generated   line_ending
 *               path        column (default client_key), password_column, line_ending
 *     cert      issued      cn (a template), days (1 to 36500), chain, line_ending
 *               path        column (default client_cert), line_ending
 *     any       delete      the slot is to be empty in the end
 *     any       expect      the slot must be occupied, and is not touched
 *
 * from may be left out: a column or template that is named says enough, and otherwise it is the first
 * of its type. line_ending is lf (default) or crlf. Paths are relative to the profile's folder. Column
 * names are compared without regard to case. With chain = true the certificates of the issuing CA's
 * file follow the device's own.
 *
 * A column of source path names files in or below the CSV's folder (path.h).
 *
 * lots = {"wo-1001"} makes a credential one of those lots alone; another one for the same slot without
 * lots serves the rest. In the end every device has the same slots.
 *
 *     policy            values                         default
 *     existing          replace | keep-same | refuse   replace
 *     digest_forms      {exact} | {exact, nul}         {exact}
 *     families          any, or {nrf9160, nrf91x1}     any
 *     minimum_firmware  "1.3.2"                        ""
 *     attempts          1 to 99                        3
 *     rework            never | local | permit         local
 *     label             off | imei | unit              off
 *     attestation       off | record | require         off
 *     finish            cfun0 | reset | none           cfun0
 *     log_imei          true | false                   false
 *     log_unit          true | false                   false
 */
#define PROFILE_CREDENTIALS_MAX SLOTS_MAX
#define PROFILE_BYTES_MIN 16
#define PROFILE_BYTES_MAX 64
#define PROFILE_DAYS_MAX 36500

enum source {
	SOURCE_DERIVED,    /* psk: from the batch seed */
	SOURCE_COLUMN,     /* psk, identity: a CSV column */
	SOURCE_TEMPLATE,   /* identity */
	SOURCE_FILES,      /* ca: PEM files or bundles, cut down to BEGIN..END, shared by all devices */
	SOURCE_GENERATED,  /* key: P-256, det-keygen from the batch seed */
	SOURCE_ISSUED,     /* cert: for the generated key of the same tag, by the batch's CA */
	SOURCE_PATH,       /* cert, key: in a file a CSV column names */
	SOURCE_DELETE,     /* nothing: what is there is deleted */
	SOURCE_EXPECT,     /* something, put there by somebody else */
	SOURCES
};
extern const char *const source_words[SOURCES + 1]; /* as a profile names them, NULL-ended */
struct profile_credential {
	char name[NAME_SIZE];
	unsigned line;               /* in the profile */
	struct slot slot;
	enum source source;
	unsigned bytes;              /* of a derived PSK */
	char text[TEMPLATE_MAX + 1]; /* template of an identity, or of a certificate's CN */
	char column[NAME_SIZE];      /* of SOURCE_COLUMN and SOURCE_PATH */
	char password[NAME_SIZE];    /* column of the passwords of encrypted keys; "" */
	unsigned days;               /* validity of an issued certificate */
	bool chain;                  /* the issuing CA's certificates follow it */
	enum line_ending line_ending;
	char *pem;                   /* SOURCE_FILES: the certificates with LF and a final LF; allocated */
	struct list lots;            /* of char[NAME_SIZE], ascending; empty: whatever no other one serves */
};
struct profile {
	char where[128];             /* the end of the path */
	char title[TITLE_SIZE];
	size_t count;
	struct profile_credential credentials[PROFILE_CREDENTIALS_MAX]; /* order of slot, then of name */
	struct manifest_policy policy; /* lists allocated; slots: what the credentials fill, each once */
};

/* Reads and resolves. Every fault of the profile goes to findings: config.h's codes, and
 *   "profile-title", "profile-empty" (no credential), "profile-count" (too many), "profile-name",
 *   "profile-missing" (an option), "profile-option" (one that does not go with the others),
 *   "profile-value", "profile-policy", "template-form"
 *   "slot-tag"     above SLOT_TAG_MAX
 *   "slot-twice"   two credentials for one slot in one lot
 *   "slot-state"   one writes a slot, another one deletes or expects it
 *   "pem-file"     cannot be read, or is over X509_BUNDLE_MAX
 *   "pem-none", "pem-parse", "content-size"
 *   warnings "slot-half" (half of what a server needs), "pem-weak", "pem-version", "pem-expired",
 *   "pem-no-ca", "policy-family" (one unknown to this program); notice "tag-known"
 * The result is usable if the errors did not grow; otherwise it holds the credentials without error.
 * ERR_CANNOT if the profile itself cannot be read. profile_free follows in any case. */
enum err profile_read(struct profile *out, const char *path, struct findings *findings, struct fault *fault);
void profile_free(struct profile *profile);
bool profile_issues(const struct profile *profile); /* whether a CA is needed */
/* Whether one of the credentials has the source. */
bool profile_has(const struct profile *profile, enum source source);
/* What a finished device lists in a slot of the source. */
enum slot_state source_state(enum source source);

/* The table by which a manifest holds a policy. */
const struct shape *profile_policy_shape(void);

#endif
