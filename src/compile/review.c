/* SPDX-License-Identifier: ISC */
#include "gapseal/review.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/json.h"
#include "gapseal/pem.h"
#include "gapseal/seed.h"
#include "inputs.h"
#include "review_text.h"

/* Whether the hash depends on the seed: secrets and files of the CSV go into it keyed. */
static bool is_keyed(const struct profile *profile)
{
	for (size_t i = 0; i < profile->count; i++)
		if (profile->credentials[i].source == SOURCE_COLUMN &&
		    profile->credentials[i].slot.type == CREDENTIAL_PSK)
			return true;
	return profile_has(profile, SOURCE_PATH);
}

static enum err fill_credentials(struct review *out, const struct plan *plan, struct fault *fault)
{
	const struct profile *profile = plan_profile(plan);
	struct review_credential *items = calloc(profile->count + 1, sizeof *items);

	if (items == NULL)
		return fault_memory(fault);
	out->credentials = (struct list){items, profile->count};
	for (size_t i = 0; i < profile->count; i++) {
		const struct profile_credential *from = &profile->credentials[i];

		items[i].tag = from->slot.tag;
		items[i].slot_type = from->slot.type;
		items[i].bytes = from->source == SOURCE_DERIVED ? from->bytes : 0;
		items[i].days = from->days;
		items[i].source = from->source;
		items[i].chain = from->chain;
		items[i].line_ending = from->line_ending;
		items[i].lots = from->lots;
		memcpy(items[i].name, from->name, NAME_SIZE);
		memcpy(items[i].column, from->column, NAME_SIZE);
		memcpy(items[i].password, from->password, NAME_SIZE);
		memcpy(items[i].text, from->text, sizeof items[i].text);
		text_copy(items[i].type, NAME_SIZE, bytes_of(credential_type_name(from->slot.type)));
		if (plan_common_of(plan, i) >= 0) {
			items[i].digest.present = true;
			memcpy(items[i].digest.hash, plan_common(plan,
			    (size_t)plan_common_of(plan, i))->digest,
			    HASH_SIZE);
		}
	}
	return ERR_OK;
}

static enum err fill_lots(struct review *out, const struct plan *plan, struct fault *fault)
{
	struct review_lot *items = calloc(plan_lots(plan) + 1, sizeof *items);

	if (items == NULL)
		return fault_memory(fault);
	out->lots = (struct list){items, plan_lots(plan)};
	for (size_t i = 0; i < out->lots.count; i++) {
		memcpy(items[i].name, plan_lot(plan, i)->name, NAME_SIZE);
		items[i].count = plan_lot(plan, i)->count;
	}
	return ERR_OK;
}

static enum err fill_devices(struct review *out, const struct roster *roster, struct fault *fault)
{
	struct roster_reader *reader;
	struct roster_row row;
	enum err err = roster_reader_new(&reader, roster, fault);

	out->devices = roster_count(roster);
	if (err == ERR_OK)
		err = roster_row(&row, reader, 0, fault);
	if (err == ERR_OK) {
		memcpy(out->first, row.imei, IMEI_SIZE);
		err = roster_row(&row, reader, (size_t)out->devices - 1, fault);
	}
	if (err == ERR_OK)
		memcpy(out->last, row.imei, IMEI_SIZE);
	roster_reader_free(&reader);
	return err;
}

/* The fingerprint every tool shows: SHA-256 of the certificate's DER. */
static enum err fill_ca(struct review *out, const struct buffer *pem, const char *where, struct fault *fault)
{
	struct cursor cursor = cursor_of(buffer_bytes(pem));
	struct buffer der = BUFFER_EMPTY;
	enum err err = ERR_OK;

	if (pem->size == 0)
		return ERR_OK;
	if (pem_take(&der, &cursor, "CERTIFICATE") == PEM_BLOCK)
		hash_bytes(out->ca_sha256.hash, buffer_bytes(&der));
	else
		err = fault_set(fault, ERR_NO, "pem-none", where, "the file holds no certificate");
	out->ca_sha256.present = err == ERR_OK;
	buffer_free(&der);
	return err;
}

/* A plan without PSKs of the CSV has the same hash whatever the seed. */
static enum err fill_hash(struct review *out, const struct plan *plan, struct secret *seed,
    struct fault *fault)
{
	struct secret *none = NULL;
	enum err err = ERR_OK;

	out->keyed = is_keyed(plan_profile(plan));
	if (seed == NULL && out->keyed)
		return ERR_OK;
	if (seed == NULL) {
		err = secret_new(&none, SEED_SIZE, fault);
		if (err == ERR_OK)
			secret_resize(none, SEED_SIZE);
	}
	if (err == ERR_OK)
		err = plan_hash(out->plan_sha256.hash, plan, seed != NULL ? seed : none, 1, fault);
	out->plan_sha256.present = err == ERR_OK;
	if (err == ERR_OK)
		words_print(out->words, out->plan_sha256.hash);
	secret_free(&none);
	return err;
}

static enum err fill(struct review *out, const struct inputs *inputs, const struct review_request *request,
    struct fault *fault)
{
	enum err err = fill_credentials(out, inputs->plan, fault);

	text_copy(out->org, NAME_SIZE, bytes_of(request->org));
	text_copy(out->batch, NAME_SIZE, bytes_of(request->id));
	memcpy(out->title, inputs->profile.title, TITLE_SIZE);
	out->stride = record_stride(plan_contents_max(inputs->plan));
	out->policy = inputs->profile.policy; /* its lists stay the profile's */
	if (err == ERR_OK)
		err = fill_lots(out, inputs->plan, fault);
	if (err == ERR_OK)
		err = fill_devices(out, inputs->roster, fault);
	if (err == ERR_OK)
		err = fill_ca(out, &inputs->ca_pem, request->ca, fault);
	if (err == ERR_OK)
		err = fill_hash(out, inputs->plan, request->seed, fault);
	return err;
}

enum err review_make(struct buffer *out, uint8_t hash[static 32], bool *hashed, struct findings *findings,
    const struct review_request *request, struct fault *fault)
{
	const struct inputs_request wanted = {
		.org = request->org,
		.batch = request->id,
		.profile = request->profile,
		.csv = request->csv,
		.lot_size = request->lot_size,
		.use = CA_LOOK,
		.ca = request->ca,
	};
	struct review review = {0};
	struct inputs inputs;
	enum err err = inputs_read(&inputs, findings, &wanted, fault);

	if (err == ERR_OK)
		err = fill(&review, &inputs, request, fault);
	if (err == ERR_OK) {
		memcpy(hash, review.plan_sha256.hash, HASH_SIZE);
		*hashed = review.plan_sha256.present;
		(request->json ? review_json : review_text)(out, &review);
		err = buffer_check(out, fault);
	}
	free(review.credentials.items);
	free(review.lots.items);
	inputs_free(&inputs);
	return err;
}
