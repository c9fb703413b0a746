/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <string.h>

bool vault_closed(const struct vault *vault, size_t batch, uint32_t lot)
{
	return progress_closed(vault->progress, manifest_hash(vault->batches[batch].manifest),
	    manifest_lot(vault_manifest(vault, batch), lot)->name);
}

bool vault_batch_named(const struct vault *vault, const char *batch, size_t *number)
{
	for (size_t i = 0; i < vault->batch_count; i++) {
		if (vault->batches[i].lots != NULL && strcmp(vault_manifest(vault, i)->batch, batch) == 0) {
			*number = i;
			return true;
		}
	}
	return false;
}

bool vault_searchable(const struct vault *vault, size_t batch)
{
	const struct vault_batch *at = &vault->batches[batch];

	if (!at->serves || at->lots == NULL)
		return false;
	for (uint32_t lot = 0; lot < vault_manifest(vault, batch)->lots.count; lot++) {
		if (at->lots[lot].live)
			return true;
	}
	return false;
}

void vault_lookup(const struct vault *vault, size_t batch, const char imei[static IMEI_SIZE],
    struct message *out)
{
	const struct vault_granted *lots = vault->batches[batch].lots;
	const size_t count = vault_manifest(vault, batch)->lots.count;
	uint8_t key[KEY_SIZE];

	out->kind = MESSAGE_LOOKUP;
	out->batch = (unsigned)batch;
	out->lots = 0;
	for (uint32_t lot = 0; lot < count && out->lots < LOOKUP_MAX; lot++) {
		if (!lots[lot].live)
			continue;
		out->lookup[out->lots].lot = lot;
		keys_lot_tag_key(key, vault_lot_key(vault, batch, lot));
		keys_tag(out->lookup[out->lots++].tag, key, imei);
	}
	secret_wipe(key, sizeof key);
}

static void show_lot(struct vault_lot *out, const struct vault *vault, size_t batch, uint32_t number,
    bool closed)
{
	const struct manifest_fields *manifest = vault_manifest(vault, batch);
	const struct manifest_lot *lot = manifest_lot(manifest, number);
	const struct vault_granted *granted = &vault->batches[batch].lots[number];
	char now[UTC_SIZE];

	utc_format(now, utc_now());
	*out = (struct vault_lot){
		.grant = granted->grant, .count = lot->count, .max_success = granted->max_success,
		.closed = closed, .expired = granted->live && strcmp(now, granted->not_after) > 0,
		.rehearsal = manifest->purpose == PURPOSE_REHEARSAL
	};
	memcpy(out->batch, manifest->batch, NAME_SIZE);
	memcpy(out->lot, lot->name, NAME_SIZE);
	memcpy(out->not_after, granted->not_after, UTC_SIZE);
	progress_count(&out->counts, vault->progress, manifest_hash(vault->batches[batch].manifest),
	    lot->first, lot->count);
}

bool vault_lot(const struct vault *vault, size_t i, struct vault_lot *out)
{
	for (size_t batch = 0; batch < vault->batch_count; batch++) {
		const struct vault_granted *lots = vault->batches[batch].lots;

		for (uint32_t lot = 0; lots != NULL && lot < vault_manifest(vault,
		    batch)->lots.count; lot++) {
			bool closed = vault_closed(vault, batch, lot);

			if ((!lots[lot].live && !closed) || i-- > 0)
				continue;
			show_lot(out, vault, batch, lot, closed);
			return true;
		}
	}
	return false;
}
