/* SPDX-License-Identifier: ISC */
/* Lines of a scanner: an IMEI is one, and text is fit to be shown. */
#include "fuzz.h"
#include "gapseal/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes line = bytes_from(data, size), word, rest;
	char imei[IMEI_SIZE];
	struct label_read label;
	struct fault fault;

	label_read(&label, line);
	FUZZ_WANT(strlen(label.text) < sizeof label.text && text_is_printable(bytes_of(label.text)));
	if (label.text[0] != '\0')
		FUZZ_WANT(memmem(data, size, label.text, strlen(label.text)) != NULL);
	if (label.imei[0] != '\0')
		FUZZ_WANT(imei_parse(imei, bytes_of(label.imei), "label", &fault) == ERR_OK);
	label_split(&word, &rest, line);
	FUZZ_WANT(word.size + rest.size <= line.size);
	FUZZ_WANT(memchr(word.data, ' ', word.size) == NULL);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const char *const seeds[] = {"352656100367872", "35-265610-036787-2", "IMEI:352656100367872",
		"imei = 352656100367872;SN=B0017", "(8002)352656100367872", "]C1018002352656100367872",
		"0101234567890128" "8002352656100367872", "]d201012345678901288002352656100367872", "B0017",
		"352656100367872 490154203237518", "left B0017", "352656100367873", "  x \t"};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_text(corpus, seeds[i]);
}
