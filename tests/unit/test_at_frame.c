/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/at.h"

/* Commands in the frames of a shell, and what a shell says. */

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

static void start(struct at *at, enum at_frame frame, const char *visible, const char *hidden, const char *prefix)
{
	struct at_command command = {.hidden = bytes_of(hidden), .prefix = prefix};

	snprintf(command.visible, sizeof command.visible, "%s", visible);
	at_frame(at, frame);
	at_start(at, &command, 1000);
}

static void send_all(struct at *at)
{
	at_sent(at, at_output(at).size);
}

static void feed(struct at *at, const char *text)
{
	at_feed(at, bytes_of(text));
}

static void test_output(void **state)
{
	static const struct {
		enum at_frame frame;
		const char *visible, *hidden, *wire;
	} cases[] = {
		{AT_FRAME_SHELL, "AT", "", "\x15" "at 'AT'\r"},
		{AT_FRAME_SHELL, "AT%CMNG=0,42,3,", "0a0b", "\x15" "at 'AT%CMNG=0,42,3,\"0a0b\"'\r"},
		{AT_FRAME_SHELL, "AT%CMNG=0,42,4,", "\n0\r\\'n", "\x15" "at 'AT%CMNG=0,42,4,\"\\x0a0\\x0d\\x5c\\'n\"'\r"},
		{AT_FRAME_LINE, "cred list", "", "\x15" "cred list\r"},
		{AT_FRAME_LINE, "cred buf ", "c2VjcmV0+/==", "\x15" "cred buf c2VjcmV0+/==\r"},
	};
	struct at *at = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct at_command command = {.hidden = bytes_of(cases[i].hidden)};

		snprintf(command.visible, sizeof command.visible, "%s", cases[i].visible);
		at_terminator(at, AT_LF); /* which is the host's */
		start(at, cases[i].frame, cases[i].visible, cases[i].hidden, NULL);
		assert_true(bytes_is(at_output(at), cases[i].wire));
		/* without Ctrl-U and CR, but with a NUL */
		assert_int_equal(at_size(cases[i].frame, &command), strlen(cases[i].wire) - 1);
	}
}

static void test_passwords_are_counted(void **state)
{
	struct at *at = *state;
	struct at_command command = {.visible = "AT%CMNG=0,42,2,", .hidden = bytes_of("key\n"),
	    .password = bytes_of("it's")};

	at_frame(at, AT_FRAME_SHELL);
	at_start(at, &command, 1000);
	assert_true(bytes_is(at_output(at), "\x15" "at 'AT%CMNG=0,42,2,\"key\\x0a\",\"it\\'s\"'\r"));
	assert_int_equal(at_size(AT_FRAME_SHELL, &command), at_output(at).size - 1);
	assert_int_equal(at_size(AT_FRAME_HOST, &command), strlen("AT%CMNG=0,42,2,\"key\n\",\"it's\"") + 1);
}

/* A word of a line cannot be made two, nor a command of it. */
static void test_bare_words_cannot_break_out(void **state)
{
	static const char *const words[] = {"a b", "a\rb", "a\nb", "a'b", "a\"b", "a\\b", "\x15", "\x7f", "\xc3\xa4", " "};
	struct at *at = *state;
	struct at_command command = {.visible = "cred buf ", .hidden = bytes_of("a"), .password = bytes_of("b")};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		start(at, AT_FRAME_LINE, "cred buf ", words[i], NULL);
		assert_int_equal(at_result(at), AT_GARBAGE);
		assert_int_equal(at_output(at).size, 0);
	}
	at_start(at, &command, 1000);
	assert_int_equal(at_result(at), AT_GARBAGE);
	start(at, AT_FRAME_SHELL, "AT%CMNG=0,42,4,", "a\"b", NULL);
	assert_int_equal(at_result(at), AT_GARBAGE);
}

static void test_answers(void **state)
{
	static const struct {
		const char *answer;
		enum at_result result;
		bool unknown;
	} cases[] = {
		{"OK\r\n", AT_OK, false},
		{"\x1b[1;32muart:~$ \x1b[mat 'AT'\r\nOK\r\n", AT_OK, false},
		{"at 'AT'\r\n+CME ERROR: 513\r\n", AT_CME, false},
		{"\x1b[1;31mat: command not found\r\n\x1b[m", AT_ERROR, true},
		{"xat: command not found\n", AT_ERROR, true},
		{"Sending AT command failed with error code -7\r\n", AT_ERROR, false},
		{"not terminated: '\r\n", AT_ERROR, false},
		{"Usage: at <subcommand>\r\n", AT_ERROR, false},
		{"at: wrong parameter count\r\n", AT_ERROR, false},
		{"Please specify a subcommand.\r\n", AT_ERROR, false},
		{"*** Booting nRF Connect SDK v2.9.0 ***\r\n", AT_RESTARTED, false},
		{": command not found and more\r\n", AT_BUSY, false},
		{"uart:~$ ", AT_BUSY, false},
	};
	struct at *at = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		start(at, AT_FRAME_SHELL, "AT", "", NULL);
		send_all(at);
		feed(at, cases[i].answer);
		if (at_result(at) != cases[i].result || at_unknown(at) != cases[i].unknown)
			fail_msg("%s: %d %d", cases[i].answer, at_result(at), at_unknown(at));
	}
	/* Shells are found out by what they say to an AT of the host's frame; the rest is not looked for there. */
	start(at, AT_FRAME_HOST, "AT", "", NULL);
	send_all(at);
	feed(at, "not terminated: '\r\nAT: command not found\r\n");
	assert_int_equal(at_result(at), AT_ERROR);
	assert_true(at_unknown(at));
	start(at, AT_FRAME_HOST, "AT", "", NULL);
	assert_false(at_unknown(at));
}

