/* SPDX-License-Identifier: ISC */
/* The station's loop over ptys with stand-in modems: what is said in which order, and when a port is free. No
 * batch is granted here, so every device is refused; what becomes of the others is shown by the tests of the
 * programs. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "gapseal/ingest.h"
#include "gapseal/sim_pty.h"
#include "gapseal/station.h"

#define FIRST "352656100367872"
#define SECOND "490154203237518"
#define THIRD "356938035643809"
#define PORTS 4
#define PEERS 4
#define PATIENCE 60000

static struct station_port ports[PORTS];
static const char *names[PORTS] = {"a", "b", "c", "d"};
static char paths[PORTS][300];
static struct { pid_t pid; int stop; } peers[PEERS];
static unsigned peer_count;
static struct station_settings settings;
static struct reader *reader;
static struct vault *vault;
static int stop_pipe[2], ack_pipe[2], label_pipe[2];
static struct buffer story;   /* one line an event: kind, port, code or result, reason */
static unsigned looks;
static const char *wanted;    /* a port whose device must be free when its result is said */
/* When the story holds the cue, act is scanned; "STOP" and "ACK" go to pipes of their own. */
static const char *cue, *act;

static void act_now(void)
{
	const char *done = act;

	act = NULL;
	if (strcmp(done, "STOP") == 0)
		assert_int_equal(write(stop_pipe[1], "x", 1), 1);
	else if (strcmp(done, "ACK") == 0)
		assert_int_equal(write(ack_pipe[1], "x", 1), 1);
	else
		assert_int_equal(write(label_pipe[1], done, strlen(done)), (ssize_t)strlen(done));
}

static bool story_holds(const char *text)
{
	return story.size > 0 && memmem(story.data, story.size, text, strlen(text)) != NULL;
}

/* Whoever reads the result may pull the device or use the port. */
static void check_free(const char *path)
{
	int file = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0);
	close(file);
}

static void on_event(void *context, const struct event *event)
{
	static const char *const kinds[] = {"start", "waiting", "port", "device", "error", "stop"};

	assert_ptr_equal(context, &story);
	assert_string_equal(event->station, "line1");
	buffer_format(&story, "%s %s", kinds[event->kind], event->port);
	if (event->kind == EVENT_DEVICE)
		buffer_format(&story, " %s %s %s", event->device.imei, result_name(event->device.result),
		    event->device.reason);
	else if (event->code[0] != '\0')
		buffer_format(&story, " %s", event->code);
	buffer_byte(&story, '\n');
	if (event->kind == EVENT_DEVICE && wanted != NULL)
		check_free(wanted);
	if (act != NULL && story_holds(cue))
		act_now();
}

static void on_say(void *context, const char *line)
{
	assert_ptr_equal(context, &story);
	buffer_format(&story, "say %s\n", line);
}

static void on_look(void *context, const struct station_look *ports_seen, unsigned count)
{
	assert_ptr_equal(context, &story);
	assert_int_equal(count, settings.count);
	for (unsigned i = 0; i < count; i++)
		assert_true(strcmp(ports_seen[i].port, names[i]) == 0 && ports_seen[i].step[0] != '\0');
	looks++;
}

/* The peer's process: a modem on a pty, until the pipe ends. */
static _Noreturn void be_modem(const char *link, const char *imei, const char *script_text, int ready,
    int stop)
{
	struct sim_modem_settings modem_settings = sim_modem_defaults;
	const struct sim_pty_settings pty_settings = {.stop = stop};
	struct sim_script *script;
	struct sim_modem *modem;
	struct sim_host *host;
	struct sim_pty *pty;

	signal(SIGPIPE, SIG_IGN);
	modem_settings.imei = imei;
	if (sim_script_parse(&script, bytes_of(script_text), "script", ".", &fault) != ERR_OK ||
	    sim_modem_new(&modem, &modem_settings, &fault) != ERR_OK || sim_pty_open(&pty, link, &fault) != ERR_OK ||
	    sim_host_new(&host, &sim_host_defaults, modem, script, sim_pty_now(), &fault) != ERR_OK ||
	    write(ready, "x", 1) != 1)
		_exit(1);
	sim_pty_run(pty, &pty_settings, modem, host, &fault);
	sim_pty_close(&pty);
	_exit(0);
}

