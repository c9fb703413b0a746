/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_REBUILD_H
#define GAPSEAL_REBUILD_H

#include "gapseal/batch.h"

/*
 * rebuild: a batch made again on a second machine from CSV, profile and seed, and compared with the folder
 * of the first. What nothing else determines is taken from the manifest under check: batch, org, title,
 * series, seq, abandoned, supersedes, purpose, trust, issued, tool, master_recipients, and how lots were cut;
 * whoever signs looks at those. The CA's signatures are taken from the records and verified. All else is
 * recomputed.
 */
struct rebuild_request {
	const char *batch;               /* folder */
	const char *profile;
	const char *csv;
	const char *ca;                  /* its certificate, or the folder of ca.pem; or NULL */
	struct secret *seed;
	const uint8_t *plan;             /* what master.age says of them, or NULL */
	const uint8_t *manifest;
	uint64_t threads;                /* 0: one */
	bool (*progress)(void *context, uint64_t done, uint64_t total);
	void *progress_context;
};
/* Findings are filled in any case. ERR_OK: manifest and records are, byte for byte, what these make. ERR_NO:
 * codes of batch_rebuild and of a lint, "rebuild-master" (all is equal, but master.age is of a manifest that
 * says something else of what is taken from it). */
enum err batch_rebuild_folder(struct batch_result *out, struct findings *findings,
    const struct rebuild_request *request, struct fault *fault);

#endif
