/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "provision_bench.h"

static void test_whole_dialogue(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	restart(bench, NULL);
	assert_int_equal(provision_phase(bench->line), PROVISION_WAITING);
	expect(bench, MESSAGE_DEVICE, "");
	assert_string_equal(bench->message.imei, IMEI_A);
	assert_string_equal(bench->message.firmware, FIRMWARE);
	assert_string_equal(bench->message.unit, "SN-1");
	assert_int_equal(provision_phase(bench->line), PROVISION_ASKING);
	give(bench, MESSAGE_LIST, FINISH_NONE);
	assert_string_equal(provision_step(bench->line), "list");
	expect(bench, MESSAGE_LISTING, "");
	assert_true(bench->message.listed);
	assert_int_equal(bench->message.listing.count, 0);
	assert_string_equal(bench->message.imei, IMEI_A);
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, FINISH_CFUN0);
	assert_int_equal(provision_phase(bench->line), PROVISION_WRITING);
	expect(bench, MESSAGE_OUTCOME, "");
	assert_codes(bench, 513, 0, 0);
	assert_true(bench->message.disturbed);
	assert_int_equal(bench->message.listing.count, 2);
	assert_listed(bench, 42, 3, "0a0b0c0d");
	assert_listed(bench, 42, 4, "device@fleet");
	assert_int_equal(bench->modem.mode, 0);
	verdict(bench);
	assert_string_equal(bench->modem.trace,
	    "AT|AT+CMEE=1|AT+CGSN=1|AT+CGMR|AT%CMNG=1|AT+CGSN=1|"
	    "AT+CMEE=1|AT+CFUN=4|AT+CFUN?|AT+CGSN=1|AT%CMNG=3,42,3|AT%CMNG=0,42,3,|AT%CMNG=0,42,4,|"
	    "AT%CMNG=1|AT+CGSN=1|AT+CFUN=0");
}

static void test_several_batches(void **state)
{
	struct bench *bench = *state;
	struct message more = {.kind = MESSAGE_VERDICT, .more = true};

	identify(bench, NULL);
	provision_give(bench->line, &more, bench->now);
	assert_int_equal(provision_phase(bench->line), PROVISION_ASKING);
	give(bench, MESSAGE_LIST, FINISH_NONE);
	expect(bench, MESSAGE_LISTING, "");
	verdict(bench);
}

static void test_password_and_pem(void **state)
{
	struct bench *bench = *state;
	static const char pem[] =
	    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nOK\n-----END ENCRYPTED PRIVATE KEY-----\n";

	identify(bench, NULL);
	add_write(bench, 2147483647, 2, pem, "word");
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	expect(bench, MESSAGE_OUTCOME, "");
	assert_listed(bench, 2147483647, 2, pem);
	assert_int_equal(bench->modem.mode, 4);
}

static void test_steps_have_words(void **state)
{
	struct bench *bench = *state;

	identify(bench, NULL);
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	while (!bytes_starts(provision_output(bench->line), "AT%CMNG=0,42,3"))
		assert_true(turn(bench));
	assert_string_equal(provision_step(bench->line), "write 2/3");
	expect(bench, MESSAGE_OUTCOME, "");
}

