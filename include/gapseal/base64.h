/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_BASE64_H
#define GAPSEAL_BASE64_H

#include <stdbool.h>

#include "gapseal/bytes.h"

/* base64: of values whose size is known beforehand; no allocation, constant time for equal sizes, so
 * fit for secrets too. The rules of base64_decode: one canonical spelling, no white space. */

/* Characters of size bytes, with '=' or without, and a NUL. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)
#define BASE64_BARE_SIZE(size) (((size) * 4 + 2) / 3 + 1)

/* Decodes exactly size bytes; false for any other length or spelling, out is then undefined. */
bool base64_exact(uint8_t *out, size_t size, struct bytes text, bool padded);
/* Writes the characters and a NUL to out of BASE64_SIZE or BASE64_BARE_SIZE. */
void base64_print(char *out, struct bytes bytes, bool padded);

#endif
