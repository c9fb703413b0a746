/* SPDX-License-Identifier: ISC */
#include "gapseal/profile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile_private.h"

static const struct config_option top_options[] = {{"title", CONFIG_TEXT}};

void profile_say(struct profile_reading *reading, enum severity severity, unsigned line, const char *code,
    const char *format, ...)
{
	struct finding_place place = {.file = reading->profile->where, .line = line};
	va_list args;

	va_start(args, format);
	findings_vadd(reading->findings, severity, code, place, format, args);
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
		profile_say(reading, SEVERITY_ERROR, line, "profile-title",
		    "a title has at most %d printable ASCII characters", TITLE_SIZE - 1);
}

static int compare(const void *a, const void *b)
{
	return slot_compare(((const struct profile_credential *)a)->slot,
	    ((const struct profile_credential *)b)->slot);
}

static void find_twice(struct profile_reading *reading)
{
	const struct profile *profile = reading->profile;

	for (size_t i = 1; i < profile->count; i++) {
		const struct profile_credential *a = &profile->credentials[i - 1];
		const struct profile_credential *b = &profile->credentials[i];
		unsigned first = a->line < b->line ? a->line : b->line;

		if (slot_compare(a->slot, b->slot) == 0)
			profile_say(reading, SEVERITY_ERROR, a->line + b->line - first, "slot-twice",
			    "tag %lu already has type %s, on line %u", (unsigned long)b->slot.tag,
			    credential_type_name(b->slot.type), first);
	}
}

static bool fills(const struct profile *profile, uint32_t tag, uint32_t type)
{
	for (size_t i = 0; i < profile->count; i++)
		if (slot_compare(profile->credentials[i].slot, (struct slot){tag, type}) == 0)
			return true;
	return false;
}

/* What is of use only in pairs: a modem takes key and certificate, or PSK and identity, from one tag. */
static void find_halves(struct profile_reading *reading)
{
	static const struct { enum credential_type has, lacks; } pairs[] = {
		{CREDENTIAL_KEY, CREDENTIAL_CERT}, {CREDENTIAL_PSK, CREDENTIAL_IDENTITY},
		{CREDENTIAL_IDENTITY, CREDENTIAL_PSK},
	};

	for (size_t i = 0; i < reading->profile->count; i++) {
		const struct profile_credential *credential = &reading->profile->credentials[i];
		struct slot slot = credential->slot;

		if (slot.type == CREDENTIAL_CERT && !fills(reading->profile, slot.tag, CREDENTIAL_KEY))
			profile_say(reading, SEVERITY_ERROR, credential->line, "slot-half",
			    "a certificate is issued for the generated key of its tag, and tag %lu has none",
			    (unsigned long)slot.tag);
		for (size_t j = 0; j < sizeof pairs / sizeof pairs[0]; j++)
			if (slot.type == pairs[j].has && !fills(reading->profile, slot.tag, pairs[j].lacks))
				profile_say(reading, SEVERITY_WARNING, credential->line, "slot-half",
				    "tag %lu has type %s without type %s: neither is of use alone",
				    (unsigned long)slot.tag, credential_type_name(pairs[j].has),
				    credential_type_name(pairs[j].lacks));
	}
}

static enum err put_slots(struct profile *profile, struct fault *fault)
{
	struct manifest_slot *slots = calloc(profile->count + 1, sizeof *slots);

	if (slots == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < profile->count; i++) {
		slots[i].state = SLOT_DIGEST;
		slots[i].tag = profile->credentials[i].slot.tag;
		slots[i].type = profile->credentials[i].slot.type;
	}
	profile->policy.slots = (struct list){.items = slots, .count = profile->count};
	return ERR_OK;
}

static enum err take_credentials(struct profile_reading *reading)
{
	struct config_place place = {.section = "credential"};
	struct profile *profile = reading->profile;
	size_t errors = reading->findings->errors;
	enum err err = ERR_OK;
	unsigned line;

	for (; err == ERR_OK && config_has(reading->config, place, NULL, &line); place.i++) {
		if (place.i < PROFILE_CREDENTIALS_MAX)
			err = profile_take_credential(reading, place);
		else
			profile_say(reading, SEVERITY_ERROR, line, "profile-count",
			    "more than %d credentials", PROFILE_CREDENTIALS_MAX);
	}
	if (err != ERR_OK)
		return err;
	if (place.i == 0)
		profile_say(reading, SEVERITY_ERROR, 0, "profile-empty", "the profile has no credential");
	qsort(profile->credentials, profile->count, sizeof profile->credentials[0], compare);
	find_twice(reading);
	if (reading->findings->errors == errors) /* or the other half may be what could not be read */
		find_halves(reading);
	return put_slots(profile, reading->fault);
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

void profile_free(struct profile *profile)
{
	for (size_t i = 0; i < profile->count; i++)
		free(profile->credentials[i].pem);
	free(profile->policy.digest_forms.items);
	free(profile->policy.families.items);
	free(profile->policy.slots.items);
	*profile = (struct profile){0};
}

bool profile_issues(const struct profile *profile)
{
	for (size_t i = 0; i < profile->count; i++)
		if (profile->credentials[i].source == SOURCE_ISSUED)
			return true;
	return false;
}
