/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_VAULT_H
#define GAPSEAL_VAULT_H

#include "gapseal/grant.h"
#include "gapseal/home.h"
#include "gapseal/logbook.h"
#include "gapseal/message.h"
#include "gapseal/progress.h"
#include "gapseal/reader.h"

/*
 * vault: the role that holds lot keys and log key, the log's only writer. It verifies trust, manifest and
 * grant signatures itself, gives tags for an IMEI, takes a record with its path, decides same, begin, refuse
 * and verdict, and hands out the steps of one device.
 *
 * A record that is granted by itself has no tag: the vault asks for those whose device it does not know yet,
 * one by one, and looks into each once (vault_private.h says why that discloses nothing). They are found only
 * after the lots of their batch.
 *
 * Order: record found -> list -> commitment recomputed from the listing by the blind alone. Equal:
 * an open begin is closed as done, else same. Otherwise an open begin is ended unknown, begin is appended and
 * made durable, only then is the record opened; after the dialogue the listing decides, end is appended and
 * made durable, and the verdict goes out.
 */
struct vault_settings {
	const char *operator_;     /* "" if none */
	const char *tool;
	const char *const *batches; /* NULL: every granted, unclosed batch */
	size_t batch_count;
	unsigned ports;
	const char *const *port_names;
	uint8_t configuration[HASH_SIZE];
	void (*say)(void *context, const char *line); /* what is left out and why; may be NULL */
	void *context;
};
struct vault;
/* Loads keys, verifies all documents given by the reader, brings progress up to the log, appends the start
 * entry (durable). Grants that are not for this station, expired, or revoked are left out with a line to say.
 * Keys that the home still has of lots the log says are closed are destroyed (lot_keys.h). ERR_CANNOT, and
 * ERR_UNKNOWN for the log. */
enum err vault_open(struct vault **out, struct home *home, const struct reader *reader,
    const struct vault_settings *settings, struct fault *fault);
/* Appends stop, syncs, saves the state cache, wipes and frees. *fault tells what failed, the vault is gone in
 * any case. */
enum err vault_close(struct vault **vault, const char *reason, struct fault *fault);

/* Reads what other processes of this station appended to the log. *stale: batches, grants or trust files were
 * ingested or lots closed since the documents were last looked at: refresh the reader, then the vault. Codes
 * of logbook_lock. */
enum err vault_catch_up(struct vault *vault, bool *stale, struct fault *fault);
/* Verifies everything the reader holds now, in place of what it held: what is closed or revoked serves no
 * further device. A device in hand keeps what it needs to be ended. On failure the old state stays. */
enum err vault_refresh(struct vault *vault, struct fault *fault);

/* Hands in a message of line, reader or station. Kept until the next turn. */
void vault_give(struct vault *vault, const struct message *message);
/* One turn: locks the log, decides everything handed in, one fdatasync and one checkpoint for all entries
 * asked for, then opens records of durable begins. After it vault_take gives the answers. A failing log:
 * ERR_CANNOT or ERR_UNKNOWN, no answers; devices in hand are unknown. */
enum err vault_turn(struct vault *vault, struct fault *fault);
bool vault_take(struct vault *vault, struct message *out);

/* What an event says of the presentation a VERDICT ended. */
struct vault_verdict {
	enum result result;
	char reason[40];
	char batch[NAME_SIZE];     /* "" if no batch holds the device */
	char lot[NAME_SIZE];
	bool indexed;
	uint64_t index;
	uint64_t attempt;
	uint64_t entry;            /* number of the entry that says so */
	uint64_t ms;               /* from DEVICE to the verdict */
	bool rehearsal;
	char imei[IMEI_SIZE];
	char firmware[FIRMWARE_SIZE];
	char unit[UNIT_SIZE];
};
void vault_verdict(const struct vault *vault, unsigned port, struct vault_verdict *out);

/* The log's head as this vault knows it: entries and root in base64, as a checkpoint writes it. */
struct vault_head {
	uint64_t size;
	char root[48];
};
void vault_head(const struct vault *vault, struct vault_head *out);

/* What status shows, lot by lot and then, of each batch, the records granted by themselves; false beyond the
 * last. */
struct vault_lot {
	char batch[NAME_SIZE];
	char lot[NAME_SIZE];       /* of a single record: the one it lies in */
	bool single;
	uint64_t index;            /* of a single record */
	uint64_t grant;
	uint64_t count, max_success;
	struct progress_counts counts;
	bool rehearsal, closed, expired;
	char not_after[UTC_SIZE];
};
bool vault_lot(const struct vault *vault, size_t i, struct vault_lot *out);

#endif
