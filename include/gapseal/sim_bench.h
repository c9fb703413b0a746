/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_BENCH_H
#define GAPSEAL_SIM_BENCH_H

#include "gapseal/sim_host.h"

/*
 * sim_bench: a whole shift without devices: many stand-in modems on ptys, served by one loop, and at each
 * of them one device after another from one list.
 *
 * A device leaves a while after the station closed the line, which it does when it has a verdict; when it
 * lost the line to a fault; or when its time is up. Then, after a gap, the next of the list appears. Which
 * devices have a fault, and which one, is decided by the seed and the device's place in the list, not by
 * time or port. A device that had one comes back once, without it, to the same port and with what it
 * held.
 */
#define SIM_BENCH_MODEMS 99

struct sim_bench_settings {
	unsigned modems;
	const char *links;               /* folder of the links m01, m02, ...; made if it is missing */
	struct bytes imeis;              /* one a line; lent */
	/* each line a fault a device may have; size 0: the usual ones; lent */
	struct bytes script;
	const char *script_name;         /* for messages */
	const char *script_folder;       /* of files the script names */
	struct sim_modem_settings modem; /* without IMEI */
	struct sim_host_settings host;
	unsigned baud;
	uint64_t devices;                /* so many of the list; 0: all */
	unsigned fault_rate;             /* devices of a thousand that have a fault */
	uint64_t seed;
	unsigned leave_ms;               /* from the station's verdict until the device leaves */
	unsigned gap_ms;                 /* until the next one is there */
	unsigned patience_ms;            /* no device stays longer */
	bool adapter;                    /* the line stays when a device leaves, as a serial adapter's does */
	const char *state;               /* file of all stores, written as devices leave; NULL: none */
};
/* No faults, leave after 20 ms, gap of 50 ms, patience of two minutes; the modem's and host's defaults. */
extern const struct sim_bench_settings sim_bench_defaults;

struct sim_bench;
/* Makes the ptys; the settings are copied. ERR_CANNOT: "sim-imei" with the line, "sim-modems", "sim-script"
 * with the line, those of sim_pty_open, sim_modem_new, file_write. */
enum err sim_bench_new(struct sim_bench **out, const struct sim_bench_settings *settings,
    struct fault *fault);
void sim_bench_free(struct sim_bench **bench);
/* Until every device had its turn, or stop is readable (both ERR_OK). ERR_CANNOT. */
enum err sim_bench_run(struct sim_bench *bench, int stop, struct fault *fault);
/* Appends what happened as one JSON object on one line, with its LF. */
void sim_bench_report(const struct sim_bench *bench, struct buffer *out);

#endif
