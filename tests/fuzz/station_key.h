/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_STATION_KEY_H
#define GAPSEAL_STATION_KEY_H

#include "fuzz.h"
#include "gapseal/signer.h"

/* The log key of a station of the fuzzers' own: what it signs gets past the signature, to what is behind. */
#define STATION_ORIGIN "acme/line1"

static inline struct signer *station_key(void)
{
	static struct signer *signer;
	struct secret *seed = NULL;
	struct fault fault;

	if (signer != NULL)
		return signer;
	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	FUZZ_WANT(secret_new(&seed, SIGNER_SEED_SIZE, &fault) == ERR_OK);
	memset(secret_data(seed), 7, SIGNER_SEED_SIZE);
	secret_resize(seed, SIGNER_SEED_SIZE);
	FUZZ_WANT(signer_new(&signer, STATION_ORIGIN, seed, &fault) == ERR_OK);
	secret_free(&seed);
	return signer;
}

#endif
