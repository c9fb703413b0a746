/* SPDX-License-Identifier: ISC */
#include "line_face.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "gapseal/file.h"

#define LINES_KEPT (1u << 20)
#define FINISH_MS 2000
#define LOTS_MS 2000 /* counting the lots of a large batch takes milliseconds */
#define WIDTH 80
#define HEIGHT 24

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum err add(struct outlet **out, struct face *face, int fd, struct fault *fault)
{
	enum err err = outlet_new(out, fd, LINES_KEPT, fault);

	if (err == ERR_OK)
		face->all[face->count++] = *out;
	return err;
}

/* A background process must not draw over a shell. */
static bool is_ours(int terminal)
{
	const char *kind = getenv("TERM");

	return isatty(terminal) && kind != NULL && strcmp(kind, "dumb") != 0 &&
	    tcgetpgrp(terminal) == getpgrp();
}

/* A number is a descriptor; a pipe without a reader is not waited for. */
static enum err open_events(struct face *face, const char *events, struct fault *fault)
{
	uint64_t number;
	int fd;

	if (decimal_parse(bytes_of(events), 65535, &number)) {
		if (fcntl((int)number, F_GETFD) < 0)
			return fault_errno(fault, "events-open", events, "using the descriptor");
		return add(&face->events, face, (int)number, fault);
	}
	fd = open(events, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return fault_errno(fault, "events-open", events, "opening");
	face->events_fd = fd;
	return add(&face->events, face, fd, fault);
}

static void set_table(struct face *face, const struct face_settings *settings)
{
	struct table *table = &face->table;

	table->colour = getenv("NO_COLOR") == NULL;
	snprintf(table->station, sizeof table->station, "%s", settings->home->origin);
	table->count = settings->bench->count;
	for (unsigned i = 0; i < table->count; i++)
		memcpy(table->ports[i].name, settings->bench->ports[i].name, NAME_SIZE);
}

enum err face_open(struct face *face, const struct face_settings *settings, struct fault *fault)
{
	enum err err = add(&face->notices, face, STDERR_FILENO, fault);

