/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CMD_SIM_H
#define GAPSEAL_CMD_SIM_H

#include "gapseal/err.h"

/* What the commands of gapseal-sim share. */

/* Say what is wrong; the exit code. */
int mistake(const char *what, const char *option);
int report(const struct fault *fault);

/* SIGINT, SIGTERM and SIGHUP as a descriptor; a reader of our output that is gone is an error, not a
 * death. */
enum err stop_signals(int *out, struct fault *fault);

/* gapseal-sim bench; argv[0] is "bench". */
int run_bench(int argc, char **argv);

#endif
