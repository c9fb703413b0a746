/* SPDX-License-Identifier: ISC */
#include "station_private.h"

#define READ_MAX 16384
#define REOPEN_MS 500

/* A port that cannot be opened is tried again while the wait for a device lasts: a fixture may still be
 * plugging it in. Its trouble is said once. */
void seat_open(struct seat *seat)
{
	struct station *station = seat->station;
	struct fault fault;

	if (port_open(&seat->port, seat->place->path, &seat->place->settings, &fault) == ERR_OK) {
		seat->told = false;
		provision_opened(seat->provision, station->now);
		return;
	}
	seat->reopen = station->now + REOPEN_MS;
	if (!seat->told)
		station_say(station, EVENT_PORT, seat, fault.code, fault.text);
	seat->told = true;
}

void seat_close(struct seat *seat)
{
	port_close(&seat->port);
	seat->reopen = seat->station->now + REOPEN_MS;
}

void seat_hang_up(struct seat *seat)
{
	seat_close(seat);
	provision_hangup(seat->provision, seat->station->now);
	clearance_hang_up(seat);
}

void seat_read(struct seat *seat)
{
	uint8_t bytes[READ_MAX];
	ssize_t size = port_read(seat->port, bytes, sizeof bytes);

	if (size > 0)
		provision_feed(seat->provision, bytes_from(bytes, (size_t)size), seat->station->now);
	else if (size < 0)
		seat_hang_up(seat);
	secret_wipe(bytes, sizeof bytes); /* a modem may echo */
}

void seat_write(struct seat *seat)
{
	struct bytes output = provision_output(seat->provision);
	ssize_t size;

	if (seat->port == NULL || output.size == 0)
		return;
	size = port_write(seat->port, output);
	if (size < 0)
		seat_hang_up(seat);
	else if (size > 0)
		provision_sent(seat->provision, (size_t)size, seat->station->now);
}
