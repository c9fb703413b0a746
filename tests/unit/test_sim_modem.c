/* SPDX-License-Identifier: ISC */
#include "sim_modem_testing.h"

/* The modem: one command in, its answer out. */

static void says_who_it_is(void **state)
{
	struct sim_modem *modem = modem_of(NULL);

	(void)state;
	ASSERT_SAYS(modem, "AT", OK);
	ASSERT_SAYS(modem, "at", OK);
	ASSERT_SAYS(modem, "AT+CGSN", "352656100367872\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGSN=0", "352656100367872\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGSN=1", "+CGSN: \"352656100367872\"\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGSN=2", "+CGSN: \"3526561003678701\"\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGSN=3", "+CGSN: \"01\"\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGSN=?", "+CGSN: (0-3)\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGSN?", ERROR);
	ASSERT_SAYS(modem, "AT+CGMR", "mfw_nrf91x1_2.0.2\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGMI", "Nordic Semiconductor ASA\r\n" OK);
	ASSERT_SAYS(modem, "AT+CGMM", "nRF9151-LACA\r\n" OK);
	ASSERT_SAYS(modem, "AT%HWVERSION", "%HWVERSION: nRF9151 LACA A0A\r\n" OK);
	ASSERT_SAYS(modem, "AT%SHORTSWVER", "%SHORTSWVER: nrf91x1_2.0.2\r\n" OK);
	ASSERT_SAYS(modem, "AT%XVBAT", "%XVBAT: 4464\r\n" OK);
	sim_modem_free(&modem);
	modem = modem_of("mfw_nrf9160_1.3.5");
	ASSERT_SAYS(modem, "AT+CGMM", "nRF9160-SICA\r\n" OK);
	ASSERT_SAYS(modem, "AT%HWVERSION", "%HWVERSION: nRF9160 SICA B0A\r\n" OK);
	sim_modem_free(&modem);
}

static void refuses_what_it_does_not_know(void **state)
{
	static const char *const unknown[] = {"AT+CIMI", "AT%XICCID", "AT+WHAT", "ATE0", "AT#XSLMVER",
	    "HELLO", "\"", "AT%CMNG?", "AT%CMNG=?", "AT%KEYGEN=42,2,0", "AT+CGMR?"};
	static const char *const wrong[] = {"AT+CGSN=4", "AT+CGSN=1,1", "AT+CMEE=2", "AT+CFUN=5",
	    "AT%CMNG=4", "AT%CMNG=", "AT%CMNG=0,42,3,\"un", "AT+CFUN=04", "AT+CFUN=\"4\"",
	    "AT+CFUN=4;+CGSN", "AT%CMNG=0,42,3,\"00\"x", "AT%CMNG=0,42,3,0\"0\""};
	struct sim_modem *modem = modem_with_codes(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		ASSERT_SAYS(modem, unknown[i], ERROR);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ASSERT_SAYS(modem, wrong[i], CME(50));
	sim_modem_free(&modem);
}

static void reports_errors_as_cmee_says(void **state)
{
	struct sim_modem *modem = modem_of(NULL);

	(void)state;
	ASSERT_SAYS(modem, "AT+CMEE?", "+CMEE: 0\r\n" OK);
	ASSERT_SAYS(modem, "AT%CMNG=3,42,3", ERROR);
	ASSERT_SAYS(modem, "AT+CMEE=1", OK);
	ASSERT_SAYS(modem, "AT+CMEE?", "+CMEE: 1\r\n" OK);
	ASSERT_SAYS(modem, "AT%CMNG=3,42,3", CME(513));
	ASSERT_SAYS(modem, "AT+CFUN=4", OK);
	sim_modem_reset(modem);
	ASSERT_SAYS(modem, "AT+CMEE?", "+CMEE: 0\r\n" OK);
	ASSERT_SAYS(modem, "AT+CFUN?", "+CFUN: 0\r\n" OK);
	sim_modem_free(&modem);
}

static void never_burned_imei(void **state)
{
	struct sim_modem_settings settings = sim_modem_defaults;
	struct sim_modem *modem;
	struct fault fault = {0};

	(void)state;
	settings.imei = "352656100367872";
	settings.imei_answer = SIM_IMEI_ERROR;
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_OK);
	ASSERT_SAYS(modem, "AT+CGSN=1", ERROR);
	sim_modem_free(&modem);
	settings.imei_answer = SIM_IMEI_ZEROS;
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_OK);
	ASSERT_SAYS(modem, "AT+CGSN=1", "+CGSN: \"000000000000000\"\r\n" OK);
	sim_modem_free(&modem);
}

