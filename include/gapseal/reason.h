/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_REASON_H
#define GAPSEAL_REASON_H

#include <stddef.h>

/*
 * reason: why a device was refused, failed or is unknown: a stable code for machines, a class (whose fault),
 * an action and one sentence for the operator. The table in line/reason.c is the list the manual page prints.
 * Only faults of class device count against a device's attempts.
 */
struct reason {
	const char *code;      /* "not-in-batch" */
	const char *class_;    /* none | device | fixture | data | station | operator */
	const char *action;    /* ship | retry | other-fixture | repair | quarantine | call */
	const char *text;      /* one sentence, no full stop */
};
/* Never NULL: "" (no reason: done, same) gives the row "none"; a code that is not in the table is a fault
 * of the program and gives the row "internal". */
const struct reason *reason_find(const char *code);
const struct reason *reason_at(size_t i); /* NULL beyond the last */

#endif
