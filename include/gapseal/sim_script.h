/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIM_SCRIPT_H
#define GAPSEAL_SIM_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"
#include "gapseal/sim_command.h"
#include "gapseal/sim_modem.h"

/*
 * sim_script: what is wrong with a modem: how it starts, and faults, one a line. gapseal-sim(1) has
 * the language:
 *
 *     store 42,3 "00112233"         # how it starts
 *     fail 518 on 1 write           # the first write command is answered 518
 *     hangup 500 at input 1200      # half a second of nothing when the 1200th byte has come in
 */
#define SIM_FAULTS_MAX 64
#define SIM_TEXT_SIZE 256

enum sim_action {
	SIM_FAIL,        /* answered by number, or by plain ERROR; not done */
	SIM_IGNORE,      /* neither done nor answered */
	SIM_SWALLOW,     /* done, not answered */
	SIM_SLOW,        /* answered after number ms more */
	SIM_CORRUPT,     /* a write: other bytes are stored */
	SIM_HIJACK,      /* a write: nothing is stored */
	SIM_LOSE,        /* the input byte at offset number of the command is lost */
	SIM_LOSE_QUOTE,  /* the number-th double quote of the command is lost */
	SIM_GARBAGE,     /* number bytes of noise before the answer */
	SIM_URC,         /* text as a line of its own after number lines of the answer */
	SIM_RESET,       /* the modem restarts */
	SIM_HANGUP,      /* the line is gone, for number ms if it returns */
	SIM_SWAP,        /* after the answer another device is plugged in: text is its IMEI */
	SIM_EXIT         /* the program ends after the answer */
};

enum sim_when {
	SIM_ON_COMMAND,
	SIM_AT_INPUT,
	SIM_AT_OUTPUT
};

struct sim_fault {
	enum sim_action action;
	enum sim_when when;
	uint64_t nth;               /* which matching command, from 1, or after which byte */
	bool onwards;               /* and all later ones */
	char match[SIM_WORDS_SIZE]; /* of SIM_ON_COMMAND: see sim_words_match */
	uint64_t seen;              /* matching commands so far */
	uint32_t number;
	bool plain;                 /* SIM_FAIL: ERROR */
	bool after;                 /* SIM_RESET, SIM_HANGUP: the command is done first, but not answered */
	bool quiet;                 /* SIM_RESET: no banner */
	bool returns;               /* SIM_HANGUP */
	char text[SIM_TEXT_SIZE];
};

/* How the modem starts, laid over the settings of modem and host. */
struct sim_setup {
	bool has_cfun, has_room;
	unsigned cfun, room;
	enum sim_imei_answer imei_answer;
	bool placeholder, power_warning;
	bool echo, unescape_lf;
	unsigned boot_ms;
};

struct sim_script;
/* Reads a script. Files it names are relative to folder. ERR_CANNOT: "sim-script" with the line,
 * "memory", those of file_read. */
enum err sim_script_parse(struct sim_script **out, struct bytes text, const char *where, const char *folder,
    struct fault *fault);
void sim_script_free(struct sim_script **script);

const struct sim_setup *sim_script_setup(const struct sim_script *script);
/* Lays a setup over the modem's settings; sim_host_setup does it for the host. */
void sim_modem_setup(struct sim_modem_settings *settings, const struct sim_setup *setup);
/* Puts the credentials of its store lines into the device plugged in. ERR_CANNOT "memory". */
enum err sim_script_stock(const struct sim_script *script, struct sim_modem *modem, struct fault *fault);

/* The faults that strike at one moment, in the order of their lines. */
struct sim_hits {
	size_t count;
	const struct sim_fault *faults[SIM_FAULTS_MAX];
};
/* The first hit of that action, NULL if there is none. */
const struct sim_fault *sim_hits_find(const struct sim_hits *hits, enum sim_action action);

/* A whole command came in: counts it and says what strikes it. */
void sim_script_command(struct sim_script *script, const char *words, struct sim_hits *out);
/* How many came in so far. */
uint64_t sim_script_commands(const struct sim_script *script);
/* Whether the input byte at that offset of a command still coming in is lost. begun: what has come of
 * it before; quote: which double quote of the command the byte is, from 1, or 0. */
bool sim_script_loses(const struct sim_script *script, struct bytes begun, uint64_t offset, uint64_t quote);
/* The faults after that many bytes of input or output, and the next count from `from` on that has any
 * (UINT64_MAX: none). */
void sim_script_bytes(const struct sim_script *script, enum sim_when when, uint64_t count,
    struct sim_hits *out);
uint64_t sim_script_next(const struct sim_script *script, enum sim_when when, uint64_t from);

#endif