static void plug(unsigned port, const char *imei, const char *script)
{
	int ready[2], stop[2];
	char byte;
	pid_t pid;

	assert_true(pipe2(ready, O_CLOEXEC) == 0 && pipe2(stop, O_CLOEXEC) == 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(stop[1]);
		be_modem(paths[port], imei, script, ready[1], stop[0]);
	}
	close(ready[1]);
	close(stop[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	peers[peer_count].pid = pid;
	peers[peer_count++].stop = stop[1];
}

static void unplug_all(void)
{
	for (unsigned i = 0; i < peer_count; i++) {
		close(peers[i].stop);
		kill(peers[i].pid, SIGKILL);
		assert_int_equal(waitpid(peers[i].pid, NULL, 0), peers[i].pid);
	}
	peer_count = 0;
}

static int make(void **state)
{
	struct ingest_report report = {0};
	char pin[2 * HASH_SIZE + 1];
	uint8_t hash[HASH_SIZE];

	station_make(state);
	media_make_trust(hash, place_path, "t1.json", NULL);
	hex_encode(pin, bytes_from(hash, HASH_SIZE));
	assert_int_equal(ingest_trust(&home, in_place("t1.json"), pin, false, &report, &fault), ERR_OK);
	assert_true(pipe2(stop_pipe, O_CLOEXEC) == 0 && pipe2(ack_pipe, O_CLOEXEC | O_NONBLOCK) == 0 &&
	    pipe2(label_pipe, O_CLOEXEC) == 0);
	story = BUFFER_EMPTY;
	looks = 0;
	wanted = cue = act = NULL;
	for (unsigned i = 0; i < PORTS; i++) {
		snprintf(paths[i], sizeof paths[i], "%s/pty-%u", place_path, i);
		ports[i] = (struct station_port){names[i], paths[i], {.baud = 115200}, NULL};
	}
	settings = (struct station_settings){.ports = ports, .count = 1, .presentations = 1, .timeout_ms = PATIENCE,
	    .unit = "", .provision = provision_defaults, .label_ms = PATIENCE, .label_fd = label_pipe[0],
	    .stop_fd = stop_pipe[0], .acknowledge_fd = ack_pipe[0],
	    .event = on_event, .say = on_say, .context = &story};
	return 0;
}

static int drop(void **state)
{
	unplug_all();
	for (int i = 0; i < 2; i++) {
		close(stop_pipe[i]);
		close(ack_pipe[i]);
		close(label_pipe[i]);
	}
	buffer_free(&story);
	trust_free(&media_trust);
	return station_remove(state);
}

static enum err run(int *code)
{
	const struct vault_settings of_vault = {.operator_ = "op", .tool = "test", .ports = settings.count,
	    .port_names = names};
	struct fault closing;
	enum err err;

	assert_int_equal(reader_open(&reader, &home, &fault), ERR_OK);
	assert_int_equal(vault_open(&vault, &home, reader, &of_vault, &fault), ERR_OK);
	err = station_run(code, &home, reader, vault, &settings, &fault);
	(void)vault_close(&vault, "end", &closing);
	reader_free(&reader);
	return err;
}

static void check_run(int expected)
{
	int code = -1;

	if (run(&code) != ERR_OK)
		fail_msg("%s: %s", fault.code, fault.text);
	if (code != expected)
		fail_msg("exit %d, not %d:\n%.*s", code, expected, (int)story.size, (const char *)story.data);
}

static void check_story(const char *expected)
{
	buffer_byte(&story, '\0');
	assert_string_equal((const char *)story.data, expected);
}

static void test_one_device(void **state)
{
	(void)state;
	plug(0, FIRST, "");
	wanted = paths[0];
	check_run(ERR_NO);
	check_story("start \nwaiting a\ndevice a " FIRST " refused not-in-batch\nstop \n");
}

static void test_several_ports(void **state)
{
	(void)state;
	settings.count = 3;
	plug(0, FIRST, "");
	plug(1, SECOND, "");
	plug(2, THIRD, "slow 300 on 1 cgmr\n");
	check_run(ERR_NO);
	assert_true(story_holds("device a " FIRST " refused not-in-batch\n"));
	assert_true(story_holds("device b " SECOND " refused not-in-batch\n"));
	assert_true(story_holds("device c " THIRD " refused not-in-batch\n"));
}

static void test_no_modem(void **state)
{
	(void)state;
	plug(0, FIRST, "ignore on 1+ any\n");
	settings.timeout_ms = 600;
	check_run(ERR_CANNOT);
	check_story("start \nwaiting a\nport a no-modem\nstop \n");
}

static void test_no_port(void **state)
{
	(void)state;
	settings.timeout_ms = 1200; /* it is tried more than once, and said once */
	check_run(ERR_CANNOT);
	check_story("start \nwaiting a\nport a port-open\nport a no-modem\nstop \n");
}

static void test_count(void **state)
{
	(void)state;
	settings.presentations = 2;
	plug(0, FIRST, "swap " SECOND " on 3 cgsn 1\n");
	check_run(ERR_NO);
	check_story("start \nwaiting a\ndevice a " FIRST " refused not-in-batch\nwaiting a\n"
	    "device a " SECOND " refused not-in-batch\nstop \n");
}

/* Refused and failed devices do not make an orderly stop a failure. */
static void test_until_stopped(void **state)
{
	(void)state;
	settings.presentations = 0;
	plug(0, FIRST, "swap " SECOND " on 3 cgsn 1\n");
	cue = "device a " SECOND;
	act = "STOP";
	check_run(ERR_OK);
	assert_true(story_holds("device a " FIRST));
}

static void test_stopped_before_anything(void **state)
{
	(void)state;
	cue = "waiting a";
	act = "STOP";
	check_run(ERR_CANNOT); /* --once: no device was identified, which is no success */
	check_story("start \nwaiting a\nport a port-open\nstop \n");
}

static void test_unplugged_and_plugged_in_again(void **state)
{
	(void)state;
	settings.presentations = 0;
	plug(0, FIRST, "hangup 100 on 3 cgsn 1\n");
	cue = "device a " FIRST " refused not-in-batch\nwaiting a\nport a port-open\ndevice a " FIRST;
	act = "STOP";
	check_run(ERR_OK);
	assert_null(act);
}

static void test_stop_file(void **state)
{
	int code;

	(void)state;
	home_put(HOME_STOP, bytes_of(""));
	assert_int_equal(run(&code), ERR_CANNOT);
	assert_string_equal(fault.code, "stop-file");
	assert_int_equal(story.size, 0);
}

static void test_stop_file_meanwhile(void **state)
{
	static const char *const touching[] = {"/bin/sh", "-c", "echo >\"$GAPSEAL_PORT_PATH\"", NULL};
	int folder;

	(void)state;
	settings.presentations = 0;
	settings.prepare = (struct station_step){touching, PATIENCE};
	snprintf(paths[0], sizeof paths[0], "%s/home/" HOME_STOP, place_path);
	check_run(ERR_OK);
	assert_int_equal(folder_open(&folder, home.folder, ".", &fault), ERR_OK);
	assert_true(file_exists(folder, HOME_STOP));
	close(folder);
}

static const char *const failing[] = {"/bin/sh", "-c", "echo broken; exit 1", NULL};
#define BROKEN "say a prepare: broken\nport a prepare-failed\n"

static void test_suspended(void **state)
{
	(void)state;
	settings.presentations = 0;
	settings.prepare = (struct station_step){failing, PATIENCE};
	cue = "port-suspended";
	act = "ack a\n";
	settings.timeout_ms = 500; /* the second suspension is not acknowledged */
	check_run(ERR_CANNOT);
	check_story("start \n" BROKEN BROKEN BROKEN "port a port-suspended\n"
	    BROKEN BROKEN BROKEN "port a port-suspended\nstop \n");
}

static void test_acknowledged_by_signal(void **state)
{
	(void)state;
	settings.presentations = 0;
	settings.prepare = (struct station_step){failing, PATIENCE};
	settings.timeout_ms = 500;
	cue = "port a port-suspended\n";
	act = "ACK";
	check_run(ERR_CANNOT);
	assert_non_null(memmem(story.data, story.size, "port-suspended\nsay a prepare", 28));
}

static void test_prepare_counts_in_a_bounded_run(void **state)
{
	(void)state;
	settings.prepare = (struct station_step){failing, PATIENCE};
	check_run(ERR_CANNOT);
	check_story("start \n" BROKEN "stop \n");
}

/* A step that runs while the port is open must not find it; the others must. */
static void test_after(void **state)
{
	static const char *const arguments[] = {"/bin/sh", "-c",
	    "flock -n \"$GAPSEAL_PORT_PATH\" echo $GAPSEAL_IMEI $GAPSEAL_RESULT $GAPSEAL_REASON", NULL};

	(void)state;
	plug(0, FIRST, "");
	settings.after = (struct station_step){arguments, PATIENCE};
	check_run(ERR_NO);
	check_story("start \nwaiting a\nsay a after: " FIRST " refused not-in-batch\n"
	    "device a " FIRST " refused not-in-batch\nstop \n");
}

/* The log takes nothing more: the device in hand is told about, nothing else is begun. */
static void test_full_disk(void **state)
{
	struct rlimit before, limit;
	struct buffer log;
	int code;
	enum err err;

	(void)state;
	plug(0, FIRST, "");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	log = home_file("log/entries.jsonl");
	limit = before;
	limit.rlim_cur = log.size + 400; /* the start entry still fits */
	buffer_free(&log);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	err = run(&code);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, ERR_CANNOT);
	assert_string_equal(fault.code, "log-write");
	assert_int_equal(code, ERR_NO);
	check_story("start \nwaiting a\ndevice a " FIRST " failed log-write\nstop  log-write\n");
}

/* A face sees every port, again and again. */
static void test_look(void **state)
{
	(void)state;
	settings.look = on_look;
	plug(0, FIRST, "slow 600 on 1 cgmr\n");
	check_run(ERR_NO);
	assert_true(looks >= 2);
}

/* Standard input is not touched by a run of one device that needs nothing from it. */
static void test_scans_are_left_alone(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(write(label_pipe[1], "x", 1), 1);
	plug(0, FIRST, "");
	check_run(ERR_NO);
	assert_int_equal(read(label_pipe[0], &byte, 1), 1);
}

/* A serial scanned for a port goes with its device, whether the batch wants it or not. */
static void test_scanned_unit(void **state)
{
	struct buffer log;

	(void)state;
	settings.count = 2;
	settings.presentations = 2;
	settings.timeout_ms = 2000;
	assert_int_equal(write(label_pipe[1], "SN-0\nb\nSN-7\nSN-8\n", 17), 17);
	plug(1, FIRST, "slow 300 on 1 cgmr\n");
	check_run(ERR_CANNOT);
	assert_true(story_holds("error  label-port\n"));
	assert_true(story_holds("port b not-removed\n"));
	log = home_file("log/entries.jsonl");
	assert_non_null(memmem(log.data, log.size, "\"unit\":\"SN-7\"", 13));
	assert_null(memmem(log.data, log.size, "SN-0", 4));
	assert_null(memmem(log.data, log.size, "SN-8", 4));
	buffer_free(&log);
}

#define LOOP_TEST(function) cmocka_unit_test_setup_teardown(function, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_one_device), LOOP_TEST(test_several_ports), LOOP_TEST(test_no_modem),
		LOOP_TEST(test_no_port), LOOP_TEST(test_count), LOOP_TEST(test_until_stopped),
		LOOP_TEST(test_stopped_before_anything),
		LOOP_TEST(test_unplugged_and_plugged_in_again), LOOP_TEST(test_stop_file),
		LOOP_TEST(test_stop_file_meanwhile),
		LOOP_TEST(test_suspended), LOOP_TEST(test_acknowledged_by_signal),
		LOOP_TEST(test_prepare_counts_in_a_bounded_run), LOOP_TEST(test_after), LOOP_TEST(test_full_disk),
		LOOP_TEST(test_look), LOOP_TEST(test_scans_are_left_alone), LOOP_TEST(test_scanned_unit),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
