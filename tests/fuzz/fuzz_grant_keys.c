/* SPDX-License-Identifier: ISC */
/* The keys of a grant once they are open: those of the manifest or none, and no fault tells of them. */
#include "fuzz.h"
#include "gapseal/age.h"
#include "gapseal/grant_keys.h"
#include "gapseal/json.h"

#define GOLDEN "manifests/golden/"

static const struct manifest_fields *manifest(void)
{
	static struct manifest_fields fields;
	struct buffer golden;
	struct fault fault;

	if (fields.count == 0) {
		golden = corpus_file(GOLDEN "golden-1/" MANIFEST_NAME);
		FUZZ_WANT(manifest_parse(&fields, buffer_bytes(&golden), "manifest", &fault) == ERR_OK);
		buffer_free(&golden);
	}
	return &fields;
}

static const struct grant_fields *grant(void)
{
	static struct grant_fields fields;
	struct buffer golden;
	struct fault fault;

	if (fields.serial == 0) {
		golden = corpus_file(GOLDEN "grant-1/" GRANT_NAME);
		FUZZ_WANT(grant_parse(&fields, buffer_bytes(&golden), "grant", &fault) == ERR_OK);
		buffer_free(&golden);
	}
	return &fields;
}

static void check_keys(const struct grant_keys *keys)
{
	bool closed[MANIFEST_LOTS_MAX] = {true};
	struct secret *left = NULL;
	struct fault fault;
	uint64_t number;

	FUZZ_WANT(!keys->records && keys->count > 0);
	for (uint32_t i = 0; i < keys->count; i++)
		FUZZ_WANT(grant_key(&number, keys, i) != NULL && number < manifest()->lots.count);
	FUZZ_WANT(grant_keys_without(&left, keys, manifest(), closed, &fault) == ERR_OK);
	secret_free(&left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret *plain = NULL;
	struct grant_keys keys;
	struct fault fault = {0};
	enum err err;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	FUZZ_WANT(secret_new(&plain, size + 1, &fault) == ERR_OK);
	FUZZ_WANT(secret_put(plain, bytes_from(data, size)));
	err = grant_keys_take(&keys, &plain, grant(), manifest(), "input", &fault);
	FUZZ_WANT(plain == NULL);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "grant-keys");
		fuzz_quiet(&fault, bytes_from(data, size));
		FUZZ_WANT(keys.plain == NULL);
		return 0;
	}
	check_keys(&keys);
	grant_keys_free(&keys);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct buffer text = corpus_file(GOLDEN "specimen-line1-identity");
	struct buffer file = corpus_file(GOLDEN "grant-1/" GRANT_KEYS_NAME);
	struct secret *identity = NULL, *plain = NULL;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	FUZZ_WANT(age_identity_parse(&identity, buffer_bytes(&text), "identity", &fault) == ERR_OK);
	FUZZ_WANT(age_open(&plain, buffer_bytes(&file), identity, 4096, "keys", &fault) == ERR_OK);
	corpus_add(corpus, secret_bytes(plain));
	secret_free(&plain);
	secret_free(&identity);
	buffer_free(&text);
	buffer_free(&file);
}
