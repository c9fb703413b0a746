/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LINE_AT_TEXT_H
#define GAPSEAL_LINE_AT_TEXT_H

#include <stdbool.h>

#include "gapseal/bytes.h"
#include "gapseal/secret.h"

/*
 * at_text: lines out of a stream of bytes. NUL bytes and VT100 sequences vanish, CR and LF end a line, empty
 * lines are none, a shell's prompt is cut from a line's head and spaces from both ends. Kept lines and the
 * line in hand share one secret, since a host may echo what it was sent.
 */
enum at_text_state { AT_TEXT_PLAIN, AT_TEXT_ESCAPE, AT_TEXT_SEQUENCE };
struct at_text {
	struct secret *store;
	size_t kept;   /* bytes of kept lines, each LF-ended */
	size_t end;    /* bytes of kept lines and of the line in hand */
	enum at_text_state state;
};
enum at_text_event {
	AT_TEXT_MORE,  /* nothing to report */
	AT_TEXT_LINE,  /* a line is whole: look at it, then keep or drop it */
	AT_TEXT_FULL   /* the store is full: the line in hand was dropped */
};

void at_text_clear(struct at_text *text);                 /* wipes all of it */
enum at_text_event at_text_take(struct at_text *text, uint8_t byte);
struct bytes at_text_line(const struct at_text *text);    /* of AT_TEXT_LINE */
void at_text_keep(struct at_text *text);
void at_text_drop(struct at_text *text);
bool at_text_kept(const struct at_text *text, size_t i, struct bytes *out);

/* text without spaces and tabs at both ends. */
struct bytes at_text_trim(struct bytes text);

#endif
