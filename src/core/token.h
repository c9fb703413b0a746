/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TOKEN_H
#define GAPSEAL_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"

/* token: the pieces of canonical JSON that documents and log lines have in common. Each token_* returns
 * false and moves nothing if what it wants is not there. */

/* Exactly these characters. */
bool token_literal(struct cursor *cursor, const char *text);
/* A decimal integer 0..max in its one spelling, as far as digits go. */
bool token_integer(struct cursor *cursor, uint64_t max, uint64_t *out);
/* A string with its quotes: raw is what stands between them. The only escapes are \" \\ and \n: canonical
 * text of printable ASCII and LF has no others. Whether its other bytes are such is not looked at. */
bool token_string(struct cursor *cursor, struct bytes *raw);
/* Resolves the escapes of raw into out, which has room for raw.size characters; returns how many. */
size_t token_unescape(char *out, struct bytes raw);

#endif
