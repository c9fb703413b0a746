/* SPDX-License-Identifier: ISC */
/* Documents: canonical JSON is what its writer writes, and nothing else is read. */
#include "fuzz.h"
#include "gapseal/activation.h"
#include "gapseal/extract.h"
#include "gapseal/grant.h"
#include "gapseal/json.h"

#define JSON_CODES "json-size json-schema json-canonical json-key json-value "
#define OUT_MAX 4096
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static enum err read_trust(void *out, struct bytes text, struct fault *fault)
{
	return trust_parse(out, text, "trust.json", fault);
}

static enum err read_manifest(void *out, struct bytes text, struct fault *fault)
{
	return manifest_parse(out, text, "manifest.json", fault);
}

static enum err read_grant(void *out, struct bytes text, struct fault *fault)
{
	return grant_parse(out, text, "grant.json", fault);
}

static enum err read_activation(void *out, struct bytes text, struct fault *fault)
{
	return activation_parse(out, text, "activation.json", fault);
}

static enum err read_proof(void *out, struct bytes text, struct fault *fault)
{
	return proof_parse(out, text, "proof.json", fault);
}

static const struct kind {
	const struct shape *shape;
	enum err (*read)(void *out, struct bytes text, struct fault *fault);
	const char *codes;
} kinds[] = {
	{&trust_shape, read_trust, JSON_CODES "trust-form trust-prev trust-officer trust-station "
	    "trust-key trust-duplicate trust-threshold trust-revoked"},
	{&manifest_shape, read_manifest, JSON_CODES "manifest-names manifest-series manifest-stride "
	    "manifest-lots manifest-files manifest-common manifest-recipient manifest-policy "
	    "manifest-supersedes"},
	{&grant_shape, read_grant, JSON_CODES "grant-form grant-scope grant-dates grant-stations "
	    "grant-order"},
	{&proof_shape, read_proof, JSON_CODES "proof-path"},
	{&activation_shape, read_activation, JSON_CODES "activation-order activation-names"},
};

static void try_kind(const struct kind *kind, struct bytes text)
{
	union {
		max_align_t align;
		uint8_t bytes[OUT_MAX];
	} out;
	struct buffer again = BUFFER_EMPTY;
	struct fault fault = {0};
	enum err err;

	FUZZ_WANT(kind->shape->size <= sizeof out);
	memset(&out, 0xa5, sizeof out);
	err = kind->read(&out, text, &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, kind->codes);
		FUZZ_WANT(fuzz_empty(&out, kind->shape->size));
		return;
	}
	json_write(&again, kind->shape, &out);
	FUZZ_WANT(!again.failed && bytes_equal(buffer_bytes(&again), text));
	buffer_free(&again);
	json_free(&out, kind->shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		try_kind(&kinds[i], bytes_from(data, size));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "manifests/golden/*.json");
	corpus_files(corpus, "manifests/golden/*/*.json");
	corpus_files(corpus, "tests/vectors/golden/*/batch/manifest.json");
	corpus_text(corpus, "{\n  \"index\": 88123,\n  \"manifest_sha256\": \"" HASH "\",\n"
	    "  \"path\": [\n    \"" HASH "\"\n  ],\n  \"schema\": \"gapseal/proof/v1\"\n}\n");
}
