/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "batch_private.h"
#include "gapseal/json.h"

/* Everything one batch_make holds on to; released in one place whatever happened. */
struct making {
	const struct plan *plan;
	const struct batch_request *request;
	struct manifest_fields *manifest;
	struct standing *standings;  /* of every device, in the order of records */
	struct secret *keys;         /* struct batch_keys */
	struct roster_reader *reader;
	struct lot lot;
	struct records records;
	struct given *given;         /* NULL: the batch is made for the first time */
	struct worker *workers[BATCH_THREADS_MAX];
	unsigned worker_count;
	uint64_t done;
};

static struct batch_keys *keys_of(struct making *making)
{
	return (struct batch_keys *)(void *)secret_data(making->keys);
}

enum err batch_check_request(const struct secret *seed, const struct batch_request *request,
    struct fault *fault)
{
	if (secret_size(seed) != KEY_SIZE || request->master_count == 0 ||
	    request->threads > BATCH_THREADS_MAX || request->file_max > RECORDS_FILE_MAX)
		return fault_set(fault, ERR_NO, "batch-request", NULL,
		    "the seed, the master's recipients, the threads or the size of files are out of range");
	return ERR_OK;
}

/* A share of the records: so many devices of the lot in hand, from the k-th on. */
struct share {
	struct worker *worker;
	const struct lot *lot;
	const struct batch_keys *keys;
	size_t k, count, stride;
	uint8_t *out;
	uint8_t (*leaves)[HASH_SIZE];
	const uint8_t *given;        /* NULL */
	enum err err;
	struct fault fault;
};

static void *seal_share(void *context)
{
	struct share *share = context;

	share->err = ERR_OK;
	for (size_t i = 0; i < share->count && share->err == ERR_OK; i++)
		share->err = seal_device(share->worker, share->out + i * share->stride, share->leaves[i],
		    share->lot, share->k + i,
		    share->given != NULL ? share->given + i * share->stride : NULL, share->keys,
		    &share->fault);
	return NULL;
}

/* Deals count devices from the k-th on to the workers; their records go behind those in the buffer. Which
 * worker seals a record decides nothing about it. */
static void deal(struct share *shares, struct making *making, size_t k, size_t count)
{
	struct records *records = &making->records;
	size_t from = 0;

	for (unsigned i = 0; i < making->worker_count; i++) {
		size_t to = count * (i + 1) / making->worker_count;

		shares[i] = (struct share){
			.worker = making->workers[i],
			.lot = &making->lot,
			.keys = keys_of(making),
			.k = k + from,
			.count = to - from,
			.stride = records->stride,
			.out = records->buffer + (records->used + from) * records->stride,
			.leaves = records->leaves + records->used + from,
			.given = making->given != NULL ? making->given->buffer + from * records->stride
			    : NULL,
		};
		from = to;
	}
}

/* A new thread for each share costs nothing beside the milliseconds a chunk takes. */
static enum err seal_chunk(struct making *making, size_t k, size_t count, struct fault *fault)
{
	struct share shares[BATCH_THREADS_MAX];
	pthread_t threads[BATCH_THREADS_MAX];
	unsigned total = making->worker_count, started = 1;

	deal(shares, making, k, count);
	while (started < total && pthread_create(&threads[started], NULL, seal_share, &shares[started]) == 0)
		started++;
	seal_share(&shares[0]);
	for (unsigned i = started; i < total; i++)
		seal_share(&shares[i]); /* for threads the system would not give */
	for (unsigned i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < total; i++) {
		if (shares[i].err != ERR_OK) {
			*fault = shares[i].fault;
			return shares[i].err;
		}
	}
	return ERR_OK;
}

static enum err seal_lot(struct making *making, struct fault *fault)
{
	const struct batch_request *request = making->request;
	enum err err = ERR_OK;

