/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CMD_LINE_H
#define GAPSEAL_CMD_LINE_H

#include "command.h"
#include "gapseal/home.h"

/* The commands of the station program, one function each; every one returns the exit code. */
int line_enroll(const struct command *command, int argc, char **argv);
int line_trust(const struct command *command, int argc, char **argv);
int line_ingest(const struct command *command, int argc, char **argv);
int line_run(const struct command *command, int argc, char **argv);
int line_status(const struct command *command, int argc, char **argv);
int line_release(const struct command *command, int argc, char **argv);
int line_void(const struct command *command, int argc, char **argv);
int line_close(const struct command *command, int argc, char **argv);
int line_export(const struct command *command, int argc, char **argv);
int line_probe(const struct command *command, int argc, char **argv);

#define TOOL "gapseal-line " GAPSEAL_VERSION

/* Parses the options of a command that works on a home, fills defaults from H/station.conf, opens the home.
 * options[0] must be "home". False: return *code. */
bool line_begin(struct home *home, const struct command *command, const struct command_option *options,
    size_t count, int argc,
    char **argv, size_t operands_min, size_t operands_max, struct operands *operands, int *code);

#endif
