/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_FINDING_H
#define GAPSEAL_FINDING_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "gapseal/err.h"
#include "gapseal/rule.h"

/*
 * finding: one thing the linter has to say; findings: all of them. Start from FINDINGS_EMPTY, end with
 * findings_free. A failed allocation is remembered, after which nothing is kept: check once, at the
 * end, with findings_check.
 */
struct finding_place {
	const char *file;
	unsigned long line;          /* 0: the whole file */
	unsigned field;              /* 0: the whole line */
};
struct finding {
	enum severity severity;
	const char *code;            /* stable word of static storage */
	char where[FAULT_WHERE_MAX]; /* file:line:field; of a long path the end */
	char text[FAULT_TEXT_MAX];   /* as in a fault */
	size_t file_length;          /* where begins with so many characters of file name */
	unsigned long line;
	unsigned field;
	size_t order;                /* of arrival */
};
#define FINDINGS_MAX 10000           /* kept; more are only counted */
struct findings {
	struct finding *items;
	size_t count, capacity;
	size_t errors, warnings, notices; /* counted even beyond FINDINGS_MAX */
	size_t counts[RULES];             /* the same by rule */
	bool failed;
};
#define FINDINGS_EMPTY ((struct findings){0})

void findings_free(struct findings *findings);
void findings_add(struct findings *findings, enum rule rule, struct finding_place place, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
void findings_vadd(struct findings *findings, enum rule rule, struct finding_place place,
    const char *format, va_list args) __attribute__((format(printf, 4, 0)));
/* Takes a fault of ERR_NO over as an error with its code and text (an empty file name in place: at the
 * fault's own place) and returns ERR_OK; returns the err of any other fault. */
enum err findings_take(struct findings *findings, struct finding_place place, const struct fault *fault);
/* ERR_CANNOT "memory" if something was lost. */
enum err findings_check(const struct findings *findings, struct fault *fault);
/* By file name, line and field; in one place in order of arrival. */
void findings_sort(struct findings *findings);

#endif
