/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "plan_private.h"

void lint_profile(struct lint *lint, enum severity severity, size_t credential, const char *code,
    const char *format, ...)
{
	const struct profile *profile = lint->plan->profile;
	struct finding_place place = {profile->where, profile->credentials[credential].line, 0};
	va_list args;

	va_start(args, format);
	findings_vadd(lint->findings, severity, code, place, format, args);
	va_end(args);
}

void lint_row(struct lint *lint, enum severity severity, int column, const char *code, const char *format,
    ...)
{
	unsigned field = (unsigned)(column + 1);
	struct finding_place place = {roster_where(lint->plan->roster), lint->row.line, field};
	va_list args;

	va_start(args, format);
	findings_vadd(lint->findings, severity, code, place, format, args);
	va_end(args);
}

/* What stands in a template goes out in clear: an identity is sent over the air, a CN is public. */
static bool is_secret(const struct plan *plan, int column)
{
	if (column >= 0 && column == roster_column(plan->roster, "psk"))
		return true;
	for (size_t i = 0; i < plan->profile->count; i++)
		if (column >= 0 && plan->columns[i] == column &&
		    plan->profile->credentials[i].slot.type == CREDENTIAL_PSK)
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
			lint_profile(lint, SEVERITY_ERROR, credential, "template-column",
			    "the template takes column %.*s, which %s does not have", (int)part.size,
			    (const char *)part.data, roster_where(lint->plan->roster));
		if (is_secret(lint->plan, column))
			lint_profile(lint, SEVERITY_ERROR, credential, "template-secret",
			    "the template would publish column %.*s, which holds pre-shared keys",
			    (int)part.size, (const char *)part.data);
	}
	if (fields == 0 && roster_count(lint->plan->roster) > 1)
		lint_profile(lint, SEVERITY_ERROR, credential, "template-constant",
		    "the template gives every device the same text; {imei} is different in each");
	lint->broken[credential] = lint->findings->errors != errors;
}

static bool is_used(const struct plan *plan, int column)
{
	for (size_t i = 0; i < plan->profile->count; i++)
		if (plan->columns[i] == column)
			return true;
	return false;
}

static void find_unused(struct lint *lint)
{
	static const char *const names[] = {"psk", "psk_identity"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int column = roster_column(lint->plan->roster, names[i]);
		struct finding_place place = {roster_where(lint->plan->roster), 1, (unsigned)(column + 1)};

		if (column >= 0 && !is_used(lint->plan, column))
			findings_add(lint->findings, SEVERITY_WARNING, "csv-unused", place,
			    "the profile has no credential that takes column %s; take it out of the file",
			    names[i]);
	}
}

void lint_columns(struct lint *lint)
{
	const struct plan *plan = lint->plan;
	size_t errors = lint->findings->errors;

	for (size_t i = 0; i < plan->profile->count; i++) {
		const struct profile_credential *credential = &plan->profile->credentials[i];

		if (credential->source == SOURCE_TEMPLATE || credential->source == SOURCE_ISSUED)
			check_template(lint, i);
		if (credential->source != SOURCE_COLUMN || plan->columns[i] >= 0)
			continue;
		lint->broken[i] = true;
		lint_profile(lint, SEVERITY_ERROR, i, "csv-missing",
		    "credential %s takes column %s, which %s does not have", credential->name,
		    credential->column, roster_where(plan->roster));
	}
	if (errors == 0) /* or the credential may be among those that could not be read */
		find_unused(lint);
}
