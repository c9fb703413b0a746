/* SPDX-License-Identifier: ISC */
#include "modem.h"

#include <string.h>

/*
 * What modem firmware can do, by the x.y.z in its +CGMR: key generation and with it the factory's
 * keys, and true digests, from 1.3.0; certificates parsed when written from 2.0.2 and in every NTN
 * firmware, whose numbers began again.
 */
#define VERSION(x, y, z) ((x) * 10000u + (y) * 100u + (z))

static bool is_ntn(const struct sim_modem *modem)
{
	return strstr(modem->firmware, "ntn") != NULL;
}

bool sim_has_factory_keys(const struct sim_modem *modem)
{
	return is_ntn(modem) || modem->version >= VERSION(1u, 3u, 0u);
}

bool sim_has_digests(const struct sim_modem *modem)
{
	return !modem->settings.placeholder && (is_ntn(modem) || modem->version >= VERSION(1u, 3u, 0u));
}

bool sim_checks_certificates(const struct sim_modem *modem)
{
	return is_ntn(modem) || modem->version >= VERSION(2u, 0u, 2u);
}

bool sim_knows_cfun(const struct sim_modem *modem, uint64_t value)
{
	static const uint8_t known[] = {0, 1, 4, 20, 21, 30, 31, 40, 41, 44};

	if (value == 2) /* receive only: the nRF91x1 generation */
		return is_ntn(modem) || modem->version >= VERSION(2u, 0u, 0u);
	for (size_t i = 0; i < sizeof known; i++)
		if (known[i] == value)
			return true;
	return false;
}
