/* SPDX-License-Identifier: ISC */
#include "sim_testing.h"

#include <fcntl.h>
#include <unistd.h>

#include "gapseal/file.h"

/* Scripts: how the modem starts, and every fault. */

#define OK "OK\r\n"
#define ERROR "ERROR\r\n"
#define IMEI "352656100367872\r\n"

static struct bench started(const char *script)
{
	struct bench bench = bench_of();

	bench_start(&bench, script);
	return bench;
}

static void starts_as_told(void **state)
{
	struct bench bench = started("# a comment\n\n"
	    "store 42,4 \"me # too\"   # and another\n"
	    "store 42,5 digest AABBCCDDEEFF00112233445566778899aabbccddeeff00112233445566778899\r\n"
	    "cfun 1\n");

	(void)state;
	assert_stored(&bench, 42, 4, "me # too");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=1,42,5\r"),
	    "%CMNG: 42,5,\"AABBCCDDEEFF00112233445566778899AABBCCDDEEFF00112233445566778899\"\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT+CFUN?\r"), "+CFUN: 1\r\n" OK);
	bench_end(&bench);
	bench = started("imei error");
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), ERROR);
	bench_end(&bench);
	bench = started("imei zeros");
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "000000000000000\r\n" OK);
	bench_end(&bench);
	bench = started("placeholder\nstore 42,4 \"me\"");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=1,42,4\r"),
	    "%CMNG: 42,4,\"0404040404040404040404040404040404040404040404040404040404040404\"\r\n" OK);
	bench_end(&bench);
}

static void starts_without_power_or_room(void **state)
{
	struct bench bench = started("power-warning");

	(void)state;
	bench_ask(&bench, "AT+CMEE=1\r");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"me\"\r"), "+CME ERROR: 528\r\n");
	assert_string_equal(bench_ask(&bench, "AT%XVBAT\r"), "%XVBAT: 2950\r\n" OK);
	bench_end(&bench);
	bench = started("room 0");
	bench_ask(&bench, "AT+CMEE=1\r");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"me\"\r"), "+CME ERROR: 515\r\n");
	bench_end(&bench);
	bench = started("boot 30");
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	bench_wait(&bench, 30);
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
}

static void stores_files(void **state)
{
	char folder[] = "/tmp/test_sim_script.XXXXXX", name[64];
	struct sim_script *script;
	struct sim_modem *modem;
	struct sim_modem_settings settings = sim_modem_defaults;
	struct fault fault = {0};

	(void)state;
	settings.imei = "352656100367872";
	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/ca.pem", folder);
	assert_int_equal(file_write(AT_FDCWD, name, bytes_of("a\r\nb\n"), 0600, false, &fault), ERR_OK);
	assert_int_equal(sim_script_parse(&script, bytes_of("store 42,0 file ca.pem"), "script", folder,
	    &fault), ERR_OK);
	assert_int_equal(sim_modem_new(&modem, &settings, &fault), ERR_OK);
	assert_int_equal(sim_script_stock(script, modem, &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&sim_store_find(sim_modem_store(modem), 42, 0)->content),
	    "a\r\nb\n"));
	sim_modem_free(&modem);
	sim_script_free(&script);
	assert_int_equal(sim_script_parse(&script, bytes_of("\nstore 42,0 file none.pem"), "script", folder,
	    &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "file-open");
	assert_null(script);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void refuses_what_it_cannot_read(void **state)
{
	static const char *const wrong[] = {"nonsense", "\"fail\" 1 on 1 any", "fail on 1 any", "fail 513",
	    "fail 513 on any", "fail 513 on 0 any", "fail 513 on 01 any", "fail 513 on 1",
	    "fail 513 on 1 any thing else", "fail 513 at input 3", "fail x on 1 any", "store 42,3",
	    "store 42 \"x\"", "store 42,14 \"x\"", "store 2147483648,3 \"x\"", "store 42,3 x",
	    "store 42,3 \"\"", "store 42,3 \"x", "store 42,3 digest 00", "store 42,3 \"x\" more", "cfun",
	    "cfun x", "imei", "imei 352656100367872", "room", "placeholder now", "swap 1 on 1 any",
	    "urc on 1 any", "urc hello on 1 any", "hangup 0 on 1 any", "hangup at", "hangup at middle 4",
	    "reset at input", "lose-quote 0 on 1 any", "a b c d e f g h i j k l m",
	    "slow 99999999999 on 1 any"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buffer text = BUFFER_EMPTY;
		struct sim_script *script;
		struct fault fault = {0};

		buffer_format(&text, "# first line\n%s\n", wrong[i]);
		assert_int_equal(sim_script_parse(&script, buffer_bytes(&text), "script", ".", &fault),
		    ERR_CANNOT);
		assert_string_equal(fault.code, "sim-script");
		assert_string_equal(fault.where, "script:2");
		assert_null(script);
		buffer_free(&text);
	}
}

static void a_script_has_a_limit(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct sim_script *script;
	struct fault fault = {0};

	(void)state;
	for (int i = 0; i < SIM_FAULTS_MAX; i++)
		buffer_text(&text, "ignore on 1 any\n");
	assert_int_equal(sim_script_parse(&script, buffer_bytes(&text), "script", ".", &fault), ERR_OK);
	sim_script_free(&script);
	buffer_text(&text, "ignore on 1 any\n");
	assert_int_equal(sim_script_parse(&script, buffer_bytes(&text), "script", ".", &fault), ERR_CANNOT);
	assert_string_equal(fault.where, "script:65");
	buffer_free(&text);
}

static void fails_the_nth_command(void **state)
{
	struct bench bench = started("fail 519 on 2 write 42,3\nfail error on 1 delete\nfail 0 on 3+ cgsn");

	(void)state;
	bench_ask(&bench, "AT+CMEE=1\r");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"me\"\r"), OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,3,\"01\"\r"), OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,3,\"02\"\r"), "+CME ERROR: 519\r\n");
	assert_stored(&bench, 42, 3, "01"); /* not done */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,3,\"03\"\r"), OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,42,3\r"), ERROR);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=3,42,3\r"), OK);
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), IMEI OK);
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), IMEI OK);
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "+CME ERROR: 0\r\n");
	assert_string_equal(bench_ask(&bench, "AT+CGSN=1\r"), "+CME ERROR: 0\r\n");
	bench_ask(&bench, "AT+CMEE=0\r");
	assert_string_equal(bench_ask(&bench, "AT+CGSN=1\r"), ERROR);
	bench_end(&bench);
}

