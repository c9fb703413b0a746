/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LOGBOOK_PRIVATE_H
#define GAPSEAL_LOGBOOK_PRIVATE_H

#include "gapseal/logbook.h"

/* The parts of the logbook: logbook.c life and lock, logbook_head.c the checkpoint, logbook_scan.c what
 * stands behind our position, logbook_recover.c what a crash left, logbook_commit.c appending. */

struct logbook {
	int folder;
	int file;                      /* entries.jsonl, locked by flock */
	char origin[NOTE_NAME_MAX + 1];
	const struct signer *signer;
	log_visit *visit;
	void *context;
	char boot[40];                 /* the kernel's boot id */
	struct log_position position;  /* up to where visit has seen the log */
	struct buffer raw;             /* the checkpoint file as last verified or written */
	struct checkpoint head;        /* what it says */
	bool head_lost;                /* it was empty: a power cut took it */
	struct buffer lines;           /* appended since the lock, LF-ended */
	uint64_t pending;              /* entries in lines */
};

#define LOGBOOK_ENTRIES_PLACE "log/" LOG_ENTRIES
#define LOGBOOK_HEAD_PLACE "log/" LOG_CHECKPOINT

/* logbook_head.c: reads and verifies the checkpoint, unless it is byte for byte the one known. */
enum err logbook_head_read(struct logbook *logbook, struct fault *fault);
/* Signs and replaces it; on failure the old one stands. */
enum err logbook_head_sign(struct logbook *logbook, const struct tree *tree, struct fault *fault);

/* logbook_scan.c: takes every entry from position to the end of the file, or to the first bytes that are
 * none: those are *rest. Everything the checkpoint covers must be there. */
enum err logbook_scan(struct logbook *logbook, uint64_t *rest, struct fault *fault);
/* Moves position over one line (without LF) that was read as entry, and shows it. */
enum err logbook_take(struct logbook *logbook, struct bytes line, const struct entry *entry,
    struct fault *fault);

/* logbook_recover.c: after a scan, puts in order what stands behind the checkpoint. */
enum err logbook_recover(struct logbook *logbook, uint64_t rest, struct fault *fault);

/* logbook_commit.c: writes what was appended, and makes it durable, signed for and seen. Stays locked. */
enum err logbook_flush(struct logbook *logbook, struct fault *fault);
/* Cuts entries.jsonl back to position, durably. ERR_UNKNOWN "log-unknown". */
enum err logbook_cut(struct logbook *logbook, struct fault *fault);
enum err logbook_datasync(const struct logbook *logbook, struct fault *fault);
/* Forgets what was appended. */
void logbook_forget(struct logbook *logbook);

#endif
