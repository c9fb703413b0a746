/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIGNING_PRIVATE_H
#define GAPSEAL_SIGNING_PRIVATE_H

#include "gapseal/office.h"

/* signing_extract.c: what is checked of an extract besides its grant, which is signing's document: that the
 * record is the one under the root of the manifest, and the grant for it. Appends a line to the summary.
 * Codes of manifest_parse, extract_open and grant_check, "grant-records". */
enum err signing_extract(struct signing *signing, int folder, const char *path,
    const struct trust_fields *trust, struct fault *fault);

#endif
