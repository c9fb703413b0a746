/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <stdbool.h>

#include "gapseal/pieces.h"
#include "testing.h"

#define COUNT 200
#define THREADS 5

/* What a run did, and where it is to fail. */
struct run {
	uint64_t count;
	uint64_t bad_make, bad_take; /* COUNT: none */
	pthread_mutex_t lock;
	unsigned inside;             /* makers at work */
	unsigned most;
	bool hold;                   /* the first two pieces wait for each other */
	pthread_cond_t met;
	uint64_t made, next;         /* the piece to be taken next */
};

struct maker {
	struct run *run;
	bool busy;
};

static void enter(struct run *run, struct maker *maker, uint64_t piece)
{
	pthread_mutex_lock(&run->lock);
	assert_false(maker->busy);
	maker->busy = true;
	run->inside++;
	run->most = run->inside > run->most ? run->inside : run->most;
	pthread_cond_broadcast(&run->met);
	while (run->hold && piece < 2 && run->most < 2)
		pthread_cond_wait(&run->met, &run->lock);
	pthread_mutex_unlock(&run->lock);
}

static enum err make(void *worker, void *room, uint64_t piece, struct fault *fault)
{
	struct maker *maker = worker;
	struct run *run = maker->run;

	enter(run, maker, piece);
	*(uint64_t *)room = piece * piece;
	pthread_mutex_lock(&run->lock);
	maker->busy = false;
	run->inside--;
	run->made++;
	pthread_mutex_unlock(&run->lock);
	if (piece == run->bad_make || piece == run->bad_make + 1)
		return fault_set(fault, ERR_NO, "make", NULL, "piece %d", (int)piece);
	return ERR_OK;
}

static enum err take(void *context, void *room, uint64_t piece, struct fault *fault)
{
	struct run *run = context;

	assert_int_equal(piece, run->next);
	assert_int_equal(*(uint64_t *)room, piece * piece);
	if (piece == run->bad_take)
		return fault_set(fault, ERR_CANNOT, "take", NULL, "piece %d", (int)piece);
	run->next++;
	return ERR_OK;
}

static enum err go(struct run *run, unsigned threads, struct fault *fault)
{
	uint64_t numbers[PIECES_ROOMS(THREADS)];
	struct maker makers[THREADS];
	void *workers[THREADS], *rooms[PIECES_ROOMS(THREADS)];
	const struct pieces pieces = {run->count, threads, make, take, run, workers, rooms};

	pthread_mutex_init(&run->lock, NULL);
	pthread_cond_init(&run->met, NULL);
	for (unsigned i = 0; i < threads; i++) {
		makers[i] = (struct maker){.run = run};
		workers[i] = &makers[i];
	}
	for (unsigned i = 0; i < PIECES_ROOMS(threads); i++)
		rooms[i] = &numbers[i];
	return pieces_run(&pieces, fault);
}

static struct run run_of(uint64_t count)
{
	return (struct run){.count = count, .bad_make = COUNT, .bad_take = COUNT};
}

static void test_order(void **state)
{
	struct fault fault;

	(void)state;
	for (unsigned threads = 1; threads <= THREADS; threads++) {
		struct run run = run_of(COUNT);

		assert_int_equal(go(&run, threads, &fault), ERR_OK);
		assert_int_equal(run.next, COUNT);
		assert_int_equal(run.made, COUNT);
		assert_true(run.most <= threads);
	}
}

static void test_few(void **state)
{
	struct fault fault;

	(void)state;
	for (uint64_t count = 0; count < 3; count++) {
		struct run run = run_of(count);

		assert_int_equal(go(&run, THREADS, &fault), ERR_OK);
		assert_int_equal(run.next, count);
	}
}

/* Hangs for ever unless two are made at a time. */
static void test_together(void **state)
{
	struct run run = run_of(COUNT);
	struct fault fault;

	(void)state;
	run.hold = true;
	assert_int_equal(go(&run, 2, &fault), ERR_OK);
	assert_int_equal(run.most, 2);
}

static void test_first_fault(void **state)
{
	struct fault fault;

	(void)state;
	for (int again = 0; again < 50; again++) {
		struct run run = run_of(COUNT);

		run.bad_make = 70;
		assert_int_equal(go(&run, THREADS, &fault), ERR_NO);
		assert_string_equal(fault.code, "make");
		assert_string_equal(fault.text, "piece 70");
		assert_int_equal(run.next, 70);
		run = run_of(COUNT);
		run.bad_take = 40;
		run.bad_make = 41;
		assert_int_equal(go(&run, THREADS, &fault), ERR_CANNOT);
		assert_string_equal(fault.text, "piece 40");
		assert_true(run.made <= 40 + 1 + PIECES_ROOMS(THREADS)); /* no more are begun */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_first_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
