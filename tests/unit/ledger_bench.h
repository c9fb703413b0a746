/* SPDX-License-Identifier: ISC */
#ifndef LEDGER_BENCH_H
#define LEDGER_BENCH_H

/* What the tests of the ledger share: an office with an empty one, and batches to be put into it. */
#include "testing.h"

#include <unistd.h>

#include "gapseal/ledger.h"

#define ISSUED "2026-07-01T00:00:00Z"
#define LATER "2026-08-01T00:00:00Z"

struct office {
	char path[64];
	char file[96];
};

static inline int setup(void **state)
{
	struct office *office = calloc(1, sizeof *office);
	struct fault fault;

	strcpy(office->path, "/tmp/gapseal-ledger-XXXXXX");
	if (mkdtemp(office->path) == NULL || ledger_create(office->path, &fault) != ERR_OK)
		return -1;
	snprintf(office->file, sizeof office->file, "%s/" LEDGER_NAME, office->path);
	*state = office;
	return 0;
}

static inline int teardown(void **state)
{
	struct office *office = *state;
	int result = unlink(office->file);

	/* the folder must be empty now: no journal and no part is left behind */
	result |= rmdir(office->path);
	free(office);
	return result;
}

static inline struct ledger *open_ledger(const struct office *office)
{
	struct ledger *ledger;
	struct fault fault;

	assert_int_equal(ledger_open(&ledger, office->path, "acme", &fault), ERR_OK);
	return ledger;
}

/* Two slots, 42/psk and 42/identity unless changed. */
struct batch {
	struct manifest_fields fields;
	struct manifest_slot slots[2];
	struct manifest_supersede supersede;
	struct manifest_lot lot;
	uint8_t hash[HASH_SIZE], plan[HASH_SIZE];
};

static inline void describe(struct batch *out, const char *id, uint64_t seq)
{
	*out = (struct batch){.slots = {{SLOT_DIGEST, 42, CREDENTIAL_PSK},
	    {SLOT_DIGEST, 42, CREDENTIAL_IDENTITY}}};
	snprintf(out->fields.batch, NAME_SIZE, "%s", id);
	strcpy(out->fields.series, "eu");
	strcpy(out->fields.issued, ISSUED);
	out->fields.seq = seq;
	out->fields.policy.slots = (struct list){out->slots, 2};
	hash_bytes(out->hash, bytes_of(id));
}

/* The last device by IMEI comes first in the batch: no order helps by chance. */
static inline const uint32_t *standing(size_t count)
{
	static uint32_t indices[5000];

	for (size_t i = 0; i < count; i++)
		indices[i] = (uint32_t)(count - 1 - i);
	return indices;
}

static inline void check_add(struct ledger *ledger, struct batch *batch, const uint64_t *imeis, size_t count,
    const char *code)
{
	struct fault fault = {.code = "none"};
	enum err err;

	batch->fields.count = count;
	batch->lot = (struct manifest_lot){.name = "lot-001", .count = count};
	batch->fields.lots = (struct list){&batch->lot, 1};
	err = ledger_add_batch(ledger, &batch->fields, batch->hash, batch->plan, imeis, standing(count), count,
	    &fault);
	assert_string_equal(fault.code, code);
	assert_int_equal(err, strcmp(code, "none") == 0 ? ERR_OK : ERR_NO);
}

static const uint64_t first_imeis[] = {1, 5, 9}, other_imeis[] = {2, 6, 10};

#define LEDGER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
