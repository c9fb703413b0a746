/* SPDX-License-Identifier: ISC */
#include "gapseal/station.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "gapseal/reason.h"

#define READ_MAX 16384
#define REOPEN_MS 500

/* One port of the bench and what is at it. */
struct seat {
	const struct station_port *place;
	struct port *port;           /* NULL: closed */
	struct provision *provision;
	uint64_t left;               /* presentations still to serve; counts only if the run is bounded */
	uint64_t reopen;             /* when a closed port is tried again */
	bool started;                /* a presentation is under way or awaited */
	bool over;
	bool told;                   /* its trouble opening was said once */
	bool in_hand;                /* STEPS went out, VERDICT has not come */
	bool judged;                 /* a VERDICT waits for the port to close before it is said */
	struct event event;
};

struct station {
	const struct home *home;
	struct reader *reader;
	struct vault *vault;
	const struct station_settings *settings;
	struct seat *seats;
	struct pollfd *polled;       /* one a seat, the stop descriptor and the outlet */
	struct message *message;     /* the one under way */
	struct message *answer;
	uint64_t now;
	bool stopping;
	int code;
};

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void emit(struct station *station, const struct event *event)
{
	if (station->settings->event != NULL)
		station->settings->event(station->settings->context, event);
}

static void say(struct station *station, enum event_kind kind, const struct seat *seat, const char *code, const char *text)
{
	const struct event event = {.kind = kind, .station = station->home->station, .port = seat != NULL ? seat->place->name : "",
	    .code = code, .text = text};

	emit(station, &event);
}

static void count_code(struct station *station, int code)
{
	if (code > station->code)
		station->code = code;
}

static void start(struct station *station, struct seat *seat)
{
	const uint64_t timeout = station->settings->timeout_ms;

	seat->started = true;
	provision_start(seat->provision, station->settings->unit, station->now,
	    timeout == UINT64_MAX ? UINT64_MAX : station->now + timeout);
	say(station, EVENT_WAITING, seat, "", "waiting for a device");
}

/* A port that cannot be opened is tried again while the wait for a device lasts: a fixture may still be plugging it in. */
static void open_seat(struct station *station, struct seat *seat)
{
	struct fault fault;

	if (port_open(&seat->port, seat->place->path, &seat->place->settings, &fault) == ERR_OK) {
		seat->told = false;
		return;
	}
	seat->reopen = station->now + REOPEN_MS;
	if (!seat->told)
		say(station, EVENT_PORT, seat, fault.code, fault.text);
	seat->told = true;
}

static void close_seat(struct station *station, struct seat *seat)
{
	port_close(&seat->port);
	seat->reopen = station->now + REOPEN_MS;
}

static void finish_seat(struct seat *seat)
{
	port_close(&seat->port);
	seat->over = true;
}

static int code_of(enum result result)
{
	switch (result) {
	case RESULT_DONE:
	case RESULT_SAME:
		return ERR_OK;
	case RESULT_REFUSED:
	case RESULT_FAILED:
		return ERR_NO;
	case RESULT_UNKNOWN:
		break;
	}
	return ERR_UNKNOWN;
}

/* The result line goes out after the port was closed: whoever reads it may already pull the device. */
static void presentation_over(struct station *station, struct seat *seat)
{
	const bool bounded = station->settings->presentations > 0;

	close_seat(station, seat);
	emit(station, &seat->event);
	seat->judged = false;
	if (bounded)
		seat->left--;
	if (station->stopping || (bounded && seat->left == 0)) {
		finish_seat(seat);
		return;
	}
	seat->started = false;
	seat->reopen = station->now;
	provision_leave(seat->provision, station->now);
}

static void no_modem(struct station *station, struct seat *seat)
{
	finish_seat(seat);
	count_code(station, ERR_CANNOT);
	say(station, EVENT_PORT, seat, "no-modem", reason_find("no-modem")->text);
}

/* Where a dialogue that has come to rest leads. */
static void settle(struct station *station, struct seat *seat)
{
	if (provision_phase(seat->provision) != PROVISION_OVER)
		return;
	if (seat->judged)
		presentation_over(station, seat);
	else if (seat->started)
		no_modem(station, seat);
	else
		start(station, seat);
}

static void verdict(struct station *station, struct seat *seat, bool more)
{
	seat->in_hand = false;
	seat->event = (struct event){.kind = EVENT_DEVICE, .station = station->home->station, .port = seat->place->name};
	vault_verdict(station->vault, (unsigned)(seat - station->seats), &seat->event.device);
	if (station->settings->presentations > 0 || seat->event.device.result == RESULT_UNKNOWN)
		count_code(station, code_of(seat->event.device.result));
	if (more)
		emit(station, &seat->event);
	else
		seat->judged = true;
}

