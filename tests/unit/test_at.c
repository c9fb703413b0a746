/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/at.h"

static int setup(void **state)
{
	struct fault fault;

	return at_new((struct at **)state, &fault) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	at_free((struct at **)state);
	return 0;
}

/* A command without secrets, all of it sent, with the deadline 1000. */
static void start(struct at *at, const char *visible, const char *prefix)
{
	struct at_command command = {.prefix = prefix};

	snprintf(command.visible, sizeof command.visible, "%s", visible);
	at_start(at, &command, 1000);
	at_sent(at, at_output(at).size);
}

static void start_hidden(struct at *at, const char *visible, const char *hidden, const char *password)
{
	struct at_command command = {.hidden = bytes_of(hidden), .password = bytes_of(password)};

	snprintf(command.visible, sizeof command.visible, "%s", visible);
	at_start(at, &command, 1000);
}

static void feed(struct at *at, const char *text)
{
	at_feed(at, bytes_of(text));
}

static void assert_line(const struct at *at, size_t i, const char *text)
{
	struct bytes line;

	assert_true(at_line(at, i, &line));
	assert_true(bytes_is(line, text));
}

static void assert_lines(const struct at *at, size_t count)
{
	struct bytes line;

	if (count > 0)
		assert_true(at_line(at, count - 1, &line));
	assert_false(at_line(at, count, &line));
}

static void assert_output(const struct at *at, const char *text)
{
	assert_true(bytes_is(at_output(at), text));
}

static void test_before_the_first_command(void **state)
{
	struct at *at = *state;

	assert_int_equal(at_result(at), AT_SILENT);
	assert_int_equal(at_output(at).size, 0);
	assert_true(at_due(at) == UINT64_MAX);
	feed(at, "OK\r\nReady\r\n");
	assert_int_equal(at_result(at), AT_SILENT);
}

static void test_output_and_terminators(void **state)
{
	struct at *at = *state;
	static const struct {
		enum at_terminator terminator;
		const char *wire;
	} cases[] = {{AT_CR, "AT\r"}, {AT_LF, "AT\n"}, {AT_CRLF, "AT\r\n"}};

	for (size_t i = 0; i < 3; i++) {
		struct at_command command = {.visible = "AT"};

		at_terminator(at, cases[i].terminator);
		at_start(at, &command, 1000);
		assert_output(at, cases[i].wire);
		at_sent(at, 1);
		assert_output(at, cases[i].wire + 1);
	}
}

static void test_hidden_is_quoted(void **state)
{
	struct at *at = *state;

	start_hidden(at, "AT%CMNG=0,42,3,", "0a0b", "");
	assert_output(at, "AT%CMNG=0,42,3,\"0a0b\"\r");
	start_hidden(at, "AT%CMNG=0,42,2,", "-----BEGIN\nx\n", "word");
	assert_output(at, "AT%CMNG=0,42,2,\"-----BEGIN\nx\n\",\"word\"\r");
	at_sent(at, at_output(at).size);
	feed(at, "OK\r\n");
	assert_int_equal(at_result(at), AT_OK);
	assert_int_equal(at_output(at).size, 0);
}

static void test_hidden_cannot_break_out(void **state)
{
	struct at *at = *state;
	static const uint8_t nul[] = {'a', 0, 'b'};
	struct at_command command = {.visible = "AT%CMNG=0,42,4,", .hidden = {nul, sizeof nul}};

	start_hidden(at, "AT%CMNG=0,42,4,", "a\"\rAT%XFACTORYRESET=0", "");
	assert_int_equal(at_result(at), AT_GARBAGE);
	assert_int_equal(at_output(at).size, 0);
	start_hidden(at, "AT%CMNG=0,42,2,", "key", "a\"b");
	assert_int_equal(at_result(at), AT_GARBAGE);
	at_start(at, &command, 1000);
	assert_int_equal(at_result(at), AT_GARBAGE);
	assert_int_equal(at_output(at).size, 0);
}

