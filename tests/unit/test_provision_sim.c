/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/provision.h"
#include "sim_testing.h"

/*
 * The dialogue against the stand-in modem of gapseal-sim, in virtual time: two readings of the same commands,
 * written apart. The listing a dialogue hands out as proof must be what the stand-in's store really holds.
 */
#define STRANGER "490154203237518"

struct line {
	struct bench bench;
	struct provision *provision;
	struct secret *body;
	struct message message;
	bool closed;
};

static void tick(struct line *line)
{
	struct fault fault = {0};

	assert_int_equal(sim_host_tick(line->bench.host, line->bench.now, &fault), ERR_OK);
}

/* The line is down: the dialogue is told once, and the port is opened again when the line returns. */
static void watch_line(struct line *line)
{
	const uint64_t now = line->bench.now / 1000;
	bool down = sim_host_line(line->bench.host) == SIM_LINE_DOWN;

	if (down && !line->closed) {
		sim_host_lost(line->bench.host, line->bench.now);
		provision_hangup(line->provision, now);
	}
	line->closed = down;
}

/* Bytes there, bytes back, or time goes on to the next thing due. */
static void turn(struct line *line)
{
	const uint64_t now = line->bench.now / 1000;
	struct bytes out = provision_output(line->provision);
	struct bytes in = sim_host_output(line->bench.host);
	uint64_t due = provision_due(line->provision);

	if (!line->closed && in.size > 0) {
		provision_feed(line->provision, bytes_from(in.data, 1), now);
		sim_host_sent(line->bench.host, 1);
	} else if (!line->closed && out.size > 0) {
		bench_feed(&line->bench, bytes_from(out.data, 1));
		provision_sent(line->provision, 1, now);
	} else {
		due = due == UINT64_MAX ? due : due * 1000;
		if (sim_host_due(line->bench.host) < due)
			due = sim_host_due(line->bench.host);
		assert_true(due != UINT64_MAX);
		if (due > line->bench.now)
			line->bench.now = due;
		tick(line);
		provision_tick(line->provision, line->bench.now / 1000);
	}
	watch_line(line);
}

static void await(struct line *line, enum message_kind kind)
{
	uint64_t limit = line->bench.now + 600u * 1000000u;

	while (!provision_take(line->provision, &line->message)) {
		assert_true(line->bench.now < limit);
		turn(line);
	}
	assert_int_equal(line->message.kind, kind);
}

static void give(struct line *line, enum message_kind kind, enum finish finish)
{
	static struct message message;

	message = (struct message){.kind = kind, .finish = finish, .body = line->body};
	provision_give(line->provision, &message, line->bench.now / 1000);
}

static void start(struct line *line, const char *script)
{
	struct fault fault;

	bench_start(&line->bench, script);
	assert_int_equal(provision_new(&line->provision, 0, &provision_defaults, &fault), ERR_OK);
	assert_int_equal(secret_new(&line->body, 8192, &fault), ERR_OK);
	provision_start(line->provision, "", line->bench.now / 1000, UINT64_MAX);
}

static void end(struct line *line)
{
	give(line, MESSAGE_VERDICT, FINISH_NONE);
	assert_int_equal(provision_phase(line->provision), PROVISION_OVER);
	assert_false(provision_take(line->provision, &line->message));
	provision_free(&line->provision);
	secret_free(&line->body);
	bench_end(&line->bench);
}

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
	await(line, MESSAGE_DEVICE);
	assert_string_equal(line->message.reason, "");
	give(line, MESSAGE_LIST, FINISH_NONE);
	await(line, MESSAGE_LISTING);
	if (line->message.listed)
		assert_true_listing(line);
	add_steps(line);
	give(line, MESSAGE_STEPS, FINISH_CFUN0);
	await(line, MESSAGE_OUTCOME);
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
	for (unsigned i = 0; i < sizeof scripts / sizeof scripts[0] * 6; i++) {
		struct line line = {.bench = bench_of()};

		line.bench.host_settings.terminator = (enum sim_terminator)(i % 3);
		line.bench.host_settings.ready = i % 2 == 0;
		line.bench.host_settings.nvm_ms = 250;
		start(&line, scripts[i / 6]);
		present(&line);
		assert_done(&line);
		end(&line);
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
	for (size_t i = 0; i < sizeof mishaps / sizeof mishaps[0]; i++) {
		for (size_t j = 0; j < sizeof commands / sizeof commands[0]; j++) {
			struct line line = {.bench = bench_of()};
			char script[128];

			snprintf(script, sizeof script, "boot 1500\nstore 42,3 \"00\"\n%s on %s\n",
			    mishaps[i], commands[j]);
			start(&line, script);
			present(&line);
			end(&line);
		}
	}
}

/* A byte of a write lost on the way: at any place. */
static void test_every_byte_lost(void **state)
{
	(void)state;
	for (unsigned offset = 0; offset < 28; offset++) {
		for (unsigned write = 1; write <= 2; write++) {
			struct line line = {.bench = bench_of()};
			char script[64];

			snprintf(script, sizeof script, "lose %u on %u write\n", offset, write);
			start(&line, script);
			present(&line);
			assert_true(line.message.listed);
			end(&line);
		}
	}
}

static void test_swapped(void **state)
{
	struct line line = {.bench = bench_of()};

	(void)state;
	start(&line, "swap " STRANGER " on 2 write\n");
	present(&line);
	assert_string_equal(line.message.reason, "imei-changed");
	assert_string_equal(line.message.imei, STRANGER);
	assert_false(line.message.listed);
	assert_true(line.message.disturbed);
	end(&line);
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
