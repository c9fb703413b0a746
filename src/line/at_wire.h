/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_LINE_AT_WIRE_H
#define GAPSEAL_LINE_AT_WIRE_H

#include "gapseal/at.h"

/*
 * at_wire: a command as it goes over the wire, in one of three frames.
 */

/* Appends it; false if it cannot be sent: it is too long, or an argument would break out of its place. */
bool at_wire_put(struct secret *out, const struct at_command *command, enum at_frame frame,
    enum at_terminator terminator);

#endif
