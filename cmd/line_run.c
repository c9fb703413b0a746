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
#include "line_face.h"
#include "line_steps.h"

#define CONF_MAX 65536
#define LABEL_MAX 86400 /* seconds */
#define LABEL_ARGUMENTS 32
#define TIMEOUT_MIN 10 /* milliseconds for a modem to answer */
#define TIMEOUT_MAX 600000

/* What run was asked for, and what it holds while it runs. */
struct run {
	const char *home_path, *operator_, *unit, *flow, *ports_from, *events;
	struct texts ports, batches, label_command;
	bool once, json, quiet, auto_, remote;
	uint64_t label_timeout;
	uint64_t count, timeout, baud;
	uint64_t command_timeout, write_timeout, cfun_timeout; /* milliseconds */
	const char *dialect, *terminator, *pacing;
	uint64_t line_limit;
	struct provision_settings provision;

	struct home home;
	int ports_folder;      /* what ports_from is relative to */
	struct bench bench;
	struct station_port places[BENCH_MAX];
	const char *names[BENCH_MAX];
	struct reader *reader;
	struct vault *vault;
	struct face face;
	struct steps steps;
	const char *label_arguments[LABEL_ARGUMENTS + 1]; /* NULL-ended */
	int stop_fd, acknowledge_fd;
};

/* How devices are talked to, where a port's line does not say. */
static enum err set_dialogue(struct run *run, struct fault *fault)
{
	char limit[24];
	const struct {
		const char *name, *value;
	} table[] = {{"dialect", run->dialect}, {"terminator", run->terminator}, {"pacing", run->pacing},
	    {"line_limit", limit}};
	enum err err = ERR_OK;

	snprintf(limit, sizeof limit, "%llu", (unsigned long long)run->line_limit);
	run->provision = provision_defaults;
	run->provision.command = (unsigned)run->command_timeout;
	run->provision.write = (unsigned)run->write_timeout;
	run->provision.cfun = (unsigned)run->cfun_timeout;
	for (size_t i = 0; err == ERR_OK && i < sizeof table / sizeof table[0]; i++)
		err = provision_set(&run->provision, table[i].name, table[i].value, fault);
	run->bench.provision = &run->provision;
	return err;
}

/* The ports given one by one, those of a file, and what is found on USB besides. */
static enum err set_bench(struct run *run, struct fault *fault)
{
	struct port_settings settings = {.baud = (unsigned)run->baud, .remote = run->remote};
	enum err err = set_dialogue(run, fault);

	if (err != ERR_OK)
		return err;
	if (!port_flow_parse(&settings.flow, run->flow))
		return fault_set(fault, ERR_CANNOT, "usage", "--flow",
		    "flow control is none, rtscts or xonxoff");
	for (size_t i = 0; err == ERR_OK && i < run->ports.count; i++)
		err = bench_give(&run->bench, run->ports.items[i], &settings, fault);
	if (err == ERR_OK && run->ports_from != NULL)
		err = bench_read(&run->bench, run->ports_folder, run->ports_from, &settings, fault);
	if (err == ERR_OK && run->auto_)
		err = bench_find(&run->bench, &settings, face_say, &run->face, fault);
	for (unsigned i = 0; i < run->bench.count; i++) {
		const struct bench_port *port = &run->bench.ports[i];

		run->places[i] = (struct station_port){port->name, port->path, port->settings,
		    &port->provision};
		run->names[i] = port->name;
	}
	if (err == ERR_OK && run->bench.count == 0)
		return fault_set(fault, ERR_CANNOT, "usage", "--port",
		    "give a port: --port, --ports-from or --auto");
	return err;
}

static enum err check_timeouts(const struct run *run, struct fault *fault)
{
	const struct {
		const char *option;
		uint64_t value;
	} table[] = {{"--command-timeout", run->command_timeout}, {"--write-timeout", run->write_timeout},
	    {"--cfun-timeout", run->cfun_timeout}};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].value < TIMEOUT_MIN || table[i].value > TIMEOUT_MAX)
			return fault_set(fault, ERR_CANNOT, "usage", table[i].option, "%d to %d milliseconds",
			    TIMEOUT_MIN,
			    TIMEOUT_MAX);
	return ERR_OK;
}

