/* SPDX-License-Identifier: ISC */
/* Lines of a station's log: exactly what is written for the same entry. */
#include "fuzz.h"
#include "gapseal/entry.h"
#include "gapseal/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes line = bytes_from(data, size);
	struct buffer again = BUFFER_EMPTY;
	struct fault fault = {0};
	struct entry entry;
	char type[16];
	enum err err = entry_read(&entry, line, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "entry-form");
		return 0;
	}
	entry_format(&again, &entry);
	FUZZ_WANT(bytes_equal(buffer_bytes(&again), line));
	FUZZ_WANT(line_type(type, line) && strcmp(type, entry_type_name(entry.type)) == 0);
	buffer_free(&again);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_lines(corpus, "manifests/golden/log/entries.jsonl");
}
