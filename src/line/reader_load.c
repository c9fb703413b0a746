/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/age.h"
#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "gapseal/json.h"
#include "gapseal/list.h"
#include "reader_private.h"

#define SERIAL_SIZE 24

static void close_files(struct reader_batch *batch)
{
	for (size_t i = 0; batch->files != NULL && i < batch->fields.files.count; i++) {
		if (batch->files[i] >= 0)
			close(batch->files[i]);
	}
	if (batch->tree >= 0)
		close(batch->tree);
	free(batch->files);
	batch->files = NULL;
	batch->tree = -1;
}

void reader_batch_free(struct reader_batch *batch)
{
	if (batch == NULL)
		return;
	close_files(batch);
	free(batch->extracts.items);
	json_free(&batch->fields, &manifest_shape);
	document_free(&batch->document);
	free(batch);
}

/* Kept open for as long as the station runs, and of the size the manifest says. */
static enum err open_sized(int *out, int folder, const char *id, const char *name, uint64_t size,
    struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	off_t actual;
	enum err err;

	snprintf(place, sizeof place, HOME_BATCHES "/%s/%s", id, name);
	err = file_open(out, &actual, folder, name, fault);
	if (err != ERR_OK)
		return fault_set(fault, ERR_CANNOT, "reader", place, "%s: ingest the batch again",
		    fault->text);
	if ((uint64_t)actual != size)
		return fault_set(fault, ERR_CANNOT, "reader", place,
		    "the file has not the size its manifest says: ingest the batch again");
	return ERR_OK;
}

static enum err open_files(struct reader_batch *batch, int folder, struct fault *fault)
{
	const struct manifest_file *files = batch->fields.files.items;
	size_t count = batch->fields.files.count;
	char name[RECORDS_NAME_SIZE];
	enum err err = ERR_OK;

	batch->files = malloc(count * sizeof *batch->files);
	if (batch->files == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < count; i++)
		batch->files[i] = -1;
	for (unsigned i = 0; i < count && err == ERR_OK; i++) {
		records_name(name, i);
		err = open_sized(&batch->files[i], folder, batch->id, name, files[i].bytes, fault);
	}
	if (err == ERR_OK)
		err = open_sized(&batch->tree, folder, batch->id, HOME_TREE,
		    tree_file_bytes(batch->fields.count), fault);
	return err;
}

static enum err load_batch(struct reader_batch *batch, int folder, const char *name, struct fault *fault)
{
	enum err err;

	err = document_load(&batch->document, folder, MANIFEST_NAME, fault);
	if (err != ERR_OK)
		return err;
	snprintf(batch->document.where, sizeof batch->document.where, HOME_BATCHES "/%s/" MANIFEST_NAME,
	    name);
	return manifest_parse(&batch->fields, buffer_bytes(&batch->document.text), batch->document.where,
	    fault);
}

enum err reader_batch_load(struct reader_batch **out, int batches, const char *id, const char *name,
    struct fault *fault)
{
	struct reader_batch *batch = calloc(1, sizeof *batch);
	enum err err;
	int folder;

	if (batch == NULL)
		return fault_memory(fault);
	batch->tree = -1;
	text_copy(batch->id, sizeof batch->id, bytes_of(id)); /* a name: it fits */
	err = folder_open(&folder, batches, name, fault);
	if (err == ERR_OK) {
		err = load_batch(batch, folder, name, fault);
		close(folder);
	}
	if (err == ERR_OK)
		*out = batch;
	else
		reader_batch_free(batch);
	return err;
}

enum err reader_batch_complete(struct reader_batch *batch, int batches, struct fault *fault)
{
	enum err err;
	int folder;

	err = folder_open(&folder, batches, batch->id, fault);
	if (err != ERR_OK)
		return err;
	close_files(batch); /* of an earlier attempt */
	err = open_files(batch, folder, fault);
	close(folder);
	batch->whole = err == ERR_OK;
	return err;
}

static enum err load_again(struct document *document, bool *changed, int parent,
    const char *folder_name, const char *name, struct fault *fault)
{
	struct document now;
	enum err err;
	int folder;

	if (!file_exists(parent, folder_name))
		return ERR_OK;
	err = folder_open(&folder, parent, folder_name, fault);
	if (err != ERR_OK)
		return err;
	err = document_load(&now, folder, name, fault);
	close(folder);
	if (err != ERR_OK)
		return err;
	if (memcmp(now.hash, document->hash, HASH_SIZE) == 0) {
		struct document before = *document;

		*changed = *changed || now.count != before.count;
		memcpy(now.where, before.where, sizeof now.where);
		*document = now;
		now = before;
	}
	document_free(&now);
	return ERR_OK;
}

enum err reader_batch_again(struct reader_batch *batch, bool *changed, int batches, struct fault *fault)
{
	char name[EXTRACT_FOLDER_SIZE];

	snprintf(name, sizeof name, "%s", batch->id);
	if (!batch->whole &&
	    batch->extracts.count > 0) /* its extracts have the same signatures: ingest sees to that */
		extract_folder_name(name, batch->id, list_integer(&batch->extracts, 0));
	return load_again(&batch->document, changed, batches, name, MANIFEST_NAME, fault);
}

enum err reader_grant_again(struct reader_grant *grant, bool *changed, int grants, struct fault *fault)
{
	char name[SERIAL_SIZE];

	snprintf(name, sizeof name, "%" PRIu64, grant->serial);
	return load_again(&grant->document, changed, grants, name, GRANT_NAME, fault);
}

void reader_grant_free(struct reader_grant *grant)
{
	if (grant == NULL)
		return;
	buffer_free(&grant->keys);
	document_free(&grant->document);
	free(grant);
}

enum err reader_grant_load(struct reader_grant **out, int grants, const char *name, uint64_t serial,
    struct fault *fault)
{
	struct reader_grant *grant = calloc(1, sizeof *grant);
	enum err err;
	int folder;

	if (grant == NULL)
		return fault_memory(fault);
	grant->serial = serial;
	err = folder_open(&folder, grants, name, fault);
	if (err == ERR_OK) {
		err = document_load(&grant->document, folder, GRANT_NAME, fault);
		/* gone once one of its lots was closed: lot_keys.h */
		if (err == ERR_OK && file_exists(folder, GRANT_KEYS_NAME))
			err = file_read(&grant->keys, folder, GRANT_KEYS_NAME, AGE_FILE_MAX, fault);
		close(folder);
	}
	snprintf(grant->document.where, sizeof grant->document.where, HOME_GRANTS "/%s/" GRANT_NAME, name);
	if (err == ERR_OK)
		*out = grant;
	else
		reader_grant_free(grant);
	return err;
}
