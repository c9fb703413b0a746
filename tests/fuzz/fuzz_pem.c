/* SPDX-License-Identifier: ISC */
/* PEM: a block found is written and found again. */
#include "fuzz.h"
#include "gapseal/pem.h"

static void write_and_take(struct bytes der, const char *label, bool crlf)
{
	struct buffer text = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct cursor cursor;

	pem_put(&text, label, der, crlf);
	FUZZ_WANT(!text.failed && text.size == pem_size(label, der.size, crlf));
	cursor = cursor_of(buffer_bytes(&text));
	FUZZ_WANT(pem_take(&again, &cursor, label) == PEM_BLOCK);
	FUZZ_WANT(bytes_equal(buffer_bytes(&again), der) && cursor_left(&cursor) == 0);
	buffer_free(&text);
	buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor cursor = cursor_of(bytes_from(data, size));
	struct buffer der = BUFFER_EMPTY;
	enum pem_found found;

	while ((found = pem_take(&der, &cursor, "CERTIFICATE")) != PEM_NONE) {
		if (found == PEM_BLOCK) {
			write_and_take(buffer_bytes(&der), "CERTIFICATE", false);
			write_and_take(buffer_bytes(&der), "EC PRIVATE KEY", true);
		}
		buffer_clear(&der);
	}
	buffer_free(&der);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "tests/vectors/x509/*.pem");
	corpus_files(corpus, "tests/vectors/lint/files/*.pem");
}