static void refuses_settings(void **state)
{
	struct sim_modem_settings settings = sim_modem_defaults;
	struct sim_modem *modem;
	struct fault fault = {0};

	(void)state;
	settings.imei = "35265610036787";
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "sim-imei");
	settings.imei = "352656100367872";
	settings.firmware = "";
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "sim-firmware");
	settings.firmware = "mfw_nrf9160_1.3.0";
	settings.cfun = 2;
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "sim-cfun");
	assert_null(modem);
}

static void functional_modes(void **state)
{
	struct sim_modem *modem = modem_with_codes(NULL);

	(void)state;
	ASSERT_SAYS(modem, "AT+CFUN?", "+CFUN: 0\r\n" OK);
	ASSERT_SAYS(modem, "AT+CFUN=?", "+CFUN: (0,1,2,4,20,21,30,31,40,41,44)\r\n" OK);
	ASSERT_SAYS(modem, "AT+CFUN=4", OK);
	ASSERT_SAYS(modem, "AT+CFUN?", "+CFUN: 4\r\n" OK);
	ASSERT_SAYS(modem, "AT+CFUN", ERROR);
	/* Switching GNSS or UICC does not take a modem out of LTE. */
	ASSERT_SAYS(modem, "AT+CFUN=1", OK);
	ASSERT_SAYS(modem, "AT+CFUN=30", OK);
	ASSERT_SAYS(modem, "AT+CFUN?", "+CFUN: 1\r\n" OK);
	sim_modem_free(&modem);
	modem = modem_with_codes("mfw_nrf9160_1.3.5");
	ASSERT_SAYS(modem, "AT+CFUN=2", CME(50));
	ASSERT_SAYS(modem, "AT+CFUN=?", "+CFUN: (0,1,4,20,21,30,31,40,41,44)\r\n" OK);
	sim_modem_free(&modem);
}

static void no_change_while_active(void **state)
{
	static const char *const active[] = {"AT+CFUN=1", "AT+CFUN=2", "AT+CFUN=21"};
	static const char *const offline[] = {"AT+CFUN=0", "AT+CFUN=4", "AT+CFUN=20", "AT+CFUN=44"};
	struct sim_modem *modem = modem_with_codes(NULL);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		ASSERT_SAYS(modem, active[i], OK);
		ASSERT_SAYS(modem, "AT%CMNG=0,42,3,\"00\"", CME(518));
		ASSERT_SAYS(modem, "AT%CMNG=3,42,3", CME(518));
		ASSERT_SAYS(modem, "AT%CMNG=1,42", OK);
		ASSERT_SAYS(modem, "AT%CMNG=2,42,4", CME(513));
	}
	for (size_t i = 0; i < 4; i++) {
		ASSERT_SAYS(modem, offline[i], OK);
		ASSERT_SAYS(modem, "AT%CMNG=0,42,3,\"00\"", OK);
		ASSERT_SAYS(modem, "AT%CMNG=3,42,3", OK);
	}
	sim_modem_free(&modem);
}

static void slots_and_their_limits(void **state)
{
	static const char *const no_access[] = {"AT%CMNG=0,2147483648,3,\"00\"",
	    "AT%CMNG=0,4294967293,0,\"00\"", "AT%CMNG=3,4294967293,10", "AT%CMNG=3,2147483667,3",
	    "AT%CMNG=0,42,5,\"00\"", "AT%CMNG=0,42,13,\"00\"", "AT%CMNG=3,42,6", "AT%CMNG=2,42,1",
	    "AT%CMNG=2,42,2", "AT%CMNG=2,42,3", "AT%CMNG=2,42,5", "AT%CMNG=2,4294967294,6"};
	static const char *const wrong[] = {"AT%CMNG=0,42,3", "AT%CMNG=0,42,3,\"\"", "AT%CMNG=0,42",
	    "AT%CMNG=3,42", "AT%CMNG=2,42", "AT%CMNG=0,4294967296,3,\"00\"", "AT%CMNG=0,-1,3,\"00\"",
	    "AT%CMNG=0,42,14,\"00\"", "AT%CMNG=1,42,14", "AT%CMNG=3,42,3,1",
	    "AT%CMNG=0,42,3,\"00\",\"p\",\"q\"", "AT%CMNG=0, 42,3,\"00\""};
	struct sim_modem *modem = modem_with_codes(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof no_access / sizeof no_access[0]; i++)
		ASSERT_SAYS(modem, no_access[i], CME(514));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ASSERT_SAYS(modem, wrong[i], CME(50));
	ASSERT_SAYS(modem, "AT%CMNG=0,0,3,\"00\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,2147483647,4,\"last\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=3,42,5", CME(513));
	sim_modem_free(&modem);
}

