/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OPENING_H
#define GAPSEAL_OPENING_H

#include "gapseal/unseal.h"

/*
 * opening: the text a record's state commitment is the SHA-256 of (state.h), blind included. Whoever is given
 * it proves with sha256sum, and the record under the signed root, which IMEI this record is for and what each
 * of its slots holds, and learns nothing of any other device. It is a secret all the same: with its digests a
 * weak PSK can be guessed.
 */
struct opening_result {
	uint64_t index;
	uint8_t commitment[HASH_SIZE];
};
/* Writes a file of mode 0600 that appears whole or not at all. Codes of own_batch_open, unseal_new,
 * unseal_find, unseal_one and secret_write_file; ERR_NO "opening-commitment" (the text does not give the
 * commitment: nothing is written). */
enum err office_opening(struct opening_result *out, const struct office *office, const struct trust *trust,
    struct secret *identity, const char *batch, const char imei[static IMEI_SIZE], const char *file,
    struct fault *fault);

#endif
