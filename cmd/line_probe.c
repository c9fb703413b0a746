/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal-line.h"
#include "gapseal/check.h"
#include "gapseal/collect.h"
#include "gapseal/probe.h"

#define WAIT_SECONDS 5
#define PROC "/proc"

/* What probe was asked for, and what it found. */
struct probing {
	const char *home_path, *ports_from, *flow, *unit, *append;
	struct texts ports;
	bool auto_, remote, json;
	uint64_t baud, timeout;

	struct home home;
	int ports_folder;            /* what ports_from is relative to */
	struct bench bench;
	struct probe_result *results;
	struct buffer out;
	int code;
};

static void on_notice(void *context, const char *line)
{
	(void)context;
	command_say("%s", line);
}

/* One line of the answer: "ok port left: sentence [code]", or the same as JSON, which the caller ends. */
static void put_line(struct probing *probing, enum check_grade grade, const char *what, const char *name,
    const char *code, const char *text)
{
	struct buffer *out = &probing->out;

	if (!probing->json) {
		buffer_format(out, "%s %s%s%s: %s", check_grade_name(grade), what, name[0] != '\0' ? " " : "",
		    name, text);
		buffer_format(out, code[0] != '\0' ? " [%s]" : "%s", code);
		return;
	}
	buffer_format(out, "{\"schema\":\"gapseal/probe/v1\",\"grade\":\"%s\",\"what\":\"%s\",\"name\":",
	    check_grade_name(grade), what);
	buffer_json_text(out, name);
	buffer_text(out, ",\"code\":");
	buffer_json_text(out, code);
	buffer_text(out, ",\"text\":");
	buffer_json_text(out, text);
}

static void end_line(struct probing *probing)
{
	buffer_text(&probing->out, probing->json ? "}\n" : "\n");
}

static void put_check(struct probing *probing, const char *what, const char *name, const struct check *check)
{
	put_line(probing, check->grade, what, name, check->code, check->text);
	end_line(probing);
	if (check->grade == CHECK_NO && probing->code < ERR_NO)
		probing->code = ERR_NO;
}

static void check_surroundings(struct probing *probing)
{
	struct check check;

	check_modem_manager(&check, PROC);
	put_check(probing, "modem-manager", "", &check);
	for (unsigned i = 0; i < probing->bench.count; i++) {
		check_port(&check, probing->bench.ports[i].path);
		put_check(probing, "port", probing->bench.ports[i].name, &check);
	}
	if (probing->home_path == NULL)
		return;
	check_space(&check, probing->home.folder);
	put_check(probing, "disk", "", &check);
	check_clock(&check, probing->home.folder);
	put_check(probing, "clock", "", &check);
}

static const char *dialect_name(enum provision_dialect dialect)
{
	static const char *const names[] = {
		[PROVISION_AUTO] = "", [PROVISION_AT] = "at", [PROVISION_SHELL] = "shell",
		    [PROVISION_CRED] = "cred"
	};

	return names[dialect];
}

static void put_slot(struct probing *probing, const struct listing_item *item, bool first)
{
	struct bytes digest = bytes_from(item->digest, item->has_digest ? HASH_SIZE : 0);
	struct buffer *out = &probing->out;

	if (probing->json)
		buffer_format(out, "%s{\"tag\":%" PRIu32 ",\"type\":%" PRIu32 ",\"digest\":\"", first ? "" :
		    ",", item->slot.tag, item->slot.type);
	else
		buffer_format(out, "\n  %" PRIu32 ",%" PRIu32 " ", item->slot.tag, item->slot.type);
	if (digest.size > 0)
		buffer_hex(out, digest);
	if (probing->json)
		buffer_text(out, "\"}");
	else if (digest.size == 0)
		buffer_text(out, "no digest");
}

static void put_listing(struct probing *probing, const struct probe_result *result)
{
	if (probing->json)
		buffer_format(&probing->out,
		    ",\"dialect\":\"%s\",\"imei\":\"%s\",\"firmware\":\"%s\",\"listing\":[",
		    dialect_name(result->dialect), result->imei, result->firmware);
	for (size_t i = 0; i < result->listing.count; i++)
		put_slot(probing, &result->listing.items[i], i == 0);
	if (probing->json)
		buffer_text(&probing->out, "]");
}

static void put_result(struct probing *probing, const char *name, const struct probe_result *result)
{
	const bool good = result->code[0] == '\0';
	char text[FAULT_TEXT_MAX];

	snprintf(text, sizeof text, "%s", result->text);
	if (good)
		snprintf(text, sizeof text, "IMEI %s, firmware %s, dialect %s, %zu credentials", result->imei,
		    result->firmware, dialect_name(result->dialect), result->listing.count);
	put_line(probing, good ? CHECK_OK : CHECK_NO, "device", name, result->code, text);
	if (result->heard)
		put_listing(probing, result);
	end_line(probing);
	if (!good && probing->code < ERR_CANNOT)
		probing->code = result->heard ? ERR_NO : ERR_CANNOT;
}

static void collect(struct probing *probing, const struct probe_result *result)
{
	struct fault fault;
	enum err err;

	if (probing->append == NULL || result->code[0] != '\0')
		return;
	err = collect_append(probing->append, result->imei, probing->unit != NULL ? probing->unit : "",
	    &fault);
	if (err == ERR_OK)
		put_line(probing, CHECK_OK, "list", probing->append, "", "the device was added");
	else
		put_line(probing, CHECK_NO, "list", fault.where[0] != '\0' ? fault.where : probing->append,
		    fault.code, fault.text);
	end_line(probing);
	if ((int)err > probing->code)
		probing->code = (int)err;
}

