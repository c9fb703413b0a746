/* SPDX-License-Identifier: ISC */
#ifndef SIM_BENCH_PRIVATE_H
#define SIM_BENCH_PRIVATE_H

#include "gapseal/sim_bench.h"
#include "pty.h"

/* The insides of a bench: bench.c is the loop over all ports, bench_seat.c one port, bench_fault.c who has
 * which fault. */

struct bench_count {
	uint64_t devices;       /* that came for the first time */
	uint64_t presentations;
	uint64_t commands;
	uint64_t faults;        /* presentations with one */
	uint64_t served;        /* presentations the station closed the line of, */
	uint64_t served_us;     /* from their first command until then, in microseconds, */
	uint64_t bytes;         /* and what the wire carried for them, both ways */
};

struct bench_seat {
	struct sim_pty *pty;
	struct pty_runner runner; /* modem NULL: nobody is there */
	struct sim_script *script;
	char imei[SIM_IMEI_SIZE];
	struct buffer kept;       /* what the device held that comes back; empty: the next one is new */
	uint64_t change;          /* when the device appears or, while one is there, must be gone */
	unsigned closed;          /* how often the line was closed before this device */
	uint64_t begun;           /* when its first command had come; 0: not yet */
	bool faulty, judged;
	bool over;                /* no device is left */
	struct bench_count count;
};

struct bench_faults {
	struct bytes *lines;      /* views into the script */
	size_t count;
};

struct sim_bench {
	struct sim_bench_settings settings;
	struct sim_pty_settings pty_settings;
	struct bench_faults faults;
	struct bench_seat *seats;
	struct pollfd *files;
	struct cursor imeis;      /* of those still to come */
	uint64_t next;            /* the place of the next one in the list */
	int state;                /* -1: none is kept */
	uint64_t started, ended;
};

/* bench_fault.c: every line is read once, so that a mistake is found before the shift begins. */
enum err bench_faults_read(struct bench_faults *faults, const struct sim_bench_settings *settings,
    struct fault *fault);
void bench_faults_free(struct bench_faults *faults);
/* The script of the device at that place of the list; *faulty: it is not empty. */
enum err bench_faults_choose(struct sim_script **out, bool *faulty, const struct bench_faults *faults,
    const struct sim_bench_settings *settings, uint64_t place, struct fault *fault);
/* A number that depends on the seed and the place only. */
uint64_t bench_draw(uint64_t seed, uint64_t place, uint64_t what);

/* bench.c */
bool bench_next_imei(struct sim_bench *bench, char out[static SIM_IMEI_SIZE], uint64_t *place);
enum err bench_store(struct sim_bench *bench, struct bytes text, struct fault *fault);

/* bench_seat.c */
enum err bench_seat_open(struct bench_seat *seat, const struct sim_bench *bench, unsigned number,
    struct fault *fault);
void bench_seat_close(struct bench_seat *seat);
/* Whatever is due: bytes, a device that leaves, one that appears. */
enum err bench_seat_turn(struct bench_seat *seat, struct sim_bench *bench, struct fault *fault);
/* When bench_seat_turn wants to be called, and what to wait for besides. */
uint64_t bench_seat_wait(const struct bench_seat *seat, struct pollfd files[static PTY_FILES]);
/* The shift is over: whoever is there leaves. */
enum err bench_seat_end(struct bench_seat *seat, struct sim_bench *bench, struct fault *fault);

#endif
