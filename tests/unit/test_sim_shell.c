/* SPDX-License-Identifier: ISC */
#include "sim_testing.h"

/* The Zephyr shell with its `at` command. */

#define PROMPT "\x1b[1;32muart:~$ \x1b[m"
#define RED "\x1b[1;31m"
#define OK "OK\r\r\n\r\n" PROMPT

static struct bench shell_of(const char *script, size_t line_limit)
{
	struct bench bench = bench_of();

	bench.host_settings.dialect = SIM_DIALECT_SHELL;
	bench.host_settings.line_limit = line_limit;
	bench_start(&bench, script);
	assert_string_equal(bench_said(&bench), "\r\n" PROMPT);
	return bench;
}

static void prompts_and_echoes(void **state)
{
	struct bench bench = shell_of("", 256);

	(void)state;
	assert_string_equal(bench_ask(&bench, "at AT"), "at AT");
	assert_string_equal(bench_ask(&bench, "\r"), "\r\n" OK);
	assert_string_equal(bench_ask(&bench, "at AT+CGSN=1\r\n"),
	    "at AT+CGSN=1\r\n+CGSN: \"352656100367872\"\r\r\n" OK);
	assert_string_equal(bench_ask(&bench, "at AT+CMEE=1\n"), "at AT+CMEE=1\r\n" OK);
	assert_string_equal(bench_ask(&bench, "at AT%CMNG=3,42,3\r"),
	    "at AT%CMNG=3,42,3\r\n+CME ERROR: 513\r\r\n\r\n" PROMPT);
	assert_string_equal(bench_ask(&bench, "\r"), "\r\n" PROMPT);
	assert_string_equal(bench_ask(&bench, "\r\n"), "\r\n" PROMPT); /* one line end */
	/* the first line end seen is the one that counts */
	assert_string_equal(bench_ask(&bench, "\n\n"), "");
	/* what is not ASCII is not there at all */
	assert_string_equal(bench_ask(&bench, "\r\xc3\n"), "\r\n" PROMPT);
	assert_string_equal(bench_ask(&bench, "\r\r"), "\r\n" PROMPT "\r\n" PROMPT);
	bench_end(&bench);
}

