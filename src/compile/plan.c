/* SPDX-License-Identifier: ISC */
#include "gapseal/plan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/p256.h"
#include "gapseal/pem.h"
#include "gapseal/record.h"
#include "gapseal/utc.h"
#include "gapseal/x509.h"
#include "plan_private.h"

#define DAY 86400

/* SHA-256 over the text with its line ending. */
static void common_digest(struct manifest_common *common)
{
	struct cursor cursor = cursor_of(bytes_of(common->text));
	struct bytes line;
	struct hash hash;

	hash_begin(&hash);
	while (take_line(&cursor, &line)) {
		hash_add(&hash, line);
		hash_add(&hash, bytes_of(common->line_ending == LINE_ENDING_CRLF ? "\r\n" : "\n"));
	}
	hash_end(&hash, common->digest);
}

/* Several tags may get the same certificates: a common content stands in the manifest once. */
static void share(struct plan *plan, size_t credential)
{
	const struct profile_credential *from = &plan->profile->credentials[credential];
	struct manifest_common common = {.line_ending = from->line_ending, .text = from->pem};
	size_t i = 0;

	plan->common_of[credential] = -1;
	if (from->source != SOURCE_FILES)
		return;
	common_digest(&common);
	while (i < plan->common_count && memcmp(plan->commons[i].digest, common.digest, HASH_SIZE) != 0)
		i++;
	if (i == plan->common_count)
		plan->commons[plan->common_count++] = common;
	plan->common_of[credential] = (int)i;
}

/* The longest content of a slot. */
static size_t content_size(const struct plan *plan, size_t credential)
{
	const struct profile_credential *of = &plan->profile->credentials[credential];

	switch (of->source) {
	case SOURCE_DERIVED:
		return 2 * (size_t)of->bytes;
	case SOURCE_COLUMN:
	case SOURCE_TEMPLATE:
		return plan->longest[credential];
	case SOURCE_GENERATED:
		return pem_size("EC PRIVATE KEY", P256_SEC1_SIZE, of->line_ending == LINE_ENDING_CRLF);
	case SOURCE_ISSUED:
		return plan->certificate[credential];
	case SOURCE_PATH:
		return plan->longest[credential];
	case SOURCE_FILES:
	case SOURCE_DELETE:
	case SOURCE_EXPECT:
	case SOURCES:
		break;
	}
	return 0;
}

static enum contents_op op_of(enum source source)
{
	if (source == SOURCE_DELETE)
		return CONTENTS_DELETE;
	return source == SOURCE_EXPECT ? CONTENTS_EXPECT : CONTENTS_WRITE;
}

static size_t step_size(const struct plan *plan, size_t credential)
{
	enum source source = plan->profile->credentials[credential].source;
	struct contents_step step = {.op = op_of(source), .shared = plan->common_of[credential] >= 0};

	step.content.size = content_size(plan, credential);
	if (plan->passwords[credential] >= 0)
		step.password.size = plan->password_max;
	return contents_step_size(&step);
}

/* Of each slot the largest step: lots may get different ones. */
static void measure(struct plan *plan)
{
	const struct profile_credential *credentials = plan->profile->credentials;
	size_t largest = 0;

	plan->contents_max = CONTENTS_HEAD;
	for (size_t i = 0; i < plan->profile->count; i++) {
		size_t size = step_size(plan, i);

		if (i > 0 && slot_compare(credentials[i].slot, credentials[i - 1].slot) != 0) {
			plan->contents_max += largest;
			largest = 0;
		}
		largest = size > largest ? size : largest;
	}
	plan->contents_max += largest;
}

static void ca_say(struct lint *lint, enum rule rule, const char *sentence)
{
	findings_add(lint->findings, rule, (struct finding_place){.file = lint->plan->profile->where},
	    "the issuing CA: %s", sentence);
}

static enum err look_at_ca(struct lint *lint, int64_t now)
{
	const struct profile *profile = lint->plan->profile;
	struct x509_facts facts;
	char end[UTC_SIZE];
	enum err err = x509_facts(&facts, bytes_of(lint->plan->ca), 0, "CA", lint->fault);

	if (err != ERR_OK)
		return err;
	utc_format(end, facts.not_after);
	if (facts.version == 1)
		ca_say(lint, RULE_PEM_VERSION,
		    "its certificate is of X.509 version 1, which some servers refuse");
	for (size_t i = 0; now > 0 && i < profile->count; i++)
		if (profile->credentials[i].source == SOURCE_ISSUED &&
		    now + (int64_t)profile->credentials[i].days * DAY > facts.not_after)
			lint_profile(lint, RULE_CERT_OUTLIVES, i,
			    "certificates would be valid past the end of the CA, %s", end);
	return ERR_OK;
}

static enum err take_ca(struct lint *lint, const struct plan_request *request)
{
	struct buffer bundle = BUFFER_EMPTY;
	enum err err = x509_bundle(&bundle, bytes_of(request->ca_pem), "CA", lint->fault);

