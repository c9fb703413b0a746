/* SPDX-License-Identifier: ISC */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Nothing was buffered in these descriptors that closing could fail to write. */
static void shut(int *file)
{
	if (*file >= 0)
		close(*file);
	*file = -1;
}

static bool make_raw(int slave)
{
	struct termios termios;

	if (tcgetattr(slave, &termios) != 0)
		return false;
	cfmakeraw(&termios);
	return tcsetattr(slave, TCSANOW, &termios) == 0;
}

/* The watch comes last: our own opening of the slave is not a user's. */
static enum err make_pty(struct sim_pty *pty, struct fault *fault)
{
	pty->users = 0;
	pty->closed = 0;
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0 || grantpt(pty->master) != 0 || unlockpt(pty->master) != 0 ||
	    ptsname_r(pty->master, pty->name, sizeof pty->name) != 0)
		return fault_system(fault, pty->link, "open a pseudo terminal");
	pty->slave = open(pty->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty->slave < 0 || !make_raw(pty->slave))
		return fault_system(fault, pty->name, "open the other side of a pseudo terminal");
	pty->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (pty->watch < 0 || inotify_add_watch(pty->watch, pty->name, IN_OPEN | IN_CLOSE) < 0)
		return fault_system(fault, pty->name, "watch a pseudo terminal");
	return ERR_OK;
}

/* A link under a name of this process, then renamed over the old one: there is no moment without a link. */
static enum err make_link(const struct sim_pty *pty, struct fault *fault)
{
	char draft[PATH_MAX];
	struct stat status;
	int size = snprintf(draft, sizeof draft, "%s.%ld", pty->link, (long)getpid());

	if (size < 0 || (size_t)size >= sizeof draft)
		return fault_set(fault, ERR_CANNOT, "sim-link", pty->link, "the path is too long");
	if (lstat(pty->link, &status) == 0 && !S_ISLNK(status.st_mode))
		return fault_set(fault, ERR_CANNOT, "sim-link", pty->link,
		    "the path is taken by something that is no link");
	if ((unlink(draft) != 0 && errno != ENOENT) || symlink(pty->name, draft) != 0)
		return fault_system(fault, pty->link, "make the link");
	if (rename(draft, pty->link) != 0) {
		enum err err = fault_system(fault, pty->link, "make the link");

		unlink(draft);
		return err;
	}
	return ERR_OK;
}

/* A link that cannot be removed stays: it leads nowhere, and the next one replaces it. */
static void remove_link(const struct sim_pty *pty)
{
	char target[sizeof pty->name];
	ssize_t size = readlink(pty->link, target, sizeof target);

	if (size > 0 && (size_t)size == strlen(pty->name) && memcmp(target, pty->name, (size_t)size) == 0)
		unlink(pty->link);
}

enum err pty_up(struct sim_pty *pty, struct fault *fault)
{
	enum err err = make_pty(pty, fault);

	return err == ERR_OK ? make_link(pty, fault) : err;
}

bool pty_is_read(const struct sim_pty *pty)
{
	int left = 0;

	return pty->users == 0 || ioctl(pty->slave, FIONREAD, &left) != 0 || left == 0;
}

void pty_down(struct sim_pty *pty)
{
	remove_link(pty);
	shut(&pty->watch);
	shut(&pty->slave);
	shut(&pty->master);
	pty->name[0] = '\0'; /* the number may be another's the next moment */
}

/* Nobody has the terminal any more: it becomes as it was. */
static enum err make_ready(const struct sim_pty *pty, struct fault *fault)
{
	if (ioctl(pty->slave, TIOCNXCL) != 0 || tcflush(pty->slave, TCIFLUSH) != 0 || !make_raw(pty->slave))
		return fault_system(fault, pty->name, "make the terminal ready for its next user");
	return ERR_OK;
}

enum err pty_watch(struct sim_pty *pty, struct fault *fault)
{
	_Alignas(struct inotify_event) char events[4096];
	ssize_t size = read(pty->watch, events, sizeof events);
	bool closed = false;

	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? ERR_OK : fault_system(fault, pty->name, "watch");
	for (const char *at = events; at < events + size;) {
		const struct inotify_event *event = (const void *)at;

		if (event->mask & IN_OPEN) {
			pty->users++;
		} else if ((event->mask & IN_CLOSE) && pty->users > 0) {
			pty->users--;
			pty->closed++;
			closed = true;
		}
		at += sizeof *event + event->len;
	}
	return closed && pty->users == 0 ? make_ready(pty, fault) : ERR_OK;
}

enum err sim_pty_open(struct sim_pty **out, const char *link, struct fault *fault)
{
	struct sim_pty *pty;
	enum err err;

	*out = NULL;
	pty = calloc(1, sizeof *pty);
	if (pty == NULL)
		return fault_memory(fault);
	*pty = (struct sim_pty){.master = -1, .slave = -1, .watch = -1};
	pty->link = strdup(link);
	err = pty->link != NULL ? pty_up(pty, fault) : fault_memory(fault);
	if (err != ERR_OK)
		sim_pty_close(&pty);
	*out = pty;
	return err;
}

void sim_pty_close(struct sim_pty **pty)
{
	if (*pty == NULL)
		return;
	pty_down(*pty);
	free((*pty)->link);
	free(*pty);
	*pty = NULL;
}
