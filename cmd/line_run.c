/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "gapseal-line.h"
#include "gapseal/bench.h"
#include "gapseal/file.h"
#include "gapseal/station.h"

#define CONF_MAX 65536
#define EVENTS_KEPT (1u << 20)
#define FINISH_MS 2000

/* What run was asked for, and what it holds while it runs. */
struct run {
	const char *home_path, *operator_, *unit, *flow, *ports_from;
	struct texts ports, batches;
	bool once, json, auto_, remote;
	uint64_t count, timeout, baud;

	struct home home;
	int ports_folder;      /* what ports_from is relative to */
	struct bench bench;
	struct station_port places[BENCH_MAX];
	const char *names[BENCH_MAX];
	struct reader *reader;
	struct vault *vault;
	struct outlet *outlet;
	int stop_fd;
};

static void on_event(void *context, const struct event *event)
{
	struct run *run = context;
	struct buffer line = BUFFER_EMPTY;

	if (run->json)
		event_json(&line, event, utc_now());
	else
		event_text(&line, event);
	outlet_put(run->outlet, buffer_bytes(&line));
	buffer_free(&line);
}

static void on_notice(void *context, const char *line)
{
	(void)context;
	command_say("%s", line);
}

/* The ports given one by one, those of a file, and what is found on USB besides. */
static enum err set_bench(struct run *run, struct fault *fault)
{
	struct port_settings settings = {.baud = (unsigned)run->baud, .remote = run->remote};
	enum err err = ERR_OK;

	if (!port_flow_parse(&settings.flow, run->flow))
		return fault_set(fault, ERR_CANNOT, "usage", "--flow", "flow control is none, rtscts or xonxoff");
	for (size_t i = 0; err == ERR_OK && i < run->ports.count; i++)
		err = bench_give(&run->bench, run->ports.items[i], &settings, fault);
	if (err == ERR_OK && run->ports_from != NULL)
		err = bench_read(&run->bench, run->ports_folder, run->ports_from, &settings, fault);
	if (err == ERR_OK && run->auto_)
		err = bench_find(&run->bench, &settings, on_notice, NULL, fault);
	for (unsigned i = 0; i < run->bench.count; i++) {
		const struct bench_port *port = &run->bench.ports[i];

		run->places[i] = (struct station_port){port->name, port->path, port->settings};
		run->names[i] = port->name;
	}
	if (err == ERR_OK && run->bench.count == 0)
		return fault_set(fault, ERR_CANNOT, "usage", "--port", "give a port: --port, --ports-from or --auto");
	return err;
}

static enum err check_options(struct run *run, struct fault *fault)
{
	if (run->once && run->count != 0)
		return fault_set(fault, ERR_CANNOT, "usage", "--once", "not together with --count");
	if (strlen(run->unit) >= UNIT_SIZE || !text_is_printable(bytes_of(run->unit)))
		return fault_set(fault, ERR_CANNOT, "usage", "--unit", "a unit is at most %d printable characters", UNIT_SIZE - 1);
	if (strlen(run->operator_) >= NAME_SIZE || !text_is_printable(bytes_of(run->operator_)))
		return fault_set(fault, ERR_CANNOT, "usage", "--operator", "an operator is at most %d printable characters", NAME_MAX_LENGTH);
	if (run->baud < PORT_BAUD_MIN || run->baud > PORT_BAUD_MAX)
		return fault_set(fault, ERR_CANNOT, "usage", "--baud", "%d to %d", PORT_BAUD_MIN, PORT_BAUD_MAX);
	return ERR_OK;
}

/* What the log calls the configuration: station.conf as it is. */
static enum err hash_configuration(uint8_t out[static HASH_SIZE], const struct home *home, struct fault *fault)
{
	struct buffer conf = BUFFER_EMPTY;
	enum err err = file_read(&conf, home->folder, HOME_CONF, CONF_MAX, fault);

	hash_bytes(out, buffer_bytes(&conf));
	buffer_free(&conf);
	return err;
}

static enum err catch_signals(struct run *run, struct fault *fault)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return fault_system(fault, NULL, "blocking signals");
	run->stop_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->stop_fd < 0 ? fault_system(fault, NULL, "waiting for signals") : ERR_OK;
}

static enum err open_station(struct run *run, struct fault *fault)
{
	struct vault_settings settings = {
		.operator_ = run->operator_, .tool = TOOL,
		.batches = run->batches.count > 0 ? run->batches.items : NULL, .batch_count = run->batches.count,
		.port_names = run->names, .say = on_notice,
	};
	enum err err = check_options(run, fault);

