/* SPDX-License-Identifier: ISC */
#ifndef SPECIMEN_H
#define SPECIMEN_H

/* What the tests of x509, ca, mint and batch share. After testing.h. */
#include <fcntl.h>

#include "gapseal/file.h"
#include "gapseal/x509.h"

#define SPECIMEN_NOW INT64_C(1782864000) /* 2026-07-01T00:00:00Z */

/* A file under tests/vectors as text with a NUL; the caller frees it. */
static inline char *specimen(const char *name)
{
	struct buffer text = BUFFER_EMPTY;
	struct fault fault;

	assert_int_equal(file_read(&text, AT_FDCWD, vector_path(name), 1 << 20, &fault), ERR_OK);
	buffer_byte(&text, 0);
	return (char *)text.data;
}

static inline int specimen_setup(void **state)
{
	struct fault fault;

	(void)state;
	return x509_process(&fault) == ERR_OK ? 0 : -1;
}

#endif
