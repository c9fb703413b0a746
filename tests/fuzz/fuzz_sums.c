/* SPDX-License-Identifier: ISC */
/* SHA256SUMS of a batch: there is one that is right. */
#include "fuzz.h"
#include "gapseal/json.h"
#include "gapseal/manifest.h"

#define BATCH "manifests/golden/golden-1/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer text = corpus_file(BATCH MANIFEST_NAME), right = corpus_file(BATCH SUMS_NAME);
	struct manifest_fields manifest;
	uint8_t hash[HASH_SIZE];
	struct fault fault = {0};
	enum err err;

	hash_bytes(hash, buffer_bytes(&text));
	FUZZ_WANT(manifest_parse(&manifest, buffer_bytes(&text), MANIFEST_NAME, &fault) == ERR_OK);
	fuzz_file(SUMS_NAME, bytes_from(data, size));
	err = sums_verify(fuzz_folder(), &manifest, hash, "batch", &fault);
	FUZZ_WANT((err == ERR_OK) == bytes_equal(bytes_from(data, size), buffer_bytes(&right)));
	if (err != ERR_OK)
		fuzz_refused(err, &fault, "sums-form sums-differ file-size");
	json_free(&manifest, &manifest_shape);
	buffer_free(&text);
	buffer_free(&right);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, BATCH SUMS_NAME);
	corpus_files(corpus, "tests/vectors/golden/*/batch/" SUMS_NAME);
}
