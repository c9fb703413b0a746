/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "command.h"
#include "gapseal-sim.h"
#include "gapseal/file.h"
#include "gapseal/sim_host.h"
#include "gapseal/sim_modem.h"
#include "gapseal/sim_pty.h"
#include "gapseal/sim_script.h"

/* gapseal-sim: see gapseal-sim(1). It shares no code with the other programs' commands, so that it
 * links neither their configuration nor their documents. */

#define STATE_SIZE_MAX (64u << 20)
#define SCRIPT_SIZE_MAX (1u << 20)
#define CRED_ROOM 4 /* credentials, as Zephyr is configured unless it is told otherwise */

enum option_id {
	OPT_IMEI, OPT_LINK, OPT_STATE, OPT_SCRIPT, OPT_BAUD, OPT_NVM, OPT_DIALECT, OPT_FIRMWARE,
	OPT_TERMINATOR, OPT_CFUN, OPT_LINE_LIMIT, OPT_CRED_BUFFER, OPT_SEED, OPT_READY, OPT_FLOW, OPT_HELP,
	OPT_COUNT
};

static const struct {
	const char *name;
	const char *argument; /* NULL: a flag */
	const char *text;
} option_texts[OPT_COUNT] = {
	[OPT_IMEI] = {"imei", "N", "the modem's 15 digits"},
	[OPT_LINK] = {"link", "PATH", "the name under which the line is opened"},
	[OPT_STATE] = {"state", "FILE", "keep the credentials in FILE"},
	[OPT_SCRIPT] = {"script", "FILE", "how the modem starts and what goes wrong"},
	[OPT_BAUD] = {"baud", "N", "pace the bytes; 0: as fast as possible (default)"},
	[OPT_NVM] = {"nvm-ms", "N", "milliseconds a write or delete takes (default 0)"},
	[OPT_DIALECT] = {"dialect", "at|slm|shell|cred", "what stands in front of the modem (default at)"},
	[OPT_FIRMWARE] = {"firmware", "STR", "what AT+CGMR says (default mfw_nrf91x1_2.0.2)"},
	[OPT_TERMINATOR] = {"terminator", "cr|lf|crlf", "what ends a command (default cr; crlf of slm)"},
	[OPT_CFUN] = {"cfun", "N", "functional mode after power-up (default 0)"},
	[OPT_LINE_LIMIT] = {"line-limit", "N", "bytes of a line of a shell (default 256)"},
	[OPT_CRED_BUFFER] = {"cred-buffer", "N", "letters of a credential in cred (default 1024)"},
	[OPT_SEED] = {"seed", "N", "of the noise (default 1)"},
	[OPT_READY] = {"ready", NULL, "print Ready at power-up"},
	[OPT_FLOW] = {"flow", NULL, "flow control: lose nothing while the modem works"},
	[OPT_HELP] = {"help", NULL, "show this"},
};

struct choices { /* what the command line says */
	const char *values[OPT_COUNT]; /* NULL: not given */
};

static void usage(FILE *to)
{
	fputs("usage: gapseal-sim modem --imei N --link PATH [OPTION]...\n"
	    "       gapseal-sim bench --help\n"
	    "Be an nRF91 modem on a pseudo terminal.\n\n", to);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		char left[64];

		snprintf(left, sizeof left, "--%s %s", option_texts[i].name,
		    option_texts[i].argument != NULL ? option_texts[i].argument : "");
		fprintf(to, "  %-28s %s\n", left, option_texts[i].text);
	}
}

int mistake(const char *what, const char *option)
{
	fprintf(stderr, "gapseal-sim: %s%s; 'gapseal-sim --help' shows the usage [usage]\n", what, option);
	return ERR_CANNOT;
}

int report(const struct fault *fault)
{
	fprintf(stderr, "gapseal-sim: %s%s%s [%s]\n", fault->where, fault->where[0] != '\0' ? ": " : "",
	    fault->text, fault->code);
	return (int)fault->err;
}