static void writes_reads_deletes(void **state)
{
	static const char digest[] = "\"2E7D2C03A9507AE265ECF5B5356885A53393A2029D241394997265A1A25AEFC6\"";
	char line[128];
	struct sim_modem *modem = modem_with_codes(NULL);
	uint64_t changes = sim_modem_changes(modem);

	(void)state;
	ASSERT_SAYS(modem, "AT%CMNG=0,42,4,\"b\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,42,4,c", OK); /* overwritten, and without quotes */
	snprintf(line, sizeof line, "%%CMNG: 42,4,%s,\"c\"\r\nOK\r\n", digest);
	ASSERT_SAYS(modem, "AT%CMNG=2,42,4", line);
	snprintf(line, sizeof line, "%%CMNG: 42,4,%s\r\nOK\r\n", digest);
	ASSERT_SAYS(modem, "AT%CMNG=1,42,4", line);
	ASSERT_SAYS(modem, "AT%CMNG=1,42", line);
	ASSERT_SAYS(modem, "AT%CMNG=1,42,3", OK);
	ASSERT_SAYS(modem, "AT%CMNG=1,43", OK);
	assert_int_equal(sim_modem_changes(modem), changes + 2);
	ASSERT_SAYS(modem, "AT%CMNG=3,42,4", OK);
	ASSERT_SAYS(modem, "AT%CMNG=3,42,4", CME(513));
	ASSERT_SAYS(modem, "AT%CMNG=2,42,4", CME(513));
	assert_int_equal(sim_modem_changes(modem), changes + 3);
	sim_modem_free(&modem);
}

static void lies_on_demand(void **state)
{
	struct sim_modem *modem = modem_with_codes(NULL);
	const struct sim_item *item;

	(void)state;
	assert_string_equal(ask_deed(modem, bytes_of("AT%CMNG=0,42,3,\"00\""), SIM_DEED_HIJACK), OK);
	assert_null(sim_store_find(sim_modem_store(modem), 42, 3));
	assert_string_equal(ask_deed(modem, bytes_of("AT%CMNG=0,42,4,\"abc\""), SIM_DEED_CORRUPT), OK);
	item = sim_store_find(sim_modem_store(modem), 42, 4);
	assert_non_null(item);
	assert_true(bytes_is(buffer_bytes(&item->content), "acc"));
	/* The digest is that of what is really stored. */
	assert_null(strstr(ask(modem, "AT%CMNG=1,42,4"), "BA7816BF"));
	/* What would be refused is refused. */
	assert_string_equal(ask_deed(modem, bytes_of("AT%CMNG=0,42,6,\"00\""), SIM_DEED_HIJACK), CME(514));
	sim_modem_free(&modem);
}

static void encrypted_keys_want_a_password(void **state)
{
	struct sim_modem *modem = modem_with_codes(NULL);

	(void)state;
	ASSERT_SAYS(modem, "AT%CMNG=0,42,2,\"-----BEGIN ENCRYPTED PRIVATE KEY-----\"", CME(50));
	ASSERT_SAYS(modem, "AT%CMNG=0,42,2,\"-----BEGIN ENCRYPTED PRIVATE KEY-----\",\"secret\"", OK);
	ASSERT_SAYS(modem,
	    "AT%CMNG=0,42,2,\"-----BEGIN ENCRYPTED PRIVATE KEY-----\",\"123456789012345678901234567890123\"",
	    CME(50));
	ASSERT_SAYS(modem, "AT%CMNG=0,42,2,\"-----BEGIN EC PRIVATE KEY-----\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,42,3,\"00\",\"ignored elsewhere, however long it may be\"", OK);
	sim_modem_free(&modem);
}

static void power_warning_and_full_store(void **state)
{
	struct sim_modem_settings settings = sim_modem_defaults;
	struct sim_modem *modem;
	struct fault fault = {0};

	(void)state;
	settings.imei = "352656100367872";
	settings.power_warning = true;
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_OK);
	ASSERT_SAYS(modem, "AT+CMEE=1", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,42,3,\"00\"", CME(528));
	ASSERT_SAYS(modem, "AT%CMNG=3,42,3", CME(528));
	ASSERT_SAYS(modem, "AT%CMNG=2,42,4", CME(528));
	ASSERT_SAYS(modem, "AT%CMNG=1,42", OK);
	sim_modem_free(&modem);
	settings.power_warning = false;
	settings.room = 2;
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_OK);
	ASSERT_SAYS(modem, "AT+CMEE=1", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,42,3,\"00\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,42,4,\"me\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,43,4,\"you\"", CME(515));
	ASSERT_SAYS(modem, "AT%CMNG=0,42,4,\"you\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=3,42,3", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,43,4,\"you\"", OK);
	sim_modem_free(&modem);
}

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

