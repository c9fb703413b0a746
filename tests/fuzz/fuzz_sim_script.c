/* SPDX-License-Identifier: ISC */
/* Scripts of the stand-in modem. */
#include "fuzz.h"
#include "gapseal/sim_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_modem_settings settings = sim_modem_defaults;
	struct sim_script *script = NULL;
	struct sim_hits hits;
	struct fault fault = {0};
	enum err err = sim_script_parse(&script, bytes_from(data, size), "input", "tests/vectors", &fault);

	if (err != ERR_OK) {
		FUZZ_WANT(script == NULL);
		fuzz_refused(err, &fault, "sim-script file-open file-kind file-size");
		return 0;
	}
	sim_modem_setup(&settings, sim_script_setup(script));
	sim_script_command(script, "write 42,3", &hits);
	FUZZ_WANT(hits.count <= SIM_FAULTS_MAX && sim_script_commands(script) == 1);
	sim_script_bytes(script, SIM_AT_INPUT, sim_script_next(script, SIM_AT_INPUT, 0), &hits);
	(void)sim_script_loses(script, bytes_of("AT%CMNG=0,42,3,\""), 12, 1);
	sim_script_free(&script);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "# how it starts\nstore 42,4 \"me # too\"   # and another\n"
	    "store 42,5 digest AABBCCDDEEFF00112233445566778899aabbccddeeff00112233445566778899\r\n"
	    "store 42,0 file x509/p256.pem\ncfun 1\nroom 3\nboot 100\nimei zeros\nplaceholder\necho\n"
	    "unescape-lf\n");
	corpus_text(corpus, "fail 518 on 1 write\nfail error on 2+ delete 42,3\nignore on 1 list\n"
	    "swallow on 1 cfun 4\nslow 500 on 3 any\ncorrupt on 1 write 42\nhijack on 1 write\n"
	    "lose 12 on 1 write\nlose-quote 2 on 1 write\ngarbage 30 on 1 list\n");
	corpus_text(corpus, "urc \"%XTIME: 1\" 2 on 1 list\nurc \"x\" at input 20\nreset on 1 write after\n"
	    "reset quiet at output 9\nhangup 500 at input 1200\nhangup on 1 write\n"
	    "swap 490154203237518 on 4 any\n"
	    "exit on 9 any\npower-warning\nimei error\n");
}