static void keeps_silent(void **state)
{
	struct bench bench = started("swallow on 1 write\nignore on 2 write");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"one\"\r"), "");
	assert_stored(&bench, 42, 4, "one"); /* done, only not answered */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"two\"\r"), "");
	assert_stored(&bench, 42, 4, "one"); /* neither */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"three\"\r"), OK);
	bench_end(&bench);
}

static void is_slow(void **state)
{
	struct bench bench = started("slow 2500 on 1 cfun 4");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT+CFUN?\r"), "+CFUN: 0\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT+CFUN=4\r"), "");
	assert_int_equal(sim_host_due(bench.host), bench.now + 2500000);
	bench_wait(&bench, 2499);
	assert_string_equal(bench_said(&bench), "");
	bench_wait(&bench, 1);
	assert_string_equal(bench_said(&bench), OK);
	bench_end(&bench);
}

static void lies_about_writes(void **state)
{
	struct bench bench = started("corrupt on 1 write 42,4\nhijack on 1 write 43");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"abc\"\r"), OK);
	assert_stored(&bench, 42, 4, "acc");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,43,4,\"abc\"\r"), OK);
	assert_stored(&bench, 43, 4, NULL);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,43,4,\"abc\"\r"), OK);
	assert_stored(&bench, 43, 4, "abc");
	bench_end(&bench);
}

static void loses_bytes(void **state)
{
	struct bench bench = started("lose 17 on 2 write 42,4\nlose 0 on 1 any");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT\r"), ERROR); /* it was T */
	assert_string_equal(bench_ask(&bench, "\n\nAT%CMNG=0,42,4,\"abc\"\r"), OK);
	assert_stored(&bench, 42, 4, "abc");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,43,4,\"abc\"\r"), OK); /* another slot */
	assert_stored(&bench, 43, 4, "abc");
	/* line ends before it do not count */
	assert_string_equal(bench_ask(&bench, "\nAT%CMNG=0,42,4,\"abc\"\r"), OK);
	assert_stored(&bench, 42, 4, "ac");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"abc\"\r"), OK);
	assert_stored(&bench, 42, 4, "abc");
	bench_end(&bench);
}

static void loses_quotes(void **state)
{
	struct bench bench = started("lose-quote 2 on 1 write\nlose-quote 1 on 2 write");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"abc\"\r"), "");
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	assert_string_equal(bench_ask(&bench, "\"\r"), OK);
	assert_stored(&bench, 42, 4, "abc\rAT\r");
	/* Without the first one the second opens. */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"abc\"\r"), "");
	assert_string_equal(bench_ask(&bench, "\"\r"), ERROR);
	assert_stored(&bench, 42, 4, "abc\rAT\r");
	bench_end(&bench);
}

