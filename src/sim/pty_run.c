/* SPDX-License-Identifier: ISC */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "gapseal/file.h"

#define READ_SIZE 4096
#define READ_AHEAD 256 /* no more is read while the wire has so many bytes to carry */
#define NANOSECONDS 1000u
#define LEAVE_WAIT 1000000u /* how long the other side may take to read before a hang-up */
#define LEAVE_LOOK 1000u    /* how often that is looked at */

uint64_t sim_pty_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_nsec / NANOSECONDS;
}

/* A store that changed is on disk before anybody is told so. */
static enum err save(struct pty_runner *runner)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	if (runner->settings->state == NULL || sim_modem_changes(runner->modem) == runner->saved)
		return ERR_OK;
	runner->saved = sim_modem_changes(runner->modem);
	sim_modem_save(runner->modem, &text);
	err = buffer_check(&text, runner->fault);
	if (err == ERR_OK)
		err = file_replace(AT_FDCWD, runner->settings->state, buffer_bytes(&text), 0600,
		    runner->fault);
	buffer_free(&text);
	return err;
}

static enum err read_terminal(struct pty_runner *runner)
{
	uint8_t bytes[READ_SIZE];
	ssize_t size = read(runner->pty->master, bytes, sizeof bytes);

	if (size < 0 && errno != EAGAIN && errno != EINTR)
		return fault_system(runner->fault, runner->pty->name, "read");
	if (size > 0) {
		sim_wire_put(&runner->in, bytes_from(bytes, (size_t)size), runner->now);
		runner->carried += (uint64_t)size;
	}
	return buffer_check(&runner->in.queue, runner->fault);
}

static enum err write_terminal(struct pty_runner *runner)
{
	struct bytes bytes = sim_wire_arrived(&runner->out, runner->now);
	ssize_t size;

	if (bytes.size == 0)
		return ERR_OK;
	size = write(runner->pty->master, bytes.data, bytes.size);
	if (size < 0 && errno != EAGAIN && errno != EINTR)
		return fault_system(runner->fault, runner->pty->name, "write");
	if (size > 0) {
		sim_wire_taken(&runner->out, (size_t)size);
		runner->carried += (uint64_t)size;
	}
	return ERR_OK;
}

/* The host's share of a turn: what arrived, what is due, what it says. */
static enum err turn_host(struct pty_runner *runner)
{
	struct bytes bytes = sim_wire_arrived(&runner->in, runner->now);
	enum err err = sim_host_feed(runner->host, bytes, runner->now, runner->fault);

	sim_wire_taken(&runner->in, bytes.size);
	if (err == ERR_OK)
		err = save(runner);
	if (err != ERR_OK)
		return err;
	bytes = sim_host_output(runner->host);
	sim_wire_put(&runner->out, bytes, runner->now);
	sim_host_sent(runner->host, bytes.size);
	return buffer_check(&runner->out.queue, runner->fault);
}

/* The host hung up, and what it put out before is still on its way. Its time stands still until that
 * has arrived. */
static bool is_leaving(const struct pty_runner *runner)
{
	return sim_host_line(runner->host) != SIM_LINE_UP && runner->pty->master >= 0;
}

/* Hangs up as soon as everything was sent and read, or a while after the wire has carried it. */
static void leave(struct pty_runner *runner)
{
	size_t left = runner->out.queue.size;
	bool read = left == 0 && pty_is_read(runner->pty);

	if (runner->leave_by == UINT64_MAX && sim_wire_arrived(&runner->out, runner->now).size == left)
		runner->leave_by = runner->now + LEAVE_WAIT;
	if (!(read && runner->read_once) && runner->now < runner->leave_by) {
		runner->read_once = read;
		return;
	}
	pty_down(runner->pty);
	sim_host_lost(runner->host, runner->now);
	sim_wire_taken(&runner->in, runner->in.queue.size);
	sim_wire_taken(&runner->out, left);
	runner->leave_by = UINT64_MAX;
	runner->read_once = false;
}

