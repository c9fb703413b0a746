/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "batch_private.h"
#include "gapseal/seal.h"
#include "gapseal/utc.h"

/* What is secret of the device in hand; only inside a secret. */
struct device_keys {
	uint8_t device[KEY_SIZE];
	uint8_t root[KEY_SIZE];
	struct record_keys record;
	uint8_t credential[PROFILE_BYTES_MAX];
};

struct worker {
	const struct plan *plan;
	const struct profile *profile;
	struct roster_reader *reader;
	struct roster_row row;
	struct mint *mints[PROFILE_CREDENTIALS_MAX]; /* of keys and certificates; NULL for the rest */
	struct secret *keys;         /* struct device_keys */
	struct secret *plain;
	struct secret *content;      /* of one credential that is secret */
	struct buffer cn;
	struct buffer text;          /* of one credential that is not */
	uint8_t points[PROFILE_CREDENTIALS_MAX][P256_POINT_SIZE]; /* of the keys made */
	struct state_slot slots[PROFILE_CREDENTIALS_MAX];
	struct record_place place;
};

static struct device_keys *keys_of(struct worker *worker)
{
	return (struct device_keys *)(void *)secret_data(worker->keys);
}

/* Every credential has a mint of its own: certificates may differ in their days. */
static enum err setup_credential(struct worker *worker, size_t i, const struct ca *ca, int64_t issued,
    struct fault *fault)
{
	const struct profile_credential *credential = &worker->profile->credentials[i];

	worker->slots[i] = (struct state_slot){.slot = credential->slot, .kind = STATE_DIGEST};
	if (credential->source == SOURCE_GENERATED)
		return mint_new(&worker->mints[i], NULL, issued, 0, fault);
	if (credential->source == SOURCE_ISSUED)
		return mint_new(&worker->mints[i], ca, issued, credential->days, fault);
	return ERR_OK;
}

static enum err setup(struct worker *worker, const struct manifest_fields *manifest, const struct ca *ca,
    struct fault *fault)
{
	int64_t issued;
	enum err err = ERR_OK;

	if (!utc_parse(bytes_of(manifest->issued), &issued))
		return fault_set(fault, ERR_NO, "batch-request", NULL, "the time of issue is none");
	manifest_place(&worker->place, manifest, 0, 0);
	for (size_t i = 0; i < worker->profile->count && err == ERR_OK; i++)
		err = setup_credential(worker, i, ca, issued, fault);
	if (err == ERR_OK)
		err = roster_reader_new(&worker->reader, plan_roster(worker->plan), fault);
	if (err == ERR_OK)
		err = secret_new(&worker->keys, sizeof(struct device_keys), fault);
	if (err == ERR_OK)
		err = secret_new(&worker->plain, worker->place.stride - RECORD_OVERHEAD, fault);
	if (err == ERR_OK)
		err = secret_new(&worker->content, credential_limit(0), fault);
	return err;
}

enum err worker_new(struct worker **out, const struct plan *plan, const struct manifest_fields *manifest,
    const struct ca *ca, struct fault *fault)
{
	struct worker *worker = calloc(1, sizeof *worker);
	enum err err;

	*out = NULL;
	if (worker == NULL)
		return fault_memory(fault);
	worker->plan = plan;
	worker->profile = plan_profile(plan);
	err = setup(worker, manifest, ca, fault);
	if (err != ERR_OK)
		worker_free(&worker);
	*out = worker;
	return err;
}

void worker_free(struct worker **worker)
{
	if (*worker == NULL)
		return;
	for (size_t i = 0; i < PROFILE_CREDENTIALS_MAX; i++)
		mint_free(&(*worker)->mints[i]);
	roster_reader_free(&(*worker)->reader);
	secret_free(&(*worker)->keys);
	secret_free(&(*worker)->plain);
	secret_free(&(*worker)->content);
	buffer_free(&(*worker)->cn);
	buffer_free(&(*worker)->text);
	free(*worker);
	*worker = NULL;
}

/* The plan has measured everything that is put here; so if it does not fit, the plan was wrong. */
static enum err refuse_size(struct fault *fault)
{
	return fault_set(fault, ERR_CANNOT, "record-size", NULL,
	    "what a device gets is larger than was measured beforehand");
}

static enum err put_own(struct worker *worker, size_t i, struct bytes content, struct fault *fault)
{
	struct contents_step step = {.op = CONTENTS_WRITE, .slot = worker->slots[i].slot, .content = content};

	credential_digest(worker->slots[i].digest, content, false);
	return contents_put(worker->plain, &step) ? ERR_OK : refuse_size(fault);
}

static enum err put_common(struct worker *worker, size_t i, struct fault *fault)
{
	int common = plan_common_of(worker->plan, i);
	struct contents_step step = {.op = CONTENTS_WRITE, .slot = worker->slots[i].slot, .shared = true,
		.common = (uint16_t)common};

	memcpy(worker->slots[i].digest, plan_common(worker->plan, (size_t)common)->digest, HASH_SIZE);
	return contents_put(worker->plain, &step) ? ERR_OK : refuse_size(fault);
}

/* The PSK as the modem takes it: lower-case hex. */
static enum err put_derived(struct worker *worker, size_t i, struct fault *fault)
{
	struct device_keys *keys = keys_of(worker);
	size_t size = worker->profile->credentials[i].bytes;

	keys_credential(keys->credential, size, keys->device, worker->slots[i].slot, KEYS_PSK);
	hex_encode((char *)secret_data(worker->content), bytes_from(keys->credential, size));
	secret_resize(worker->content, 2 * size);
	return put_own(worker, i, secret_bytes(worker->content), fault);
}

