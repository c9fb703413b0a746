/* SPDX-License-Identifier: ISC */
#include "modem.h"

#include <stddef.h>

/* The commands the modem knows, and the plain ones among them. */

bool sim_number(const struct sim_call *call, size_t i, uint64_t max, uint64_t *out)
{
	const struct sim_command *command = call->command;

	return i < command->count && !command->args[i].quoted &&
	    decimal_parse(command->args[i].text, max, out);
}

static int do_at(const struct sim_call *call)
{
	return call->command->form == SIM_EXECUTE ? SIM_OK : SIM_ERROR;
}

/* Only 0 and 1: whether modems take 2 is not known, and nobody may count on it. */
static int do_cmee(const struct sim_call *call)
{
	uint64_t value;

	switch (call->command->form) {
	case SIM_READ:
		buffer_format(call->answer, "+CMEE: %u\r\n", call->modem->cmee);
		return SIM_OK;
	case SIM_TEST:
		buffer_text(call->answer, "+CMEE: (0,1)\r\n");
		return SIM_OK;
	case SIM_SET:
		if (call->command->count != 1 || !sim_number(call, 0, 1, &value))
			return CME_INCORRECT;
		call->modem->cmee = (unsigned)value;
		return SIM_OK;
	default:
		return SIM_ERROR;
	}
}

/* 30, 31, 40 and 41 switch GNSS and UICC: what they do to a modem in LTE is not known, so they change
 * nothing that would permit a write. */
static int set_cfun(const struct sim_call *call)
{
	uint64_t value;

	if (call->command->count != 1 || !sim_number(call, 0, 99, &value) ||
	    !sim_knows_cfun(call->modem, value))
		return CME_INCORRECT;
	if (value < 30 || value == 44)
		call->modem->cfun = (unsigned)value;
	return SIM_OK;
}

static int do_cfun(const struct sim_call *call)
{
	switch (call->command->form) {
	case SIM_READ:
		buffer_format(call->answer, "+CFUN: %u\r\n", call->modem->cfun);
		return SIM_OK;
	case SIM_TEST:
		buffer_format(call->answer, "+CFUN: (0,1,%s4,20,21,30,31,40,41,44)\r\n",
		    sim_knows_cfun(call->modem, 2) ? "2," : "");
		return SIM_OK;
	case SIM_SET:
		return set_cfun(call);
	default:
		return SIM_ERROR;
	}
}

static int do_xvbat(const struct sim_call *call)
{
	if (call->command->form != SIM_EXECUTE)
		return SIM_ERROR;
	buffer_format(call->answer, "%%XVBAT: %u\r\n", call->modem->settings.power_warning ? 2950u : 4464u);
	return SIM_OK;
}

/* No SIM is in. */
static int do_error(const struct sim_call *call)
{
	(void)call;
	return SIM_ERROR;
}

static int dispatch(const struct sim_call *call)
{
	static const struct {
		const char *name;
		int (*run)(const struct sim_call *call);
	} table[] = {
		{"", do_at},
		{"+CMEE", do_cmee},
		{"+CFUN", do_cfun},
		{"+CGSN", sim_do_cgsn},
		{"+CGMI", sim_do_cgmi},
		{"+CGMM", sim_do_cgmm},
		{"+CGMR", sim_do_cgmr},
		{"%HWVERSION", sim_do_hwversion},
		{"%SHORTSWVER", sim_do_shortswver},
		{"%XVBAT", do_xvbat},
		{"%CMNG", sim_do_cmng},
		{"+CIMI", do_error},
		{"%XICCID", do_error},
	};

	if (call->command->form == SIM_NOT_AT)
		return SIM_ERROR;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (sim_command_is(call->command, table[i].name))
			return call->command->form == SIM_MALFORMED ? CME_INCORRECT : table[i].run(call);
	return SIM_ERROR;
}

void sim_modem_error(const struct sim_modem *modem, struct buffer *answer, uint32_t code)
{
	if (modem->cmee == 1)
		buffer_format(answer, "+CME ERROR: %u\r\n", code);
	else
		buffer_text(answer, "ERROR\r\n");
}

enum err sim_modem_execute(struct sim_modem *modem, struct buffer *answer, const struct sim_command *command,
    enum sim_deed deed, struct fault *fault)
{
	struct sim_call call = {.modem = modem, .command = command, .answer = answer, .deed = deed,
	    .fault = fault};
	int code = dispatch(&call);

	if (code == SIM_BROKE)
		return ERR_CANNOT;
	if (code == SIM_OK)
		buffer_text(answer, "OK\r\n");
	else if (code == SIM_ERROR)
		buffer_text(answer, "ERROR\r\n");
	else
		sim_modem_error(modem, answer, (uint32_t)code);
	return buffer_check(answer, fault);
}
