/* SPDX-License-Identifier: ISC */
/* The plaintext of a record: what is read can be put together again, and faults tell nothing of it. */
#include "fuzz.h"
#include "gapseal/contents.h"

#define CAPACITY 16384
#define COMMONS 3
#define IMEI "490154203237518"
#define PEM "-----BEGIN X-----\nAA==\n-----END X-----\n"

static struct secret *room(void)
{
	static struct secret *plain;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	if (plain == NULL)
		FUZZ_WANT(secret_new(&plain, CAPACITY, &fault) == ERR_OK);
	return plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes plain = bytes_from(data, size);
	struct secret *again = room();
	struct contents contents;
	struct fault fault = {0};
	enum err err = contents_read(&contents, plain, COMMONS, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "record-contents");
		fuzz_quiet(&fault, plain);
		return 0;
	}
	if (size > CAPACITY)
		return 0;
	FUZZ_WANT(contents.count > 0 && contents.count <= SLOTS_MAX);
	FUZZ_WANT(contents_begin(again, contents.imei));
	for (size_t i = 0; i < contents.count; i++)
		FUZZ_WANT(contents_put(again, &contents.steps[i]));
	FUZZ_WANT(contents_pad(again, size));
	FUZZ_WANT(bytes_equal(secret_bytes(again), plain));
	return 0;
}

static void add_seed(struct corpus *corpus, const struct contents_step *steps, size_t count)
{
	struct secret *plain = room();

	FUZZ_WANT(contents_begin(plain, IMEI));
	for (size_t i = 0; i < count; i++)
		FUZZ_WANT(contents_put(plain, &steps[i]));
	FUZZ_WANT(contents_pad(plain, secret_size(plain) + 20));
	corpus_add(corpus, secret_bytes(plain));
}

void fuzz_seeds(struct corpus *corpus)
{
	const struct contents_step steps[] = {
		{.op = CONTENTS_WRITE, .slot = {42, 3}, .content = bytes_of("00112233")},
		{.op = CONTENTS_WRITE, .slot = {42, 0}, .shared = true, .common = 2},
		{.op = CONTENTS_WRITE, .slot = {SLOT_TAG_MAX, 2}, .content = bytes_of(PEM),
		    .password = bytes_of("swordfish")},
		{.op = CONTENTS_DELETE, .slot = {42, 1}},
		{.op = CONTENTS_KEYGEN, .slot = {9, 2}, .attributes = bytes_of("CN=golden"),
		    .usage = bytes_of("101010000")},
		{.op = CONTENTS_EXPECT, .slot = {7, 0}},
	};
	const size_t count = sizeof steps / sizeof *steps;

	add_seed(corpus, steps, count);
	for (size_t i = 0; i < count; i++)
		add_seed(corpus, &steps[i], 1);
}
