/* SPDX-License-Identifier: ISC */
/* Times: one spelling of each second. */
#include "fuzz.h"
#include "gapseal/utc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char again[UTC_SIZE];
	int64_t seconds;

	if (!utc_parse(bytes_from(data, size), &seconds))
		return 0;
	FUZZ_WANT(seconds >= 0 && seconds <= INT64_C(253402300799));
	utc_format(again, seconds);
	FUZZ_WANT(bytes_is(bytes_from(data, size), again));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const char *const seeds[] = {"2026-07-03T07:12:09Z", "1970-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z", "2024-02-29T12:00:00Z", "2023-02-29T12:00:00Z",
		"2100-02-29T00:00:00Z", "2016-12-31T23:59:60Z"};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_text(corpus, seeds[i]);
}
