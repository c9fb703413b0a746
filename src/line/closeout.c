/* SPDX-License-Identifier: ISC */
#include "gapseal/closeout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vault_private.h"

/* What an index counts as: the first that holds (reconcile.h). */
enum standing { STANDING_VOID, STANDING_DONE, STANDING_FAILED, STANDING_UNUSED, STANDINGS };

struct tally {
	uint64_t count[STANDINGS];
	struct hash list[STANDINGS];
	uint64_t open;
};

static enum standing standing_of(unsigned flags)
{
	if ((flags & PROGRESS_VOID) != 0)
		return STANDING_VOID;
	if ((flags & PROGRESS_DONE) != 0)
		return STANDING_DONE;
	return (flags & PROGRESS_DISCLOSED) != 0 ? STANDING_FAILED : STANDING_UNUSED;
}

static void count_device(struct tally *tally, unsigned flags, uint64_t index)
{
	enum standing standing = standing_of(flags);
	char line[24];
	int size = snprintf(line, sizeof line, "%" PRIu64 "\n", index);

	tally->count[standing]++;
	hash_add(&tally->list[standing], bytes_from(line, (size_t)size));
	tally->open += (flags & PROGRESS_OPEN) != 0 && standing != STANDING_VOID;
}

static void tally_lot(struct tally *tally, const struct vault *vault, size_t batch, uint32_t number)
{
	const struct manifest_lot *lot = manifest_lot(vault_manifest(vault, batch), number);
	const uint8_t *hash = manifest_hash(vault->batches[batch].manifest);

	*tally = (struct tally){0};
	for (size_t i = 0; i < STANDINGS; i++)
		hash_begin(&tally->list[i]);
	for (uint64_t i = 0; i < lot->count; i++) {
		struct progress_device device;

		progress_device(&device, vault->progress, hash, lot->first + i);
		count_device(tally, device.flags, lot->first + i);
	}
}

/* A line of the table as things stand now. */
static void fill(struct closeout *out, struct tally *tally, const struct vault *vault, size_t batch,
    uint32_t number)
{
	const struct manifest_fields *manifest = vault_manifest(vault, batch);
	const struct manifest_lot *lot = manifest_lot(manifest, number);

	tally_lot(tally, vault, batch, number);
	*out = (struct closeout){
		.number = batch, .lot_number = number, .count = lot->count, .open = tally->open,
		.done = tally->count[STANDING_DONE], .failed = tally->count[STANDING_FAILED],
		.void_ = tally->count[STANDING_VOID], .unused = tally->count[STANDING_UNUSED],
		.closed = vault_closed(vault, batch, number),
		    .granted = vault->batches[batch].lots[number].live,
		.rehearsal = manifest->purpose == PURPOSE_REHEARSAL
	};
	memcpy(out->lot, lot->name, NAME_SIZE);
}

static enum err table_named(struct closeout *table, size_t *count, const struct vault *vault, size_t batch,
    const char *const *lots, size_t lot_count, struct fault *fault)
{
	const struct manifest_fields *manifest = vault_manifest(vault, batch);
	struct tally tally;
	uint32_t number;

	for (size_t i = 0; i < lot_count; i++) {
		bool there = false;

		if (!manifest_lot_named(manifest, lots[i], &number))
			return fault_set(fault, ERR_NO, "lot-unknown", lots[i],
			    "batch %s has no lot of that name", manifest->batch);
		for (size_t k = 0; k < *count; k++)
			there = there || table[k].lot_number == number;
		if (!there)
			fill(&table[(*count)++], &tally, vault, batch, number);
	}
	return ERR_OK;
}

static void table_all(struct closeout *table, size_t *count, const struct vault *vault, size_t batch)
{
	struct tally tally;

	for (uint32_t number = 0; number < vault_manifest(vault, batch)->lots.count; number++) {
		if (vault->batches[batch].lots[number].live || vault_closed(vault, batch, number))
			fill(&table[(*count)++], &tally, vault, batch, number);
	}
}

