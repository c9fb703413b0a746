/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "provision_bench.h"

/* A lost answer, with the write done or not; the modem comes back and the listing tells. */
static void test_lost_answer(void **state)
{
	struct bench *bench = *state;
	static const struct rule done[] = {{"AT%CMNG=0,42,3", 1, ACT_SILENT, NULL, 0}, {0}};
	static const struct rule open_quote[] = {{"AT%CMNG=0,42,4", 1, ACT_DROP, NULL, 0}, {0}};
	uint64_t began;

	write_psk(bench, done, FINISH_CFUN0, "no-answer");
	assert_codes(bench, 513, STEP_SILENT, STEP_NOT_SENT);
	assert_true(bench->message.disturbed);
	assert_listed(bench, 42, 3, "0a0b0c0d");
	assert_int_equal(bench->modem.mode, 0);
	verdict(bench);
	began = bench->now;
	write_psk(bench, open_quote, FINISH_CFUN0, "no-answer");
	assert_true(bench->now - began < 30000 + 1500); /* the quote is closed first, nothing is waited for */
	assert_codes(bench, 513, 0, STEP_SILENT);
	assert_listed(bench, 42, 3, "0a0b0c0d");
	assert_true_listing(bench); /* the quote that recovered it closed a longer identity */
	assert_int_equal(bench->message.listing.count, 2);
}

static void test_reset_while_writing(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{"AT%CMNG=0,42,3", 1, ACT_RESET, NULL, 0}, {0}};

	write_psk(bench, rules, FINISH_CFUN0, "modem-reset");
	assert_codes(bench, 513, STEP_SILENT, STEP_NOT_SENT);
	assert_true(bench->message.listed);
	assert_int_equal(bench->message.listing.count, 0);
}

static void test_dead_while_writing(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{"AT%CMNG=0,42,3", 1, ACT_DEAD, NULL, 0}, {0}};

	write_psk(bench, rules, FINISH_CFUN0, "no-answer");
	assert_codes(bench, 513, STEP_SILENT, STEP_NOT_SENT);
	assert_true(bench->message.disturbed);
	assert_false(bench->message.listed);
	assert_int_equal(bench->message.listing.count, 0);
	verdict(bench);
}

/* As much of a whole presentation as the ending leaves. Every message the vault waits for must come, once. */
static void present(struct bench *bench, enum ending ending, size_t budget)
{
	restart(bench, NULL);
	bench->ending = ending;
	bench->budget = budget;
	if (!run(bench)) {
		assert_true(bench->closed);
		assert_int_equal(provision_phase(bench->line), PROVISION_WAITING);
		bench->closed = false; /* the port is opened again */
		assert_true(run(bench));
	}
	assert_int_equal(bench->message.kind, MESSAGE_DEVICE);
	assert_string_equal(bench->message.reason, "");
	give(bench, MESSAGE_LIST, FINISH_NONE);
	assert_true(run(bench));
	assert_int_equal(bench->message.kind, MESSAGE_LISTING);
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, FINISH_CFUN0);
	assert_true(run(bench));
	assert_int_equal(bench->message.kind, MESSAGE_OUTCOME);
	assert_true(bench->message.disturbed == bench->touched);
	if (bench->message.listed)
		assert_true_listing(bench);
	else
		assert_true(bench->message.reason[0] != '\0' && bench->message.listing.count == 0);
	verdict(bench);
}

static size_t whole_presentation(struct bench *bench)
{
	present(bench, ENDING_NONE, 0);
	assert_string_equal(bench->message.reason, "");
	return bench->bytes;
}

static void test_hangup_at_every_byte(void **state)
{
	struct bench *bench = *state;
	size_t bytes = whole_presentation(bench);

	for (size_t budget = 1; budget <= bytes; budget++) {
		present(bench, ENDING_HANGUP, budget);
		if (bench->closed && !bench->message.listed)
			assert_string_equal(bench->message.reason, "port-gone");
		if (bench->message.listed && bench->message.reason[0] != '\0')
			assert_string_equal(bench->message.reason, "finish-failed");
	}
}

/* A step that was ready to go and of which no byte went has changed nothing. */
static void test_hangup_before_the_first_byte(void **state)
{
	struct bench *bench = *state;

	identify(bench, NULL);
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, FINISH_CFUN0);
	while (!bytes_starts(provision_output(bench->line), "AT%CMNG=3"))
		assert_true(turn(bench));
	provision_sent(bench->line, 0, bench->now);
	provision_hangup(bench->line, bench->now);
	expect(bench, MESSAGE_OUTCOME, "port-gone");
	assert_false(bench->message.disturbed);
	assert_codes(bench, STEP_NOT_SENT, STEP_NOT_SENT, STEP_NOT_SENT);
}

