/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "profile_private.h"

static const struct config_option options[] = {
	{"existing", CONFIG_TEXT}, {"digest_forms", CONFIG_TEXTS}, {"families", CONFIG_TEXTS},
	{"minimum_firmware", CONFIG_TEXT}, {"attempts", CONFIG_NUMBER}, {"rework", CONFIG_TEXT},
	{"label", CONFIG_TEXT}, {"attestation", CONFIG_TEXT}, {"finish", CONFIG_TEXT},
	{"log_imei", CONFIG_BOOLEAN}, {"log_unit", CONFIG_BOOLEAN},
};
const struct config_section profile_policy_section = {
	.name = "policy", .options = options, .count = sizeof options / sizeof options[0]
};
static const struct config_place place = {"policy", 0};

const struct shape *profile_policy_shape(void)
{
	size_t i = 0;

	while (strcmp(manifest_shape.fields[i].key, "policy") != 0)
		i++;
	return manifest_shape.fields[i].shape;
}

static void refuse(struct profile_reading *reading, unsigned line, const char *option, const char *rule)
{
	profile_say(reading, RULE_PROFILE_POLICY, line, "%s %s", option, rule);
}

/* The manifest's own table says which words there are. */
static void take_choice(struct profile_reading *reading, const struct field *field)
{
	struct manifest_policy *policy = &reading->profile->policy;
	char rule[80] = "is one of";
	const char *word;
	unsigned line;

	if (!config_text(reading->config, place, field->key, &word, &line) ||
	    field_set((char *)policy + field->offset, field, bytes_of(word)))
		return;
	for (size_t i = 0; field->words[i] != NULL; i++) {
		strncat(rule, i == 0 ? " " : ", ", sizeof rule - strlen(rule) - 1);
		strncat(rule, field->words[i], sizeof rule - strlen(rule) - 1);
	}
	refuse(reading, line, field->key, rule);
}

static void take_fields(struct profile_reading *reading)
{
	const struct shape *shape = profile_policy_shape();
	struct manifest_policy *policy = &reading->profile->policy;

	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->fields[i];

		if (field->kind == FIELD_CHOICE)
			take_choice(reading, field);
		else if (field->kind == FIELD_BOOLEAN)
			config_boolean(reading->config, place, field->key,
			    (bool *)((char *)policy + field->offset), NULL);
	}
}

static void take_attempts(struct profile_reading *reading)
{
	uint64_t number = 3;
	unsigned line = 0;

	config_number(reading->config, place, "attempts", &number, &line);
	if (number < 1 || number > ATTEMPTS_MAX)
		refuse(reading, line, "attempts", "is 1 to 99");
	reading->profile->policy.attempts = number;
}

/* exact is the rule, nul an exception one may allow beside it. */
static enum err take_forms(struct profile_reading *reading)
{
	unsigned *forms = calloc(2, sizeof *forms), line = 0;
	bool exact = false, nul = false;
	const char *word;
	size_t i = 0;

	if (forms == NULL)
		return fault_memory(reading->fault);
	for (; config_texts(reading->config, place, "digest_forms", i, &word, &line); i++) {
		if (strcmp(word, "exact") != 0 && strcmp(word, "nul") != 0)
			refuse(reading, line, "digest_forms", "are exact and nul");
		exact = exact || strcmp(word, "exact") == 0;
		nul = nul || strcmp(word, "nul") == 0;
	}
	if (i > 0 && !exact)
		refuse(reading, line, "digest_forms", "always hold exact");
	forms[0] = DIGEST_EXACT;
	forms[1] = DIGEST_NUL;
	reading->profile->policy.digest_forms = (struct list){.items = forms, .count = nul ? 2 : 1};
	return ERR_OK;
}

static void take_family(struct profile_reading *reading, const char *word, unsigned line)
{
	struct list *families = &reading->profile->policy.families;
	char *name = (char *)families->items + families->count * NAME_SIZE;

	for (size_t i = 0; i < families->count; i++)
		if (strcmp((char *)families->items + i * NAME_SIZE, word) == 0)
			refuse(reading, line, "families", "names one twice");
	if (!text_is_name(bytes_of(word)) || !text_copy(name, NAME_SIZE, bytes_of(word))) {
		refuse(reading, line, "families", "are names such as nrf9160");
		return;
	}
	if (strcmp(word, "nrf9160") != 0 && strcmp(word, "nrf91x1") != 0)
		profile_say(reading, RULE_POLICY_FAMILY, line,
		    "modems of a family %s are not known here; known are nrf9160 and nrf91x1", word);
	families->count++;
}

static enum err take_families(struct profile_reading *reading)
{
	struct list *families = &reading->profile->policy.families;
	const char *word;
	unsigned line;
	size_t count = 0;

	while (config_texts(reading->config, place, "families", count, &word, &line))
		count++;
	if (count == 0 || (count == 1 && strcmp(word, "any") == 0))
		return ERR_OK;
	families->items = calloc(count, NAME_SIZE);
	if (families->items == NULL)
		return fault_memory(reading->fault);
	for (size_t i = 0; config_texts(reading->config, place, "families", i, &word, &line); i++)
		take_family(reading, word, line);
	return ERR_OK;
}

/* Three decimal numbers, such as 1.3.2. */
static bool is_firmware(const char *text)
{
	struct cursor cursor = cursor_of(bytes_of(text));
	struct bytes number;
	uint64_t value;
	size_t count = 0;

	for (; take_field(&cursor, '.', &number); count++)
		if (!decimal_parse(number, UINT32_MAX, &value))
			return false;
	return count == 3 && text[strlen(text) - 1] != '.';
}

static void take_firmware(struct profile_reading *reading)
{
	char *out = reading->profile->policy.minimum_firmware;
	const char *text;
	unsigned line;

	if (!config_text(reading->config, place, "minimum_firmware", &text, &line) || text[0] == '\0')
		return;
	if (!is_firmware(text) || !text_copy(out, FIRMWARE_VERSION_SIZE, bytes_of(text)))
		refuse(reading, line, "minimum_firmware", "is three numbers such as 1.3.2");
}

enum err profile_take_policy(struct profile_reading *reading)
{
	struct manifest_policy *policy = &reading->profile->policy;
	enum err err;

	policy->existing = EXISTING_REPLACE;
	policy->rework = REWORK_LOCAL;
	policy->label = LABEL_OFF;
	policy->attestation = ATTESTATION_OFF;
	policy->finish = FINISH_CFUN0;
	take_fields(reading);
	take_attempts(reading);
	take_firmware(reading);
	err = take_forms(reading);
	return err != ERR_OK ? err : take_families(reading);
}