static void test_too_long_a_command(void **state)
{
	struct at *at = *state;
	static uint8_t content[AT_COMMAND_MAX];
	struct at_command command = {.visible = "AT%CMNG=0,42,4,", .hidden = {content, sizeof content - 18}};

	memset(content, 'a', sizeof content);
	at_start(at, &command, 1000); /* 15 + 2 quotes + CR: fits to the byte */
	assert_int_equal(at_result(at), AT_BUSY);
	assert_int_equal(at_output(at).size, AT_COMMAND_MAX);
	command.hidden.size++;
	at_start(at, &command, 1000);
	assert_int_equal(at_result(at), AT_GARBAGE);
}

static void test_final_results(void **state)
{
	struct at *at = *state;
	static const struct {
		const char *text;
		enum at_result result;
		uint32_t cme;
	} cases[] = {
		{"OK\r\n", AT_OK, 0},
		{"\r\nOK\r\n", AT_OK, 0},
		{"\n\n  OK \n", AT_OK, 0},
		{"OK\r", AT_OK, 0},
		{"OK", AT_BUSY, 0},
		{"OKAY\r\n", AT_BUSY, 0},
		{"NOK\r\n", AT_BUSY, 0},
		{"ok\r\n", AT_BUSY, 0},
		{"ERROR\r\n", AT_ERROR, 0},
		{"ERROR: 1\r\n", AT_BUSY, 0},
		{"+CME ERROR: 513\r\n", AT_CME, 513},
		{"+CME ERROR:0\r\n", AT_CME, 0},
		{"+CME ERROR: 4294967295\r\n", AT_CME, 4294967295},
		{"+CME ERROR: 4294967296\r\n", AT_ERROR, 0},
		{"+CME ERROR: operation not allowed\r\n", AT_ERROR, 0},
		{"+CME ERROR: \r\n", AT_ERROR, 0},
		{"+CMS ERROR: 304\r\n", AT_ERROR, 0},
		{"Ready\r\n", AT_RESTARTED, 0},
		{"The AT host sample started\r\n", AT_RESTARTED, 0},
		{"#XMODEM: FAULT,0x4,0x1d3b4c\r\n", AT_RESTARTED, 0},
		{"#XMODEM: SHUTDOWN,0\r\n", AT_BUSY, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		start(at, "AT", NULL);
		feed(at, cases[i].text);
		assert_int_equal(at_result(at), cases[i].result);
		if (cases[i].result == AT_CME)
			assert_int_equal(at_cme(at), cases[i].cme);
	}
}

#define LISTING_TEXT \
	"\r\n%CEREG: 2,\"76C1\",\"0102DA04\",7\r\n%CMNG: 42,3,\"AA\"\r\n+CEREG: 4\r\n" \
	"\x1b[1;32m%CMNG: 42, 4\x1b[0m\r\nuart:~$ %CMNG: 43,0\r\n\r\nOK\r\n"

static void assert_listing(const struct at *at)
{
	assert_int_equal(at_result(at), AT_OK);
	assert_lines(at, 3);
	assert_line(at, 0, "%CMNG: 42,3,\"AA\"");
	assert_line(at, 1, "%CMNG: 42, 4");
	assert_line(at, 2, "%CMNG: 43,0");
}

static void test_split_at_every_byte(void **state)
{
	struct at *at = *state;
	static const char text[] = LISTING_TEXT;
	size_t size = sizeof text - 1;

	for (size_t cut = 0; cut <= size; cut++) {
		start(at, "AT%CMNG=1", "%CMNG:");
		at_feed(at, bytes_from(text, cut));
		at_feed(at, bytes_from(text + cut, size - cut));
		assert_listing(at);
	}
	start(at, "AT%CMNG=1", "%CMNG:");
	for (size_t i = 0; i < size; i++)
		at_feed(at, bytes_from(text + i, 1));
	assert_listing(at);
}

static void test_nul_bytes_vanish(void **state)
{
	struct at *at = *state;
	static const uint8_t text[] = {0, 'O', 0, 'K', 0, '\r', 0, '\n'};

	start(at, "AT", NULL);
	at_feed(at, bytes_from(text, sizeof text));
	assert_int_equal(at_result(at), AT_OK);
}

static void test_every_line(void **state)
{
	struct at *at = *state;

	start(at, "AT+CGMR", "");
	feed(at, "AT+CGMR\r\n%XSIM: 1\r\n\r\nmfw_nrf9160_1.3.5\r\nnoise\r\n\r\nOK\r\n");
	assert_int_equal(at_result(at), AT_OK);
	assert_lines(at, 3); /* all but the echo */
	assert_line(at, 0, "%XSIM: 1");
	assert_line(at, 1, "mfw_nrf9160_1.3.5");
	assert_line(at, 2, "noise");
}

static void test_no_information_wanted(void **state)
{
	struct at *at = *state;

	start(at, "AT+CMEE=1", NULL);
	feed(at, "noise\r\n%CMNG: 1,2\r\nOK\r\n");
	assert_int_equal(at_result(at), AT_OK);
	assert_lines(at, 0);
}

/* A PEM whose lines are themselves results, echoed by the host with line ends of its own, a URC in
 * between. */
static void test_echo_of_every_line(void **state)
{
	struct at *at = *state;

	start_hidden(at, "AT%CMNG=0,42,0,", "-----BEGIN\nOK\nERROR\nReady\n-----END\n", "");
	at_sent(at, at_output(at).size);
	feed(at, "AT%CMNG=0,42,0,\"-----BEGIN\r\nOK\r\n+CEREG: 2\r\nERROR\r\nReady\r\n");
	assert_int_equal(at_result(at), AT_BUSY);
	feed(at, "-----END\r\n\"\r\n");
	assert_int_equal(at_result(at), AT_BUSY);
	feed(at, "+CME ERROR: 527\r\n");
	assert_int_equal(at_result(at), AT_CME);
	assert_int_equal(at_cme(at), 527);
	assert_lines(at, 0);
}

/* Without an echo the same lines are what they say. */
static void test_no_echo_no_mercy(void **state)
{
	struct at *at = *state;

	start_hidden(at, "AT%CMNG=0,42,0,", "-----BEGIN\nOK\n", "");
	at_sent(at, at_output(at).size);
	feed(at, "OK\r\n");
	assert_int_equal(at_result(at), AT_OK);
}

/* "OK" inside longer lines, base64 or not, ends nothing. */
static void test_ok_inside_lines(void **state)
{
	struct at *at = *state;

	start(at, "AT%KEYGEN=42,2,0", "%KEYGEN:");
	feed(at, "MIIBOK\r\nOKbA\r\n%KEYGEN: \"OK.OK\"\r\nOK x\r\n");
	assert_int_equal(at_result(at), AT_BUSY);
	feed(at, "OK\r\n");
	assert_int_equal(at_result(at), AT_OK);
	assert_lines(at, 1);
}

static void test_prompts(void **state)
{
	struct at *at = *state;

	start(at, "AT+CGSN=1", "+CGSN:");
	feed(at, "uart:~$ AT+CGSN=1\r\nmosh:~$ uart:~$ +CGSN: \"352656100367872\"\r\n~$ OK\r\n:~$ OK\r\n");
	assert_int_equal(at_result(at), AT_BUSY);
	feed(at, "uart:~$ OK\r\n");
	assert_int_equal(at_result(at), AT_OK);
	assert_line(at, 0, "+CGSN: \"352656100367872\"");
}

static void test_broken_sequences(void **state)
{
	struct at *at = *state;
	static const char *const heads[] = {"\x1b", "\x1b[", "\x1b[12;", "\x1b[1\x1b[0m", "\x1b" "7"};

	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		start(at, "AT", NULL);
		feed(at, "noise");
		feed(at, heads[i]);
		feed(at, "\rOK\r");
		assert_int_equal(at_result(at), AT_OK);
	}
}

