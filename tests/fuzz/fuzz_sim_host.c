/* SPDX-License-Identifier: ISC */
/* The stand-in modem behind each of its hosts: u8 which, then what a station sends. */
#include "gapseal/sim_host.h"
#include "wires.h"

#define HOSTS 4
#define ANSWERS_MAX ((size_t)1 << 26)

struct stand_in {
	struct sim_modem *modem;
	struct sim_script *script;
	struct sim_host *host;
	uint64_t now;
	size_t said;
};

static void begin(struct stand_in *sim, enum sim_dialect dialect)
{
	struct sim_modem_settings modem = sim_modem_defaults;
	struct sim_host_settings host = sim_host_defaults;
	struct fault fault;

	modem.imei = "352656100367872";
	host.dialect = dialect;
	*sim = (struct stand_in){0};
	FUZZ_WANT(sim_script_parse(&sim->script, bytes_of("cfun 1\n"), "script", ".", &fault) == ERR_OK);
	FUZZ_WANT(sim_modem_new(&sim->modem, &modem, &fault) == ERR_OK);
	FUZZ_WANT(sim_host_new(&sim->host, &host, sim->modem, sim->script, 0, &fault) == ERR_OK);
}

static void drain(struct stand_in *sim)
{
	struct bytes output = sim_host_output(sim->host);

	sim->said += output.size;
	FUZZ_WANT(sim->said < ANSWERS_MAX);
	sim_host_sent(sim->host, output.size);
}

static void hear(struct stand_in *sim, struct bytes bytes)
{
	struct fault fault;

	FUZZ_WANT(sim_host_feed(sim->host, bytes, sim->now, &fault) == ERR_OK);
	drain(sim);
	while (sim_host_due(sim->host) != UINT64_MAX && sim_host_due(sim->host) < UINT64_MAX / 2) {
		if (sim_host_due(sim->host) > sim->now)
			sim->now = sim_host_due(sim->host);
		FUZZ_WANT(sim_host_tick(sim->host, sim->now, &fault) == ERR_OK);
		drain(sim);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_of(bytes_from(data, size));
	struct stand_in sim;
	struct bytes part;
	uint8_t which;

	if (!take_u8(&input, &which))
		return 0;
	begin(&sim, (enum sim_dialect)(which % HOSTS));
	while (take_field(&input, WIRES_PART, &part))
		hear(&sim, part);
	sim_host_free(&sim.host);
	sim_modem_free(&sim.modem);
	sim_script_free(&sim.script);
	return 0;
}

/* The byte before a seed: every host hears what was meant for each. */
void fuzz_seeds(struct corpus *corpus)
{
	struct corpus said = CORPUS_EMPTY;

	corpus_wires(&said, '>', false);
	for (size_t i = 0; i < said.count * HOSTS; i++) {
		struct buffer seed = BUFFER_EMPTY;

		buffer_byte(&seed, (uint8_t)(i % HOSTS));
		buffer_put(&seed, buffer_bytes(&said.items[i / HOSTS]));
		corpus_add(corpus, buffer_bytes(&seed));
		buffer_free(&seed);
	}
	corpus_free(&said);
}
