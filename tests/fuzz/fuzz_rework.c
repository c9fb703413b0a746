/* SPDX-License-Identifier: ISC */
/* Lists of devices to be released or voided: each wish is one device, or says why it is none. */
#include "fuzz.h"
#include "gapseal/rework.h"

static void check_wish(const struct rework_wish *wish)
{
	char imei[IMEI_SIZE];
	struct fault fault;

	FUZZ_WANT(text_is_printable(bytes_of(wish->unit)) && text_is_printable(bytes_of(wish->text)));
	if (wish->code[0] != '\0')
		return;
	FUZZ_WANT(wish->imei[0] != '\0' || wish->unit[0] != '\0');
	if (wish->imei[0] != '\0')
		FUZZ_WANT(imei_parse(imei, bytes_of(wish->imei), "wish", &fault) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rework_list list = REWORK_EMPTY;
	struct fault fault = {0};
	enum err err;

	fuzz_file("list", bytes_from(data, size));
	err = rework_read(&list, fuzz_folder(), "list", &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, "rework-form rework-many file-size");
	else
		FUZZ_WANT(list.wish_count > 0 && list.wish_count <= REWORK_MAX);
	for (size_t i = 0; err == ERR_OK && i < list.wish_count; i++)
		check_wish(&list.wishes[i]);
	rework_free(&list);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "352656100367872\nB0017\n\n35265610036787\n");
	corpus_text(corpus, "imei,unit\r\n352656100367872,B0017\r\n,B0018\r\n490154203237518\r\n");
	corpus_text(corpus, "note,unit,x\nhello,B 1,\n");
	corpus_files(corpus, "manifests/example/devices.csv");
}
