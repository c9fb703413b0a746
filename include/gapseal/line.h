/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LINE_H
#define GAPSEAL_LINE_H

#include "gapseal/bytes.h"
#include "gapseal/fields.h"

/*
 * line: flat JSON objects of log lines: keys sorted, separators "," and ":", no spaces, exactly the keys
 * of the shape. Accepts exactly the canonical bytes and makes them; the reader allocates nothing.
 * (jansson re-encoding costs 15 s a million lines, this less than one.)
 */
#define LINE_TEXT_MAX 512 /* characters of one string, escapes resolved */

/* line without its LF. Fills out (shape->size bytes, cleared first). False for anything but the
 * canonical bytes of this shape; out is then undefined. */
bool line_read(void *out, const struct shape *shape, struct bytes line);
/* Appends the object without LF. */
void line_format(struct buffer *out, const struct shape *shape, const void *value);
/* The value of the key "type" in a canonical line, for choosing the shape; false if there is none of at
 * most 15 letters. Proves nothing of the rest of the line: line_read does. */
bool line_type(char out[static 16], struct bytes line);

#endif
