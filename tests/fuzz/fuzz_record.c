/* SPDX-License-Identifier: ISC */
/* Sealed records: only the bytes that were sealed open, and nothing is left of others. */
#include "fuzz.h"
#include "gapseal/seal.h"

#define STRIDE 256
#define CODES "record-size record-commitment record-open record-nonce"

static const struct record_place place = {.batch = "b-1", .lot = 2, .index = 77, .stride = STRIDE};

static void seal(uint8_t out[static STRIDE], const struct record_keys *keys)
{
	static const uint8_t tag[RECORD_TAG_SIZE] = {1}, state[HASH_SIZE] = {2};
	uint8_t plain[STRIDE - RECORD_OVERHEAD];

	memset(plain, 'p', sizeof plain);
	record_seal(out, &place, keys, tag, state, bytes_from(plain, sizeof plain));
}

/* Open keys of a fuzzer's own; secret memory is for those of others. */
static void make_keys(struct record_keys *out)
{
	static const uint8_t root[KEY_SIZE] = {3};
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	keys_record(out, root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret *plain;
	struct record_keys keys;
	struct fault fault = {0};
	uint8_t sealed[STRIDE];
	enum err err;

	make_keys(&keys);
	seal(sealed, &keys);
	if (plain == NULL)
		FUZZ_WANT(secret_new(&plain, STRIDE, &fault) == ERR_OK);
	err = record_open(plain, bytes_from(data, size), &place, &keys, "input", &fault);
	/* The tag is bound by the associated data, as all else is. */
	FUZZ_WANT((err == ERR_OK) == bytes_equal(bytes_from(data, size), bytes_from(sealed, STRIDE)));
	if (err == ERR_OK)
		return 0;
	fuzz_refused(err, &fault, CODES);
	FUZZ_WANT(secret_size(plain) == 0 && fuzz_empty(secret_data(plain), STRIDE));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct record_keys keys;
	uint8_t sealed[STRIDE];

	make_keys(&keys);
	seal(sealed, &keys);
	corpus_add(corpus, bytes_from(sealed, STRIDE));
}
