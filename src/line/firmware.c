/* SPDX-License-Identifier: ISC */
#include "gapseal/firmware.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/list.h"

/* Reads "1.3.2" at the beginning of text; anything may follow but a digit or a dot. */
static bool take_version(unsigned version[static 3], const char *text)
{
	for (size_t i = 0; i < 3; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		version[i] = (unsigned)strtoul(text, &end, 10);
		text = end;
		if (i < 2 && *text++ != '.')
			return false;
	}
	return *text != '.';
}

/* The first version after a '_': the family may hold digits. */
static bool find_version(unsigned version[static 3], const char *firmware)
{
	for (const char *at = firmware; (at = strchr(at, '_')) != NULL; at++)
		if (take_version(version, at + 1))
			return true;
	return false;
}

static bool older(const unsigned a[static 3], const unsigned b[static 3])
{
	for (size_t i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/* "nrf9160" is the family of "mfw_nrf9160_1.3.2": the word between the first two '_'. */
static bool of_family(const struct list *families, const char *firmware)
{
	const char *word = strchr(firmware, '_');
	size_t size;

	if (word == NULL)
		return false;
	size = strcspn(++word, "_");
	for (size_t i = 0; i < families->count; i++) {
		const char *family = list_text(families, i, NAME_SIZE);

		if (strlen(family) == size && strncmp(family, word, size) == 0)
			return true;
	}
	return false;
}

const char *firmware_reason(const struct manifest_policy *policy, const char *firmware)
{
	unsigned minimum[3], version[3];

	if (strncmp(firmware, "mfw-pti", 7) == 0)
		return "firmware-pti";
	if (policy->families.count > 0 && !of_family(&policy->families, firmware))
		return "firmware-family";
	if (policy->minimum_firmware[0] == '\0' || !take_version(minimum, policy->minimum_firmware))
		return NULL;
	if (!find_version(version, firmware))
		return "firmware-unknown";
	return older(version, minimum) ? "firmware-old" : NULL;
}
