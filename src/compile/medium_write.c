/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "medium_private.h"

#define CHUNK ((size_t)1 << 18) /* stays in the processor's cache between read and write */
#define FILE_MODE 0644
#define FILE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)

struct writing {
	struct medium *medium;
	struct medium_root root;
	int sums;                      /* SHA256SUMS.part, open; -1 when closed */
	bool begun, placed;            /* it exists; it has its final name */
	uint8_t *chunk;
	bool (*progress)(void *context, uint64_t done, uint64_t total);
	void *context;
	uint64_t done;                 /* bytes, written and read back */
};

static enum err advance(struct writing *writing, uint64_t bytes, struct fault *fault)
{
	writing->done += bytes;
	if (writing->progress == NULL ||
	    writing->progress(writing->context, writing->done, 2 * writing->medium->delivery.bytes))
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "interrupted", writing->medium->request->out,
	    "stopped when it was asked to; what was written is removed");
}

/* What the system remembers of a file it must ask the drive for again; see medium.h. Advice: a system that
 * does not take it still reads back, if only from its own memory. */
static void forget(int file)
{
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
}

/* fsync and close; file is closed whatever it returns. */
static enum err finish(int file, enum err err, const char *place, struct fault *fault)
{
	if (err == ERR_OK && fsync(file) != 0)
		err = fault_errno(fault, "file-write", place, "cannot sync");
	if (err == ERR_OK)
		forget(file);
	if (close(file) != 0 && err == ERR_OK)
		err = fault_errno(fault, "file-write", place, "cannot close");
	return err;
}

/* A new file in the place of one of an earlier delivery, which only force lets lie here. */
static enum err create(int *out, const struct writing *writing, int folder, const char *name,
    const char *place, struct fault *fault)
{
	if (writing->medium->request->force && unlinkat(folder, name, 0) != 0 && errno != ENOENT)
		return fault_errno(fault, "file-write", place,
		    "cannot replace the file of an earlier delivery");
	*out = openat(folder, name, FILE_FLAGS, FILE_MODE);
	if (*out < 0)
		return fault_errno(fault, "file-write", place, "cannot create");
	return ERR_OK;
}

/* Copies and hashes what is read; where names the source. */
static enum err copy(struct writing *writing, int target, int source, const struct medium_file *file,
    const char *where, const char *place, struct fault *fault)
{
	uint8_t digest[HASH_SIZE];
	struct hash hash;
	enum err err;

	hash_begin(&hash);
	for (uint64_t at = 0; at < file->size; at += CHUNK) {
		size_t size = file->size - at < CHUNK ? (size_t)(file->size - at) : CHUNK;

		err = file_pread(source, writing->chunk, size, (off_t)at, where, fault);
		if (err == ERR_OK)
			err = file_append(target, bytes_from(writing->chunk, size), place, fault);
		if (err == ERR_OK)
			err = advance(writing, size, fault);
		if (err != ERR_OK)
			return err;
		hash_add(&hash, bytes_from(writing->chunk, size));
	}
	hash_end(&hash, digest);
	if (memcmp(digest, file->hash, HASH_SIZE) != 0)
		return fault_set(fault, ERR_CANNOT, "medium-source", where,
		    "the file was changed while it was packed: look who does that, then pack again");
	return ERR_OK;
}

