/* SPDX-License-Identifier: ISC */
#include "gapseal/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX 32 /* characters of ":line:field" */

void findings_free(struct findings *findings)
{
	free(findings->items);
	*findings = FINDINGS_EMPTY;
}

static void count(struct findings *findings, enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		findings->errors++;
		break;
	case SEVERITY_WARNING:
		findings->warnings++;
		break;
	case SEVERITY_NOTICE:
		findings->notices++;
		break;
	}
}

/* The next item; NULL beyond FINDINGS_MAX and without memory. */
static struct finding *next(struct findings *findings)
{
	if (findings->failed || findings->count == FINDINGS_MAX)
		return NULL;
	if (findings->count == findings->capacity) {
		size_t capacity = findings->capacity == 0 ? 16 : 2 * findings->capacity;
		struct finding *items = reallocarray(findings->items, capacity, sizeof *items);

		if (items == NULL) {
			findings->failed = true;
			return NULL;
		}
		findings->items = items;
		findings->capacity = capacity;
	}
	return &findings->items[findings->count];
}

/* The numbers must not be lost at the end of a long path: its beginning is. */
static void put_where(struct finding *finding, struct finding_place place)
{
	size_t length = strlen(place.file), most = FAULT_WHERE_MAX - NUMBERS_MAX;
	const char *file = length > most ? place.file + (length - most) : place.file;

	finding->file_length = strlen(file);
	if (place.line == 0)
		snprintf(finding->where, sizeof finding->where, "%s", file);
	else if (place.field == 0)
		snprintf(finding->where, sizeof finding->where, "%s:%lu", file, place.line);
	else
		snprintf(finding->where, sizeof finding->where, "%s:%lu:%u", file, place.line, place.field);
}

/* A code without a rule can only come from a fault, so it is an error. */
static void add(struct findings *findings, enum rule rule, const char *code, struct finding_place place,
    const char *text)
{
	enum severity severity = rule < RULES ? lint_rule(rule)->severity : SEVERITY_ERROR;
	struct finding *finding = next(findings);
	struct fault printed; /* which makes everything printable */

	count(findings, severity);
	if (rule < RULES)
		findings->counts[rule]++;
	if (finding == NULL)
		return;
	*finding = (struct finding){.severity = severity, .code = code, .order = findings->count++};
	finding->line = place.line;
	finding->field = place.field;
	put_where(finding, place);
	fault_set(&printed, ERR_NO, code, finding->where, "%s", text);
	memcpy(finding->where, printed.where, sizeof finding->where);
	memcpy(finding->text, printed.text, sizeof finding->text);
}

void findings_vadd(struct findings *findings, enum rule rule, struct finding_place place,
    const char *format, va_list args)
{
	char text[FAULT_TEXT_MAX];

	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	add(findings, rule, lint_rule(rule)->code, place, text);
}

void findings_add(struct findings *findings, enum rule rule, struct finding_place place, const char *format,
    ...)
{
	va_list args;

	va_start(args, format);
	findings_vadd(findings, rule, place, format, args);
	va_end(args);
}

enum err findings_take(struct findings *findings, struct finding_place place, const struct fault *fault)
{
	if (fault->err != ERR_NO)
		return fault->err;
	if (place.file[0] == '\0')
		place = (struct finding_place){.file = fault->where};
	add(findings, rule_of(fault->code), fault->code, place, fault->text);
	return ERR_OK;
}

enum err findings_check(const struct findings *findings, struct fault *fault)
{
	return findings->failed ? fault_memory(fault) : ERR_OK;
}

static int compare_files(const struct finding *a, const struct finding *b)
{
	size_t shorter = a->file_length < b->file_length ? a->file_length : b->file_length;
	int order = memcmp(a->where, b->where, shorter);

	return order != 0 ? order : (a->file_length > b->file_length) - (a->file_length < b->file_length);
}

static int compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = compare_files(a, b);

	if (order != 0)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

void findings_sort(struct findings *findings)
{
	if (findings->count > 1)
		qsort(findings->items, findings->count, sizeof findings->items[0], compare);
}