static void makes_noise(void **state)
{
	struct bench bench = started("garbage 6 on 1+ cgsn"), other;
	char first[64], second[64];

	(void)state;
	strcpy(first, bench_ask(&bench, "AT+CGSN\r"));
	strcpy(second, bench_ask(&bench, "AT+CGSN\r"));
	assert_string_equal(first + 6, IMEI OK);
	assert_string_equal(second + 6, IMEI OK);
	assert_string_not_equal(first, second);
	assert_null(memchr(first, '\n', 6));
	bench_end(&bench);
	other = started("garbage 6 on 1+ cgsn"); /* the same seed, the same noise */
	assert_string_equal(bench_ask(&other, "AT+CGSN\r"), first);
	bench_end(&other);
	other = bench_of();
	other.host_settings.seed = 2;
	bench_start(&other, "garbage 6 on 1+ cgsn");
	assert_string_not_equal(bench_ask(&other, "AT+CGSN\r"), first);
	bench_end(&other);
	other = started("garbage 3000 on 1 at"); /* never a line end */
	bench_feed(&other, bytes_of("AT\r"));
	assert_null(memchr(sim_host_output(other.host).data, '\r', 3000));
	assert_null(memchr(sim_host_output(other.host).data, '\n', 3000));
	bench_end(&other);
}

static void talks_in_between(void **state)
{
	struct bench bench =
	    started("urc \"+CEREG: 2\" on 1 cgsn\nurc \"%XMODEMUUID: x\" 1 on 2 cgsn\nurc \"A\" 9 on 3 cgsn\n"
	    "urc \"B\" 2 on 3 cgsn\nurc \"\" on 4 cgsn");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "+CEREG: 2\r\n" IMEI OK);
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), IMEI "%XMODEMUUID: x\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), IMEI OK "A\r\nB\r\n");
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "\r\n" IMEI OK);
	bench_end(&bench);
}

static void talks_at_a_byte(void **state)
{
	struct bench bench = started("urc \"#XMODEM: INIT\" at input 18\nurc \"+CEREG: 1\" at output 20");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"ab"), "#XMODEM: INIT\r\n"); /* 15 bytes out */
	assert_string_equal(bench_ask(&bench, "c\"\r"), OK);
	assert_stored(&bench, 42, 4, "abc");
	assert_string_equal(bench_ask(&bench, "AT\r"), "O+CEREG: 1\r\nK\r\n");
	bench_end(&bench);
}

static void restarts(void **state)
{
	struct bench bench =
	    started("reset on 1 write\nreset after on 2 write\nreset quiet on 3 write\ncfun 0");

	(void)state;
	bench_ask(&bench, "AT+CMEE=1\rXX");
	bench_ask(&bench, "AT+CFUN=4\r");
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"one\"\r"), "Ready\r\n");
	assert_stored(&bench, 42, 4, NULL);
	assert_string_equal(bench_ask(&bench, "AT+CMEE?\r"), "+CMEE: 0\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT+CFUN?\r"), "+CFUN: 0\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"two\"\r"), "Ready\r\n");
	assert_stored(&bench, 42, 4, "two"); /* done, not answered, and what is stored stays */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"three\"\r"), "");
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
}

static void restarts_at_a_byte(void **state)
{
	struct bench bench = started("reset at input 20\nreset quiet at output 27");

	(void)state;
	bench_ask(&bench, "AT%CMNG=0,42,4,\"abc"); /* 19 */
	assert_string_equal(bench_ask(&bench, "d"), "Ready\r\n"); /* 7 bytes out */
	assert_string_equal(bench_ask(&bench, "\"\rAT\r"), ""); /* the new quote is open */
	assert_string_equal(bench_ask(&bench, "\"\r"), ERROR);  /* 14 */
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "3526561003678"); /* 27 */
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
	bench = started("echo\nreset quiet at output 3");
	/* the echo of the end: there is no command any more */
	assert_string_equal(bench_ask(&bench, "AT\r"), "AT\r");
	assert_string_equal(bench_ask(&bench, "AT\r"), "AT\r" OK);
	bench_end(&bench);
}