static enum err copy_file(struct writing *writing, int target, const struct medium_file *file,
    const char *place, struct fault *fault)
{
	const char *name = strrchr(file->path, '/') + 1;
	char where[FAULT_WHERE_MAX];
	enum err err;
	off_t size;
	int source;

	snprintf(where, sizeof where, "%s/%s", file->batch->path, name);
	err = file_open(&source, &size, file->batch->folder, name, fault);
	if (err != ERR_OK)
		return err;
	posix_fadvise(source, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice: nothing lost if it fails */
	err = copy(writing, target, source, file, where, place, fault);
	close(source);
	return err;
}

static enum err fill(struct writing *writing, int target, const struct medium_file *file, const char *place,
    struct fault *fault)
{
	enum err err;

	if (file->batch != NULL)
		return copy_file(writing, target, file, place, fault);
	err = file_append(target, file->text, place, fault);
	return err == ERR_OK ? advance(writing, file->size, fault) : err;
}

static enum err put_file(struct writing *writing, struct medium_file *file, struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	int folder, target = -1;
	const char *base;
	enum err err;

	medium_place(place, writing->medium, file->path);
	err = medium_root_parent(&folder, &base, &writing->root, file->path, fault);
	if (err != ERR_OK)
		return err;
	err = create(&target, writing, folder, base, place, fault);
	if (err == ERR_OK) {
		file->made = true;
		err = finish(target, fill(writing, target, file, place, fault), place, fault);
	}
	if (err == ERR_OK)
		err = folder_sync(folder, place, fault);
	close(folder);
	return err;
}

/* What they speak of first, so that nothing which is cut off looks like a batch or a grant. */
static enum err put_files(struct writing *writing, struct fault *fault)
{
	struct medium *medium = writing->medium;
	enum err err = ERR_OK;

	for (int documents = 0; documents <= 1; documents++) {
		for (size_t i = 0; i < medium->file_count && err == ERR_OK; i++) {
			if (medium->files[i].document == documents)
				err = put_file(writing, &medium->files[i], fault);
		}
	}
	return err;
}

static enum err hash_file(uint8_t out[static HASH_SIZE], struct writing *writing, int file, uint64_t size,
    const char *place, struct fault *fault)
{
	struct hash hash;

	hash_begin(&hash);
	for (uint64_t at = 0; at < size; at += CHUNK) {
		size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		enum err err = file_pread(file, writing->chunk, part, (off_t)at, place, fault);

		if (err != ERR_OK)
			return err;
		hash_add(&hash, bytes_from(writing->chunk, part));
	}
	hash_end(&hash, out);
	return ERR_OK;
}

/* Reads a file of the medium again: is it what was written there? */
static enum err check_file(struct writing *writing, int folder, const char *name, const char *path,
    uint64_t expected, const uint8_t hash[static HASH_SIZE], struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	uint8_t digest[HASH_SIZE] = {0};
	enum err err;
	off_t size;
	int file;

	medium_place(place, writing->medium, path);
	err = file_open(&file, &size, folder, name, fault);
	if (err != ERR_OK) {
		memcpy(fault->where, place, sizeof place);
		return err;
	}
	forget(file);
	if ((uint64_t)size == expected)
		err = hash_file(digest, writing, file, expected, place, fault);
	forget(file);
	close(file);
	if (err == ERR_OK && ((uint64_t)size != expected || memcmp(digest, hash, HASH_SIZE) != 0))
		err = fault_set(fault, ERR_CANNOT, "medium-readback", place,
		    "what the medium gives back is not what was written: do not use it, take another");
	return err;
}

static enum err check_files(struct writing *writing, struct fault *fault)
{
	const struct medium *medium = writing->medium;
	enum err err = ERR_OK;

	for (size_t i = 0; i < medium->file_count && err == ERR_OK; i++) {
		const struct medium_file *file = &medium->files[i];
		const char *base;
		int folder;

		err = medium_root_parent(&folder, &base, &writing->root, file->path, fault);
		if (err != ERR_OK)
			return err;
		err = check_file(writing, folder, base, file->path, file->size, file->hash, fault);
		close(folder);
		if (err == ERR_OK)
			err = advance(writing, file->size, fault);
	}
	return err;
}

/* From here on the medium says that it is not whole. One that said so before never stops: its file is
 * emptied, not made anew. */
static enum err begin_sums(struct writing *writing, struct fault *fault)
{
	bool force = writing->medium->request->force;
	int flags = force ? (FILE_FLAGS & ~O_EXCL) | O_TRUNC | O_NONBLOCK : FILE_FLAGS;
	char place[FAULT_WHERE_MAX];
	int folder = writing->root.folder;
	enum err err;

	medium_place(place, writing->medium, SUMS_PART_NAME);
	writing->sums = openat(folder, SUMS_PART_NAME, flags, FILE_MODE);
	if (writing->sums < 0)
		return fault_errno(fault, "file-write", place, "cannot create");
	writing->begun = true;
	err = folder_sync(folder, place, fault);
	if (err == ERR_OK && unlinkat(folder, SUMS_NAME, 0) != 0 && errno != ENOENT)
		err = fault_errno(fault, "file-write", place,
		    "cannot remove the SHA256SUMS of an earlier delivery");
	if (err == ERR_OK)
		err = folder_sync(folder, place, fault);
	return err;
}

static enum err place_sums(struct writing *writing, struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	int folder = writing->root.folder;
	enum err err;

	medium_place(place, writing->medium, SUMS_NAME);
	err = folder_rename(folder, SUMS_PART_NAME, SUMS_NAME, place, fault);
	if (err != ERR_OK)
		return err;
	writing->placed = true;
	return folder_sync(folder, place, fault);
}

static enum err put_sums(struct writing *writing, struct fault *fault)
{
	struct delivery *delivery = &writing->medium->delivery;
	struct buffer text = BUFFER_EMPTY;
	char place[FAULT_WHERE_MAX];
	enum err err;

	medium_place(place, writing->medium, SUMS_PART_NAME);
	medium_sums(&text, writing->medium);
	err = buffer_check(&text, fault);
	if (err == ERR_OK)
		err = file_append(writing->sums, buffer_bytes(&text), place, fault);
	err = finish(writing->sums, err, place, fault);
	writing->sums = -1;
	hash_bytes(delivery->sums_sha256, buffer_bytes(&text));
	if (err == ERR_OK)
		err = check_file(writing, writing->root.folder, SUMS_PART_NAME, SUMS_PART_NAME, text.size,
		    delivery->sums_sha256, fault);
	buffer_free(&text);
	return err == ERR_OK ? place_sums(writing, fault) : err;
}

/* Removes what was made. Only when all of it is gone, and nothing of an earlier delivery is left in pieces,
 * does the medium stop saying that it is not whole. */
static void give_up(struct writing *writing)
{
	struct medium *medium = writing->medium;
	int folder = writing->root.folder;
	bool all = !writing->root.earlier;

	if (writing->placed)
		all = renameat(folder, SUMS_NAME, folder, SUMS_PART_NAME) == 0 && all;
	for (size_t i = medium->file_count; i-- > 0;) {
		if (medium->files[i].made)
			all = unlinkat(folder, medium->files[i].path, 0) == 0 && all;
	}
	all = medium_root_remove(&writing->root) && all;
	if (all && writing->begun)
		unlinkat(folder, SUMS_PART_NAME, 0);
	if (all && writing->root.made)
		rmdir(medium->request->out);
}

static enum err write_all(struct writing *writing, struct fault *fault)
{
	const struct medium_request *request = writing->medium->request;
	enum err err = medium_root_open(&writing->root, writing->medium, fault);

	if (err == ERR_OK && !request->force)
		err = medium_root_room(&writing->root, fault);
	if (err == ERR_OK)
		err = begin_sums(writing, fault);
	if (err == ERR_OK)
		err = put_files(writing, fault);
	if (err == ERR_OK)
		err = check_files(writing, fault);
	if (err == ERR_OK)
		err = put_sums(writing, fault);
	return err;
}

enum err medium_write(struct medium *medium, bool (*progress)(void *context, uint64_t done, uint64_t total),
    void *context, struct fault *fault)
{
	struct writing writing = {.medium = medium, .sums = -1, .progress = progress, .context = context};
	enum err err;

	writing.root.folder = -1;
	writing.chunk = malloc(CHUNK);
	if (writing.chunk == NULL)
		return fault_memory(fault);
	err = write_all(&writing, fault);
	if (writing.sums >= 0)
		close(writing.sums);
	if (err != ERR_OK)
		give_up(&writing);
	medium->delivery.other_names = writing.root.other_names;
	medium_root_close(&writing.root);
	free(writing.chunk);
	return err;
}