/* 0 to go on, otherwise the exit code plus one. */
static int parse(struct choices *choices, int argc, char **argv)
{
	struct option table[OPT_COUNT + 1] = {0};
	int found, index = 0;

	for (int i = 0; i < OPT_COUNT; i++)
		table[i] = (struct option){option_texts[i].name,
		    option_texts[i].argument != NULL ? required_argument : no_argument, NULL, 1};
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":", table, &index)) != -1) {
		if (found != 1)
			return 1 + mistake(found == ':' ? "a value is missing after " : "unknown option ",
			    argv[optind - 1]);
		if (index == OPT_HELP) {
			usage(stdout);
			return 1 + ERR_OK;
		}
		if (choices->values[index] != NULL)
			return 1 + mistake("given twice: --", option_texts[index].name);
		choices->values[index] = optarg != NULL ? optarg : "";
	}
	if (optind != argc)
		return 1 + mistake("too many operands", "");
	if (choices->values[OPT_IMEI] == NULL || choices->values[OPT_LINK] == NULL)
		return 1 + mistake("missing --", choices->values[OPT_IMEI] == NULL ? "imei" : "link");
	return 0;
}

static bool number(const struct choices *choices, enum option_id id, uint64_t max, uint64_t *out)
{
	return choices->values[id] == NULL || decimal_parse(bytes_of(choices->values[id]), max, out);
}

/* The index of a value in a NULL-ended list, 0 if the option is not given, -1 if the value is not in it. */
static int one_of(const struct choices *choices, enum option_id id, const char *const *list)
{
	if (choices->values[id] == NULL)
		return 0;
	for (int i = 0; list[i] != NULL; i++)
		if (strcmp(choices->values[id], list[i]) == 0)
			return i;
	return -1;
}

struct plan {
	struct sim_modem_settings modem;
	struct sim_host_settings host;
	struct sim_pty_settings pty;
};

/* What goes without saying in a dialect. */
static void settle_dialect(struct plan *plan, enum sim_dialect dialect, const struct choices *choices)
{
	plan->host.dialect = dialect;
	if (dialect == SIM_DIALECT_SLM) {
		plan->host.ready = true;
		if (choices->values[OPT_TERMINATOR] == NULL)
			plan->host.terminator = SIM_TERMINATOR_CRLF;
	}
	if (dialect == SIM_DIALECT_CRED)
		plan->modem.room = CRED_ROOM;
}

/* The name of an option with a bad value, NULL if all are good. */
static const char *settle(struct plan *plan, const struct choices *choices)
{
	static const char *const dialects[] = {[SIM_DIALECT_AT] = "at", [SIM_DIALECT_SHELL] = "shell",
	    [SIM_DIALECT_CRED] = "cred", [SIM_DIALECT_SLM] = "slm", NULL};
	static const char *const ends[] = {"cr", "lf", "crlf", NULL};
	uint64_t baud = 0, nvm = 0, cfun = 0;
	uint64_t limit = sim_host_defaults.line_limit, buffer = sim_host_defaults.cred_buffer;
	uint64_t seed = sim_host_defaults.seed;
	int dialect = one_of(choices, OPT_DIALECT, dialects), end = one_of(choices, OPT_TERMINATOR, ends);

	*plan = (struct plan){.modem = sim_modem_defaults, .host = sim_host_defaults};
	if (!number(choices, OPT_BAUD, 10000000, &baud))
		return "baud";
	if (!number(choices, OPT_NVM, 600000, &nvm))
		return "nvm-ms";
	if (!number(choices, OPT_CFUN, 99, &cfun))
		return "cfun";
	if (!number(choices, OPT_LINE_LIMIT, 65536, &limit) || limit < 2)
		return "line-limit";
	if (!number(choices, OPT_CRED_BUFFER, 65536, &buffer) || buffer < 2)
		return "cred-buffer";
	if (!number(choices, OPT_SEED, INTEGER_MAX, &seed))
		return "seed";
	if (dialect < 0)
		return "dialect";
	if (end < 0)
		return "terminator";
	plan->modem.imei = choices->values[OPT_IMEI];
	plan->modem.cfun = (unsigned)cfun;
	if (choices->values[OPT_FIRMWARE] != NULL)
		plan->modem.firmware = choices->values[OPT_FIRMWARE];
	plan->host.terminator = (enum sim_terminator)end;
	plan->host.nvm_ms = (unsigned)nvm;
	plan->host.line_limit = (size_t)limit;
	plan->host.cred_buffer = (size_t)buffer;
	plan->host.seed = seed;
	plan->host.ready = choices->values[OPT_READY] != NULL;
	settle_dialect(plan, (enum sim_dialect)dialect, choices);
	plan->host.flow = choices->values[OPT_FLOW] != NULL;
	plan->pty.baud = (unsigned)baud;
	plan->pty.state = choices->values[OPT_STATE];
	return NULL;
}

