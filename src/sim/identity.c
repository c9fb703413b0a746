/* SPDX-License-Identifier: ISC */
#include "modem.h"

#include <string.h>

/* Who the modem says it is. */

#define SVN "01"

static const char *told_imei(const struct sim_modem *modem)
{
	return modem->settings.imei_answer == SIM_IMEI_ZEROS ? "000000000000000" : sim_present(modem)->imei;
}

static int cgsn_text(const struct sim_call *call, uint64_t kind)
{
	const char *imei = told_imei(call->modem);

	if (call->modem->settings.imei_answer == SIM_IMEI_ERROR)
		return SIM_ERROR;
	switch (kind) {
	case 0:
		buffer_format(call->answer, "%s\r\n", imei);
		return SIM_OK;
	case 1:
		buffer_format(call->answer, "+CGSN: \"%s\"\r\n", imei);
		return SIM_OK;
	case 2: /* IMEISV: no check digit, two digits of software version instead */
		buffer_format(call->answer, "+CGSN: \"%.14s%s\"\r\n", imei, SVN);
		return SIM_OK;
	default:
		buffer_format(call->answer, "+CGSN: \"%s\"\r\n", SVN);
		return SIM_OK;
	}
}

int sim_do_cgsn(const struct sim_call *call)
{
	uint64_t kind;

	switch (call->command->form) {
	case SIM_EXECUTE:
		return cgsn_text(call, 0);
	case SIM_TEST:
		buffer_text(call->answer, "+CGSN: (0-3)\r\n");
		return SIM_OK;
	case SIM_SET:
		if (call->command->count != 1 || !sim_number(call, 0, 3, &kind))
			return CME_INCORRECT;
		return cgsn_text(call, kind);
	default:
		return SIM_ERROR;
	}
}

static int say(const struct sim_call *call, const char *prefix, const char *text)
{
	if (call->command->form != SIM_EXECUTE)
		return SIM_ERROR;
	buffer_format(call->answer, "%s%s\r\n", prefix, text);
	return SIM_OK;
}

int sim_do_cgmi(const struct sim_call *call)
{
	return say(call, "", "Nordic Semiconductor ASA");
}

int sim_do_cgmr(const struct sim_call *call)
{
	return say(call, "", call->modem->firmware);
}

/* Chip and hardware follow from the firmware's name. The nRF91x1 firmware runs on three chips: here on
 * an nRF9151. */
struct chip {
	const char *name;     /* in the firmware's name */
	const char *model;
	const char *hardware;
};

static const struct chip *chip_of(const struct sim_modem *modem)
{
	static const struct chip chips[] = {
		{"nrf9160", "nRF9160-SICA", "nRF9160 SICA B0A"},
		{"nrf9161", "nRF9161-LACA", "nRF9161 LACA A0A"},
		{"nrf9131", "nRF9131-LACA", "nRF9131 LACA A0A"},
		{"", "nRF9151-LACA", "nRF9151 LACA A0A"},
	};
	const struct chip *chip = chips;

	while (strstr(modem->firmware, chip->name) == NULL)
		chip++;
	return chip;
}

int sim_do_cgmm(const struct sim_call *call)
{
	return say(call, "", chip_of(call->modem)->model);
}

int sim_do_hwversion(const struct sim_call *call)
{
	return say(call, "%HWVERSION: ", chip_of(call->modem)->hardware);
}

int sim_do_shortswver(const struct sim_call *call)
{
	const char *name = call->modem->firmware;

	return say(call, "%SHORTSWVER: ", strncmp(name, "mfw_", 4) == 0 ? name + 4 : name);
}
