/* SPDX-License-Identifier: ISC */
#ifndef SUPERSEDES_H
#define SUPERSEDES_H

#include "gapseal/ledger.h"
#include "gapseal/office.h"

/* Reads "BATCH", "BATCH:all", "BATCH:same" or "BATCH:3,17-20". ERR_CANNOT "supersede-form". */
enum err supersede_parse(struct supersede_wish *out, const char *text, struct fault *fault);
/* What a compile supersedes, as its manifest will say; *dropped counts the devices superseded and not made
 * anew. Codes of ledger_supersede and supersede_parse, ERR_CANNOT "supersede-twice". */
enum err supersedes_make(struct list *out, uint64_t *dropped, struct ledger *ledger,
    const struct roster *roster, const struct compile_request *request, struct fault *fault);
void supersedes_free(struct list *supersedes);

#endif
