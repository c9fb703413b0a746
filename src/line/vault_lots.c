/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <string.h>

#include "gapseal/list.h"

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

static bool any_lot(const struct vault_batch *batch)
{
	for (uint32_t lot = 0; lot < manifest_get(batch->manifest)->lots.count; lot++) {
		if (batch->lots[lot].live)
			return true;
	}
	return false;
}

/* The first record from there on that is this device's, or may be. */
static bool ask_record(struct vault_question *question, const struct vault_batch *batch, size_t from,
    const char imei[static IMEI_SIZE])
{
	for (size_t i = from; i < batch->record_count; i++) {
		const struct vault_record *record = &batch->records[i];

		if (record->imei[0] != '\0' && strcmp(record->imei, imei) != 0)
			continue;
		question->single = true;
		question->index = record->index;
		return true;
	}
	return false;
}

bool vault_first_question(struct vault_question *question, const struct vault *vault, size_t number,
    const char imei[static IMEI_SIZE])
{
	const struct vault_batch *batch = &vault->batches[number];

	*question = (struct vault_question){.batch = number};
	if (!batch->serves || batch->lots == NULL)
		return false;
	return any_lot(batch) || ask_record(question, batch, 0, imei);
}

bool vault_next_question(struct vault_question *question, const struct vault *vault,
    const char imei[static IMEI_SIZE])
{
	const struct vault_batch *batch = &vault->batches[question->batch];
	size_t from = 0;

	while (question->single && from < batch->record_count &&
	    batch->records[from].index <= question->index)
		from++;
	return ask_record(question, batch, from, imei);
}

static void put_tags(struct message *out, const struct vault *vault, size_t batch,
    const char imei[static IMEI_SIZE])
{
	const struct vault_granted *lots = vault->batches[batch].lots;
	const size_t count = vault_manifest(vault, batch)->lots.count;
	uint8_t key[KEY_SIZE];

	for (uint32_t lot = 0; lot < count && out->lots < LOOKUP_MAX; lot++) {
		if (!lots[lot].live)
			continue;
		out->lookup[out->lots].lot = lot;
		keys_lot_tag_key(key, vault_lot_key(vault, batch, lot));
		keys_tag(out->lookup[out->lots++].tag, key, imei);
	}
	secret_wipe(key, sizeof key);
}

void vault_lookup(const struct vault *vault, const struct vault_question *question,
    const char imei[static IMEI_SIZE], struct message *out)
{
	out->kind = MESSAGE_LOOKUP;
	out->batch = (unsigned)question->batch;
	out->single = question->single;
	out->index = question->index;
	out->lots = 0;
	if (!question->single)
		put_tags(out, vault, question->batch, imei);
}

static bool in_dates(const struct vault_granted *granted)
{
	char now[UTC_SIZE];

	utc_format(now, utc_now());
	return strcmp(now, granted->not_before) >= 0 && strcmp(now, granted->not_after) <= 0;
}

/* Not at all, live, in its dates, and besides permitting the device: the more the better. */
static unsigned worth(const struct vault_granted *granted, const struct progress_device *device)
{
	if (!granted->live)
		return 0;
	if (!in_dates(granted))
		return 1;
	if ((device->flags & PROGRESS_DONE) != 0 && (!granted->again || granted->grant <= device->done_grant))
		return 2;
	return 3;
}

void vault_choose(const struct vault *vault, struct vault_port *port)
{
	const struct vault_batch *batch = &vault->batches[port->batch];
	const struct vault_record *record = vault_record(batch, port->index);
	struct vault_granted of[] = {{0}, batch->lots[port->lot]};
	struct progress_device device;
	unsigned best = 0;

	if (record != NULL)
		of[0] = record->granted;
	of[1].again = list_holds(&batch->again, port->index);
	progress_device(&device, vault->progress, manifest_hash(batch->manifest), port->index);
	for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
		if (worth(&of[i], &device) <= best)
			continue;
		best = worth(&of[i], &device);
		port->granted = of[i];
	}
	if (best == 0)
		port->granted.live = false;
}

static void show(struct vault_lot *out, const struct vault *vault, size_t batch, uint32_t number,
    const struct vault_granted *granted, uint64_t first, uint64_t count)
{
	const struct manifest_fields *manifest = vault_manifest(vault, batch);
	char now[UTC_SIZE];

	utc_format(now, utc_now());
	*out = (struct vault_lot){
		.grant = granted->grant, .count = count, .max_success = granted->max_success,
		.closed = vault_closed(vault, batch, number),
		.expired = granted->live && strcmp(now, granted->not_after) > 0,
		.rehearsal = manifest->purpose == PURPOSE_REHEARSAL
	};
	memcpy(out->batch, manifest->batch, NAME_SIZE);
	memcpy(out->lot, manifest_lot(manifest, number)->name, NAME_SIZE);
	memcpy(out->not_after, granted->not_after, UTC_SIZE);
	progress_count(&out->counts, vault->progress, manifest_hash(vault->batches[batch].manifest), first,
	    count);
}

static void show_record(struct vault_lot *out, const struct vault *vault, size_t batch,
    const struct vault_record *record)
{
	uint32_t lot = 0;

	manifest_lot_of(vault_manifest(vault, batch), record->index, &lot);
	show(out, vault, batch, lot, &record->granted, record->index, 1);
	out->single = true;
	out->index = record->index;
}

/* The lots of a batch, then its records; i counts down. */
static bool show_of(struct vault_lot *out, const struct vault *vault, size_t batch, size_t *i)
{
	const struct vault_batch *at = &vault->batches[batch];

	for (uint32_t lot = 0; lot < vault_manifest(vault, batch)->lots.count; lot++) {
		const struct manifest_lot *of = manifest_lot(vault_manifest(vault, batch), lot);

		if ((!at->lots[lot].live && !vault_closed(vault, batch, lot)) || (*i)-- > 0)
			continue;
		show(out, vault, batch, lot, &at->lots[lot], of->first, of->count);
		return true;
	}
	if (*i < at->record_count) {
		show_record(out, vault, batch, &at->records[*i]);
		return true;
	}
	*i -= at->record_count;
	return false;
}

bool vault_lot(const struct vault *vault, size_t i, struct vault_lot *out)
{
	for (size_t batch = 0; batch < vault->batch_count; batch++) {
		if (vault->batches[batch].lots != NULL && show_of(out, vault, batch, &i))
			return true;
	}
	return false;
}
