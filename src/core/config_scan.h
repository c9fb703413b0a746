/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CONFIG_SCAN_H
#define GAPSEAL_CONFIG_SCAN_H

#include "gapseal/bytes.h"

/* config_scan: what libconfuse would let pass, found before it reads. Blanks out comments and the CR of
 * line ends in place, so that libconfuse counts lines right (it counts one too many after a comment of
 * several lines). ERR_NO "config-form". */
enum err config_scan(struct buffer *text, const char *where, struct fault *fault);

/* "name:line"; of a long name the end. */
void config_where(char out[static FAULT_WHERE_MAX], const char *name, unsigned long line);

#endif
