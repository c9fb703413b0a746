/* SPDX-License-Identifier: ISC */
/* What probe finds at ports, what it says disturbs them, and the list it keeps for the office. */
#include "vectors.h"

#include "place.h"

#include <errno.h>

#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gapseal/check.h"
#include "gapseal/collect.h"
#include "gapseal/home.h"
#include "gapseal/probe.h"
#include "gapseal/log.h"

#define IMEI_A "352656100367872"
#define IMEI_B "490154203237518"
#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* A modem on a pty, as far as probe needs one: an answer to each line it knows, "" for silence. */
struct answer {
	const char *command;
	const char *text;
};
struct stand_in {
	int master;
	char path[64];
	const struct answer *answers;
	size_t hang_up_at;           /* commands until the line is gone, 0: never */
	pthread_t thread;
	int wake[2];
	bool wrote;                  /* anything but a question came in */
};

static const struct answer good[] = {
	{"AT", "OK"}, {"AT+CMEE=1", "OK"}, {"AT+CGSN=1", "+CGSN: \"" IMEI_A "\"\r\n\r\nOK"},
	{"AT+CGMR", "mfw_nrf9160_1.3.5\r\nOK"}, {"AT%CMNG=1",
	    "%CMNG: 42,3,\"" DIGEST "\"\r\n%CMNG: 7,4\r\nOK"}, {NULL, ""}
};
static const struct answer without_imei[] = {
	{"AT", "OK"}, {"AT+CMEE=1", "OK"}, {"AT+CGSN=1", "ERROR"}, {"AT+CGMR", "mfw_nrf9160_1.3.5\r\nOK"},
	    {NULL, ""}
};
static const struct answer silent[] = {{NULL, ""}};

static const char *answer_to(struct stand_in *modem, const char *line)
{
	const struct answer *answer = modem->answers;

	while (answer->command != NULL && strcmp(answer->command, line) != 0)
		answer++;
	if (strncmp(line, "AT%CMNG=0", 9) == 0 || strncmp(line, "AT%CMNG=3", 9) == 0 || strstr(line,
	    "CFUN") != NULL)
		modem->wrote = true;
	return answer->text;
}

static void reply(struct stand_in *modem, const char *text)
{
	char line[512];
	int size = snprintf(line, sizeof line, "\r\n%s\r\n", text);

	if (text[0] != '\0')
		assert_int_equal(write(modem->master, line, (size_t)size), size);
}

static void *stand(void *context)
{
	struct stand_in *modem = context;
	struct pollfd polled[2] = {{.fd = modem->master, .events = POLLIN}, {.fd = modem->wake[0],
	    .events = POLLIN}};
	char line[512];
	size_t length = 0, commands = 0;
	char byte;

	while (poll(polled, 2, -1) > 0 && polled[1].revents == 0) {
		if ((polled[0].revents & POLLIN) == 0 || read(modem->master, &byte, 1) != 1)
			continue;
		if (byte != '\r' && byte != '\n' && length < sizeof line - 1)
			line[length++] = byte;
		if ((byte != '\r' && byte != '\n') || length == 0)
			continue;
		line[length] = '\0';
		length = 0;
		if (++commands == modem->hang_up_at) {
			close(modem->master);
			modem->master = -1;
			return NULL;
		}
		reply(modem, answer_to(modem, line));
	}
	return NULL;
}

static void modem_start(struct stand_in *modem, const struct answer *answers, size_t hang_up_at)
{
	int slave;

	*modem = (struct stand_in){.answers = answers, .hang_up_at = hang_up_at};
	assert_int_equal(openpty(&modem->master, &slave, modem->path, NULL, NULL), 0);
	close(slave);
	assert_int_equal(pipe(modem->wake), 0);
	assert_int_equal(pthread_create(&modem->thread, NULL, stand, modem), 0);
}

static void modem_stop(struct stand_in *modem)
{
	assert_int_equal(write(modem->wake[1], "x", 1), 1);
	assert_int_equal(pthread_join(modem->thread, NULL), 0);
	close(modem->wake[0]);
	close(modem->wake[1]);
	if (modem->master >= 0)
		close(modem->master);
}

static void bench_put(struct bench *bench, const char *name, const char *path)
{
	static const struct port_settings settings = {.baud = 115200};

	assert_int_equal(bench_add(bench, name, path, &settings, &fault), ERR_OK);
}

static struct probe_result results[4];

static void probe(const struct bench *bench, uint64_t timeout)
{
	memset(results, 0xa5, sizeof results);
	if (probe_run(results, bench, &provision_defaults, timeout, &fault) != ERR_OK)
		fail_msg("%s", fault.text);
}