/* One answer of the vault to whom it is for. */
static enum err route(struct station *station, struct fault *fault)
{
	struct seat *seat = &station->seats[station->message->port];

	if (station->message->kind == MESSAGE_LOOKUP) {
		enum err err = reader_answer(station->reader, station->message, station->answer, fault);

		if (err == ERR_OK)
			vault_give(station->vault, station->answer);
		return err;
	}
	if (station->message->kind == MESSAGE_CLEARANCE) {
		vault_give(station->vault, station->message);
		return ERR_OK;
	}
	if (station->message->kind == MESSAGE_STEPS)
		seat->in_hand = true;
	if (station->message->kind == MESSAGE_VERDICT)
		verdict(station, seat, station->message->more);
	provision_give(seat->provision, station->message, station->now);
	return ERR_OK;
}

/* Hands everything the lines have to say to the vault and its answers on, until nobody has anything more to say. Everything asked
 * for before one turn shares its durable step. */
static enum err converse(struct station *station, struct fault *fault)
{
	for (bool busy = true; busy;) {
		enum err err;

		for (unsigned i = 0; i < station->settings->count; i++)
			while (provision_take(station->seats[i].provision, station->message))
				vault_give(station->vault, station->message);
		err = vault_turn(station->vault, fault);
		if (err != ERR_OK)
			return err;
		busy = false;
		while (vault_take(station->vault, station->message)) {
			busy = true;
			err = route(station, fault);
			if (err != ERR_OK)
				return err;
		}
	}
	return ERR_OK;
}

static void hang_up(struct station *station, struct seat *seat)
{
	close_seat(station, seat);
	provision_hangup(seat->provision, station->now);
}

static void read_seat(struct station *station, struct seat *seat)
{
	uint8_t bytes[READ_MAX];
	ssize_t size = port_read(seat->port, bytes, sizeof bytes);

	if (size > 0)
		provision_feed(seat->provision, bytes_from(bytes, (size_t)size), station->now);
	else if (size < 0)
		hang_up(station, seat);
	secret_wipe(bytes, sizeof bytes); /* a modem may echo */
}

static void write_seat(struct station *station, struct seat *seat)
{
	struct bytes output = provision_output(seat->provision);
	ssize_t size;

	if (seat->port == NULL || output.size == 0)
		return;
	size = port_write(seat->port, output);
	if (size < 0)
		hang_up(station, seat);
	else if (size > 0)
		provision_sent(seat->provision, (size_t)size, station->now);
}

static void tick_seat(struct station *station, struct seat *seat)
{
	if (seat->over)
		return;
	if (seat->port == NULL && station->now >= seat->reopen)
		open_seat(station, seat);
	provision_tick(seat->provision, station->now);
	settle(station, seat);
	if (!seat->over)
		write_seat(station, seat);
}

/* After a stop nothing new is begun; what is in hand is finished. */
static void stop(struct station *station)
{
	station->stopping = true;
	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];
		enum provision_phase phase = provision_phase(seat->provision);

		if (!seat->over && (phase == PROVISION_WAITING || phase == PROVISION_LEAVING || phase == PROVISION_OVER))
			finish_seat(seat);
	}
}

static uint64_t next_due(const struct station *station)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < station->settings->count; i++) {
		const struct seat *seat = &station->seats[i];
		uint64_t at;

		if (seat->over)
			continue;
		at = provision_due(seat->provision);
		if (seat->port == NULL && seat->reopen < at)
			at = seat->reopen;
		if (at < due)
			due = at;
	}
	return due;
}

static void prepare_poll(struct station *station)
{
	for (unsigned i = 0; i < station->settings->count; i++) {
		const struct seat *seat = &station->seats[i];
		const bool output = provision_output(seat->provision).size > 0;

		station->polled[i] = (struct pollfd){.fd = seat->over || seat->port == NULL ? -1 : port_fd(seat->port),
		    .events = (short)(POLLIN | (output ? POLLOUT : 0))};
	}
	station->polled[station->settings->count] =
	    (struct pollfd){.fd = station->stopping ? -1 : station->settings->stop_fd, .events = POLLIN};
	station->polled[station->settings->count + 1] = (struct pollfd){
	    .fd = outlet_pending(station->settings->outlet) ? station->settings->outlet_fd : -1, .events = POLLOUT};
}