static void hangs_up(void **state)
{
	struct bench bench = started("hangup 500 on 1 write\nhangup after on 2 write");

	(void)state;
	bench_ask(&bench, "AT+CMEE=1\r");
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_UP);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"one\"\rAT\r"), "");
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_DOWN);
	assert_stored(&bench, 42, 4, NULL);
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	assert_int_equal(sim_host_due(bench.host), bench.now + 500000);
	bench.now += 400000;
	sim_host_lost(bench.host, bench.now); /* the other side still had to read */
	bench_wait(&bench, 499);
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_DOWN);
	bench_wait(&bench, 1);
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_UP);
	/* the board was without power */
	assert_string_equal(bench_ask(&bench, "AT+CMEE?\r"), "+CMEE: 0\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"two\"\r"), "");
	assert_stored(&bench, 42, 4, "two");
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_DOWN);
	sim_host_lost(bench.host, bench.now);
	assert_true(sim_host_due(bench.host) == UINT64_MAX);
	bench_end(&bench);
}

static void hangs_up_at_a_byte(void **state)
{
	struct bench bench = started("hangup 10 at input 0\nhangup 10 at input 2\nhangup 10 at output 4");

	(void)state;
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_DOWN); /* nothing is plugged in yet */
	bench_wait(&bench, 10);
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_DOWN);
	bench_wait(&bench, 10);
	assert_string_equal(bench_ask(&bench, "\rAT+CGSN\r"), "3526");
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_DOWN);
	bench_wait(&bench, 10);
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), IMEI OK);
	bench_end(&bench);
}

static void a_hangup_stops_the_work(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench.host_settings.nvm_ms = 50;
	bench_start(&bench, "hangup 5 at input 25"); /* the command has 21 */
	assert_string_equal(bench_ask(&bench, "AT%CMNG=0,42,4,\"abc\"\r"), "");
	bench_ask(&bench, "ATAT"); /* lost, but it came down the line */
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_DOWN);
	bench_wait(&bench, 60);
	assert_stored(&bench, 42, 4, NULL);
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	bench_end(&bench);
}

static void another_device_is_plugged_in(void **state)
{
	struct bench bench = bench_of();

	(void)state;
	bench.host_settings.ready = true;
	bench_start(&bench,
	    "store 42,4 \"me\"\nswap 350457790000018 on 2 cgsn\nswap 352656100367872 on 3 cgsn");
	bench_said(&bench);
	bench_ask(&bench, "AT+CMEE=1\r");
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), IMEI OK);
	/* the answer is the old one's */
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), IMEI OK "Ready\r\n");
	assert_string_equal(bench_ask(&bench, "AT+CMEE?\r"), "+CMEE: 0\r\n" OK);
	assert_string_equal(bench_ask(&bench, "AT%CMNG=1,42\r"), OK);
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "350457790000018\r\n" OK "Ready\r\n");
	assert_stored(&bench, 42, 4, "me");
	bench_end(&bench);
}

static void ends(void **state)
{
	struct bench bench = started("exit on 3 any");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_UP);
	assert_string_equal(bench_ask(&bench, "AT\r"), OK);
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_OVER);
	assert_string_equal(bench_ask(&bench, "AT\r"), "");
	assert_true(sim_host_due(bench.host) == UINT64_MAX);
	bench_end(&bench);
}

static void several_faults_strike_together(void **state)
{
	struct bench bench =
	    started("garbage 2 on 1 cgsn\nurc \"+CEREG: 2\" on 1 cgsn\nslow 5 on 1 cgsn\nexit on 1 cgsn");

	(void)state;
	assert_string_equal(bench_ask(&bench, "AT+CGSN\r"), "");
	bench_wait(&bench, 5);
	assert_string_equal(bench_said(&bench) + 2, "+CEREG: 2\r\n" IMEI OK); /* noise comes first of all */
	assert_int_equal(sim_host_line(bench.host), SIM_LINE_OVER);
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_as_told), cmocka_unit_test(starts_without_power_or_room),
		cmocka_unit_test(stores_files), cmocka_unit_test(refuses_what_it_cannot_read),
		cmocka_unit_test(a_script_has_a_limit), cmocka_unit_test(fails_the_nth_command),
		cmocka_unit_test(keeps_silent), cmocka_unit_test(is_slow),
		cmocka_unit_test(lies_about_writes), cmocka_unit_test(loses_bytes),
		cmocka_unit_test(loses_quotes), cmocka_unit_test(makes_noise),
		cmocka_unit_test(talks_in_between), cmocka_unit_test(talks_at_a_byte),
		cmocka_unit_test(restarts), cmocka_unit_test(restarts_at_a_byte),
		cmocka_unit_test(hangs_up), cmocka_unit_test(hangs_up_at_a_byte),
		cmocka_unit_test(a_hangup_stops_the_work), cmocka_unit_test(another_device_is_plugged_in),
		cmocka_unit_test(ends), cmocka_unit_test(several_faults_strike_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