static enum err check_options(struct run *run, struct fault *fault)
{
	if (run->once && run->count != 0)
		return fault_set(fault, ERR_CANNOT, "usage", "--once", "not together with --count");
	if (strlen(run->unit) >= UNIT_SIZE || !text_is_printable(bytes_of(run->unit)))
		return fault_set(fault, ERR_CANNOT, "usage", "--unit",
		    "a unit is at most %d printable characters", UNIT_SIZE - 1);
	if (strlen(run->operator_) >= NAME_SIZE || !text_is_printable(bytes_of(run->operator_)))
		return fault_set(fault, ERR_CANNOT, "usage", "--operator",
		    "an operator is at most %d printable characters", NAME_MAX_LENGTH);
	if (run->baud < PORT_BAUD_MIN || run->baud > PORT_BAUD_MAX)
		return fault_set(fault, ERR_CANNOT, "usage", "--baud", "%d to %d", PORT_BAUD_MIN,
		    PORT_BAUD_MAX);
	if (run->label_timeout > LABEL_MAX)
		return fault_set(fault, ERR_CANNOT, "usage", "--label-timeout", "at most %d seconds",
		    LABEL_MAX);
	return check_timeouts(run, fault);
}

/* The program and its arguments: from the option, given once for each, and what stands behind the options. */
static enum err set_label_command(struct run *run, const struct operands *operands, struct fault *fault)
{
	const size_t given = run->label_command.count, count = given + operands->count;

	if (count == 0)
		return ERR_OK;
	if (given == 0 || run->label_command.items[0][0] != '/')
		return fault_set(fault, ERR_CANNOT, "usage", "--label-cmd", given == 0 ?
		    "there is nothing that takes arguments" : "the program should be an absolute path");
	if (count > LABEL_ARGUMENTS)
		return fault_set(fault, ERR_CANNOT, "usage", "--label-cmd", "at most %d words",
		    LABEL_ARGUMENTS);
	for (size_t i = 0; i < count; i++)
		run->label_arguments[i] = i < given ? run->label_command.items[i]
		    : operands->items[i - given];
	return ERR_OK;
}

/* What the log calls the configuration: station.conf as it is. */
static enum err hash_configuration(uint8_t out[static HASH_SIZE], const struct home *home,
    struct fault *fault)
{
	struct buffer conf = BUFFER_EMPTY;
	enum err err = file_read(&conf, home->folder, HOME_CONF, CONF_MAX, fault);

	hash_bytes(out, buffer_bytes(&conf));
	buffer_free(&conf);
	return err;
}

static enum err catch_set(int *out, const sigset_t *set, struct fault *fault)
{
	if (sigprocmask(SIG_BLOCK, set, NULL) != 0)
		return fault_system(fault, NULL, "blocking signals");
	*out = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *out < 0 ? fault_system(fault, NULL, "waiting for signals") : ERR_OK;
}

/* A file that may not grow is a failed write to the log, not the end of the program; children must not be
 * reaped by themselves; a terminal we are in the background of is one that says nothing. */
static enum err catch_signals(struct run *run, struct fault *fault)
{
	sigset_t stop, acknowledge;
	enum err err;

	sigemptyset(&stop);
	sigaddset(&stop, SIGHUP);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigemptyset(&acknowledge);
	sigaddset(&acknowledge, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	err = catch_set(&run->stop_fd, &stop, fault);
	return err == ERR_OK ? catch_set(&run->acknowledge_fd, &acknowledge, fault) : err;
}

static enum err open_face(struct run *run, struct fault *fault)
{
	const struct face_settings settings = {.json = run->json, .quiet = run->quiet, .events = run->events,
	    .home = &run->home, .bench = &run->bench};

	return face_open(&run->face, &settings, fault);
}

static enum err open_station(struct run *run, struct fault *fault)
{
	struct vault_settings settings = {
		.operator_ = run->operator_, .tool = TOOL,
		.batches = run->batches.count > 0 ? run->batches.items : NULL,
		    .batch_count = run->batches.count,
		.port_names = run->names, .say = face_say, .context = &run->face,
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
		err = steps_read(&run->steps, &run->home, fault);
	if (err == ERR_OK)
		err = open_face(run, fault);
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
		.unit = run->unit, .provision = run->provision,
		.label_ms = run->label_timeout * 1000, .label_fd = STDIN_FILENO,
		.label_command = run->label_arguments[0] != NULL ? run->label_arguments : NULL,
		.prepare = run->steps.prepare, .permit = run->steps.permit, .after = run->steps.after,
		.outlets = run->face.all, .outlet_count = run->face.count,
		.stop_fd = run->stop_fd, .acknowledge_fd = run->acknowledge_fd,
		.event = face_event, .say = face_say, .look = run->face.live ? face_look : NULL,
		    .context = &run->face,
	};
	struct fault closing;
	enum err err, closed;

