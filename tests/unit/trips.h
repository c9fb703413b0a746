/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TRIPS_H
#define GAPSEAL_TRIPS_H

/* A disk that fails. The calls by which files change stand here in front of the C library's, and fail when a
 * test wants them to. After testing.h. */

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static int countdown; /* the call that fails, counted from 1; 0 for none */

static inline bool trips(void)
{
	if (countdown == 0 || --countdown != 0)
		return false;
	errno = EIO;
	return true;
}

ssize_t write(int file, const void *data, size_t size)
{
	return trips() ? -1 : syscall(SYS_write, file, data, size);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset)
{
	return trips() ? -1 : syscall(SYS_pwrite64, file, data, size, offset);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return trips() ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	return trips() ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

#endif
