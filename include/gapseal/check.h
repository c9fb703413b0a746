/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CHECK_H
#define GAPSEAL_CHECK_H

#include "gapseal/err.h"

/*
 * check: what disturbs a bench before any device does. Each check is one line for a person; none changes
 * anything, and none fails: what cannot be found out is a warning.
 */
enum check_grade { CHECK_OK, CHECK_WARN, CHECK_NO };
const char *check_grade_name(enum check_grade grade); /* "ok", "warn", "no" */

struct check {
	enum check_grade grade;
	const char *code;          /* "" of CHECK_OK */
	char text[FAULT_TEXT_MAX]; /* one sentence, no full stop */
};

/* proc: "/proc". ModemManager takes every serial device for a phone's and talks to it: "modem-manager". */
void check_modem_manager(struct check *out, const char *proc);
/* A port as port_open takes it: "port-missing", "port-kind", "port-rights". */
void check_port(struct check *out, const char *path);
/* The disk under an open folder: "disk-full" (under 64 MiB), "disk-low" (under 1 GiB). */
void check_space(struct check *out, int folder);
/* The clock against the last entries of the log of an open home, which are read but not verified: "clock". */
void check_clock(struct check *out, int home);

#endif
