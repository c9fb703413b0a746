/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "station_private.h"

#define RESTART_MS 5000

/* On standard error a scanner talks to people. */
static void on_line(void *context, bool error, const char *text)
{
	struct station *station = context;
	char line[OUTSIDE_LINE_MAX + 16];

	if (!error) {
		scans_take(station, text);
		return;
	}
	snprintf(line, sizeof line, "scanner: %s", text);
	for (char *at = line; *at != '\0'; at++)
		if (*at < 0x20 || *at > 0x7e)
			*at = '?';
	if (station->settings->say != NULL)
		station->settings->say(station->settings->context, line);
}

static void start_program(struct station *station)
{
	static const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL,
	};
	const struct outside_order order = {.arguments = station->settings->label_command,
	    .environment = environment, .deadline = UINT64_MAX, .line = on_line, .context = station};
	struct fault fault;

	if (outside_start(&station->scanner.program, &order, &fault) == ERR_OK)
		return;
	station_say(station, EVENT_ERROR, NULL, "label-cmd", fault.text);
	station->scanner.restart = station->now + RESTART_MS;
}

void scanner_start(struct station *station)
{
	station->scanner.fd = station->settings->label_fd;
	if (station->settings->label_command != NULL)
		start_program(station);
}

void scanner_stop(struct station *station)
{
	outside_free(&station->scanner.program);
}

/* A line that is too long is no label, and its end is not one either. */
static void take_byte(struct station *station, char byte)
{
	struct scanner *scanner = &station->scanner;

	if (byte == '\n' || byte == '\r') {
		scanner->line[scanner->size] = '\0';
		if (!scanner->long_)
			scans_take(station, scanner->line);
		scanner->size = 0;
		scanner->long_ = false;
	} else if (scanner->size < LABEL_LINE_MAX) {
		scanner->line[scanner->size++] = byte;
	} else {
		scanner->long_ = true;
	}
}

/* What cannot be read any more (its end, a terminal of which this is a background process) is left alone. */
void scanner_read(struct station *station)
{
	char bytes[512];
	ssize_t size = read(station->scanner.fd, bytes, sizeof bytes);

	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (size <= 0)
		station->scanner.fd = -1;
	for (ssize_t i = 0; i < size; i++)
		take_byte(station, bytes[i]);
}

void scanner_serve(struct station *station)
{
	struct scanner *scanner = &station->scanner;

	if (scanner->program != NULL) {
		outside_serve(scanner->program, station->now);
		if (outside_end(scanner->program) == OUTSIDE_RUNNING)
			return;
		outside_free(&scanner->program);
		station_say(station, EVENT_ERROR, NULL, "label-cmd",
		    "the scanner's program has ended and is started again");
		scanner->restart = station->now + RESTART_MS;
	} else if (station->settings->label_command != NULL && station->now >= scanner->restart) {
		start_program(station);
	}
}

uint64_t scanner_due(const struct station *station)
{
	if (station->settings->label_command == NULL || station->scanner.program != NULL)
		return UINT64_MAX;
	return station->scanner.restart;
}
