/* SPDX-License-Identifier: ISC */
#ifndef SUPERSEDES_H
#define SUPERSEDES_H

#include "gapseal/ledger.h"
#include "gapseal/office.h"

/* What a compile supersedes, as its manifest will say: for each batch the request names
 * the devices the roster has in common with it. Codes of ledger_supersede, ERR_CANNOT "supersede-twice". */
enum err supersedes_make(struct list *out, struct ledger *ledger, const struct roster *roster,
    const struct compile_request *request, struct fault *fault);
void supersedes_free(struct list *supersedes);

#endif
