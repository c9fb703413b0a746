/* SPDX-License-Identifier: ISC */
/* UTF-8: what is taken is the shortest spelling of a character that exists. */
#include "fuzz.h"
#include "gapseal/utf8.h"

static size_t encode(uint8_t out[static 4], uint32_t rune)
{
	static const uint8_t heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t size = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;

	for (size_t i = size; i > 1; i--, rune >>= 6)
		out[i - 1] = (uint8_t)(0x80 | (rune & 0x3f));
	out[0] = (uint8_t)(heads[size] | rune);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor cursor = cursor_of(bytes_from(data, size));
	const uint8_t *before = cursor.at;
	uint8_t again[4];
	uint32_t rune;

	for (; utf8_take(&cursor, &rune); before = cursor.at) {
		size_t length = (size_t)(cursor.at - before);

		FUZZ_WANT(rune <= 0x10ffff && (rune < 0xd800 || rune > 0xdfff));
		FUZZ_WANT(encode(again, rune) == length && memcmp(again, before, length) == 0);
		FUZZ_WANT(!utf8_is_space(rune) || rune <= 0x3000);
	}
	FUZZ_WANT(cursor.at == before);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "a\xc3\xa4\xe2\x80\x94\xf0\x9f\x98\x80\xe2\x80\xa8\xc2\x85");
	corpus_text(corpus, "\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xff\xfe\xef\xbb\xbf");
	corpus_files(corpus, "tests/vectors/csv/*text.csv");
}
