/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gapseal/list.h"
#include "profile_private.h"

static const struct config_option options[] = {
	{"tag", CONFIG_NUMBER}, {"type", CONFIG_TEXT}, {"from", CONFIG_TEXT}, {"lots", CONFIG_TEXTS},
	{"bytes", CONFIG_NUMBER}, {"column", CONFIG_TEXT}, {"template", CONFIG_TEXT},
	{"files", CONFIG_TEXTS}, {"line_ending", CONFIG_TEXT}, {"cn", CONFIG_TEXT}, {"days", CONFIG_NUMBER},
	{"chain", CONFIG_BOOLEAN}, {"password_column", CONFIG_TEXT},
};
#define OPTIONS_COMMON 4 /* the first ones go with every source */
#define OPTIONS (sizeof options / sizeof options[0])

const struct config_section profile_section = {
	.name = "credential", .titled = true, .options = options, .count = OPTIONS
};

#define BIT(type) (1U << CREDENTIAL_##type)
#define ANY ((1U << CREDENTIAL_TYPES) - 1)

const char *const source_words[SOURCES + 1] = {
	[SOURCE_DERIVED] = "derived", [SOURCE_COLUMN] = "column", [SOURCE_TEMPLATE] = "template",
	[SOURCE_FILES] = "files", [SOURCE_GENERATED] = "generated", [SOURCE_ISSUED] = "issued",
	[SOURCE_PATH] = "path", [SOURCE_DELETE] = "delete", [SOURCE_EXPECT] = "expect",
};

/* What goes with what. */
static const struct {
	unsigned types;            /* a bit each */
	const char *options[4];
} sources[SOURCES] = {
	[SOURCE_DERIVED] = {BIT(PSK), {"bytes"}},
	[SOURCE_COLUMN] = {BIT(PSK) | BIT(IDENTITY), {"column"}},
	[SOURCE_TEMPLATE] = {BIT(IDENTITY), {"template"}},
	[SOURCE_FILES] = {BIT(CA), {"files", "line_ending"}},
	[SOURCE_GENERATED] = {BIT(KEY), {"line_ending"}},
	[SOURCE_ISSUED] = {BIT(CERT), {"cn", "days", "chain", "line_ending"}},
	[SOURCE_PATH] = {BIT(CERT) | BIT(KEY), {"column", "password_column", "line_ending"}},
	[SOURCE_DELETE] = {ANY, {NULL}},
	[SOURCE_EXPECT] = {ANY, {NULL}},
};

/* One section on its way to a credential. */
struct section {
	struct profile_reading *reading;
	struct config_place place;
	struct profile_credential credential;
};

static bool given(const struct section *section, const char *option, unsigned *line)
{
	const char *text;

	return config_text(section->reading->config, section->place, option, &text, line);
}

/* A text that must be there. */
static bool need_text(const struct section *section, const char *option, const char **out, unsigned *line)
{
	if (config_text(section->reading->config, section->place, option, out, line))
		return true;
	profile_say(section->reading, RULE_PROFILE_MISSING, section->credential.line,
	    "credential %s has no %s", section->credential.name, option);
	return false;
}

static bool take_name(struct section *section)
{
	const char *title;

	if (!config_has(section->reading->config, section->place, &title, &section->credential.line))
		return false;
	if (text_is_name(bytes_of(title)) &&
	    text_copy(section->credential.name, NAME_SIZE, bytes_of(title)))
		return true;
	profile_say(section->reading, RULE_PROFILE_NAME, section->credential.line,
	    "a credential's name is 1 to %d of a-z 0-9 . - and begins with a letter or digit",
	    NAME_MAX_LENGTH);
	return false;
}

static bool take_tag(struct section *section)
{
	uint64_t tag;
	unsigned line;

	if (!config_number(section->reading->config, section->place, "tag", &tag, &line)) {
		profile_say(section->reading, RULE_PROFILE_MISSING, section->credential.line,
		    "credential %s has no tag", section->credential.name);
		return false;
	}
	if (tag > SLOT_TAG_MAX) {
		profile_say(section->reading, RULE_SLOT_TAG, line,
		    "security tag %llu is the modem's own, the highest to write is %lu",
		    (unsigned long long)tag, (unsigned long)SLOT_TAG_MAX);
		return false;
	}
	section->credential.slot.tag = (uint32_t)tag;
	return true;
}

