/* SPDX-License-Identifier: ISC */
/* Identity files: one key in its one spelling, of which no fault tells anything. */
#include "fuzz.h"
#include "gapseal/age.h"

static void check_spelling(const struct secret *key, struct bytes text)
{
	char spelling[AGE_IDENTITY_SIZE];

	FUZZ_WANT(secret_size(key) == BECH32_KEY_SIZE);
	bech32_encode(spelling, AGE_IDENTITY_PREFIX, secret_bytes(key).data);
	FUZZ_WANT(memmem(text.data, text.size, spelling, strlen(spelling)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_from(data, size);
	struct secret *key = NULL;
	struct fault fault = {0};
	enum err err;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	err = age_identity_parse(&key, text, "input", &fault);
	if (err == ERR_OK) {
		check_spelling(key, text);
		secret_free(&key);
		return 0;
	}
	FUZZ_WANT(key == NULL);
	fuzz_refused(err, &fault, "age-identity");
	fuzz_quiet(&fault, text);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "manifests/golden/specimen-*-identity");
	corpus_text(corpus, "# created: today\n# public key: age1\n"
	    "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\n");
	corpus_text(corpus, "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\r\n");
}
