/* SPDX-License-Identifier: ISC */
/* Base64: canonical, and the two readers agree. */
#include "fuzz.h"
#include "gapseal/base64.h"

#define EXACT_MAX 4096

static void check_exact(struct bytes text, struct bytes decoded, bool padded)
{
	char printed[BASE64_SIZE(EXACT_MAX)];
	uint8_t exact[EXACT_MAX];

	if (decoded.size > sizeof exact)
		return;
	FUZZ_WANT(base64_exact(exact, decoded.size, text, padded));
	FUZZ_WANT(bytes_equal(bytes_from(exact, decoded.size), decoded));
	base64_print(printed, decoded, padded);
	FUZZ_WANT(bytes_is(text, printed));
}

static void try_form(struct bytes text, bool padded)
{
	struct buffer decoded = BUFFER_EMPTY, again = BUFFER_EMPTY;

	buffer_text(&decoded, "x");
	if (base64_decode(&decoded, text, padded)) {
		struct bytes bytes = bytes_from(decoded.data + 1, decoded.size - 1);

		base64_encode(&again, bytes, padded);
		FUZZ_WANT(bytes_equal(buffer_bytes(&again), text));
		check_exact(text, bytes, padded);
	} else {
		FUZZ_WANT(bytes_is(buffer_bytes(&decoded), "x"));
	}
	buffer_free(&decoded);
	buffer_free(&again);
}

/* The readers refuse the same: none takes what the other does not. */
static void try_exact(struct bytes text, bool padded)
{
	struct buffer decoded = BUFFER_EMPTY;
	uint8_t exact[EXACT_MAX];
	size_t size = text.size / 4 * 3;

	for (size_t i = size < 3 ? 0 : size - 3; i <= size + 3 && i <= sizeof exact; i++) {
		if (base64_exact(exact, i, text, padded))
			FUZZ_WANT(base64_decode(&decoded, text, padded) && decoded.size == i);
		buffer_clear(&decoded);
	}
	buffer_free(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_from(data, size);

	for (unsigned padded = 0; padded < 2; padded++) {
		try_form(text, padded == 1);
		try_exact(text, padded == 1);
	}
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const char *const seeds[] = {"", "QQ==", "QUI=", "QUJD", "QQ", "QUI", "QUJDRA==",
		"QR==", "Q===", "+/+/", "-_-_", "QUJD\n",
		"mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk="};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_text(corpus, seeds[i]);
	corpus_lines(corpus, "tests/vectors/x509/p256.pem");
}