static enum err turn_line(struct pty_runner *runner)
{
	enum err err = write_terminal(runner);

	if (err == ERR_OK && is_leaving(runner))
		leave(runner);
	return err;
}

enum err pty_runner_turn(struct pty_runner *runner)
{
	enum err err = ERR_OK;

	runner->now = sim_pty_now();
	if (runner->pty->master >= 0)
		err = pty_watch(runner->pty, runner->fault);
	if (err == ERR_OK && runner->pty->master >= 0 && runner->in.queue.size < READ_AHEAD)
		err = read_terminal(runner);
	if (err == ERR_OK && !is_leaving(runner))
		err = turn_host(runner);
	if (err == ERR_OK && runner->pty->master < 0 && sim_host_line(runner->host) == SIM_LINE_UP)
		err = pty_up(runner->pty, runner->fault);
	if (err == ERR_OK && runner->pty->master >= 0)
		err = turn_line(runner);
	return err;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When something happens by itself. ready: the terminal is full, so what is on its way out waits for
 * it, not for time. */
static uint64_t due(const struct pty_runner *runner, bool ready)
{
	uint64_t due = ready ? UINT64_MAX : sim_wire_due(&runner->out, runner->now);

	if (is_leaving(runner))
		return earlier(due, runner->now + LEAVE_LOOK);
	return earlier(due, earlier(sim_host_due(runner->host), sim_wire_due(&runner->in, runner->now)));
}

uint64_t pty_runner_wait(const struct pty_runner *runner, struct pollfd files[static PTY_FILES])
{
	bool ready = sim_wire_arrived(&runner->out, runner->now).size > 0;
	bool hungry = runner->in.queue.size < READ_AHEAD;

	files[0] = (struct pollfd){.fd = runner->pty->watch, .events = POLLIN};
	files[1] = (struct pollfd){.fd = runner->pty->master,
	    .events = (short)((hungry ? POLLIN : 0) | (ready ? POLLOUT : 0))};
	return due(runner, ready);
}

enum err pty_wait(struct pollfd *files, size_t count, uint64_t until, struct fault *fault)
{
	uint64_t now = sim_pty_now();
	struct timespec time = {0};

	if (until > now) {
		time.tv_sec = (time_t)((until - now) / 1000000u);
		time.tv_nsec = (long)((until - now) % 1000000u * NANOSECONDS);
	}
	if (ppoll(files, count, until == UINT64_MAX ? NULL : &time, NULL) < 0 && errno != EINTR)
		return fault_system(fault, NULL, "wait");
	return ERR_OK;
}

void pty_runner_start(struct pty_runner *runner)
{
	runner->in = runner->out = (struct sim_wire){.baud = runner->settings->baud};
	runner->saved = UINT64_MAX;
	runner->leave_by = UINT64_MAX;
	runner->read_once = false;
}

void pty_runner_free(struct pty_runner *runner)
{
	sim_wire_free(&runner->in);
	sim_wire_free(&runner->out);
}

enum err sim_pty_run(struct sim_pty *pty, const struct sim_pty_settings *settings, struct sim_modem *modem,
    struct sim_host *host, struct fault *fault)
{
	struct pty_runner runner = {.pty = pty, .settings = settings, .modem = modem, .host = host,
	    .fault = fault};
	struct pollfd files[PTY_FILES + 1] = {{.fd = settings->stop, .events = POLLIN}};
	enum err err;

	pty_runner_start(&runner);
	do
		err = pty_runner_turn(&runner);
	while (err == ERR_OK && !(sim_host_line(host) == SIM_LINE_OVER && pty->master < 0) &&
	    (err = pty_wait(files, PTY_FILES + 1, pty_runner_wait(&runner, files + 1), fault)) == ERR_OK &&
	    files[0].revents == 0);
	pty_runner_free(&runner);
	return err;
}