static void test_listing_refused_or_lost(void **state)
{
	struct bench *bench = *state;
	static const struct {
		struct rule rules[2];
		const char *reason;
		bool listed;
	} cases[] = {
		{{{"AT%CMNG=1", 0, ACT_REPLY, "+CME ERROR: 528\r\n", 0}}, "cme-528", false},
		{{{"AT%CMNG=1", 0, ACT_REPLY, "+CME ERROR: 4\r\n", 0}}, "cme-other", false},
		{{{"AT%CMNG=1", 0, ACT_REPLY, "ERROR\r\n", 0}}, "cme-none", false},
		{{{"AT%CMNG=1", 1, ACT_REPLY, "ERROR\r\n", 0}}, "", true},
		{{{"AT%CMNG=1", 0, ACT_REPLY, "%CMNG: 42,\r\nOK\r\n", 0}}, "garbage", false},
		{{{"AT%CMNG=1", 1, ACT_REPLY, "%CMNG: 42,\r\nOK\r\n", 0}}, "", true},
		{{{"AT%CMNG=1", 1, ACT_SILENT, NULL, 0}}, "", true},
		{{{"AT%CMNG=1", 0, ACT_SILENT, NULL, 0}}, "no-answer", false},
		{{{"AT%CMNG=1", 1, ACT_RESET, NULL, 0}}, "", true},
		{{{"AT%CMNG=1", 1, ACT_DEAD, NULL, 0}}, "no-answer", false},
		{{{"AT+CGSN", 2, ACT_SILENT, NULL, 0}}, "", true},
		{{{"AT+CGSN", 2, ACT_REPLY, "ERROR\r\n", 0}}, "", true},
		{{{"AT+CGSN", 2, ACT_SWAP, IMEI_B, 0}}, "imei-changed", false},
		{{{"AT+CMEE", 2, ACT_SILENT, NULL, 0}, {"AT%CMNG=1", 1, ACT_SILENT, NULL, 0}}, "", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rule rules[3] = {cases[i].rules[0], cases[i].rules[1], {0}};

		restart(bench, rules);
		expect(bench, MESSAGE_DEVICE, "");
		give(bench, MESSAGE_LIST, FINISH_NONE);
		expect(bench, MESSAGE_LISTING, cases[i].reason);
		assert_true(bench->message.listed == cases[i].listed);
		verdict(bench);
	}
}

static void test_step_errors(void **state)
{
	struct bench *bench = *state;
	static const struct {
		const char *answer;
		uint32_t code;
		const char *reason;
	} cases[] = {
		{"+CME ERROR: 514\r\n", 514, "cme-514"},
		{"+CME ERROR: 515\r\n", 515, "cme-515"},
		{"+CME ERROR: 518\r\n", 518, "cme-518"},
		{"+CME ERROR: 519\r\n", 519, "cme-519"},
		{"+CME ERROR: 527\r\n", 527, "cme-527"},
		{"+CME ERROR: 528\r\n", 528, "cme-528"},
		{"+CME ERROR: 513\r\n", 513, "cme-other"},
		{"+CME ERROR: 0\r\n", STEP_CME_ZERO, "cme-other"},
		{"+CME ERROR: 70000\r\n", STEP_ERROR, "cme-other"},
		{"ERROR\r\n", STEP_ERROR, "cme-none"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rule rules[] = {{"AT%CMNG=0,42,3", 0, ACT_REPLY, cases[i].answer, 0}, {0}};

		write_psk(bench, rules, FINISH_CFUN0, cases[i].reason);
		assert_codes(bench, 513, cases[i].code, STEP_NOT_SENT);
		assert_true(bench->message.disturbed);
		assert_true(bench->message.listed); /* the listing is the proof, whatever was answered */
		assert_int_equal(bench->message.listing.count, 0);
		assert_int_equal(bench->modem.mode, 0);
		verdict(bench);
	}
}

static void test_occupied_is_cleared_once(void **state)
{
	struct bench *bench = *state;
	static const struct rule refused[] = {
		{"AT%CMNG=3,42,4", 1, ACT_REPLY, "+CME ERROR: 514\r\n", 0}, {0}};

	identify(bench, NULL);
	bench->modem.strict = true;
	modem_put(&bench->modem, (struct slot){42, 4}, bytes_of("old"));
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	expect(bench, MESSAGE_OUTCOME, "");
	assert_codes(bench, 513, 0, 0);
	assert_listed(bench, 42, 4, "device@fleet");
	assert_non_null(strstr(bench->modem.trace, "AT%CMNG=0,42,4,|AT%CMNG=3,42,4|AT%CMNG=0,42,4,"));
	verdict(bench);
	identify(bench, refused);
	bench->modem.strict = true;
	modem_put(&bench->modem, (struct slot){42, 4}, bytes_of("old"));
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	expect(bench, MESSAGE_OUTCOME, "cme-514");
	assert_codes(bench, 513, 0, 514);
	assert_listed(bench, 42, 4, "old");
}

static void test_active_is_grounded_once(void **state)
{
	struct bench *bench = *state;
	static const struct rule once[] = {{"AT%CMNG=0,42,3", 1, ACT_REPLY, "+CME ERROR: 518\r\n", 0}, {0}};
	static const struct rule on_delete[] = {
		{"AT%CMNG=3,42,3", 1, ACT_REPLY, "+CME ERROR: 518\r\n", 0}, {0}};
	static const struct rule refused[] = {{"AT%CMNG=0,42,3", 1, ACT_REPLY, "+CME ERROR: 518\r\n", 0},
		{"AT+CFUN=4", 2, ACT_REPLY, "ERROR\r\n", 0}, {0}};

	write_psk(bench, once, FINISH_NONE, "");
	assert_codes(bench, 513, 0, 0);
	assert_non_null(strstr(bench->modem.trace, "AT%CMNG=0,42,3,|AT+CFUN=4|AT%CMNG=0,42,3,"));
	verdict(bench);
	write_psk(bench, on_delete, FINISH_NONE, "");
	assert_codes(bench, 513, 0, 0);
	verdict(bench);
	write_psk(bench, refused, FINISH_NONE, "cme-518");
	assert_codes(bench, 513, 518, STEP_NOT_SENT);
}

static void test_offline_refused(void **state)
{
	struct bench *bench = *state;
	static const struct rule cases[][2] = {
		{{"AT+CFUN=4", 0, ACT_REPLY, "ERROR\r\n", 0}, {0}},
		{{"AT+CFUN=4", 0, ACT_REPLY, "+CME ERROR: 3\r\n", 0}, {0}},
		{{"AT+CFUN?", 0, ACT_REPLY, "+CFUN: 1\r\nOK\r\n", 0}, {0}},
		{{"AT+CFUN?", 0, ACT_REPLY, "+CFUN: 2\r\nOK\r\n", 0}, {0}},
		{{"AT+CFUN?", 0, ACT_REPLY, "+CFUN: 21\r\nOK\r\n", 0}, {0}},
		{{"AT+CFUN?", 0, ACT_REPLY, "ERROR\r\n", 0}, {0}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_psk(bench, cases[i], FINISH_CFUN0, "offline-refused");
		assert_codes(bench, STEP_NOT_SENT, STEP_NOT_SENT, STEP_NOT_SENT);
		assert_false(bench->message.disturbed);
		assert_true(bench->message.listed);
		assert_null(strstr(bench->modem.trace, "AT%CMNG=0"));
		verdict(bench);
	}
}

static void test_mode_not_told(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{"AT+CFUN?", 0, ACT_REPLY, "OK\r\n", 0}, {0}};

	write_psk(bench, rules, FINISH_CFUN0, "garbage");
	assert_codes(bench, STEP_NOT_SENT, STEP_NOT_SENT, STEP_NOT_SENT);
	assert_true(bench->message.listed);
}

static void test_swapped_before_the_steps(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{"AT+CFUN=4", 1, ACT_SWAP, IMEI_B, 0}, {0}};

	write_psk(bench, rules, FINISH_CFUN0, "imei-changed");
	assert_false(bench->message.disturbed);
	assert_false(bench->message.listed);
	assert_codes(bench, STEP_NOT_SENT, STEP_NOT_SENT, STEP_NOT_SENT);
	assert_string_equal(bench->message.imei, IMEI_B);
	assert_string_equal(bench->modem.trace, "AT+CMEE=1|AT+CFUN=4|AT+CFUN?|AT+CGSN=1");
	verdict(bench);
	provision_leave(bench->line, bench->now); /* the stranger is a new presentation at once */
	assert_false(run(bench));
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	assert_true(bench->now < 1000 + 500);
}

static void test_swapped_after_the_steps(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{"AT%CMNG=1", 2, ACT_SWAP, IMEI_B, 0}, {0}};

	write_psk(bench, rules, FINISH_CFUN0, "imei-changed");
	assert_true(bench->message.disturbed);
	assert_false(bench->message.listed);
	assert_codes(bench, 513, 0, 0);
	assert_null(strstr(bench->modem.trace, "AT+CFUN=0"));
}

