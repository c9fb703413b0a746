/* SPDX-License-Identifier: ISC */
/* What the stand-in modem saved of its stores. */
#include "fuzz.h"
#include "gapseal/sim_modem.h"

static struct sim_modem *new_modem(void)
{
	struct sim_modem_settings settings = sim_modem_defaults;
	struct sim_modem *modem = NULL;
	struct fault fault;

	settings.imei = "350457790000009";
	FUZZ_WANT(sim_modem_new(&modem, &settings, &fault) == ERR_OK);
	return modem;
}

/* Saved again and loaded it is the same. */
static void check_saved(const struct sim_modem *modem)
{
	struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
	struct sim_modem *other = new_modem();
	struct fault fault;
	bool known;

	sim_modem_save(modem, &first);
	FUZZ_WANT(sim_modem_load(other, buffer_bytes(&first), &known, "again", &fault) == ERR_OK && known);
	sim_modem_save(other, &second);
	FUZZ_WANT(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	sim_modem_free(&other);
	buffer_free(&first);
	buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_modem *modem = new_modem();
	struct fault fault = {0};
	bool known = false;
	enum err err = sim_modem_load(modem, bytes_from(data, size), &known, "input", &fault);

	if (err != ERR_OK)
		fuzz_refused(err, &fault, "sim-state");
	else
		check_saved(modem);
	sim_modem_free(&modem);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "gapseal-sim/state/v1\nimei 350457790000009\nslot 42 3 3030313132323333\n"
	    "digest 1140 2 aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899\n"
	    "imei 352656100367872\nslot 7 0 41\n");
}
