/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "ingest_private.h"

#define CHUNK ((size_t)1 << 18) /* stays in the cache between read and write */
#define FILE_MODE 0644
#define PART_SUFFIX ".part"
#define NAMES_MAX 65536

enum err ingest_copy_small(int from, int to, const char *name, size_t limit, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	err = file_read(&text, from, name, limit, fault);
	if (err == ERR_OK)
		err = file_write(to, name, buffer_bytes(&text), FILE_MODE, false, fault);
	buffer_free(&text);
	return err;
}

/* One open file into another, size bytes. */
static enum err copy_bytes(int source, int target, uint64_t size, const char *where, struct fault *fault)
{
	uint8_t *chunk = malloc(CHUNK);
	enum err err = chunk == NULL ? fault_memory(fault) : ERR_OK;

	for (uint64_t at = 0; at < size && err == ERR_OK; at += CHUNK) {
		size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK;

		err = file_pread(source, chunk, part, (off_t)at, where, fault);
		if (err == ERR_OK)
			err = file_append(target, bytes_from(chunk, part), where, fault);
	}
	free(chunk);
	return err;
}

/* A disk too small for the file says so before an hour of copying; one that cannot reserve says nothing. */
static enum err reserve(int target, uint64_t size, const char *where, struct fault *fault)
{
	if (fallocate(target, 0, 0, (off_t)size) == 0 || errno == EOPNOTSUPP || errno == ENOSYS)
		return ERR_OK;
	return fault_errno(fault, "file-write", where, "there is no room for the copy");
}

static enum err copy_open(int source, int to, const char *name, uint64_t size, const char *where,
    struct fault *fault)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
	int target = openat(to, name, flags, FILE_MODE);
	enum err err;

	if (target < 0)
		return fault_errno(fault, "file-write", where, "cannot create the copy");
	err = reserve(target, size, where, fault);
	if (err == ERR_OK)
		err = copy_bytes(source, target, size, where, fault);
	if (err == ERR_OK && fsync(target) != 0)
		err = fault_errno(fault, "file-write", where, "cannot sync the copy");
	if (close(target) != 0 && err == ERR_OK)
		err = fault_errno(fault, "file-write", where, "cannot close the copy");
	return err;
}

enum err ingest_copy_file(int from, int to, const char *name, uint64_t size, const char *where,
    struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	off_t actual;
	enum err err;
	int source;

	snprintf(place, sizeof place, "%s/%s", where, name);
	if (!file_exists(from, name))
		return fault_set(fault, ERR_NO, "records-missing", place, "the file is missing");
	err = file_open(&source, &actual, from, name, fault);
	if (err != ERR_OK)
		return err;
	if ((uint64_t)actual != size)
		err = fault_set(fault, ERR_NO, "records-size", place, "the file has %" PRIu64
		    " bytes, the manifest says %" PRIu64 ": copy it again", (uint64_t)actual, size);
	else
		posix_fadvise(source, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice: nothing lost if it fails */
	if (err == ERR_OK)
		err = copy_open(source, to, name, size, place, fault);
	close(source);
	return err;
}

enum err ingest_set_aside(char **aside, int folder, const char *name, struct fault *fault)
{
	enum err err;

	err = folder_part_name(aside, name, name, fault);
	if (err != ERR_OK)
		return err;
	err = folder_rename(folder, name, *aside, name, fault);
	if (err != ERR_OK)
		free(*aside);
	return err;
}

static bool is_part(const char *name)
{
	size_t length = strlen(name), suffix = sizeof PART_SUFFIX - 1;

	return *name == '.' && length > suffix && strcmp(name + length - suffix, PART_SUFFIX) == 0;
}

static enum err remove_folder(int parent, const char *name, struct fault *fault)
{
	char **names;
	enum err err;
	int folder;

	err = folder_open(&folder, parent, name, fault);
	if (err != ERR_OK)
		return err;
	err = folder_list(&names, folder, NAMES_MAX, name, fault);
	if (err == ERR_OK) {
		for (char **at = names; *at != NULL; at++)
			unlinkat(folder, *at, 0); /* what stays is told by the next call */
		free(names);
		if (unlinkat(parent, name, AT_REMOVEDIR) != 0)
			err = fault_errno(fault, "file-write", name, "cannot remove an interrupted copy");
	}
	close(folder);
	return err;
}

enum err ingest_sweep(int folder, const char *where, struct fault *fault)
{
	char **names;
	enum err err;

	err = folder_list(&names, folder, NAMES_MAX, where, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++) {
		if (is_part(*name))
			err = remove_folder(folder, *name, fault);
	}
	free(names);
	return err;
}
