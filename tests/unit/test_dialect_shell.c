/* SPDX-License-Identifier: ISC */
#include "provision_line.h"

/* The dialogue through the Zephyr shell's command `at`, and how it finds out that there is one. */

static struct line shell_of(size_t line_limit)
{
	struct line line = line_of(SIM_DIALECT_SHELL);

	line.bench.host_settings.line_limit = line_limit;
	line.settings.line_limit = (unsigned)line_limit;
	return line;
}

static void is_found_out_and_remembered(void **state)
{
	struct line line = shell_of(256);

	(void)state;
	line_start(&line, "");
	assert_true(bytes_is(provision_output(line.provision), "AT\r"));
	line_await(&line, MESSAGE_DEVICE);
	assert_int_equal(provision_dialect(line.provision), PROVISION_SHELL);
	assert_true(line.bench.now < 100 * 1000); /* no silence was waited for */
	line_give(&line, MESSAGE_VERDICT, FINISH_NONE);
	line_exchange(&line, SIM_DIALECT_SHELL, "");
	assert_true(bytes_is(provision_output(line.provision), "\x15" "at 'AT'\r"));
	line_await(&line, MESSAGE_DEVICE);
	line_end(&line);
}

/* Whatever was at the port before, the next device is understood. */
static void is_found_out_anew(void **state)
{
	static const struct {
		enum sim_dialect host;
		enum provision_dialect found;
	} dialects[] = {
		{SIM_DIALECT_AT, PROVISION_AT}, {SIM_DIALECT_SHELL, PROVISION_SHELL},
		{SIM_DIALECT_CRED, PROVISION_CRED}, {SIM_DIALECT_SLM, PROVISION_AT},
	};

	(void)state;
	for (size_t before = 0; before < 4; before++) {
		for (size_t after = 0; after < 4; after++) {
			struct line line = line_of(dialects[before].host);
			uint64_t since;

			line_start(&line, "");
			line_await(&line, MESSAGE_DEVICE);
			assert_int_equal(provision_dialect(line.provision), dialects[before].found);
			line_give(&line, MESSAGE_VERDICT, FINISH_NONE);
			line_exchange(&line, dialects[after].host, "");
			since = line.bench.now;
			line_await(&line, MESSAGE_DEVICE);
			if (dialects[after].host != SIM_DIALECT_SLM) /* whose lines must end in CR LF first */
				assert_true(line.bench.now < since + 100 * 1000);
			assert_int_equal(provision_dialect(line.provision), dialects[after].found);
			line_end(&line);
		}
	}
}

/* What a killed program left in the shell's editor. */
static void leftovers_do_no_harm(void **state)
{
	static const char *const leftovers[] = {
		"x", "at ", "at 'AT%CMNG=0,42,3,\"0a", "at 'AT%CMNG=0,42,3,\"0a\"", "\"", "'", "at \\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
		for (int known = 0; known < 2; known++) {
			struct line line = shell_of(256);

			line.settings.dialect = known ? PROVISION_SHELL : PROVISION_AUTO;
			line_start(&line, "");
			bench_ask(&line.bench, leftovers[i]);
			line_await(&line, MESSAGE_DEVICE);
			assert_string_equal(line.message.reason, "");
			assert_true(line.bench.now < 2000 * 1000);
			assert_stored(&line.bench, 42, 3, NULL);
			line_end(&line);
		}
	}
}

/* A dialect that was given is not doubted. */
static void is_not_looked_for_if_given(void **state)
{
	static const enum provision_dialect given[] = {PROVISION_AT, PROVISION_CRED};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct line line = shell_of(256);

		line.settings.dialect = given[i];
		line_start(&line, "");
		provision_start(line.provision, "", 0, 5000);
		while (provision_phase(line.provision) != PROVISION_OVER)
			line_turn(&line);
		assert_true(line.bench.now >= 5000 * 1000);
		assert_false(provision_take(line.provision, &line.message));
		provision_free(&line.provision);
		secret_free(&line.body);
		bench_end(&line.bench);
	}
}

/* Exactly these bytes are stored, and the listing proves it. */
static void stores_what_was_planned(void **state)
{
	static const char *const contents[] = {
		"device@fleet", "a\nb", "a\n0b", "a\nf", "a\n", "\n\n\n", "a\r\nb\r\n", "it's", "'", "''", "\\", "\\\\",
		"a\\x0a", "a\\n", "\\012", "a b  c", " x ", "? * | ; #", "\\'", "x\\",
		"-----BEGIN PRIVATE KEY-----\n0OK0\nOK\nERROR\n-----END PRIVATE KEY-----\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
		struct line line = shell_of(512);

		line_start(&line, "");
		line_identify(&line);
		line_add(&line, STEP_WRITE, 42, 2, contents[i]);
		line_play(&line, FINISH_CFUN0, "");
		assert_stored(&line.bench, 42, 2, contents[i]);
		line_listed(&line, 42, 2, contents[i], false);
		line_end(&line);
	}
}

