/* SPDX-License-Identifier: ISC */
/* A batch seed or a share of one, from a descriptor: a line of 64 digits, of which no fault tells. */
#include <unistd.h>

#include "fuzz.h"
#include "gapseal/seed.h"

#define CODES "seed-form seed-read seed-empty"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = open(fuzz_file("seed", bytes_from(data, size)), O_RDONLY | O_CLOEXEC);
	struct secret *seed = NULL;
	char again[SEED_TEXT_SIZE];
	struct fault fault = {0};
	enum err err;

	FUZZ_WANT(file >= 0 && secret_process(&fault) == ERR_OK);
	err = seed_read_fd(&seed, file, &fault);
	close(file);
	if (err != ERR_OK) {
		FUZZ_WANT(seed == NULL);
		fuzz_refused(err, &fault, CODES);
		fuzz_quiet(&fault, bytes_from(data, size));
		return 0;
	}
	FUZZ_WANT(secret_size(seed) == SEED_SIZE && size >= 2 * SEED_SIZE);
	hex_encode(again, secret_bytes(seed));
	FUZZ_WANT(memcmp(again, data, 2 * SEED_SIZE) == 0);
	secret_free(&seed);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "tests/vectors/golden/*.share");
}