static void test_ports_at_once(void **state)
{
	struct stand_in modems[2];
	struct bench bench = BENCH_EMPTY;

	(void)state;
	modem_start(&modems[0], good, 0);
	modem_start(&modems[1], without_imei, 0);
	bench_put(&bench, "a", modems[0].path);
	bench_put(&bench, "b", modems[1].path);
	bench_put(&bench, "c", "/dev/nowhere");
	probe(&bench, 20000);
	assert_string_equal(results[0].code, "");
	assert_string_equal(results[0].imei, IMEI_A);
	assert_string_equal(results[0].firmware, "mfw_nrf9160_1.3.5");
	assert_int_equal(results[0].dialect, PROVISION_AT);
	assert_true(results[0].heard && results[0].listed);
	assert_int_equal(results[0].listing.count, 2);
	assert_int_equal(results[0].listing.items[0].slot.tag, 42);
	assert_true(results[0].listing.items[0].has_digest);
	assert_false(results[0].listing.items[1].has_digest);
	assert_string_equal(results[1].code, "imei-none");
	assert_true(results[1].text[0] != '\0');
	assert_true(results[1].heard && !results[1].listed);
	assert_string_equal(results[1].imei, "");
	assert_string_equal(results[1].firmware, "mfw_nrf9160_1.3.5");
	assert_string_equal(results[2].code, "port-open");
	assert_false(results[2].heard);
	for (size_t i = 0; i < 2; i++) {
		assert_false(modems[i].wrote);
		modem_stop(&modems[i]);
	}
}

static void test_nobody_there(void **state)
{
	struct bench bench = BENCH_EMPTY;
	struct stand_in modem;

	(void)state;
	modem_start(&modem, silent, 0);
	bench_put(&bench, "a", modem.path);
	probe(&bench, 300);
	assert_string_equal(results[0].code, "no-modem");
	assert_false(results[0].heard);
	modem_stop(&modem);
}

static void test_gone_in_the_middle(void **state)
{
	struct bench bench = BENCH_EMPTY;
	struct stand_in modem;

	(void)state;
	for (size_t commands = 1; commands <= 6; commands++) {
		modem_start(&modem, good, commands);
		bench_put(&bench, "a", modem.path);
		probe(&bench, 20000);
		assert_string_equal(results[0].code, "port-gone");
		assert_int_equal(results[0].heard, commands > 4);
		modem_stop(&modem);
		bench.count = 0;
	}
}

static int with_place(void **state)
{
	(void)state;
	place_make();
	return 0;
}

static int without_place(void **state)
{
	(void)state;
	place_remove();
	return 0;
}

static const char *in_place(const char *name)
{
	static char full[2][512];
	static unsigned turn;

	turn ^= 1;
	snprintf(full[turn], sizeof full[turn], "%s/%s", place_path, name);
	return full[turn];
}

static void put_process(const char *id, const char *name)
{
	char path[64];

	assert_int_equal(mkdirat(place, id, 0755), 0);
	snprintf(path, sizeof path, "%s/comm", id);
	place_put(path, name, strlen(name));
}

static void check_is(const struct check *check, enum check_grade grade, const char *code)
{
	if (strcmp(check->code, code) != 0 || check->grade != grade)
		fail_msg("%s %s: %s", check_grade_name(check->grade), check->code, check->text);
	assert_true(check->text[0] != '\0');
}

static void test_modem_manager(void **state)
{
	struct check check;

	(void)state;
	put_process("1", "systemd\n");
	put_process("20", "ModemManagerX\n");
	put_process("self", "ModemManager\n");
	check_modem_manager(&check, place_path);
	check_is(&check, CHECK_OK, "");
	put_process("300", "ModemManager\n");
	check_modem_manager(&check, place_path);
	check_is(&check, CHECK_WARN, "modem-manager");
	check_modem_manager(&check, in_place("nowhere"));
	check_is(&check, CHECK_WARN, "proc");
	assert_string_equal(check_grade_name(CHECK_NO), "no");
}

static void test_port_checks(void **state)
{
	struct check check;
	struct stand_in modem;

	(void)state;
	modem_start(&modem, silent, 0);
	check_port(&check, modem.path);
	check_is(&check, CHECK_OK, "");
	assert_int_equal(symlinkat(modem.path, place, "link"), 0);
	check_port(&check, in_place("link"));
	check_is(&check, CHECK_OK, "");
	check_port(&check, in_place("nowhere"));
	check_is(&check, CHECK_NO, "port-missing");
	place_put("file", "x", 1);
	check_port(&check, in_place("file"));
	check_is(&check, CHECK_NO, "port-kind");
	check_port(&check, "tcp:127.0.0.1:4001");
	check_is(&check, CHECK_OK, "");
	check_port(&check, "usb:9-9");
	check_is(&check, CHECK_NO, "port-missing");
	modem_stop(&modem);
}