static void test_hangup_while_the_vault_thinks(void **state)
{
	struct bench *bench = *state;

	restart(bench, NULL);
	expect(bench, MESSAGE_DEVICE, "");
	bench->closed = true;
	provision_hangup(bench->line, bench->now);
	give(bench, MESSAGE_LIST, FINISH_NONE);
	expect(bench, MESSAGE_LISTING, "port-gone");
	assert_false(bench->message.listed);
	psk_steps(bench);
	give(bench, MESSAGE_STEPS, FINISH_CFUN0);
	expect(bench, MESSAGE_OUTCOME, "port-gone");
	assert_false(bench->message.disturbed);
	assert_codes(bench, STEP_NOT_SENT, STEP_NOT_SENT, STEP_NOT_SENT);
	verdict(bench);
	provision_hangup(bench->line, bench->now);
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	restart(bench, NULL);
	expect(bench, MESSAGE_DEVICE, "");
}

static void test_power_off_at_every_byte(void **state)
{
	struct bench *bench = *state;
	size_t bytes = whole_presentation(bench);
	size_t start = 0;

	/* Before DEVICE the search would go on for ever: begin where the device is known. */
	restart(bench, NULL);
	expect(bench, MESSAGE_DEVICE, "");
	start = bench->bytes + 1;
	verdict(bench);
	for (size_t budget = start; budget <= bytes; budget++)
		present(bench, ENDING_DEAD, budget);
}

static void test_reboot_at_every_byte(void **state)
{
	struct bench *bench = *state;
	size_t bytes = whole_presentation(bench);

	for (bench->boot = 0; bench->boot <= 6000; bench->boot += 3000) {
		for (size_t budget = 1; budget <= bytes; budget++) {
			present(bench, ENDING_REBOOT, budget);
			assert_true(bench->message.listed);
		}
	}
}

/* Any answer may come after its deadline, where it could be taken for the next command's. */
static void test_every_answer_late(void **state)
{
	struct bench *bench = *state;
	static const struct {
		const char *match;
		uint64_t limit;
	} kinds[] = {
		{"AT+CMEE", 5000}, {"AT+CGSN", 5000}, {"AT+CGMR", 5000}, {"AT%CMNG=1", 5000},
		{"AT+CFUN=4", 60000}, {"AT+CFUN?", 5000}, {"AT%CMNG=3", 30000}, {"AT%CMNG=0,42,3", 30000},
		{"AT%CMNG=0,42,4", 30000},
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		for (unsigned nth = 1; nth <= 4; nth++) {
			for (uint64_t late = 0; late <= 9000; late += 125) {
				struct rule rules[] = {
					{kinds[i].match, nth, ACT_LATE, NULL, kinds[i].limit + late}, {0}};

				restart(bench, rules);
				assert_true(run(bench));
				assert_int_equal(bench->message.kind, MESSAGE_DEVICE);
				assert_string_equal(bench->message.imei, IMEI_A);
				give(bench, MESSAGE_LIST, FINISH_NONE);
				assert_true(run(bench));
				assert_true(bench->message.listed);
				assert_true_listing(bench);
				psk_steps(bench);
				give(bench, MESSAGE_STEPS, FINISH_CFUN0);
				assert_true(run(bench));
				assert_true(bench->message.listed);
				assert_true_listing(bench);
				verdict(bench);
			}
		}
	}
}

static void test_stale_answer_is_no_listing(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{"AT%CMNG=1", 1, ACT_LATE, NULL, 700}, {0}};

	restart(bench, NULL);
	expect(bench, MESSAGE_DEVICE, "");
	modem_put(&bench->modem, (struct slot){42, 3}, bytes_of("0a"));
	bench->modem.rules = rules;
	give(bench, MESSAGE_LIST, FINISH_NONE);
	modem_say(&bench->modem, bench->now + 5, "OK\r\n"); /* of nobody knows what */
	expect(bench, MESSAGE_LISTING, "");
	assert_listed(bench, 42, 3, "0a");
}

static void test_chatty_device(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {
		{"AT+CGSN", 1, ACT_REPLY,
		    "+CEREG: 2\r\n\r\n+CGSN: \"" IMEI_A "\"\r\n%XTIME: 1\r\nlog\r\nOK\r\n", 0},
		{"AT+CGSN", 2, ACT_REPLY, "OK\r\n", 0},
		{0}};

	restart(bench, rules);
	expect(bench, MESSAGE_DEVICE, "");
	for (uint64_t i = 0; i < 60; i++) /* never quiet while it recovers */
		modem_say(&bench->modem, bench->now + 10 + i * 400, "+CEREG: 2\r\n");
	give(bench, MESSAGE_LIST, FINISH_NONE);
	while (modem_due(&bench->modem) != UINT64_MAX)
		assert_true(turn(bench));
	expect(bench, MESSAGE_LISTING, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_lost_answer),
		BENCH_TEST(test_reset_while_writing),
		BENCH_TEST(test_dead_while_writing),
		BENCH_TEST(test_hangup_at_every_byte),
		BENCH_TEST(test_hangup_before_the_first_byte),
		BENCH_TEST(test_hangup_while_the_vault_thinks),
		BENCH_TEST(test_power_off_at_every_byte),
		BENCH_TEST(test_reboot_at_every_byte),
		BENCH_TEST(test_every_answer_late),
		BENCH_TEST(test_stale_answer_is_no_listing),
		BENCH_TEST(test_chatty_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
