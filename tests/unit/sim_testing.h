/* SPDX-License-Identifier: ISC */
#ifndef SIM_TESTING_H
#define SIM_TESTING_H

/* A stand-in modem behind its host, in virtual time, for the tests of the simulator. */
#include "testing.h"

#include "gapseal/sim_host.h"

struct bench {
	struct sim_modem_settings modem_settings; /* change these two before bench_start */
	struct sim_host_settings host_settings;
	struct sim_script *script;
	struct sim_modem *modem;
	struct sim_host *host;
	uint64_t now;                             /* microseconds */
};

static inline struct bench bench_of(void)
{
	struct bench bench = {.modem_settings = sim_modem_defaults, .host_settings = sim_host_defaults};

	bench.modem_settings.imei = "352656100367872";
	return bench;
}

static inline void bench_start(struct bench *bench, const char *script)
{
	struct fault fault = {0};

	if (sim_script_parse(&bench->script, bytes_of(script), "script", ".", &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	sim_modem_setup(&bench->modem_settings, sim_script_setup(bench->script));
	sim_host_setup(&bench->host_settings, sim_script_setup(bench->script));
	assert_int_equal(sim_modem_new(&bench->modem, &bench->modem_settings, &fault), ERR_OK);
	assert_int_equal(sim_script_stock(bench->script, bench->modem, &fault), ERR_OK);
	assert_int_equal(sim_host_new(&bench->host, &bench->host_settings, bench->modem, bench->script,
	    bench->now, &fault), ERR_OK);
}

static inline void bench_end(struct bench *bench)
{
	sim_host_free(&bench->host);
	sim_modem_free(&bench->modem);
	sim_script_free(&bench->script);
}

static inline void bench_feed(struct bench *bench, struct bytes bytes)
{
	struct fault fault = {0};

	assert_int_equal(sim_host_feed(bench->host, bytes, bench->now, &fault), ERR_OK);
}

/* Lets time pass. */
static inline void bench_wait(struct bench *bench, unsigned ms)
{
	struct fault fault = {0};

	bench->now += (uint64_t)ms * 1000;
	assert_int_equal(sim_host_tick(bench->host, bench->now, &fault), ERR_OK);
}

/* What the host has put out since last asked, as a string until the next call. */
static inline const char *bench_said(struct bench *bench)
{
	static char said[65536];
	struct bytes out = sim_host_output(bench->host);

	assert_true(text_copy(said, sizeof said, out));
	sim_host_sent(bench->host, out.size);
	return said;
}

/* Feeds a text and says what came back at once. */
static inline const char *bench_ask(struct bench *bench, const char *text)
{
	bench_feed(bench, bytes_of(text));
	return bench_said(bench);
}

/* Whether a slot holds exactly that text; NULL: holds nothing. */
static inline void assert_stored(struct bench *bench, uint32_t tag, uint32_t type, const char *text)
{
	const struct sim_item *item = sim_store_find(sim_modem_store(bench->modem), tag, type);

	if (text == NULL) {
		assert_null(item);
		return;
	}
	assert_non_null(item);
	assert_true(bytes_is(buffer_bytes(&item->content), text));
}

#endif
