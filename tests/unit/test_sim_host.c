/* SPDX-License-Identifier: ISC */
#include "sim_testing.h"

#include "gapseal/sim_wire.h"

/* The AT host in front of the modem, and the wire to it. */

#define OK "OK\r\n"

static void ends_commands_as_set(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT\n"), "");
	assert_string_equal(bench_ask(&bench, "\r"), OK); /* the LF was data, and is ignored as white space */
	assert_string_equal(bench_ask(&bench, "AT\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "\nAT\r"), OK);
	bench_end(&bench);
	bench = bench_of();
	bench.host_settings.terminator = SIM_TERMINATOR_LF;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	assert_string_equal(bench_ask(&bench, "\n"), OK);
	bench_end(&bench);
	bench = bench_of();
	bench.host_settings.terminator = SIM_TERMINATOR_CRLF;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT\n"), "");
	assert_string_equal(bench_ask(&bench, "\r\n"), OK);
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	assert_string_equal(bench_ask(&bench, "\n"), OK);
	bench_end(&bench);
}

static void blank_lines_are_no_commands(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "\r\r \t\n\r"), "");
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
}

static void terminators_in_quotes_are_data(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"a\rb\r\n"), "");
	assert_string_equal(bench_ask(&bench, "c\"\r"), OK);
	assert_stored(&bench, 42, 4, "a\rb\r\nc");
	bench_end(&bench);
}

static void a_lost_quote_swallows_everything(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"abc\r"), "");
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	/* what was meant as recovery closes a long content */
	assert_string_equal(bench_ask(&bench, "\"\r"), OK);
	assert_stored(&bench, 42, 4, "abc\rAT\r");
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
}

static void edits_backwards(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "\bATX\b\r"), OK);
	assert_string_equal(bench_ask(&bench, "AX\x7fT\r"), OK);
	/* A quote taken back still counts as open. */
	assert_string_equal(bench_ask(&bench, "AT\"\b\r"), "");
	assert_string_equal(bench_ask(&bench, "\"\r"), "ERROR\r\n");
	bench_end(&bench);
}

static void nul_counts_inside_quotes_only(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	bench_feed(&bench, bytes_from("A\0T\r", 4));
	assert_string_equal(bench_said(&bench), OK);
	bench_feed(&bench, bytes_from("AT%CMNG=0,42,4,\"a\0b\"\r", 21));
	assert_string_equal(bench_said(&bench), OK);
	assert_int_equal(sim_store_find(sim_modem_store(bench.modem), 42, 4)->content.size, 3);
	bench_end(&bench);
}

/* count bytes of content for a write of tag 42 type 4. */
static void feed_write(struct bench *bench, size_t count)
{
	struct buffer text = BUFFER_EMPTY;

	buffer_text(&text, "AT%CMNG=0,42,4,\"");
	for (size_t i = 0; i < count; i++)
		buffer_byte(&text, 'x');
	buffer_text(&text, "\"\r");
	bench_feed(bench, buffer_bytes(&text));
	buffer_free(&text);
}

static void the_buffer_has_an_end(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	feed_write(&bench, 4095 - 17); /* 16 before the content, one quote behind it */
	assert_string_equal(bench_said(&bench), OK);
	assert_int_equal(sim_store_find(sim_modem_store(bench.modem), 42, 4)->content.size, 4078);
	/* One more, and the closing quote is dropped: nothing ends the command, not even a quote. */
	feed_write(&bench, 4079);
	assert_string_equal(bench_said(&bench), "");
	assert_string_equal(bench_ask(&bench, "\"\rAT\r"), "");
	assert_string_equal(bench_ask(&bench, "\b\"\r"), OK);
	assert_int_equal(sim_store_find(sim_modem_store(bench.modem), 42, 4)->content.size, 4078);
	bench_end(&bench);
}

static void an_overlong_command_without_quotes_is_cut(void **state)
{
	struct bench bench = bench_of();
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	bench_start(&bench, "");
	buffer_text(&text, "AT%CMNG=0,42,4,");
	for (size_t i = 0; i < 5000; i++)
		buffer_byte(&text, 'x');
	buffer_text(&text, "\r");
	bench_feed(&bench, buffer_bytes(&text));
	assert_string_equal(bench_said(&bench), OK);
	assert_int_equal(sim_store_find(sim_modem_store(bench.modem), 42, 4)->content.size, 4095 - 15);
	buffer_free(&text);
	bench_end(&bench);
}

static void an_overlong_answer_is_cut(void **state)
{
	struct bench bench = bench_of();
	struct fault fault;
	uint8_t digest[HASH_SIZE] = {0};
	const char *said;

	(void)state;
	bench_start(&bench, "");
	for (uint32_t tag = 1; tag <= 60; tag++)
		assert_int_equal(sim_store_mark(sim_modem_store(bench.modem), tag, 2, digest, &fault),
		    ERR_OK);
	said = bench_ask(&bench, "AT%CMNG=1\r");
	assert_int_equal(strlen(said), 4095);
	assert_null(strstr(said, OK));
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
}

static void loses_what_comes_while_the_modem_works(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench.host_settings.nvm_ms = 50;
	bench_start(&bench, "");
	/* one command in flight, however fast it is */
	assert_string_equal(bench_ask(&bench, "AT\rAT+CGSN\r"), OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"me\"\r"), "");
	bench_wait(&bench, 20);
	assert_string_equal(bench_ask(&bench, "AT\rA"), "");
	bench_wait(&bench, 29);
	assert_string_equal(bench_said(&bench), "");
	assert_stored(&bench, 42, 4, NULL); /* nothing is stored before its time */
	bench_wait(&bench, 1);
	assert_string_equal(bench_said(&bench), OK);
	assert_stored(&bench, 42, 4, "me");
	assert_string_equal(bench_ask(&bench, "T\r"), "ERROR\r\n"); /* the A was lost */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=1,42,3\r"), OK); /* a list takes no time */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,42,4\r"), "");
	assert_int_equal(sim_host_due(bench.host), bench.now + 50000);
	bench_wait(&bench, 50);
	assert_string_equal(bench_said(&bench), OK);
	assert_true(sim_host_due(bench.host) == UINT64_MAX);
	bench_end(&bench);
}

