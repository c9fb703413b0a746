/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_HOST_H
#define GAPSEAL_SIM_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"
#include "gapseal/sim_modem.h"
#include "gapseal/sim_script.h"

/*
 * sim_host: the program in front of the modem, which has the serial line: bytes in, bytes out, with
 * everything such programs do to them. It touches no descriptor and no clock: times are
 * microseconds handed in, never smaller than before.
 *
 * SIM_DIALECT_AT is the vendor's AT host: one terminator, which is data inside double quotes; a
 * buffer of 4096, beyond which bytes are dropped, a closing quote too; while the modem works what
 * comes in is lost. SIM_DIALECT_SLM is Serial Modem: nothing is kept until AT comes, answers stand
 * between empty lines, unsolicited ones wait for their end. SIM_DIALECT_SHELL is the Zephyr shell with
 * its `at` command: echo, prompt, colours, a line of 256, quoting. SIM_DIALECT_CRED is the same shell
 * without `at`, but with `cred`, the TLS credentials shell: no modem is to be seen through it.
 */
enum sim_dialect { SIM_DIALECT_AT, SIM_DIALECT_SHELL, SIM_DIALECT_CRED, SIM_DIALECT_SLM };
enum sim_terminator { SIM_TERMINATOR_CR, SIM_TERMINATOR_LF, SIM_TERMINATOR_CRLF };

struct sim_host_settings {
	enum sim_dialect dialect;
	enum sim_terminator terminator; /* of AT host and Serial Modem; the shells take all */
	unsigned nvm_ms;                /* a write or delete takes so long */
	unsigned boot_ms;               /* from reset to the first byte taken */
	size_t line_limit;              /* of the shells, their NUL counted */
	size_t cred_buffer;             /* base64 of one credential, of SIM_DIALECT_CRED */
	bool flow;                      /* nothing is lost while the modem works */
	bool echo;                      /* AT host and Serial Modem echo */
	bool ready;                     /* they print Ready at power-up */
	bool unescape_lf;               /* the shell's `at` turns \n of a write into CR LF */
	uint64_t seed;                  /* of the noise */
};
/* AT host, CR, no delays, lines of 256 in the shells, credentials of 1024 letters, seed 1. */
extern const struct sim_host_settings sim_host_defaults;
/* Lays a script's setup over the settings. */
void sim_host_setup(struct sim_host_settings *settings, const struct sim_setup *setup);

enum sim_line {
	SIM_LINE_UP,
	SIM_LINE_DOWN, /* hung up: what was put out before still belongs to the other side */
	SIM_LINE_OVER  /* as SIM_EXIT wants */
};

struct sim_host;
/* Powers up. modem and script are lent and outlive the host. ERR_CANNOT "memory". */
enum err sim_host_new(struct sim_host **out, const struct sim_host_settings *settings,
    struct sim_modem *modem, struct sim_script *script, uint64_t now, struct fault *fault);
void sim_host_free(struct sim_host **host);

/* Bytes that arrived, and time that passed. ERR_CANNOT "memory". */
enum err sim_host_feed(struct sim_host *host, struct bytes bytes, uint64_t now, struct fault *fault);
enum err sim_host_tick(struct sim_host *host, uint64_t now, struct fault *fault);
/* When sim_host_tick wants to be called (UINT64_MAX: not). */
uint64_t sim_host_due(const struct sim_host *host);
enum sim_line sim_host_line(const struct sim_host *host);
/* The other side has really lost the line, later than SIM_LINE_DOWN was said: the time until it comes back
 * counts from now. */
void sim_host_lost(struct sim_host *host, uint64_t now);

/* Bytes to be sent; sim_host_sent says how many were. */
struct bytes sim_host_output(const struct sim_host *host);
void sim_host_sent(struct sim_host *host, size_t count);

/* The modem says something unasked. ERR_CANNOT "memory". */
enum err sim_host_urc(struct sim_host *host, const char *text, uint64_t now, struct fault *fault);

#endif