static bool take_type(struct section *section)
{
	const char *word;
	unsigned line;

	if (!need_text(section, "type", &word, &line))
		return false;
	for (uint32_t type = 0; type < CREDENTIAL_TYPES; type++) {
		if (strcmp(credential_type_name(type), word) == 0) {
			section->credential.slot.type = type;
			return true;
		}
	}
	profile_say(section->reading, RULE_PROFILE_VALUE, line,
	    "type is one of ca, cert, key, psk, identity");
	return false;
}

static enum source default_source(const struct section *section)
{
	bool column = given(section, "column", NULL), template = given(section, "template", NULL);

	switch (section->credential.slot.type) {
	case CREDENTIAL_CA:
		return SOURCE_FILES;
	case CREDENTIAL_CERT:
		return column ? SOURCE_PATH : SOURCE_ISSUED;
	case CREDENTIAL_KEY:
		return column ? SOURCE_PATH : SOURCE_GENERATED;
	case CREDENTIAL_PSK:
		return column ? SOURCE_COLUMN : SOURCE_DERIVED;
	default:
		return template ? SOURCE_TEMPLATE : SOURCE_COLUMN;
	}
}

static bool take_source(struct section *section)
{
	unsigned type = section->credential.slot.type, line;
	const char *word;

	section->credential.source = default_source(section);
	if (!config_text(section->reading->config, section->place, "from", &word, &line))
		return true;
	for (enum source source = SOURCE_DERIVED; source < SOURCES; source++) {
		if (strcmp(source_words[source], word) == 0 && (sources[source].types & 1U << type) != 0) {
			section->credential.source = source;
			return true;
		}
	}
	profile_say(section->reading, RULE_PROFILE_VALUE, line, "type %s does not come from %s",
	    credential_type_name(type), word);
	return false;
}

static bool goes_with(const struct profile_credential *credential, const char *option)
{
	enum source source = credential->source;

	if (strcmp(option, "password_column") == 0 && credential->slot.type != CREDENTIAL_KEY)
		return false;
	for (size_t i = 0; i < sizeof sources[source].options / sizeof sources[source].options[0]; i++)
		if (sources[source].options[i] != NULL && strcmp(sources[source].options[i], option) == 0)
			return true;
	return false;
}

static void refuse_strangers(struct section *section)
{
	unsigned line;

	for (size_t i = OPTIONS_COMMON; i < OPTIONS; i++)
		if (!goes_with(&section->credential, options[i].name) &&
		    given(section, options[i].name, &line))
			profile_say(section->reading, RULE_PROFILE_OPTION, line,
			    "%s does not go with type %s from %s", options[i].name,
			    credential_type_name(section->credential.slot.type),
			    source_words[section->credential.source]);
}

static void take_number(struct section *section, const char *option, unsigned *out, unsigned min,
    unsigned max)
{
	unsigned line;
	uint64_t number;

	if (!config_number(section->reading->config, section->place, option, &number, &line))
		return;
	if (number < min || number > max)
		profile_say(section->reading, RULE_PROFILE_VALUE, line, "%s is %u to %u",
		    option, min, max);
	else
		*out = (unsigned)number;
}

static void take_template(struct section *section, const char *option)
{
	struct fault why;
	const char *text;
	unsigned line;

	if (!need_text(section, option, &text, &line))
		return;
	if (template_check(bytes_of(text), NULL, &why) != ERR_OK)
		profile_say(section->reading, RULE_TEMPLATE_FORM, line, "%s", why.text);
	else
		text_copy(section->credential.text, sizeof section->credential.text, bytes_of(text));
}

/* The name of a column, standard if none is given. */
static void take_column(struct section *section, const char *option, char out[static NAME_SIZE],
    const char *standard)
{
	const char *name = standard;
	unsigned line = section->credential.line;

	config_text(section->reading->config, section->place, option, &name, &line);
	if (name[0] == '\0' || !text_copy(out, NAME_SIZE, bytes_of(name)))
		profile_say(section->reading, RULE_PROFILE_VALUE, line,
		    "a column has a name of 1 to %d characters", NAME_MAX_LENGTH);
}

