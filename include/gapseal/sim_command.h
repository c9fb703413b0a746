/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_COMMAND_H
#define GAPSEAL_SIM_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "gapseal/bytes.h"

/*
 * sim_command: the text of one AT command taken apart, and the words by which a script names it.
 */
#define SIM_ARGS_MAX 8
#define SIM_WORDS_SIZE 64

enum sim_form {
	SIM_NOT_AT,  /* does not begin with AT */
	SIM_MALFORMED,
	SIM_EXECUTE, /* AT+CGMR, AT */
	SIM_READ,    /* AT+CFUN? */
	SIM_TEST,    /* AT+CFUN=? */
	SIM_SET      /* AT+CFUN=4 */
};

struct sim_arg {
	struct bytes text; /* without its quotes */
	bool quoted;
};

/* Views into the text it was parsed from. Of a malformed set command name and args hold what came before the
 * fault, so that a command still coming in can be recognised. */
struct sim_command {
	enum sim_form form;
	struct bytes name; /* "%CMNG", "+CFUN"; "" for AT alone */
	size_t count;
	struct sim_arg args[SIM_ARGS_MAX];
};

/* Never fails: what cannot be parsed says so in form. White space around the text is ignored, inside it
 * is not. */
void sim_command_parse(struct sim_command *out, struct bytes text);

/* Whether the command has that name, whatever the case. */
bool sim_command_is(const struct sim_command *command, const char *name);
/* Whether the command changes the credential store: %CMNG with opcode 0 or 3. */
bool sim_command_changes(const struct sim_command *command);

/* The words a script matches: "write 42,3", "delete 42,3", "read 42,4", "list", "list 42"; otherwise
 * the name in lower case without its sign and the first argument: "cfun 4", "cfun ?", "cfun =?", "cgsn
 * 1", "cgmr"; "at"; "noise" for no command. */
void sim_command_words(char out[static SIM_WORDS_SIZE], const struct sim_command *command);
/* Whether words are the pattern, or begin with it at the end of a word or number. "any" matches
 * everything. */
bool sim_words_match(const char *words, const char *pattern);

#endif