static const char *write_certificate(struct sim_modem *modem, const char *pem)
{
	char text[8192];

	snprintf(text, sizeof text, "AT%%CMNG=0,42,0,\"%s\"", pem);
	return ask(modem, text);
}

static void parses_certificates_from_2_0_2_on(void **state)
{
	/* MAMCAQE= is a SEQUENCE of one INTEGER. */
	static const char *const good[] = {BEGIN "\nMAMCAQE=\n" END "\n", BEGIN "\nMAMCAQE=\n" END,
	    BEGIN "\r\nMAMC\r\nAQE=\r\n" END "\r\n",
	    BEGIN "\nMAMCAQE=\n" END "\n" BEGIN "\nMAMCAQE=\n" END "\n"};
	static const char *const bad[] = {"HONKHONK", BEGIN " MAMCAQE= " END, BEGIN "\\nMAMCAQE=\\n" END,
	    BEGIN "\n\nMAMCAQE=\n" END "\n", BEGIN "\r\r\nMAMCAQE=\r\r\n" END, BEGIN "\nMAMCAQE=\n",
	    BEGIN "\n" END "\n", BEGIN "\nMAQCAQE=\n" END "\n", BEGIN "\nMAMCAQEA\n" END "\n",
	    BEGIN "\nMQMCAQE=\n" END "\n", BEGIN "\nMAMCAQE\n" END "\n", BEGIN "\nMAMC*QE=\n" END "\n",
	    " " BEGIN "\nMAMCAQE=\n" END "\n", BEGIN "\nMAMCAQE=\n" END "\nrest",
	    BEGIN "\nMIEDAgEB\n" END "\n", BEGIN "\nMIADAgEB\n" END "\n", BEGIN "\nMAA=\n" END "\n",
	    "-----BEGIN EC PRIVATE KEY-----\nMAMCAQE=\n-----END EC PRIVATE KEY-----\n"};
	struct sim_modem *modem = modem_with_codes(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_string_equal(write_certificate(modem, good[i]), OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_string_equal(write_certificate(modem, bad[i]), CME(527));
	ASSERT_SAYS(modem, "AT%CMNG=0,42,1,\"HONKHONK\"", CME(527));
	ASSERT_SAYS(modem, "AT%CMNG=0,42,2,\"HONKHONK\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,42,3,\"HONKHONK\"", OK);
	sim_modem_free(&modem);
	modem = modem_with_codes("mfw_nrf91x1_2.0.0");
	assert_string_equal(write_certificate(modem, "HONKHONK"), OK);
	sim_modem_free(&modem);
	modem = modem_with_codes("mfw_nrf9160_1.3.7");
	assert_string_equal(write_certificate(modem, "HONKHONK"), OK);
	sim_modem_free(&modem);
	modem = modem_with_codes("mfw_nrf9151-ntn_1.0.0-1.alpha");
	assert_string_equal(write_certificate(modem, "HONKHONK"), CME(527));
	sim_modem_free(&modem);
}

static void old_firmware_lists_placeholders(void **state)
{
	struct sim_modem_settings settings = sim_modem_defaults;
	struct sim_modem *modem = modem_of("mfw_nrf9160_1.2.0");
	struct fault fault = {0};

	(void)state;
	ASSERT_SAYS(modem, "AT%CMNG=0,42,3,\"00\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=1",
	    "%CMNG: 42,3,\"0303030303030303030303030303030303030303030303030303030303030303\"\r\n" OK);
	sim_modem_free(&modem);
	settings.imei = "352656100367872";
	settings.placeholder = true;
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_OK);
	ASSERT_SAYS(modem, "AT%CMNG=0,42,4,\"me\"", OK);
	ASSERT_SAYS(modem, "AT%CMNG=1,42",
	    "%CMNG: 42,4,\"0404040404040404040404040404040404040404040404040404040404040404\"\r\n" OK);
	sim_modem_free(&modem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_it_is),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(reports_errors_as_cmee_says),
		cmocka_unit_test(never_burned_imei),
		cmocka_unit_test(refuses_settings),
		cmocka_unit_test(functional_modes),
		cmocka_unit_test(no_change_while_active),
		cmocka_unit_test(slots_and_their_limits),
		cmocka_unit_test(writes_reads_deletes),
		cmocka_unit_test(lies_on_demand),
		cmocka_unit_test(encrypted_keys_want_a_password),
		cmocka_unit_test(power_warning_and_full_store),
		cmocka_unit_test(parses_certificates_from_2_0_2_on),
		cmocka_unit_test(old_firmware_lists_placeholders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