static void take_path(struct section *section)
{
	bool key = section->credential.slot.type == CREDENTIAL_KEY;

	take_column(section, "column", section->credential.column, key ? "client_key" : "client_cert");
	if (given(section, "password_column", NULL))
		take_column(section, "password_column", section->credential.password, "");
}

static void take_line_ending(struct section *section)
{
	const char *word = "lf";
	unsigned line = 0;

	config_text(section->reading->config, section->place, "line_ending", &word, &line);
	section->credential.line_ending = strcmp(word, "crlf") == 0 ? LINE_ENDING_CRLF : LINE_ENDING_LF;
	if (strcmp(word, "lf") != 0 && strcmp(word, "crlf") != 0)
		profile_say(section->reading, RULE_PROFILE_VALUE, line,
		    "line_ending is lf or crlf");
}

static void take_issued(struct section *section)
{
	take_template(section, "cn");
	take_number(section, "days", &section->credential.days, 1, PROFILE_DAYS_MAX);
	config_boolean(section->reading->config, section->place, "chain", &section->credential.chain, NULL);
	if (!given(section, "days", NULL))
		profile_say(section->reading, RULE_PROFILE_MISSING, section->credential.line,
		    "credential %s has no days", section->credential.name);
}

static enum err take_details(struct section *section)
{
	struct profile_credential *credential = &section->credential;

	take_line_ending(section);
	switch (credential->source) {
	case SOURCE_DERIVED:
		credential->bytes = 32;
		take_number(section, "bytes", &credential->bytes, PROFILE_BYTES_MIN, PROFILE_BYTES_MAX);
		break;
	case SOURCE_COLUMN:
		take_column(section, "column", credential->column,
		    credential->slot.type == CREDENTIAL_PSK ? "psk" : "psk_identity");
		break;
	case SOURCE_TEMPLATE:
		take_template(section, "template");
		break;
	case SOURCE_FILES:
		return profile_take_files(credential, section->reading, section->place);
	case SOURCE_ISSUED:
		take_issued(section);
		break;
	case SOURCE_PATH:
		take_path(section);
		break;
	case SOURCE_GENERATED:
	case SOURCE_DELETE:
	case SOURCE_EXPECT:
	case SOURCES:
		break;
	}
	return ERR_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool take_lot(struct section *section, const char *name, unsigned line)
{
	struct list *lots = &section->credential.lots;
	char *to = (char *)lots->items + lots->count * NAME_SIZE;

	if (text_is_name(bytes_of(name)) && !list_holds_text(lots, name, NAME_SIZE) &&
	    text_copy(to, NAME_SIZE, bytes_of(name))) {
		lots->count++;
		return true;
	}
	profile_say(section->reading, RULE_PROFILE_VALUE, line, "lots are names, each once");
	return false;
}

static enum err take_lots(struct section *section)
{
	const struct config *config = section->reading->config;
	struct list *lots = &section->credential.lots;
	const char *name;
	unsigned line;
	size_t count = 0;

	while (config_texts(config, section->place, "lots", count, &name, &line))
		count++;
	if (count == 0)
		return ERR_OK;
	lots->items = calloc(count, NAME_SIZE);
	if (lots->items == NULL)
		return fault_memory(section->reading->fault);
	for (size_t i = 0; config_texts(config, section->place, "lots", i, &name, &line); i++)
		if (!take_lot(section, name, line))
			return ERR_OK;
	qsort(lots->items, lots->count, NAME_SIZE, compare_names);
	return ERR_OK;
}

enum err profile_take_credential(struct profile_reading *reading, struct config_place place)
{
	struct section section = {.reading = reading, .place = place};
	struct profile *profile = reading->profile;
	size_t errors = reading->findings->errors;
	enum err err;

	if (!take_name(&section) || !take_tag(&section) || !take_type(&section) || !take_source(&section))
		return ERR_OK;
	refuse_strangers(&section);
	err = take_lots(&section);
	if (err == ERR_OK)
		err = take_details(&section);
	if (err == ERR_OK && reading->findings->errors == errors)
		profile->credentials[profile->count++] = section.credential;
	else
		profile_free_credential(&section.credential);
	return err;
}
