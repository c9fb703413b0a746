/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/provision.h"

static bool find_word(const char *const *words, const char *value, unsigned *out)
{
	for (*out = 0; words[*out] != NULL; ++*out)
		if (strcmp(words[*out], value) == 0)
			return true;
	return false;
}

static bool set_dialect(struct provision_settings *settings, const char *value)
{
	static const char *const words[] = {[PROVISION_AUTO] = "auto", [PROVISION_AT] = "at",
	    [PROVISION_SHELL] = "shell", [PROVISION_CRED] = "cred", NULL};
	unsigned word;

	if (!find_word(words, value, &word))
		return false;
	settings->dialect = (enum provision_dialect)word;
	return true;
}

static bool set_terminator(struct provision_settings *settings, const char *value)
{
	static const char *const words[] = {[AT_CR] = "cr", [AT_LF] = "lf", [AT_CRLF] = "crlf", NULL};
	unsigned word;

	settings->terminated = strcmp(value, "auto") != 0;
	if (!settings->terminated)
		return true;
	if (!find_word(words, value, &word))
		return false;
	settings->terminator = (enum at_terminator)word;
	return true;
}

static bool set_pacing(struct provision_settings *settings, const char *value)
{
	const char *slash = strchr(value, '/');
	uint64_t bytes = 0, ms = 0;

	if (strcmp(value, "none") != 0 && (slash == NULL ||
	    !decimal_parse(bytes_from(value, (size_t)(slash - value)), PROVISION_PACE_MAX, &bytes) ||
	    bytes == 0 ||
	    !decimal_parse(bytes_of(slash + 1), PROVISION_PACE_MAX, &ms)))
		return false;
	settings->pace_bytes = (unsigned)bytes;
	settings->pace_ms = (unsigned)ms;
	return true;
}

static bool set_line_limit(struct provision_settings *settings, const char *value)
{
	uint64_t limit;

	if (!decimal_parse(bytes_of(value), PROVISION_LINE_MAX, &limit) || limit < PROVISION_LINE_MIN)
		return false;
	settings->line_limit = (unsigned)limit;
	return true;
}

enum err provision_set(struct provision_settings *settings, const char *name, const char *value,
    struct fault *fault)
{
	static const struct {
		const char *name;
		bool (*set)(struct provision_settings *settings, const char *value);
		const char *rule;
	} table[] = {
		{"dialect", set_dialect, "a dialect is auto, at, shell or cred"},
		{"terminator", set_terminator, "a terminator is auto, cr, lf or crlf"},
		{"pacing", set_pacing, "pacing is none, or bytes and milliseconds up to 4096 such as 12/10"},
		{"line_limit", set_line_limit, "a line limit is a number of bytes from 64 to 8192"},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(table[i].name, name) != 0)
			continue;
		if (table[i].set(settings, value))
			return ERR_OK;
		return fault_set(fault, ERR_CANNOT, "setting-value", name, "%s", table[i].rule);
	}
	return fault_set(fault, ERR_NO, "setting-name", name, "there is no such setting of a port");
}
