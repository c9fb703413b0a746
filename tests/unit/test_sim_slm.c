/* SPDX-License-Identifier: ISC */
#include "sim_testing.h"

/* Serial Modem in front of the modem. */

#define OK "\r\nOK\r\n"

static struct bench slm_of(const char *script, enum sim_terminator terminator)
{
	struct bench bench = bench_of();

	bench.host_settings.dialect = SIM_DIALECT_SLM;
	bench.host_settings.terminator = terminator;
	bench.host_settings.ready = true;
	bench_start(&bench, script);
	assert_string_equal(bench_said(&bench), "Ready\r\n");
	return bench;
}

static void answers_stand_between_empty_lines(void **state)
{
	struct bench bench = slm_of("", SIM_TERMINATOR_CRLF);

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "at+cgsn=1\r\n"), "\r\n+CGSN: \"352656100367872\"\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,1,1\r\n"), "\r\nERROR\r\n");
	assert_string_equal(bench_ask(&bench, "AT+CMEE=1\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,1,1\r\n"), "\r\n+CME ERROR: 513\r\n");
	bench_end(&bench);
}

static void nothing_is_kept_until_at_comes(void **state)
{
	static const struct {
		const char *input, *said;
	} cases[] = {
		{"\r\n", ""}, {"garbage\r\n", ""}, {"\"\r\n", ""}, {"\"\"\"AT\r\n", OK}, {"\xff\x15 AT\r\n", OK},
		{"xAT\r\n", OK}, {"AxAT\r\n", OK}, {"AAT\r\n", ""}, {"aT\r\n", OK}, {"A\r\n", ""},
		{"helloAT\r\n", OK}, {"ATX\r\n", "\r\nERROR\r\n"}, {"A\r\nAT\r\n", OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench bench = slm_of("", SIM_TERMINATOR_CRLF);

		assert_string_equal(bench_ask(&bench, cases[i].input), cases[i].said);
		bench_end(&bench);
	}
}

static void ends_a_command_as_it_was_built(void **state)
{
	static const struct {
		enum sim_terminator terminator;
		const char *input;
		bool ends;
	} cases[] = {
		{SIM_TERMINATOR_CR, "AT\r", true}, {SIM_TERMINATOR_CR, "AT\n", false},
		{SIM_TERMINATOR_LF, "AT\n", true}, {SIM_TERMINATOR_LF, "AT\r", false},
		{SIM_TERMINATOR_CRLF, "AT\r\n", true}, {SIM_TERMINATOR_CRLF, "AT\r", false},
		{SIM_TERMINATOR_CRLF, "AT\n", false}, {SIM_TERMINATOR_CRLF, "AT\r\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench bench = slm_of("", cases[i].terminator);

		assert_string_equal(bench_ask(&bench, cases[i].input), cases[i].ends ? OK : "");
		bench_end(&bench);
	}
}

static void quotes_hold_line_ends_and_backspace_takes_them_back(void **state)
{
	struct bench bench = slm_of("", SIM_TERMINATOR_CRLF);

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,1,2,\"a\r\nb\n\"\r\n"), OK);
	assert_stored(&bench, 1, 2, "a\r\nb\n");
	/* unlike the AT host, it knows that the quote is gone */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,1,4,\"x\"\b\"\r\n"), OK);
	assert_stored(&bench, 1, 4, "x");
	assert_string_equal(bench_ask(&bench, "AT+CMx\x7f" "EE=1\r\n"), OK);
	bench_end(&bench);
}

/* Too long: answered on the spot, and what is left is looked through for the next AT. */
static void an_overlong_command_may_run_its_rest(void **state)
{
	struct bench bench = slm_of("", SIM_TERMINATOR_CRLF);
	char command[4200];

	(void)state;
	memset(command, 'x', sizeof command);
	memcpy(command, "AT%CMNG=0,1,4,\"", 15);
	strcpy(command + 4100, "AT+CMEE=1\r\n");
	assert_string_equal(bench_ask(&bench, command), "\r\nERROR\r\n" OK);
	assert_stored(&bench, 1, 4, NULL);
	memset(command, 'x', sizeof command);
	memcpy(command, "AT%CMNG=0,1,4,\"", 15);
	strcpy(command + 4000, "\"\r\n");
	assert_string_equal(bench_ask(&bench, command), OK);
	bench_end(&bench);
}

