/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "batch_private.h"

/* Bytes that are sent on to the medium at a time, while more are sealed: a sync that finds them all still to
 * be written makes everybody wait. */
#define START_BYTES (2 << 20)
/* How far behind them the system is told to forget what it holds and to fetch it from the medium again, so
 * that reading back does not wait for the medium either. By then it is written, if the medium keeps up. */
#define AGAIN_BEHIND (16 << 20)

enum err records_begin(struct records *out, int folder, const char *where, size_t stride, uint64_t file_max,
    struct fault *fault)
{
	*out = (struct records){.folder = folder, .where = where, .file = -1, .stride = stride, .files = BUFFER_EMPTY};
	out->file_room = file_max / stride;
	if (out->file_room == 0)
		return fault_set(fault, ERR_NO, "batch-request", NULL,
		    "a records file is to be smaller than a record");
	return ERR_OK;
}

static struct manifest_file *last_file(struct records *records)
{
	return (struct manifest_file *)(void *)(records->files.data + records->files.size) - 1;
}

static unsigned file_count(const struct records *records)
{
	return (unsigned)(records->files.size / sizeof(struct manifest_file));
}

static enum err open_file(struct records *records, struct fault *fault)
{
	struct manifest_file none = {0};
	char name[RECORDS_NAME_SIZE];

	if (file_count(records) == RECORDS_FILES_MAX)
		return fault_set(fault, ERR_CANNOT, "batch-files", NULL,
		    "the batch would have more than %d records files",
		    RECORDS_FILES_MAX);
	records_name(name, file_count(records));
	buffer_put(&records->files, bytes_from(&none, sizeof none));
	if (records->files.failed)
		return fault_memory(fault);
	hash_begin(&records->hash);
	records->open = true;
	records->started = records->again = 0;
	if (records->folder < 0)
		return ERR_OK;
	snprintf(records->place, sizeof records->place, "%s/%s", records->where, name);
	records->file = openat(records->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0644);
	if (records->file < 0)
		return fault_errno(fault, "file-write", records->place, "cannot create");
	return ERR_OK;
}

/* What is sealed up to there is to be read from the medium again. Only what is written can be forgotten. All
 * this is advice: the sync at the end tells of errors. */
static void fetch_again(struct records *records, int file, uint64_t end)
{
	off_t from = (off_t)records->again, size = (off_t)(end - records->again);

	(void)sync_file_range(file, from, size,
	    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	(void)posix_fadvise(file, from, size, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(file, from, size, POSIX_FADV_WILLNEED);
	records->again = end;
}

static enum err close_file(struct records *records, struct fault *fault)
{
	int file = records->file;

	records->file = -1;
	records->open = false;
	if (records->folder < 0) {
		hash_end(&records->hash, last_file(records)->sha256);
		return ERR_OK;
	}
	if (fsync(file) != 0) {
		fault_errno(fault, "file-write", records->place, "cannot sync");
		close(file);
		return ERR_CANNOT;
	}
	fetch_again(records, file, last_file(records)->bytes);
	if (close(file) != 0)
		return fault_errno(fault, "file-write", records->place, "cannot close");
	return ERR_OK;
}

static void start_writing(struct records *records)
{
	uint64_t size = last_file(records)->bytes;

	if (size - records->started < START_BYTES)
		return;
	(void)sync_file_range(records->file, (off_t)records->started, (off_t)(size - records->started),
	    SYNC_FILE_RANGE_WRITE);
	records->started = size;
	if (size - records->again >= 2 * AGAIN_BEHIND)
		fetch_again(records, records->file, size - AGAIN_BEHIND);
}

/* Appends records to the file in hand, which takes that many. */
static enum err append(struct records *records, const uint8_t *data, size_t count, struct fault *fault)
{
	struct bytes bytes = bytes_from(data, count * records->stride);
	enum err err = ERR_OK;

	if (records->folder < 0)
		hash_add(&records->hash, bytes);
	else
		err = file_append(records->file, bytes, records->place, fault);
	last_file(records)->bytes += bytes.size;
	if (err == ERR_OK && records->folder >= 0)
		start_writing(records);
	return err;
}

static enum err write_records(struct records *records, const uint8_t *data, size_t count, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t at = 0, some; at < count && err == ERR_OK; at += some) {
		uint64_t room = records->file_room;

		some = count - at;
		if (records->open)
			room -= last_file(records)->bytes / records->stride;
		else
			err = open_file(records, fault);
		if (some > room)
			some = (size_t)room;
		if (err == ERR_OK)
			err = append(records, data + at * records->stride, some, fault);
		if (err == ERR_OK && some == room)
			err = close_file(records, fault);
	}
	return err;
}

enum err records_add(struct records *records, const uint8_t *data, uint8_t (*leaves)[HASH_SIZE],
    size_t count, struct fault *fault)
{
	for (size_t i = 0; i < count; i++)
		tree_push(&records->tree, leaves[i]);
	return write_records(records, data, count, fault);
}

enum err records_end(struct records *records, struct manifest_fields *manifest, struct fault *fault)
{
	enum err err = records->open ? close_file(records, fault) : ERR_OK;

	if (err != ERR_OK)
		return err;
	tree_root(&records->tree, manifest->root);
	/* the buffer's memory becomes the list's */
	manifest->files = (struct list){.items = records->files.data, .count = file_count(records)};
	records->files = BUFFER_EMPTY;
	return ERR_OK;
}

void records_free(struct records *records)
{
	if (records->file >= 0)
		close(records->file); /* of a batch that failed: its folder is removed */
	buffer_free(&records->files);
	*records = (struct records){.file = -1};
}
