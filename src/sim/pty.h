/* SPDX-License-Identifier: ISC */
#ifndef SIM_PTY_PRIVATE_H
#define SIM_PTY_PRIVATE_H

#include <poll.h>
#include <stdbool.h>

#include "gapseal/sim_pty.h"
#include "gapseal/sim_wire.h"

/* The insides of a pty, shared by pty.c (the terminal), pty_run.c (one modem on it) and bench (many). */
struct sim_pty {
	char *link;
	int master;    /* -1 while hung up */
	int slave;     /* kept open */
	int watch;     /* inotify on the slave: who opens and closes it */
	unsigned users;
	unsigned closed; /* how often a user left since it came up */
	char name[64]; /* of the slave */
};

enum err pty_up(struct sim_pty *pty, struct fault *fault);
/* Hangs up: the kernel throws away what the other side has not read. */
void pty_down(struct sim_pty *pty);
/* Whether there is nobody who could read more. What was just written may not count yet: ask twice. */
bool pty_is_read(const struct sim_pty *pty);
/* Reads the watch. */
enum err pty_watch(struct sim_pty *pty, struct fault *fault);

/* A host at work on a pty. Start from a struct with the first five set, end with pty_runner_free. */
struct pty_runner {
	struct sim_pty *pty;
	const struct sim_pty_settings *settings;
	struct sim_modem *modem;
	struct sim_host *host;
	struct fault *fault;
	struct sim_wire in, out;
	uint64_t saved;      /* sim_modem_changes of the state file */
	uint64_t now;
	uint64_t leave_by;   /* when a hang-up in hand waits no longer; UINT64_MAX: that is open */
	bool read_once;      /* it looked as if the other side had read everything */
	uint64_t carried;    /* bytes, both ways */
};
void pty_runner_start(struct pty_runner *runner);
void pty_runner_free(struct pty_runner *runner);
/* Whatever can be done now. */
enum err pty_runner_turn(struct pty_runner *runner);
/* What to wait for: two descriptors (-1: none), and when something happens by itself (UINT64_MAX: not). */
#define PTY_FILES 2
uint64_t pty_runner_wait(const struct pty_runner *runner, struct pollfd files[static PTY_FILES]);
/* Waits until that time, UINT64_MAX for ever, or until one of the files is ready. */
enum err pty_wait(struct pollfd *files, size_t count, uint64_t until, struct fault *fault);

#endif
