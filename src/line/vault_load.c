/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/json.h"
#include "gapseal/list.h"

enum err vault_load_chain(struct vault *vault, struct fault *fault)
{
	int folder;
	enum err err = chain_new(&vault->chain, fault);

	if (err == ERR_OK)
		err = folder_open(&folder, vault->home->folder, HOME_TRUST, fault);
	if (err != ERR_OK)
		return err;
	err = chain_load(vault->chain, folder, HOME_TRUST, fault);
	close(folder);
	if (err == ERR_OK && chain_count(vault->chain) == 0)
		err = fault_set(fault, ERR_NO, "trust-needed", vault->home->path,
		    "this station trusts nobody yet; run gapseal-line trust first");
	return err;
}

enum err vault_load_keys(struct vault *vault, struct fault *fault)
{
	enum err err = vault_load_chain(vault, fault);

	if (err == ERR_OK)
		err = secret_new(&vault->keys, sizeof(struct record_keys), fault);
	if (err == ERR_OK)
		err = secret_new(&vault->plain, RECORD_STRIDE_MAX, fault);
	if (err == ERR_OK)
		err = home_identity(&vault->identity, vault->home, fault);
	if (err == ERR_OK)
		err = home_signer(&vault->signer, vault->home, fault);
	return err;
}

/* Room is made by what the manifests claim, before they are verified: the log has to be read first to know
 * under which trust version each was accepted. */
enum err vault_new_progress(struct vault *vault, struct fault *fault)
{
	enum err err;

	progress_free(&vault->progress);
	err = progress_new(&vault->progress, fault);
	return err == ERR_OK ? vault_add_batches(vault, fault) : err;
}

enum err vault_add_batches(struct vault *vault, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < reader_batches(vault->reader); i++) {
		const struct document *document = reader_manifest(vault->reader, i);
		struct manifest_fields fields;

		err = manifest_parse(&fields, buffer_bytes(&document->text), document->where, fault);
		if (err == ERR_OK)
			err = progress_add_batch(vault->progress, document->hash, fields.count, fault);
		json_free(&fields, &manifest_shape);
	}
	return err;
}

/* Each line is said once, however often the documents are looked at. A key that could not be kept only means
 * it is said again. */
static bool said_before(struct vault *vault, const char *line)
{
	uint8_t hash[HASH_SIZE];
	uint64_t key, *keys;

	hash_bytes(hash, bytes_of(line));
	memcpy(&key, hash, sizeof key);
	for (size_t i = 0; i < vault->said.count; i++)
		if (list_integer(&vault->said, i) == key)
			return true;
	keys = reallocarray(vault->said.items, vault->said.count + 1, sizeof *keys);
	if (keys == NULL)
		return false;
	keys[vault->said.count] = key;
	vault->said = (struct list){keys, vault->said.count + 1};
	return false;
}

void vault_say_left_out(struct vault *vault, const char *what, const char *name, const char *why)
{
	char line[FAULT_TEXT_MAX + 128];

	if (vault->settings.say == NULL)
		return;
	snprintf(line, sizeof line, "%s %s is left out: %s", what, name, why);
	if (said_before(vault, line))
		return;
	vault->settings.say(vault->settings.context, line);
}

/* What was accepted at a logged ingest stays accepted: judged by the trust version in force then, with the
 * newest revocations. */
const struct trust *vault_in_force(const struct vault *vault, const uint8_t *manifest, uint64_t grant)
{
	uint64_t version = progress_accepted(vault->progress, manifest, grant);

	return version == 0 ? NULL : chain_version(vault->chain, version);
}

static bool chosen(const struct vault *vault, const char *batch)
{
	for (size_t i = 0; i < vault->settings.batch_count; i++)
		if (strcmp(vault->settings.batches[i], batch) == 0)
			return true;
	return vault->settings.batches == NULL;
}

/* A batch that no longer verifies keeps its number, without lots: nothing is looked up in it. */
static enum err load_batch(struct vault *vault, size_t i, struct fault *fault)
{
	const struct document *document = reader_manifest(vault->reader, i);
	const struct trust *trust = vault_in_force(vault, document->hash, 0);
	struct vault_batch *batch = &vault->batches[i];
	size_t lots;
	enum err err;

	if (trust == NULL) {
		vault_say_left_out(vault, "batch", document->where,
		    "the log has no ingest of it; ingest it again");
		return ERR_OK;
	}
	err = manifest_open(&batch->manifest, document, trust, chain_newest(vault->chain), fault);
	if (err == ERR_NO)
		vault_say_left_out(vault, "batch", document->where, fault->text);
	if (err != ERR_OK)
		return err == ERR_NO ? ERR_OK : err;
	lots = manifest_get(batch->manifest)->lots.count;
	batch->serves = chosen(vault, manifest_get(batch->manifest)->batch);
	batch->lots = calloc(lots, sizeof *batch->lots);
	if (batch->lots == NULL)
		return fault_memory(fault);
	return secret_new(&batch->keys, lots * KEY_SIZE, fault);
}

enum err vault_load_batches(struct vault *vault, struct fault *fault)
{
	enum err err = ERR_OK;

	vault->batch_count = reader_batches(vault->reader);
	vault->batches = calloc(vault->batch_count + 1, sizeof *vault->batches);
	if (vault->batches == NULL)
		return fault_memory(fault);
	for (size_t i = 0; err == ERR_OK && i < vault->batch_count; i++)
		err = load_batch(vault, i, fault);
	return err == ERR_OK ? vault_load_grants(vault, fault) : err;
}

void vault_batches_free(struct vault_batch *batches, size_t count)
{
	for (size_t i = 0; batches != NULL && i < count; i++) {
		free(batches[i].lots);
		free(batches[i].records);
		secret_free(&batches[i].roots);
		free(batches[i].again.items);
		secret_free(&batches[i].keys);
		manifest_free(&batches[i].manifest);
	}
	free(batches);
}

const struct manifest_fields *vault_manifest(const struct vault *vault, size_t batch)
{
	return manifest_get(vault->batches[batch].manifest);
}

const uint8_t *vault_lot_key(const struct vault *vault, size_t batch, uint32_t lot)
{
	return secret_data(vault->batches[batch].keys) + (size_t)lot * KEY_SIZE;
}

const struct record_keys *vault_record_keys(struct vault *vault, const uint8_t root[static KEY_SIZE])
{
	struct record_keys *keys = (struct record_keys *)(void *)secret_data(vault->keys);

	keys_record(keys, root);
	return keys;
}