static enum err put_column_psk(struct worker *worker, size_t i, struct fault *fault)
{
	secret_clear(worker->content);
	if (!plan_psk(worker->content, worker->plan, i, &worker->row))
		return refuse_size(fault);
	return put_own(worker, i, secret_bytes(worker->content), fault);
}

static enum err put_identity(struct worker *worker, size_t i, struct fault *fault)
{
	enum err err;

	buffer_clear(&worker->text);
	err = plan_text(&worker->text, worker->plan, i, &worker->row, fault);
	return err == ERR_OK ? put_own(worker, i, buffer_bytes(&worker->text), fault) : err;
}

static enum err put_key(struct worker *worker, size_t i, struct fault *fault)
{
	bool crlf = worker->profile->credentials[i].line_ending == LINE_ENDING_CRLF;
	struct device_keys *keys = keys_of(worker);
	enum err err;

	keys_credential(keys->credential, KEY_SIZE, keys->device, worker->slots[i].slot, KEYS_EC);
	err = mint_key(worker->content, worker->points[i], worker->mints[i],
	    bytes_from(keys->credential, KEY_SIZE), crlf, fault);
	return err == ERR_OK ? put_own(worker, i, secret_bytes(worker->content), fault) : err;
}

/* The key a certificate is for: the generated one of its tag, which stands next to it in slot order. */
static const uint8_t *point_for(const struct worker *worker, size_t i)
{
	const struct slot slot = {.tag = worker->slots[i].slot.tag, .type = CREDENTIAL_KEY};

	for (size_t j = 0; j < worker->profile->count; j++)
		if (slot_compare(worker->slots[j].slot, slot) == 0 && worker->mints[j] != NULL)
			return worker->points[j];
	return NULL;
}

static enum err put_certificate(struct worker *worker, size_t i, struct fault *fault)
{
	bool crlf = worker->profile->credentials[i].line_ending == LINE_ENDING_CRLF;
	const uint8_t *point = point_for(worker, i);
	struct device_keys *keys = keys_of(worker);
	enum err err;

	if (point == NULL)
		return fault_set(fault, ERR_CANNOT, "batch-request", NULL,
		    "a certificate is to be issued for a key that is not made");
	buffer_clear(&worker->cn);
	err = plan_text(&worker->cn, worker->plan, i, &worker->row, fault);
	buffer_byte(&worker->cn, '\0');
	if (err == ERR_OK)
		err = buffer_check(&worker->cn, fault);
	if (err != ERR_OK)
		return err;
	keys_credential(keys->credential, X509_SERIAL_SIZE, keys->device, worker->slots[i].slot, KEYS_SERIAL);
	buffer_clear(&worker->text);
	err = mint_certificate(&worker->text, worker->mints[i], point, (const char *)worker->cn.data,
	    keys->credential, crlf, fault);
	return err == ERR_OK ? put_own(worker, i, buffer_bytes(&worker->text), fault) : err;
}

static enum err put(struct worker *worker, size_t i, struct fault *fault)
{
	switch (worker->profile->credentials[i].source) {
	case SOURCE_DERIVED:
		return put_derived(worker, i, fault);
	case SOURCE_COLUMN:
		if (worker->slots[i].slot.type == CREDENTIAL_PSK)
			return put_column_psk(worker, i, fault);
		return put_identity(worker, i, fault);
	case SOURCE_TEMPLATE:
		return put_identity(worker, i, fault);
	case SOURCE_FILES:
		return put_common(worker, i, fault);
	case SOURCE_ISSUED:
		return put_certificate(worker, i, fault);
	case SOURCE_GENERATED:
	case SOURCES:
		break;
	}
	return ERR_OK;
}

/* Keys first: the certificates are for them. */
static enum err put_all(struct worker *worker, struct fault *fault)
{
	const struct profile *profile = worker->profile;
	enum err err = contents_begin(worker->plain, worker->row.imei) ? ERR_OK : refuse_size(fault);

	for (size_t i = 0; i < profile->count && err == ERR_OK; i++)
		if (profile->credentials[i].source == SOURCE_GENERATED)
			err = put_key(worker, i, fault);
	for (size_t i = 0; i < profile->count && err == ERR_OK; i++)
		err = put(worker, i, fault);
	if (err == ERR_OK && !contents_pad(worker->plain, secret_capacity(worker->plain)))
		err = refuse_size(fault);
	return err;
}

enum err seal_device(struct worker *worker, uint8_t *out, uint8_t leaf[static HASH_SIZE],
    const struct lot *lot, size_t k, const struct batch_keys *keys, struct fault *fault)
{
	const struct lot_device *device = &lot->devices[k];
	struct device_keys *own = keys_of(worker);
	uint8_t state[HASH_SIZE];
	enum err err = roster_row(&worker->row, worker->reader, device->row, fault);

	if (err != ERR_OK)
		return err;
	keys_device(own->device, keys->credentials, worker->row.imei);
	err = put_all(worker, fault);
	if (err != ERR_OK)
		return err;
	worker->place.lot = lot->number;
	worker->place.index = lot->first + k;
	keys_root(own->root, keys->lot, worker->place.index);
	keys_record(&own->record, own->root);
	state_commit(state, own->record.blind, worker->row.imei, worker->slots, worker->profile->count);
	record_seal(out, &worker->place, &own->record, device->tag, state, secret_bytes(worker->plain));
	hash_leaf(leaf, bytes_from(out, worker->place.stride));
	return ERR_OK;
}
