/* SPDX-License-Identifier: ISC */
/*
 * A batch in a station's home whose tree and records somebody has changed: tree.bin, then the records. What
 * the reader hands out under the signed root is a record as it was made.
 */
#include "gapseal/reader.h"
#include "golden_batch.h"

#define COPY HOME_BATCHES "/golden-1/"

/* The home but for the two files that are the input. */
static const struct golden *golden(void)
{
	static bool done;

	if (done)
		return golden_batch();
	fuzz_make_folder(HOME_BATCHES);
	fuzz_make_folder(HOME_GRANTS);
	fuzz_make_folder(HOME_BATCHES "/golden-1");
	fuzz_file(COPY MANIFEST_NAME, buffer_bytes(&golden_batch()->text));
	done = true;
	return golden_batch();
}

/* Is it a record of the batch, under its root? */
static bool check_record(const struct golden *golden, const struct message *record)
{
	const uint64_t stride = golden->manifest.stride;
	uint8_t leaf[HASH_SIZE];

	FUZZ_WANT(record->kind == MESSAGE_RECORD && record->path_count <= TREE_DEPTH_MAX);
	if (!record->found)
		return false;
	FUZZ_WANT(record->index < golden->manifest.count && record->lot < golden->manifest.lots.count);
	hash_leaf(leaf, bytes_from(record->record, stride));
	if (!tree_includes(record->index, golden->manifest.count, leaf, record->path, record->path_count,
	    golden->manifest.root))
		return false;
	FUZZ_WANT(memcmp(record->record, golden->records.data + record->index * stride, stride) == 0);
	return true;
}

/* Asks for every record of the batch as it was made; of a whole batch all are there. */
static void ask(struct reader *reader, const struct golden *golden, bool whole)
{
	static struct message lookup, record;
	struct fault fault;

	for (uint64_t i = 0; i < golden->manifest.count; i++) {
		lookup = (struct message){.kind = MESSAGE_LOOKUP, .lots = golden->manifest.lots.count};
		for (uint32_t lot = 0; lot < lookup.lots; lot++) {
			lookup.lookup[lot].lot = lot;
			memcpy(lookup.lookup[lot].tag, golden->records.data + i * golden->manifest.stride,
			    RECORD_TAG_SIZE);
		}
		FUZZ_WANT(reader_answer(reader, &lookup, &record, &fault) == ERR_OK);
		FUZZ_WANT(check_record(golden, &record) || !whole);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct home home = {.folder = fuzz_folder()};
	struct cursor input = cursor_of(bytes_from(data, size));
	const struct golden *made = golden();
	struct bytes tree = fuzz_part(&input), records = fuzz_rest(&input);
	struct reader *reader = NULL;
	struct fault fault = {0};
	enum err err;

	fuzz_file(COPY HOME_TREE, tree);
	fuzz_file(COPY "records-000.bin", records);
	err = reader_open(&reader, &home, &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, "reader");
	else
		ask(reader, made, bytes_equal(tree, buffer_bytes(&made->tree)) &&
		    bytes_equal(records, buffer_bytes(&made->records)));
	reader_free(&reader);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	const struct golden *made = golden();

	corpus_pair(corpus, buffer_bytes(&made->tree), buffer_bytes(&made->records));
}
