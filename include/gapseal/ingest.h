/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_INGEST_H
#define GAPSEAL_INGEST_H

#include "gapseal/home.h"

/*
 * ingest: takes batch folders, grant folders and trust files from a medium into the home.
 *
 * Documents are read once and their signatures verified by the newest trust; records are copied, then the
 * copy is verified, never the medium: sizes and hashes of the files, order, root, SHA256SUMS. The same pass
 * writes tree.bin. Of a grant, every key in keys.age is checked against the manifest first. A folder
 * appears in the home whole or not at all, then the ingest entry is logged. Repeating is harmless: what is
 * held is said to be, after its copy was verified again, and a copy found damaged is taken anew.
 *
 * Signatures that a held document lacks are added to it, wherever it is held, when it is brought again with
 * them: all that is brought must be good, and the newest trust must approve what is held then. Nothing else
 * of it changes, keys that were destroyed stay so, and an ingest entry is logged as for a document taken now:
 * from here on it is judged by the version approved under, which may know officers the earlier one did not,
 * and a station that runs looks at it again. The entry names the document, not who signed: an auditor judges
 * by the signatures he is given. An ingest interrupted before that entry is completed by repeating it.
 */
struct ingest_report {
	/* One line, without LF, per thing taken, held or refused; may be NULL. */
	void (*say)(void *context, const char *line);
	void *context;
	size_t taken, held, refused; /* a document that got signatures counts as taken */
};

/* Takes one trust file. The first version of a home is pinned by this: pin is its fingerprint as typed (see
 * fingerprint_check), whole or, with prefix_allowed, its beginning; "pin-needed" (ERR_CANNOT) without one.
 * Later versions go along the chain; a pin given is checked all the same. Logs a trust entry. Codes of
 * chain_add, document_load and logbook_open, "trust-org" (of another organisation than the home). */
enum err ingest_trust(struct home *home, const char *path, const char *pin, bool prefix_allowed,
    struct ingest_report *report, struct fault *fault);

/* Paths may be a batch folder, a grant folder, a trust file, or a folder holding any of them: searched two
 * levels deep, links in it not followed; there a trust file is one named trust*.json. Whatever the order of
 * paths, trust comes first, then batches, then grants. What is refused or cannot be had is said and counted
 * as refused, and the first such fault is returned after everything else was taken; only a log that fails,
 * or a trust file that cannot be stored, ends it at once. ERR_NO, besides the codes of what verifies:
 *   "trust-needed"     no first version is pinned here
 *   "batch-differs"    a batch of that id with another manifest is held
 *   "grant-differs"    a grant of that serial with another content is held
 *   "grant-batch"      its batch is not held
 *   "grant-station"    does not name this station (one that a search found is passed over instead), or
 *                      under another recipient, or trust knows another log key of it
 *   "medium-incomplete"  the office never finished this medium (medium.h); nothing of it is taken
 *   "medium-missing"   a medium lacks what its SHA256SUMS lists; the rest of it is taken
 *   "ingest-nothing"   a path with nothing to take */
enum err ingest_paths(struct home *home, const char *const *paths, size_t count,
    struct ingest_report *report, struct fault *fault);

#endif
