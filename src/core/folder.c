/* SPDX-License-Identifier: ISC */
#include "gapseal/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum err folder_open(int *out, int folder, const char *name, struct fault *fault)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY | (folder == AT_FDCWD ? 0 : O_NOFOLLOW);
	int opened = openat(folder, name, flags);

	if (opened < 0) {
		if (errno == ENOTDIR || errno == ELOOP)
			return fault_set(fault, ERR_CANNOT, "file-kind", name, "not a folder");
		return fault_errno(fault, "file-open", name, "cannot open");
	}
	*out = opened;
	return ERR_OK;
}

enum err folder_create(int folder, const char *name, mode_t mode, struct fault *fault)
{
	if (mkdirat(folder, name, mode) == 0)
		return ERR_OK;
	if (errno == EEXIST)
		return fault_set(fault, ERR_CANNOT, "file-exists", name, "exists already");
	return fault_errno(fault, "file-write", name, "cannot create");
}

enum err folder_parent(int *out, const char **base, int folder, const char *name, struct fault *fault)
{
	const char *slash = strrchr(name, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - name) + 1; /* the folder with its slash */
	char *parent;
	enum err err;

	if (name[length] == '\0')
		return fault_set(fault, ERR_CANNOT, "file-open", name,
		    "the name is empty or ends in a slash");
	*base = name + length;
	if (length == 0)
		return folder_open(out, folder, ".", fault);
	/* without the slash, which would make the last part of a link be followed; but the root is "/" */
	parent = strndup(name, length > 1 ? length - 1 : length);
	if (parent == NULL)
		return fault_memory(fault);
	err = folder_open(out, folder, parent, fault);
	free(parent);
	return err;
}

enum err folder_sync(int folder, const char *where, struct fault *fault)
{
	if (fsync(folder) != 0)
		return fault_errno(fault, "file-write", where, "cannot sync the folder");
	return ERR_OK;
}

enum err folder_part_name(char **out, const char *base, const char *where, struct fault *fault)
{
	uint8_t random[8];
	char digits[2 * sizeof random + 1];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return fault_system(fault, where, "get random bytes");
	hex_encode(digits, bytes_from(random, sizeof random));
	if (asprintf(out, ".%s.%s.part", base, digits) < 0) {
		*out = NULL;
		return fault_memory(fault);
	}
	return ERR_OK;
}

/* For file systems that cannot rename without replacing (NFS, some FUSE): a hard link never replaces,
 * and rename(2) of a folder replaces at most an empty one. */
static int rename_plainly(int folder, const char *from, const char *to)
{
	if (linkat(folder, from, folder, to, 0) == 0)
		return unlinkat(folder, from, 0);
	if (file_exists(folder, to)) {
		errno = EEXIST;
		return -1;
	}
	return renameat(folder, from, folder, to);
}

enum err folder_rename(int folder, const char *from, const char *to, const char *where, struct fault *fault)
{
	int result = renameat2(folder, from, folder, to, RENAME_NOREPLACE);

	if (result != 0 && (errno == EINVAL || errno == ENOSYS))
		result = rename_plainly(folder, from, to);
	if (result == 0)
		return ERR_OK;
	if (errno == EEXIST || errno == ENOTEMPTY)
		return fault_set(fault, ERR_CANNOT, "file-exists", where, "exists already");
	return fault_errno(fault, "file-write", where, "cannot put into place");
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Appends the names, each with its NUL, and counts them. */
static enum err read_names(struct buffer *names, size_t *count, DIR *stream, size_t limit, const char *where,
    struct fault *fault)
{
	struct dirent *entry;

	*count = 0;
	for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0) {
		if (is_dots(entry->d_name))
			continue;
		if (*count == limit)
			return fault_set(fault, ERR_CANNOT, "file-size", where,
			    "the folder holds more than the %zu names allowed", limit);
		buffer_put(names, bytes_from(entry->d_name, strlen(entry->d_name) + 1));
		++*count;
	}
	if (errno != 0)
		return fault_errno(fault, "file-read", where, "cannot list");
	return buffer_check(names, fault);
}

static int compare_names(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* One allocation: the pointers, the NULL, then the characters they point to. */
static enum err sort_names(char ***out, struct bytes names, size_t count, struct fault *fault)
{
	size_t pointers = (count + 1) * sizeof(char *);
	char **list = malloc(pointers + names.size);
	char *at;

	if (list == NULL)
		return fault_memory(fault);
	at = (char *)list + pointers;
	if (names.size != 0)
		memcpy(at, names.data, names.size);
	for (size_t i = 0; i < count; i++) {
		list[i] = at;
		at += strlen(at) + 1;
	}
	list[count] = NULL;
	qsort(list, count, sizeof *list, compare_names);
	*out = list;
	return ERR_OK;
}

enum err folder_list(char ***out, int folder, size_t limit, const char *where, struct fault *fault)
{
	struct buffer names = BUFFER_EMPTY;
	/* opened anew: a stream owns its descriptor and moves its position */
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY);
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	size_t count;
	enum err err;

	if (stream == NULL) {
		fault_errno(fault, "file-open", where, "cannot open the folder");
		if (again >= 0)
			close(again);
		return ERR_CANNOT;
	}
	err = read_names(&names, &count, stream, limit, where, fault);
	if (err == ERR_OK)
		err = sort_names(out, buffer_bytes(&names), count, fault);
	closedir(stream);
	buffer_free(&names);
	return err;
}