enum err closeout_table(struct closeout **out, size_t *count, const struct vault *vault, const char *batch,
    const char *const *lots, size_t lot_count, struct fault *fault)
{
	size_t number;
	enum err err = ERR_OK;

	*out = NULL;
	*count = 0;
	if (!vault_batch_named(vault, batch, &number))
		return fault_set(fault, ERR_NO, "batch-unknown", batch,
		    "no batch of that name is in use here");
	*out = calloc(vault_manifest(vault, number)->lots.count, sizeof **out);
	if (*out == NULL)
		return fault_memory(fault);
	if (lot_count > 0)
		err = table_named(*out, count, vault, number, lots, lot_count, fault);
	else
		table_all(*out, count, vault, number);
	return err;
}

static enum err check_one(const struct closeout *lot, struct fault *fault)
{
	bool one = lot->open == 1;

	if (lot->closed)
		return ERR_OK;
	if (!lot->granted)
		return fault_set(fault, ERR_NO, "lot-grant", lot->lot, "this station has no grant for it");
	if (lot->open > 0)
		return fault_set(fault, ERR_NO, "lot-open", lot->lot,
		    "%" PRIu64 " device%s begun and never ended: present %s again, or declare %s void",
		    lot->open, one ? " was" : "s were", one ? "it" : "them", one ? "it" : "them");
	return ERR_OK;
}

enum err closeout_check(const struct closeout *table, size_t count, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < count && err == ERR_OK; i++)
		err = check_one(&table[i], fault);
	return err;
}

static enum err append(struct closeout *lot, struct tally *tally, struct vault *vault, struct fault *fault)
{
	const struct vault_batch *batch = &vault->batches[lot->number];
	struct entry entry = {
		.type = ENTRY_CLOSEOUT, .manifest.present = true, .grant = batch->lots[lot->lot_number].grant,
		.done = lot->done, .failed = lot->failed, .void_ = lot->void_, .unused = lot->unused
	};
	enum err err;

	memcpy(entry.manifest.hash, manifest_hash(batch->manifest), HASH_SIZE);
	memcpy(entry.lot, lot->lot, NAME_SIZE);
	hash_end(&tally->list[STANDING_DONE], entry.done_sha256);
	hash_end(&tally->list[STANDING_FAILED], entry.failed_sha256);
	hash_end(&tally->list[STANDING_VOID], entry.void_sha256);
	hash_end(&tally->list[STANDING_UNUSED], entry.unused_sha256);
	err = logbook_append(vault->logbook, &entry, fault);
	lot->entry = entry.n;
	return err;
}

/* Under the lock, and so counted anew: other processes may have gone on since the table was shown. */
static enum err append_all(struct closeout *table, size_t count, struct vault *vault, struct fault *fault)
{
	struct tally tally;
	enum err err = ERR_OK;

	for (size_t i = 0; i < count && err == ERR_OK; i++) {
		fill(&table[i], &tally, vault, table[i].number, table[i].lot_number);
		err = check_one(&table[i], fault);
		if (err == ERR_OK && !table[i].closed)
			err = append(&table[i], &tally, vault, fault);
	}
	return err;
}

enum err closeout_lots(struct closeout *table, size_t count, struct vault *vault, struct fault *fault)
{
	enum err err;

	err = logbook_lock(vault->logbook, fault);
	if (err != ERR_OK)
		return err;
	err = append_all(table, count, vault, fault);
	if (err != ERR_OK) {
		logbook_unlock(vault->logbook);
		return err;
	}
	err = logbook_commit(vault->logbook, fault);
	if (err != ERR_OK)
		return err;
	err = vault_refresh(vault, fault); /* which destroys what is closed */
	if (err != ERR_OK)
		return fault_set(fault, err, "closeout-keys", fault->where,
		    "the lots are closed, but a key could not be destroyed; close them again once this is "
		    "mended: %s",
		    fault->text);
	return ERR_OK;
}
