/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_ACCEPT_H
#define GAPSEAL_ACCEPT_H

#include "gapseal/log.h"
#include "gapseal/unseal.h"

/*
 * accept: the office takes note of what came back from the line. It judges nothing itself: which devices
 * are done is what an auditor found and officers signed, the activation; an office that held logs against
 * grants on its own would be judge in its own cause, and would need the auditor's code. What it does look at
 * are the logs that came with it: each by its station's key, and each a continuation of the one accepted
 * before, so that a log rewritten between two deliveries is seen here. Their close-outs are noted in the
 * ledger.
 */
struct accept_request {
	const char *batch;               /* folder */
	const char *activation;
	const char *const *logs;         /* folders */
	size_t log_count;
	bool withdraw;                   /* devices accepted before may be missing now */
	int64_t now;
};
struct accept_result {
	char batch[NAME_SIZE];
	uint64_t count, done, closeouts;
};
/* Codes of own_batch_open, activation_open, log_verify and ledger_add_return, and ERR_NO:
 *   "accept-station"   a log of no station that trust knows, or the second of one
 *   "accept-fork"      a log that does not continue the one accepted before
 * and ERR_CANNOT "accept-changed" (a log changed while it was read). */
enum err office_accept(struct accept_result *out, const struct office *office, const struct trust *trust,
    const struct accept_request *request, struct fault *fault);

#endif