static void takes_words_apart(void **state)
{
	static const struct {
		const char *line, *stored;
	} words[] = {
		{"at 'AT%CMNG=0,1,4,\"a b\"'", "a b"},
		{"at \"AT%CMNG=0,1,4,'a b'\"", "'a b'"},
		{"at AT%CMNG=0,1,4,\"ab\"", "ab"},                /* the quotes went, the modem takes it */
		{"at AT%CMNG=0,1,4,\\\"a\\ b\\\"", "a b"},
		{"at 'AT%CMNG=0,1,4,\"'a\\ b'\"'", "a b"},        /* three pieces of one word */
		{"at 'AT%CMNG=0,1,4,\"a\\x0ab\"'", "a\nb"},
		{"at 'AT%CMNG=0,1,4,\"a\\xAz\"'", "a\nz"},
		{"at 'AT%CMNG=0,1,4,\"a\\xg\"'", "a\\xg"},
		{"at 'AT%CMNG=0,1,4,\"a\\012b\"'", "a\nb"},
		{"at 'AT%CMNG=0,1,4,\"a\\0123\"'", "aS"},         /* a digit behind it is taken along */
		{"at 'AT%CMNG=0,1,4,\"a\\00123\"'", "a\n3"},
		{"at 'AT%CMNG=0,1,4,\"a\\nb\"'", "a\\nb"},        /* the letter n is no line end */
		{"at 'AT%CMNG=0,1,4,\"it\\'s\"'", "it's"},
		{"  at   AT%CMNG=0,1,4,x   rest", "x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct bench bench = shell_of("", 256);

		bench_ask(&bench, words[i].line);
		assert_string_equal(bench_ask(&bench, "\r"), "\r\n" OK);
		assert_stored(&bench, 1, 4, words[i].stored);
		bench_end(&bench);
	}
}

static void unescapes_line_feeds_in_writes_if_built_so(void **state)
{
	struct bench bench = shell_of("unescape-lf", 256);

	(void)state;
	bench_ask(&bench, "at 'AT%CMNG=0,1,4,\"a\\nb\"'\r");
	assert_stored(&bench, 1, 4, "a\r\nb");
	bench_ask(&bench, "at 'at%cmng=0,1,4,\"a\\nb\"'\r"); /* upper case only */
	assert_stored(&bench, 1, 4, "a\\nb");
	bench_end(&bench);
}

static void complains_like_a_shell(void **state)
{
	struct bench bench = shell_of("", 256);

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT\r"), "AT\r\n" RED "AT: command not found\r\n\x1b[m" PROMPT);
	assert_string_equal(bench_ask(&bench, "at 'AT\r"),
	    "at 'AT\r\n" RED "not terminated: '\r\n\x1b[m" PROMPT);
	assert_string_equal(bench_ask(&bench, "'at\r"), "'at\r\n" RED "not terminated: '\r\n\x1b[m" PROMPT);
	assert_string_equal(bench_ask(&bench, "at\r"), "at\r\nUsage: at <subcommand>\r\n" PROMPT);
	assert_string_equal(bench_ask(&bench, "at ''\r"), "at ''\r\nERROR\r\r\n\r\n" PROMPT);
	assert_string_equal(bench_ask(&bench, "at AT\r"), "at AT\r\n" OK);
	bench_end(&bench);
}

static void the_line_has_an_end(void **state)
{
	struct bench bench = shell_of("", 20);

	(void)state;
	/* 19 characters fit; what does not is neither kept nor echoed. */
	assert_string_equal(bench_ask(&bench, "at AT%CMNG=0,1,4,xyz\r"), "at AT%CMNG=0,1,4,xy\r\n" OK);
	assert_stored(&bench, 1, 4, "xy");
	/* The quotes that closed the word are lost with it. */
	assert_string_equal(bench_ask(&bench, "at 'AT%CMNG=0,1,4,\"xyz\"'\r"),
	    "at 'AT%CMNG=0,1,4,\"\r\n" RED "not terminated: '\r\n\x1b[m" PROMPT);
	bench_end(&bench);
}

static void wraps_at_the_margin(void **state)
{
	struct bench bench = shell_of("", 256);
	const char *said;

	(void)state;
	/* 8 columns of prompt and 72 of command fill the line. */
	said = bench_ask(&bench,
	    "at AT%CMNG=0,1,4,123456789012345678901234567890123456789012345678901234567890");
	assert_non_null(strstr(said, "12345\r\n67890"));
	assert_string_equal(bench_ask(&bench, "\r"), "\r\n" OK);
	assert_stored(&bench, 1, 4, "123456789012345678901234567890123456789012345678901234567890");
	/* Exactly full: the cursor is on a new line already. */
	said = bench_ask(&bench, "at AT%CMNG=0,1,4,1234567890123456789012345678901234567890123456789012345");
	assert_string_equal(said + strlen(said) - 7, "12345\r\n");
	assert_string_equal(bench_ask(&bench, "\r"), OK);
	bench_end(&bench);
}

static void edits_the_line(void **state)
{
	struct bench bench = shell_of("", 256);

	(void)state;
	assert_string_equal(bench_ask(&bench, "at ATX\b\r"), "at ATX\x1b[1D\x1b[J\r\n" OK);
	assert_string_equal(bench_ask(&bench, "\x7f" "at ATX\x7f\r"), "at ATX\x1b[1D\x1b[J\r\n" OK);
	assert_string_equal(bench_ask(&bench, "junk\x15"), "junk\x1b[4D\x1b[J");
	assert_string_equal(bench_ask(&bench, "at AT\x0c"), "at AT\x1b[H\x1b[2J" PROMPT "at AT");
	assert_string_equal(bench_ask(&bench, "\x0c\x15"), "\x1b[H\x1b[2J" PROMPT "at AT" "\x1b[5D\x1b[J");
	assert_string_equal(bench_ask(&bench, "junk\x03"), "junk\r\n" PROMPT);
	/* Arrows, Delete, what is not ASCII and control characters leave no trace. */
	assert_string_equal(bench_ask(&bench, "at \x1b[A\x1b[3~\x1b" "bA\xc3\xa4\x01\tT\r"), "at AT\r\n" OK);
	bench_end(&bench);
}

static void events_are_silent_until_enabled(void **state)
{
	struct bench bench = shell_of("", 256);
	struct fault fault = {0};

	(void)state;
	assert_int_equal(sim_host_urc(bench.host, "+CEREG: 2", bench.now, &fault), ERR_OK);
	assert_string_equal(bench_said(&bench), "");
	assert_string_equal(bench_ask(&bench, "at events_enable\r"),
	    "at events_enable\r\nAT command event handler enabled\r\n" PROMPT);
	bench_ask(&bench, "at A");
	assert_int_equal(sim_host_urc(bench.host, "+CEREG: 2", bench.now, &fault), ERR_OK);
	assert_string_equal(bench_said(&bench), "\r\nAT event handler:\r\n+CEREG: 2\r\r\n\r\n" PROMPT "at A");
	assert_string_equal(bench_ask(&bench, "T\r"), "T\r\n" OK);
	assert_string_equal(bench_ask(&bench, "at events_disable\r"),
	    "at events_disable\r\nAT command event handler disabled\r\n" PROMPT);
	assert_int_equal(sim_host_urc(bench.host, "+CEREG: 2", bench.now, &fault), ERR_OK);
	assert_string_equal(bench_said(&bench), "");
	bench_end(&bench);
}

static void keeps_64_bytes_while_a_command_runs(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench.host_settings.dialect = SIM_DIALECT_SHELL;
	bench.host_settings.nvm_ms = 50;
	bench_start(&bench, "");
	bench_said(&bench);
	assert_string_equal(bench_ask(&bench, "at AT%CMNG=0,1,4,x\r"), "at AT%CMNG=0,1,4,x\r\n");
	bench_ask(&bench,
	    "at AT%CMNG=0,1,3,1234567890123456789012345678901234567890123456789012345678901234567890\r");
	bench_wait(&bench, 50);
	/* 17 of the 64 are the command's head. */
	assert_string_equal(bench_said(&bench),
	    OK "at AT%CMNG=0,1,3,12345678901234567890123456789012345678901234567");
	bench_end(&bench);
}

static void long_answers_do_not_fit(void **state)
{
	struct bench bench = shell_of("", 256);
	struct fault fault;
	uint8_t digest[HASH_SIZE] = {0};

	(void)state;
	for (uint32_t tag = 1; tag <= 40; tag++)
		assert_int_equal(sim_store_mark(sim_modem_store(bench.modem), tag, 2, digest, &fault),
		    ERR_OK);
	assert_string_equal(bench_ask(&bench, "at AT%CMNG=1\r"),
	    "at AT%CMNG=1\r\nSending AT command failed with error code -7\r\n" PROMPT);
	bench_end(&bench);
}

static void a_nul_ends_the_command(void **state)
{
	struct bench bench = shell_of("", 256);

	(void)state;
	assert_string_equal(bench_ask(&bench, "at 'AT\\x00+CGSN'\r"), "at 'AT\\x00+CGSN'\r\n" OK);
	bench_end(&bench);
}

static void faults_strike_in_the_shell_too(void **state)
{
	struct bench bench =
	    shell_of("fail error on 1 cgsn\nswallow on 2 cgsn\nlose-quote 2 on 1 write 1,4\nreset on 1 cfun\n"
	    "urc \"+CEREG: 1\" on 1 cgmr", 256);

	(void)state;
	assert_string_equal(bench_ask(&bench, "at AT+CGSN\r"), "at AT+CGSN\r\nERROR\r\r\n\r\n" PROMPT);
	assert_string_equal(bench_ask(&bench, "at AT+CGSN\r"), "at AT+CGSN\r\n");
	assert_string_equal(bench_ask(&bench, "at AT+CGMR\r"),
	    "at AT+CGMR\r\n+CEREG: 1\r\r\nmfw_nrf91x1_2.0.2\r\r\n" OK);
	assert_string_equal(bench_ask(&bench, "at 'AT%CMNG=0,1,4,\"x\"'\r"),
	    "at 'AT%CMNG=0,1,4,\"x'\r\nERROR\r\r\n\r\n" PROMPT);
	assert_string_equal(bench_ask(&bench, "at AT+CFUN?\r"), "at AT+CFUN?\r\n\r\n" PROMPT);
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prompts_and_echoes), cmocka_unit_test(takes_words_apart),
		cmocka_unit_test(unescapes_line_feeds_in_writes_if_built_so),
		cmocka_unit_test(complains_like_a_shell), cmocka_unit_test(the_line_has_an_end),
		cmocka_unit_test(wraps_at_the_margin), cmocka_unit_test(edits_the_line),
		cmocka_unit_test(events_are_silent_until_enabled),
		cmocka_unit_test(keeps_64_bytes_while_a_command_runs),
		cmocka_unit_test(long_answers_do_not_fit), cmocka_unit_test(a_nul_ends_the_command),
		cmocka_unit_test(faults_strike_in_the_shell_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
