/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_REVIEW_H
#define GAPSEAL_REVIEW_H

#include "gapseal/finding.h"
#include "gapseal/secret.h"

/* review: a plan for people to look at before it is compiled: what goes where, from where, how many; no
 * secret. */
struct review_request {
	const char *org;
	const char *id;
	const char *profile;
	const char *csv;
	const char *ca;              /* its certificate, or the folder of ca.pem; NULL */
	uint64_t lot_size;
	/* or NULL: then a plan with PSKs of the CSV has no hash, which is keyed */
	struct secret *seed;
	bool json;
};
#define REVIEW_SCHEMA "gapseal/plan-review/v1"
/* Appends the text, or canonical JSON, and gives the plan hash where there is one (plan.h). Codes of
 * everything a lint finds, "ca-needed". */
enum err review_make(struct buffer *out, uint8_t hash[static 32], bool *hashed, struct findings *findings,
    const struct review_request *request, struct fault *fault);

#endif
