/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "medium_private.h"

/* A new file under a path; NULL if memory is short. The longest path is that of a signature of a batch. */
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

static enum err add_records(struct medium *medium, const struct medium_batch *batch, struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(batch->manifest);
	const struct manifest_file *files = fields->files.items;

	for (unsigned i = 0; i < fields->files.count; i++) {
		char name[RECORDS_NAME_SIZE];
		struct medium_file *file;

		records_name(name, i);
		file = add(medium, MEDIUM_BATCHES "/%s/%s", fields->batch, name);
		if (file == NULL)
			return fault_memory(fault);
		file->batch = batch;
		file->size = files[i].bytes;
		memcpy(file->hash, files[i].sha256, HASH_SIZE);
	}
	return ERR_OK;
}

static enum err add_batch(struct medium *medium, const struct medium_batch *batch, struct fault *fault)
{
	const char *id = manifest_get(batch->manifest)->batch;
	char path[MEDIUM_PATH_SIZE];
	enum err err;

	if (batch->held)
		return ERR_OK;
	snprintf(path, sizeof path, MEDIUM_BATCHES "/%s/" MANIFEST_NAME, id);
	err = add_document(medium, path, &batch->document, fault);
	if (err == ERR_OK)
		err = set_text(add(medium, MEDIUM_BATCHES "/%s/" SUMS_NAME, id), buffer_bytes(&batch->sums),
		    fault);
	if (err == ERR_OK)
		err = add_records(medium, batch, fault);
	return err;
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
