/* SPDX-License-Identifier: ISC */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/bytes.h"

#define OPTIONS_MAX 48

static const char *program = "gapseal";
static volatile sig_atomic_t stopped; /* a signal that was caught asks to stop */
static uint64_t given; /* bit i: option i of the running command was on the command line */

void command_begin(const char *name)
{
	int fd;

	program = name;
	signal(SIGXFSZ, SIG_IGN); /* a file beyond the limit of its size is a fault like a full disk */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) == 0);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void note_signal(int number)
{
	(void)number;
	stopped = 1;
}

void command_catch(bool caught)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = caught ? note_signal : SIG_DFL,
		.sa_flags = SA_RESTART | (caught ? (int)SA_RESETHAND : 0)}, now;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

bool command_stopped(void)
{
	return stopped != 0;
}

void command_say(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", program);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

int command_fault(const struct fault *fault, bool json)
{
	struct buffer line = BUFFER_EMPTY;

	if (!json) {
		command_say("%s%s%s [%s]", fault->where, fault->where[0] != '\0' ? ": " : "", fault->text,
		    fault->code);
		return (int)fault->err;
	}
	buffer_text(&line, "{\"event\":\"error\",\"code\":");
	buffer_json_text(&line, fault->code);
	buffer_text(&line, ",\"where\":");
	buffer_json_text(&line, fault->where);
	buffer_text(&line, ",\"text\":");
	buffer_json_text(&line, fault->text);
	buffer_text(&line, "}\n");
	command_print(&line);
	buffer_free(&line);
	return (int)fault->err;
}

int command_print(const struct buffer *out)
{
	if (out->failed || (out->size > 0 && fwrite(out->data, 1, out->size, stdout) != out->size) ||
	    fflush(stdout) != 0) {
		command_say("standard output: could not be written [stdout]");
		return ERR_CANNOT;
	}
	return ERR_OK;
}

enum err command_confirm(const char *question, struct fault *fault)
{
	char answer[16];
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	ssize_t size;

	if (terminal < 0)
		return fault_set(fault, ERR_CANNOT, "no-terminal", NULL,
		    "nobody can be asked here; --yes goes on without asking");
	size = write(terminal, question, strlen(question)) < 0 ? -1 : read(terminal, answer, sizeof answer);
	close(terminal);
	if (size == 4 && memcmp(answer, "yes\n", 4) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "not-confirmed", NULL, "nothing was done");
}

static void usage(FILE *to, const struct command *commands, size_t count)
{
	fprintf(to, "usage: %s COMMAND [OPTION]...\n\n", program);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "  %-16s %s\n", commands[i].name, commands[i].text);
	fprintf(to, "\n%s COMMAND --help shows the options of one command; %s --version the version.\n",
	    program, program);
}

/* How many of the words of argv[1..] name the command: 0 if they do not. */
static int words_matched(const char *name, int argc, char **argv)
{
	size_t first = strcspn(name, " ");

	if (argc < 2 || strlen(argv[1]) != first || strncmp(argv[1], name, first) != 0)
		return 0;
	if (name[first] == '\0')
		return 1;
	return argc > 2 && strcmp(argv[2], name + first + 1) == 0 ? 2 : 0;
}

/* A result that nobody could read is none, whatever was done. */
static int check_said(int code)
{
	if (code != ERR_OK || (fflush(stdout) == 0 && ferror(stdout) == 0))
		return code;
	command_say("standard output: could not be written [stdout]");
	return ERR_CANNOT;
}

int command_main(const struct command *commands, size_t count, int argc, char **argv)
{
	for (size_t i = 0; i < count; i++) {
		int words = words_matched(commands[i].name, argc, argv);

		if (words > 0)
			return check_said(commands[i].run(&commands[i], argc - words, argv + words));
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		usage(stdout, commands, count);
		return check_said(ERR_OK);
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", program, GAPSEAL_VERSION);
		return check_said(ERR_OK);
	}
	if (argc > 1)
		command_say("there is no such command; '%s --help' lists them [usage]", program);
	else
		usage(stderr, commands, count);
	return ERR_CANNOT;
}

static void command_usage(FILE *to, const struct command *command, const struct command_option *options,
    size_t count)
{
	fprintf(to, "usage: %s %s [OPTION]...%s%s\n%s\n\n", program, command->name,
	    command->operands[0] != '\0' ? " " : "",
	    command->operands, command->text);
	for (size_t i = 0; i < count; i++) {
		char left[64];

		snprintf(left, sizeof left, "--%s%s%s", options[i].name, options[i].argument != NULL ? " "
		    : "",
		    options[i].argument != NULL ? options[i].argument : "");
		fprintf(to, "  %-28s %s\n", left, options[i].text);
	}
}

