/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PLACE_H
#define GAPSEAL_PLACE_H

/* A folder for each test, made before it and removed after it, with descriptors counted. */
#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

static char place_path[256];
static int place = -1; /* its descriptor */
static size_t place_open;

static inline size_t place_count_open(void)
{
	DIR *stream = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count;
}

static inline void place_make(void)
{
	const char *base = getenv("TMPDIR");

	place_open = place_count_open();
	snprintf(place_path, sizeof place_path, "%s/gapseal-test-XXXXXX", base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(place_path));
	place = open(place_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(place >= 0);
}

static inline int place_remove_one(const char *name, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(name);
}

static inline void place_remove(void)
{
	close(place);
	assert_int_equal(nftw(place_path, place_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	assert_int_equal(place_count_open(), place_open);
}

static inline void place_put(const char *name, const void *data, size_t size)
{
	int file = openat(place, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	assert_true(write(file, data, size) == (ssize_t)size);
	assert_int_equal(close(file), 0);
}

#endif