static void an_answer_too_long_is_an_error(void **state)
{
	struct bench bench = slm_of("", SIM_TERMINATOR_CRLF);
	char command[32];

	(void)state;
	for (int i = 0; i < 24; i++) {
		snprintf(command, sizeof command, "AT%%CMNG=0,%d,4,\"x\"\r\n", i);
		assert_string_equal(bench_ask(&bench, command), OK);
	}
	assert_string_equal(bench_ask(&bench, "AT%CMNG=1\r\n"), "\r\nERROR\r\n");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,1,4\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,2,4\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,3,4\r\n"), OK);
	assert_non_null(strstr(bench_ask(&bench, "AT%CMNG=1\r\n"), "\"\r\n\r\nOK\r\n"));
	bench_end(&bench);
}

static void unsolicited_lines_wait_for_the_answer(void **state)
{
	struct bench bench = slm_of("urc \"+CEREG: 2\" 1 on 1 cgsn\nurc \"%XTIME: 1\" at input 16\n"
	    "urc \"+CEREG: 5\" at input 13\n", SIM_TERMINATOR_CRLF);
	struct fault fault;

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT+CGSN=1\r\n"),
	    "\r\n+CGSN: \"352656100367872\"\r\n" OK "\r\n+CEREG: 2\r\n");
	assert_string_equal(bench_ask(&bench, "AT+C"), "");
	assert_string_equal(bench_ask(&bench, "EE?\r\n"), "\r\nERROR\r\n\r\n+CEREG: 5\r\n\r\n%XTIME: 1\r\n");
	assert_int_equal(sim_host_urc(bench.host, "+CEREG: 1", bench.now, &fault), ERR_OK);
	assert_string_equal(bench_said(&bench), "\r\n+CEREG: 1\r\n");
	bench_end(&bench);
}

/* What comes while the modem works is held, as far as its buffers go. */
static void what_comes_in_between_is_held(void **state)
{
	struct bench bench = bench_of();
	char many[1300] = "";

	(void)state;
	bench.host_settings.dialect = SIM_DIALECT_SLM;
	bench.host_settings.nvm_ms = 100;
	bench_start(&bench, "");
	bench_said(&bench);
	for (int i = 0; i < 300; i++)
		strcat(many, "AT\r\n");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,1,4,\"x\"\r"), "");
	assert_string_equal(bench_ask(&bench, many), "");
	bench_wait(&bench, 100);
	assert_int_equal(strlen(bench_said(&bench)), (1 + 768 / 4) * strlen(OK));
	bench_end(&bench);
}

static void has_commands_of_its_own(void **state)
{
	struct bench bench = slm_of("cfun 1", SIM_TERMINATOR_CRLF);

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT#XSMVER\r\n"), "\r\n#XSMVER: \"v2.0.0\",\"3.4.0\"\r\n" OK);
	assert_string_equal(bench_ask(&bench, "ATE1\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "AT\r\n"), "AT\r\n" OK);
	assert_string_equal(bench_ask(&bench, "ATE0\r\n"), "ATE0\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT+CFUN=4\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "AT#XMODEMRESET\r\n"), "\r\n#XMODEMRESET: 0\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT+CFUN?\r\n"), "\r\n+CFUN: 1\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT#XSLMVER\r\n"), "\r\nERROR\r\n");
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_stand_between_empty_lines),
		cmocka_unit_test(nothing_is_kept_until_at_comes),
		cmocka_unit_test(ends_a_command_as_it_was_built),
		cmocka_unit_test(quotes_hold_line_ends_and_backspace_takes_them_back),
		cmocka_unit_test(an_overlong_command_may_run_its_rest),
		cmocka_unit_test(an_answer_too_long_is_an_error),
		cmocka_unit_test(unsolicited_lines_wait_for_the_answer),
		cmocka_unit_test(what_comes_in_between_is_held),
		cmocka_unit_test(has_commands_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