static enum err read_script(struct sim_script **out, const char *path, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	char folder[PATH_MAX] = ".";
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	enum err err = ERR_OK;

	if (path != NULL)
		err = file_read(&text, AT_FDCWD, path, SCRIPT_SIZE_MAX, fault);
	if (slash != NULL)
		snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
	if (err == ERR_OK)
		err = sim_script_parse(out, buffer_bytes(&text), path != NULL ? path : "", folder, fault);
	buffer_free(&text);
	return err;
}

/* A device the state file knows keeps what it had; a new one gets what the script puts in. */
static enum err fill_modem(struct sim_modem *modem, const struct sim_script *script, const char *state,
    struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	bool known = false;
	enum err err = ERR_OK;

	if (state != NULL && file_exists(AT_FDCWD, state)) {
		err = file_read(&text, AT_FDCWD, state, STATE_SIZE_MAX, fault);
		if (err == ERR_OK)
			err = sim_modem_load(modem, buffer_bytes(&text), &known, state, fault);
	}
	if (err == ERR_OK && !known)
		err = sim_script_stock(script, modem, fault);
	buffer_free(&text);
	return err;
}

enum err stop_signals(int *out, struct fault *fault)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (*out = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		return fault_system(fault, NULL, "catch signals");
	return ERR_OK;
}

static enum err be_modem(struct plan *plan, const struct choices *choices, struct sim_script *script,
    struct fault *fault)
{
	struct sim_modem *modem = NULL;
	struct sim_host *host = NULL;
	struct sim_pty *pty = NULL;
	enum err err;

	err = sim_modem_new(&modem, &plan->modem, fault);
	if (err == ERR_OK)
		err = fill_modem(modem, script, plan->pty.state, fault);
	if (err == ERR_OK)
		err = sim_pty_open(&pty, choices->values[OPT_LINK], fault);
	if (err == ERR_OK)
		err = sim_host_new(&host, &plan->host, modem, script, sim_pty_now(), fault);
	if (err == ERR_OK && (printf("ready %s\n", choices->values[OPT_LINK]) < 0 || fflush(stdout) != 0))
		err = fault_system(fault, NULL, "write to standard output");
	if (err == ERR_OK)
		err = sim_pty_run(pty, &plan->pty, modem, host, fault);
	sim_pty_close(&pty);
	sim_host_free(&host);
	sim_modem_free(&modem);
	return err;
}

static int run_modem(int argc, char **argv)
{
	struct choices choices = {0};
	struct sim_script *script = NULL;
	struct sim_setup setup;
	struct fault fault;
	struct plan plan;
	const char *bad;
	enum err err;
	int code = parse(&choices, argc, argv);

	if (code != 0)
		return code - 1;
	bad = settle(&plan, &choices);
	if (bad != NULL)
		return mistake("not a value it can take: --", bad);
	err = read_script(&script, choices.values[OPT_SCRIPT], &fault);
	if (err == ERR_OK)
		err = stop_signals(&plan.pty.stop, &fault);
	if (err == ERR_OK) {
		setup = *sim_script_setup(script);
		setup.has_cfun = setup.has_cfun && choices.values[OPT_CFUN] == NULL;
		sim_modem_setup(&plan.modem, &setup);
		sim_host_setup(&plan.host, &setup);
		err = be_modem(&plan, &choices, script, &fault);
	}
	sim_script_free(&script);
	return err == ERR_OK ? ERR_OK : report(&fault);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "modem") == 0)
		return run_modem(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "bench") == 0)
		return run_bench(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return ERR_OK;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("gapseal-sim %s\n", GAPSEAL_VERSION);
		return ERR_OK;
	}
	return mistake("the commands are modem and bench", "");
}
