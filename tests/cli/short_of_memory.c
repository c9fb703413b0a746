/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into a program, it lets one allocation fail: the one whose number is in GAPSEAL_MALLOC_FAILS, counted from 1
 * over all threads. With GAPSEAL_MALLOC_COUNT, a file name, it writes there at the end how many there were.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static atomic_ulong counted;
static unsigned long failing;

static int fails(void)
{
	if (atomic_fetch_add(&counted, 1) + 1 != failing)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, count * size);
}

__attribute__((constructor)) static void begin(void)
{
	const char *number = getenv("GAPSEAL_MALLOC_FAILS");

	failing = number != NULL ? strtoul(number, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
	const char *name = getenv("GAPSEAL_MALLOC_COUNT");
	FILE *file = name != NULL ? fopen(name, "w") : NULL;

	if (file == NULL)
		return;
	fprintf(file, "%lu\n", atomic_load(&counted));
	fclose(file);
}
