/* SPDX-License-Identifier: ISC */
/* Steps in a message's body: what is taken can be put again, and nothing is taken of what is cut. */
#include "fuzz.h"
#include "gapseal/message.h"

static void check_step(struct secret *body, const struct step *step, const uint8_t *before,
    const uint8_t *after)
{
	secret_clear(body);
	FUZZ_WANT(step_put(body, step));
	FUZZ_WANT(bytes_equal(secret_bytes(body), bytes_from(before, (size_t)(after - before))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor cursor = cursor_of(bytes_from(data, size));
	const uint8_t *before = cursor.at;
	static struct secret *body;
	struct fault fault;
	struct step step;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	if (body == NULL)
		FUZZ_WANT(secret_new(&body, FUZZ_INPUT_MAX, &fault) == ERR_OK);
	for (; step_take(&cursor, &step); before = cursor.at)
		check_step(body, &step, before, cursor.at);
	FUZZ_WANT(cursor.at == before);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const uint8_t body[] = {
		1, 0x78, 0x56, 0x34, 0x12, 2, 3, 0, 'k', 'e', 'y', 4, 'w', 'o', 'r', 'd',
		2, 42, 0, 0, 0, 3, 0, 0, 0,
	};

	corpus_add(corpus, bytes_from(body, sizeof body));
}