	face->json = settings->json;
	face->live = !settings->json && !settings->quiet && is_ours(STDOUT_FILENO);
	set_table(face, settings);
	if (err == ERR_OK && settings->events != NULL)
		err = open_events(face, settings->events, fault);
	if (err == ERR_OK && face->live)
		return add(&face->picture, face, STDOUT_FILENO, fault);
	if (err == ERR_OK && (settings->json || !settings->quiet))
		err = add(&face->lines, face, STDOUT_FILENO, fault);
	return err;
}

/* A scanner types into the terminal; what it types is not part of the picture. */
static void mute(struct face *face)
{
	struct termios quiet;

	if (!is_ours(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &face->terminal) != 0)
		return;
	quiet = face->terminal;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	face->muted = tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
}

void face_begin(struct face *face, const struct vault *vault)
{
	face->vault = vault;
	face->lots_old = true;
	face->begun = face->live;
	if (!face->live)
		return;
	signal(SIGTSTP, SIG_IGN); /* a station that stands still in the middle of a write is of no use */
	mute(face);
	outlet_offer(face->picture, bytes_of(TABLE_BEGIN));
}

static void put_line(struct outlet *outlet, const struct event *event, bool json)
{
	struct buffer line = BUFFER_EMPTY;

	if (json)
		event_json(&line, event, utc_now());
	else
		event_text(&line, event);
	if (!line.failed)
		outlet_put(outlet, buffer_bytes(&line));
	buffer_free(&line);
}

/* Another lot than the one shown is counted at once. */
static void take_lot(struct face *face, const struct vault_verdict *device)
{
	struct table_lot *lot = &face->table.lot;

	if (strcmp(lot->batch, device->batch) != 0 || strcmp(lot->lot, device->lot) != 0)
		face->lots_at = 0;
	memcpy(lot->batch, device->batch, sizeof lot->batch);
	memcpy(lot->lot, device->lot, sizeof lot->lot);
	face->lots_old = true;
}

void face_event(void *context, const struct event *event)
{
	struct face *face = context;

	table_event(&face->table, event, now_ms());
	if (event->kind == EVENT_DEVICE && event->device.batch[0] != '\0')
		take_lot(face, &event->device);
	if (face->lines != NULL)
		put_line(face->lines, event, face->json);
	if (face->events != NULL)
		put_line(face->events, event, true);
}

void face_say(void *context, const char *text)
{
	struct face *face = context;
	struct buffer line = BUFFER_EMPTY;

	if (face->notices == NULL) {
		command_say("%s", text);
		return;
	}
	if (face->begun && isatty(STDERR_FILENO)) {
		snprintf(face->table.notice, sizeof face->table.notice, "%s", text);
		return;
	}
	buffer_format(&line, "gapseal-line: %s", text);
	if (!line.failed)
		outlet_put(face->notices, buffer_bytes(&line));
	buffer_free(&line);
}

static uint64_t left_of(const struct vault_lot *lot)
{
	const uint64_t settled = lot->counts.done + lot->counts.void_;

	return lot->closed || lot->expired || settled > lot->count ? 0 : lot->count - settled;
}

/* Other processes of the station work on the same lots, so they are counted anew and not carried on. */
static void count_lots(struct face *face)
{
	struct table_lot *shown = &face->table.lot;
	struct vault_lot lot;
	bool whole = false;

	shown->others = shown->count = shown->left = 0;
	for (size_t i = 0; vault_lot(face->vault, i, &lot); i++) {
		face->table.rehearsal = face->table.rehearsal || lot.rehearsal;
		if (strcmp(lot.batch, shown->batch) == 0 && strcmp(lot.lot, shown->lot) == 0) {
			/* of a lot that is granted as a whole its single records are part */
			shown->count += whole ? 0 : lot.count;
			shown->left += whole ? 0 : left_of(&lot);
			whole = whole || !lot.single;
		} else if (left_of(&lot) > 0) {
			shown->others++;
		}
	}
}

static void measure(struct face *face)
{
	struct winsize size = {0};

	face->table.width = WIDTH;
	face->table.height = HEIGHT;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
		face->table.width = size.ws_col;
		face->table.height = size.ws_row;
	}
}

void face_look(void *context, const struct station_look *ports, unsigned count)
{
	struct face *face = context;
	struct buffer picture = BUFFER_EMPTY;
	const uint64_t now = now_ms();

	if (!face->live)
		return;
	if (face->lots_old && (face->lots_at == 0 || now - face->lots_at >= LOTS_MS)) {
		count_lots(face);
		face->lots_at = now;
		face->lots_old = false;
	}
	measure(face);
	table_look(&face->table, ports, count);
	table_draw(&picture, &face->table, now);
	if (!picture.failed)
		outlet_offer(face->picture, buffer_bytes(&picture));
	buffer_free(&picture);
}

/* The last picture may still wait for a slow terminal; the words that give it back must not be lost behind
 * it. */
static void end_table(struct face *face)
{
	struct buffer text = BUFFER_EMPTY;

	if (!face->begun)
		return;
	face->begun = false;
	outlet_finish(face->picture, FINISH_MS);
	buffer_text(&text, TABLE_END);
	table_summary(&text, &face->table);
	if (!text.failed)
		outlet_offer(face->picture, buffer_bytes(&text));
	buffer_free(&text);
	if (face->muted)
		tcsetattr(STDIN_FILENO, TCSANOW, &face->terminal);
	face->muted = false;
}

void face_close(struct face *face)
{
	uint64_t dropped = 0;

	end_table(face);
	for (size_t i = 0; i < face->count; i++) {
		const uint64_t lost = outlet_finish(face->all[i], FINISH_MS);

		dropped += face->all[i] == face->picture ? 0 : lost;
		outlet_free(&face->all[i]);
	}
	if (face->events_fd >= 0)
		close(face->events_fd);
	if (dropped > 0)
		command_say("some event lines found no reader and were dropped [events-dropped]");
	*face = FACE_CLOSED;
}
