/* SPDX-License-Identifier: ISC */
#include "gapseal-line.h"

bool line_begin(struct home *home, const struct command *command, const struct command_option *options,
    size_t count, int argc,
    char **argv, size_t operands_min, size_t operands_max, struct operands *operands, int *code)
{
	struct fault fault;
	const char *path;

	if (!command_options(command, options, count, argc, argv, operands_min, operands_max, operands, code))
		return false;
	path = *(const char **)options[0].value;
	if (path == NULL) {
		*code = command_missing(command, "home");
		return false;
	}
	if (home_open(home, path, &fault) != ERR_OK ||
	    command_defaults(options, count, &home_options, path, HOME_CONF, &fault) != ERR_OK) {
		*code = command_fault(&fault, false);
		return false;
	}
	return true;
}

static const struct command commands[] = {
	{"enroll", "", "make a station home and its card", line_enroll},
	{"trust", "FILE", "take a trust file into use", line_trust},
	{"ingest", "PATH...", "take batches, grants and trust files from a medium", line_ingest},
	{"run", "", "provision the devices at the ports", line_run},
	{"status", "", "show lots, what is done and what is left", line_status},
	{"release", "", "let a device be written once more", line_release},
	{"void", "", "declare devices void, or take that back", line_void},
	{"close", "", "close lots out and destroy their keys", line_close},
	{"export", "", "copy the log for the auditor", line_export},
	{"probe", "", "see what is at the ports and what disturbs them", line_probe},
};

int main(int argc, char **argv)
{
	struct fault fault;

	command_begin("gapseal-line");
	if (secret_process(&fault) != ERR_OK)
		return command_fault(&fault, false);
	return command_main(commands, sizeof commands / sizeof commands[0], argc, argv);
}
