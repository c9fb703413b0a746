/* SPDX-License-Identifier: ISC */
#include "provision_line.h"

/*
 * The dialogue against the stand-in modem of gapseal-sim, in virtual time: two readings of the same commands,
 * written apart. The listing a dialogue hands out as proof must be what the stand-in's store really holds.
 */
#define STRANGER "490154203237518"
static const enum sim_dialect dialects[] = {SIM_DIALECT_AT, SIM_DIALECT_SLM, SIM_DIALECT_SHELL};
#define DIALECTS (sizeof dialects / sizeof dialects[0])

static void add_steps(struct line *line)
{
	static const char pem[] =
	    "-----BEGIN CERTIFICATE-----\nMIIBOK\nOK\nERROR\n-----END CERTIFICATE-----\n";
	static const struct step steps[] = {
		{.op = STEP_DELETE, .slot = {42, 3}},
		{.op = STEP_WRITE, .slot = {42, 3}, .content = {(const uint8_t *)"0a0b0c0d", 8}},
		{.op = STEP_WRITE, .slot = {42, 4}, .content = {(const uint8_t *)"device@fleet", 12}},
		{.op = STEP_WRITE, .slot = {43, 2}, .content = {(const uint8_t *)pem, sizeof pem - 1}},
	};

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		assert_true(step_put(line->body, &steps[i]));
}

static void assert_true_listing(struct line *line)
{
	const struct sim_store *store = sim_modem_store(line->bench.modem);

	assert_int_equal(line->message.listing.count, store->count);
	for (size_t i = 0; i < store->count; i++) {
		const struct sim_item *item = &store->items[i];
		const struct listing_item *listed =
		    listing_find(&line->message.listing, (struct slot){item->tag, item->type});

		assert_non_null(listed);
		assert_memory_equal(listed->digest, item->digest, HASH_SIZE);
	}
}

/* A whole presentation; what it came to is left in line->message. */
static void present(struct line *line)
{
	line_await(line, MESSAGE_DEVICE);
	assert_string_equal(line->message.reason, "");
	line_give(line, MESSAGE_LIST, FINISH_NONE);
	line_await(line, MESSAGE_LISTING);
	if (line->message.listed)
		assert_true_listing(line);
	add_steps(line);
	line_give(line, MESSAGE_STEPS, FINISH_CFUN0);
	line_await(line, MESSAGE_OUTCOME);
	assert_int_equal(line->message.steps, 4);
	if (line->message.listed)
		assert_true_listing(line);
	else
		assert_true(line->message.reason[0] != '\0');
}

static void assert_done(struct line *line)
{
	assert_string_equal(line->message.reason, "");
	assert_true(line->message.listed);
	assert_int_equal(sim_store_users(sim_modem_store(line->bench.modem)), 3);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(line->message.codes[i], 0);
}

static void test_every_host(void **state)
{
	static const char *const scripts[] = {
		"", "echo\n", "boot 2000\n", "cfun 1\n", "cfun 21\n", "store 42,3 \"00\"\n",
		"urc \"+CEREG: 2\" at input 3\nurc \"%XTIME: 1\" 1 on 1+ list\n"
		"urc \"+CFUN: 1\" on 1+ write\n",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof scripts / sizeof scripts[0] * 6 * DIALECTS; i++) {
		struct line line = line_of(dialects[i % DIALECTS]);

		line.bench.host_settings.terminator = (enum sim_terminator)(i / DIALECTS % 3);
		line.bench.host_settings.ready = i / DIALECTS % 2 == 0;
		line.bench.host_settings.nvm_ms = 250;
		line_start(&line, scripts[i / DIALECTS / 6]);
		present(&line);
		assert_done(&line);
		line_end(&line);
	}
}

/* Every kind of mishap at each of the commands it can strike. */
static void test_every_mishap(void **state)
{
	static const char *const mishaps[] = {
		"fail 528", "fail 518", "fail error", "ignore", "swallow", "slow 2000", "slow 31000",
		"garbage 40", "corrupt", "hijack", "lose-quote 1", "lose-quote 2", "reset", "reset after",
		"reset quiet", "hangup", "hangup 700", "hangup after", "urc \"OKAY\"", "swap " STRANGER,
	};
	static const char *const commands[] = {
		"1 write", "2 write", "3 write", "1 delete", "1 list", "2 list",
	};

	(void)state;
	for (size_t i = 0; i < sizeof mishaps / sizeof mishaps[0] * DIALECTS; i++) {
		for (size_t j = 0; j < sizeof commands / sizeof commands[0]; j++) {
			struct line line = line_of(dialects[i % DIALECTS]);
			char script[128];

			snprintf(script, sizeof script, "boot 1500\nstore 42,3 \"00\"\n%s on %s\n",
			    mishaps[i / DIALECTS], commands[j]);
			line_start(&line, script);
			present(&line);
			line_end(&line);
		}
	}
}

/* A byte of a write lost on the way: at any place. */
static void test_every_byte_lost(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 33 * DIALECTS; i++) {
		for (unsigned write = 1; write <= 2; write++) {
			struct line line = line_of(dialects[i % DIALECTS]);
			char script[64];

			snprintf(script, sizeof script, "lose %u on %u write\n", i / (unsigned)DIALECTS, write);
			line_start(&line, script);
			present(&line);
			assert_true(line.message.listed);
			line_end(&line);
		}
	}
}

static void test_swapped(void **state)
{
	struct line line = line_of(SIM_DIALECT_AT);

	(void)state;
	line_start(&line, "swap " STRANGER " on 2 write\n");
	present(&line);
	assert_string_equal(line.message.reason, "imei-changed");
	assert_string_equal(line.message.imei, STRANGER);
	assert_false(line.message.listed);
	assert_true(line.message.disturbed);
	line_end(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_host),
		cmocka_unit_test(test_every_mishap),
		cmocka_unit_test(test_every_byte_lost),
		cmocka_unit_test(test_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