static void test_answer_before_the_command(void **state)
{
	struct at *at = *state;
	struct at_command command = {.visible = "AT"};

	at_start(at, &command, 1000);
	feed(at, "OK\r\nReady\r\n");
	assert_int_equal(at_result(at), AT_BUSY);
	at_sent(at, 1);
	feed(at, "ERROR\r\n");
	assert_int_equal(at_result(at), AT_ERROR);
}

static void test_deadline(void **state)
{
	struct at *at = *state;

	start(at, "AT", NULL);
	assert_true(at_due(at) == 1000);
	at_tick(at, 999);
	assert_int_equal(at_result(at), AT_BUSY);
	at_tick(at, 1000);
	assert_int_equal(at_result(at), AT_SILENT);
	assert_true(at_due(at) == UINT64_MAX);
	feed(at, "OK\r\n");
	assert_int_equal(at_result(at), AT_SILENT);
}

static void test_deadline_drops_what_was_not_sent(void **state)
{
	struct at *at = *state;

	start_hidden(at, "AT%CMNG=0,42,3,", "0a0b", "");
	at_sent(at, 18);
	at_tick(at, 1000);
	assert_int_equal(at_output(at).size, 0);
}

static void test_late_lines_belong_to_nobody(void **state)
{
	struct at *at = *state;

	start(at, "AT+CGSN=1", "+CGSN:");
	feed(at, "+CGSN: \"1\"\r\nOK\r\n+CGSN: \"2\"\r\nERROR\r\nhalf a li");
	assert_int_equal(at_result(at), AT_OK);
	assert_lines(at, 1);
	start(at, "AT", NULL);
	assert_lines(at, 0);
	feed(at, "OK\r\n"); /* the half line went with its command */
	assert_int_equal(at_result(at), AT_OK);
}

