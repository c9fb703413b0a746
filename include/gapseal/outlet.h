/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OUTLET_H
#define GAPSEAL_OUTLET_H

#include "gapseal/bytes.h"

/*
 * outlet: where lines go without ever blocking whoever says them. They are kept until their reader takes
 * them; a terminal or pipe is written through a non-blocking descriptor of its own, since the one given may
 * be shared with programs that do not expect that.
 */
struct outlet;
/* fd is not closed; at most limit bytes are kept, then the oldest whole lines are dropped and counted. */
enum err outlet_new(struct outlet **out, int fd, size_t limit, struct fault *fault);
void outlet_free(struct outlet **outlet); /* NULL is fine */
/* Keeps a line (LF is added) and writes what can be written now. */
void outlet_put(struct outlet *outlet, struct bytes line);
/* Takes bytes as they are, but only if nothing else waits: a picture that is old when it is seen is worth
 * nothing. */
bool outlet_offer(struct outlet *outlet, struct bytes picture);
bool outlet_pending(const struct outlet *outlet);
int outlet_fd(const struct outlet *outlet); /* to wait for POLLOUT on */
void outlet_drain(struct outlet *outlet);
/* At the end: waits at most ms for the reader; the number of lines it never got, 0 if all went out. */
uint64_t outlet_finish(struct outlet *outlet, unsigned ms);

#endif
