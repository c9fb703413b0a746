/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medium_private.h"

/* A new file under a path; NULL if memory is short. The longest path is that of a signature of an extract. */
static struct medium_file *add(struct medium *medium, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static struct medium_file *add(struct medium *medium, const char *format, ...)
{
	struct medium_file *grown = reallocarray(medium->files, medium->file_count + 1, sizeof *grown);
	struct medium_file *file;
	va_list arguments;

	if (grown == NULL)
		return NULL;
	medium->files = grown;
	file = &grown[medium->file_count++];
	*file = (struct medium_file){0};
	va_start(arguments, format);
	vsnprintf(file->path, sizeof file->path, format, arguments);
	va_end(arguments);
	return file;
}

static enum err set_text(struct medium_file *file, struct bytes text, struct fault *fault)
{
	if (file == NULL)
		return fault_memory(fault);
	file->text = text;
	file->size = text.size;
	hash_bytes(file->hash, text);
	return ERR_OK;
}

static enum err add_document(struct medium *medium, const char *path, const struct document *document,
    struct fault *fault)
{
	struct medium_file *file;
	enum err err = ERR_OK;

	for (size_t i = 0; i < document->count && err == ERR_OK; i++)
		err = set_text(add(medium, "%s.%s.minisig", path, document->signatures[i].key_id),
		    buffer_bytes(&document->signatures[i].text), fault);
	if (err != ERR_OK)
		return err;
	file = add(medium, "%s", path);
	err = set_text(file, buffer_bytes(&document->text), fault);
	if (err == ERR_OK)
		file->document = true;
	return err;
}

static enum err add_trusts(struct medium *medium, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < medium->trust_count && err == ERR_OK; i++) {
		char path[MEDIUM_PATH_SIZE];

		snprintf(path, sizeof path, MEDIUM_TRUST "/trust-%06" PRIu64 ".json",
		    medium->trusts[i].version);
		err = add_document(medium, path, &medium->trusts[i].document, fault);
	}
	return err;
}

/* A file that is copied from the folder of its batch. */
static enum err add_copy(struct medium *medium, const struct medium_batch *batch, const char *folder,
    const char *name, uint64_t size, const uint8_t hash[static HASH_SIZE], struct fault *fault)
{
	struct medium_file *file = add(medium, MEDIUM_BATCHES "/%s/%s", folder, name);

	if (file == NULL)
		return fault_memory(fault);
	file->batch = batch;
	file->size = size;
	memcpy(file->hash, hash, HASH_SIZE);
	return ERR_OK;
}

static enum err add_records(struct medium *medium, const struct medium_batch *batch, const char *folder,
    struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(batch->manifest);
	const struct manifest_file *files = fields->files.items;
	enum err err = ERR_OK;

	for (unsigned i = 0; i < fields->files.count && err == ERR_OK; i++) {
		char name[RECORDS_NAME_SIZE];

		records_name(name, i);
		err = add_copy(medium, batch, folder, name, files[i].bytes, files[i].sha256, fault);
	}
	return err;
}

static enum err add_extract(struct medium *medium, const struct medium_batch *batch, const char *folder,
    struct fault *fault)
{
	const struct extract *extract = batch->extract;
	enum err err = add_copy(medium, batch, folder, PROOF_NAME, extract->proof_size, extract->proof_sha256,
	    fault);

	return err == ERR_OK ? add_copy(medium, batch, folder, EXTRACT_RECORD_NAME,
	    manifest_get(batch->manifest)->stride, extract->record_sha256, fault) : err;
}

static enum err add_batch(struct medium *medium, const struct medium_batch *batch, struct fault *fault)
{
	char folder[EXTRACT_FOLDER_SIZE], path[MEDIUM_PATH_SIZE];
	enum err err;

	if (batch->held)
		return ERR_OK;
	medium_batch_name(folder, batch);
	snprintf(path, sizeof path, MEDIUM_BATCHES "/%s/" MANIFEST_NAME, folder);
	err = add_document(medium, path, &batch->document, fault);
	if (err == ERR_OK)
		err = set_text(add(medium, MEDIUM_BATCHES "/%s/" SUMS_NAME, folder),
		    buffer_bytes(&batch->sums), fault);
	if (err != ERR_OK)
		return err;
	return batch->extract != NULL ? add_extract(medium, batch, folder, fault)
	    : add_records(medium, batch, folder, fault);
}

static enum err add_grant(struct medium *medium, const struct medium_grant *grant, struct fault *fault)
{
	uint64_t serial = grant_get(grant->grant)->serial;
	char path[MEDIUM_PATH_SIZE];
	enum err err;

	snprintf(path, sizeof path, MEDIUM_GRANTS "/%" PRIu64 "/" GRANT_NAME, serial);
	err = add_document(medium, path, &grant->document, fault);
	if (err == ERR_OK)
		err = set_text(add(medium, MEDIUM_GRANTS "/%" PRIu64 "/" GRANT_KEYS_NAME, serial),
		    buffer_bytes(&grant->keys), fault);
	return err;
}

static int compare_paths(const void *a, const void *b)
{
	const struct medium_file *left = a, *right = b;

	return strcmp(left->path, right->path);
}

enum err medium_list_files(struct medium *medium, struct fault *fault)
{
	enum err err = add_trusts(medium, fault);

	for (size_t i = 0; i < medium->batch_count && err == ERR_OK; i++)
		err = add_batch(medium, &medium->batches[i], fault);
	for (size_t i = 0; i < medium->grant_count && err == ERR_OK; i++)
		err = add_grant(medium, &medium->grants[i], fault);
	if (err != ERR_OK)
		return err;
	qsort(medium->files, medium->file_count, sizeof *medium->files, compare_paths);
	return ERR_OK;
}

void medium_sums(struct buffer *out, const struct medium *medium)
{
	for (size_t i = 0; i < medium->file_count; i++) {
		buffer_hex(out, bytes_from(medium->files[i].hash, HASH_SIZE));
		buffer_format(out, "  %s\n", medium->files[i].path);
	}
}