static void escapes_the_password_too(void **state)
{
	struct line line = shell_of(512);
	struct step step = {STEP_WRITE, {42, 2}, bytes_of("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
	    bytes_of("it's \\x41")};

	(void)state;
	line_start(&line, "fail 514 on 1 write 42,2"); /* what came is in the words of the command */
	line_identify(&line);
	assert_true(step_put(line.body, &step));
	line_give(&line, MESSAGE_STEPS, FINISH_NONE);
	while (sim_host_output(line.bench.host).size > 0 || provision_step(line.provision)[0] != 'w')
		line_turn(&line);
	assert_true(bytes_is(provision_output(line.provision),
	    "\x15" "at 'AT%CMNG=0,42,2,\"-----BEGIN ENCRYPTED PRIVATE KEY-----\\x0a\",\"it\\'s \\x5cx41\"'\r"));
	line_await(&line, MESSAGE_OUTCOME);
	assert_string_equal(line.message.reason, "cme-514");
	line_end(&line);
}

/* A shell built to rewrite \n rewrites a content with these two letters, and then its digest is another; a line
 * end is not touched. */
static void the_digest_tells_of_rewriting(void **state)
{
	(void)state;
	for (int rewrites = 0; rewrites < 2; rewrites++) {
		struct line line = shell_of(256);
		const struct listing_item *item;
		uint8_t digest[HASH_SIZE];

		line_start(&line, rewrites ? "unescape-lf" : "");
		line_identify(&line);
		line_add(&line, STEP_WRITE, 42, 4, "a\\nb");
		line_add(&line, STEP_WRITE, 43, 4, "a\nb");
		line_play(&line, FINISH_NONE, "");
		line_listed(&line, 43, 4, "a\nb", false);
		item = listing_find(&line.message.listing, (struct slot){42, 4});
		credential_digest(digest, bytes_of("a\\nb"), false);
		assert_int_equal(memcmp(item->digest, digest, HASH_SIZE) != 0, rewrites);
		line_end(&line);
	}
}

/* Bytes a line takes besides content: at '', AT%CMNG=0,42,4, and two quotes, and its NUL. */
#define LINE_HEAD (5 + 15 + 2 + 1)

static void a_line_is_filled_to_the_byte(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		struct line line = shell_of(128);
		char content[128] = {0};
		size_t sent;

		memset(content, 'x', (size_t)(128 - LINE_HEAD - 3 + over));
		content[7] = '\n'; /* takes four */
		line_start(&line, "");
		line_identify(&line);
		sent = line.sent;
		line_add(&line, STEP_WRITE, 41, 4, "fits");
		line_add(&line, STEP_WRITE, 42, 4, content);
		line_play(&line, FINISH_CFUN0, over ? "line-limit" : "");
		assert_int_equal(line.message.disturbed, !over);
		assert_int_equal(line.message.listed, !over);
		assert_int_equal(line.message.codes[0], over ? STEP_NOT_SENT : 0);
		assert_stored(&line.bench, 42, 4, over ? NULL : content);
		assert_int_equal(line.sent > sent, !over); /* nothing at all went out */
		line_end(&line);
	}
}

/* A whole certificate echoed in lines of the terminal's width. */
static void a_long_line_is_echoed_in_pieces(void **state)
{
	struct line line = shell_of(4096);
	char pem[2048] = "-----BEGIN PRIVATE KEY-----\n";

	(void)state;
	for (int i = 0; i < 20; i++)
		strcat(pem, "OK ERROR +CME 513 OK    MIIB/+0123456789abcdefghijklmnopqrstuvwx\n");
	strcat(pem, "-----END PRIVATE KEY-----\n");
	line_start(&line, "");
	line_identify(&line);
	line_add(&line, STEP_WRITE, 16842753, 2, pem);
	line_play(&line, FINISH_RESET, "");
	assert_stored(&line.bench, 16842753, 2, pem);
	line_end(&line);
}

