/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "batch_private.h"

static int compare(const void *a, const void *b)
{
	const struct lot_device *x = a, *y = b;

	return memcmp(x->tag, y->tag, RECORD_TAG_SIZE);
}

/* A look-up by tag must find one record. Between different IMEIs this happens once in 2^96 lots. */
static enum err check_tags(const struct lot *lot, struct fault *fault)
{
	for (size_t i = 1; i < lot->count; i++)
		if (compare(&lot->devices[i - 1], &lot->devices[i]) == 0)
			return fault_set(fault, ERR_NO, "batch-tag", NULL,
			    "two devices of lot %u have the same tag: compile again, the new seed helps",
			    lot->number + 1);
	return ERR_OK;
}

uint64_t lot_imei(const char imei[static IMEI_SIZE])
{
	uint64_t value = 0;

	for (size_t i = 0; i < IMEI_LENGTH; i++)
		value = value * 10 + (uint64_t)(imei[i] - '0');
	return value;
}

enum err lot_take(struct lot *lot, uint8_t check[static HASH_SIZE], struct standing *standings,
    struct batch_keys *keys, const struct plan *plan, struct roster_reader *reader, struct fault *fault)
{
	keys_lot(keys->lot, keys->batch, lot->number);
	keys_lot_check(check, keys->lot);
	keys_lot_tag_key(keys->tags, keys->lot);
	for (size_t i = 0; i < lot->count; i++) {
		struct roster_row row;
		size_t device = plan_device(plan, lot->number, i);
		enum err err = roster_row(&row, reader, device, fault);

		if (err != ERR_OK)
			return err;
		lot->devices[i].row = (uint32_t)device;
		keys_tag(lot->devices[i].tag, keys->tags, row.imei);
		lot->devices[i].imei = lot_imei(row.imei);
	}
	qsort(lot->devices, lot->count, sizeof *lot->devices, compare);
	for (size_t i = 0; i < lot->count; i++)
		standings[i] = (struct standing){lot->devices[i].imei, lot->first + i};
	return check_tags(lot, fault);
}
