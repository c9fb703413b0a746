/* SPDX-License-Identifier: ISC */
/* What a modem says of its firmware, held against policies. */
#include "fuzz.h"
#include "gapseal/entry.h"
#include "gapseal/firmware.h"

static void try_policy(const char *minimum, bool family, const char *firmware)
{
	char families[2][NAME_SIZE] = {"nrf9160", "nrf91x1"};
	struct manifest_policy policy = {.families = {families, family ? 2 : 0}};
	const char *reason;

	strcpy(policy.minimum_firmware, minimum);
	reason = firmware_reason(&policy, firmware);
	if (reason == NULL)
		FUZZ_WANT(!family || strstr(firmware, "_nrf91") != NULL);
	else
		FUZZ_WANT(strncmp(reason, "firmware-", 9) == 0);
	if (*minimum == '\0' && !family)
		FUZZ_WANT((reason == NULL) == (strncmp(firmware, "mfw-pti", 7) != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char firmware[FIRMWARE_SIZE];

	if (!text_copy(firmware, sizeof firmware, bytes_from(data, size)))
		return 0;
	for (unsigned family = 0; family < 2; family++) {
		try_policy("", family == 1, firmware);
		try_policy("1.3.2", family == 1, firmware);
	}
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	static const char *const seeds[] = {"mfw_nrf91x1_2.0.2", "mfw_nrf9160_1.3.5",
		"mfw_nrf9160_1.1.0-49.alpha", "mfw-pti_nrf91x1_2.0.0",
		"nrf9160_99999999999999999999.0.0", "mfw_nrf9160_1.3", ""};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		corpus_text(corpus, seeds[i]);
}
