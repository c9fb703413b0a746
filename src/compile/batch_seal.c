/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "batch_private.h"

/* About as much as is sealed between two looks at the others' pieces; some milliseconds. */
#define PIECE_BYTES (128 << 10)

_Static_assert(LEDGER_SERIAL_SIZE == X509_SERIAL_SIZE, "the ledger takes serials as they are");
_Static_assert(BATCH_THREADS_MAX <= PIECES_THREADS_MAX, "every thread a batch may have");

/* Where a piece of the lot in hand is sealed. */
struct room {
	uint8_t *records;
	uint8_t (*leaves)[HASH_SIZE];
	uint8_t *given;              /* the same records of a batch that is made again; or NULL */
	struct given source;
};

/* Everything one batch_make holds on to; released in one place whatever happened. */
struct making {
	const struct plan *plan;
	const struct batch_request *request;
	struct manifest_fields *manifest;
	struct twins standings;      /* IMEI and index of every device */
	struct secret *keys;         /* struct batch_keys */
	struct lot lots[2];          /* whose devices are sealed, and whose are put in order meanwhile */
	struct lot *sealing, *tagging;
	size_t piece;                /* devices */
	struct records records;
	const struct batch_given *given; /* NULL: the batch is made for the first time */
	unsigned threads;
	struct worker *workers[BATCH_THREADS_MAX];
	struct room *rooms[PIECES_ROOMS(BATCH_THREADS_MAX)];
};

/* One thread's part in it. */
struct sealer {
	struct making *making;
	struct worker *worker;
};

static struct batch_keys *keys_of(struct making *making)
{
	return (struct batch_keys *)(void *)secret_data(making->keys);
}

static size_t piece_count(const struct making *making, uint64_t piece)
{
	size_t left = making->sealing->count - (size_t)piece * making->piece;

	return left < making->piece ? left : making->piece;
}

/* The devices of a piece lie all over roster and tags: they stand in the order of their tags. */
static void fetch(const struct making *making, size_t k, size_t count)
{
	const struct lot *lot = making->sealing;

	for (size_t i = k; i < k + count; i++) {
		size_t number = lot->order.items[i].row;

		__builtin_prefetch(lot->tags[number]);
		roster_fetch(plan_roster(making->plan), plan_device(making->plan, lot->number, number));
	}
}

static enum err seal_piece(struct sealer *sealer, struct room *room, uint64_t piece, struct fault *fault)
{
	struct making *making = sealer->making;
	size_t stride = making->records.stride, count = piece_count(making, piece);
	size_t k = (size_t)piece * making->piece;
	enum err err = ERR_OK;

	fetch(making, k, count);
	if (making->given != NULL)
		err = given_read(room->given, &room->source, making->sealing->first + k, count, fault);
	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = seal_device(sealer->worker, room->records + i * stride, room->leaves[i],
		    making->sealing,
		    k + i, making->given != NULL ? room->given + i * stride : NULL, keys_of(making), fault);
	return err;
}

static enum err take_sealed(struct making *making, const struct room *room, uint64_t piece,
    struct fault *fault)
{
	size_t count = piece_count(making, piece);
	enum err err = records_add(&making->records, room->records, room->leaves, count, fault);

	if (err == ERR_OK && making->request->progress != NULL &&
	    !making->request->progress(making->request->progress_context, making->records.tree.size,
	    making->manifest->count))
		err = fault_set(fault, ERR_CANNOT, "interrupted", NULL,
		    "stopped when it was asked to; nothing was written");
	return err;
}

/* Notes where the devices of a lot stand. */
static void note(struct making *making, const struct lot *lot)
{
	const struct roster *roster = plan_roster(making->plan);

	for (size_t i = 0; i < lot->count; i++) {
		size_t row = plan_device(making->plan, lot->number, lot->order.items[i].row);

		/* indices are below ROSTER_ROWS_MAX */
		twins_add(&making->standings, roster_imei(roster, row), (uint32_t)(lot->first + i));
	}
}

