/* SPDX-License-Identifier: ISC */
#include "gapseal/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK 65536

bool file_exists(int folder, const char *name)
{
	struct stat status;

	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

enum err file_open(int *out, off_t *size, int folder, const char *name, struct fault *fault)
{
	/* A path typed by a person may be a link; a name inside one of our folders may not. O_NONBLOCK, so
	 * that a FIFO in the place of a file is refused instead of waited for; regular files ignore it. */
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (folder == AT_FDCWD ? 0 : O_NOFOLLOW);
	int file = openat(folder, name, flags);
	struct stat status;

	if (file < 0) {
		if (errno == ELOOP || errno == ENXIO) /* a link, a socket */
			return fault_set(fault, ERR_CANNOT, "file-kind", name, "not a regular file");
		return fault_errno(fault, "file-open", name, "cannot open");
	}
	if (fstat(file, &status) != 0) {
		fault_errno(fault, "file-open", name, "cannot examine");
		close(file);
		return ERR_CANNOT;
	}
	if (!S_ISREG(status.st_mode)) {
		close(file);
		return fault_set(fault, ERR_CANNOT, "file-kind", name, "not a regular file");
	}
	*out = file;
	*size = status.st_size;
	return ERR_OK;
}

static ssize_t read_some(int file, void *out, size_t size)
{
	ssize_t got;

	do
		got = read(file, out, size);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Reads to the end of the file, wherever that is by now, and refuses what goes beyond the limit. */
static enum err read_all(struct buffer *out, int file, size_t expected, size_t limit, const char *name,
    struct fault *fault)
{
	size_t start = out->size, chunk = expected + 1; /* one more, to meet the end in the first read */

	for (;;) {
		uint8_t *space = buffer_space(out, chunk);
		ssize_t got;

		if (space == NULL)
			return fault_memory(fault);
		got = read_some(file, space, chunk);
		if (got < 0)
			return fault_errno(fault, "file-read", name, "cannot read");
		out->size -= chunk - (size_t)got;
		if (out->size - start > limit)
			return fault_set(fault, ERR_CANNOT, "file-size", name,
			    "the file is larger than the %zu bytes allowed", limit);
		if (got == 0)
			return ERR_OK;
		chunk = READ_CHUNK;
	}
}

enum err file_read(struct buffer *out, int folder, const char *name, size_t limit, struct fault *fault)
{
	size_t start = out->size;
	enum err err;
	off_t size;
	int file;

	err = file_open(&file, &size, folder, name, fault);
	if (err != ERR_OK)
		return err;
	if ((uintmax_t)size > limit)
		err = fault_set(fault, ERR_CANNOT, "file-size", name,
		    "the file has %jd bytes, allowed are %zu", (intmax_t)size, limit);
	else
		err = read_all(out, file, (size_t)size, limit, name, fault);
	if (err != ERR_OK)
		out->size = start;
	close(file);
	return err;
}

enum err file_pread(int file, void *out, size_t size, off_t offset, const char *where, struct fault *fault)
{
	uint8_t *at = out;

	while (size > 0) {
		ssize_t got = pread(file, at, size, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_errno(fault, "file-read", where, "cannot read");
		if (got == 0)
			return fault_set(fault, ERR_CANNOT, "file-read", where, "the file ends too early");
		at += got;
		size -= (size_t)got;
		offset += got;
	}
	return ERR_OK;
}

enum err file_append(int file, struct bytes text, const char *where, struct fault *fault)
{
	while (text.size > 0) {
		ssize_t put = write(file, text.data, text.size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fault_errno(fault, "file-write", where, "cannot write");
		if (put == 0) /* would otherwise be tried for ever */
			return fault_set(fault, ERR_CANNOT, "file-write", where, "takes no more bytes");
		text.data += put;
		text.size -= (size_t)put;
	}
	return ERR_OK;
}

/* One use: a file that is to appear under base in folder. */
struct target {
	int folder;
	const char *base;
	const char *where; /* the name as the caller gave it */
	mode_t mode;
	bool force;
	bool durable;
};

/* Creates the temporary with all of its bytes. On failure it may exist all the same. */
static enum err temporary_fill(const struct target *target, const char *temporary, struct bytes text,
    struct fault *fault)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
	int file = openat(target->folder, temporary, flags, target->mode);
	enum err err;

	if (file < 0)
		return fault_errno(fault, "file-write", target->where, "cannot create");
	err = file_append(file, text, target->where, fault);
	if (err == ERR_OK && target->durable && fsync(file) != 0)
		err = fault_errno(fault, "file-write", target->where, "cannot sync");
	if (close(file) != 0 && err == ERR_OK)
		err = fault_errno(fault, "file-write", target->where, "cannot close");
	return err;
}

static enum err temporary_place(const struct target *target, const char *temporary, struct fault *fault)
{
	if (!target->force)
		return folder_rename(target->folder, temporary, target->base, target->where, fault);
	if (renameat(target->folder, temporary, target->folder, target->base) != 0)
		return fault_errno(fault, "file-write", target->where, "cannot replace");
	return ERR_OK;
}

static enum err target_make(const struct target *target, struct bytes text, struct fault *fault)
{
	char *temporary;
	enum err err;

	err = folder_part_name(&temporary, target->base, target->where, fault);
	if (err != ERR_OK)
		return err;
	err = temporary_fill(target, temporary, text, fault);
	if (err == ERR_OK)
		err = temporary_place(target, temporary, fault);
	if (err != ERR_OK)
		unlinkat(target->folder, temporary, 0); /* often not there; the fault is already told */
	else if (target->durable)
		err = folder_sync(target->folder, target->where, fault);
	free(temporary);
	return err;
}

static enum err target_put(struct target *target, int folder, struct bytes text, struct fault *fault)
{
	enum err err;

	err = folder_parent(&target->folder, &target->base, folder, target->where, fault);
	if (err != ERR_OK)
		return err;
	err = target_make(target, text, fault);
	close(target->folder);
	return err;
}

enum err file_write(int folder, const char *name, struct bytes text, mode_t mode, bool force,
    struct fault *fault)
{
	struct target target = {.where = name, .mode = mode, .force = force, .durable = true};

	return target_put(&target, folder, text, fault);
}

enum err file_replace(int folder, const char *name, struct bytes text, mode_t mode, struct fault *fault)
{
	struct target target = {.where = name, .mode = mode, .force = true, .durable = false};

	return target_put(&target, folder, text, fault);
}

enum err file_lock(int file, const char *where, struct fault *fault)
{
	int result;

	do
		result = flock(file, LOCK_EX);
	while (result != 0 && errno == EINTR);
	return result == 0 ? ERR_OK : fault_system(fault, where, "lock");
}

void file_unlock(int file)
{
	flock(file, LOCK_UN); /* cannot fail on a descriptor that is locked; closing would do the same */
}
