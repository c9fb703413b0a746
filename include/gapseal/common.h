/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_COMMON_H
#define GAPSEAL_COMMON_H

#include "gapseal/bytes.h"

/* common: contents all devices share, kept as text with LF; what is written to a modem has the line ending of
 * the profile. */

/* Appends the content: text as it is, or with CR LF for every LF. */
void common_content(struct buffer *out, const char *text, bool crlf);

#endif
