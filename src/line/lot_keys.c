/* SPDX-License-Identifier: ISC */
#include "gapseal/lot_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/file.h"

#define NAMES_MAX 65536
#define LEFT_MAX ((size_t)16 << 20)
#define PART_SUFFIX ".part"

static enum err overwrite(int file, off_t size, const char *place, struct fault *fault)
{
	static const uint8_t zeros[4096];

	for (off_t at = 0; at < size;) {
		size_t want = size - at < (off_t)sizeof zeros ? (size_t)(size - at) : sizeof zeros;
		ssize_t written = pwrite(file, zeros, want, at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return fault_errno(fault, "file-write", place, "cannot overwrite");
		at += written;
	}
	if (fsync(file) != 0)
		return fault_errno(fault, "file-write", place, "cannot sync");
	return ERR_OK;
}

/* Overwritten before it is removed: a removed file's blocks lie about until something else needs them. */
static enum err shred(int folder, const char *name, const char *where, struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	struct stat status;
	enum err err = ERR_OK;
	int file;

	snprintf(place, sizeof place, "%s/%s", where, name);
	file = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0 && errno == ENOENT)
		return ERR_OK;
	if (file < 0)
		return fault_errno(fault, "file-open", place, "cannot open");
	if (fstat(file, &status) != 0)
		err = fault_errno(fault, "file-open", place, "cannot examine");
	else if (!S_ISREG(status.st_mode))
		err = fault_set(fault, ERR_CANNOT, "file-kind", place, "this is no file");
	else
		err = overwrite(file, status.st_size, place, fault);
	if (close(file) != 0 && err == ERR_OK)
		err = fault_errno(fault, "file-write", place, "cannot close");
	if (err == ERR_OK && unlinkat(folder, name, 0) != 0)
		err = fault_errno(fault, "file-write", place, "cannot remove");
	return err;
}

static bool is_part(const char *name)
{
	size_t length = strlen(name), suffix = sizeof PART_SUFFIX - 1;

	return *name == '.' && length > suffix && strcmp(name + length - suffix, PART_SUFFIX) == 0;
}

/* Files that were being written when the program was killed may hold any key. */
static enum err shred_parts(int folder, const char *where, struct fault *fault)
{
	char **names;
	enum err err;

	err = folder_list(&names, folder, NAMES_MAX, where, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++) {
		if (is_part(*name))
			err = shred(folder, *name, where, fault);
	}
	free(names);
	return err;
}

static enum err shred_current(int folder, const char *where, struct fault *fault)
{
	enum err err;

	err = shred(folder, GRANT_KEYS_NAME, where, fault);
	if (err == ERR_OK)
		err = shred(folder, LOT_KEYS_LEFT, where, fault);
	return err == ERR_OK ? folder_sync(folder, where, fault) : err;
}

/* keys.next is whole wherever it is, and newer than what it replaces. */
static enum err put_in_place(int folder, const char *where, struct fault *fault)
{
	enum err err;

	err = shred_current(folder, where, fault);
	if (err == ERR_OK)
		err = folder_rename(folder, LOT_KEYS_NEXT, LOT_KEYS_LEFT, where, fault);
	return err == ERR_OK ? folder_sync(folder, where, fault) : err;
}

/* Something else of that name is no reason to destroy keys. */
static enum err check_next(int folder, struct fault *fault)
{
	off_t size;
	int file;
	enum err err;

	err = file_open(&file, &size, folder, LOT_KEYS_NEXT, fault);
	if (err == ERR_OK)
		(void)close(file); /* only read */
	return err;
}

enum err lot_keys_settle(int folder, const char *where, struct fault *fault)
{
	enum err err;

	err = shred_parts(folder, where, fault);
	if (err != ERR_OK || !file_exists(folder, LOT_KEYS_NEXT))
		return err;
	err = check_next(folder, fault);
	return err == ERR_OK ? put_in_place(folder, where, fault) : err;
}

enum err lot_keys_open(struct grant_keys *out, int folder, struct bytes sealed, const struct secret *identity,
    const struct grant_fields *grant, const struct manifest_fields *manifest, const char *where,
    struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	struct secret *left;
	enum err err;

	*out = (struct grant_keys){0};
	if (file_exists(folder, LOT_KEYS_LEFT)) {
		snprintf(place, sizeof place, "%s/" LOT_KEYS_LEFT, where);
		err = secret_read_file(&left, folder, LOT_KEYS_LEFT, LEFT_MAX, fault);
		return err == ERR_OK ? grant_keys_take(out, &left, grant, manifest, place, fault) : err;
	}
	snprintf(place, sizeof place, "%s/" GRANT_KEYS_NAME, where);
	if (sealed.size == 0)
		return fault_set(fault, ERR_NO, "grant-keys", place,
		    "it is not here, although lots of the grant are open: remove the grant's folder and "
		    "ingest the grant again");
	return grant_keys_open(out, sealed, identity, grant, manifest, place, fault);
}

enum err lot_keys_cut(int folder, const struct grant_keys *keys, const struct manifest_fields *manifest,
    const bool *closed, const char *where, struct fault *fault)
{
	struct secret *left;
	enum err err;

	err = grant_keys_without(&left, keys, manifest, closed, fault);
	if (err != ERR_OK)
		return err;
	if (left == NULL)
		return lot_keys_destroy(folder, where, fault);
	err = secret_write_file(folder, LOT_KEYS_NEXT, secret_bytes(left), true, fault);
	secret_free(&left);
	return err == ERR_OK ? put_in_place(folder, where, fault) : err;
}

enum err lot_keys_destroy(int folder, const char *where, struct fault *fault)
{
	enum err err;

	err = shred(folder, LOT_KEYS_NEXT, where, fault);
	return err == ERR_OK ? shred_current(folder, where, fault) : err;
}
