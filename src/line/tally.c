/* SPDX-License-Identifier: ISC */
/* What the table counts; table.c draws it. */
#include <stdio.h>
#include <string.h>

#include "gapseal/table.h"

static struct table_port *port_named(struct table *table, const char *name)
{
	for (unsigned i = 0; i < table->count; i++)
		if (strcmp(table->ports[i].name, name) == 0)
			return &table->ports[i];
	return NULL;
}

static void take_device(struct table *table, struct table_port *port, const struct event *event, uint64_t now)
{
	const struct vault_verdict *device = &event->device;
	const bool first = device->indexed && device->attempt == 1 && device->result != RESULT_REFUSED &&
	    device->result != RESULT_SAME;

	port->judged = true;
	port->result = device->result;
	memcpy(port->reason, device->reason, sizeof port->reason);
	memcpy(port->imei, device->imei, sizeof port->imei);
	*(event_passed(event) ? &port->passed : &port->failed) += 1;
	port->first += first ? 1 : 0;
	port->first_passed += first && event_passed(event) ? 1 : 0;
	if (event_passed(event))
		table->times[table->done++ % TABLE_TIMES] = now;
}

static void take_notice(struct table *table, const struct event *event)
{
	snprintf(table->notice, sizeof table->notice, "%s%s%s", event->port, event->port[0] != '\0' ? ": "
	    : "",
	    event->text);
}

void table_event(struct table *table, const struct event *event, uint64_t now)
{
	struct table_port *port = port_named(table, event->port);

	if (event->kind == EVENT_ERROR || event->kind == EVENT_PORT)
		take_notice(table, event);
	if (port == NULL)
		return;
	if (event->kind == EVENT_DEVICE)
		take_device(table, port, event, now);
	else if (event->kind == EVENT_WAITING)
		port->judged = false;
}

void table_look(struct table *table, const struct station_look *looks, unsigned count)
{
	for (unsigned i = 0; i < count && i < table->count; i++) {
		snprintf(table->ports[i].step, sizeof table->ports[i].step, "%s", looks[i].step);
		snprintf(table->ports[i].imei, sizeof table->ports[i].imei, "%s", looks[i].imei);
	}
}

uint64_t table_rate(const struct table *table, uint64_t now)
{
	const uint64_t kept = table->done < TABLE_TIMES ? table->done : TABLE_TIMES;
	uint64_t oldest;

	if (kept < 2)
		return 0;
	oldest = table->times[(table->done - kept) % TABLE_TIMES];
	return now > oldest ? (kept - 1) * UINT64_C(3600000) / (now - oldest) : 0;
}
