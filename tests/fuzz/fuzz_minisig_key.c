/* SPDX-License-Identifier: ISC */
/* Public keys of officers: a file of two lines, or typed into trust.json in its one spelling. */
#include "fuzz.h"
#include "gapseal/minisig.h"
#include "gapseal/signature.h"

static bool same(const struct minisig_key *a, const struct minisig_key *b)
{
	return memcmp(a->id, b->id, sizeof a->id) == 0 && memcmp(a->key, b->key, sizeof a->key) == 0;
}

static void try_file(struct bytes text)
{
	struct buffer written = BUFFER_EMPTY;
	struct minisig_key key, again;
	struct fault fault = {0};
	enum err err = minisig_key_file(&key, text, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "minisig-key");
		return;
	}
	FUZZ_WANT(signature_key_valid(key.key));
	minisig_key_format(&written, &key);
	FUZZ_WANT(minisig_key_file(&again, buffer_bytes(&written), "again", &fault) == ERR_OK);
	FUZZ_WANT(same(&key, &again));
	buffer_free(&written);
}

static void try_typed(struct bytes text)
{
	char printed[MINISIG_TYPED_MAX];
	struct minisig_key key;
	struct fault fault = {0};
	enum err err = minisig_key_typed(&key, text, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "minisig-key");
		return;
	}
	minisig_key_print(printed, &key);
	FUZZ_WANT(bytes_is(text, printed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault;

	FUZZ_WANT(signature_init(&fault) == ERR_OK);
	try_file(bytes_from(data, size));
	try_typed(bytes_from(data, size));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "tests/vectors/minisign/*.pub");
	corpus_json(corpus, "manifests/golden/trust.json", "key", CORPUS_TEXT);
}
