/* SPDX-License-Identifier: ISC */
#ifndef SIM_CRED_H
#define SIM_CRED_H

#include "gapseal/sim_command.h"
#include "gapseal/sim_host.h"

/* The TLS credentials shell: the command `cred` of a board that keeps credentials outside the modem. */

enum cred_verb { CRED_NONE, CRED_BUF, CRED_CLEAR, CRED_ADD, CRED_DEL, CRED_LIST };
struct cred_line {
	enum cred_verb verb;      /* CRED_NONE: the shell's own complaint is all there is */
	char complaint[128];      /* what it says to a line it does not understand, "" if it does */
	bool any_tag, any_type;   /* of a list */
	uint32_t tag, type;
	bool binary, terminated;
	bool has_data;
	struct buffer data;
};

/* Takes a line's words behind `cred`. End with cred_free. */
void cred_parse(struct cred_line *out, struct cursor words);
void cred_free(struct cred_line *line);
/* As sim_command_words: "write 42,0", "delete 42,0", "list", "buf", "clear". */
void cred_words(char out[static SIM_WORDS_SIZE], const struct cred_line *line);
/* Does it and appends what the shell prints, each line LF-ended. gathered: the credential buffer, for less
 * than room bytes. ERR_CANNOT "memory". */
enum err cred_execute(struct sim_modem *modem, struct buffer *gathered, size_t room,
    const struct cred_line *line, enum sim_deed deed, struct buffer *answer, struct fault *fault);
/* What a script's failure looks like. */
void cred_fail(struct buffer *answer, const struct cred_line *line, uint32_t code);

#endif
