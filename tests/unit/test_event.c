/* SPDX-License-Identifier: ISC */
/* The lines of gapseal/event/v1, key by key, with jansson as the reader; and those for people. */
#include "testing.h"

#include <jansson.h>

#include "gapseal/event.h"
#include "gapseal/reason.h"

#define NOW 1790000000
#define NOW_TEXT "2026-09-21T14:13:20Z"

static const char *const result_words[] = {"done", "same", "refused", "failed", "unknown"};

static struct event device_event(enum result result, const char *reason)
{
	struct event event = {.kind = EVENT_DEVICE, .station = "line1", .port = "bench3", .code = "", .text = "",
	    .device = {.result = result, .batch = "psk-1", .lot = "lot-001", .indexed = true, .index = 17,
		.attempt = 2, .entry = 99, .ms = 1234, .imei = "352656100367872",
		.firmware = "mfw_nrf91x1_2.0.2", .unit = "SN-1"}};

	snprintf(event.device.reason, sizeof event.device.reason, "%s", reason);
	return event;
}

static json_t *read_event(const struct event *event)
{
	struct buffer line = BUFFER_EMPTY;
	json_error_t error;
	json_t *json;

	event_json(&line, event, NOW);
	assert_false(line.failed);
	for (size_t i = 0; i < line.size; i++)
		assert_true(line.data[i] >= 0x20 && line.data[i] <= 0x7e);
	json = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(json);
	buffer_free(&line);
	return json;
}

static void check_text(json_t *json, const char *key, const char *value)
{
	json_t *found = json_object_get(json, key);

	if (value == NULL) {
		assert_null(found);
		return;
	}
	if (!json_is_string(found) || strcmp(json_string_value(found), value) != 0)
		fail_msg("%s: %s", key, found != NULL ? json_string_value(found) : "absent");
	json_object_del(json, key);
}

static void check_number(json_t *json, const char *key, json_int_t value)
{
	json_t *found = json_object_get(json, key);

	if (!json_is_integer(found) || json_integer_value(found) != value)
		fail_msg("%s", key);
	json_object_del(json, key);
}

static void check_truth(json_t *json, const char *key, bool value)
{
	json_t *found = json_object_get(json, key);

	assert_true(json_is_boolean(found) && json_is_true(found) == value);
	json_object_del(json, key);
}

static void check_head(json_t *json, const char *kind)
{
	check_text(json, "schema", "gapseal/event/v1");
	check_text(json, "event", kind);
	check_text(json, "station", "line1");
	check_text(json, "time", NOW_TEXT);
}

/* Nothing but what the contract names. */
static void check_no_more(json_t *json)
{
	if (json_object_size(json) != 0)
		fail_msg("%s", json_object_iter_key(json_object_iter(json)));
	json_decref(json);
}

static void test_device(void **state)
{
	(void)state;
	for (unsigned result = RESULT_DONE; result <= RESULT_UNKNOWN; result++) {
		const char *code = result == RESULT_DONE || result == RESULT_SAME ? "" : "digest-differs";
		const struct event event = device_event((enum result)result, code);
		const struct reason *reason = reason_find(code);
		json_t *json = read_event(&event);

		check_head(json, "device");
		check_text(json, "port", "bench3");
		check_text(json, "unit", "SN-1");
		check_text(json, "imei", "352656100367872");
		check_text(json, "batch", "psk-1");
		check_text(json, "lot", "lot-001");
		check_number(json, "index", 17);
		check_text(json, "result", result_words[result]);
		check_truth(json, "pass", result == RESULT_DONE || result == RESULT_SAME);
		check_text(json, "reason", code[0] != '\0' ? code : NULL);
		check_text(json, "class", reason->class_);
		check_text(json, "action", reason->action);
		check_text(json, "text", reason->text);
		check_number(json, "attempt", 2);
		check_number(json, "entry", 99);
		check_text(json, "mfw", "mfw_nrf91x1_2.0.2");
		check_number(json, "ms", 1234);
		check_no_more(json);
	}
}

