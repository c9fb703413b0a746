/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_AT_H
#define GAPSEAL_AT_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/secret.h"

/*
 * at: one command, one answer (V.250, 3GPP TS 27.007). A state machine that touches no descriptor and no
 * clock: times are monotonic milliseconds handed in. What a command shows and what it hides are two fields;
 * only the first may appear in a trace. One command is in flight at a time: hosts drop what arrives while
 * the modem works.
 *
 * Answers are taken apart by whole lines (CR and LF in any number and order, prompts, VT100 sequences and
 * the echo of the command stripped): OK, ERROR, +CME ERROR: n, +CMS ERROR: n end a command; lines that begin
 * with the command's prefix are its information; every other line is unsolicited or a log and is dropped. A
 * banner ("Ready", "The AT host sample started", "#XMODEM: FAULT", "#XMODEM: INIT", "*** Booting") says that
 * the host restarted. Lines that arrive before the first byte of a command was sent cannot answer it and are
 * dropped too.
 *
 * A shell's own refusals ("AT: command not found", a quote not terminated, an AT command that could not be
 * sent) are ERROR. In a shell's quotes a backslash decodes what follows, so LF, CR and backslash go as \x
 * and exactly two digits: what stands behind them is never taken for a third, and no option of a shell that
 * rewrites the letters \n finds any. Each line to a shell begins with Ctrl-U, which clears what noise or a
 * killed program left in its editor.
 */
#define AT_LINES_MAX 32768  /* bytes kept of one answer; more ends it as AT_GARBAGE */
#define AT_COMMAND_MAX 8200 /* bytes of one command with its terminator, escaped */
#define AT_VISIBLE_SIZE 48

enum at_result {
	AT_BUSY,      /* no final result yet */
	AT_OK,
	AT_ERROR,     /* ERROR without a number, and +CMS ERROR */
	AT_CME,       /* +CME ERROR: n */
	AT_SILENT,    /* no final result before the deadline; also before the first command */
	AT_GARBAGE,   /* too much to be an answer, or a command that may not be sent */
	AT_RESTARTED  /* the host said its banner */
};
enum at_terminator { AT_CR, AT_LF, AT_CRLF };
enum at_frame {
	AT_FRAME_HOST,  /* the command and its terminator, for a modem or an AT host */
	AT_FRAME_SHELL, /* at '<command>': a Zephyr shell's way to its modem */
	AT_FRAME_LINE   /* a command of the Zephyr shell itself */
};

struct at_command {
	char visible[AT_VISIBLE_SIZE]; /* as on the wire: "AT%CMNG=0,42,3," */
	/* Each, if not empty, follows in double quotes, with a comma between. Copied by at_start. A quote
	 * or a NUL inside would break out of the quotes: such a command is not sent and ends as
	 * AT_GARBAGE. In AT_FRAME_LINE hidden stands bare, so it may hold no blank, quote or backslash,
	 * and there is no password. */
	struct bytes hidden;
	struct bytes password;
	const char *prefix;            /* of its information: "+CGSN:"; "" for every line, NULL for none */
	/* The result a whole line is, AT_BUSY if it is none; *number (0) is then at_cme's. NULL: the final
	 * results of AT commands. */
	enum at_result (*final)(struct bytes line, uint32_t *number);
};

struct at;
enum err at_new(struct at **out, struct fault *fault);
void at_free(struct at **at);
/* What ends the commands of AT_FRAME_HOST from now on; AT_CR at first, and always in a shell. */
void at_terminator(struct at *at, enum at_terminator terminator);
/* How commands are sent from now on; AT_FRAME_HOST at first. */
void at_frame(struct at *at, enum at_frame frame);
/* Bytes of a shell's line buffer the command takes, its NUL counted. */
size_t at_size(enum at_frame frame, const struct at_command *command);

/* Starts a command; an earlier one is forgotten and its answer wiped. */
void at_start(struct at *at, const struct at_command *command, uint64_t deadline);
/* Bytes still to be written; at_sent says how many were taken. They may be secret: never show them. */
struct bytes at_output(const struct at *at);
void at_sent(struct at *at, size_t count);
void at_feed(struct at *at, struct bytes bytes);
/* When at_tick wants to be called: the deadline of a command in flight, otherwise UINT64_MAX. */
uint64_t at_due(const struct at *at);
void at_tick(struct at *at, uint64_t now);
enum at_result at_result(const struct at *at);
uint32_t at_cme(const struct at *at);                     /* of AT_CME; what final gave */
/* AT_ERROR, and it came from a shell that does not know the command's first word. */
bool at_unknown(const struct at *at);
/* The i-th information line, without spaces at its ends; false beyond the last. Wiped by the next
 * at_start. */
bool at_line(const struct at *at, size_t i, struct bytes *out);

#endif
