/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "gapseal.h"

#define SAY_EVERY_MS 200

static uint64_t now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_begin(struct progress *out, const char *what)
{
	*out = (struct progress){.on = isatty(STDERR_FILENO) == 1, .begun = now_ms(), .what = what};
	out->said = out->begun;
}

static void say(const struct progress *progress, uint64_t now, uint64_t done, uint64_t total)
{
	uint64_t spent = now - progress->begun + 1;
	uint64_t rate = done * 1000 / spent, left = rate > 0 ? (total - done + rate - 1) / rate : 0;

	fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " a second, ", done, total,
	    progress->what, rate);
	if (done < total)
		fprintf(stderr, "%" PRIu64 " s left \033[K", left);
	else
		fprintf(stderr, "%" PRIu64 ".%" PRIu64 " s\033[K\n", spent / 1000, spent % 1000 / 100);
}

bool progress_show(void *context, uint64_t done, uint64_t total)
{
	struct progress *progress = context;
	bool stopped = command_stopped();
	uint64_t now = now_ms();

	if (progress->on && (done == total || now - progress->said >= SAY_EVERY_MS)) {
		progress->said = now;
		say(progress, now, done, total);
	}
	if (progress->on && stopped && done < total)
		fputc('\n', stderr);
	return !stopped;
}