	if (err == ERR_OK) {
		buffer_byte(&bundle, '\0');
		err = buffer_check(&bundle, lint->fault);
	}
	if (err == ERR_OK) {
		lint->plan->ca = (char *)bundle.data;
		return look_at_ca(lint, request->now);
	}
	buffer_free(&bundle);
	if (err != ERR_NO)
		return err;
	fault_set(lint->fault, ERR_NO, lint->fault->code, NULL, "the issuing CA: %s", lint->fault->text);
	return findings_take(lint->findings, (struct finding_place){.file = lint->plan->profile->where},
	    lint->fault);
}

static bool take_name(char out[static NAME_SIZE], const char *name)
{
	return text_is_name(bytes_of(name)) && text_copy(out, NAME_SIZE, bytes_of(name));
}

static int column_of(const struct plan *plan, const char *name)
{
	return name[0] != '\0' ? roster_column(plan->roster, name) : -1;
}

static enum err take_request(struct lint *lint, const struct plan_request *request)
{
	struct plan *plan = lint->plan;

	if (!take_name(plan->org, request->org) || !take_name(plan->batch, request->batch))
		return fault_set(lint->fault, ERR_CANNOT, "name-form", NULL,
		    "organisation and batch are 1 to %d of a-z 0-9 . - and begin with a letter or digit",
		    NAME_MAX_LENGTH);
	if (request->lot_size > LOT_DEVICES_MAX)
		return fault_set(lint->fault, ERR_CANNOT, "lot-size", NULL, "a lot holds 1 to %d devices",
		    LOT_DEVICES_MAX);
	plan->lot_size = request->lot_size != 0 ? request->lot_size : LOT_DEVICES_MAX;
	plan->lot_column = roster_column(plan->roster, "lot");
	for (size_t i = 0; i < plan->profile->count; i++) {
		const struct profile_credential *credential = &plan->profile->credentials[i];

		plan->columns[i] = column_of(plan, credential->column);
		plan->passwords[i] = column_of(plan, credential->password);
		share(plan, i);
	}
	if (!profile_issues(plan->profile))
		return ERR_OK;
	if (request->ca_pem != NULL)
		return take_ca(lint, request);
	findings_add(lint->findings, RULE_PLAN_CA, (struct finding_place){.file = plan->profile->where},
	    "certificates are sized when the CA is known");
	return ERR_OK;
}

static enum err lint_cuts(struct lint *lint)
{
	struct plan *plan = lint->plan;
	enum err err = lint_lots(lint);

	if (err == ERR_OK)
		err = lint_choice(lint);
	if (err == ERR_OK)
		err = lint_tacs(lint);
	if (plan->choice == NULL) {
		free(plan->lot_of);
		plan->lot_of = NULL;
	}
	return err;
}

static enum err lint_all(struct lint *lint)
{
	struct plan *plan = lint->plan;
	enum err err = lint_cuts(lint);

	lint_columns(lint);
	for (size_t slot = 0; err == ERR_OK && slot < plan_slots(plan); slot++)
		err = lint_values(lint, slot);
	if (err == ERR_OK)
		err = lint_paths(lint);
	if (err != ERR_OK)
		return err;
	measure(plan);
	if (record_stride(plan->contents_max) == 0)
		findings_add(lint->findings, RULE_RECORD_SIZE,
		    (struct finding_place){.file = plan->profile->where},
		    "what one device gets has up to %zu bytes, more than a record holds",
		    plan->contents_max);
	return findings_check(lint->findings, lint->fault);
}

enum err plan_make(struct plan **out, const struct profile *profile, const struct roster *roster,
    const struct plan_request *request, struct findings *findings, struct fault *fault)
{
	struct lint *lint = calloc(1, sizeof *lint);
	struct plan *plan = calloc(1, sizeof *plan);
	enum err err;

	*out = NULL;
	if (lint == NULL || plan == NULL) {
		free(lint);
		free(plan);
		return fault_memory(fault);
	}
	*lint = (struct lint){.plan = plan, .findings = findings, .fault = fault};
	plan->profile = profile;
	plan->roster = roster;
	plan->folder = -1;
	err = take_request(lint, request);
	if (err == ERR_OK)
		err = roster_reader_new(&lint->reader, roster, fault);
	if (err == ERR_OK)
		err = lint_all(lint);
	roster_reader_free(&lint->reader);
	free(lint);
	if (err == ERR_OK && findings->errors == 0)
		*out = plan;
	else
		plan_free(&plan);
	return err;
}

void plan_free(struct plan **plan)
{
	if (*plan == NULL)
		return;
	if ((*plan)->folder >= 0)
		close((*plan)->folder);
	if ((*plan)->marks != NULL) /* a password may be guessed from one */
		secret_wipe((*plan)->marks, (*plan)->mark_count * HASH_SIZE);
	free((*plan)->marks);
	free((*plan)->choice);
	free((*plan)->lot_of);
	free((*plan)->ca);
	free((*plan)->lots);
	free((*plan)->order);
	free((*plan)->starts);
	free(*plan);
	*plan = NULL;
}
