/* SPDX-License-Identifier: ISC */
/* Secret key files of officers, without a passphrase: scrypt is not for a fuzzer. Faults tell nothing. */
#include "fuzz.h"
#include "gapseal/officer.h"
#include "gapseal/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes file = bytes_from(data, size);
	struct officer_key *key = NULL;
	struct fault fault = {0};
	bool encrypted = false;
	enum err err;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	err = officer_key_open(&key, file, NULL, "input", &fault);
	if (err == ERR_OK) {
		FUZZ_WANT(signature_key_valid(officer_key_public(key)->key));
		FUZZ_WANT(officer_key_encrypted(&encrypted, file, "input", &fault) == ERR_OK && !encrypted);
		officer_key_free(&key);
		return 0;
	}
	FUZZ_WANT(key == NULL);
	fuzz_refused(err, &fault, "officer-key passphrase-wrong");
	fuzz_quiet(&fault, file);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "tests/vectors/minisign/*.key");
	corpus_files(corpus, "tests/vectors/minisign/*.pub");
}