static void test_overlong_line(void **state)
{
	struct at *at = *state;
	static uint8_t noise[AT_LINES_MAX];

	memset(noise, 'x', sizeof noise);
	start(at, "AT", NULL);
	at_feed(at, bytes_from(noise, sizeof noise - 1));
	assert_int_equal(at_result(at), AT_BUSY);
	at_feed(at, bytes_from(noise, 1));
	assert_int_equal(at_result(at), AT_GARBAGE);
	for (int i = 0; i < 10; i++)
		at_feed(at, bytes_from(noise, sizeof noise));
	start(at, "AT", NULL);
	feed(at, "OK\r\n");
	assert_int_equal(at_result(at), AT_OK);
}

static void test_too_many_lines(void **state)
{
	struct at *at = *state;
	static const char line[] = "%CMNG: 1,1\r\n";
	size_t kept = (AT_LINES_MAX - 12) / 11; /* each keeps 10 characters and an LF */

	start(at, "AT%CMNG=1", "%CMNG:");
	for (size_t i = 0; i < kept; i++)
		feed(at, line);
	assert_int_equal(at_result(at), AT_BUSY);
	assert_lines(at, kept);
	for (int i = 0; i < 3; i++)
		feed(at, line);
	assert_int_equal(at_result(at), AT_GARBAGE);
	feed(at, "OK\r\n");
	assert_int_equal(at_result(at), AT_GARBAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_the_first_command, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output_and_terminators, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hidden_is_quoted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hidden_cannot_break_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long_a_command, setup, teardown),
		cmocka_unit_test_setup_teardown(test_final_results, setup, teardown),
		cmocka_unit_test_setup_teardown(test_split_at_every_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nul_bytes_vanish, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_information_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_echo_of_every_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_echo_no_mercy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ok_inside_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prompts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_sequences, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answer_before_the_command, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deadline_drops_what_was_not_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_lines_belong_to_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlong_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_lines, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
