/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit_private.h"

void audit_imei_print(char out[static IMEI_SIZE], uint64_t imei)
{
	out[0] = '\0';
	if (imei != 0)
		imei_digits(out, imei);
}

void audit_place_imei(char out[static IMEI_SIZE], const struct audited_batch *batch, uint64_t index)
{
	audit_imei_print(out, batch->imeis != NULL && index < audited_manifest(batch)->count ?
	    batch->imeis[index] : 0);
}

/* Units are only compared: the beginning of a hash does. */
static uint64_t unit_number(const char *unit)
{
	uint8_t hash[HASH_SIZE];
	uint64_t number;

	hash_bytes(hash, bytes_of(unit));
	memcpy(&number, hash, sizeof number);
	return number != 0 ? number : 1;
}

/* True if the number was known and is another; the first one seen is kept. */
static bool differs(uint64_t *kept, uint64_t number)
{
	if (*kept == 0)
		*kept = number;
	return *kept != number;
}

void reading_identity(struct reading *reading, const struct entry *entry, struct audited_batch *batch)
{
	if (batch->imeis != NULL && entry->imei[0] != '\0' &&
	    differs(&batch->imeis[entry->index], imei_number(entry->imei)))
		reading_find(reading, CODE_IMEI_DIFFERS, entry, batch,
		    "an earlier entry names another IMEI for this record");
	if (batch->units != NULL && entry->unit[0] != '\0' &&
	    differs(&batch->units[entry->index], unit_number(entry->unit)))
		reading_find(reading, CODE_UNIT_DIFFERS, entry, batch,
		    "unit %s bears the IMEI of another unit seen before", entry->unit);
}

struct named {
	uint64_t imei;
	uint64_t index;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *first = a, *second = b;

	if (first->imei != second->imei)
		return first->imei > second->imei ? 1 : -1;
	return (first->index > second->index) - (first->index < second->index);
}

static void find_twice(struct audit *audit, const struct audited_batch *batch, struct named *named,
    size_t count)
{
	qsort(named, count, sizeof *named, compare_named);
	for (size_t i = 1; i < count; i++) {
		char imei[IMEI_SIZE];
		const struct audit_place place = {
			.batch = audited_manifest(batch)->batch, .imei = imei, .indexed = true,
			    .index = named[i].index
		};

		if (named[i].imei != named[i - 1].imei)
			continue;
		audit_imei_print(imei, named[i].imei);
		audit_find(audit, CODE_IMEI_TWICE, &place, "this IMEI was also seen with index %" PRIu64,
		    named[i - 1].index);
	}
}

static void judge_batch(struct audit *audit, const struct audited_batch *batch)
{
	uint64_t devices = audited_manifest(batch)->count;
	struct named *named = calloc((size_t)devices + 1, sizeof *named);
	size_t count = 0;

	if (named == NULL) {
		audit->failed = true;
		return;
	}
	for (uint64_t index = 0; index < devices; index++) {
		if (batch->imeis[index] != 0)
			named[count++] = (struct named){batch->imeis[index], index};
	}
	find_twice(audit, batch, named, count);
	free(named);
}

void audit_judge_identities(struct audit *audit)
{
	for (size_t i = 0; i < audit->batches.count; i++) {
		if (audited_batch(audit, i)->imeis != NULL)
			judge_batch(audit, audited_batch(audit, i));
	}
}
