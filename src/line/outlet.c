/* SPDX-License-Identifier: ISC */
#include "gapseal/station.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct outlet {
	int fd;
	size_t limit;
	struct buffer kept;
	size_t written;      /* of kept */
	uint64_t dropped;    /* lines */
	bool dead;           /* the reader is gone */
};

enum err outlet_new(struct outlet **out, int fd, size_t limit, struct fault *fault)
{
	struct outlet *outlet = calloc(1, sizeof *outlet);

	*out = outlet;
	if (outlet == NULL)
		return fault_memory(fault);
	*outlet = (struct outlet){.fd = fd, .limit = limit};
	return ERR_OK;
}

void outlet_free(struct outlet **outlet)
{
	if (*outlet != NULL)
		buffer_free(&(*outlet)->kept);
	free(*outlet);
	*outlet = NULL;
}

bool outlet_pending(const struct outlet *outlet)
{
	return outlet != NULL && !outlet->dead && outlet->written < outlet->kept.size;
}

/* POLLOUT promises PIPE_BUF bytes of a pipe; more could block, and O_NONBLOCK would be set for everybody who shares the descriptor. */
static bool write_some(struct outlet *outlet)
{
	struct pollfd poll_out = {.fd = outlet->fd, .events = POLLOUT};
	size_t left = outlet->kept.size - outlet->written;
	ssize_t size;

	if (poll(&poll_out, 1, 0) <= 0)
		return false;
	size = write(outlet->fd, outlet->kept.data + outlet->written, left < PIPE_BUF ? left : PIPE_BUF);
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

static void drop_line(struct outlet *outlet)
{
	const uint8_t *end = memchr(outlet->kept.data, '\n', outlet->kept.size);
	size_t size = end != NULL ? (size_t)(end - outlet->kept.data) + 1 : outlet->kept.size;

	memmove(outlet->kept.data, outlet->kept.data + size, outlet->kept.size - size);
	outlet->kept.size -= size;
	outlet->dropped++;
}

/* What was written is forgotten first; a half-written line stays whole, so only unstarted ones are dropped. */
static void make_room(struct outlet *outlet, size_t size)
{
	const size_t started = outlet->written > 0 ? 1 : 0;

	if (started == 0)
		while (outlet->kept.size > 0 && outlet->kept.size + size > outlet->limit)
			drop_line(outlet);
}

void outlet_put(struct outlet *outlet, struct bytes line)
{
	if (outlet->dead) {
		outlet->dropped++;
		return;
	}
	make_room(outlet, line.size + 1);
	if (outlet->kept.size + line.size + 1 > outlet->limit) {
		outlet->dropped++;
		return;
	}
	buffer_put(&outlet->kept, line);
	buffer_byte(&outlet->kept, '\n');
	outlet_drain(outlet);
}

uint64_t outlet_finish(struct outlet *outlet, unsigned ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	outlet_drain(outlet);
	while (outlet_pending(outlet)) {
		struct pollfd poll_out = {.fd = outlet->fd, .events = POLLOUT};

		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >= (long)ms)
			break;
		if (poll(&poll_out, 1, 50) > 0)
			outlet_drain(outlet);
	}
	for (size_t at = outlet->written; at < outlet->kept.size; at++)
		if (outlet->kept.data[at] == '\n')
			outlet->dropped++;
	return outlet->dropped;
}
