/* SPDX-License-Identifier: ISC */
#include "gapseal/probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gapseal/reason.h"

#define READ_MAX 16384

struct seat {
	struct port *port;           /* NULL: closed */
	struct provision *provision;
	struct probe_result *result;
	bool over;
};

struct probing {
	struct seat *seats;
	struct pollfd *polled;
	struct message *message;     /* the one under way: large */
	unsigned count;
	uint64_t now;
};

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void finish(struct seat *seat, const char *reason)
{
	const struct reason *row = reason_find(reason);

	port_close(&seat->port);
	seat->over = true;
	if (reason[0] == '\0')
		return;
	seat->result->code = row->code;
	snprintf(seat->result->text, sizeof seat->result->text, "%s", row->text);
}

static void keep_device(struct seat *seat, const struct message *message)
{
	struct probe_result *result = seat->result;

	result->heard = true;
	result->dialect = provision_dialect(seat->provision);
	memcpy(result->imei, message->imei, sizeof result->imei);
	memcpy(result->firmware, message->firmware, sizeof result->firmware);
}

static void keep_listing(struct seat *seat, const struct message *message)
{
	seat->result->listed = message->listed;
	if (message->listed)
		seat->result->listing = message->listing;
}

/* What the vault would be told, and its only question. */
static void converse(struct probing *probing, struct seat *seat)
{
	struct message *message = probing->message;

	while (!seat->over && provision_take(seat->provision, message)) {
		if (message->kind == MESSAGE_DEVICE)
			keep_device(seat, message);
		else
			keep_listing(seat, message);
		if (message->kind != MESSAGE_DEVICE || message->reason[0] != '\0') {
			finish(seat, message->reason);
			return;
		}
		*message = (struct message){.kind = MESSAGE_LIST};
		provision_give(seat->provision, message, probing->now);
	}
	if (!seat->over && provision_phase(seat->provision) == PROVISION_OVER)
		finish(seat, "no-modem");
}

static void write_seat(struct probing *probing, struct seat *seat)
{
	struct bytes output = provision_output(seat->provision);
	ssize_t size;

	if (seat->over || output.size == 0)
		return;
	size = port_write(seat->port, output);
	if (size < 0)
		finish(seat, "port-gone");
	else if (size > 0)
		provision_sent(seat->provision, (size_t)size, probing->now);
}

static void read_seat(struct probing *probing, struct seat *seat)
{
	uint8_t bytes[READ_MAX];
	ssize_t size = port_read(seat->port, bytes, sizeof bytes);

	if (size > 0)
		provision_feed(seat->provision, bytes_from(bytes, (size_t)size), probing->now);
	else if (size < 0)
		finish(seat, "port-gone");
}

static void serve(struct probing *probing)
{
	for (unsigned i = 0; i < probing->count; i++) {
		struct seat *seat = &probing->seats[i];

		if (seat->over)
			continue;
		if (probing->polled[i].revents != 0)
			read_seat(probing, seat);
		if (seat->over)
			continue;
		provision_tick(seat->provision, probing->now);
		converse(probing, seat);
		write_seat(probing, seat);
	}
}

/* False: all are over. */
static bool prepare_poll(struct probing *probing, uint64_t *due)
{
	bool any = false;

	*due = UINT64_MAX;
	for (unsigned i = 0; i < probing->count; i++) {
		const struct seat *seat = &probing->seats[i];
		const bool output = !seat->over && provision_output(seat->provision).size > 0;

		probing->polled[i] = (struct pollfd){.fd = -1};
		if (seat->over)
			continue;
		any = true;
		probing->polled[i].fd = port_fd(seat->port);
		probing->polled[i].events = (short)(POLLIN | (output ? POLLOUT : 0));
		if (provision_due(seat->provision) < *due)
			*due = provision_due(seat->provision);
	}
	return any;
}

static enum err loop(struct probing *probing, struct fault *fault)
{
	uint64_t due;

	while (prepare_poll(probing, &due)) {
		const uint64_t left = due > probing->now ? due - probing->now : 0;
		const struct timespec timeout = {(time_t)(left / 1000), (long)(left % 1000) * 1000000};

		if (ppoll(probing->polled, probing->count, due == UINT64_MAX ? NULL : &timeout, NULL) < 0 &&
		    errno != EINTR)
			return fault_system(fault, "ppoll", "waiting");
		probing->now = clock_now();
		serve(probing);
	}
	return ERR_OK;
}

static enum err seat_one(struct seat *seat, unsigned number, const struct bench_port *port,
    const struct provision_settings *settings, uint64_t deadline, uint64_t now, struct fault *fault)
{
	struct fault closed;
	enum err err;

	err = provision_new(&seat->provision, number, settings != NULL ? settings : &port->provision, fault);
	if (err != ERR_OK)
		return err;
	if (port_open(&seat->port, port->path, &port->settings, &closed) != ERR_OK) {
		seat->over = true;
		seat->result->code = closed.code;
		snprintf(seat->result->text, sizeof seat->result->text, "%s", closed.text);
		return ERR_OK;
	}
	provision_start(seat->provision, "", now, deadline);
	return ERR_OK;
}

static enum err seat_all(struct probing *probing, struct probe_result *results, const struct bench *bench,
    const struct provision_settings *settings, uint64_t timeout_ms, struct fault *fault)
{
	enum err err = ERR_OK;

	probing->seats = calloc(bench->count + 1, sizeof *probing->seats);
	probing->polled = calloc(bench->count + 1, sizeof *probing->polled);
	probing->message = calloc(1, sizeof *probing->message);
	if (probing->seats == NULL || probing->polled == NULL || probing->message == NULL)
		return fault_memory(fault);
	for (unsigned i = 0; i < bench->count && err == ERR_OK; i++) {
		results[i] = (struct probe_result){.code = ""};
		probing->seats[i].result = &results[i];
		probing->count++;
		err = seat_one(&probing->seats[i], i, &bench->ports[i], settings, probing->now + timeout_ms,
		    probing->now, fault);
	}
	return err;
}

enum err probe_run(struct probe_result *results, const struct bench *bench,
    const struct provision_settings *settings, uint64_t timeout_ms, struct fault *fault)
{
	struct probing probing = {.now = clock_now()};
	enum err err;

	err = seat_all(&probing, results, bench, settings, timeout_ms, fault);
	if (err == ERR_OK)
		err = loop(&probing, fault);
	for (unsigned i = 0; i < probing.count; i++) {
		port_close(&probing.seats[i].port);
		provision_free(&probing.seats[i].provision);
	}
	free(probing.seats);
	free(probing.polled);
	free(probing.message);
	return err;
}
