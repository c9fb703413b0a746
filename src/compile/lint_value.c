/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/mint.h"
#include "gapseal/twins.h"
#include "plan_private.h"

#define PSK_DIGITS_MIN 32  /* 128 bits */
#define PSK_DIGITS_USUAL 128 /* 64 bytes, beyond which no stack is known to go */

/* The values of one credential in all rows. */
struct values {
	struct lint *lint;
	size_t credential;
	const struct profile_credential *of;
	int column;             /* -1: of a template */
	struct twins twins;
	unsigned long case_line, long_line; /* of the first PSK in upper case, and the first long one */
	size_t case_count;
};

static bool is_hex(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* Says where it is wrong, never what stands there. */
static bool psk_fits(struct values *values, struct bytes psk)
{
	struct lint *lint = values->lint;
	bool upper = false;

	for (size_t i = 0; i < psk.size; i++) {
		if (!is_hex(psk.data[i])) {
			lint_row(lint, SEVERITY_ERROR, values->column, "psk-hex",
			    "character %zu of the pre-shared key is no hex digit", i + 1);
			return false;
		}
		upper = upper || (psk.data[i] >= 'A' && psk.data[i] <= 'F');
	}
	if (psk.size % 2 != 0)
		lint_row(lint, SEVERITY_ERROR, values->column, "psk-odd",
		    "the pre-shared key has an odd number of hex digits: %zu", psk.size);
	else if (psk.size < PSK_DIGITS_MIN)
		lint_row(lint, SEVERITY_ERROR, values->column, "psk-short",
		    "the pre-shared key has %zu bits, at least 128 are needed", 4 * psk.size);
	if (upper && values->case_count++ == 0)
		values->case_line = lint->row.line;
	if (psk.size > PSK_DIGITS_USUAL && values->long_line == 0)
		values->long_line = lint->row.line;
	return psk.size % 2 == 0 && psk.size >= PSK_DIGITS_MIN;
}

/* Nothing is trimmed, and nothing is left out: a template around an empty field would give many devices
 * the same name. */
static bool field_fits(struct lint *lint, int column)
{
	struct bytes field = lint->row.fields[column];
	const char *name = roster_column_name(lint->plan->roster, column);

	if (field.size == 0)
		lint_row(lint, SEVERITY_ERROR, column, "field-empty",
		    "%s: the profile needs it, and it is empty", name);
	else if (field.data[0] == ' ' || field.data[field.size - 1] == ' ')
		lint_row(lint, SEVERITY_ERROR, column, "field-blank",
		    "%s: a blank before or after the value", name);
	else
		return true;
	return false;
}

static bool template_fits(struct values *values)
{
	struct cursor cursor = cursor_of(bytes_of(values->of->text));
	enum template_part kind;
	struct bytes part;
	bool fits = true;

	while ((kind = template_take(&part, &cursor)) == TEMPLATE_TEXT || kind == TEMPLATE_FIELD) {
		int column = kind == TEMPLATE_FIELD ? plan_column(values->lint->plan, part) : -1;

		if (column >= 0 && !field_fits(values->lint, column))
			fits = false;
	}
	return fits;
}

static bool cn_fits(struct values *values, struct bytes cn)
{
	if (cn.size > MINT_CN_MAX)
		lint_row(values->lint, SEVERITY_ERROR, -1, "cn-size",
		    "%s: the CN has %zu characters, at most %d are possible", values->of->name, cn.size,
		    MINT_CN_MAX);
	else if (!text_is_printable(cn))
		lint_row(values->lint, SEVERITY_ERROR, -1, "cn-byte", "%s: the CN is not printable ASCII",
		    values->of->name);
	else
		return true;
	return false;
}

/* Whether the present row's value can be used; it is in lint->text then. */
static enum err value_fits(struct values *values, bool *fits)
{
	struct lint *lint = values->lint;
	enum err err;

	*fits = values->column >= 0 ? field_fits(lint, values->column) : template_fits(values);
	if (*fits && values->of->slot.type == CREDENTIAL_PSK)
		*fits = psk_fits(values, lint->row.fields[values->column]);
	if (!*fits)
		return ERR_OK;
	buffer_clear(&lint->text);
	err = plan_value(&lint->text, lint->plan, values->credential, &lint->row, lint->fault);
	if (err != ERR_OK)
		return err;
	if (values->of->source == SOURCE_ISSUED) {
		*fits = cn_fits(values, buffer_bytes(&lint->text));
		return ERR_OK;
	}
	err = credential_check(values->of->slot, buffer_bytes(&lint->text), NULL, lint->fault);
	*fits = err == ERR_OK;
	if (err == ERR_NO)
		lint_row(lint, SEVERITY_ERROR, values->column, lint->fault->code, "%s: %s", values->of->name,
		    lint->fault->text);
	return err == ERR_NO ? ERR_OK : err;
}

/* Looks at a row, unless it is one whose IMEI was refused and a template may need it. */
static enum err take_row(struct values *values, size_t i, bool *looked)
{
	struct lint *lint = values->lint;
	size_t *longest = &lint->plan->longest[values->credential];
	enum err err = roster_row(&lint->row, lint->reader, i, lint->fault);
	bool fits;

	*looked = err == ERR_OK && (values->column >= 0 || lint->row.imei[0] != '\0');
	if (!*looked)
		return err;
	err = value_fits(values, &fits);
	if (err != ERR_OK || !fits)
		return err;
	if (lint->text.size > *longest)
		*longest = lint->text.size;
	twins_add(&values->twins, twins_key(buffer_bytes(&lint->text)), (uint32_t)i);
	return ERR_OK;
}

static void report(struct values *values, unsigned long first)
{
	struct lint *lint = values->lint;

	if (values->of->slot.type == CREDENTIAL_PSK)
		lint_row(lint, SEVERITY_ERROR, values->column, "psk-duplicate",
		    "the same pre-shared key as on line %lu", first);
	else if (values->of->slot.type == CREDENTIAL_IDENTITY)
		lint_row(lint, SEVERITY_ERROR, values->column, "identity-duplicate",
		    "%s: the same identity as on line %lu", values->of->name, first);
	else
		lint_row(lint, SEVERITY_ERROR, values->column, "cn-duplicate",
		    "%s: the same CN as on line %lu", values->of->name, first);
}

static enum err value_of(struct buffer *out, struct values *values, size_t i)
{
	struct lint *lint = values->lint;
	enum err err = roster_row(&lint->row, lint->reader, values->twins.items[i].row, lint->fault);

	buffer_clear(out);
	if (err != ERR_OK)
		return err;
	return plan_value(out, lint->plan, values->credential, &lint->row, lint->fault);
}

/* Reports i if one of the rows before it, from first on, has the same value: the keys are equal, which
 * may be chance. */
static enum err compare(struct values *values, size_t first, size_t i)
{
	struct lint *lint = values->lint;
	bool same = false;
	enum err err = ERR_OK;

	for (; err == ERR_OK && !same && first < i; first++) {
		unsigned long line;

		err = value_of(&lint->other, values, first);
		line = lint->row.line;
		if (err == ERR_OK)
			err = value_of(&lint->text, values, i);
		same = err == ERR_OK && bytes_equal(buffer_bytes(&lint->text), buffer_bytes(&lint->other));
		if (same)
			report(values, line);
	}
	return err;
}

static enum err find_duplicates(struct values *values)
{
	const struct twins *twins = &values->twins;
	enum err err = twins_sort(&values->twins, values->lint->fault);
	size_t first = 0;

	for (size_t i = 1; err == ERR_OK && i < twins->count; i++) {
		if (twins->items[i].key != twins->items[first].key)
			first = i;
		else
			err = compare(values, first, i);
	}
	return err;
}

/* Said once: a finding a row would drown the others. */
static void mention(struct values *values)
{
	struct lint *lint = values->lint;

	lint->row.line = values->case_line;
	if (values->case_count > 0)
		lint_row(lint, SEVERITY_NOTICE, values->column, "psk-case",
		    "upper-case hex is written to the modem in lower case, in this and %zu further rows",
		    values->case_count - 1);
	lint->row.line = values->long_line;
	if (values->long_line != 0)
		lint_row(lint, SEVERITY_WARNING, values->column, "psk-long",
		    "the pre-shared key has more than 64 bytes: make sure that modem and server take it");
}

static enum err size_certificate(struct values *values)
{
	struct lint *lint = values->lint;
	struct plan *plan = lint->plan;
	size_t *out = &plan->certificate[values->credential];
	size_t limit = credential_limit(values->of->slot.tag);
	enum err err;

	*out = limit;
	if (plan->ca == NULL || plan->longest[values->credential] == 0)
		return ERR_OK;
	err = mint_certificate_max(out, bytes_of(plan->ca), plan->longest[values->credential], "CA",
	    lint->fault);
	if (err == ERR_OK && *out > limit)
		lint_profile(lint, SEVERITY_ERROR, values->credential, "content-size",
		    "certificates have up to %zu bytes, the most a modem can be sent under tag %lu are %zu",
		    *out, (unsigned long)values->of->slot.tag, limit);
	if (err == ERR_NO)
		lint_profile(lint, SEVERITY_ERROR, values->credential, lint->fault->code, "%s",
		    lint->fault->text);
	return err == ERR_NO ? ERR_OK : err;
}

/* A template of {imei} alone gives every device a text of its own, and all of them the same form: one
 * row speaks for all. */
static enum err take_rows(struct values *values)
{
	size_t count = roster_count(values->lint->plan->roster);
	bool one = values->column < 0 && template_only_imei(bytes_of(values->of->text));
	bool looked = false;
	enum err err = twins_new(&values->twins, one ? 1 : count, values->lint->fault);

	for (size_t i = 0; err == ERR_OK && i < count && !(one && looked); i++)
		err = take_row(values, i, &looked);
	return err != ERR_OK ? err : find_duplicates(values);
}

static void wipe(struct buffer *buffer)
{
	if (buffer->data != NULL)
		secret_wipe(buffer->data, buffer->capacity);
	buffer_free(buffer);
}

enum err lint_values(struct lint *lint, size_t credential)
{
	struct values values = {.lint = lint, .credential = credential, .twins = TWINS_EMPTY};
	enum err err = ERR_OK;

	values.of = &lint->plan->profile->credentials[credential];
	values.column = lint->plan->columns[credential];
	if (!plan_uses_rows(values.of) || lint->broken[credential])
		return ERR_OK;
	/* Room for the longest field at once: a buffer that grows leaves copies behind. */
	if (buffer_space(&lint->text, ROSTER_FIELD_MAX) == NULL ||
	    buffer_space(&lint->other, ROSTER_FIELD_MAX) == NULL)
		err = fault_memory(lint->fault);
	if (err == ERR_OK)
		err = take_rows(&values);
	if (err == ERR_OK)
		mention(&values);
	if (err == ERR_OK && values.of->source == SOURCE_ISSUED)
		err = size_certificate(&values);
	twins_free(&values.twins);
	wipe(&lint->text);
	wipe(&lint->other);
	return err;
}
