/* SPDX-License-Identifier: ISC */
#include "gapseal/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of one pipe at once: a program that never stops talking is not listened to for ever. */
#define READ_MAX 65536

/* A pipe from the program, and the line it is in the middle of. */
struct stream {
	int fd;                /* -1: at its end */
	bool error;
	size_t size;           /* of line; what is beyond OUTSIDE_LINE_MAX is not kept */
	char line[OUTSIDE_LINE_MAX + 1];
};

struct outside {
	pid_t pid;
	int pidfd;
	struct stream streams[2];
	struct outside_order order;
	bool told;             /* to end, by SIGTERM */
	uint64_t kill;         /* when SIGKILL follows */
	enum outside_end end;
};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void say(struct outside *outside, struct stream *stream)
{
	stream->line[stream->size] = '\0';
	if (outside->order.line != NULL)
		outside->order.line(outside->order.context, stream->error, stream->line);
	stream->size = 0;
}

static void take(struct outside *outside, struct stream *stream, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		if (bytes.data[i] == '\n')
			say(outside, stream);
		else if (stream->size < OUTSIDE_LINE_MAX)
			stream->line[stream->size++] = (char)bytes.data[i];
	}
}

static void read_stream(struct outside *outside, struct stream *stream)
{
	uint8_t bytes[4096];
	size_t total = 0;

	while (stream->fd >= 0 && total < READ_MAX) {
		ssize_t size = read(stream->fd, bytes, sizeof bytes);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return;
		if (size <= 0) {
			shut(&stream->fd);
			return;
		}
		take(outside, stream, bytes_from(bytes, (size_t)size));
		total += (size_t)size;
	}
}

/* While its leader is not reaped the number of the group is nobody else's. */
static void kill_group(const struct outside *outside, int number)
{
	if (kill(-outside->pid, number) != 0 && errno == ESRCH)
		kill(outside->pid, number);
}

static enum outside_end end_of(const siginfo_t *info)
{
	if (info->si_code != CLD_EXITED)
		return OUTSIDE_DIED;
	return info->si_status == 0 ? OUTSIDE_WELL : OUTSIDE_NO;
}

/* How it ended; false while it runs. What it left behind in its group goes first, then the leader is
 * reaped. */
static bool reap(struct outside *outside, int wait)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)outside->pidfd, &info, WEXITED | WNOWAIT | wait) != 0 || info.si_pid == 0)
		return false;
	kill_group(outside, SIGKILL);
	if (waitid(P_PIDFD, (id_t)outside->pidfd, &info, WEXITED) != 0)
		return false;
	outside->end = outside->told ? OUTSIDE_LATE : end_of(&info);
	return true;
}

static void finish(struct outside *outside)
{
	for (int i = 0; i < 2; i++) {
		struct stream *stream = &outside->streams[i];

		read_stream(outside, stream);
		if (stream->size > 0)
			say(outside, stream);
		shut(&stream->fd);
	}
}

void outside_serve(struct outside *outside, uint64_t now)
{
	if (outside->end != OUTSIDE_RUNNING)
		return;
	for (int i = 0; i < 2; i++)
		read_stream(outside, &outside->streams[i]);
	if (reap(outside, WNOHANG)) {
		finish(outside);
		return;
	}
	if (outside->told && now >= outside->kill) {
		kill_group(outside, SIGKILL);
		outside->kill = UINT64_MAX;
	} else if (!outside->told && now >= outside->order.deadline) {
		kill_group(outside, SIGTERM);
		outside->told = true;
		outside->kill = now + OUTSIDE_GRACE;
	}
}

uint64_t outside_due(const struct outside *outside)
{
	if (outside->end != OUTSIDE_RUNNING)
		return UINT64_MAX;
	return outside->told ? outside->kill : outside->order.deadline;
}

enum outside_end outside_end(const struct outside *outside)
{
	return outside->end;
}

size_t outside_watch(const struct outside *outside, struct pollfd out[static OUTSIDE_WATCHED])
{
	size_t count = 0;

	if (outside->end != OUTSIDE_RUNNING)
		return 0;
	out[count++] = (struct pollfd){.fd = outside->pidfd, .events = POLLIN};
	for (int i = 0; i < 2; i++)
		if (outside->streams[i].fd >= 0)
			out[count++] = (struct pollfd){.fd = outside->streams[i].fd, .events = POLLIN};
	return count;
}

void outside_free(struct outside **outside)
{
	struct outside *freed = *outside;

	*outside = NULL;
	if (freed == NULL)
		return;
	if (freed->end == OUTSIDE_RUNNING && freed->pidfd >= 0) {
		kill_group(freed, SIGKILL);
		reap(freed, 0);
	}
	shut(&freed->pidfd);
	shut(&freed->streams[0].fd);
	shut(&freed->streams[1].fd);
	free(freed);
}

/* Our end does not wait; the program's end is as programs expect it. */
static bool open_stream(struct stream *stream, int *other)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	stream->fd = ends[0];
	*other = ends[1];
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

/* A signal we block or ignore must not reach the program so. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes,
		    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return error;
}

static int set_files(posix_spawn_file_actions_t *actions, int out, int error_out)
{
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, error_out, STDERR_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	return error;
}

/* posix_spawn takes lists of char * that it does not change. */
static char *const *as_list(const char *const *list)
{
	union {
		const char *const *in;
		char *const *out;
	} both = {.in = list};

	return both.out;
}

/* Returns an errno. */
static int spawn(struct outside *outside, int out, int error_out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	error = set_files(&actions, out, error_out);
	if (error == 0)
		error = set_attributes(&attributes);
	if (error == 0)
		error = posix_spawn(&outside->pid, outside->order.arguments[0], &actions, &attributes,
		    as_list(outside->order.arguments), as_list(outside->order.environment));
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* A program that cannot be watched is not left running. */
static int start(struct outside *outside)
{
	int others[2] = {-1, -1}, error;

	if (!open_stream(&outside->streams[0], &others[0]) || !open_stream(&outside->streams[1], &others[1]))
		error = errno;
	else
		error = spawn(outside, others[0], others[1]);
	shut(&others[0]);
	shut(&others[1]);
	if (error != 0)
		return error;
	outside->pidfd = pidfd_open(outside->pid, 0);
	if (outside->pidfd >= 0)
		return 0;
	error = errno;
	kill_group(outside, SIGKILL);
	waitpid(outside->pid, NULL, 0);
	return error;
}

enum err outside_start(struct outside **out, const struct outside_order *order, struct fault *fault)
{
	struct outside *outside = calloc(1, sizeof *outside);
	int error;

	*out = NULL;
	if (outside == NULL)
		return fault_memory(fault);
	*outside = (struct outside){.pidfd = -1, .order = *order,
	    .streams = {{.fd = -1}, {.fd = -1, .error = true}}};
	error = start(outside);
	if (error == 0) {
		outside->order.arguments = outside->order.environment = NULL;
		*out = outside;
		return ERR_OK;
	}
	outside_free(&outside);
	errno = error;
	return fault_errno(fault, "outside", order->arguments[0], "starting the program");
}
