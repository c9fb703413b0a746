/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "provision_bench.h"

static void test_terminators(void **state)
{
	struct bench *bench = *state;
	static const enum at_terminator all[] = {AT_CR, AT_CRLF, AT_LF, AT_CRLF, AT_CR};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		restart(bench, NULL);
		bench->modem.terminator = all[i];
		expect(bench, MESSAGE_DEVICE, "");
		give(bench, MESSAGE_LIST, FINISH_NONE);
		expect(bench, MESSAGE_LISTING, "");
		psk_steps(bench);
		give(bench, MESSAGE_STEPS, FINISH_CFUN0);
		expect(bench, MESSAGE_OUTCOME, "");
		assert_listed(bench, 42, 3, "0a0b0c0d");
		verdict(bench);
	}
}

/* A CR host that answers the first AT is never sent a CR LF. */
static void test_cr_is_tried_first(void **state)
{
	struct bench *bench = *state;

	restart(bench, NULL);
	assert_true(bytes_is(provision_output(bench->line), "AT\r"));
	expect(bench, MESSAGE_DEVICE, "");
	assert_true(bench->now < 1000 + 100);
}

/* A port that opens late finds the search at its beginning, not in the middle of a round that nobody heard. */
static void test_opened_late(void **state)
{
	struct bench *bench = *state;

	for (uint64_t late = 300; late < 2500; late += 700) {
		uint64_t opened = bench->now + late;

		restart(bench, NULL);
		bench->now = opened;
		provision_tick(bench->line, bench->now);
		provision_opened(bench->line, bench->now);
		assert_true(bytes_starts(provision_output(bench->line), "AT"));
		expect(bench, MESSAGE_DEVICE, "");
		assert_true(bench->now < opened + 100);
		provision_opened(bench->line, bench->now); /* a device in hand is none of its business */
		verdict(bench);
	}
}

/* The device went with its port: the next one is not waited for to leave, be it the same. */
static void test_gone_has_left(void **state)
{
	struct bench *bench = *state;

	restart(bench, NULL);
	expect(bench, MESSAGE_DEVICE, "");
	provision_hangup(bench->line, bench->now);
	verdict(bench);
	provision_leave(bench->line, bench->now);
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
}

/* What a killed dialogue left in the host. */
static void test_leftovers(void **state)
{
	struct bench *bench = *state;
	static const char *const leftovers[] = {"AT+CM", "AT%CMNG=0,42,3,\"0a0b", "\"", "garbage\"\"\"\x7f"};

	for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
		for (int crlf = 0; crlf < 2; crlf++) {
			restart(bench, NULL);
			bench->modem.terminator = crlf ? AT_CRLF : AT_CR;
			for (const char *at = leftovers[i]; *at != '\0'; at++)
				modem_byte(&bench->modem, (uint8_t)*at, bench->now);
			expect(bench, MESSAGE_DEVICE, "");
			assert_string_equal(bench->message.imei, IMEI_A);
			verdict(bench);
		}
	}
}

static void test_first_error_is_forgiven(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{"AT", 1, ACT_REPLY, "ERROR\r\n", 0}, {0}};
	uint64_t before = bench->now;

	restart(bench, rules);
	expect(bench, MESSAGE_DEVICE, "");
	assert_true(bench->now < before + 100); /* no period was waited for */
}

/* A device that answers everything with ERROR is asked twice a period, not without end. */
static void test_error_for_ever(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {{.match = "", .act = ACT_REPLY, .text = "ERROR\r\n"}, {0}};
	uint64_t until = bench->now + 10000;

	restart(bench, rules);
	provision_start(bench->line, "", bench->now, until);
	assert_false(run(bench));
	assert_true(bench->now == until);
	assert_true(bench->modem.seen[0] > 20 && bench->modem.seen[0] <= 60);
}

static void test_no_modem(void **state)
{
	struct bench *bench = *state;
	uint64_t until = bench->now + 7300;

	restart(bench, NULL);
	bench->modem.dead = true;
	provision_start(bench->line, "", bench->now, until);
	assert_int_equal(provision_phase(bench->line), PROVISION_WAITING);
	assert_false(run(bench));
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	assert_true(bench->now == until);
	assert_true(provision_due(bench->line) == UINT64_MAX);
	assert_int_equal(provision_output(bench->line).size, 0);
}

/* It may come to life at any moment of the search. */
static void test_late_modem(void **state)
{
	struct bench *bench = *state;

	for (uint64_t late = 0; late < 4100; late += 50) {
		uint64_t alive;

		restart(bench, NULL);
		bench->modem.dead = true;
		alive = bench->now + late;
		while (bench->now < alive)
			assert_true(turn(bench));
		bench->modem.dead = false;
		expect(bench, MESSAGE_DEVICE, "");
		assert_true(bench->now < alive + 3000);
		verdict(bench);
	}
}

