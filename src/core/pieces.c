/* SPDX-License-Identifier: ISC */
#include "gapseal/pieces.h"

#include <pthread.h>
#include <stdbool.h>

/* All that the threads share; everything below lock only with it held. */
struct crew {
	const struct pieces *pieces;
	unsigned room_count;
	pthread_mutex_t lock;
	pthread_cond_t moved;        /* a piece was taken, or one failed */
	uint64_t begun, taken;       /* pieces */
	bool taking;
	bool made[PIECES_ROOMS(PIECES_THREADS_MAX)]; /* the piece in that room */
	uint64_t failed;             /* the first piece that did; pieces->count: none */
	enum err err;
	struct fault fault;
};

struct hand {
	struct crew *crew;
	void *worker;
	pthread_t thread;
};

static void fail(struct crew *crew, uint64_t piece, enum err err, const struct fault *fault)
{
	if (piece >= crew->failed)
		return;
	crew->failed = piece;
	crew->err = err;
	crew->fault = *fault;
	pthread_cond_broadcast(&crew->moved);
}

/* Waits for a free room; false if there is nothing left to begin. */
static bool begin_piece(struct crew *crew, uint64_t *piece)
{
	const uint64_t count = crew->pieces->count;

	while (crew->failed == count && crew->begun < count && crew->begun - crew->taken == crew->room_count)
		pthread_cond_wait(&crew->moved, &crew->lock);
	if (crew->failed < count || crew->begun == count)
		return false;
	*piece = crew->begun++;
	return true;
}

static bool next_is_made(const struct crew *crew)
{
	return crew->taken < crew->failed && crew->made[crew->taken % crew->room_count];
}

/* Takes what is ready, unless another thread is at it: that one will see ours. */
static void take_ready(struct crew *crew)
{
	const struct pieces *pieces = crew->pieces;
	struct fault fault;
	enum err err = ERR_OK;

	while (!crew->taking && next_is_made(crew)) {
		uint64_t piece = crew->taken;

		crew->taking = true;
		pthread_mutex_unlock(&crew->lock);
		if (pieces->take != NULL)
			err = pieces->take(pieces->context, pieces->rooms[piece % crew->room_count], piece,
			    &fault);
		pthread_mutex_lock(&crew->lock);
		crew->taking = false;
		if (err != ERR_OK) {
			fail(crew, piece, err, &fault);
			return;
		}
		crew->made[piece % crew->room_count] = false;
		crew->taken++;
		pthread_cond_broadcast(&crew->moved);
	}
}

static void *work(void *context)
{
	struct hand *hand = context;
	struct crew *crew = hand->crew;
	struct fault fault;
	uint64_t piece;

	pthread_mutex_lock(&crew->lock);
	while (begin_piece(crew, &piece)) {
		size_t room = piece % crew->room_count;
		enum err err;

		pthread_mutex_unlock(&crew->lock);
		err = crew->pieces->make(hand->worker, crew->pieces->rooms[room], piece, &fault);
		pthread_mutex_lock(&crew->lock);
		crew->made[room] = err == ERR_OK;
		if (err != ERR_OK)
			fail(crew, piece, err, &fault);
		take_ready(crew);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

enum err pieces_run(const struct pieces *pieces, struct fault *fault)
{
	struct crew crew = {
		.pieces = pieces,
		.room_count = PIECES_ROOMS(pieces->threads),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER,
		.failed = pieces->count,
	};
	struct hand hands[PIECES_THREADS_MAX];
	unsigned started = 1;

	for (unsigned i = 0; i < pieces->threads; i++)
		hands[i] = (struct hand){.crew = &crew, .worker = pieces->workers[i]};
	while (started < pieces->threads && started < pieces->count &&
	    pthread_create(&hands[started].thread, NULL, work, &hands[started]) == 0)
		started++;
	work(&hands[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(hands[i].thread, NULL);
	if (crew.err != ERR_OK)
		*fault = crew.fault;
	return crew.err;
}
