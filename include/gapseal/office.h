/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OFFICE_H
#define GAPSEAL_OFFICE_H

#include "gapseal/age.h"
#include "gapseal/batch.h"
#include "gapseal/officer.h"
#include "gapseal/trust.h"

/*
 * office: the air-gapped folder.
 *
 *     OFFICE/office.conf       defaults for every flag
 *     OFFICE/identity.age      age identity, passphrase-protected; or OFFICE/identity (0600) without
 *     OFFICE/recipient         its recipient, age1..., one line
 *     OFFICE/ledger.sqlite
 *     OFFICE/trust/            the trust versions used here, the first one pinned
 *     OFFICE/batches/<id>/     master.age
 */
#define OFFICE_CONF "office.conf"
#define OFFICE_IDENTITY "identity"
#define OFFICE_IDENTITY_SEALED "identity.age"
#define OFFICE_RECIPIENT "recipient"
#define OFFICE_TRUST "trust"
#define OFFICE_BATCHES "batches"
#define OFFICE_LOG_N 18 /* scrypt of the identity: 256 MiB */

/* Makes the folder whole or not at all; passphrase NULL: the identity is left unprotected. */
enum err office_create(const char *path, struct secret *passphrase, struct fault *fault);

struct office {
	int folder;
	char path[256];
	struct chain *chain;             /* versions held; empty before office_trust */
	struct recipient recipient;
};
#define OFFICE_EMPTY ((struct office){.folder = -1})
/* "office-open" says what is missing. */
enum err office_open(struct office *out, const char *path, struct fault *fault);
void office_close(struct office *office);
/* Takes a trust file into use: the version held already, or the next one along the chain, or, in an office
 * that holds none, the first: it is pinned by this. pin may be NULL; otherwise it must be the file's
 * fingerprint. *trust is owned by the office. */
enum err office_trust(const struct trust **trust, struct office *office, const char *path, const char *pin,
    struct fault *fault);
/* Whether opening the identity needs a passphrase; and opening it. */
bool office_identity_sealed(const struct office *office);
enum err office_identity(struct secret **key, const struct office *office, struct secret *passphrase,
    struct fault *fault);

struct compile_request {
	const char *profile;
	const char *csv;
	const char *id;
	const char *out;
	const char *ca;                  /* folder of ca.pem and ca.key, or NULL */
	struct secret *ca_passphrase;    /* or NULL */
	struct secret *seed;             /* NULL: a random one */
	const char *series;              /* NULL: the org's name */
	const char *title;               /* NULL: the profile's */
	const char *const *supersede;    /* what of which batches: supersede_parse */
	size_t supersede_count;
	struct supersede_others *others; /* filled; or NULL */
	const char *reason;              /* of that */
	uint64_t lot_size;               /* 0: 65536 */
	uint64_t threads;                /* 0: one */
	bool verify_all;                 /* every signature of the CA, not only each 1000th */
	bool rehearsal;
	bool no_escrow;
	const char *tool;
	int64_t now;
	bool (*progress)(void *context, uint64_t done, uint64_t total);
	void *progress_context;
};
/* Lints, compiles, writes master.age, the batch folder, the ledger, in that order. Findings are filled in any
 * case; errors among them are ERR_NO "lint". Codes of everything below, "escrow-needed", "ca-needed". */
enum err office_compile(struct batch_result *out, struct findings *findings, struct office *office,
    const struct trust *trust,
    const struct compile_request *request, struct fault *fault);
/* Only the lint; no office needed. Of the request it takes profile, csv, lot_size, now, and ca if there is
 * one: its certificate, or the folder of ca.pem. */
enum err office_lint(struct findings *findings, size_t *devices, const struct compile_request *request,
    struct fault *fault);

struct grant_request {
	const char *batch;               /* folder */
	const char *out;
	const char *const *stations;
	size_t station_count;
	const char *const *lots;         /* names; NULL: all */
	size_t lot_count;
	uint64_t days;                   /* validity from now */
	uint64_t max_success;            /* 0: as many as devices */
	const uint64_t *again;
	size_t again_count;
	const uint64_t *replaces;
	size_t replace_count;
	const char *note;
	int64_t now;
};
/* Verifies the batch (signatures at threshold, files), opens its master with the identity, writes the grant
 * folder and the ledger. *serial out. */
enum err office_grant(uint64_t *serial, struct office *office, const struct trust *trust,
    struct secret *identity, const struct grant_request *request, struct fault *fault);

/* trust_make: a first or next version from its parts, unsigned, checked. */
struct trust_request {
	const char *org;
	const struct trust_fields *from;  /* NULL: version 1 */
	const uint8_t *from_hash;
	/* minisign public key files; the officer's name is the file's name without .pub */
	const char *const *officers;
	size_t officer_count;
	const char *const *stations;      /* cards */
	size_t station_count;
	const char *const *escrow;        /* age recipients */
	size_t escrow_count;
	const char *const *witnesses;     /* verifier keys */
	size_t witness_count;
	uint64_t thresholds[ROLES];       /* 0: keep, or 1 for a first version */
	/* Changes to a next version; each names something the version before has. */
	const char *const *retired;       /* officers who leave */
	size_t retired_count;
	const char *const *compromised;   /* officers whose key others may hold */
	size_t compromised_count;
	/* "NAME=lost", "NAME=stolen", "NAME=retired", with ":SIZE" behind: entries past it do not count */
	const char *const *stations_off;
	size_t station_off_count;
	const char *const *revoked_batches; /* manifest sha256, hex */
	size_t revoked_batch_count;
	const char *const *revoked_grants;  /* serials */
	size_t revoked_grant_count;
	bool accept_no_spare;
	int64_t now;
};
/* Appends the canonical document. Codes of trust_check, "trust-no-spare", "trust-change" (names nothing the
 * version before has), file codes. */
enum err trust_make(struct buffer *out, const struct trust_request *request, struct fault *fault);

/* signing: what an officer puts a name to. */
enum signing_kind { SIGNING_MANIFEST, SIGNING_GRANT, SIGNING_TRUST, SIGNING_ACTIVATION };
struct signing {
	enum signing_kind kind;
	struct document document;
	char id[NAME_SIZE];
	char path[512];                   /* of the document */
	char warning[FAULT_TEXT_MAX];     /* "" or what to mind, such as a rehearsal */
	struct buffer summary;            /* what is signed, lines for a person */
};
/* Finds the document at a path (a batch or grant folder, or a trust or activation file; of an extract it is
 * the grant in it), checks everything
 * that can be checked without signatures that are still missing: form, the files of the folder against it,
 * present signatures against trust if a trust file is given (NULL: a trust document checks itself).
 * "sign-kind" if it is none of these. */
enum err signing_open(struct signing *out, const char *path, const struct trust_fields *trust,
    struct fault *fault);
void signing_free(struct signing *signing);
/* Writes <document>.<KEYID>.minisig beside it, after verifying it with the public half. An officer who has
 * signed already and well is *already: nothing is written. */
enum err signing_sign(char name[static 600], bool *already, const struct signing *signing,
    const struct officer_key *key, struct fault *fault);

#endif
