/* SPDX-License-Identifier: ISC */
/* The cache of a log: what is loaded is what is saved, and can be asked about and go on. */
#include "fuzz.h"
#include "gapseal/progress.h"

static struct progress *empty(void)
{
	struct progress *progress = NULL;
	struct fault fault;

	FUZZ_WANT(progress_new(&progress, &fault) == ERR_OK);
	return progress;
}

/* Of begins alone every device is left open. */
static void take_lines(struct progress *progress, struct bytes lines, bool begins)
{
	struct cursor cursor = cursor_of(lines);
	struct entry entry;
	struct bytes line;
	struct fault fault = {0};
	enum err err;

	while (take_line(&cursor, &line)) {
		if (entry_read(&entry, line, "line", &fault) != ERR_OK ||
		    (begins && entry.type != ENTRY_BEGIN))
			continue;
		err = progress_entry(progress, &entry, &fault);
		if (err != ERR_OK)
			fuzz_refused(err, &fault, "progress-index");
	}
}

static void ask(const struct progress *progress, struct bytes lines)
{
	struct cursor cursor = cursor_of(lines);
	struct progress_device device;
	struct progress_counts counts;
	struct entry entry;
	struct bytes line;
	struct fault fault;

	while (take_line(&cursor, &line)) {
		if (entry_read(&entry, line, "line", &fault) != ERR_OK)
			continue;
		progress_device(&device, progress, entry.manifest.hash, entry.index);
		progress_count(&counts, progress, entry.manifest.hash, 0, UINT64_MAX);
		FUZZ_WANT(counts.done + counts.failed + counts.void_ <= UINT32_MAX);
		(void)progress_successes(progress, entry.grant);
		(void)progress_accepted(progress, entry.manifest.hash, entry.grant);
		(void)progress_closed(progress, entry.manifest.hash, entry.lot);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer lines = corpus_file("manifests/golden/log/entries.jsonl"), again = BUFFER_EMPTY;
	struct progress *progress = empty();

	if (progress_load(progress, bytes_from(data, size))) {
		progress_save(&again, progress);
		FUZZ_WANT(bytes_equal(buffer_bytes(&again), bytes_from(data, size)));
		ask(progress, buffer_bytes(&lines));
		take_lines(progress, buffer_bytes(&lines), false);
	}
	progress_free(&progress);
	buffer_free(&again);
	buffer_free(&lines);
	return 0;
}

static void add_seed(struct corpus *corpus, struct bytes lines, bool begins)
{
	struct progress *progress = empty();
	struct buffer saved = BUFFER_EMPTY;

	take_lines(progress, lines, begins);
	progress_save(&saved, progress);
	corpus_add(corpus, buffer_bytes(&saved));
	progress_free(&progress);
	buffer_free(&saved);
}

void fuzz_seeds(struct corpus *corpus)
{
	struct buffer lines = corpus_file("manifests/golden/log/entries.jsonl");

	add_seed(corpus, bytes_of(""), false);
	add_seed(corpus, buffer_bytes(&lines), false);
	add_seed(corpus, buffer_bytes(&lines), true);
	buffer_free(&lines);
}
