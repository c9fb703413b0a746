/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_TRUST_PRIVATE_H
#define GAPSEAL_TRUST_PRIVATE_H

#include "gapseal/office.h"

/* trust_make.c: appends one item of size bytes to a list; what the list held stays. */
enum err trust_list_add(struct list *list, const void *item, size_t size, struct fault *fault);
/* trust_change.c: statuses and revocations of a next version. */
enum err trust_apply_changes(struct trust_fields *fields, const struct trust_request *request,
    struct fault *fault);

#endif
