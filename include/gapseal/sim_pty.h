/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_PTY_H
#define GAPSEAL_SIM_PTY_H

#include "gapseal/err.h"
#include "gapseal/sim_host.h"

/*
 * sim_pty: a stand-in modem on a pseudo terminal, under a name of its own.
 *
 * The other side is kept open here, so that a program that closes and opens it again sees no
 * hang-up and finds it raw. When the last program closes it, what it did not read is discarded and
 * TIOCEXCL is taken off, which a serial device would lose then and a terminal that somebody else
 * holds would not.
 */
struct sim_pty;
/* Makes a raw pty and the symbolic link to it, in place of an older link. ERR_CANNOT "system",
 * "sim-link" (the path is taken by something that is no link). */
enum err sim_pty_open(struct sim_pty **out, const char *link, struct fault *fault);
/* Closes, and removes the link if it is still the one made. */
void sim_pty_close(struct sim_pty **pty);

struct sim_pty_settings {
	unsigned baud;       /* paces both directions; 0: as fast as it goes */
	const char *state;   /* file of the stores, mode 0600, written before a change is answered; or NULL */
	int stop;            /* a descriptor that becomes readable when it is time to stop */
};
/* Runs host and modem on the pty until stop is readable or a script says exit (both ERR_OK). ERR_CANNOT. */
enum err sim_pty_run(struct sim_pty *pty, const struct sim_pty_settings *settings, struct sim_modem *modem,
    struct sim_host *host, struct fault *fault);

/* Microseconds of the monotonic clock, as sim_host wants them. */
uint64_t sim_pty_now(void);

#endif
