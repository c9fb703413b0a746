/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TERMINAL_H
#define GAPSEAL_TERMINAL_H

/* A child with a terminal of its own, for what asks on /dev/tty. */
#include "testing.h"

#include <pty.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define TERMINAL_WATCHDOG 120 /* seconds after which a child that hangs is killed */

struct terminal {
	int master;
	pid_t child;
	char shown[4096]; /* everything that came out of it */
	size_t size;
};

/* False in the child, which ends with _exit. */
static inline bool terminal_fork(struct terminal *terminal)
{
	*terminal = (struct terminal){.master = -1};
	terminal->child = forkpty(&terminal->master, NULL, NULL, NULL);
	assert_true(terminal->child >= 0);
	if (terminal->child == 0)
		alarm(TERMINAL_WATCHDOG);
	return terminal->child != 0;
}

/* False at the end of the child's output. */
static inline bool terminal_read(struct terminal *terminal)
{
	size_t room = sizeof terminal->shown - 1 - terminal->size;
	ssize_t got = read(terminal->master, terminal->shown + terminal->size, room);

	if (got <= 0) /* Linux says EIO when the last one closes the other side */
		return false;
	terminal->size += (size_t)got;
	assert_true(terminal->size < sizeof terminal->shown - 1);
	return true;
}

/* Reads until the child has shown text, counted from the place given; moves the place behind it. */
static inline bool terminal_expect(struct terminal *terminal, size_t *place, const char *text)
{
	char *found;

	while ((found = memmem(terminal->shown + *place, terminal->size - *place, text,
	    strlen(text))) == NULL)
		if (!terminal_read(terminal))
			return false;
	*place = (size_t)(found - terminal->shown) + strlen(text);
	return true;
}

static inline void terminal_type(struct terminal *terminal, const char *text)
{
	assert_int_equal(write(terminal->master, text, strlen(text)), strlen(text));
}

/* The child's exit code, after its last output; 128 and more for a signal. */
static inline int terminal_wait(struct terminal *terminal)
{
	int status;

	while (terminal_read(terminal))
		continue;
	assert_int_equal(waitpid(terminal->child, &status, 0), terminal->child);
	close(terminal->master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
