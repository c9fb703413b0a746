/* SPDX-License-Identifier: ISC */
/* H/state, signed by this station whatever it holds: it is used if it is whole, and left alone if not. */
#include "../../src/line/vault_private.h"
#include "gapseal/reader.h"
#include "station_key.h"

static struct buffer sign(struct bytes cache)
{
	struct buffer head = BUFFER_EMPTY, file = BUFFER_EMPTY;
	uint8_t hash[HASH_SIZE];
	struct fault fault;

	hash_bytes(hash, cache);
	buffer_text(&head, "gapseal/state-cache/v1\n");
	buffer_hex(&head, bytes_from(hash, sizeof hash));
	buffer_text(&head, "\n");
	FUZZ_WANT(note_sign(&file, station_key(), buffer_bytes(&head), &fault) == ERR_OK);
	buffer_put(&file, cache);
	buffer_free(&head);
	return file;
}

/* A home without batches. */
static const struct reader *no_batches(const struct home *home)
{
	static struct reader *reader;
	struct fault fault;

	if (reader != NULL)
		return reader;
	fuzz_make_folder(HOME_BATCHES);
	fuzz_make_folder(HOME_GRANTS);
	FUZZ_WANT(reader_open(&reader, home, &fault) == ERR_OK);
	return reader;
}

static void put_number(struct buffer *out, uint64_t value)
{
	uint8_t bytes[8];

	put_u64(bytes, value);
	buffer_put(out, bytes_from(bytes, sizeof bytes));
}

/* What was loaded is all that stood there. */
static void check_loaded(const struct log_position *position, const struct progress *progress,
    struct bytes cache)
{
	struct buffer again = BUFFER_EMPTY;
	size_t hashes = 0;

	for (uint64_t size = position->tree.size; size != 0; size &= size - 1)
		hashes++;
	FUZZ_WANT(position->latest >= 0);
	put_number(&again, position->bytes);
	put_number(&again, (uint64_t)position->latest);
	put_number(&again, position->tree.size);
	buffer_put(&again, bytes_from(position->tree.edge, hashes * HASH_SIZE));
	progress_save(&again, progress);
	FUZZ_WANT(bytes_equal(buffer_bytes(&again), cache));
	buffer_free(&again);
}

/* cache: what the file was signed for; NULL if it is as it came. */
static void load(struct bytes file, const struct bytes *cache)
{
	struct home home = {.folder = fuzz_folder(), .origin = STATION_ORIGIN};
	struct vault vault = {.home = &home, .signer = station_key(), .reader = no_batches(&home)};
	struct log_position position = {0};

	fuzz_file(HOME_STATE, file);
	if (vault_cache_load(&vault, &position) && cache != NULL)
		check_loaded(&position, vault.progress, *cache);
	FUZZ_WANT(vault.progress != NULL);
	progress_free(&vault.progress);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes cache = bytes_from(data, size);
	struct buffer file = sign(cache);

	load(buffer_bytes(&file), &cache);
	load(cache, NULL);
	buffer_free(&file);
	return 0;
}

/* A place in a log of three entries, and what was gathered on the way. */
void fuzz_seeds(struct corpus *corpus)
{
	struct buffer cache = BUFFER_EMPTY, file;
	struct progress *progress = NULL;
	struct fault fault;

	for (unsigned i = 0; i < 3; i++)
		put_number(&cache, 3);
	for (unsigned i = 0; i < 2 * HASH_SIZE; i++)
		buffer_byte(&cache, 0xab);
	FUZZ_WANT(progress_new(&progress, &fault) == ERR_OK);
	progress_save(&cache, progress);
	corpus_add(corpus, buffer_bytes(&cache));
	file = sign(buffer_bytes(&cache));
	corpus_add(corpus, buffer_bytes(&file));
	progress_free(&progress);
	buffer_free(&cache);
	buffer_free(&file);
}
