/* SPDX-License-Identifier: ISC */
/* Recipients, and bech32 below them: one spelling of a key. */
#include "fuzz.h"
#include "gapseal/age.h"
#include "gapseal/recipient.h"

static void try_bech32(const char *prefix, struct bytes text)
{
	char again[AGE_IDENTITY_SIZE];
	uint8_t key[BECH32_KEY_SIZE];

	if (!bech32_decode(key, prefix, text))
		return;
	bech32_encode(again, prefix, key);
	FUZZ_WANT(bytes_is(text, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_from(data, size);
	struct recipient recipient;
	char again[RECIPIENT_SIZE];
	struct fault fault = {0};
	enum err err;

	try_bech32(RECIPIENT_PREFIX, text);
	try_bech32(AGE_IDENTITY_PREFIX, text);
	err = recipient_parse(&recipient, text, "input", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "age-recipient");
		return 0;
	}
	recipient_print(again, &recipient);
	FUZZ_WANT(bytes_is(text, again));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_json(corpus, "manifests/golden/trust.json", "recipient", CORPUS_TEXT);
	corpus_text(corpus, "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
	corpus_text(corpus, "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0");
}
