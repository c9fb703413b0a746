/* SPDX-License-Identifier: ISC */
#include "rework_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/reason.h"
#include "vault_private.h"

/* One round of looking. */
struct finding {
	struct rework_list *rework;
	struct vault *vault;
	struct reader *reader;
	const char *batch;           /* "" for all */
	struct message *pair;        /* LOOKUP and RECORD: large */
	struct rework_wish **sorted; /* those without a code, by what they are looked for by */
	size_t sorted_count;
};

static void blame(struct rework_wish *wish, const char *code, const char *text)
{
	wish->code = code;
	snprintf(wish->text, sizeof wish->text, "%s", text);
}

static enum err add_device(struct finding *finding, const struct rework_wish *wish, size_t batch,
    uint32_t lot, uint64_t index, struct fault *fault)
{
	const struct manifest_fields *manifest = vault_manifest(finding->vault, batch);
	struct rework_list *rework = finding->rework;
	struct rework_device *devices;

	devices = reallocarray(rework->devices, rework->device_count + 1, sizeof *devices);
	if (devices == NULL)
		return fault_memory(fault);
	rework->devices = devices;
	devices += rework->device_count++;
	*devices = (struct rework_device){
		.wish = (size_t)(wish - rework->wishes), .number = batch, .lot_number = lot, .index = index,
		.rehearsal = manifest->purpose == PURPOSE_REHEARSAL, .code = "", .text = ""
	};
	memcpy(devices->batch, manifest->batch, NAME_SIZE);
	memcpy(devices->lot, manifest_lot(manifest, lot)->name, NAME_SIZE);
	return ERR_OK;
}

static bool is_wanted(const struct finding *finding, size_t batch)
{
	return finding->batch[0] == '\0' ||
	    strcmp(finding->batch, vault_manifest(finding->vault, batch)->batch) == 0;
}

/* Asks until the batch answers with the device's record, or has nothing more to say. */
static enum err find_in(bool *found, struct finding *finding, struct rework_wish *wish, size_t batch,
    struct fault *fault)
{
	struct message *lookup = &finding->pair[0], *record = &finding->pair[1];
	struct vault *vault = finding->vault;
	struct vault_question question;
	const char *reason;
	bool asking, mine;

	for (asking = vault_first_question(&question, vault, batch, wish->imei); asking;
	    asking = vault_next_question(&question, vault, wish->imei)) {
		enum err err;

		vault_lookup(vault, &question, wish->imei, lookup);
		err = reader_answer(finding->reader, lookup, record, fault);
		if (err != ERR_OK)
			return err;
		mine = question.single ? vault_single_is(&reason, vault, &question, record, wish->imei) :
		    vault_tagged_is(&reason, vault, &question, record, wish->imei);
		if (reason != NULL)
			return fault_set(fault, ERR_CANNOT, "reader",
			    vault_manifest(vault, batch)->batch, "%s", reason_find(reason)->text);
		if (!mine)
			continue;
		*found = true;
		return add_device(finding, wish, batch, record->lot, record->index, fault);
	}
	return ERR_OK;
}

static enum err find_imei(struct finding *finding, struct rework_wish *wish, struct fault *fault)
{
	bool found = false;
	enum err err = ERR_OK;

	for (size_t batch = 0; batch < finding->vault->batch_count && err == ERR_OK; batch++) {
		if (finding->vault->batches[batch].lots != NULL && is_wanted(finding, batch))
			err = find_in(&found, finding, wish, batch, fault);
	}
	if (err == ERR_OK && !found)
		blame(wish, "not-in-batch", "no open lot or record granted to this station holds that IMEI");
	return err;
}

static int compare_wishes(const struct rework_wish *left, const struct rework_wish *right)
{
	int order = strcmp(left->imei, right->imei);

	/* the unit beside an IMEI is only noted */
	return order != 0 || left->imei[0] != '\0' ? order : strcmp(left->unit, right->unit);
}

static int compare_places(const void *a, const void *b)
{
	const struct rework_wish *left = *(struct rework_wish *const *)a,
	    *right = *(struct rework_wish *const *)b;
	int order = compare_wishes(left, right);

	return order != 0 ? order : (left > right) - (left < right);
}

/* Those asked for again are dropped, so that the rest can be searched for a unit. */
static enum err sort(struct finding *finding, struct fault *fault)
{
	struct rework_list *rework = finding->rework;
	size_t count = 0, kept = 0;

