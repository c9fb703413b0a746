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
 * banner ("Ready", "The AT host sample started", "#XMODEM: FAULT", "#XMODEM: INIT") says that the host
 * restarted. Lines that arrive before the first byte of a command was sent cannot answer it and are dropped
 * too.
 */
#define AT_LINES_MAX 32768  /* bytes kept of one answer; more ends it as AT_GARBAGE */
#define AT_COMMAND_MAX 4224 /* bytes of one command with its terminator */
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

struct at_command {
	char visible[AT_VISIBLE_SIZE]; /* as on the wire: "AT%CMNG=0,42,3," */
	/* Each, if not empty, follows in double quotes, with a comma between. Copied by at_start. A quote
	 * or a NUL inside would break out of the quotes: such a command is not sent and ends as
	 * AT_GARBAGE. */
	struct bytes hidden;
	struct bytes password;
	const char *prefix;            /* of its information: "+CGSN:"; "" for every line, NULL for none */
};

struct at;
enum err at_new(struct at **out, struct fault *fault);
void at_free(struct at **at);
/* What ends the commands from now on; AT_CR at first. */
void at_terminator(struct at *at, enum at_terminator terminator);

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
uint32_t at_cme(const struct at *at);                     /* of AT_CME */
/* The i-th information line, without spaces at its ends; false beyond the last. Wiped by the next
 * at_start. */
bool at_line(const struct at *at, size_t i, struct bytes *out);

#endif
