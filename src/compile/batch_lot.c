/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "batch_private.h"

#define PIECE 4096 /* devices */

static uint64_t key_of(const uint8_t tag[static RECORD_TAG_SIZE])
{
	uint64_t key = 0;

	for (size_t i = 0; i < sizeof key; i++) /* big-endian: tags ascend as their bytes do */
		key = key << 8 | tag[i];
	return key;
}

enum err lot_new(struct lot *out, size_t largest, struct fault *fault)
{
	*out = (struct lot){.order = TWINS_EMPTY, .tags = malloc(largest * sizeof *out->tags)};
	return out->tags != NULL ? twins_new(&out->order, largest, fault) : fault_memory(fault);
}

void lot_free(struct lot *lot)
{
	twins_free(&lot->order);
	free(lot->tags);
}

void lot_begin(struct lot *lot, struct lot_keys *keys, uint8_t check[static HASH_SIZE],
    const uint8_t batch[static KEY_SIZE])
{
	keys_lot(keys->lot, batch, lot->number);
	keys_lot_check(check, keys->lot);
	keys_lot_tag_key(keys->tags, keys->lot);
	lot->keys = keys;
	lot->order.count = 0;
}

uint64_t lot_pieces(const struct lot *lot)
{
	return (lot->count + PIECE - 1) / PIECE;
}

static size_t piece_end(const struct lot *lot, uint64_t piece)
{
	size_t end = (size_t)(piece + 1) * PIECE;

	return end < lot->count ? end : lot->count;
}

void lot_tag(struct lot *lot, const struct plan *plan, uint64_t piece)
{
	size_t end = piece_end(lot, piece);

	for (size_t k = (size_t)piece * PIECE; k < end; k++) {
		char imei[IMEI_SIZE];

		imei_digits(imei, roster_imei(plan_roster(plan), plan_device(plan, lot->number, k)));
		keys_tag(lot->tags[k], lot->keys->tags, imei);
	}
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

enum err lot_take(struct lot *lot, uint64_t piece, struct fault *fault)
{
	size_t end = piece_end(lot, piece);
	enum err err;

	for (size_t k = (size_t)piece * PIECE; k < end; k++)
		twins_add(&lot->order, key_of(lot->tags[k]), (uint32_t)k);
	if (end < lot->count)
		return ERR_OK;
	err = twins_sort(&lot->order, fault);
	return err == ERR_OK ? check_tags(lot, fault) : err;
}
