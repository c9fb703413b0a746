/* SPDX-License-Identifier: ISC */
#include "gapseal-sim.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/sim_bench.h"

/* gapseal-sim bench: see gapseal-sim(1). */

#define IMEIS_SIZE_MAX (512u << 20)
#define SCRIPT_SIZE_MAX (1u << 20)
#define OPTIONS 17

struct bench_choices {
	const char *links, *imeis, *script, *state, *firmware;
	uint64_t modems, devices, seed, baud, nvm_ms, fault_rate, leave_ms, gap_ms, patience_ms;
	bool adapter, flow, help;
};

struct bench_option {
	const char *name;
	const char *argument; /* NULL: a flag */
	const char *text;
	const char **value;   /* of the three, the one that is set */
	uint64_t *number;
	bool *flag;
	uint64_t max;         /* of a number */
};

static void list_options(struct bench_option out[static OPTIONS], struct bench_choices *c)
{
	const struct bench_option list[OPTIONS] = {
		{"modems", "N", "ports, 1 to 99", NULL, &c->modems, NULL, SIM_BENCH_MODEMS},
		{"links", "DIR", "folder of the links m01, m02, ...", &c->links, NULL, NULL, 0},
		{"imeis", "FILE", "the devices, 15 digits a line", &c->imeis, NULL, NULL, 0},
		{"devices", "N", "so many of them; default all", NULL, &c->devices, NULL, INTEGER_MAX},
		{"script", "FILE", "the faults, one a line; default the usual ones", &c->script, NULL, NULL,
		    0},
		{"fault-rate", "N", "devices of a thousand that have a fault; default 0", NULL,
		    &c->fault_rate, NULL, 1000},
		{"seed", "N", "which devices and faults; default 1", NULL, &c->seed, NULL, INTEGER_MAX},
		{"state", "FILE", "what every device held when it left", &c->state, NULL, NULL, 0},
		{"firmware", "STR", "as of modem", &c->firmware, NULL, NULL, 0},
		{"baud", "N", "as of modem", NULL, &c->baud, NULL, 10000000},
		{"nvm-ms", "N", "as of modem", NULL, &c->nvm_ms, NULL, 600000},
		{"flow", NULL, "as of modem", NULL, NULL, &c->flow, 0},
		{"leave-ms", "N", "from the verdict until the device leaves; default 20", NULL, &c->leave_ms,
		    NULL, 600000},
		{"gap-ms", "N", "until the next one is there; default 50", NULL, &c->gap_ms, NULL, 600000},
		{"patience-ms", "N", "no device stays longer; default 120000", NULL, &c->patience_ms, NULL,
		    3600000},
		{"adapter", NULL, "the line stays up when a device leaves", NULL, NULL, &c->adapter, 0},
		{"help", NULL, "show this", NULL, NULL, &c->help, 0},
	};

	memcpy(out, list, sizeof list);
}

static void usage(const struct bench_option *options)
{
	puts("usage: gapseal-sim bench --modems N --links DIR --imeis FILE [OPTION]...\n"
	    "Be a bench of modems at which one device after another is plugged in.\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		char left[64];

		snprintf(left, sizeof left, "--%s %s", options[i].name,
		    options[i].argument != NULL ? options[i].argument : "");
		printf("  %-28s %s\n", left, options[i].text);
	}
}

static bool take_value(const struct bench_option *option, const char *text)
{
	if (option->flag != NULL)
		*option->flag = true;
	else if (option->value != NULL)
		*option->value = text;
	else
		return decimal_parse(bytes_of(text), option->max, option->number);
	return true;
}