static void flow_control_loses_nothing(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench.host_settings.nvm_ms = 50;
	bench.host_settings.flow = true;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT\rAT+CGSN\r"), OK "352656100367872\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"me\"\rAT%CMNG=3,42,4\rAT+CGSN"), "");
	bench_wait(&bench, 50);
	assert_string_equal(bench_said(&bench), OK);
	bench_wait(&bench, 50);
	assert_string_equal(bench_said(&bench), OK);
	assert_string_equal(bench_ask(&bench, "\r"), "352656100367872\r\n" OK);
	bench_end(&bench);
}

static void byte_by_byte_is_the_same(void **state)
{
	static const char text[] = "AT+CMEE=1\rAT%CMNG=0,42,4,\"m\re\"\rAT%CMNG=2,42,3\r";
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	for (const char *c = text; *c != '\0'; c++)
		bench_feed(&bench, bytes_from(c, 1));
	assert_string_equal(bench_said(&bench), OK OK "+CME ERROR: 514\r\n");
	bench_end(&bench);
}

static void greets_when_told_to(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench.host_settings.ready = true;
	bench.host_settings.boot_ms = 100;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT\r"), ""); /* deaf while it boots */
	bench_wait(&bench, 100);
	assert_string_equal(bench_said(&bench), "Ready\r\n");
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
	bench = bench_of();
	bench_start(&bench, "");
	assert_string_equal(bench_said(&bench), "");
	bench_end(&bench);
}

static void echoes_when_told_to(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "echo");
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "AT+CGSN\r352656100367872\r\n" OK);
	bench_end(&bench);
}

static void speaks_unasked(void **state)
{
	struct bench bench = bench_of();
	struct fault fault = {0};

	(void)state;
	bench_start(&bench, "");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"m"), "");
	assert_int_equal(sim_host_urc(bench.host, "+CEREG: 2", bench.now, &fault), ERR_OK);
	assert_string_equal(bench_said(&bench), "+CEREG: 2\r\n");
	assert_string_equal(bench_ask(&bench, "e\"\r"), OK);
	assert_stored(&bench, 42, 4, "me");
	bench_end(&bench);
}

static void output_can_be_sent_in_pieces(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench_start(&bench, "");
	bench_feed(&bench, bytes_of("AT\r"));
	sim_host_sent(bench.host, 1);
	assert_true(bytes_is(sim_host_output(bench.host), "K\r\n"));
	sim_host_sent(bench.host, 99);
	assert_int_equal(sim_host_output(bench.host).size, 0);
	bench_end(&bench);
}

static void the_wire_takes_ten_bits_a_byte(void **state)
{
	struct sim_wire wire = {.baud = 10000}; /* a millisecond a byte */

	(void)state;
	assert_true(sim_wire_due(&wire, 5000) == UINT64_MAX);
	sim_wire_put(&wire, bytes_of("abc"), 5000);
	assert_int_equal(sim_wire_arrived(&wire, 5999).size, 0);
	assert_int_equal(sim_wire_due(&wire, 5000), 7000); /* a look on the way */
	assert_true(bytes_is(sim_wire_arrived(&wire, 7000), "ab"));
	sim_wire_taken(&wire, 2);
	assert_int_equal(sim_wire_arrived(&wire, 7999).size, 0);
	assert_int_equal(sim_wire_due(&wire, 7000), 8000);
	sim_wire_put(&wire, bytes_of("d"), 7500); /* behind what is on the wire */
	assert_true(bytes_is(sim_wire_arrived(&wire, 8999), "c"));
	assert_true(bytes_is(sim_wire_arrived(&wire, 9000), "cd"));
	sim_wire_taken(&wire, 2);
	sim_wire_put(&wire, bytes_of("e"), 20000); /* an idle wire starts anew */
	assert_int_equal(sim_wire_arrived(&wire, 20999).size, 0);
	assert_true(bytes_is(sim_wire_arrived(&wire, 21000), "e"));
	assert_int_equal(sim_wire_due(&wire, 30000), 30000);
	sim_wire_free(&wire);
	wire = (struct sim_wire){.baud = 0};
	sim_wire_put(&wire, bytes_of("abc"), 5000);
	assert_true(bytes_is(sim_wire_arrived(&wire, 5000), "abc"));
	sim_wire_free(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_commands_as_set), cmocka_unit_test(blank_lines_are_no_commands),
		cmocka_unit_test(terminators_in_quotes_are_data),
		cmocka_unit_test(a_lost_quote_swallows_everything), cmocka_unit_test(edits_backwards),
		cmocka_unit_test(nul_counts_inside_quotes_only), cmocka_unit_test(the_buffer_has_an_end),
		cmocka_unit_test(an_overlong_command_without_quotes_is_cut),
		cmocka_unit_test(an_overlong_answer_is_cut),
		cmocka_unit_test(loses_what_comes_while_the_modem_works),
		cmocka_unit_test(flow_control_loses_nothing), cmocka_unit_test(byte_by_byte_is_the_same),
		cmocka_unit_test(greets_when_told_to), cmocka_unit_test(echoes_when_told_to),
		cmocka_unit_test(speaks_unasked), cmocka_unit_test(output_can_be_sent_in_pieces),
		cmocka_unit_test(the_wire_takes_ten_bits_a_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