static enum err set_bench(struct probing *probing, struct fault *fault)
{
	struct port_settings settings = {.baud = (unsigned)probing->baud, .remote = probing->remote};
	enum err err = ERR_OK;

	if (probing->baud < PORT_BAUD_MIN || probing->baud > PORT_BAUD_MAX)
		return fault_set(fault, ERR_CANNOT, "usage", "--baud", "%d to %d", PORT_BAUD_MIN,
		    PORT_BAUD_MAX);
	if (!port_flow_parse(&settings.flow, probing->flow))
		return fault_set(fault, ERR_CANNOT, "usage", "--flow",
		    "flow control is none, rtscts or xonxoff");
	for (size_t i = 0; err == ERR_OK && i < probing->ports.count; i++)
		err = bench_give(&probing->bench, probing->ports.items[i], &settings, fault);
	if (err == ERR_OK && probing->ports_from != NULL)
		err = bench_read(&probing->bench, probing->ports_folder, probing->ports_from, &settings,
		    fault);
	if (err == ERR_OK && probing->auto_)
		err = bench_find(&probing->bench, &settings, on_notice, NULL, fault);
	if (err == ERR_OK && probing->bench.count == 0)
		return fault_set(fault, ERR_CANNOT, "usage", "--port",
		    "give a port: --port, --ports-from or --auto");
	return err;
}

static enum err look(struct probing *probing, struct fault *fault)
{
	enum err err;

	err = set_bench(probing, fault);
	if (err == ERR_OK && probing->unit != NULL && probing->bench.count > 1)
		return fault_set(fault, ERR_CANNOT, "usage", "--unit",
		    "a unit is one device's: give one port");
	if (err != ERR_OK)
		return err;
	probing->results = calloc(probing->bench.count, sizeof *probing->results);
	if (probing->results == NULL)
		return fault_memory(fault);
	check_surroundings(probing);
	err = probe_run(probing->results, &probing->bench, NULL, probing->timeout * 1000,
	    fault);
	for (unsigned i = 0; err == ERR_OK && i < probing->bench.count; i++) {
		put_result(probing, probing->bench.ports[i].name, &probing->results[i]);
		collect(probing, &probing->results[i]);
	}
	return err;
}

/* The home, if there is one, says where the ports are; unit and timeout are run's. */
static enum err open_home(struct probing *probing, const struct command_option *options, size_t count,
    struct fault *fault)
{
	const bool ports = command_given(options, count, "port"), from = command_given(options, count,
	    "ports-from");
	const bool find = command_given(options, count, "auto"), unit = command_given(options, count, "unit");
	const bool timed = command_given(options, count, "timeout");
	enum err err;

	if (probing->home_path == NULL)
		return ERR_OK;
	err = home_open(&probing->home, probing->home_path, fault);
	if (err == ERR_OK)
		err = command_defaults(options, count, &home_options, probing->home_path, HOME_CONF, fault);
	if (err != ERR_OK)
		return err;
	if (!unit)
		probing->unit = NULL;
	if (!timed)
		probing->timeout = WAIT_SECONDS;
	if (!from)
		probing->ports_folder = probing->home.folder;
	if (!ports && !from && !find)
		return ERR_OK;
	if (!ports)
		texts_free(&probing->ports);
	if (!from)
		probing->ports_from = NULL;
	probing->auto_ = find;
	return ERR_OK;
}

int line_probe(const struct command *command, int argc, char **argv)
{
	struct probing probing = {.flow = "none", .baud = 115200, .timeout = WAIT_SECONDS,
	    .ports_folder = AT_FDCWD, .home = HOME_CLOSED, .bench = BENCH_EMPTY, .out = BUFFER_EMPTY};
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &probing.home_path, "H",
		    "station home: its defaults, its disk, its log's clock"},
		{"port", OPTION_TEXTS, &probing.ports, "[NAME=]P",
		    "a device, usb:1-2.3 or tcp:127.0.0.1:4001; repeat"},
		{"ports-from", OPTION_TEXT, &probing.ports_from, "FILE", "ports by name, one a line"},
		{"auto", OPTION_FLAG, &probing.auto_, NULL, "the nRF91 kits and serial adapters on USB"},
		{"allow-remote", OPTION_FLAG, &probing.remote, NULL, "let tcp ports be on other machines"},
		{"baud", OPTION_NUMBER, &probing.baud, "N", "speed of serial devices; default 115200"},
		{"flow", OPTION_TEXT, &probing.flow, "KIND",
		    "flow control: none, rtscts, xonxoff; default none"},
		{"timeout", OPTION_NUMBER, &probing.timeout, "S",
		    "longest wait for a device in seconds; default 5"},
		{"unit", OPTION_TEXT, &probing.unit, "S", "serial of the board at the port"},
		{"append", OPTION_TEXT, &probing.append, "FILE",
		    "add IMEI and unit to this CSV for the office"},
		{"json", OPTION_FLAG, &probing.json, NULL, "JSON lines"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	struct fault fault;
	enum err err;
	int code;

	if (!command_options(command, options, count, argc, argv, 0, 0, &operands, &code))
		return code;
	err = open_home(&probing, options, count, &fault);
	if (err == ERR_OK)
		err = look(&probing, &fault);
	code = command_print(&probing.out);
	if (code < probing.code)
		code = probing.code;
	if (err != ERR_OK)
		code = command_fault(&fault, probing.json);
	buffer_free(&probing.out);
	free(probing.results);
	texts_free(&probing.ports);
	home_close(&probing.home);
	return code;
}
