/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_REWORK_PRIVATE_H
#define GAPSEAL_REWORK_PRIVATE_H

#include "gapseal/rework.h"

/* The parts of rework: rework.c wishes and decisions, rework_read.c lists, rework_find.c records. */

/* A wish that is to be filled, at most REWORK_MAX. */
enum err rework_new_wish(struct rework_wish **out, struct rework_list *rework, struct fault *fault);
/* Fills a wish; ERR_NO as rework_add. */
enum err rework_fill(struct rework_wish *wish, struct bytes imei, struct bytes unit, struct fault *fault);
/* Takes a fault as why it leads to no device. */
void rework_blame(struct rework_wish *wish, const struct fault *fault);

#endif
