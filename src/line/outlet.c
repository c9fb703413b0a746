/* SPDX-License-Identifier: ISC */
#include "gapseal/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct outlet {
	int fd;
	bool own;            /* fd was opened here and is non-blocking */
	bool socket;
	size_t limit;
	struct buffer kept;
	size_t written;      /* of kept */
	uint64_t dropped;    /* lines */
	bool dead;           /* the reader is gone */
};

/* A terminal that was stopped takes nothing although poll may say otherwise, and a pipe takes PIPE_BUF at
 * most without waiting. Both can be opened once more by what /proc shows; a regular file must not be (it
 * would be written from its start), and never waits. */
static void open_anew(struct outlet *outlet)
{
	char path[32];
	struct stat status;
	int fd;

	if (fstat(outlet->fd, &status) != 0)
		return;
	outlet->socket = S_ISSOCK(status.st_mode);
	if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", outlet->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	outlet->fd = fd;
	outlet->own = true;
}

enum err outlet_new(struct outlet **out, int fd, size_t limit, struct fault *fault)
{
	struct outlet *outlet = calloc(1, sizeof *outlet);

	*out = outlet;
	if (outlet == NULL)
		return fault_memory(fault);
	*outlet = (struct outlet){.fd = fd, .limit = limit};
	open_anew(outlet);
	return ERR_OK;
}

void outlet_free(struct outlet **outlet)
{
	struct outlet *freed = *outlet;

	*outlet = NULL;
	if (freed == NULL)
		return;
	if (freed->own)
		close(freed->fd);
	buffer_free(&freed->kept);
	free(freed);
}

int outlet_fd(const struct outlet *outlet)
{
	return outlet->fd;
}

bool outlet_pending(const struct outlet *outlet)
{
	return !outlet->dead && outlet->written < outlet->kept.size;
}

/* Where the descriptor could not be opened anew, PIPE_BUF bytes after POLLOUT are what a pipe takes without
 * waiting. */
static ssize_t write_now(const struct outlet *outlet, struct bytes bytes)
{
	struct pollfd poll_out = {.fd = outlet->fd, .events = POLLOUT};

	if (outlet->own)
		return write(outlet->fd, bytes.data, bytes.size);
	if (outlet->socket)
		return send(outlet->fd, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&poll_out, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(outlet->fd, bytes.data, bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF);
}

static bool write_some(struct outlet *outlet)
{
	const size_t left = outlet->kept.size - outlet->written;
	ssize_t size = write_now(outlet, bytes_from(outlet->kept.data + outlet->written, left));

	if (size < 0 && errno != EINTR && errno != EAGAIN)
		outlet->dead = true;
	if (size <= 0)
		return false;
	outlet->written += (size_t)size;
	return true;
}

void outlet_drain(struct outlet *outlet)
{
	while (outlet_pending(outlet) && write_some(outlet))
		;
	if (outlet->written == outlet->kept.size) {
		buffer_clear(&outlet->kept);
		outlet->written = 0;
	}
}

/* Forgets what went out, up to the line that is half out: that one must stay whole. */
static void forget_written(struct outlet *outlet)
{
	size_t size = outlet->written;

	while (size > 0 && outlet->kept.data[size - 1] != '\n')
		size--;
	memmove(outlet->kept.data, outlet->kept.data + size, outlet->kept.size - size);
	outlet->kept.size -= size;
	outlet->written -= size;
}

/* Drops the oldest line nothing of which went out. */
static bool drop_line(struct outlet *outlet)
{
	uint8_t *start = outlet->kept.data, *end;

	if (outlet->kept.size == 0)
		return false;
	if (outlet->written > 0) {
		start = memchr(start, '\n', outlet->kept.size);
		start = start == NULL ? outlet->kept.data + outlet->kept.size : start + 1;
	}
	end = memchr(start, '\n', outlet->kept.size - (size_t)(start - outlet->kept.data));
	if (end == NULL)
		return false;
	end++;
	memmove(start, end, outlet->kept.size - (size_t)(end - outlet->kept.data));
	outlet->kept.size -= (size_t)(end - start);
	outlet->dropped++;
	return true;
}

void outlet_put(struct outlet *outlet, struct bytes line)
{
	uint8_t *space;

	if (outlet->dead || line.size >= outlet->limit) {
		outlet->dropped++;
		return;
	}
	if (outlet->kept.size + line.size + 1 > outlet->limit)
		forget_written(outlet);
	while (outlet->kept.size + line.size + 1 > outlet->limit && drop_line(outlet))
		;
	if (outlet->kept.size + line.size + 1 > outlet->limit) {
		outlet->dropped++;
		return;
	}
	space = buffer_space(&outlet->kept, line.size + 1);
	if (space == NULL) {
		outlet->kept.failed = false;
		outlet->dropped++;
		return;
	}
	if (line.size > 0)
		memcpy(space, line.data, line.size);
	space[line.size] = '\n';
	outlet_drain(outlet);
}

bool outlet_offer(struct outlet *outlet, struct bytes picture)
{
	outlet_drain(outlet);
	if (outlet->dead || outlet_pending(outlet) || picture.size > outlet->limit)
		return false;
	buffer_put(&outlet->kept, picture);
	outlet_drain(outlet);
	return true;
}

static uint64_t elapsed(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000);
}

uint64_t outlet_finish(struct outlet *outlet, unsigned ms)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	outlet_drain(outlet);
	while (outlet_pending(outlet) && elapsed(&start) < ms) {
		struct pollfd poll_out = {.fd = outlet->fd, .events = POLLOUT};

		if (poll(&poll_out, 1, 50) > 0)
			outlet_drain(outlet);
	}
	for (size_t at = outlet->written; at < outlet->kept.size; at++)
		if (outlet->kept.data[at] == '\n')
			outlet->dropped++;
	return outlet->dropped;
}
