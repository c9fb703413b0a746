/* SPDX-License-Identifier: ISC */
#include "gapseal/event.h"

#include "gapseal/reason.h"

static const char *const kind_names[] = {
	[EVENT_START] = "start", [EVENT_WAITING] = "waiting", [EVENT_PORT] = "port",
	[EVENT_DEVICE] = "device", [EVENT_ERROR] = "error", [EVENT_STOP] = "stop",
};

/* Unknown keys are absent. */
static void put_text(struct buffer *out, const char *key, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	buffer_format(out, ",\"%s\":", key);
	buffer_json_text(out, text);
}

static void put_number(struct buffer *out, const char *key, uint64_t number)
{
	buffer_format(out, ",\"%s\":%llu", key, (unsigned long long)number);
}

static bool passed(const struct vault_verdict *device)
{
	return device->result == RESULT_DONE || device->result == RESULT_SAME;
}

bool event_passed(const struct event *event)
{
	return event->kind == EVENT_DEVICE && passed(&event->device);
}

static void put_device(struct buffer *out, const struct vault_verdict *device)
{
	const struct reason *reason = reason_find(device->reason);

	put_text(out, "unit", device->unit);
	put_text(out, "imei", device->imei);
	put_text(out, "batch", device->batch);
	put_text(out, "lot", device->lot);
	if (device->indexed)
		put_number(out, "index", device->index);
	put_text(out, "result", result_name(device->result));
	buffer_format(out, ",\"pass\":%s", passed(device) ? "true" : "false");
	put_text(out, "reason", device->reason);
	put_text(out, "class", reason->class_);
	put_text(out, "action", reason->action);
	put_text(out, "text", reason->text);
	if (device->indexed)
		put_number(out, "attempt", device->attempt);
	/* Entry 0 enrolled the station: a device without an entry is one the log could not take. */
	if (device->entry > 0)
		put_number(out, "entry", device->entry);
	put_text(out, "mfw", device->firmware);
	put_number(out, "ms", device->ms);
	if (device->rehearsal)
		buffer_text(out, ",\"rehearsal\":true");
}

void event_json(struct buffer *out, const struct event *event, int64_t now)
{
	char time[UTC_SIZE];

	utc_format(time, now);
	buffer_format(out, "{\"schema\":\"gapseal/event/v1\",\"event\":\"%s\"", kind_names[event->kind]);
	put_text(out, "station", event->station);
	put_text(out, "time", time);
	put_text(out, "port", event->port);
	if (event->kind == EVENT_DEVICE) {
		put_device(out, &event->device);
	} else {
		put_text(out, "code", event->code);
		put_text(out, "text", event->text);
	}
	buffer_text(out, "}");
}

static void device_text(struct buffer *out, const struct event *event)
{
	static const char *const words[] = {
		[RESULT_DONE] = "PASS", [RESULT_SAME] = "PASS", [RESULT_REFUSED] = "REFUSED",
		[RESULT_FAILED] = "FAIL", [RESULT_UNKNOWN] = "UNKNOWN",
	};
	const struct vault_verdict *device = &event->device;
	const struct reason *reason = reason_find(device->reason);

	buffer_format(out, "%s%-8s %s  %s  ", device->rehearsal ? "REHEARSAL " : "", words[device->result],
	    event->port, device->imei[0] != '\0' ? device->imei : "no IMEI");
	if (device->indexed)
		buffer_format(out, "batch %s lot %s index %llu  ", device->batch, device->lot,
		    (unsigned long long)device->index);
	buffer_text(out, result_name(device->result));
	if (!passed(device) || device->reason[0] != '\0')
		buffer_format(out, ": %s [%s]; %s", reason->text, device->reason, reason->action);
	if (device->entry > 0)
		buffer_format(out, "  (entry %llu, %llu ms)", (unsigned long long)device->entry,
		    (unsigned long long)device->ms);
}

void event_text(struct buffer *out, const struct event *event)
{
	if (event->kind == EVENT_DEVICE) {
		device_text(out, event);
		return;
	}
	buffer_format(out, "%-8s %s", kind_names[event->kind], event->port != NULL ? event->port : "");
	if (event->text != NULL && event->text[0] != '\0')
		buffer_format(out, "%s%s", event->port != NULL && event->port[0] != '\0' ? "  " : "",
		    event->text);
	if (event->code != NULL && event->code[0] != '\0')
		buffer_format(out, " [%s]", event->code);
}
