/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/mint.h"
#include "gapseal/twins.h"
#include "plan_private.h"

/* The values of one slot in all rows. Several credentials may serve it, each its own lots. */
struct values {
	struct lint *lint;
	size_t slot;
	size_t credential;      /* of the present row */
	const struct profile_credential *of;
	int column;             /* -1: of a template */
	struct twins twins;
	struct psk_remarks psk;
};

/* False if nothing is to be looked at in the row: its lot, or what the credential takes, was refused. */
static bool choose(struct values *values, size_t row)
{
	const struct plan *plan = values->lint->plan;
	size_t credential = plan_credential_of(plan, row, values->slot);

	if (credential == NO_CREDENTIAL || values->lint->broken[credential])
		return false;
	values->credential = credential;
	values->of = &plan->profile->credentials[credential];
	values->column = plan->columns[credential];
	return plan_uses_rows(values->of) && values->of->source != SOURCE_PATH;
}

static bool template_fits(struct values *values)
{
	struct cursor cursor = cursor_of(bytes_of(values->of->text));
	enum template_part kind;
	struct bytes part;
	bool fits = true;

	while ((kind = template_take(&part, &cursor)) == TEMPLATE_TEXT || kind == TEMPLATE_FIELD) {
		int column = kind == TEMPLATE_FIELD ? plan_column(values->lint->plan, part) : -1;

		if (column >= 0 && !lint_field(values->lint, column))
			fits = false;
	}
	return fits;
}

static bool cn_fits(struct values *values, struct bytes cn)
{
	if (cn.size > MINT_CN_MAX)
		lint_row(values->lint, RULE_CN_SIZE, -1,
		    "%s: the CN has %zu characters, at most %d are possible", values->of->name, cn.size,
		    MINT_CN_MAX);
	else if (!text_is_printable(cn))
		lint_row(values->lint, RULE_CN_BYTE, -1, "%s: the CN is not printable ASCII",
		    values->of->name);
	else
		return true;
	return false;
}

/* Mosquitto's psk_file is lines of identity, colon and key. */
static void find_colon(struct values *values)
{
	struct lint *lint = values->lint;

	if (values->of->slot.type != CREDENTIAL_IDENTITY || lint->colon[values->credential] ||
	    memchr(lint->text.data, ':', lint->text.size) == NULL)
		return;
	lint->colon[values->credential] = true;
	lint_profile(lint, RULE_IDENTITY_COLON, values->credential,
	    "identities hold a colon: usual with LwM2M, but in a psk_file of Mosquitto they would end there");
}

static enum err content_fits(struct values *values, bool *fits)
{
	struct lint *lint = values->lint;
	enum err err;

	if (values->of->source == SOURCE_ISSUED) {
		*fits = cn_fits(values, buffer_bytes(&lint->text));
		return ERR_OK;
	}
	err = credential_check(values->of->slot, buffer_bytes(&lint->text), NULL, lint->fault);
	*fits = err == ERR_OK;
	if (err != ERR_NO) {
		find_colon(values);
		return err;
	}
	fault_set(lint->fault, ERR_NO, lint->fault->code, NULL, "%s: %s", values->of->name,
	    lint->fault->text);
	return lint_take(lint, values->column);
}

/* Whether the present row's value can be used; it is in lint->text then. */
static enum err value_fits(struct values *values, bool *fits)
{
	struct lint *lint = values->lint;
	enum err err;

	*fits = values->column >= 0 ? lint_field(lint, values->column) : template_fits(values);
	if (*fits && values->of->slot.type == CREDENTIAL_PSK)
		*fits = lint_psk(lint, values->column, &values->psk);
	if (!*fits)
		return ERR_OK;
	buffer_clear(&lint->text);
	err = plan_value(&lint->text, lint->plan, values->credential, &lint->row, lint->fault);
	return err == ERR_OK ? content_fits(values, fits) : err;
}

/* Looks at a row, unless it is one whose IMEI was refused and a template may need it. */
static enum err take_row(struct values *values, size_t i, bool *looked)
{
	struct lint *lint = values->lint;
	bool fits, mine = choose(values, i);
	size_t *longest;
	enum err err;