/* The tags of the next lot are the first pieces, so that while one thread sorts them the others have work. */
static enum err make_piece(void *worker, void *room, uint64_t piece, struct fault *fault)
{
	struct sealer *sealer = worker;
	struct lot *next = sealer->making->tagging;
	uint64_t tags = lot_pieces(next);

	if (piece >= tags)
		return seal_piece(sealer, room, piece - tags, fault);
	lot_tag(next, sealer->making->plan, piece);
	return ERR_OK;
}

static enum err take_piece(void *context, void *room, uint64_t piece, struct fault *fault)
{
	struct making *making = context;
	uint64_t tags = lot_pieces(making->tagging);
	enum err err;

	if (piece >= tags)
		return take_sealed(making, room, piece - tags, fault);
	err = lot_take(making->tagging, piece, fault);
	if (err == ERR_OK && piece + 1 == tags)
		note(making, making->tagging);
	return err;
}

/* Seals one lot and puts another in order; each may have no devices. */
static enum err run_lots(struct making *making, struct fault *fault)
{
	struct sealer sealers[BATCH_THREADS_MAX];
	void *workers[BATCH_THREADS_MAX], *rooms[PIECES_ROOMS(BATCH_THREADS_MAX)];
	const struct pieces pieces = {
		.count = lot_pieces(making->tagging) +
		    (making->sealing->count + making->piece - 1) / making->piece,
		.threads = making->threads,
		.make = make_piece,
		.take = take_piece,
		.context = making,
		.workers = workers,
		.rooms = rooms,
	};

	for (unsigned i = 0; i < making->threads; i++) {
		sealers[i] = (struct sealer){making, making->workers[i]};
		workers[i] = &sealers[i];
	}
	for (unsigned i = 0; i < PIECES_ROOMS(making->threads); i++)
		rooms[i] = making->rooms[i];
	return pieces_run(&pieces, fault);
}

static enum err begin_lot(struct making *making, uint32_t number, struct fault *fault)
{
	struct manifest_lot *of = (struct manifest_lot *)making->manifest->lots.items + number;
	struct lot *lot = making->tagging;

	lot->number = number;
	lot->first = of->first;
	lot->count = (size_t)of->count;
	lot_begin(lot, &keys_of(making)->lots[number % 2], of->check, keys_of(making)->batch);
	return making->given != NULL ? given_lot(making->given, of, number, fault) : ERR_OK;
}

/* One step more than there are lots: each is put in order in the step before it is sealed. */
static enum err seal_lots(struct making *making, struct fault *fault)
{
	size_t count = making->manifest->lots.count;
	enum err err = ERR_OK;

	for (uint32_t i = 0; i <= count && err == ERR_OK; i++) {
		making->tagging = &making->lots[i % 2];
		making->sealing = &making->lots[(i + 1) % 2];
		making->tagging->count = 0;
		if (i < count)
			err = begin_lot(making, i, fault);
		if (err == ERR_OK)
			err = run_lots(making, fault);
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

static void room_free(struct room **room)
{
	if (*room == NULL)
		return;
	given_end(&(*room)->source);
	free((*room)->records);
	free((*room)->leaves);
	free((*room)->given);
	free(*room);
	*room = NULL;
}

static enum err room_new(struct room **out, const struct making *making, struct fault *fault)
{
	size_t size = making->piece * making->records.stride;
	struct room *room = calloc(1, sizeof *room);

	*out = room;
	if (room == NULL)
		return fault_memory(fault);
	room->source = (struct given){.batch = making->given, .stride = making->records.stride, .file = -1};
	room->records = malloc(size);
	room->leaves = malloc(making->piece * sizeof *room->leaves);
	room->given = making->given != NULL ? malloc(size) : NULL;
	if (room->records == NULL || room->leaves == NULL || (making->given != NULL && room->given == NULL))
		return fault_memory(fault);
	return ERR_OK;
}

/* A worker and two rooms for each thread. */
static enum err start_threads(struct making *making, struct fault *fault)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; i < making->threads && err == ERR_OK; i++)
		err = worker_new(&making->workers[i], making->plan, making->manifest, making->request,
		    making->given, fault);
	for (unsigned i = 0; i < PIECES_ROOMS(making->threads) && err == ERR_OK; i++)
		err = room_new(&making->rooms[i], making, fault);
	return err;
}

