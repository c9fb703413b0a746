/* SPDX-License-Identifier: ISC */
#include "gapseal/opening.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/file.h"

/* Head, IMEI and, for every slot, two numbers and a digest. */
#define OPENING_MAX (64 + 2 * BLIND_SIZE + 32 + SLOTS_MAX * (24 + 2 * HASH_SIZE))

static bool put_text(struct secret *out, const char *text)
{
	return secret_put(out, bytes_of(text));
}

static bool put_hex(struct secret *out, const uint8_t hash[static HASH_SIZE])
{
	char hex[2 * HASH_SIZE + 1];
	bool put;

	hex_encode(hex, bytes_from(hash, HASH_SIZE));
	put = put_text(out, hex);
	secret_wipe(hex, sizeof hex);
	return put;
}

static bool put_slot(struct secret *out, const struct state_slot *slot)
{
	char numbers[32];

	snprintf(numbers, sizeof numbers, "%" PRIu32 ",%" PRIu32 ",", slot->slot.tag, slot->slot.type);
	if (!put_text(out, numbers))
		return false;
	if (slot->kind == STATE_DIGEST)
		return put_hex(out, slot->digest) && put_text(out, "\n");
	return put_text(out, slot->kind == STATE_PRESENT ? "present\n" : "absent\n");
}

static bool put_opening(struct secret *out, const struct unsealed *device)
{
	bool put = put_text(out, "gapseal/state/v1\n") && put_hex(out, device->keys->blind) &&
	    put_text(out, "\nimei ") && put_text(out, device->contents->imei) && put_text(out, "\n");

	for (size_t i = 0; i < device->count && put; i++)
		put = put_slot(out, &device->slots[i]);
	return put;
}

struct opening {
	struct secret *text;
	struct opening_result *result;
};

static enum err visit(void *context, const struct unsealed *device, struct fault *fault)
{
	struct opening *opening = context;
	uint8_t hash[HASH_SIZE];

	if (!put_opening(opening->text, device))
		return fault_memory(fault);
	hash_bytes(hash, secret_bytes(opening->text));
	if (memcmp(hash, device->state_commitment, HASH_SIZE) != 0)
		return fault_set(fault, ERR_NO, "opening-commitment", NULL,
		    "the text does not give the commitment of record %" PRIu64, device->index);
	opening->result->index = device->index;
	memcpy(opening->result->commitment, hash, HASH_SIZE);
	return ERR_OK;
}

static enum err open_device(struct opening *opening, const struct own_batch *batch,
    const struct office *office, struct secret *identity, const char imei[static IMEI_SIZE],
    struct fault *fault)
{
	struct unseal *unseal = NULL;
	uint64_t index;
	enum err err = unseal_new(&unseal, batch, office, identity, fault);

	if (err == ERR_OK)
		err = unseal_find(&index, unseal, imei, fault);
	if (err == ERR_OK)
		err = unseal_one(unseal, index, visit, opening, fault);
	unseal_free(&unseal);
	return err;
}

enum err office_opening(struct opening_result *out, const struct office *office, const struct trust *trust,
    struct secret *identity, const char *batch, const char imei[static IMEI_SIZE], const char *file,
    struct fault *fault)
{
	struct own_batch own = OWN_BATCH_EMPTY;
	struct opening opening = {.result = out};
	enum err err = secret_new(&opening.text, OPENING_MAX, fault);

	if (err == ERR_OK)
		err = own_batch_open(&own, office, trust, batch, fault);
	if (err == ERR_OK)
		err = open_device(&opening, &own, office, identity, imei, fault);
	if (err == ERR_OK)
		err = secret_write_file(AT_FDCWD, file, secret_bytes(opening.text), false, fault);
	own_batch_close(&own);
	secret_free(&opening.text);
	return err;
}
