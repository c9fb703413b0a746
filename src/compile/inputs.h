/* SPDX-License-Identifier: ISC */
#ifndef INPUTS_H
#define INPUTS_H

#include "gapseal/mint.h"
#include "gapseal/plan.h"

/* What a batch is made of, read the same way to lint, review, compile and rebuild it. */
struct inputs {
	struct profile profile;
	struct roster *roster;
	struct plan *plan;
	struct buffer ca_pem;        /* a C string */
	struct ca *ca;               /* NULL if the profile issues nothing */
};
enum ca_use { CA_NONE, CA_LOOK, CA_SIGN };
struct inputs_request {
	const char *org;
	const char *batch;
	const char *profile;
	const char *csv;
	uint64_t lot_size;
	enum ca_use use;             /* CA_NONE: a lint; CA_LOOK needs the certificate alone */
	const char *ca;              /* folder of ca.pem and, to sign, ca.key; or, to look, the certificate */
	struct secret *ca_passphrase;
	int64_t now;
};
/* Findings are filled in any case; errors among them are ERR_NO "lint". "ca-needed" without ca. inputs_free
 * follows in any case. */
enum err inputs_read(struct inputs *out, struct findings *findings, const struct inputs_request *request,
    struct fault *fault);
void inputs_free(struct inputs *inputs);

#endif
