/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit_private.h"

const char *audit_severity_name(enum audit_severity severity)
{
	return severity == AUDIT_ERROR ? "error" : "warning";
}

/* Texts end up on terminals and in one-line JSON: a path may hold anything. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
	}
}

/* Each severity is kept by itself: a flood of warnings drowns no error. */
static struct audit_finding *push(struct audit *audit, enum audit_severity severity, const char *code)
{
	struct audit_finding *finding;

	audit->totals[severity]++;
	if (audit->findings[severity].count >= AUDIT_FINDINGS_MAX)
		return NULL;
	finding = audit_push(&audit->findings[severity], sizeof *finding);
	if (finding == NULL) {
		audit->failed = true;
		return NULL;
	}
	finding->code = code;
	finding->severity = severity;
	return finding;
}

static void set_place(struct audit_finding *finding, const struct audit_place *place)
{
	if (place->batch != NULL)
		snprintf(finding->batch, sizeof finding->batch, "%s", place->batch);
	if (place->imei != NULL)
		snprintf(finding->imei, sizeof finding->imei, "%s", place->imei);
	if (place->station != NULL)
		snprintf(finding->station, sizeof finding->station, "%s", place->station);
	finding->indexed = place->indexed;
	finding->index = place->index;
	finding->numbered = place->numbered;
	finding->entry = place->entry;
}

void audit_find(struct audit *audit, enum audit_code code, const struct audit_place *place,
    const char *format, ...)
{
	const struct audit_rule *rule = audit_rule(code);
	struct audit_finding *finding = push(audit, rule->severity, rule->code);
	va_list arguments;

	if (finding == NULL)
		return;
	set_place(finding, place);
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof finding->text, format, arguments);
	va_end(arguments);
	make_printable(finding->text);
}

/* One finding above the limit, which is why it does not go through push. */
static void find_lost(struct audit *audit, enum audit_severity severity, enum audit_code code)
{
	struct audit_list *list = &audit->findings[severity];
	uint64_t lost = audit->totals[severity] - list->count;
	struct audit_finding *finding;

	if (lost == 0)
		return;
	finding = audit_push(list, sizeof *finding);
	if (finding == NULL) {
		audit->failed = true;
		return;
	}
	finding->code = audit_code(code);
	finding->severity = severity;
	snprintf(finding->text, sizeof finding->text, "%" PRIu64 " more %ss are not listed", lost,
	    audit_severity_name(severity));
}

void audit_find_lost(struct audit *audit)
{
	find_lost(audit, AUDIT_ERROR, CODE_LOST_ERRORS);
	find_lost(audit, AUDIT_WARNING, CODE_LOST_WARNINGS);
}

void audit_find_error(struct audit *audit, const char *code, const struct audit_place *place,
    const char *text)
{
	static const struct audit_place nowhere;
	struct audit_finding *finding = push(audit, AUDIT_ERROR, code);

	if (finding == NULL)
		return;
	set_place(finding, place != NULL ? place : &nowhere);
	snprintf(finding->text, sizeof finding->text, "%s", text);
}
