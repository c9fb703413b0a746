/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>

#include "ledger_private.h"

enum err ledger_free_id(struct ledger *ledger, const char *batch, struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT count(*) FROM batches WHERE id = ?");
	uint64_t count = 0;
	enum err err;

	query_text(&query, batch);
	err = query_value(&query, &count, fault);
	if (err == ERR_OK && count > 0)
		err = fault_set(fault, ERR_NO, "batch-exists", ledger_path(ledger),
		    "there is a batch %s already", batch);
	return err;
}

enum err ledger_has_batch(struct ledger *ledger, const uint8_t hash[static HASH_SIZE], const char *batch,
    struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT count(*) FROM batches WHERE manifest = ? AND id = ?");
	uint64_t count = 0;
	enum err err;

	query_hash(&query, hash);
	query_text(&query, batch);
	err = query_value(&query, &count, fault);
	if (err == ERR_OK && count == 0)
		err = fault_set(fault, ERR_NO, "ledger-batch", ledger_path(ledger),
		    "this office did not commit batch %s with this manifest", batch);
	return err;
}

void slots_write(char out[static SLOTS_TEXT_MAX], const struct manifest_fields *manifest)
{
	struct state_slot slots[SLOTS_MAX];
	size_t count = manifest_state(slots, manifest), length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		if (slots[i].kind != STATE_PRESENT)
			length += (size_t)snprintf(out + length, SLOTS_TEXT_MAX - length,
			    "%s%" PRIu32 "/%" PRIu32,
			    length > 0 ? " " : "", slots[i].slot.tag, slots[i].slot.type);
}

bool slots_meet(const char *a, const char *b)
{
	struct cursor left = cursor_of(bytes_of(a));
	struct bytes one, other;

	while (take_field(&left, ' ', &one)) {
		struct cursor right = cursor_of(bytes_of(b));

		while (take_field(&right, ' ', &other))
			if (bytes_equal(one, other))
				return true;
	}
	return false;
}

struct counting {
	const struct freed *freed;
	uint64_t common;             /* devices that are in both and not free again */
};

static enum err count_device(void *context, uint64_t imei, uint32_t index, struct fault *fault)
{
	struct counting *counting = context;

	(void)imei;
	(void)fault;
	counting->common += !freed_has(counting->freed, index);
	return ERR_OK;
}

/* The batch of the row against the devices that are to be made. */
static enum err check_row(struct ledger *ledger, const struct query *query, const struct manifest_fields *by,
    const uint64_t *imeis, size_t count, struct fault *fault)
{
	struct freed freed;
	struct counting counting = {.freed = &freed};
	enum err err = freed_read(&freed, ledger, query_bytes(query, 2), query_number(query, 4), by, fault);

	if (err == ERR_OK && !freed.all)
		err = ledger_common(ledger, query_number(query, 0), imeis, count, count_device, &counting,
		    fault);
	freed_free(&freed);
	if (err != ERR_OK || counting.common == 0)
		return err;
	return fault_set(fault, ERR_NO, "ledger-slot", ledger_path(ledger),
	    "%" PRIu64 " of the devices already have slots of this batch from batch %s; a batch for them "
	    "must supersede that one", counting.common, query_string(query, 1));
}

enum err ledger_check_slots(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint64_t *imeis, size_t count, struct fault *fault)
{
	struct query query;
	char slots[SLOTS_TEXT_MAX];
	enum err err = ERR_OK;

	if (manifest->purpose != PURPOSE_PRODUCTION)
		return ERR_OK;
	slots_write(slots, manifest);
	query = query_begin(ledger,
	    "SELECT rowid, id, manifest, slots, count FROM batches WHERE purpose = 0 ORDER BY rowid");
	while (err == ERR_OK && query_row(&query))
		if (slots_meet(slots, query_string(&query, 3)))
			err = check_row(ledger, &query, manifest, imeis, count, fault);
	return query_close(&query, err, fault);
}

static enum err put_row(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint8_t hash[static HASH_SIZE], const uint8_t plan[static HASH_SIZE], size_t devices,
    struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "INSERT INTO batches (id, purpose, series, seq, manifest, plan,"
	    " issued, count, abandoned, slots, imeis, indices) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	char slots[SLOTS_TEXT_MAX];

	slots_write(slots, manifest);
	query_text(&query, manifest->batch);
	query_integer(&query, manifest->purpose);
	query_text(&query, manifest->series);
	query_integer(&query, manifest->seq);
	query_hash(&query, hash);
	query_hash(&query, plan);
	query_text(&query, manifest->issued);
	query_integer(&query, manifest->count);
	query_integer(&query, manifest->abandoned.count);
	query_text(&query, slots);
	query_room(&query, 8 * (uint64_t)devices);
	query_room(&query, 4 * (uint64_t)devices);
	return query_run(&query, fault);
}

static enum err put_devices(struct ledger *ledger, const char *batch, const struct ledger_devices *devices,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT rowid FROM batches WHERE id = ?");
	uint64_t row = 0;
	enum err err;

	query_text(&query, batch);
	err = query_value(&query, &row, fault);
	if (err == ERR_OK)
		err = ledger_put_devices(ledger, row, devices->imeis, devices->indices, devices->count,
		    fault);
	return err == ERR_OK ? ledger_put_certificates(ledger, batch, devices->certificates, fault) : err;
}

/* Rehearsals leave no trace but their name. */
static enum err add(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint8_t hash[static HASH_SIZE], const uint8_t plan[static HASH_SIZE],
    const struct ledger_devices *devices, struct fault *fault)
{
	bool production = manifest->purpose == PURPOSE_PRODUCTION;
	enum err err = ledger_free_id(ledger, manifest->batch, fault);

	if (err == ERR_OK && production)
		err = ledger_claim_number(ledger, manifest, fault);
	if (err == ERR_OK)
		err = ledger_check_slots(ledger, manifest, devices->imeis, devices->count, fault);
	if (err == ERR_OK)
		err = put_row(ledger, manifest, hash, plan, production ? devices->count : 0, fault);
	if (err == ERR_OK)
		err = ledger_put_lots(ledger, manifest, fault);
	if (err == ERR_OK && production)
		err = ledger_put_supersedes(ledger, manifest, fault);
	if (err == ERR_OK && production)
		err = put_devices(ledger, manifest->batch, devices, fault);
	return err;
}

enum err ledger_add_batch(struct ledger *ledger, const struct manifest_fields *manifest,
    const uint8_t hash[static HASH_SIZE], const uint8_t plan[static HASH_SIZE],
    const struct ledger_devices *devices, struct fault *fault)
{
	enum err err = ledger_begin(ledger, fault);

	if (err != ERR_OK)
		return err;
	return ledger_finish(ledger, add(ledger, manifest, hash, plan, devices, fault), fault);
}
