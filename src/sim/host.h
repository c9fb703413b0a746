/* SPDX-License-Identifier: ISC */
#ifndef SIM_HOST_PRIVATE_H
#define SIM_HOST_PRIVATE_H

#include "cred.h"
#include "editor.h"

/* The insides of a host: host.c is its life in time, host_output.c what leaves it, host_command.c one
 * command, host_shell.c what the shells make of it, host_slm.c Serial Modem. */

enum host_state {
	HOST_BOOTING,   /* until due; deaf */
	HOST_LISTENING,
	HOST_WORKING,   /* until due the modem does the command */
	HOST_DOWN,      /* until due, or for ever */
	HOST_OVER
};

struct sim_host {
	struct sim_host_settings settings;
	struct sim_modem *modem;
	struct sim_script *script;
	struct editor editor;
	enum host_state state;
	uint64_t due;
	uint64_t absence;        /* of a hang-up; UINT64_MAX: for ever */
	bool banner;             /* to be printed at the end of booting */
	uint64_t life;           /* counts power-ups: who finds it changed stops what it was doing */

	struct sim_command command; /* in work: views into the text below */
	struct buffer text;
	struct cred_line cred;   /* the same, of the credentials shell */
	struct buffer gathered;  /* its buffer */
	struct sim_hits hits;
	struct buffer held;      /* came while the modem worked */
	bool events;             /* shell: at events_enable */
	struct buffer history;   /* shells: the lines they remember, the last one first */
	struct buffer waiting;   /* Serial Modem: unsolicited lines for the time after the answer */

	uint64_t offset, quotes; /* raw bytes and double quotes of the command coming in */
	uint64_t input, output_count;
	uint64_t next_input, next_output; /* counts at which the script strikes */
	uint64_t noise;
	struct buffer output;
};

/* host.c */
void host_reset(struct sim_host *host, bool banner, uint64_t now);
void host_hangup(struct sim_host *host, const struct sim_fault *fault, uint64_t now);

/* host_output.c: appends to the output, as far as the script lets it get. */
void host_put(struct sim_host *host, struct bytes bytes, uint64_t now);
void host_put_text(struct sim_host *host, const char *text, uint64_t now);
/* A line of the modem's own. */
void host_say(struct sim_host *host, const char *text, uint64_t now);
/* What a script does at a byte. */
void host_strike(struct sim_host *host, const struct sim_hits *hits, uint64_t now);
/* The answer with the noise and lines that the script adds. */
void host_decorate(struct sim_host *host, struct buffer *out, struct bytes answer);
/* The noise alone, and the unsolicited lines from first to last alone, with that before each. */
void host_noise(struct sim_host *host, struct buffer *out);
void host_urcs(const struct sim_host *host, struct buffer *out, uint32_t first, uint32_t last,
    const char *before);

/* host_shell.c: takes the editor's line apart; false if the shell answered it itself. */
bool host_take_shell(struct sim_host *host, uint64_t now);
bool host_take_cred(struct sim_host *host, uint64_t now);
void host_answer_shell(struct sim_host *host, struct bytes answer, uint64_t now);
void host_answer_cred(struct sim_host *host, struct bytes answer, uint64_t now);

/* host_slm.c: Serial Modem's own commands, false if it is none; its answers; what it says unasked. */
bool host_slm_command(struct sim_host *host, struct buffer *answer, bool *reset);
void host_answer_slm(struct sim_host *host, struct bytes answer, uint64_t now);
void host_slm_say(struct sim_host *host, const char *text, uint64_t now);
void host_slm_overflow(struct sim_host *host, uint64_t now);

/* host_command.c: a command is complete; its time is over. */
void host_begin(struct sim_host *host, uint64_t now);
enum err host_finish(struct sim_host *host, uint64_t now, struct fault *fault);

#endif