static const char content[] = "-----BEGIN X-----\nOK\nERROR\nRGVyIEdlaXN0IGRlciBzdGV0cyB2ZXJuZWludA==\n-----END X-----\n";

/* However the terminal breaks the line, its pieces are no answer, even if one reads OK. */
static void test_echo_in_pieces(void **state)
{
	struct at *at = *state;

	for (size_t width = 1; width < 90; width++) {
		struct bytes wire, line;
		char echo[512] = "";

		start(at, AT_FRAME_SHELL, "AT%CMNG=0,42,2,", content, "");
		wire = at_output(at);
		for (size_t i = 1; i < wire.size - 1; i++) {
			strncat(echo, (const char *)wire.data + i, 1);
			if (i % width == 0)
				strcat(echo, "\r\n");
		}
		send_all(at);
		feed(at, echo);
		assert_int_equal(at_result(at), AT_BUSY);
		feed(at, "\r\n+CMEE: 1\r\nOK\r\n");
		assert_int_equal(at_result(at), AT_OK);
		assert_true(at_line(at, 0, &line) && bytes_is(line, "+CMEE: 1"));
		assert_false(at_line(at, 1, &line));
	}
}

/* A log's line interrupts the echo; the shell draws the line anew. */
static void test_echo_drawn_anew(void **state)
{
	struct at *at = *state;
	struct bytes line;

	start(at, AT_FRAME_SHELL, "AT+CGSN=1", "", "");
	send_all(at);
	feed(at, "at 'AT+C\r\n[00:00:01.000,000] <inf> app: up\r\n\x1b[1;32muart:~$ \x1b[mat 'AT+CG");
	feed(at, "SN=1'\r\n+CGSN: \"1\"\r\nOK\r\n");
	assert_int_equal(at_result(at), AT_OK);
	assert_true(at_line(at, 1, &line) && bytes_is(line, "+CGSN: \"1\"")); /* behind the log's */
	assert_false(at_line(at, 2, &line));
}

static enum at_result count_final(struct bytes line, uint32_t *number)
{
	*number = (uint32_t)line.size;
	return bytes_is(line, "done") ? AT_OK : AT_BUSY;
}

/* Who brings a final of its own is not ended by OK. */
static void test_a_final_of_its_own(void **state)
{
	struct at *at = *state;
	struct at_command command = {.visible = "cred list", .prefix = "", .final = count_final};
	struct bytes line;

	at_frame(at, AT_FRAME_LINE);
	at_start(at, &command, 1000);
	send_all(at);
	feed(at, "cred list\r\nOK\r\nERROR\r\ndone\r\n");
	assert_int_equal(at_result(at), AT_OK);
	assert_int_equal(at_cme(at), 4);
	assert_true(at_line(at, 1, &line) && bytes_is(line, "ERROR"));
	assert_false(at_line(at, 2, &line));
	at_start(at, &command, 1000);
	send_all(at);
	feed(at, "cred: command not found\r\n");
	assert_int_equal(at_result(at), AT_ERROR);
	assert_true(at_unknown(at));
}

static void test_limits(void **state)
{
	struct at *at = *state;
	static char quotes[AT_COMMAND_MAX];
	struct at_command command = {.visible = "AT%CMNG=0,42,4,"};

	memset(quotes, '\'', sizeof quotes);
	/* Ctrl-U, at ', 15, two quotes, ', CR: 24; each apostrophe takes two */
	command.hidden = bytes_from(quotes, (AT_COMMAND_MAX - 24) / 2);
	at_frame(at, AT_FRAME_SHELL);
	at_start(at, &command, 1000);
	assert_int_equal(at_output(at).size, AT_COMMAND_MAX);
	command.hidden.size++;
	at_start(at, &command, 1000);
	assert_int_equal(at_result(at), AT_GARBAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_passwords_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bare_words_cannot_break_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_echo_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_echo_drawn_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_final_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
