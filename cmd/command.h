/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_COMMAND_H
#define GAPSEAL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/err.h"

/*
 * command: options, usage and messages, the same in every program. Help goes to stdout with exit 0, mistakes
 * to stderr with 2; an option given twice or unknown is a mistake.
 */
enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_TEXTS };

struct texts { /* every value of an option that may be repeated, in order */
	const char **items;
	size_t count;
};

struct command_option {
	const char *name;     /* without the dashes */
	enum option_kind kind;
	void *value;          /* bool, const char *, uint64_t or struct texts; unchanged unless given */
	const char *argument; /* for the usage; NULL for a flag */
	const char *text;     /* for the usage */
};

struct command {
	const char *name;     /* "compile", or two words: "keygen office" */
	const char *operands; /* for the usage, "" if none */
	const char *text;     /* one line */
	int (*run)(const struct command *command, int argc, char **argv);
};

/* Runs the command argv names (one or two words), or prints the usage. Returns the exit code. */
int command_main(const struct command *commands, size_t count, int argc, char **argv);

/* Parses options; operands are left in *operands. False: the caller returns *code (help was printed, or a
 * mistake said). */
struct operands {
	char **items;
	size_t count;
};
bool command_options(const struct command *command, const struct command_option *options, size_t count,
    int argc,
    char **argv, size_t operands_min, size_t operands_max, struct operands *operands, int *code);
/* Appends a value, not copied; false if memory is short. */
bool texts_add(struct texts *texts, const char *value);
void texts_free(struct texts *texts);

/* Fills options that were not given from the top level of a conf file in libconfuse syntax (names with '_'
 * for '-'). conf lists every option the file may hold, for whichever command; a missing file is no fault.
 * Values live until the program ends. */
struct config_section;
enum err command_defaults(const struct command_option *options, size_t count,
    const struct config_section *conf,
    const char *folder, const char *name, struct fault *fault);
/* Was this option on the command line, whatever a conf file says? */
bool command_given(const struct command_option *options, size_t count, const char *name);
/* Says a mandatory option is missing: prints, returns 2. */
int command_missing(const struct command *command, const char *option);

/* Asks on the terminal; only the word yes is one. ERR_NO "not-confirmed"; ERR_CANNOT "no-terminal": say
 * --yes. */
enum err command_confirm(const char *question, struct fault *fault);

/* Prints a fault: "gapseal: place: sentence [code]" on stderr, or one JSON object on stdout. Returns its exit
 * code. */
int command_fault(const struct fault *fault, bool json);
/* Prints a line for a person to stderr: "gapseal: ...". */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The first call of every main: the name messages begin with, and standard descriptors that are really open.
 */
void command_begin(const char *program);
/* While caught, the first SIGINT, SIGTERM or SIGHUP only sets a mark, so that long work can take back what is
 * half made; a second one ends the program at once. Those that were ignored stay so. */
void command_catch(bool caught);
bool command_stopped(void);
/* Writes a buffer to stdout and checks it; exit code 0, or 2 with a message. */
struct buffer;
int command_print(const struct buffer *out);

#define GAPSEAL_VERSION "0.1.0"

#endif
