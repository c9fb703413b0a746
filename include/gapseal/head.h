/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_HEAD_H
#define GAPSEAL_HEAD_H

#include "gapseal/home.h"

/*
 * head: the checkpoint of a station's log on one line, to be read aloud, printed as a QR code or
 * photographed, so that a witness has it who is given no file:
 *
 *     <origin>|<size>|<root>|<signature>
 *
 * ASCII, at most HEAD_LINE_MAX characters. Nothing is lost: the checkpoint is the lines origin, size, root,
 * an empty one, and an em dash, origin and signature with a blank between each.
 */
#define HEAD_LINE_MAX 240

/* Appends the line, without LF. File codes; ERR_UNKNOWN "log-checkpoint" (not what a station writes). */
enum err head_line(struct buffer *out, const struct home *home, struct fault *fault);

#endif
