/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "batch_private.h"
#include "gapseal/path.h"
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
	struct state_slot slots[PROFILE_CREDENTIALS_MAX]; /* of each credential */
	size_t own[SLOTS_MAX];       /* credentials of the lot in hand, in the order of slots */
	size_t own_count;
	struct secret *file;         /* scratch; only with SOURCE_PATH */
	struct record_place place;
	struct given_record given;
	struct buffer certificates;  /* issued, as ledger_devices wants them but in no order */
};

static struct device_keys *keys_of(struct worker *worker)
{
	return (struct device_keys *)(void *)secret_data(worker->keys);
}

static enum state_kind kind_of(enum source source)
{
	static const enum state_kind kinds[] = {
		[SLOT_ABSENT] = STATE_ABSENT, [SLOT_DIGEST] = STATE_DIGEST, [SLOT_PRESENT] = STATE_PRESENT,
	};

	return kinds[source_state(source)];
}

/* Every credential has a mint of its own: certificates may differ in their days. */
static enum err setup_credential(struct worker *worker, size_t i, const struct batch_request *request,
    int64_t issued, struct fault *fault)
{
	const struct profile_credential *credential = &worker->profile->credentials[i];
	enum err err;

	worker->slots[i] = (struct state_slot){.slot = credential->slot, .kind = kind_of(credential->source)};
	if (credential->source == SOURCE_GENERATED)
		return mint_new(&worker->mints[i], NULL, issued, 0, fault);
	if (credential->source != SOURCE_ISSUED)
		return ERR_OK;
	err = mint_new(&worker->mints[i], request->ca, issued, credential->days, fault);
	if (err == ERR_OK && request->verify_all)
		mint_verify_all(worker->mints[i]);
	return err;
}

static enum err setup(struct worker *worker, const struct manifest_fields *manifest,
    const struct batch_request *request, struct fault *fault)
{
	int64_t issued;
	enum err err = ERR_OK;

	if (!utc_parse(bytes_of(manifest->issued), &issued))
		return fault_set(fault, ERR_NO, "batch-request", NULL, "the time of issue is none");
	manifest_place(&worker->place, manifest, 0, 0);
	for (size_t i = 0; i < worker->profile->count && err == ERR_OK; i++)
		err = setup_credential(worker, i, request, issued, fault);
	if (err == ERR_OK)
		err = roster_reader_new(&worker->reader, plan_roster(worker->plan), fault);
	if (err == ERR_OK)
		err = secret_new(&worker->keys, sizeof(struct device_keys), fault);
	if (err == ERR_OK)
		err = secret_new(&worker->plain, worker->place.stride - RECORD_OVERHEAD, fault);
	if (err == ERR_OK)
		err = secret_new(&worker->content, credential_limit(0), fault);
	if (err == ERR_OK && profile_has(worker->profile, SOURCE_PATH))
		err = secret_new(&worker->file, PATH_FILE_MAX, fault);
	return err;
}

enum err worker_new(struct worker **out, const struct plan *plan, const struct manifest_fields *manifest,
    const struct batch_request *request, const struct batch_given *given, struct fault *fault)
{
	struct worker *worker = calloc(1, sizeof *worker);
	enum err err;

	*out = NULL;
	if (worker == NULL)
		return fault_memory(fault);
	worker->plan = plan;
	worker->profile = plan_profile(plan);
	err = setup(worker, manifest, request, fault);
	if (err == ERR_OK && given != NULL)
		err = given_record_begin(&worker->given, given, worker->place.stride, fault);
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
	secret_free(&(*worker)->file);
	given_record_free(&(*worker)->given);
	buffer_free(&(*worker)->cn);
	buffer_free(&(*worker)->text);
	buffer_free(&(*worker)->certificates);
	secret_wipe(*worker, sizeof **worker); /* the digest of a weak pre-shared key is as good as the key */
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

/* A device's own certificate or key, read from its file once more. */
static enum err put_path(struct worker *worker, size_t i, struct fault *fault)
{
	struct contents_step step = {.op = CONTENTS_WRITE, .slot = worker->slots[i].slot};
	enum err err = plan_path(worker->content, &step.password, worker->plan, i, &worker->row, worker->file,
	    fault);

	if (err != ERR_OK)
		return err;
	step.content = secret_bytes(worker->content);
	credential_digest(worker->slots[i].digest, step.content, false);
	return contents_put(worker->plain, &step) ? ERR_OK : refuse_size(fault);
}

static enum err put_bare(struct worker *worker, size_t i, enum contents_op op, struct fault *fault)
{
	struct contents_step step = {.op = op, .slot = worker->slots[i].slot};

	return contents_put(worker->plain, &step) ? ERR_OK : refuse_size(fault);
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

	for (size_t j = 0; j < worker->own_count; j++) {
		size_t other = worker->own[j];

		if (slot_compare(worker->slots[other].slot, slot) == 0 && worker->mints[other] != NULL)
			return worker->points[other];
	}
	return NULL;
}

/* By the CA, or with the signature it gave before. */
static enum err issue(struct worker *worker, size_t i, const uint8_t point[static P256_POINT_SIZE],
    const uint8_t serial[static X509_SERIAL_SIZE], struct fault *fault)
{
	bool crlf = worker->profile->credentials[i].line_ending == LINE_ENDING_CRLF;
	const char *cn = (const char *)worker->cn.data;

	buffer_clear(&worker->text);
	if (worker->given.batch == NULL)
		return mint_certificate(&worker->text, worker->mints[i], point, cn, serial, crlf, fault);
	return mint_certificate_again(&worker->text, worker->mints[i], point, cn, serial, crlf,
	    given_content(&worker->given, worker->slots[i].slot), fault);
}

/* For the ledger, which must find the device of a certificate that is to be revoked. */
static void note_certificate(struct worker *worker, uint8_t serial[static X509_SERIAL_SIZE])
{
	uint8_t index[4];

	mint_serial(serial);
	put_u32(index, (uint32_t)worker->place.index); /* below ROSTER_ROWS_MAX */
	buffer_put(&worker->certificates, bytes_from(serial, X509_SERIAL_SIZE));
	buffer_put(&worker->certificates, bytes_from(index, sizeof index));
}

struct bytes worker_certificates(const struct worker *worker)
{
	return buffer_bytes(&worker->certificates);
}

static enum err put_certificate(struct worker *worker, size_t i, struct fault *fault)
{
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
	note_certificate(worker, keys->credential);
	err = buffer_check(&worker->certificates, fault);
	if (err == ERR_OK)
		err = issue(worker, i, point, keys->credential, fault);
	if (err == ERR_OK)
		err = plan_chain(&worker->text, worker->plan, i, fault);
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
	case SOURCE_PATH:
		return put_path(worker, i, fault);
	case SOURCE_DELETE:
		return put_bare(worker, i, CONTENTS_DELETE, fault);
	case SOURCE_EXPECT:
		return put_bare(worker, i, CONTENTS_EXPECT, fault);
	case SOURCE_GENERATED:
	case SOURCES:
		break;
	}
	return ERR_OK;
}

