/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OUTSIDE_H
#define GAPSEAL_OUTSIDE_H

#include <poll.h>

#include "gapseal/bytes.h"

/*
 * outside: a program of the station's owner, run beside the dialogue: the steps before and after a device,
 * and a scanner.
 *
 * It is started without a shell, with nothing open but /dev/null as standard input and two pipes to here,
 * with no environment but the one given, and as the leader of a process group of its own. When it ends, or
 * its time is over, what is left of that group is killed. It is watched by pidfd and pipes in the caller's
 * poll: no signal handler, no thread.
 */
#define OUTSIDE_LINE_MAX 256    /* a longer line is cut */
#define OUTSIDE_GRACE 2000      /* milliseconds from SIGTERM to SIGKILL */

struct outside_order {
	const char *const *arguments;    /* NULL-ended; the first is the program, an absolute path */
	const char *const *environment;  /* NULL-ended, "NAME=value" */
	uint64_t deadline;               /* a monotonic instant in milliseconds; UINT64_MAX: none */
	/* Each line it says, without LF, as it came (foreign bytes), a NUL behind it; error: on standard
	 * error. */
	void (*line)(void *context, bool error, const char *line);
	void *context;
};
enum outside_end {
	OUTSIDE_RUNNING,
	OUTSIDE_WELL,   /* exit code 0 */
	OUTSIDE_NO,     /* another */
	OUTSIDE_DIED,   /* by a signal */
	OUTSIDE_LATE    /* its time was over */
};

struct outside;
/* The order is copied, what it points to is not needed afterwards but for context. ERR_CANNOT "outside" (it
 * cannot be started: the place is the program), "memory". */
enum err outside_start(struct outside **out, const struct outside_order *order, struct fault *fault);
/* Kills what still runs and waits for its end; NULL is fine. */
void outside_free(struct outside **outside);

#define OUTSIDE_WATCHED 3
/* What to poll for; returns the count. */
size_t outside_watch(const struct outside *outside, struct pollfd out[static OUTSIDE_WATCHED]);
/* After any of them was ready, or the time outside_due says has come. */
void outside_serve(struct outside *outside, uint64_t now);
uint64_t outside_due(const struct outside *outside);
enum outside_end outside_end(const struct outside *outside);

#endif
