/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "medium_private.h"

#define SUMS_MAX ((size_t)128 << 10) /* RECORDS_FILES_MAX lines and one */

void medium_batch_free(struct medium_batch *batch)
{
	manifest_free(&batch->manifest);
	document_free(&batch->document);
	buffer_free(&batch->sums);
	free(batch->extract);
	if (batch->folder >= 0)
		close(batch->folder);
	batch->folder = -1;
}

/* Names that Windows keeps for devices whatever follows a dot, and a dot at the end, which FAT drops. */
static bool can_name_folder(const char *id)
{
	static const char *const devices[] = {"aux", "con", "nul", "prn"};
	size_t stem = strcspn(id, "."), length = strlen(id);

	if (id[length - 1] == '.')
		return false;
	if (stem == 4 && (strncmp(id, "com", 3) == 0 || strncmp(id, "lpt", 3) == 0) && id[3] >= '0' &&
	    id[3] <= '9')
		return false;
	for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
		if (stem == 3 && strncmp(id, devices[i], 3) == 0)
			return false;
	}
	return true;
}

void medium_batch_name(char out[static EXTRACT_FOLDER_SIZE], const struct medium_batch *batch)
{
	const char *id = manifest_get(batch->manifest)->batch;

	if (batch->extract != NULL)
		extract_folder_name(out, id, batch->extract->index);
	else
		snprintf(out, EXTRACT_FOLDER_SIZE, "%s", id);
}

/* The same batch, or the same record of it; or another that bears its name, of which a station takes one. */
static bool is_twice(const struct medium_batch *batch, const struct medium_batch *other)
{
	if (strcmp(manifest_get(other->manifest)->batch, manifest_get(batch->manifest)->batch) != 0)
		return false;
	if (memcmp(manifest_hash(other->manifest), manifest_hash(batch->manifest), HASH_SIZE) != 0)
		return true;
	if (other->extract == NULL || batch->extract == NULL)
		return other->extract == batch->extract;
	return other->extract->index == batch->extract->index;
}

static enum err check_name(const struct medium *medium, const struct medium_batch *batch, struct fault *fault)
{
	char name[EXTRACT_FOLDER_SIZE];

	medium_batch_name(name, batch);
	for (const struct medium_batch *other = medium->batches; other != batch; other++) {
		if (is_twice(batch, other))
			return fault_set(fault, ERR_NO, "pack-twice", batch->path,
			    "batch %s was given already as %s", name, other->path);
	}
	if (!batch->held && !can_name_folder(name))
		return fault_set(fault, ERR_NO, "pack-name", batch->path,
		    "batch %s cannot name a folder on every medium: Windows does not take this name", name);
	return ERR_OK;
}

static enum err load(struct medium_batch *batch, struct fault *fault)
{
	enum err err = folder_open(&batch->folder, AT_FDCWD, batch->path, fault);

	if (err == ERR_OK)
		err = medium_in_folder(document_load(&batch->document, batch->folder, MANIFEST_NAME, fault),
		    batch->path, fault);
	if (err == ERR_OK)
		snprintf(batch->document.where, sizeof batch->document.where, "%s/" MANIFEST_NAME,
		    batch->path);
	return err;
}

/* One record is soon verified, and its index says what a grant must be for. */
static enum err load_extract(struct medium_batch *batch, struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(batch->manifest);
	uint32_t number;
	enum err err;

	batch->extract = calloc(1, sizeof *batch->extract);
	if (batch->extract == NULL)
		return fault_memory(fault);
	err = extract_open(batch->extract, batch->folder, fields, manifest_hash(batch->manifest), batch->path,
	    fault);
	if (err != ERR_OK)
		return err;
	batch->lot = *manifest_lot_of(fields, batch->extract->index, &number);
	batch->lot.count = 1;
	return ERR_OK;
}

static enum err read_batch(struct medium *medium, const char *path, bool held, struct fault *fault)
{
	struct medium_batch *batch = &medium->batches[medium->batch_count++];
	const struct trust *trust = chain_newest(medium->chain);
	enum err err;

	*batch = (struct medium_batch){.path = path, .folder = -1, .held = held};
	err = load(batch, fault);
	if (err == ERR_OK)
		err = medium_refuse(manifest_open(&batch->manifest, &batch->document, trust, trust, fault),
		    fault);
	if (err == ERR_OK && extract_is(batch->folder))
		err = load_extract(batch, fault);
	if (err == ERR_OK)
		err = check_name(medium, batch, fault);
	return err;
}

enum err medium_read_batches(struct medium *medium, struct fault *fault)
{
	const struct medium_request *request = medium->request;
	enum err err = ERR_OK;

	medium->batches = calloc(request->batch_count + request->held_count + 1, sizeof *medium->batches);
	if (medium->batches == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < request->batch_count && err == ERR_OK; i++)
		err = read_batch(medium, request->batches[i], false, fault);
	for (size_t i = 0; i < request->held_count && err == ERR_OK; i++)
		err = read_batch(medium, request->held[i], true, fault);
	return err;
}

static enum err verify_whole(const struct medium_batch *batch, struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(batch->manifest);
	enum err err = sums_verify(batch->folder, fields, manifest_hash(batch->manifest), batch->path, fault);

	return err == ERR_OK ? records_verify(batch->folder, fields, 1, NULL, NULL, batch->path, fault) : err;
}

/* Of a batch that the stations hold the manifest is enough: it says what a grant may be for. */
enum err medium_verify_files(struct medium *medium, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < medium->batch_count && err == ERR_OK; i++) {
		struct medium_batch *batch = &medium->batches[i];

		if (batch->held)
			continue;
		if (batch->extract == NULL)
			err = verify_whole(batch, fault);
		if (err == ERR_OK)
			err = medium_in_folder(file_read(&batch->sums, batch->folder, SUMS_NAME, SUMS_MAX,
			    fault), batch->path, fault);
	}
	return err;
}