static void lines_between_do_no_harm(void **state)
{
	struct line line = shell_of(256);

	(void)state;
	line_start(&line, "urc \"+CEREG: 2\" at input 60\nurc \"%XTIME: 1\" at input 200\n"
	    "urc \"OK\" at output 300\nurc \"+CFUN: 1\" 1 on 1+ list\n");
	bench_ask(&line.bench, "at events_enable\r");
	line_identify(&line);
	line_add(&line, STEP_WRITE, 42, 3, "0a0b0c0d");
	line_play(&line, FINISH_CFUN0, "");
	line_listed(&line, 42, 3, "0a0b0c0d", false);
	line_end(&line);
}

static void nothing_secret_stays_in_the_history(void **state)
{
	struct line line = shell_of(256);

	(void)state;
	line_start(&line, "");
	line_identify(&line);
	bench_ask(&line.bench, "at 'AT%CMNG=0,7,3,\"00112233\"'\r");
	assert_non_null(strstr(bench_ask(&line.bench, "history\r"), "00112233")); /* so it would */
	line_add(&line, STEP_WRITE, 42, 3, "0a0b0c0d");
	line_add(&line, STEP_WRITE, 42, 4, "device@fleet");
	line_play(&line, FINISH_CFUN0, "");
	assert_null(strstr(bench_ask(&line.bench, "history\r"), "CMNG=0"));
	line_end(&line);
}

/* Steps that failed were written into the history all the same. */
static void a_failure_is_pushed_out_too(void **state)
{
	static const char *const scripts[] = {"fail 515 on 2 write", "ignore on 1+ write", "swallow on 2 write"};

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		struct line line = shell_of(256);

		line_start(&line, scripts[i]);
		line_identify(&line);
		line_add(&line, STEP_WRITE, 42, 3, "0a0b0c0d");
		line_add(&line, STEP_WRITE, 42, 4, "device@fleet");
		line_give(&line, MESSAGE_STEPS, FINISH_CFUN0);
		line_await(&line, MESSAGE_OUTCOME);
		assert_true(line.message.listed && line.message.reason[0] != '\0');
		assert_null(strstr(bench_ask(&line.bench, "history\r"), "CMNG=0"));
		line_end(&line);
	}
}

/* Bursts of a size, then a pause, whatever takes the bytes. */
static void paces_what_it_sends(void **state)
{
	struct line line = shell_of(256);
	uint64_t last = 0;
	size_t burst = 0, bursts = 0;

	(void)state;
	line.settings.pace_bytes = 12;
	line.settings.pace_ms = 10;
	line_start(&line, "");
	while (!provision_take(line.provision, &line.message)) {
		size_t sent = line.sent;

		assert_true(provision_output(line.provision).size <= 12);
		line_turn(&line);
		if (line.sent == sent)
			continue;
		if (burst == 12) {
			assert_true(line.bench.now >= last + 10 * 1000);
			burst = 0;
			bursts++;
		}
		burst++;
		last = line.bench.now;
	}
	assert_true(bursts >= 4 && line.bench.now >= bursts * 10 * 1000);
	assert_true(line.bench.now < (bursts + 1) * 11 * 1000);
	assert_string_equal(line.message.reason, "");
	line_end(&line);
}

/* A command that takes longer to be sent than to be answered is not given up meanwhile. */
static void deadlines_wait_for_pacing(void **state)
{
	struct line line = shell_of(4096);
	char content[2000];

	(void)state;
	line.settings.pace_bytes = 1;
	line.settings.pace_ms = 40;
	line.settings.write = 30000;
	memset(content, 'x', sizeof content);
	content[sizeof content - 1] = '\0';
	line_start(&line, "");
	line_identify(&line);
	line_add(&line, STEP_WRITE, 42, 4, content);
	line_play(&line, FINISH_NONE, "");
	assert_true(line.bench.now > 80 * 1000 * 1000);
	line_listed(&line, 42, 4, content, false);
	line_end(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_found_out_and_remembered),
		cmocka_unit_test(is_found_out_anew),
		cmocka_unit_test(leftovers_do_no_harm),
		cmocka_unit_test(is_not_looked_for_if_given),
		cmocka_unit_test(stores_what_was_planned),
		cmocka_unit_test(escapes_the_password_too),
		cmocka_unit_test(the_digest_tells_of_rewriting),
		cmocka_unit_test(a_line_is_filled_to_the_byte),
		cmocka_unit_test(a_long_line_is_echoed_in_pieces),
		cmocka_unit_test(lines_between_do_no_harm),
		cmocka_unit_test(nothing_secret_stays_in_the_history),
		cmocka_unit_test(a_failure_is_pushed_out_too),
		cmocka_unit_test(paces_what_it_sends),
		cmocka_unit_test(deadlines_wait_for_pacing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
