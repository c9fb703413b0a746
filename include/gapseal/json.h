/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_JSON_H
#define GAPSEAL_JSON_H

#include "gapseal/bytes.h"
#include "gapseal/err.h"
#include "gapseal/fields.h"

/*
 * json: documents in canonical JSON: exactly what Python prints for json.dumps(x, indent=2,
 * sort_keys=True, ensure_ascii=True) + "\n". The shape of a document leaves it one spelling, so the reader
 * is driven by the shape and takes no byte but the one that must come next: duplicate, unknown and missing
 * keys, other orders, spellings of numbers, escapes and white space are all refused in the one way. There
 * is no general JSON parser: nothing is built that a shape does not ask for, and running out of memory is
 * one clean fault (jansson 2.14 loses letters or crashes). jansson and Python are the oracles of the tests.
 */
#define JSON_SIZE_MAX (64u << 20)    /* bytes of a document */
#define JSON_MEMORY_MAX (128u << 20) /* bytes its lists may take */

/* Fills out (shape->size bytes, cleared first). ERR_NO: "json-size" (over a limit above), "json-schema",
 * "json-canonical" (not this spelling, or no JSON at all), "json-key" (missing, or one that is not ours:
 * ours are named, theirs never), "json-value" (wrong kind, out of range, too long, not one of the words).
 * The place is where with the line ("manifest.json:17") or the path of the key
 * ("manifest.json: policy.slots[2].tag"). Never repeats what the text says. On failure out is empty. */
enum err json_read(void *out, const struct shape *shape, struct bytes text, const char *where,
    struct fault *fault);
/* Frees what json_read allocated inside (also a partly built struct made by hand with malloc'ed lists)
 * and clears it. */
void json_free(void *value, const struct shape *shape);
/* Appends the document. In a .c of its own: no station links it. It does not judge: whoever makes a
 * document reads back what was written before anybody signs it. */
void json_write(struct buffer *out, const struct shape *shape, const void *value);

#endif