static enum err start(struct making *making, int folder, struct fault *fault)
{
	const struct batch_request *request = making->request;
	uint64_t file_max = request->file_max > 0 ? request->file_max : RECORDS_FILE_MAX;
	size_t largest = largest_lot(making->manifest);
	enum err err = records_begin(&making->records, folder, request->out,
	    (size_t)making->manifest->stride, file_max, fault);

	making->piece = (PIECE_BYTES + making->records.stride - 1) / making->records.stride;
	for (size_t i = 0; i < 2 && err == ERR_OK; i++)
		err = lot_new(&making->lots[i], largest, fault);
	if (err == ERR_OK)
		err = twins_new(&making->standings, (size_t)making->manifest->count, fault);
	return err == ERR_OK ? start_threads(making, fault) : err;
}

static void stop(struct making *making)
{
	for (unsigned i = 0; i < making->threads; i++)
		worker_free(&making->workers[i]);
	for (unsigned i = 0; i < PIECES_ROOMS(making->threads); i++)
		room_free(&making->rooms[i]);
	records_free(&making->records);
	secret_free(&making->keys);
	lot_free(&making->lots[0]);
	lot_free(&making->lots[1]);
	twins_free(&making->standings);
}

/* What the ledger keeps: IMEIs, ascending, and the index of each. */
static enum err tell_devices(struct batch_result *out, struct twins *standings, struct fault *fault)
{
	size_t count = standings->count;
	enum err err = twins_sort(standings, fault);

	if (err != ERR_OK)
		return err;
	out->imeis = calloc(count + 1, sizeof *out->imeis);
	out->indices = calloc(count + 1, sizeof *out->indices);
	if (out->imeis == NULL || out->indices == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < count; i++) {
		out->imeis[i] = standings->items[i].key;
		out->indices[i] = standings->items[i].row;
	}
	return ERR_OK;
}

static int compare_serials(const void *a, const void *b)
{
	return memcmp(a, b, LEDGER_SERIAL_SIZE);
}

static enum err tell_certificates(struct buffer *out, const struct making *making, struct fault *fault)
{
	for (unsigned i = 0; i < making->threads; i++)
		buffer_put(out, worker_certificates(making->workers[i]));
	if (out->size > 0)
		qsort(out->data, out->size / LEDGER_CERTIFICATE_SIZE, LEDGER_CERTIFICATE_SIZE,
		    compare_serials);
	return buffer_check(out, fault);
}

enum err batch_records(struct batch_result *out, int folder, const struct batch_given *given,
    const uint8_t keyed[static HASH_SIZE], const struct plan *plan, struct secret *seed,
    const struct batch_request *request, struct fault *fault)
{
	struct making making = {.plan = plan, .request = request, .manifest = &out->manifest,
	    .records = {.file = -1}, .given = given, .threads = batch_threads(request)};
	enum err err = secret_new(&making.keys, sizeof(struct batch_keys), fault);

	if (err == ERR_OK) {
		keys_batch(keys_of(&making)->batch, secret_data(seed), keyed);
		keys_credentials(keys_of(&making)->credentials, keys_of(&making)->batch);
		err = start(&making, folder, fault);
	}
	if (err == ERR_OK)
		err = seal_lots(&making, fault);
	if (err == ERR_OK)
		err = tell_devices(out, &making.standings, fault);
	if (err == ERR_OK)
		err = tell_certificates(&out->certificates, &making, fault);
	if (err == ERR_OK) /* last: meanwhile the rest is on its way to the medium */
		err = records_end(&making.records, &out->manifest, fault);
	stop(&making);
	return err;
}
