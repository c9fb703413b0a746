/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit_private.h"

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
	char text[AUDIT_TEXT_SIZE];

	if (fault->err != ERR_NO)
		return fault->err;
	snprintf(text, sizeof text, "%s%s%s", fault->where, fault->where[0] != '\0' ? ": " : "", fault->text);
	audit_find_error(audit, fault->code, place, text);
	if (!audit_item_is_good(audit, number))
		return ERR_OK;
	item->code = fault->code;
	memcpy(item->text, text, sizeof item->text);
	return ERR_OK;
}