	finding->sorted = calloc(rework->wish_count + 1, sizeof(struct rework_wish *));
	if (finding->sorted == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < rework->wish_count; i++) {
		if (rework->wishes[i].code[0] == '\0')
			finding->sorted[count++] = &rework->wishes[i];
	}
	if (count > 1)
		qsort(finding->sorted, count, sizeof(struct rework_wish *), compare_places);
	for (size_t i = 0; i < count; i++) {
		struct rework_wish *wish = finding->sorted[i];

		if (kept > 0 && compare_wishes(finding->sorted[kept - 1], wish) == 0)
			blame(wish, "asked-twice", "an earlier line asks for the same device");
		else
			finding->sorted[kept++] = wish;
	}
	finding->sorted_count = kept;
	return ERR_OK;
}

static struct rework_wish *wish_for(const struct finding *finding, const char *unit)
{
	size_t low = 0, high = finding->sorted_count;
	struct rework_wish key = {.imei = ""};

	memcpy(key.unit, unit, sizeof key.unit);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_wishes(finding->sorted[middle], &key);

		if (order == 0)
			return finding->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The device of a batch that a wish led to before. */
static const struct rework_device *found_before(const struct finding *finding, const struct rework_wish *wish,
    size_t batch)
{
	const struct rework_list *rework = finding->rework;

	for (size_t i = rework->device_count; i > 0; i--) {
		const struct rework_device *device = &rework->devices[i - 1];

		if (device->number == batch && &rework->wishes[device->wish] == wish)
			return device;
	}
	return NULL;
}

static enum err take_place(struct finding *finding, struct rework_wish *wish, size_t batch, uint64_t index,
    struct fault *fault)
{
	const struct rework_device *before = found_before(finding, wish, batch);
	uint32_t lot;

	if (before == NULL && manifest_lot_of(vault_manifest(finding->vault, batch), index, &lot) != NULL)
		return add_device(finding, wish, batch, lot, index, fault);
	if (before != NULL && before->index != index)
		blame(wish, "unit-ambiguous", "the log names two devices with that unit: name the IMEI");
	return ERR_OK;
}

/* A refusal proves nothing of the unit: it may have been refused for bearing another board's label. */
static enum err match_unit(void *context, const struct entry *entry, struct fault *fault)
{
	struct finding *finding = context;
	const struct vault *vault = finding->vault;
	struct rework_wish *wish;

	if (entry->type != ENTRY_BEGIN && entry->type != ENTRY_END && entry->type != ENTRY_SAME)
		return ERR_OK;
	wish = entry->unit[0] == '\0' ? NULL : wish_for(finding, entry->unit);
	for (size_t i = 0; wish != NULL && i < vault->batch_count; i++) {
		const struct vault_batch *batch = &vault->batches[i];

		if (batch->lots != NULL && is_wanted(finding, i) &&
		    memcmp(manifest_hash(batch->manifest), entry->manifest.hash, HASH_SIZE) == 0)
			return take_place(finding, wish, i, entry->index, fault);
	}
	return ERR_OK;
}

static enum err find_units(struct finding *finding, struct fault *fault)
{
	enum err err;

	err = vault_read_log(finding->vault, match_unit, finding, fault);
	for (size_t i = 0; err == ERR_OK && i < finding->sorted_count; i++) {
		struct rework_wish *wish = finding->sorted[i];
		bool found = wish->imei[0] != '\0' || wish->code[0] != '\0';

		for (size_t k = 0; !found && k < finding->rework->device_count; k++)
			found = &finding->rework->wishes[finding->rework->devices[k].wish] == wish;
		if (!found)
			blame(wish, "not-in-log", "the log names no device with that unit: name the IMEI");
	}
	return err;
}

static int compare_devices(const void *a, const void *b)
{
	const struct rework_device *left = a, *right = b;

	if (left->wish != right->wish)
		return left->wish > right->wish ? 1 : -1;
	return (left->number > right->number) - (left->number < right->number);
}

static enum err find_all(struct finding *finding, struct fault *fault)
{
	bool units = false;
	enum err err;

	err = sort(finding, fault);
	for (size_t i = 0; err == ERR_OK && i < finding->sorted_count; i++) {
		units = units || finding->sorted[i]->imei[0] == '\0';
		if (finding->sorted[i]->imei[0] != '\0')
			err = find_imei(finding, finding->sorted[i], fault);
	}
	if (err == ERR_OK && units)
		err = find_units(finding, fault);
	if (finding->rework->device_count > 1)
		qsort(finding->rework->devices, finding->rework->device_count, sizeof(struct rework_device),
		    compare_devices);
	return err;
}

enum err rework_find(struct rework_list *rework, struct vault *vault, struct reader *reader,
    const char *batch, struct fault *fault)
{
	struct finding finding = {.rework = rework, .vault = vault, .reader = reader, .batch = batch};
	enum err err;

	finding.pair = calloc(2, sizeof *finding.pair);
	err = finding.pair == NULL ? fault_memory(fault) : find_all(&finding, fault);
	free(finding.pair);
	free(finding.sorted);
	return err;
}
