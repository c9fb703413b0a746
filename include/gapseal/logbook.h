/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LOGBOOK_H
#define GAPSEAL_LOGBOOK_H

#include "gapseal/log.h"
#include "gapseal/signer.h"

/*
 * logbook: a station appending to its own log. Several processes of one station may share it: everything
 * between logbook_lock and logbook_commit happens under one lock (flock on entries.jsonl), and lock catches
 * up with what others appended first.
 *
 * entries.jsonl is the point of durability: a commit is one write and one fdatasync, then the checkpoint is
 * re-signed and replaced without a sync of its own. So after a crash the log may hold more than the
 * checkpoint says. Whoever opens or locks it next puts that in order, before anything else is appended:
 * whole entries behind the checkpoint are kept and signed for; bytes that are no entry are moved to the
 * side file "rejected-<n>", and a recover entry of that number says so. A checkpoint file that a power cut
 * has left empty or zeroed counts as one over nothing: the whole log is read anew, and a recover entry says
 * so.
 *
 * ERR_UNKNOWN, after which a person must look and nothing is appended: "log-checkpoint" (missing, or not
 * signed by this station), "log-short" (fewer entries than the checkpoint says), "log-root" (others),
 * "log-entry" (a line under the checkpoint that is no entry), "log-tail" (too much behind it that is no
 * entry), "log-unknown" (a commit that failed could not be cut off again).
 */
struct logbook;

/* What a reader of the log needs to go on from: where the last look ended. Start from {0} for the whole
 * log. */
struct log_position {
	uint64_t bytes;
	struct tree tree;      /* tree.size entries */
	int64_t latest;        /* the latest time in any of them, seconds since 1970; 0 if there is none */
};

/* Makes the empty log of a new station. File codes. */
enum err logbook_create(int home, const char *origin, const struct signer *signer, struct fault *fault);

/* visit sees every entry from position on, in order, each once: those already there (at open), those of
 * other processes (at lock) and those this process commits, once they are durable. At open and lock it
 * sees them before the root over them is known: what it gathered counts only if the call returns ERR_OK.
 * Old entries are not read; visit may be NULL. ERR_UNKNOWN "log-position": from is not a place in this log;
 * start again from {0} (with what was gathered thrown away), which will tell whether it is the log that is
 * wrong. Other codes: file codes, those of visit. signer and context must outlive the logbook, which is not
 * used again after a failed lock or visit but closed. */
enum err logbook_open(struct logbook **out, int home, const char *origin, const struct signer *signer,
    const struct log_position *from, log_visit *visit, void *context, struct fault *fault);
void logbook_close(struct logbook **logbook); /* gives up the lock too; NULL is fine */

/* Lock, catch up. On failure it is not locked. */
enum err logbook_lock(struct logbook *logbook, struct fault *fault);
/* Fills v, n, time, boot and mono, and keeps the line for the commit. The type and its fields are the
 * caller's. Only while locked; after a failure unlock. ERR_CANNOT "log-form": what entry_read would refuse
 * is never written. */
enum err logbook_append(struct logbook *logbook, struct entry *entry, struct fault *fault);
/* Writes, syncs, signs, shows visit what was appended, unlocks; with nothing appended it only unlocks. On
 * ERR_CANNOT "log-write" nothing counts as appended: the file is cut back to where it was, and if even that
 * fails it is ERR_UNKNOWN "log-unknown". */
enum err logbook_commit(struct logbook *logbook, struct fault *fault);
/* Gives the lock back without writing; what was appended since is forgotten. */
void logbook_unlock(struct logbook *logbook);
/* fsync of the checkpoint and the folder: at export and close. Not while locked. */
enum err logbook_sync(struct logbook *logbook, struct fault *fault);

/* Up to where visit has seen the log. */
const struct log_position *logbook_position(const struct logbook *logbook);
/* The latest time in any entry up to there, for the clock's ratchet: seconds since 1970, 0 if none. */
int64_t logbook_latest(const struct logbook *logbook);

#endif