	if (err == ERR_OK)
		err = set_bench(run, fault);
	settings.ports = run->bench.count;
	if (err == ERR_OK)
		err = hash_configuration(settings.configuration, &run->home, fault);
	if (err == ERR_OK)
		err = catch_signals(run, fault);
	if (err == ERR_OK)
		err = outlet_new(&run->outlet, STDOUT_FILENO, EVENTS_KEPT, fault);
	if (err == ERR_OK)
		err = reader_open(&run->reader, &run->home, fault);
	if (err == ERR_OK)
		err = vault_open(&run->vault, &run->home, run->reader, &settings, fault);
	return err;
}

static enum err serve(int *code, struct run *run, struct fault *fault)
{
	struct station_settings settings = {
		.ports = run->places, .count = run->bench.count,
		.presentations = run->once ? 1 : run->count,
		.timeout_ms = run->timeout == UINT64_MAX ? UINT64_MAX : run->timeout * 1000,
		.unit = run->unit, .provision = provision_defaults, .outlet = run->outlet, .outlet_fd = STDOUT_FILENO,
		.stop_fd = run->stop_fd, .event = on_event, .context = run,
	};
	struct fault closing;
	enum err err = station_run(code, &run->home, run->reader, run->vault, &settings, fault);
	enum err closed = vault_close(&run->vault, err == ERR_OK ? "end" : fault->code, &closing);

	if (err == ERR_OK && closed != ERR_OK) {
		*fault = closing;
		err = closed;
	}
	return err;
}

static int run_all(struct run *run)
{
	struct fault fault;
	int code = ERR_OK, said;
	enum err err = open_station(run, &fault);

	if (err == ERR_OK)
		err = serve(&code, run, &fault);
	if (run->outlet != NULL && outlet_finish(run->outlet, FINISH_MS) > 0)
		command_say("some event lines found no reader and were dropped [events-dropped]");
	if (err != ERR_OK) {
		said = command_fault(&fault, run->json);
		code = said > code ? said : code;
	}
	outlet_free(&run->outlet);
	reader_free(&run->reader);
	home_close(&run->home);
	if (run->stop_fd >= 0)
		close(run->stop_fd);
	return code;
}

/* Ports on the command line are all the ports there are: then those of station.conf do not count. */
static void choose_ports(struct run *run, const struct command_option *options, size_t count)
{
	const bool ports = command_given(options, count, "port"), from = command_given(options, count, "ports-from");
	const bool find = command_given(options, count, "auto");

	run->ports_folder = from ? AT_FDCWD : run->home.folder;
	if (!ports && !from && !find)
		return;
	if (!ports)
		texts_free(&run->ports);
	run->ports_from = from ? run->ports_from : NULL;
	run->auto_ = find;
}

int line_run(const struct command *command, int argc, char **argv)
{
	struct run run = {.operator_ = "", .unit = "", .flow = "none", .timeout = UINT64_MAX, .baud = 115200, .bench = BENCH_EMPTY,
	    .stop_fd = -1};
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &run.home_path, "H", "station home"},
		{"port", OPTION_TEXTS, &run.ports, "[NAME=]P", "a device, usb:1-2.3 or tcp:127.0.0.1:4001; repeat"},
		{"ports-from", OPTION_TEXT, &run.ports_from, "FILE", "ports by name, one a line"},
		{"auto", OPTION_FLAG, &run.auto_, NULL, "the nRF91 kits and serial adapters on USB"},
		{"allow-remote", OPTION_FLAG, &run.remote, NULL, "let tcp ports be on other machines"},
		{"batch", OPTION_TEXTS, &run.batches, "ID", "serve this batch only; repeat; default every granted one"},
		{"once", OPTION_FLAG, &run.once, NULL, "one device per port, then end"},
		{"count", OPTION_NUMBER, &run.count, "N", "N devices per port, then end"},
		{"timeout", OPTION_NUMBER, &run.timeout, "S", "longest wait for a device in seconds; default for ever"},
		{"unit", OPTION_TEXT, &run.unit, "S", "serial of the board at the port"},
		{"operator", OPTION_TEXT, &run.operator_, "ID", "who runs the station"},
		{"baud", OPTION_NUMBER, &run.baud, "N", "speed of serial devices; default 115200"},
		{"flow", OPTION_TEXT, &run.flow, "KIND", "flow control of serial devices: none, rtscts, xonxoff; default none"},
		{"json", OPTION_FLAG, &run.json, NULL, "events as JSON lines"},
	};
	struct operands operands;
	int code;

	if (!line_begin(&run.home, command, options, sizeof options / sizeof options[0], argc, argv, 0, 0, &operands, &code))
		return code;
	choose_ports(&run, options, sizeof options / sizeof options[0]);
	code = run_all(&run);
	texts_free(&run.ports);
	texts_free(&run.batches);
	return code;
}