/* As a user who may not: only root can become one. */
static void test_port_rights(void **state)
{
	struct stand_in modem;
	struct check check;
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0)
		skip();
	modem_start(&modem, silent, 0);
	assert_int_equal(chmod(modem.path, 0600), 0);
	child = fork();
	if (child == 0) {
		if (seteuid(65534) != 0)
			_exit(2);
		check_port(&check, modem.path);
		_exit(check.grade == CHECK_NO && strcmp(check.code, "port-rights") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	modem_stop(&modem);
}

static void put_log(const char *time, size_t padding)
{
	struct entry entry = {.type = ENTRY_CLOCK, .v = 1, .boot = "b"};
	struct buffer text = BUFFER_EMPTY;

	snprintf(entry.time, sizeof entry.time, "2001-01-01T00:00:00Z");
	for (size_t i = 0; i < padding; i++) {
		entry_format(&text, &entry);
		buffer_byte(&text, '\n');
	}
	snprintf(entry.time, sizeof entry.time, "%s", time);
	entry_format(&text, &entry);
	buffer_text(&text, "\n{\"torn");
	assert_true(mkdirat(place, HOME_LOG, 0700) == 0 || errno == EEXIST);
	place_put(HOME_LOG "/" LOG_ENTRIES, text.data, text.size);
	buffer_free(&text);
}

static void test_clock(void **state)
{
	struct check check;

	(void)state;
	check_clock(&check, place);
	check_is(&check, CHECK_WARN, "log");
	put_log("2020-01-01T00:00:00Z", 0);
	check_clock(&check, place);
	check_is(&check, CHECK_OK, "");
	put_log("2199-01-01T00:00:00Z", 0);
	check_clock(&check, place);
	check_is(&check, CHECK_WARN, "clock");
	put_log("2199-01-01T00:00:00Z", 5000); /* more than is looked at */
	check_clock(&check, place);
	check_is(&check, CHECK_WARN, "clock");
	place_put(HOME_LOG "/" LOG_ENTRIES, "", 0);
	check_clock(&check, place);
	check_is(&check, CHECK_OK, "");
}

/* The disk under the tests, of which only the form of the answer is known. */
static void test_space(void **state)
{
	struct check check;

	(void)state;
	check_space(&check, place);
	assert_non_null(strstr(check.text, "MiB"));
	check_space(&check, -1);
	check_is(&check, CHECK_WARN, "disk");
}

static enum err collect(const char *imei, const char *serial)
{
	char padded[IMEI_SIZE];

	snprintf(padded, sizeof padded, "%s", imei);
	return collect_append(in_place("list.csv"), padded, serial, &fault);
}

static void check_list(const char *expected)
{
	struct buffer text = BUFFER_EMPTY;

	assert_int_equal(file_read(&text, place, "list.csv", 1 << 20, &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&text), expected));
	buffer_free(&text);
}

static void refuse(enum err err, const char *code)
{
	assert_int_equal(err, ERR_NO);
	assert_string_equal(fault.code, code);
}

static void test_collect(void **state)
{
	(void)state;
	assert_int_equal(collect(IMEI_A, "B1"), ERR_OK);
	check_list("imei,serial\n" IMEI_A ",B1\n");
	refuse(collect(IMEI_A, "B2"), "collect-twice");
	assert_non_null(strstr(fault.where, "list.csv:2"));
	refuse(collect(IMEI_B, "B1"), "collect-twice");
	refuse(collect(IMEI_B, "B,2"), "collect-serial");
	refuse(collect(IMEI_B, "B\"2"), "collect-serial");
	refuse(collect(IMEI_B, "B\n"), "collect-serial");
	assert_int_equal(collect(IMEI_B, ""), ERR_OK);
	assert_int_equal(collect("013912345678909", ""), ERR_OK); /* no serial is none twice */
	check_list("imei,serial\n" IMEI_A ",B1\n" IMEI_B ",\n013912345678909,\n");
}

static void test_collect_into_what_is_no_list(void **state)
{
	static const char *const bad[] = {
		"imei,serial", "imei\n", "imei,serial,x\n", "imei,serial\r\n", "imei,serial\n" IMEI_A ",B",
		    "\n"
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		place_put("list.csv", bad[i], strlen(bad[i]));
		refuse(collect(IMEI_B, "B2"), "collect-form");
		check_list(bad[i]);
	}
	place_put("list.csv", "", 0);
	assert_int_equal(collect(IMEI_B, "B2"), ERR_OK);
	check_list("imei,serial\n" IMEI_B ",B2\n");
	assert_int_equal(collect_append(place_path, IMEI_B, "", &fault), ERR_CANNOT);
	assert_int_equal(collect_append(in_place("no/list.csv"), IMEI_B, "", &fault), ERR_CANNOT);
}

#define PLACE_TEST(function) cmocka_unit_test_setup_teardown(function, with_place, without_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports_at_once),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_gone_in_the_middle),
		PLACE_TEST(test_modem_manager),
		PLACE_TEST(test_port_checks),
		PLACE_TEST(test_port_rights),
		PLACE_TEST(test_clock),
		PLACE_TEST(test_space),
		PLACE_TEST(test_collect),
		PLACE_TEST(test_collect_into_what_is_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
