/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_UTC_H
#define GAPSEAL_UTC_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"

/* utc: times as documents and logs write them, YYYY-MM-DDTHH:MM:SSZ, and nothing else (no leap
 * second, no fraction, no offset; years 1970 to 9999). */
#define UTC_SIZE 21 /* 20 characters and a NUL */

/* Seconds since 1970 as text; seconds must lie in 0..253402300799. */
void utc_format(char out[static UTC_SIZE], int64_t seconds);
/* False for any other form or a date the calendar does not have. */
bool utc_parse(struct bytes text, int64_t *seconds);
/* The wall clock now. */
int64_t utc_now(void);

#endif
