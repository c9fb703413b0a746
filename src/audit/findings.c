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

static void put_fault(char out[static AUDIT_TEXT_SIZE], const struct fault *fault)
{
	snprintf(out, AUDIT_TEXT_SIZE, "%s%s%s", fault->where, fault->where[0] != '\0' ? ": " : "",
	    fault->text);
}

static void find_fault(struct audit *audit, const struct audit_place *place, const struct fault *fault)
{
	static const struct audit_place nowhere;
	struct audit_finding *finding = push(audit, AUDIT_ERROR, fault->code);

	if (finding == NULL)
		return;
	set_place(finding, place != NULL ? place : &nowhere);
	put_fault(finding->text, fault);
}

enum err audit_item_begin(size_t *out, struct audit *audit, enum audit_kind kind, const char *where,
    struct fault *fault)
{
	struct audit_item *item = audit_push(&audit->items, sizeof *item);
	struct fault printable;

	if (item == NULL)
		return fault_memory(fault);
	fault_set(&printable, ERR_OK, "ok", where, "not looked at");
	item->kind = kind;
	item->code = printable.code;
	memcpy(item->where, printable.where, sizeof item->where);
	memcpy(item->text, printable.text, sizeof printable.text);
	*out = audit->items.count - 1;
	return ERR_OK;
}

static struct audit_item *item_at(const struct audit *audit, size_t i)
{
	return (struct audit_item *)audit->items.items + i;
}

void audit_item_good(struct audit *audit, size_t number, const uint8_t hash[static HASH_SIZE],
    const char *format, ...)
{
	struct audit_item *item = item_at(audit, number);
	va_list arguments;

	if (!audit_item_is_good(audit, number))
		return;
	memcpy(item->hash, hash, HASH_SIZE);
	item->hashed = true;
	va_start(arguments, format);
	vsnprintf(item->text, sizeof item->text, format, arguments);
	va_end(arguments);
}

bool audit_item_is_good(const struct audit *audit, size_t item)
{
	return strcmp(item_at(audit, item)->code, "ok") == 0;
}

enum err audit_item_refuse(struct audit *audit, size_t number, const struct audit_place *place,
    const struct fault *fault)
{
	struct audit_item *item = item_at(audit, number);

	if (fault->err != ERR_NO)
		return fault->err;
	find_fault(audit, place, fault);
	if (!audit_item_is_good(audit, number))
		return ERR_OK;
	item->code = fault->code;
	put_fault(item->text, fault);
	return ERR_OK;
}
