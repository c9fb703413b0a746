/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "profile_private.h"

static const struct config_option options[] = {
	{"tag", CONFIG_NUMBER}, {"type", CONFIG_TEXT}, {"from", CONFIG_TEXT},
	{"bytes", CONFIG_NUMBER}, {"column", CONFIG_TEXT}, {"template", CONFIG_TEXT},
	{"files", CONFIG_TEXTS}, {"line_ending", CONFIG_TEXT}, {"cn", CONFIG_TEXT}, {"days", CONFIG_NUMBER},
};
#define OPTIONS_COMMON 3 /* the first ones go with every source */
#define OPTIONS (sizeof options / sizeof options[0])

const struct config_section profile_section = {
	.name = "credential", .titled = true, .options = options, .count = OPTIONS
};

/* What goes with what. */
static const struct {
	const char *word;
	unsigned types;            /* a bit each */
	const char *options[3];
} sources[SOURCES] = {
	[SOURCE_DERIVED] = {"derived", 1U << CREDENTIAL_PSK, {"bytes"}},
	[SOURCE_COLUMN] = {"column", 1U << CREDENTIAL_PSK | 1U << CREDENTIAL_IDENTITY, {"column"}},
	[SOURCE_TEMPLATE] = {"template", 1U << CREDENTIAL_IDENTITY, {"template"}},
	[SOURCE_FILES] = {"files", 1U << CREDENTIAL_CA, {"files", "line_ending"}},
	[SOURCE_GENERATED] = {"generated", 1U << CREDENTIAL_KEY, {"line_ending"}},
	[SOURCE_ISSUED] = {"issued", 1U << CREDENTIAL_CERT, {"cn", "days", "line_ending"}},
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
	profile_say(section->reading, SEVERITY_ERROR, section->credential.line, "profile-missing",
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
	profile_say(section->reading, SEVERITY_ERROR, section->credential.line, "profile-name",
	    "a credential's name is 1 to %d of a-z 0-9 . - and begins with a letter or digit",
	    NAME_MAX_LENGTH);
	return false;
}

static bool take_tag(struct section *section)
{
	uint64_t tag;
	unsigned line;

	if (!config_number(section->reading->config, section->place, "tag", &tag, &line)) {
		profile_say(section->reading, SEVERITY_ERROR, section->credential.line, "profile-missing",
		    "credential %s has no tag", section->credential.name);
		return false;
	}
	if (tag > SLOT_TAG_MAX) {
		profile_say(section->reading, SEVERITY_ERROR, line, "slot-tag",
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
	profile_say(section->reading, SEVERITY_ERROR, line, "profile-value",
	    "type is one of ca, cert, key, psk, identity");
	return false;
}

static enum source default_source(const struct section *section)
{
	bool column = given(section, "column", NULL), template = given(section, "template", NULL);
	enum source source = SOURCE_DERIVED;

	if (section->credential.slot.type == CREDENTIAL_IDENTITY)
		return template ? SOURCE_TEMPLATE : SOURCE_COLUMN;
	if (section->credential.slot.type == CREDENTIAL_PSK)
		return column ? SOURCE_COLUMN : SOURCE_DERIVED;
	while ((sources[source].types & 1U << section->credential.slot.type) == 0)
		source++;
	return source;
}

static bool take_source(struct section *section)
{
	unsigned type = section->credential.slot.type, line;
	const char *word;

	section->credential.source = default_source(section);
	if (!config_text(section->reading->config, section->place, "from", &word, &line))
		return true;
	for (enum source source = SOURCE_DERIVED; source < SOURCES; source++) {
		if (strcmp(sources[source].word, word) == 0 && (sources[source].types & 1U << type) != 0) {
			section->credential.source = source;
			return true;
		}
	}
	profile_say(section->reading, SEVERITY_ERROR, line, "profile-value", "type %s does not come from %s",
	    credential_type_name(type), word);
	return false;
}

static bool goes_with(enum source source, const char *option)
{
	for (size_t i = 0; i < sizeof sources[source].options / sizeof sources[source].options[0]; i++)
		if (sources[source].options[i] != NULL && strcmp(sources[source].options[i], option) == 0)
			return true;
	return false;
}

static void refuse_strangers(struct section *section)
{
	unsigned line;

	for (size_t i = OPTIONS_COMMON; i < OPTIONS; i++)
		if (!goes_with(section->credential.source, options[i].name) &&
		    given(section, options[i].name, &line))
			profile_say(section->reading, SEVERITY_ERROR, line, "profile-option",
			    "%s does not go with type %s from %s", options[i].name,
			    credential_type_name(section->credential.slot.type),
			    sources[section->credential.source].word);
}

static void take_number(struct section *section, const char *option, unsigned *out, unsigned min,
    unsigned max)
{
	unsigned line;
	uint64_t number;

	if (!config_number(section->reading->config, section->place, option, &number, &line))
		return;
	if (number < min || number > max)
		profile_say(section->reading, SEVERITY_ERROR, line, "profile-value", "%s is %u to %u",
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
		profile_say(section->reading, SEVERITY_ERROR, line, why.code, "%s", why.text);
	else
		text_copy(section->credential.text, sizeof section->credential.text, bytes_of(text));
}

static void take_column(struct section *section)
{
	const char *name = section->credential.slot.type == CREDENTIAL_PSK ? "psk" : "psk_identity";
	unsigned line = section->credential.line;

	config_text(section->reading->config, section->place, "column", &name, &line);
	if (name[0] == '\0' || !text_copy(section->credential.column, NAME_SIZE, bytes_of(name)))
		profile_say(section->reading, SEVERITY_ERROR, line, "profile-value",
		    "a column has a name of 1 to %d characters", NAME_MAX_LENGTH);
}

static void take_line_ending(struct section *section)
{
	const char *word = "lf";
	unsigned line = 0;

	config_text(section->reading->config, section->place, "line_ending", &word, &line);
	section->credential.line_ending = strcmp(word, "crlf") == 0 ? LINE_ENDING_CRLF : LINE_ENDING_LF;
	if (strcmp(word, "lf") != 0 && strcmp(word, "crlf") != 0)
		profile_say(section->reading, SEVERITY_ERROR, line, "profile-value",
		    "line_ending is lf or crlf");
}

static enum err take_details(struct section *section)
{
	take_line_ending(section);
	switch (section->credential.source) {
	case SOURCE_DERIVED:
		section->credential.bytes = 32;
		take_number(section, "bytes", &section->credential.bytes, PROFILE_BYTES_MIN,
		    PROFILE_BYTES_MAX);
		break;
	case SOURCE_COLUMN:
		take_column(section);
		break;
	case SOURCE_TEMPLATE:
		take_template(section, "template");
		break;
	case SOURCE_FILES:
		return profile_take_files(&section->credential, section->reading, section->place);
	case SOURCE_ISSUED:
		take_template(section, "cn");
		take_number(section, "days", &section->credential.days, 1, PROFILE_DAYS_MAX);
		if (!given(section, "days", NULL))
			profile_say(section->reading, SEVERITY_ERROR, section->credential.line,
			    "profile-missing",
			    "credential %s has no days", section->credential.name);
		break;
	case SOURCE_GENERATED:
	case SOURCES:
		break;
	}
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
	err = take_details(&section);
	if (err == ERR_OK && reading->findings->errors == errors)
		profile->credentials[profile->count++] = section.credential;
	else
		free(section.credential.pem);
	return err;
}
