/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_COLLECT_H
#define GAPSEAL_COLLECT_H

#include "gapseal/err.h"
#include "gapseal/imei.h"

/*
 * collect: the list of devices a bench gathers for the office, ready for gapseal compile:
 *
 *     imei,serial
 *     352656100367872,B0017
 *
 * LF line ends, no quotes. It is only ever appended to, under a lock, durably.
 */
#define COLLECT_HEADER "imei,serial"
#define COLLECT_MAX (64u << 20) /* bytes */

/* Appends one device; a file that is not there or empty is begun with its header. ERR_NO "collect-serial"
 * (not printable, too long, or with a comma or a quote), "collect-form" (the file is not such a list, or was
 * cut off), "collect-twice" (it holds the IMEI or the serial already: says in which line); file codes. */
enum err collect_append(const char *path, const char imei[static IMEI_SIZE], const char *serial,
    struct fault *fault);

#endif