/* 0 to go on, otherwise the exit code plus one. */
static int parse(struct bench_choices *choices, int argc, char **argv)
{
	struct bench_option options[OPTIONS];
	struct option table[OPTIONS + 1] = {0};
	bool given[OPTIONS] = {false};
	int found, index = 0;

	list_options(options, choices);
	for (int i = 0; i < OPTIONS; i++)
		table[i] = (struct option){options[i].name,
		    options[i].argument != NULL ? required_argument : no_argument, NULL, 1};
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":", table, &index)) != -1) {
		if (found != 1)
			return 1 + mistake(found == ':' ? "a value is missing after " : "unknown option ",
			    argv[optind - 1]);
		if (given[index])
			return 1 + mistake("given twice: --", options[index].name);
		given[index] = true;
		if (!take_value(&options[index], optarg))
			return 1 + mistake("not a value it can take: --", options[index].name);
	}
	if (choices->help) {
		usage(options);
		return 1 + ERR_OK;
	}
	if (optind != argc)
		return 1 + mistake("too many operands", "");
	for (int i = 0; i < 3; i++)
		if (!given[i])
			return 1 + mistake("missing --", options[i].name);
	return 0;
}

static void settle(struct sim_bench_settings *out, const struct bench_choices *choices)
{
	*out = sim_bench_defaults;
	out->modem = sim_modem_defaults;
	out->host = sim_host_defaults;
	out->modems = (unsigned)choices->modems;
	out->links = choices->links;
	out->devices = choices->devices;
	out->fault_rate = (unsigned)choices->fault_rate;
	out->seed = choices->seed;
	out->state = choices->state;
	out->baud = (unsigned)choices->baud;
	out->leave_ms = (unsigned)choices->leave_ms;
	out->gap_ms = (unsigned)choices->gap_ms;
	out->patience_ms = (unsigned)choices->patience_ms;
	out->adapter = choices->adapter;
	out->host.nvm_ms = (unsigned)choices->nvm_ms;
	out->host.flow = choices->flow;
	out->host.seed = choices->seed;
	if (choices->firmware != NULL)
		out->modem.firmware = choices->firmware;
}

static enum err say(const char *text, struct fault *fault)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) != 0)
		return fault_system(fault, NULL, "write to standard output");
	return ERR_OK;
}

static enum err be_bench(const struct sim_bench_settings *settings, struct fault *fault)
{
	struct buffer summary = BUFFER_EMPTY;
	struct sim_bench *bench = NULL;
	int stop = -1;
	enum err err = stop_signals(&stop, fault);

	if (err == ERR_OK)
		err = sim_bench_new(&bench, settings, fault);
	if (err == ERR_OK)
		err = say("ready\n", fault);
	if (err == ERR_OK)
		err = sim_bench_run(bench, stop, fault);
	if (err == ERR_OK) {
		sim_bench_report(bench, &summary);
		buffer_byte(&summary, '\0');
		err = buffer_check(&summary, fault);
	}
	if (err == ERR_OK)
		err = say((const char *)summary.data, fault);
	buffer_free(&summary);
	sim_bench_free(&bench);
	return err;
}

int run_bench(int argc, char **argv)
{
	struct bench_choices choices = {.seed = sim_bench_defaults.seed,
	    .leave_ms = sim_bench_defaults.leave_ms,
	    .gap_ms = sim_bench_defaults.gap_ms, .patience_ms = sim_bench_defaults.patience_ms};
	struct buffer imeis = BUFFER_EMPTY, script = BUFFER_EMPTY;
	struct sim_bench_settings settings;
	char folder[PATH_MAX] = ".";
	const char *slash;
	struct fault fault;
	enum err err;
	int code = parse(&choices, argc, argv);

	if (code != 0)
		return code - 1;
	settle(&settings, &choices);
	err = file_read(&imeis, AT_FDCWD, choices.imeis, IMEIS_SIZE_MAX, &fault);
	if (err == ERR_OK && choices.script != NULL) {
		slash = strrchr(choices.script, '/');
		if (slash != NULL)
			snprintf(folder, sizeof folder, "%.*s/", (int)(slash - choices.script),
			    choices.script);
		settings.script_name = choices.script;
		settings.script_folder = folder;
		err = file_read(&script, AT_FDCWD, choices.script, SCRIPT_SIZE_MAX, &fault);
	}
	settings.imeis = buffer_bytes(&imeis);
	settings.script = buffer_bytes(&script);
	if (err == ERR_OK)
		err = be_bench(&settings, &fault);
	buffer_free(&script);
	buffer_free(&imeis);
	return err == ERR_OK ? ERR_OK : report(&fault);
}
