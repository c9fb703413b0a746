/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PIECES_H
#define GAPSEAL_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "gapseal/err.h"

/*
 * pieces: long work cut into pieces, which several threads make in any order and which are taken one at a
 * time in theirs, so that what comes out does not depend on the number of threads. There is no thread for
 * the taking: whoever has made the piece that is next takes it, and all that wait behind it.
 */
struct pieces {
	uint64_t count;
	unsigned threads;            /* workers, the caller's own thread among them; 1..PIECES_THREADS_MAX */
	/* Makes a piece in a room. Several run at a time, each with its own worker and room. */
	enum err (*make)(void *worker, void *room, uint64_t piece, struct fault *fault);
	/* Takes it: pieces 0, 1, 2, ..., never two at a time, by whichever thread. May be NULL. */
	enum err (*take)(void *context, void *room, uint64_t piece, struct fault *fault);
	void *context;
	void *const *workers;        /* threads of them */
	void *const *rooms;          /* PIECES_ROOMS(threads) of them; what is in them may be NULL */
};
#define PIECES_THREADS_MAX 64
/* A room more for each thread lets it go on while a piece before its own is still being made. */
#define PIECES_ROOMS(threads) (2 * (threads))

/* Makes and takes them all. If a piece fails, no more are begun, those before it are still made, and the
 * fault is that of the first in order: the same on every run. Threads the system will not give are done
 * without. */
enum err pieces_run(const struct pieces *pieces, struct fault *fault);

#endif
