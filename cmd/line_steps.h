/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CMD_LINE_STEPS_H
#define GAPSEAL_CMD_LINE_STEPS_H

#include "gapseal/home.h"
#include "gapseal/station.h"

/* steps: the programs of the station's owner that run beside a device, from H/station.conf alone: lists of
 * arguments named prepare, permit and after, and how many seconds each may take. */
struct steps {
	struct station_step prepare, permit, after;
};
/* ERR_NO "step-path" (a program that is no absolute path), "step-timeout"; codes of config_read; memory. */
enum err steps_read(struct steps *out, const struct home *home, struct fault *fault);
void steps_free(struct steps *steps);

#endif
