/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CRED_H
#define GAPSEAL_CRED_H

#include "gapseal/at.h"
#include "gapseal/base64.h"
#include "gapseal/credential.h"

/*
 * cred: the TLS credentials shell of Zephyr, for boards that keep credentials outside the modem: its lines,
 * sent in AT_FRAME_LINE, and what it says to them. Nothing here knows when to send one.
 *
 * Contents go in as base64 through a buffer of the shell's, in pieces for which its 64-byte line driver has
 * room. PEM is stored with a NUL behind it, which its reader there wants, so that its listed digest is over
 * content and NUL; an identity is stored as it is. A pre-shared key is raw bytes there and hex digits in a
 * plan: to store the digits would make a key that nobody has, so it is not done at all.
 *
 * The shell never overwrites. What it says in words has the number with which a modem says the same.
 */
#define CRED_PIECE 36                         /* bytes of content in a line */
#define CRED_TEXT_SIZE BASE64_SIZE(CRED_PIECE)
#define CRED_NO_ROOM UINT32_MAX               /* the shell's buffer is too small for the content */

/* Whether a planned credential of that slot is of use where this shell stores it. */
bool cred_takes(struct slot slot);

void cred_attention(struct at_command *out);
/* A line of no meaning for the buffer. Nothing else is answered as it is, so that behind it no answer to an
 * earlier command is to come; and there is something to be cleared, without which clearing says nothing. */
void cred_fill(struct at_command *out, unsigned number);
void cred_clear(struct at_command *out);
/* The i-th piece of a content, false beyond the last. The command looks into text, which its owner wipes. */
bool cred_piece(struct at_command *out, char text[static CRED_TEXT_SIZE], struct bytes content, size_t i);
void cred_add(struct at_command *out, struct slot slot);
void cred_delete(struct at_command *out, struct slot slot);
void cred_list(struct at_command *out);

/* The lines of the list if they are as many as the shell says; otherwise false. Credentials of kinds that a
 * modem does not have are counted and left out. */
bool cred_listing(const struct at *at, struct listing *out);

#endif
