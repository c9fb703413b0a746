/* SPDX-License-Identifier: ISC */
/* Whole logs: a checkpoint and entries. */
#include "station_log.h"

#define CODES "entry-form entry-number log-root log-short note-form note-signature note-unsigned " \
	"checkpoint-form checkpoint-origin checkpoint-unsigned file-size"

static enum err count_visit(void *context, const struct entry *entry, struct fault *fault)
{
	uint64_t *count = context;

	(void)fault;
	FUZZ_WANT(entry->n == *count);
	++*count;
	return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_of(bytes_from(data, size));
	struct bytes head = fuzz_part(&input), entries = fuzz_rest(&input);
	static struct log_reading reading;
	struct fault fault = {0};
	uint64_t count = 0;
	enum err err;

	put_log("", head, entries);
	err = log_verify(&reading, fuzz_folder(), STATION_ORIGIN, signer_key(station_key()), NULL, 0,
	    count_visit, &count, "log", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
		return 0;
	}
	FUZZ_WANT(reading.size == count && reading.size >= reading.checkpoint.size);
	FUZZ_WANT(reading.bytes + reading.rest == entries.size);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_logs(corpus);
}