	*looked = false;
	if (!mine)
		return ERR_OK;
	err = roster_row(&lint->row, lint->reader, i, lint->fault);
	*looked = err == ERR_OK && (values->column >= 0 || lint->row.imei[0] != '\0');
	if (!*looked)
		return err;
	err = value_fits(values, &fits);
	if (err != ERR_OK || !fits)
		return err;
	longest = &lint->plan->longest[values->credential];
	if (lint->text.size > *longest)
		*longest = lint->text.size;
	twins_add(&values->twins, twins_key(buffer_bytes(&lint->text)), (uint32_t)i);
	return ERR_OK;
}

static void report(struct values *values, unsigned long first)
{
	struct lint *lint = values->lint;

	if (values->of->slot.type == CREDENTIAL_PSK)
		lint_row(lint, RULE_PSK_DUPLICATE, values->column,
		    "the same pre-shared key as on line %lu", first);
	else if (values->of->slot.type == CREDENTIAL_IDENTITY)
		lint_row(lint, RULE_IDENTITY_DUPLICATE, values->column,
		    "%s: the same identity as on line %lu", values->of->name, first);
	else
		lint_row(lint, RULE_CN_DUPLICATE, values->column, "%s: the same CN as on line %lu",
		    values->of->name, first);
}

static enum err value_of(struct buffer *out, struct values *values, size_t i)
{
	struct lint *lint = values->lint;
	size_t row = values->twins.items[i].row;
	enum err err = roster_row(&lint->row, lint->reader, row, lint->fault);

	buffer_clear(out);
	if (err != ERR_OK || !choose(values, row))
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

static enum err size_certificate(struct lint *lint, size_t credential)
{
	struct plan *plan = lint->plan;
	const struct profile_credential *of = &plan->profile->credentials[credential];
	size_t *out = &plan->certificate[credential], limit = credential_limit(of->slot.tag);
	enum err err;

	*out = limit;
	if (plan->ca == NULL || plan->longest[credential] == 0)
		return ERR_OK;
	err = mint_certificate_max(out, bytes_of(plan->ca), plan->longest[credential], "CA", lint->fault);
	*out += plan_chain_size(plan, credential);
	if (err == ERR_OK && *out > limit)
		lint_profile(lint, RULE_CONTENT_SIZE, credential,
		    "certificates have up to %zu bytes, the most a modem can be sent under tag %lu are %zu",
		    *out, (unsigned long)of->slot.tag, limit);
	if (err != ERR_NO)
		return err;
	return findings_take(lint->findings, (struct finding_place){plan->profile->where, of->line, 0},
	    lint->fault);
}

static enum err size_certificates(struct values *values)
{
	const struct profile *profile = values->lint->plan->profile;
	const struct manifest_slot *slots = profile->policy.slots.items;
	struct slot slot = {(uint32_t)slots[values->slot].tag, (uint32_t)slots[values->slot].type};
	enum err err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < profile->count; i++)
		if (profile->credentials[i].source == SOURCE_ISSUED &&
		    slot_compare(profile->credentials[i].slot, slot) == 0)
			err = size_certificate(values->lint, i);
	return err;
}

/* A template of {imei} alone gives every device a text of its own, and all of them the same form: one
 * row speaks for all, if all have the same template. */
static bool one_speaks(struct values *values)
{
	return values->lint->plan->choice == NULL && choose(values, 0) && values->column < 0 &&
	    template_only_imei(bytes_of(values->of->text));
}

static bool none_speaks(struct values *values)
{
	return values->lint->plan->choice == NULL && !choose(values, 0);
}

static enum err take_rows(struct values *values)
{
	size_t count = roster_count(values->lint->plan->roster);
	bool one = one_speaks(values), looked = false;
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

enum err lint_values(struct lint *lint, size_t slot)
{
	struct values values = {.lint = lint, .slot = slot, .twins = TWINS_EMPTY};
	enum err err = ERR_OK;

	if (none_speaks(&values))
		return ERR_OK;
	/* Room for the longest field at once: a buffer that grows leaves copies behind. */
	if (buffer_space(&lint->text, ROSTER_FIELD_MAX) == NULL ||
	    buffer_space(&lint->other, ROSTER_FIELD_MAX) == NULL)
		err = fault_memory(lint->fault);
	if (err == ERR_OK)
		err = take_rows(&values);
	if (err == ERR_OK)
		lint_psk_end(lint, &values.psk);
	if (err == ERR_OK)
		err = size_certificates(&values);
	twins_free(&values.twins);
	wipe(&lint->text);
	wipe(&lint->other);
	return err;
}