	for (size_t k = 0, some; k < making->lot.count && err == ERR_OK; k += some) {
		some = making->records.capacity - making->records.used;
		if (some > making->lot.count - k)
			some = making->lot.count - k;
		if (making->given != NULL)
			err = given_read(making->given, making->lot.first + k, some, fault);
		if (err == ERR_OK)
			err = seal_chunk(making, k, some, fault);
		if (err == ERR_OK)
			err = records_add(&making->records, some, fault);
		making->done += some;
		if (err == ERR_OK && request->progress != NULL)
			request->progress(request->progress_context, making->done, making->manifest->count);
	}
	return err;
}

static enum err seal_lots(struct making *making, struct fault *fault)
{
	struct manifest_lot *lots = making->manifest->lots.items;
	enum err err = ERR_OK;

	for (uint32_t i = 0; i < making->manifest->lots.count && err == ERR_OK; i++) {
		making->lot.number = i;
		making->lot.first = lots[i].first;
		making->lot.count = (size_t)lots[i].count;
		err = lot_take(&making->lot, lots[i].check, making->standings + lots[i].first,
		    keys_of(making), making->plan, making->reader, fault);
		if (err == ERR_OK && making->given != NULL)
			err = given_lot(making->given, &lots[i], i, fault);
		if (err == ERR_OK)
			err = seal_lot(making, fault);
	}
	return err;
}

static size_t largest_lot(const struct manifest_fields *manifest)
{
	const struct manifest_lot *lots = manifest->lots.items;
	uint64_t most = 1;

	for (size_t i = 0; i < manifest->lots.count; i++)
		most = lots[i].count > most ? lots[i].count : most;
	return (size_t)most;
}

static enum err start(struct making *making, int folder, const struct batch_given *given,
    struct fault *fault)
{
	const struct batch_request *request = making->request;
	unsigned threads = request->threads > 0 ? request->threads : 1;
	uint64_t file_max = request->file_max > 0 ? request->file_max : RECORDS_FILE_MAX;
	enum err err = records_begin(&making->records, folder, (size_t)making->manifest->stride, file_max,
	    fault);

	if (err == ERR_OK)
		err = roster_reader_new(&making->reader, plan_roster(making->plan), fault);
	if (err == ERR_OK && making->given != NULL)
		err = given_begin(making->given, given, making->records.stride, making->records.capacity,
		    fault);
	making->lot.devices = calloc(largest_lot(making->manifest), sizeof *making->lot.devices);
	making->standings = calloc((size_t)making->manifest->count + 1, sizeof *making->standings);
	if (err == ERR_OK && (making->lot.devices == NULL || making->standings == NULL))
		err = fault_memory(fault);
	for (; making->worker_count < threads && err == ERR_OK; making->worker_count++)
		err = worker_new(&making->workers[making->worker_count], making->plan, making->manifest,
		    request->ca, given, fault);
	return err;
}

static void stop(struct making *making)
{
	for (unsigned i = 0; i < making->worker_count; i++)
		worker_free(&making->workers[i]);
	records_free(&making->records);
	roster_reader_free(&making->reader);
	secret_free(&making->keys);
	free(making->lot.devices);
	free(making->standings);
}

static int compare(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;

	return (x->imei > y->imei) - (x->imei < y->imei);
}

/* What the ledger keeps: IMEIs, ascending, and the index of each. */
static enum err tell_devices(struct batch_result *out, struct standing *standings, struct fault *fault)
{
	size_t count = (size_t)out->manifest.count;

	qsort(standings, count, sizeof *standings, compare);
	out->imeis = calloc(count + 1, sizeof *out->imeis);
	out->indices = calloc(count + 1, sizeof *out->indices);
	if (out->imeis == NULL || out->indices == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < count; i++) {
		out->imeis[i] = standings[i].imei;
		out->indices[i] = (uint32_t)standings[i].index; /* below ROSTER_ROWS_MAX */
	}
	return ERR_OK;
}

