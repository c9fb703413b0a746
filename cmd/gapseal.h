/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CMD_GAPSEAL_H
#define GAPSEAL_CMD_GAPSEAL_H

#include "command.h"
#include "gapseal/office.h"

/* The commands of the office program, one function each; every one returns the exit code. */
int keygen_office(const struct command *command, int argc, char **argv);
int keygen_share(const struct command *command, int argc, char **argv);
int keygen_officer(const struct command *command, int argc, char **argv);
int trust_new(const struct command *command, int argc, char **argv);
int trust_next(const struct command *command, int argc, char **argv);
int trust_show(const struct command *command, int argc, char **argv);
int ca_make(const struct command *command, int argc, char **argv);
int plan(const struct command *command, int argc, char **argv);
int lint(const struct command *command, int argc, char **argv);
int rebuild(const struct command *command, int argc, char **argv);
int compile(const struct command *command, int argc, char **argv);
int sign(const struct command *command, int argc, char **argv);
int grant(const struct command *command, int argc, char **argv);
int pack(const struct command *command, int argc, char **argv);
int export_batch(const struct command *command, int argc, char **argv);
int accept_returned(const struct command *command, int argc, char **argv);
int extract(const struct command *command, int argc, char **argv);
int ledger_show_all(const struct command *command, int argc, char **argv);
int ledger_find_device(const struct command *command, int argc, char **argv);
int ledger_verify_all(const struct command *command, int argc, char **argv);
int ledger_back_up(const struct command *command, int argc, char **argv);
int inspect(const struct command *command, int argc, char **argv);

/* Shows how far a long work is, its rate and the time left, on stderr if that is a terminal. False once
 * the program was asked to stop. */
struct progress {
	bool on;
	uint64_t begun, said;        /* milliseconds of the monotonic clock */
	const char *what;            /* is counted: "devices" */
};
void progress_begin(struct progress *out, const char *what);
bool progress_show(void *context, uint64_t done, uint64_t total);
/* Prints findings to stderr, a line each. */
void findings_say(const struct findings *findings);

#define TOOL "gapseal " GAPSEAL_VERSION
#define NO_FD UINT64_MAX

/* The numbers of a repeated option, ascending as a grant has them; free them with free(3) in any case. what
 * is what one of them is: "an index". */
enum err numbers_get(uint64_t **out, const struct texts *texts, const char *option, const char *what,
    struct fault *fault);

/* Every option office.conf may hold. */
extern const struct config_section office_options;
/* Whether the office is named and its conf file, if there is one, could be read: its defaults are filled in.
 * Otherwise that was said, and *code is the exit code. */
bool office_given(const struct command *command, const struct command_option *options, size_t count,
    const char *office, bool json, int *code);

/* A passphrase from the descriptor the user named, or from the terminal (twice if confirm). */
enum err passphrase_get(struct secret **out, uint64_t fd, const char *prompt, bool confirm,
    struct fault *fault);
/* The office's identity, with its passphrase if it has one. */
enum err identity_get(struct secret **out, const struct office *office, uint64_t fd, struct fault *fault);
/* Opens office and trust for a command and prints, to stderr, the fingerprint used. */
enum err office_begin(struct office *office, const struct trust **trust, const char *path,
    const char *trust_file,
    const char *pin, struct fault *fault);

#endif
