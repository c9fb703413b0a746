/* SPDX-License-Identifier: ISC */
/* The plaintext of master.age, sealed here to an identity of the fuzzer's own. */
#include "fuzz.h"
#include "gapseal/age.h"
#include "gapseal/batch.h"
#include "gapseal/keys.h"

#define CODES "master-form age-payload age-size"

static struct secret *identity(void)
{
	struct buffer text;
	static struct secret *key;
	struct fault fault;

	if (key != NULL)
		return key;
	text = corpus_file("manifests/golden/specimen-office-identity");
	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	FUZZ_WANT(age_identity_parse(&key, buffer_bytes(&text), "identity", &fault) == ERR_OK);
	buffer_free(&text);
	return key;
}

static void check_parts(const struct secret *seed, const uint8_t *plan, const uint8_t *manifest,
    struct bytes plain)
{
	struct buffer again = BUFFER_EMPTY;

	buffer_text(&again, MASTER_MAGIC);
	buffer_put(&again, bytes_from(manifest, HASH_SIZE));
	buffer_put(&again, bytes_from(plan, HASH_SIZE));
	buffer_put(&again, secret_bytes(seed));
	FUZZ_WANT(bytes_equal(buffer_bytes(&again), plain));
	buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes plain = bytes_from(data, size);
	uint8_t plan[HASH_SIZE], manifest[HASH_SIZE];
	struct buffer file = BUFFER_EMPTY;
	struct secret *seed = NULL;
	struct recipient recipient;
	struct fault fault = {0};
	enum err err;

	age_identity_recipient(&recipient, identity());
	FUZZ_WANT(age_seal(&file, plain, &recipient, 1, &fault) == ERR_OK);
	err = master_read(&seed, plan, manifest, buffer_bytes(&file), identity(), "input", &fault);
	if (err != ERR_OK) {
		FUZZ_WANT(seed == NULL);
		fuzz_refused(err, &fault, CODES);
		fuzz_quiet(&fault, plain);
	} else {
		check_parts(seed, plan, manifest, plain);
		secret_free(&seed);
	}
	buffer_free(&file);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct buffer file = corpus_file("manifests/golden/" MASTER_NAME);
	struct secret *plain = NULL;
	struct fault fault;

	FUZZ_WANT(age_open(&plain, buffer_bytes(&file), identity(), 4096, "master", &fault) == ERR_OK);
	corpus_add(corpus, secret_bytes(plain));
	secret_free(&plain);
	buffer_free(&file);
}