enum err batch_records(struct batch_result *out, int folder, const struct batch_given *given,
    const uint8_t keyed[static HASH_SIZE], const struct plan *plan, struct secret *seed,
    const struct batch_request *request, struct fault *fault)
{
	struct given pieces = {.file = -1};
	struct making making = {.plan = plan, .request = request, .manifest = &out->manifest,
	    .records = {.file = -1}, .given = given != NULL ? &pieces : NULL};
	enum err err = secret_new(&making.keys, sizeof(struct batch_keys), fault);

	if (err == ERR_OK) {
		keys_batch(keys_of(&making)->batch, secret_data(seed), keyed);
		keys_credentials(keys_of(&making)->credentials, keys_of(&making)->batch);
		err = start(&making, folder, given, fault);
	}
	if (err == ERR_OK)
		err = seal_lots(&making, fault);
	if (err == ERR_OK)
		err = records_end(&making.records, &out->manifest, fault);
	if (err == ERR_OK)
		err = tell_devices(out, making.standings, fault);
	stop(&making);
	given_free(&pieces);
	return err;
}

static enum err read_manifest(const struct batch_result *result, int folder, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	uint8_t hash[HASH_SIZE];
	enum err err = file_read(&text, folder, MANIFEST_NAME, DOCUMENT_MAX, fault);

	hash_bytes(hash, buffer_bytes(&text));
	if (err == ERR_OK && memcmp(hash, result->manifest_sha256, HASH_SIZE) != 0)
		err = fault_set(fault, ERR_NO, "manifest-hash", MANIFEST_NAME, "the manifest was changed");
	buffer_free(&text);
	return err;
}

/* What lies in the folder now must be what was made: records under the root that was taken of them while
 * they were sealed, manifest, sums. */
static enum err read_back(const struct batch_result *result, int folder, const char *where,
    struct fault *fault)
{
	enum err err = records_verify(folder, &result->manifest, NULL, NULL, where, fault);

	if (err == ERR_OK)
		err = read_manifest(result, folder, fault);
	if (err == ERR_OK)
		err = sums_verify(folder, &result->manifest, result->manifest_sha256, where, fault);
	if (err == ERR_NO)
		err = fault_set(fault, ERR_CANNOT, "batch-readback", fault->where,
		    "what was written reads back differently (%s): the medium or the memory is faulty",
		    fault->code);
	return err;
}

static enum err make(struct batch_result *out, int folder, const struct plan *plan, struct secret *seed,
    const struct batch_request *request, struct fault *fault)
{
	enum err err = manifest_begin(&out->manifest, plan, request, fault);

	if (err == ERR_OK)
		err = plan_hash(out->plan_hash, plan, seed, fault);
	if (err == ERR_OK)
		err = batch_records(out, folder, NULL, out->plan_hash, plan, seed, request, fault);
	if (err == ERR_OK)
		err = manifest_check(&out->manifest, MANIFEST_NAME, fault);
	if (err == ERR_OK)
		err = manifest_put(out->manifest_sha256, folder, &out->manifest, fault);
	if (err == ERR_OK)
		err = read_back(out, folder, request->out, fault);
	if (err == ERR_OK)
		err = master_seal(&out->master, out->manifest_sha256, out->plan_hash, seed, request->masters,
		    request->master_count, fault);
	return err;
}

enum err batch_make(struct batch_result *out, struct folder_draft *draft, const struct plan *plan,
    struct secret *seed, const struct batch_request *request, struct fault *fault)
{
	enum err err = batch_check_request(seed, request, fault);

	*out = (struct batch_result){0};
	if (err != ERR_OK)
		return err;
	err = folder_begin(draft, request->out, fault);
	if (err != ERR_OK)
		return err;
	err = make(out, draft->folder, plan, seed, request, fault);
	if (err != ERR_OK) {
		batch_result_free(out);
		folder_abandon(draft);
	}
	return err;
}

void batch_result_free(struct batch_result *result)
{
	json_free(&result->manifest, &manifest_shape);
	buffer_free(&result->master);
	free(result->imeis);
	free(result->indices);
	*result = (struct batch_result){0};
}
