/* SPDX-License-Identifier: ISC */
#ifndef SIM_EDITOR_H
#define SIM_EDITOR_H

#include "gapseal/sim_host.h"

/* Collects input bytes into a command, as the program in front of the modem does. */

#define AT_BUFFER 4096 /* of AT host and Serial Modem, NUL counted; the former's for answers too */

struct editor {
	const struct sim_host_settings *settings;
	uint8_t *text;
	size_t size;
	size_t limit;      /* bytes text takes */
	bool quoted;       /* AT host, Serial Modem: inside double quotes */
	bool overflow;     /* Serial Modem: what had come was too long and is gone */
	uint8_t newline;   /* shell: the line end that came last */
	unsigned escape;   /* shell: how far into a VT100 sequence */
};

enum err editor_init(struct editor *editor, const struct sim_host_settings *settings, struct fault *fault);
void editor_free(struct editor *editor);
void editor_clear(struct editor *editor);

/* Takes one byte; true: a command is complete. What the other side sees of it goes to echo. */
bool editor_take(struct editor *editor, uint8_t byte, struct buffer *echo);
bool editor_take_shell(struct editor *editor, uint8_t byte, struct buffer *echo);
bool editor_take_slm(struct editor *editor, uint8_t byte);
bool editor_is_shell(const struct editor *editor);
/* What has come so far, and the AT command in it as far as it can be told. */
struct bytes editor_text(const struct editor *editor);
struct bytes editor_command(const struct editor *editor);

#define SHELL_PROMPT "uart:~$ "
void shell_prompt(struct buffer *out);

/* The next word of a shell line, decoded; false if there is none. *open: the quote that was not closed,
 * or 0. */
bool shell_word(struct cursor *cursor, struct buffer *out, uint8_t *open);

#endif