static void test_finish(void **state)
{
	struct bench *bench = *state;
	static const struct rule failing[] = {{"AT+CFUN=0", 0, ACT_REPLY, "ERROR\r\n", 0}, {0}};
	static const struct rule both[] = {{"AT+CFUN=0", 0, ACT_REPLY, "ERROR\r\n", 0},
		{"AT%CMNG=0,42,4", 0, ACT_REPLY, "+CME ERROR: 515\r\n", 0}, {0}};
	static const struct rule reset[] = {{"AT#XMODEMRESET", 0, ACT_RESET, NULL, 0}, {0}};
	static const struct rule unlisted[] = {{"AT%CMNG=1", 2, ACT_REPLY, "+CME ERROR: 528\r\n", 0},
		{"AT%CMNG=1", 3, ACT_REPLY, "+CME ERROR: 528\r\n", 0},
		{"AT%CMNG=1", 4, ACT_REPLY, "+CME ERROR: 528\r\n", 0}, {0}};
	static const struct rule mute[] = {{"AT#XMODEMRESET", 0, ACT_DEAD, NULL, 0}, {0}};

	write_psk(bench, failing, FINISH_CFUN0, "finish-failed");
	assert_listed(bench, 42, 3, "0a0b0c0d");
	verdict(bench);
	write_psk(bench, both, FINISH_CFUN0, "cme-515");
	assert_true(bench->message.listed);
	verdict(bench);
	write_psk(bench, NULL, FINISH_RESET, ""); /* a host without the command answers ERROR */
	assert_non_null(strstr(bench->modem.trace, "AT+CFUN=0|AT#XMODEMRESET"));
	verdict(bench);
	write_psk(bench, reset, FINISH_RESET, "");
	verdict(bench);
	write_psk(bench, mute, FINISH_RESET, "");
	assert_true(bench->message.listed);
	verdict(bench);
	write_psk(bench, failing, FINISH_RESET, "finish-failed");
	assert_null(strstr(bench->modem.trace, "AT#XMODEMRESET"));
	verdict(bench);
	write_psk(bench, unlisted, FINISH_CFUN0, "cme-528"); /* no proof, but still a modem to put to rest */
	assert_false(bench->message.listed);
	assert_int_equal(bench->modem.mode, 0);
	verdict(bench);
	write_psk(bench, NULL, FINISH_NONE, "");
	assert_null(strstr(bench->modem.trace, "AT+CFUN=0"));
}

