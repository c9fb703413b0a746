/* SPDX-License-Identifier: ISC */
/*
 * A station's own log as a crash or a stranger left it: so many lines under a good checkpoint, and anything
 * behind them. It is put in order, and then verifies; or a person must look.
 */
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/logbook.h"
#include "station_log.h"

#define CODES "log-checkpoint log-short log-root log-entry log-tail log-unknown"

static int log_folder(void)
{
	struct fault fault;
	int folder;

	fuzz_make_folder("log");
	FUZZ_WANT(folder_open(&folder, fuzz_folder(), "log", &fault) == ERR_OK);
	return folder;
}

/* What the input before has left. */
static void clear(int folder)
{
	struct fault fault;
	char **names;

	FUZZ_WANT(folder_list(&names, folder, 1000, "log", &fault) == ERR_OK);
	for (char **name = names; *name != NULL; name++)
		FUZZ_WANT(unlinkat(folder, *name, 0) == 0);
	free(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_of(bytes_from(data, size));
	struct bytes head = fuzz_part(&input), entries = fuzz_rest(&input);
	const struct log_position start = {0};
	struct logbook *logbook = NULL;
	static struct log_reading reading;
	int folder = log_folder();
	struct fault fault = {0};
	enum err err;

	clear(folder);
	put_log("log/", head, entries);
	err = logbook_open(&logbook, fuzz_folder(), STATION_ORIGIN, station_key(), &start, NULL, NULL,
	    &fault);
	logbook_close(&logbook);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
	} else {
		FUZZ_WANT(log_verify(&reading, folder, STATION_ORIGIN, signer_key(station_key()), NULL, 0,
		    NULL, NULL, "log", &fault) == ERR_OK);
		FUZZ_WANT(reading.rest == 0 && reading.size == reading.checkpoint.size);
	}
	close(folder);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_logs(corpus);
}
