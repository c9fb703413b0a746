/* SPDX-License-Identifier: ISC */
#ifndef SIM_PTY_PRIVATE_H
#define SIM_PTY_PRIVATE_H

#include <stdbool.h>

#include "gapseal/sim_pty.h"

/* The insides of a pty, shared by pty.c (the terminal) and pty_run.c (the loop). */
struct sim_pty {
	char *link;
	int master;    /* -1 while hung up */
	int slave;     /* kept open */
	int watch;     /* inotify on the slave: who opens and closes it */
	unsigned users;
	char name[64]; /* of the slave */
};

enum err pty_up(struct sim_pty *pty, struct fault *fault);
/* Hangs up: the kernel throws away what the other side has not read. */
void pty_down(struct sim_pty *pty);
/* Whether there is nobody who could read more. What was just written may not count yet: ask twice. */
bool pty_is_read(const struct sim_pty *pty);
/* Reads the watch. */
enum err pty_watch(struct sim_pty *pty, struct fault *fault);

#endif