/* A device nobody knows: what is not known is absent, not empty. */
static void test_stranger(void **state)
{
	struct event event = {.kind = EVENT_DEVICE, .station = "line1", .port = "p",
	    .device = {.result = RESULT_REFUSED, .reason = "imei-none", .ms = 5}};
	json_t *json = read_event(&event);

	(void)state;
	check_head(json, "device");
	check_text(json, "port", "p");
	check_text(json, "result", "refused");
	check_truth(json, "pass", false);
	check_text(json, "reason", "imei-none");
	check_text(json, "class", "device");
	check_text(json, "action", "quarantine");
	check_text(json, "text", reason_find("imei-none")->text);
	check_number(json, "ms", 5);
	check_no_more(json);
}

static void test_rehearsal(void **state)
{
	struct event event = device_event(RESULT_DONE, "");
	json_t *json;

	(void)state;
	event.device.rehearsal = true;
	json = read_event(&event);
	assert_true(json_is_true(json_object_get(json, "rehearsal")));
	json_decref(json);
}

static void test_others(void **state)
{
	static const struct {
		enum event_kind kind;
		const char *word, *port, *code, *text;
	} cases[] = {
		{EVENT_START, "start", "", "", ""}, {EVENT_WAITING, "waiting", "p", "", "scan the label"},
		{EVENT_PORT, "port", "p", "no-modem", "nothing"}, {EVENT_ERROR, "error", "", "label-form", "a \"quote\""},
		{EVENT_STOP, "stop", "", "log-write", "full"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct event event = {.kind = cases[i].kind, .station = "line1", .port = cases[i].port,
		    .code = cases[i].code, .text = cases[i].text};
		json_t *json = read_event(&event);

		check_head(json, cases[i].word);
		check_text(json, "port", cases[i].port[0] != '\0' ? cases[i].port : NULL);
		check_text(json, "code", cases[i].code[0] != '\0' ? cases[i].code : NULL);
		check_text(json, "text", cases[i].text[0] != '\0' ? cases[i].text : NULL);
		check_no_more(json);
	}
}

static void check_line(const struct event *event, const char *expected)
{
	struct buffer line = BUFFER_EMPTY;

	event_text(&line, event);
	buffer_byte(&line, '\0');
	assert_string_equal((const char *)line.data, expected);
	buffer_free(&line);
}

static void test_lines(void **state)
{
	struct event event = device_event(RESULT_DONE, "");

	(void)state;
	check_line(&event, "PASS     bench3  352656100367872  batch psk-1 lot lot-001 index 17  done  "
	    "(entry 99, 1234 ms)");
	event = device_event(RESULT_UNKNOWN, "port-gone");
	event.device.rehearsal = true;
	event.device.entry = 0;
	check_line(&event, "REHEARSAL UNKNOWN  bench3  352656100367872  batch psk-1 lot lot-001 index 17  "
	    "unknown: the port vanished while it was used: check the cable, then present the unit "
	    "again [port-gone]; retry");
	event = (struct event){.kind = EVENT_PORT, .port = "p", .code = "no-modem", .text = "nothing answers"};
	check_line(&event, "port     p  nothing answers [no-modem]");
	event = (struct event){.kind = EVENT_STOP, .port = "", .code = "", .text = ""};
	check_line(&event, "stop     ");
}

static void test_passed(void **state)
{
	(void)state;
	for (unsigned result = RESULT_DONE; result <= RESULT_UNKNOWN; result++) {
		struct event event = device_event((enum result)result, "");

		assert_true(event_passed(&event) == (result == RESULT_DONE || result == RESULT_SAME));
		event.kind = EVENT_STOP;
		assert_false(event_passed(&event));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device), cmocka_unit_test(test_stranger), cmocka_unit_test(test_rehearsal),
		cmocka_unit_test(test_others), cmocka_unit_test(test_lines), cmocka_unit_test(test_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
