/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TESTING_H
#define GAPSEAL_TESTING_H

/* What every unit test includes: cmocka with the headers it wants before it, and where the vectors are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The path of a file under tests/vectors, valid until the next call. */
static inline const char *vector_path(const char *name)
{
	static char path[512];
	const char *base = getenv("GAPSEAL_VECTORS");

	snprintf(path, sizeof path, "%s/%s", base != NULL ? base : "tests/vectors", name);
	return path;
}

#endif
