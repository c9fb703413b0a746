/* SPDX-License-Identifier: ISC */
/* A list of devices that is appended to: what it held stays, and what is none is left alone. */
#include "fuzz.h"
#include "gapseal/collect.h"
#include "gapseal/file.h"

#define IMEI "490154203237518"
#define SERIAL "B0099"
#define LINE IMEI "," SERIAL "\n"

static void check_file(struct bytes before, bool appended)
{
	struct buffer now = BUFFER_EMPTY, expected = BUFFER_EMPTY;
	struct fault fault;

	FUZZ_WANT(file_read(&now, fuzz_folder(), "list.csv", 2 * FUZZ_INPUT_MAX, &fault) == ERR_OK);
	FUZZ_WANT(!appended || before.size == 0 || before.data[before.size - 1] == '\n');
	buffer_put(&expected, before);
	if (appended && before.size == 0)
		buffer_text(&expected, COLLECT_HEADER "\n");
	if (appended)
		buffer_text(&expected, LINE);
	FUZZ_WANT(bytes_equal(buffer_bytes(&now), buffer_bytes(&expected)));
	buffer_free(&now);
	buffer_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("list.csv", bytes_from(data, size));
	struct fault fault = {0};
	enum err err = collect_append(path, IMEI, SERIAL, &fault);

	if (err != ERR_OK)
		fuzz_refused(err, &fault, "collect-form collect-twice");
	check_file(bytes_from(data, size), err == ERR_OK);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "");
	corpus_text(corpus, COLLECT_HEADER "\n352656100367872,B0017\n");
	corpus_text(corpus, COLLECT_HEADER "\n" LINE);
	corpus_text(corpus, COLLECT_HEADER "\n" IMEI ",\n352656100367872,\n");
}
