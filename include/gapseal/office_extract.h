/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OFFICE_EXTRACT_H
#define GAPSEAL_OFFICE_EXTRACT_H

#include "gapseal/office.h"

/*
 * office_extract: makes the folder of one device (extract.h), for a repair line or a spare station that is to
 * have this device and no other.
 *
 * Its grant may live beside a grant of the lot: one device goes to a bench of its own without all lines
 * having to be given a new grant. That is safe to permit because nothing rests on its being refused: a device
 * done under both is found when the logs are reconciled, and is a duplicate unless the grant says again. Two
 * live grants of the same single record are refused: one of them must replace the other.
 */
struct extract_request {
	struct grant_request grant;  /* lots and again unused, max_success 0; out is the folder to make */
	char imei[IMEI_SIZE];
	bool again;                  /* the device may be done once more */
};
struct extract_result {
	uint64_t index;
	uint64_t serial;
};
/* Codes of office_grant, unseal_new, unseal_find, unseal_one and extract_open. */
enum err office_extract(struct extract_result *out, const struct office *office, const struct trust *trust,
    struct secret *identity, const struct extract_request *request, struct fault *fault);

#endif