/* Keys first: the certificates are for them. */
static enum err put_all(struct worker *worker, struct fault *fault)
{
	const struct profile_credential *credentials = worker->profile->credentials;
	enum err err = contents_begin(worker->plain, worker->row.imei) ? ERR_OK : refuse_size(fault);

	for (size_t i = 0; i < worker->own_count && err == ERR_OK; i++)
		if (credentials[worker->own[i]].source == SOURCE_GENERATED)
			err = put_key(worker, worker->own[i], fault);
	for (size_t i = 0; i < worker->own_count && err == ERR_OK; i++)
		err = put(worker, worker->own[i], fault);
	if (err == ERR_OK && !contents_pad(worker->plain, secret_capacity(worker->plain)))
		err = refuse_size(fault);
	return err;
}

/* Lots may get different credentials for the same slots. */
static void take_lot(struct worker *worker, size_t lot)
{
	worker->own_count = plan_slots(worker->plan);
	for (size_t slot = 0; slot < worker->own_count; slot++)
		worker->own[slot] = plan_credential(worker->plan, lot, slot);
}

/* The commitment to what the device lists when it has all of this. */
static void commit_state(uint8_t out[static HASH_SIZE], struct worker *worker)
{
	struct state_slot slots[SLOTS_MAX];

	for (size_t i = 0; i < worker->own_count; i++)
		slots[i] = worker->slots[worker->own[i]];
	state_commit(out, keys_of(worker)->record.blind, worker->row.imei, slots, worker->own_count);
	secret_wipe(slots, worker->own_count * sizeof *slots);
}

/* The keys of the record in hand. */
static void take_keys(struct worker *worker, const struct lot *lot, size_t k, const struct batch_keys *keys)
{
	struct device_keys *own = keys_of(worker);

	worker->place.lot = lot->number;
	worker->place.index = lot->first + k;
	keys_device(own->device, keys->credentials, worker->row.imei);
	keys_root(own->root, lot->keys->lot, worker->place.index);
	keys_record(&own->record, own->root);
}

static void seal(struct worker *worker, uint8_t *out, const uint8_t tag[static RECORD_TAG_SIZE])
{
	struct device_keys *own = keys_of(worker);
	uint8_t state[HASH_SIZE];

	commit_state(state, worker);
	record_seal(out, &worker->place, &own->record, tag, state, secret_bytes(worker->plain));
}

/* The device once more, as it should have been made. *part is what is not so; NULL: the fault says it. Only
 * certificates need anything of the record. */
static enum err seal_again(const char **part, struct worker *worker, uint8_t *out, const uint8_t *given,
    const uint8_t tag[static RECORD_TAG_SIZE], struct fault *fault)
{
	enum err err = ERR_OK;

	if (profile_issues(worker->profile))
		err = given_open(&worker->given, part, given, &worker->place, &keys_of(worker)->record, tag,
		    plan_commons(worker->plan), fault);
	if (err != ERR_OK)
		return err;
	err = put_all(worker, fault);
	if (err != ERR_OK) {
		*part = strncmp(fault->code, "mint-", 5) == 0 ?
		    "a certificate, or the CA's signature on it," : NULL;
		return err;
	}
	seal(worker, out, tag);
	*part = given_part(out, given, worker->place.stride);
	return *part == NULL ? ERR_OK : ERR_NO;
}

enum err seal_device(struct worker *worker, uint8_t *out, uint8_t leaf[static HASH_SIZE],
    const struct lot *lot, size_t k, const uint8_t *given, const struct batch_keys *keys, struct fault *fault)
{
	size_t number = lot->order.items[k].row;
	const uint8_t *tag = lot->tags[number];
	const char *part = NULL;
	enum err err = roster_row(&worker->row, worker->reader,
	    plan_device(worker->plan, lot->number, number), fault);

	if (err != ERR_OK)
		return err;
	take_lot(worker, lot->number);
	take_keys(worker, lot, k, keys);
	if (given != NULL) {
		err = seal_again(&part, worker, out, given, tag, fault);
		if (err == ERR_NO && part != NULL)
			return given_refuse(worker->given.batch, worker->plan, lot, worker->place.index,
			    worker->row.line, part, fault);
	} else {
		err = put_all(worker, fault);
		if (err == ERR_OK)
			seal(worker, out, tag);
	}
	if (err == ERR_OK)
		hash_leaf(leaf, bytes_from(out, worker->place.stride));
	return err;
}