static void test_imei_refused(void **state)
{
	struct bench *bench = *state;
	static const struct {
		const char *imei;
		const char *reason;
	} cases[] = {
		{NULL, "imei-none"},
		{"000000000000000", "imei-zero"},
		{"352656100367873", "imei-check-digit"},
		{"35265610036787", "imei-malformed"},
		{"3526561003678724", "imei-malformed"},
		{"35265610036787X", "imei-malformed"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		restart(bench, NULL);
		bench->modem.imei = cases[i].imei;
		expect(bench, MESSAGE_DEVICE, cases[i].reason);
		assert_string_equal(bench->message.imei, "");
		assert_string_equal(bench->message.firmware, FIRMWARE);
		verdict(bench);
	}
}

static void test_one_bad_imei_is_noise(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {
		{"AT+CGSN", 1, ACT_REPLY, "+CGSN: \"352656100367873\"\r\nOK\r\n", 0},
		{"AT+CGSN", 2, ACT_REPLY, "OK\r\n", 0},
		{0}};

	restart(bench, rules);
	expect(bench, MESSAGE_DEVICE, "");
	assert_string_equal(bench->message.imei, IMEI_A);
}

static void test_production_test_firmware(void **state)
{
	struct bench *bench = *state;
	static const char *const imeis[] = {NULL, "000000000000000", IMEI_A};

	for (size_t i = 0; i < 3; i++) {
		restart(bench, NULL);
		bench->modem.imei = imeis[i];
		bench->modem.firmware = "mfw-pti_nrf91x1_2.3.3";
		expect(bench, MESSAGE_DEVICE, "firmware-pti");
		assert_string_equal(bench->message.imei, "");
		assert_string_equal(bench->message.firmware, "mfw-pti_nrf91x1_2.3.3");
		verdict(bench);
	}
}

static void test_identity_never_answered(void **state)
{
	struct bench *bench = *state;
	static const struct rule silent[] = {{.match = "AT+CGSN", .act = ACT_SILENT}, {0}};
	static const struct rule empty[] = {{.match = "AT+CGSN", .act = ACT_REPLY, .text = "OK\r\n"}, {0}};

	restart(bench, silent);
	expect(bench, MESSAGE_DEVICE, "no-answer");
	assert_string_equal(bench->message.imei, "");
	verdict(bench);
	restart(bench, empty);
	expect(bench, MESSAGE_DEVICE, "garbage");
	assert_string_equal(bench->message.imei, "");
	verdict(bench);
}

static void leave(struct bench *bench)
{
	verdict(bench);
	provision_leave(bench->line, bench->now);
	assert_int_equal(provision_phase(bench->line), PROVISION_LEAVING);
}

static void linger(struct bench *bench, uint64_t ms)
{
	uint64_t until = bench->now + ms;

	while (bench->now < until) {
		assert_true(turn(bench));
		assert_int_equal(provision_phase(bench->line), PROVISION_LEAVING);
	}
}

static void test_leaving_by_silence(void **state)
{
	struct bench *bench = *state;
	uint64_t since;

	identify(bench, NULL);
	leave(bench);
	linger(bench, 20000);
	assert_int_equal(strlen(bench->modem.trace), strlen("AT+CGSN=1|") * 20 - 1); /* once a second */
	bench->modem.dead = true;
	since = bench->now;
	assert_false(run(bench));
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	assert_true(bench->now - since >= 2000 && bench->now - since <= 4001);
}

static void test_leaving_by_another_device(void **state)
{
	struct bench *bench = *state;
	uint64_t since;

	identify(bench, NULL);
	leave(bench);
	linger(bench, 5000);
	bench->modem.imei = IMEI_B;
	since = bench->now;
	assert_false(run(bench));
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	assert_true(bench->now - since <= 1100);
}

/* A restart or a lost answer is no departure. */
static void test_staying(void **state)
{
	struct bench *bench = *state;
	static const struct rule rules[] = {
		{"AT+CGSN", 4, ACT_SILENT, NULL, 0}, {"AT+CGSN", 5, ACT_REPLY, "ERROR\r\n", 0},
		{"AT+CGSN", 8, ACT_RESET, NULL, 0}, {0}};

	identify(bench, rules);
	leave(bench);
	linger(bench, 5000);
	bench->modem.rules = NULL;
	linger(bench, 20000);
}

/* What was refused for its IMEI or firmware stays the same device, and is not refused again every second. */
static void test_leaving_without_an_imei(void **state)
{
	struct bench *bench = *state;

	for (int pti = 0; pti < 2; pti++) {
		restart(bench, NULL);
		if (pti)
			bench->modem.firmware = "mfw-pti_nrf91x1_2.3.3";
		else
			bench->modem.imei = NULL;
		expect(bench, MESSAGE_DEVICE, pti ? "firmware-pti" : "imei-none");
		leave(bench);
		linger(bench, 10000);
		bench->modem.imei = IMEI_B;
		assert_false(run(bench));
	}
}

static void test_leaving_by_hangup(void **state)
{
	struct bench *bench = *state;

	identify(bench, NULL);
	leave(bench);
	provision_hangup(bench->line, bench->now);
	assert_int_equal(provision_phase(bench->line), PROVISION_OVER);
	assert_int_equal(provision_output(bench->line).size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_terminators),
		BENCH_TEST(test_cr_is_tried_first),
		BENCH_TEST(test_opened_late),
		BENCH_TEST(test_gone_has_left),
		BENCH_TEST(test_leftovers),
		BENCH_TEST(test_first_error_is_forgiven),
		BENCH_TEST(test_error_for_ever),
		BENCH_TEST(test_no_modem),
		BENCH_TEST(test_late_modem),
		BENCH_TEST(test_imei_refused),
		BENCH_TEST(test_one_bad_imei_is_noise),
		BENCH_TEST(test_production_test_firmware),
		BENCH_TEST(test_identity_never_answered),
		BENCH_TEST(test_leaving_by_silence),
		BENCH_TEST(test_leaving_by_another_device),
		BENCH_TEST(test_staying),
		BENCH_TEST(test_leaving_without_an_imei),
		BENCH_TEST(test_leaving_by_hangup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
