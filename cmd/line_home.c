/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gapseal-line.h"
#include "gapseal/export.h"
#include "gapseal/file.h"
#include "gapseal/ingest.h"
#include "gapseal/trust.h"

int line_enroll(const struct command *command, int argc, char **argv)
{
	const char *home = NULL, *org = NULL, *name = NULL;
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &home, "H", "folder to make"},
		{"org", OPTION_TEXT, &org, "ORG", "the organisation whose devices it will provision"},
		{"name", OPTION_TEXT, &name, "NAME", "name of this station, never used again"},
	};
	char fingerprint[FINGERPRINT_SIZE];
	uint8_t hash[HASH_SIZE];
	struct operands operands;
	struct fault fault;
	int code;

	if (!command_options(command, options, 3, argc, argv, 0, 0, &operands, &code))
		return code;
	if (home == NULL || org == NULL || name == NULL)
		return command_missing(command, home == NULL ? "home" : org == NULL ? "org" : "name");
	if (home_enroll(hash, home, org, name, TOOL, &fault) != ERR_OK)
		return command_fault(&fault, false);
	fingerprint_print(fingerprint, hash);
	printf("station %s of %s enrolled; carry %s/%s.station to the office and compare by voice\n  %s\n",
	    name, org, home, name,
	    fingerprint);
	return ERR_OK;
}

static void say_line(void *context, const char *line)
{
	(void)context;
	printf("%s\n", line);
}

/* The first digits of the fingerprint, typed by a person who has it from the office by another road than the
 * file. */
static enum err ask_pin(char pin[static 128], const char *path, struct fault *fault)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	ssize_t size = -1;

	if (terminal < 0)
		return fault_set(fault, ERR_CANNOT, "pin-needed", path,
		    "the first trust file needs --pin with its fingerprint, as the office reads it aloud");
	if (dprintf(terminal, "first 16 digits of the fingerprint, as the office reads it aloud: ") > 0)
		size = read(terminal, pin, 127);
	close(terminal);
	if (size <= 1)
		return fault_set(fault, ERR_CANNOT, "pin-needed", path, "nothing was typed");
	pin[size - 1] = '\0';
	return ERR_OK;
}

static enum err take_trust(struct home *home, const char *path, const char *pin, struct fault *fault)
{
	struct ingest_report report = {.say = say_line};
	char typed[128];
	enum err err = ingest_trust(home, path, pin, false, &report, fault);

	if (err == ERR_OK || pin != NULL || strcmp(fault->code, "pin-needed") != 0)
		return err;
	err = ask_pin(typed, path, fault);
	return err == ERR_OK ? ingest_trust(home, path, typed, true, &report, fault) : err;
}

int line_trust(const struct command *command, int argc, char **argv)
{
	const char *path = NULL, *pin = NULL;
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &path, "H", "station home"},
		{"pin", OPTION_TEXT, &pin, "HEX", "fingerprint of the first trust file (64 digits)"},
	};
	struct operands operands;
	struct home home;
	struct fault fault;
	enum err err;
	int code;

	if (!line_begin(&home, command, options, 2, argc, argv, 1, 1, &operands, &code))
		return code;
	err = take_trust(&home, operands.items[0], pin, &fault);
	home_close(&home);
	return err == ERR_OK ? ERR_OK : command_fault(&fault, false);
}

int line_ingest(const struct command *command, int argc, char **argv)
{
	const char *path = NULL;
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &path, "H", "station home"},
	};
	struct ingest_report report = {.say = say_line};
	struct operands operands;
	struct home home;
	struct fault fault;
	enum err err;
	int code;

	if (!line_begin(&home, command, options, 1, argc, argv, 1, SIZE_MAX, &operands, &code))
		return code;
	err = ingest_paths(&home, (const char *const *)operands.items, operands.count, &report, &fault);
	home_close(&home);
	fflush(stdout);
	return err == ERR_OK ? ERR_OK : command_fault(&fault, false);
}

int line_export(const struct command *command, int argc, char **argv)
{
	const char *path = NULL, *out = NULL;
	const struct command_option options[] = {
		{"home", OPTION_TEXT, &path, "H", "station home"},
		{"out", OPTION_TEXT, &out, "DIR", "folder to make"},
	};
	struct checkpoint checkpoint;
	struct buffer line = BUFFER_EMPTY;
	struct operands operands;
	struct home home;
	struct fault fault;
	enum err err;
	int code;

	if (!line_begin(&home, command, options, 2, argc, argv, 0, 0, &operands, &code))
		return code;
	if (out == NULL) {
		home_close(&home);
		return command_missing(command, "out");
	}
	err = home_export(&checkpoint, &home, out, &fault);
	home_close(&home);
	if (err != ERR_OK)
		return command_fault(&fault, false);
	buffer_format(&line, "log of %s, %llu entries, in %s\nhead ", checkpoint.origin,
	    (unsigned long long)checkpoint.size, out);
	base64_encode(&line, bytes_from(checkpoint.root, HASH_SIZE), true);
	buffer_text(&line, "\n");
	code = command_print(&line);
	buffer_free(&line);
	return code;
}
