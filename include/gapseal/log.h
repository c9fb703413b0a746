/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LOG_H
#define GAPSEAL_LOG_H

#include "gapseal/checkpoint.h"
#include "gapseal/entry.h"
#include "gapseal/tree.h"

/*
 * log: a station's log, one for its life: a folder with entries.jsonl (one entry a line, LF-ended) and
 * checkpoint (C2SP, origin "<org>/<station>"). Leaf = hash_leaf(line without LF).
 */
#define LOG_ENTRIES "entries.jsonl"
#define LOG_CHECKPOINT "checkpoint"

/* Called for every entry in order. Entries are seen before the root over them is known: what a visitor
 * gathered counts only if log_verify returns ERR_OK. */
typedef enum err log_visit(void *context, const struct entry *entry, struct fault *fault);

struct log_reading {
	struct checkpoint checkpoint;
	bool witnessed[CHECKPOINT_WITNESSES_MAX]; /* which of the witnesses given have signed it */
	uint64_t size;               /* entries read, >= checkpoint.size */
	struct tree tree;            /* over all entries read */
	uint64_t bytes;              /* of entries.jsonl that parsed as whole entries */
	uint64_t rest;               /* bytes behind them that do not parse (a torn last line) */
};
/* Reads a whole log: the checkpoint by the station's key, then every line; n must count up from 0. Entries
 * up to checkpoint.size must hash to its root ("log-root"); fewer are "log-short". A line before the
 * checkpoint's size that does not parse is "entry-form", one with another number "entry-number". Lines
 * behind the checkpoint that parse and count on are visited too and counted in size, though nobody has
 * signed them; from the first that does not, all is only measured in rest. Other codes: those of the
 * checkpoint, of files, of visit. visit may be NULL. where is the folder's name. Memory is bounded by the
 * longest line. */
enum err log_verify(struct log_reading *out, int folder, const char *origin, const struct note_key *key,
    const struct note_key *witnesses, size_t witness_count, log_visit *visit, void *context,
    const char *where, struct fault *fault);

#endif
