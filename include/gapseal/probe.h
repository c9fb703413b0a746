/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PROBE_H
#define GAPSEAL_PROBE_H

#include "gapseal/bench.h"
#include "gapseal/provision.h"

/*
 * probe: what is at the ports, without a grant, a home or a log: every device is asked who it is and what it
 * lists, by the dialogue that provisions (provision.h), and nothing in it is changed.
 */
struct probe_result {
	const char *code;       /* "", a reason of reason.h, or why the port cannot be opened */
	char text[FAULT_TEXT_MAX]; /* the sentence to code */
	bool heard;             /* a device answered: dialect, imei and firmware are what it said */
	enum provision_dialect dialect;
	char imei[IMEI_SIZE];   /* "" if it has none, or shows none that is valid */
	char firmware[FIRMWARE_SIZE];
	bool listed;
	struct listing listing;
};

/* Asks at all ports of a bench at once; results has one element a port. settings NULL: each port's own. Waits
 * timeout_ms at most for a device to answer. What is wrong at one port is its result; ERR_CANNOT "memory",
 * "system". */
enum err probe_run(struct probe_result *results, const struct bench *bench,
    const struct provision_settings *settings, uint64_t timeout_ms, struct fault *fault);

#endif
