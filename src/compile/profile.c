/* SPDX-License-Identifier: ISC */
#include "gapseal/profile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile_private.h"

static const struct config_option top_options[] = {{"title", CONFIG_TEXT}};

void profile_say(struct profile_reading *reading, enum rule rule, unsigned line, const char *format, ...)
{
	struct finding_place place = {.file = reading->profile->where, .line = line};
	va_list args;

	va_start(args, format);
	findings_vadd(reading->findings, rule, place, format, args);
	va_end(args);
}

static void take_title(struct profile_reading *reading)
{
	const struct config_place top = {"", 0};
	const char *title;
	unsigned line;

	if (!config_text(reading->config, top, "title", &title, &line))
		return;
	if (!text_is_printable(bytes_of(title)) ||
	    !text_copy(reading->profile->title, TITLE_SIZE, bytes_of(title)))
		profile_say(reading, RULE_PROFILE_TITLE, line,
		    "a title has at most %d printable ASCII characters", TITLE_SIZE - 1);
}

static enum err take_credentials(struct profile_reading *reading)
{
	struct config_place place = {.section = "credential"};
	size_t errors = reading->findings->errors;
	enum err err = ERR_OK;
	unsigned line;

	for (; err == ERR_OK && config_has(reading->config, place, NULL, &line); place.i++) {
		if (place.i < PROFILE_CREDENTIALS_MAX)
			err = profile_take_credential(reading, place);
		else
			profile_say(reading, RULE_PROFILE_COUNT, line,
			    "more than %d credentials", PROFILE_CREDENTIALS_MAX);
	}
	if (err != ERR_OK)
		return err;
	if (place.i == 0)
		profile_say(reading, RULE_PROFILE_EMPTY, 0, "the profile has no credential");
	return profile_take_slots(reading, reading->findings->errors == errors);
}

static enum err read_config(struct config **out, const char *path, struct findings *findings,
    struct fault *fault)
{
	const struct config_section sections[] = {
		{.options = top_options, .count = sizeof top_options / sizeof top_options[0]},
		profile_section,
		profile_policy_section,
	};
	enum err err = config_read(out, AT_FDCWD, path, sections, sizeof sections / sizeof sections[0],
	    fault);

	return err == ERR_NO ? findings_take(findings, (struct finding_place){.file = ""}, fault) : err;
}

enum err profile_read(struct profile *out, const char *path, struct findings *findings, struct fault *fault)
{
	struct profile_reading reading = {out, path, NULL, findings, fault};
	size_t length = strlen(path), most = sizeof out->where - 1;
	struct config *config = NULL;
	enum err err;

	*out = (struct profile){0};
	snprintf(out->where, sizeof out->where, "%s", length > most ? path + (length - most) : path);
	err = read_config(&config, path, findings, fault);
	reading.config = config;
	if (err == ERR_OK && config != NULL) {
		take_title(&reading);
		err = take_credentials(&reading);
		if (err == ERR_OK)
			err = profile_take_policy(&reading);
	}
	config_free(&config);
	return err != ERR_OK ? err : findings_check(findings, fault);
}

void profile_free_credential(struct profile_credential *credential)
{
	free(credential->pem);
	free(credential->lots.items);
}

void profile_free(struct profile *profile)
{
	for (size_t i = 0; i < profile->count; i++)
		profile_free_credential(&profile->credentials[i]);
	free(profile->policy.digest_forms.items);
	free(profile->policy.families.items);
	free(profile->policy.slots.items);
	*profile = (struct profile){0};
}

bool profile_has(const struct profile *profile, enum source source)
{
	for (size_t i = 0; i < profile->count; i++)
		if (profile->credentials[i].source == source)
			return true;
	return false;
}

bool profile_issues(const struct profile *profile)
{
	return profile_has(profile, SOURCE_ISSUED);
}

enum slot_state source_state(enum source source)
{
	if (source == SOURCE_DELETE)
		return SLOT_ABSENT;
	return source == SOURCE_EXPECT ? SLOT_PRESENT : SLOT_DIGEST;
}
