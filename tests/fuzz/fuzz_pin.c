/* SPDX-License-Identifier: ISC */
/* Fingerprints as a person types them: only digits of the right one are taken, however they are grouped. */
#include <ctype.h>

#include "fuzz.h"
#include "gapseal/trust.h"

/* The digits of what was typed, in lower case. */
static size_t digits_of(char out[static FUZZ_INPUT_MAX + 1], const char *typed)
{
	size_t count = 0;

	for (; *typed != '\0'; typed++) {
		if (isxdigit((unsigned char)*typed))
			out[count++] = (char)tolower((unsigned char)*typed);
	}
	out[count] = '\0';
	return count;
}

static void try_pin(const char *pin, bool prefix)
{
	static char digits[FUZZ_INPUT_MAX + 1];
	uint8_t hash[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1];
	struct fault fault = {0};
	enum err err;

	hash_bytes(hash, bytes_of("trust"));
	hex_encode(hex, bytes_from(hash, sizeof hash));
	err = fingerprint_check(hash, pin, prefix, "input", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "pin-form pin-differs");
		return;
	}
	FUZZ_WANT(digits_of(digits, pin) >= (prefix ? FINGERPRINT_PREFIX : 2 * HASH_SIZE));
	FUZZ_WANT(strncmp(hex, digits, strlen(digits)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char pin[FUZZ_INPUT_MAX + 1];

	if (!text_copy(pin, sizeof pin, bytes_from(data, size)))
		return 0;
	try_pin(pin, false);
	try_pin(pin, true);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	char shown[FINGERPRINT_SIZE];
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, bytes_of("trust"));
	fingerprint_print(shown, hash);
	corpus_text(corpus, shown);
	shown[19] = '\0';
	corpus_text(corpus, shown);
	corpus_text(corpus, "00:11:22:33:44:55:66:77");
}
