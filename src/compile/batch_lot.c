/* SPDX-License-Identifier: ISC */
#include "batch_private.h"

#define PIECE 4096 /* devices */

static uint64_t key_of(const uint8_t tag[static RECORD_TAG_SIZE])
{
	uint64_t key = 0;

	for (size_t i = 0; i < sizeof key; i++) /* big-endian: tags ascend as their bytes do */
		key = key << 8 | tag[i];
	return key;
}

/* One thread's way to the tags of a lot. */
struct tagging {
	struct lot *lot;
	const struct plan *plan;
	const uint8_t *key;
};

static size_t piece_end(const struct lot *lot, uint64_t piece)
{
	size_t end = (size_t)(piece + 1) * PIECE;

	return end < lot->count ? end : lot->count;
}

static enum err make_tags(void *worker, void *room, uint64_t piece, struct fault *fault)
{
	const struct tagging *tagging = worker;
	const struct plan *plan = tagging->plan;
	struct lot *lot = tagging->lot;
	size_t end = piece_end(lot, piece);

	(void)room;
	(void)fault;
	for (size_t k = (size_t)piece * PIECE; k < end; k++) {
		char imei[IMEI_SIZE];

		imei_digits(imei, roster_imei(plan_roster(plan), plan_device(plan, lot->number, k)));
		keys_tag(lot->tags[k], tagging->key, imei);
	}
	return ERR_OK;
}

static enum err take_tags(void *context, void *room, uint64_t piece, struct fault *fault)
{
	struct lot *lot = context;
	size_t end = piece_end(lot, piece);

	(void)room;
	(void)fault;
	for (size_t k = (size_t)piece * PIECE; k < end; k++)
		twins_add(&lot->order, key_of(lot->tags[k]), (uint32_t)k);
	return ERR_OK;
}

static enum err tag_all(struct lot *lot, const struct plan *plan, const uint8_t *key, unsigned threads,
    struct fault *fault)
{
	struct tagging tagging = {lot, plan, key};
	void *workers[PIECES_THREADS_MAX], *rooms[PIECES_ROOMS(PIECES_THREADS_MAX)] = {NULL};
	const struct pieces pieces = {
		.count = (lot->count + PIECE - 1) / PIECE,
		.threads = threads,
		.make = make_tags,
		.take = take_tags,
		.context = lot,
		.workers = workers,
		.rooms = rooms,
	};

	for (unsigned i = 0; i < threads; i++)
		workers[i] = &tagging; /* which none of them writes to */
	return pieces_run(&pieces, fault);
}

/* A look-up by tag must find one record. Here 8 bytes of the tag decide, which are as many between different
 * IMEIs but once in 2^33 lots. */
static enum err check_tags(const struct lot *lot, struct fault *fault)
{
	for (size_t i = 1; i < lot->count; i++)
		if (lot->order.items[i].key == lot->order.items[i - 1].key)
			return fault_set(fault, ERR_NO, "batch-tag", NULL,
			    "two devices of lot %u have nearly the same tag: compile again, the new seed helps",
			    lot->number + 1);
	return ERR_OK;
}

enum err lot_take(struct lot *lot, uint8_t check[static HASH_SIZE], struct batch_keys *keys,
    const struct plan *plan, unsigned threads, struct fault *fault)
{
	enum err err;

	keys_lot(keys->lot, keys->batch, lot->number);
	keys_lot_check(check, keys->lot);
	keys_lot_tag_key(keys->tags, keys->lot);
	lot->order.count = 0;
	err = tag_all(lot, plan, keys->tags, threads, fault);
	if (err == ERR_OK)
		err = twins_sort(&lot->order, fault);
	return err == ERR_OK ? check_tags(lot, fault) : err;
}
