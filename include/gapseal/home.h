/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_HOME_H
#define GAPSEAL_HOME_H

#include "gapseal/card.h"
#include "gapseal/config.h"
#include "gapseal/hash.h"
#include "gapseal/secret.h"
#include "gapseal/signer.h"

/*
 * home: the folder of one station.
 *
 *     H/station.conf          org, name, defaults for every flag
 *     H/identity              age X25519 identity (0600)
 *     H/log.seed              log key seed, 64 hex digits and LF (0600)
 *     H/<name>.station        its card
 *     H/trust/                trust-000001.json ... with signatures; the first was pinned
 *     H/batches/<id>/         verified copy of a batch folder, and tree.bin
 *     H/batches/<id>@<index>/ verified copy of an extract: one record of that batch
 *     H/grants/<serial>/      verified copy of a grant folder; without the keys of closed lots: lot_keys.h
 *     H/log/                  entries.jsonl, checkpoint
 *     H/claims                empty; a byte is locked for each device in hand, so that no other process takes it
 *     H/stop                  if anything has this name, run finishes the devices in hand and ends
 *     H/state                 a cache of the log, signed by the log key; rebuilt when it does not agree
 */
#define HOME_CONF "station.conf"
#define HOME_IDENTITY "identity"
#define HOME_LOG_SEED "log.seed"
#define HOME_TRUST "trust"
#define HOME_BATCHES "batches"
#define HOME_GRANTS "grants"
#define HOME_LOG "log"
#define HOME_STATE "state"
#define HOME_TREE "tree.bin"
#define HOME_CLAIMS "claims"
#define HOME_STOP "stop"

struct home {
	int folder;                        /* -1 when closed */
	char path[256];
	char org[NAME_SIZE];
	char station[NAME_SIZE];
	char origin[2 * NAME_SIZE + 1];    /* "<org>/<station>" */
};
#define HOME_CLOSED ((struct home){.folder = -1})

/* Every option station.conf may hold: org, name and the flags. */
extern const struct config_section home_options;

/* Makes the folder (which must not exist or be empty): station.conf, the two keys, the card, the log with
 * its enroll entry; whole or not at all. fingerprint: SHA-256 of the card. ERR_CANNOT "name-form",
 * "home-exists", file codes. */
enum err home_enroll(uint8_t fingerprint[static HASH_SIZE], const char *path, const char *org,
    const char *name, const char *tool, struct fault *fault);
/* Opens an enrolled home. ERR_CANNOT "home-open" (not a station home: says what is missing); config codes,
 * ERR_NO "home-name" (org or name in station.conf is missing or no name). On failure it is closed. */
enum err home_open(struct home *out, const char *path, struct fault *fault);
void home_close(struct home *home); /* leaves HOME_CLOSED; closed already is fine */

/* The two keys, for the roles that hold them: the vault, and ingest. The name of the signer is the origin.
 * Codes of secret_read_file, age_identity_parse; ERR_CANNOT "home-seed" (not 64 hex digits and LF). */
enum err home_identity(struct secret **key, const struct home *home, struct fault *fault);
enum err home_signer(struct signer **out, const struct home *home, struct fault *fault);

#endif