/* A body no dialogue may begin with: nothing at all is sent. */
static void test_bad_bodies(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 5; i++) {
		static char content[CONTENT_MAX + 1];

		memset(content, 'a', sizeof content - 1);
		identify(bench, NULL);
		secret_clear(bench->body);
		if (i == 0)
			add_write(bench, UINT32_C(2147483648), 3, "0a", "");
		else if (i == 1)
			add_delete(bench, 42, 6);
		else if (i == 2)
			add_write(bench, 42, 3, "", "");
		else if (i == 3)
			add_write(bench, 42, 3, content, "");
		else
			assert_true(secret_put(bench->body, bytes_of("\x01")));
		give(bench, MESSAGE_STEPS, FINISH_CFUN0);
		expect(bench, MESSAGE_OUTCOME, "internal");
		assert_false(bench->message.disturbed);
		assert_string_equal(bench->modem.trace, "");
		verdict(bench);
	}
}

static void test_too_many_steps(void **state)
{
	struct bench *bench = *state;

	identify(bench, NULL);
	for (uint32_t i = 0; i < STEPS_MAX; i++)
		add_delete(bench, i, 3);
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	expect(bench, MESSAGE_OUTCOME, "");
	assert_int_equal(bench->message.steps, STEPS_MAX);
	assert_int_equal(bench->message.codes[STEPS_MAX - 1], 513);
	add_delete(bench, STEPS_MAX, 3);
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	expect(bench, MESSAGE_OUTCOME, "internal");
}

/* Content that would break out of its quotes never reaches the wire. */
static void test_quote_in_content(void **state)
{
	struct bench *bench = *state;

	identify(bench, NULL);
	add_write(bench, 42, 4, "a\"\rAT+CFUN=1", "");
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	expect(bench, MESSAGE_OUTCOME, "garbage");
	assert_int_equal(bench->message.codes[0], STEP_SILENT);
	assert_false(bench->message.disturbed);
	assert_null(strstr(bench->modem.trace, "AT%CMNG=0"));
	assert_int_equal(bench->modem.mode, 4);
}

static void test_strangers_are_dropped(void **state)
{
	struct bench *bench = *state;

	restart(bench, NULL);
	give(bench, MESSAGE_LIST, FINISH_NONE);
	give(bench, MESSAGE_VERDICT, FINISH_NONE);
	assert_int_equal(provision_phase(bench->line), PROVISION_WAITING);
	expect(bench, MESSAGE_DEVICE, "");
	give(bench, MESSAGE_DEVICE, FINISH_NONE);
	give(bench, MESSAGE_LIST, FINISH_NONE);
	give(bench, MESSAGE_LIST, FINISH_NONE);
	give(bench, MESSAGE_VERDICT, FINISH_NONE);
	expect(bench, MESSAGE_LISTING, "");
	verdict(bench);
	give(bench, MESSAGE_STEPS, FINISH_NONE);
	assert_false(run(bench));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_whole_dialogue),
		BENCH_TEST(test_several_batches),
		BENCH_TEST(test_password_and_pem),
		BENCH_TEST(test_steps_have_words),
		BENCH_TEST(test_listing_refused_or_lost),
		BENCH_TEST(test_step_errors),
		BENCH_TEST(test_occupied_is_cleared_once),
		BENCH_TEST(test_active_is_grounded_once),
		BENCH_TEST(test_offline_refused),
		BENCH_TEST(test_mode_not_told),
		BENCH_TEST(test_swapped_before_the_steps),
		BENCH_TEST(test_swapped_after_the_steps),
		BENCH_TEST(test_finish),
		BENCH_TEST(test_bad_bodies),
		BENCH_TEST(test_too_many_steps),
		BENCH_TEST(test_quote_in_content),
		BENCH_TEST(test_strangers_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
