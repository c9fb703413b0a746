/* SPDX-License-Identifier: ISC */
/* IMEIs: fifteen digits and the right last one. */
#include "fuzz.h"
#include "gapseal/imei.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char imei[IMEI_SIZE], again[IMEI_SIZE];
	struct fault fault = {0};
	enum err err = imei_parse(imei, bytes_from(data, size), "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "imei-length imei-digits imei-zero imei-check-digit");
		return 0;
	}
	FUZZ_WANT(bytes_is(bytes_from(data, size), imei));
	FUZZ_WANT(imei[IMEI_LENGTH - 1] == imei_check_digit(imei));
	imei_digits(again, imei_number(imei));
	FUZZ_WANT(strcmp(imei, again) == 0);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const char *const seeds[] = {"352656100367872", "490154203237518", "001014000000018",
		"35265610036787", "3526561003678721",
		"3.52656E+14", "000000000000000", "352656100367873", " 352656100367872"};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_text(corpus, seeds[i]);
}
