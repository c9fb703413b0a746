/* SPDX-License-Identifier: ISC */
#ifndef SIM_MODEM_TESTING_H
#define SIM_MODEM_TESTING_H

/* A stand-in modem without a host, for the tests of its commands. */
#include "testing.h"

#include "gapseal/sim_modem.h"

static inline struct sim_modem *modem_of(const char *firmware)
{
	struct sim_modem_settings settings = sim_modem_defaults;
	struct sim_modem *modem;
	struct fault fault = {0};

	settings.imei = "352656100367872";
	if (firmware != NULL)
		settings.firmware = firmware;
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_OK);
	return modem;
}

static inline const char *ask_deed(struct sim_modem *modem, struct bytes text, enum sim_deed deed)
{
	static char said[65536];
	struct buffer answer = BUFFER_EMPTY;
	struct sim_command command;
	struct fault fault = {0};

	sim_command_parse(&command, text);
	assert_int_equal(sim_modem_execute(modem, &answer, &command, deed, &fault), ERR_OK);
	assert_true(text_copy(said, sizeof said, buffer_bytes(&answer)));
	buffer_free(&answer);
	return said;
}

static inline const char *ask(struct sim_modem *modem, const char *text)
{
	return ask_deed(modem, bytes_of(text), SIM_DEED_DONE);
}

#define ASSERT_SAYS(modem, text, answer) assert_string_equal(ask(modem, text), answer)
#define OK "OK\r\n"
#define ERROR "ERROR\r\n"
#define CME(n) "+CME ERROR: " #n "\r\n"

static inline struct sim_modem *modem_with_codes(const char *firmware)
{
	struct sim_modem *modem = modem_of(firmware);

	ASSERT_SAYS(modem, "AT+CMEE=1", OK);
	return modem;
}

#endif