static int mistake(const struct command *command, const char *what, const char *option)
{
	command_say("%s: %s%s; '%s %s --help' shows the usage [usage]", command->name, what, option, program,
	    command->name);
	return ERR_CANNOT;
}

int command_missing(const struct command *command, const char *option)
{
	return mistake(command, "missing --", option);
}

bool texts_add(struct texts *texts, const char *value)
{
	const char **items = realloc(texts->items, (texts->count + 1) * sizeof *items);

	if (items == NULL)
		return false;
	items[texts->count++] = value;
	texts->items = items;
	return true;
}

void texts_free(struct texts *texts)
{
	free(texts->items);
	*texts = (struct texts){0};
}

/* Stores one value; false if it has not the form the option wants. */
static bool take_value(const struct command_option *option, const char *value)
{
	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)option->value = true;
		return true;
	case OPTION_TEXT:
		*(const char **)option->value = value;
		return value[0] != '\0';
	case OPTION_NUMBER:
		return decimal_parse(bytes_of(value), INTEGER_MAX, option->value);
	case OPTION_TEXTS:
		return value[0] != '\0' && texts_add(option->value, value);
	}
	return false;
}

/* One option getopt_long found (or its '?', ':'). True to go on. */
static bool option_found(int found, int index, const struct command *command,
    const struct command_option *options,
    char **argv, int *code)
{
	if (found == ':' || found == '?') {
		*code = mistake(command, found == ':' ? "a value is missing after " : "unknown option ", argv[optind - 1]);
		return false;
	}
	if ((given & UINT64_C(1) << index) != 0 && options[index].kind != OPTION_TEXTS) {
		*code = mistake(command, "given twice: --", options[index].name);
		return false;
	}
	given |= UINT64_C(1) << index;
	if (!take_value(&options[index], optarg)) {
		*code = mistake(command, "not a value it can take: --", options[index].name);
		return false;
	}
	return true;
}

static const struct command_option *option_named(const struct command_option *options, size_t count,
    const char *argument)
{
	size_t size = strcspn(argument, "=");

	for (size_t i = 0; i < count; i++)
		if (strlen(options[i].name) == size && strncmp(options[i].name, argument, size) == 0)
			return &options[i];
	return NULL;
}

/* getopt_long takes any unambiguous beginning of a name for the option; a script that says --pass would
 * change its meaning with the next option added. Every name must be whole. NULL: they are; otherwise the
 * first that is not. */
static const char *find_abbreviated(const struct command_option *options, size_t count, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const struct command_option *option;

		if (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i], "--help") == 0)
			continue;
		option = option_named(options, count, argv[i] + 2);
		if (option == NULL)
			return argv[i];
		if (option->kind != OPTION_FLAG && strchr(argv[i], '=') == NULL)
			i++;
	}
	return NULL;
}

static void table_of(struct option *table, const struct command_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		table[i] = (struct option){options[i].name, options[i].kind == OPTION_FLAG ? no_argument
		    : required_argument, NULL, 0};
	table[count] = (struct option){"help", no_argument, NULL, 'h'};
	table[count + 1] = (struct option){0};
}

bool command_options(const struct command *command, const struct command_option *options, size_t count,
    int argc,
    char **argv, size_t operands_min, size_t operands_max, struct operands *operands, int *code)
{
	struct option table[OPTIONS_MAX + 2];
	int found, index = 0;

	if (find_abbreviated(options, count, argc, argv) != NULL) {
		*code = mistake(command, "unknown option ", find_abbreviated(options, count, argc, argv));
		return false;
	}
	table_of(table, options, count);
	opterr = 0;
	optind = 1;
	given = 0;
	while ((found = getopt_long(argc, argv, ":", table, &index)) != -1) {
		if (found == 'h') {
			command_usage(stdout, command, options, count);
			*code = ERR_OK;
			return false;
		}
		if (!option_found(found, index, command, options, argv, code))
			return false;
	}
	*operands = (struct operands){argv + optind, (size_t)(argc - optind)};
	if (operands->count < operands_min || operands->count > operands_max) {
		*code = mistake(command, operands->count < operands_min ? "missing " : "too many operands, expected ",
		    command->operands[0] != '\0' ? command->operands : "none");
		return false;
	}
	return true;
}

bool command_given(const struct command_option *options, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(options[i].name, name) == 0)
			return (given & UINT64_C(1) << i) != 0;
	return false;
}