static enum err wait_for_something(struct station *station, struct fault *fault)
{
	const uint64_t due = next_due(station);
	struct timespec timeout = {0};

	prepare_poll(station);
	if (due != UINT64_MAX && due > station->now) {
		timeout.tv_sec = (time_t)((due - station->now) / 1000);
		timeout.tv_nsec = (long)((due - station->now) % 1000) * 1000000;
	}
	if (ppoll(station->polled, station->settings->count + 2, due == UINT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR)
		return fault_system(fault, "ppoll", "waiting");
	station->now = clock_now();
	return ERR_OK;
}

static void serve(struct station *station)
{
	for (unsigned i = 0; i < station->settings->count; i++) {
		struct seat *seat = &station->seats[i];
		short events = station->polled[i].revents;

		if (seat->port == NULL || station->polled[i].fd < 0)
			continue;
		if ((events & POLLIN) != 0)
			read_seat(station, seat);
		else if ((events & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			hang_up(station, seat);
	}
	if (station->polled[station->settings->count].revents != 0)
		stop(station);
	if (station->polled[station->settings->count + 1].revents != 0)
		outlet_drain(station->settings->outlet);
}

static bool all_over(const struct station *station)
{
	for (unsigned i = 0; i < station->settings->count; i++)
		if (!station->seats[i].over)
			return false;
	return true;
}

static enum err loop(struct station *station, struct fault *fault)
{
	enum err err = ERR_OK;

	while (err == ERR_OK && !all_over(station)) {
		err = wait_for_something(station, fault);
		if (err == ERR_OK) {
			serve(station);
			err = converse(station, fault);
		}
		for (unsigned i = 0; err == ERR_OK && i < station->settings->count; i++)
			tick_seat(station, &station->seats[i]);
		/* A tick may end a dialogue: its message must not wait for the next byte. */
		if (err == ERR_OK)
			err = converse(station, fault);
		for (unsigned i = 0; err == ERR_OK && i < station->settings->count; i++)
			if (!station->seats[i].over) {
				settle(station, &station->seats[i]);
				write_seat(station, &station->seats[i]);
			}
	}
	return err;
}

/* A fault of the log in the middle: a device whose steps went out and whose end could not be written is unknown. */
static void give_up(struct station *station)
{
	for (unsigned i = 0; i < station->settings->count; i++) {
		if (station->seats[i].in_hand)
			count_code(station, ERR_UNKNOWN);
		finish_seat(&station->seats[i]);
	}
}

static enum err seat_all(struct station *station, struct fault *fault)
{
	const unsigned count = station->settings->count;

	station->seats = calloc(count, sizeof *station->seats);
	station->polled = calloc(count + 2, sizeof *station->polled);
	station->message = calloc(1, sizeof *station->message);
	station->answer = calloc(1, sizeof *station->answer);
	if (station->seats == NULL || station->polled == NULL || station->message == NULL || station->answer == NULL)
		return fault_memory(fault);
	for (unsigned i = 0; i < count; i++) {
		enum err err = provision_new(&station->seats[i].provision, i, &station->settings->provision, fault);

		if (err != ERR_OK)
			return err;
		station->seats[i].place = &station->settings->ports[i];
		station->seats[i].left = station->settings->presentations;
	}
	return ERR_OK;
}

static void unseat_all(struct station *station)
{
	for (unsigned i = 0; station->seats != NULL && i < station->settings->count; i++) {
		port_close(&station->seats[i].port);
		provision_free(&station->seats[i].provision);
	}
	free(station->seats);
	free(station->polled);
	free(station->message);
	free(station->answer);
}

enum err station_run(int *code, const struct home *home, struct reader *reader, struct vault *vault,
    const struct station_settings *settings, struct fault *fault)
{
	struct station station = {.home = home, .reader = reader, .vault = vault, .settings = settings, .now = clock_now()};
	enum err err = seat_all(&station, fault);

	if (err == ERR_OK) {
		say(&station, EVENT_START, NULL, "", "");
		for (unsigned i = 0; i < settings->count; i++) {
			open_seat(&station, &station.seats[i]);
			start(&station, &station.seats[i]);
			write_seat(&station, &station.seats[i]);
		}
		err = loop(&station, fault);
		if (err != ERR_OK)
			give_up(&station);
		say(&station, EVENT_STOP, NULL, err != ERR_OK ? fault->code : "", err != ERR_OK ? fault->text : "");
	}
	unseat_all(&station);
	*code = station.code;
	return err;
}