	face_begin(&run->face, run->vault);
	err = station_run(code, &run->home, run->reader, run->vault, &settings, fault);
	closed = vault_close(&run->vault, err == ERR_OK ? "end" : fault->code, &closing);
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
	face_close(&run->face);
	if (err != ERR_OK) {
		said = command_fault(&fault, run->json);
		code = said > code ? said : code;
	}
	steps_free(&run->steps);
	reader_free(&run->reader);
	home_close(&run->home);
	if (run->stop_fd >= 0)
		close(run->stop_fd);
	if (run->acknowledge_fd >= 0)
		close(run->acknowledge_fd);
	return code;
}

/* Ports on the command line are all the ports there are: then those of station.conf do not count. */
static void choose_ports(struct run *run, const struct command_option *options, size_t count)
{
	const bool ports = command_given(options, count, "port"),
	    from = command_given(options, count, "ports-from");
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
	struct run run = {.operator_ = "", .unit = "", .flow = "none", .timeout = UINT64_MAX, .baud = 115200,
	    .bench = BENCH_EMPTY, .command_timeout = provision_defaults.command,
	    .write_timeout = provision_defaults.write,
	    .cfun_timeout = provision_defaults.cfun, .dialect = "auto", .terminator = "auto",
	    .pacing = "none",
	    .line_limit = provision_defaults.line_limit, .label_timeout = 120, .face = FACE_CLOSED,
	    .stop_fd = -1, .acknowledge_fd = -1};
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &run.home_path, "H", "station home"},
		{"port", OPTION_TEXTS, &run.ports, "[NAME=]P",
		    "a device, usb:1-2.3 or tcp:127.0.0.1:4001; repeat"},
		{"ports-from", OPTION_TEXT, &run.ports_from, "FILE", "ports by name, one a line"},
		{"auto", OPTION_FLAG, &run.auto_, NULL, "the nRF91 kits and serial adapters on USB"},
		{"allow-remote", OPTION_FLAG, &run.remote, NULL, "let tcp ports be on other machines"},
		{"batch", OPTION_TEXTS, &run.batches, "ID",
		    "serve this batch only; repeat; default every granted one"},
		{"once", OPTION_FLAG, &run.once, NULL, "one device per port, then end"},
		{"count", OPTION_NUMBER, &run.count, "N", "N devices per port, then end"},
		{"timeout", OPTION_NUMBER, &run.timeout, "S",
		    "longest wait for a device in seconds; default for ever"},
		{"unit", OPTION_TEXT, &run.unit, "S", "serial of the board at the port"},
		{"operator", OPTION_TEXT, &run.operator_, "ID", "who runs the station"},
		{"baud", OPTION_NUMBER, &run.baud, "N", "speed of serial devices; default 115200"},
		{"flow", OPTION_TEXT, &run.flow, "KIND",
		    "their flow control: none, rtscts, xonxoff; default none"},
		{"command-timeout", OPTION_NUMBER, &run.command_timeout, "MS",
		    "a modem's time to answer; default 5000"},
		{"write-timeout", OPTION_NUMBER, &run.write_timeout, "MS",
		    "the same, a write or delete; default 30000"},
		{"cfun-timeout", OPTION_NUMBER, &run.cfun_timeout, "MS",
		    "the same, going offline or off; default 60000"},
		{"dialect", OPTION_TEXT, &run.dialect, "KIND",
		    "what devices understand: auto, at, shell, cred; default auto"},
		{"terminator", OPTION_TEXT, &run.terminator, "KIND",
		    "what ends a line to an AT host: auto, cr, lf, crlf; default auto"},
		{"pacing", OPTION_TEXT, &run.pacing, "N/MS",
		    "so many bytes, then so long a pause; default none"},
		{"line-limit", OPTION_NUMBER, &run.line_limit, "N", "bytes of a shell's line; default 256"},
		{"label-timeout", OPTION_NUMBER, &run.label_timeout, "S",
		    "a device waits for its label; default 120"},
		{"label-cmd", OPTION_TEXTS, &run.label_command, "CMD",
		    "its lines are scans too; arguments behind --"},
		{"json", OPTION_FLAG, &run.json, NULL, "events as JSON lines"},
		{"events", OPTION_TEXT, &run.events, "FILE",
		    "events as JSON lines to a file, pipe or descriptor besides"},
		{"quiet", OPTION_FLAG, &run.quiet, NULL, "no table and no lines for people"},
	};
	const size_t count = sizeof options / sizeof options[0];
	struct operands operands;
	struct fault fault;
	int code;

	if (!line_begin(&run.home, command, options, count, argc, argv, 0, LABEL_ARGUMENTS, &operands, &code))
		return code;
	choose_ports(&run, options, count);
	if (set_label_command(&run, &operands, &fault) == ERR_OK) {
		code = run_all(&run);
	} else {
		code = command_fault(&fault, run.json);
		home_close(&run.home);
	}
	texts_free(&run.ports);
	texts_free(&run.batches);
	texts_free(&run.label_command);
	return code;
}
