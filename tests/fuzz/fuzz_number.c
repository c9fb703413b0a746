/* SPDX-License-Identifier: ISC */
/* Decimals, hex and names: one spelling, and nothing around it. */
#include <stdio.h>

#include "fuzz.h"

static void try_decimal(struct bytes text)
{
	char again[32];
	uint64_t value;

	if (!decimal_parse(text, UINT64_MAX, &value))
		return;
	snprintf(again, sizeof again, "%llu", (unsigned long long)value);
	FUZZ_WANT(bytes_is(text, again));
	FUZZ_WANT(value == 0 || !decimal_parse(text, value - 1, &value));
}

static void try_hex(struct bytes text)
{
	char again[129];
	uint8_t out[64];

	if (text.size > 2 * sizeof out || !hex_decode(out, text.size / 2, text))
		return;
	hex_encode(again, bytes_from(out, text.size / 2));
	FUZZ_WANT(bytes_is(text, again));
}

static void try_name(struct bytes text)
{
	if (!text_is_name(text))
		return;
	FUZZ_WANT(text.size > 0 && text.size <= NAME_MAX_LENGTH && text_is_printable(text));
	FUZZ_WANT(memchr(text.data, '/', text.size) == NULL && text.data[0] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_decimal(bytes_from(data, size));
	try_hex(bytes_from(data, size));
	try_name(bytes_from(data, size));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const char *const seeds[] = {"0", "7", "42", "9007199254740991", "18446744073709551615", "007",
		"00ff", "deadbeef00112233", "DEAD", "line1", "a.b-c", "batch-2026.1"};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_text(corpus, seeds[i]);
}
