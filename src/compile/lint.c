/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "plan_private.h"

void lint_profile(struct lint *lint, enum rule rule, size_t credential, const char *format, ...)
{
	const struct profile *profile = lint->plan->profile;
	struct finding_place place = {profile->where, profile->credentials[credential].line, 0};
	va_list args;

	va_start(args, format);
	findings_vadd(lint->findings, rule, place, format, args);
	va_end(args);
}

static struct finding_place place_of(const struct lint *lint, unsigned long line, int column)
{
	return (struct finding_place){roster_where(lint->plan->roster), line, (unsigned)(column + 1)};
}

void lint_row(struct lint *lint, enum rule rule, int column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	findings_vadd(lint->findings, rule, place_of(lint, lint->row.line, column), format, args);
	va_end(args);
}

enum err lint_take(struct lint *lint, int column)
{
	return findings_take(lint->findings, place_of(lint, lint->row.line, column), lint->fault);
}

/* Nothing is trimmed, and nothing is left out: a template around an empty field would give many devices
 * the same name. */
bool lint_field(struct lint *lint, int column)
{
	struct bytes field = lint->row.fields[column];
	const char *name = roster_column_name(lint->plan->roster, column);

	if (field.size == 0)
		lint_row(lint, RULE_FIELD_EMPTY, column, "%s: the profile needs it, and it is empty", name);
	else if (field.data[0] == ' ' || field.data[field.size - 1] == ' ')
		lint_row(lint, RULE_FIELD_BLANK, column, "%s: a blank before or after the value", name);
	else
		return true;
	return false;
}

void remark_add(struct remark *remark, const struct lint *lint, int column)
{
	if (remark->count++ > 0)
		return;
	remark->line = lint->row.line;
	remark->column = column;
}

void remark_say(const struct remark *remark, struct lint *lint, enum rule rule, const char *sentence)
{
	struct finding_place place = place_of(lint, remark->line, remark->column);

	if (remark->count == 1)
		findings_add(lint->findings, rule, place, "%s", sentence);
	else if (remark->count > 1)
		findings_add(lint->findings, rule, place, "%s (so in %zu rows, this is the first)", sentence,
		    remark->count);
}

/* What stands in a template goes out in clear: an identity is sent over the air, a CN is public. */
static bool is_secret(const struct plan *plan, int column)
{
	if (column >= 0 && column == roster_column(plan->roster, "psk"))
		return true;
	for (size_t i = 0; column >= 0 && i < plan->profile->count; i++)
		if (plan->passwords[i] == column || (plan->columns[i] == column &&
		    plan->profile->credentials[i].slot.type == CREDENTIAL_PSK))
			return true;
	return false;
}

static void check_template(struct lint *lint, size_t credential)
{
	struct cursor cursor = cursor_of(bytes_of(lint->plan->profile->credentials[credential].text));
	size_t errors = lint->findings->errors, fields = 0;
	enum template_part kind;
	struct bytes part;

	while ((kind = template_take(&part, &cursor)) == TEMPLATE_TEXT || kind == TEMPLATE_FIELD) {
		int column = kind == TEMPLATE_FIELD ? plan_column(lint->plan, part) : -1;

		fields += kind == TEMPLATE_FIELD;
		if (kind == TEMPLATE_FIELD && column < 0)
			lint_profile(lint, RULE_TEMPLATE_COLUMN, credential,
			    "the template takes column %.*s, which %s does not have", (int)part.size,
			    (const char *)part.data, roster_where(lint->plan->roster));
		if (is_secret(lint->plan, column))
			lint_profile(lint, RULE_TEMPLATE_SECRET, credential,
			    "the template would publish column %.*s, which holds secrets",
			    (int)part.size, (const char *)part.data);
	}
	if (fields == 0 && roster_count(lint->plan->roster) > 1)
		lint_profile(lint, RULE_TEMPLATE_CONSTANT, credential,
		    "the template gives every device the same text; {imei} is different in each");
	lint->broken[credential] = lint->findings->errors != errors;
}

static bool is_used(const struct plan *plan, int column)
{
	for (size_t i = 0; i < plan->profile->count; i++)
		if (plan->columns[i] == column || plan->passwords[i] == column)
			return true;
	return false;
}

static void find_unused(struct lint *lint)
{
	static const char *const names[] = {"psk", "psk_identity", "client_cert", "client_key"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int column = roster_column(lint->plan->roster, names[i]);
		struct finding_place place = {roster_where(lint->plan->roster), 1, (unsigned)(column + 1)};

		if (column >= 0 && !is_used(lint->plan, column))
			findings_add(lint->findings, RULE_CSV_UNUSED, place,
			    "the profile has no credential that takes column %s; take it out of the file",
			    names[i]);
	}
}

static void need_column(struct lint *lint, size_t credential, const char *name, int column)
{
	const struct plan *plan = lint->plan;

	if (name[0] == '\0' || column >= 0)
		return;
	lint->broken[credential] = true;
	lint_profile(lint, RULE_CSV_MISSING, credential,
	    "credential %s takes column %s, which %s does not have",
	    plan->profile->credentials[credential].name, name, roster_where(plan->roster));
}

void lint_columns(struct lint *lint)
{
	const struct plan *plan = lint->plan;
	size_t errors = lint->findings->errors;

	for (size_t i = 0; i < plan->profile->count; i++) {
		const struct profile_credential *credential = &plan->profile->credentials[i];

		if (credential->source == SOURCE_TEMPLATE || credential->source == SOURCE_ISSUED)
			check_template(lint, i);
		need_column(lint, i, credential->column, plan->columns[i]);
		need_column(lint, i, credential->password, plan->passwords[i]);
	}
	if (errors == 0) /* or the credential may be among those that could not be read */
		find_unused(lint);
}
