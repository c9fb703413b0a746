/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_PEM_H
#define GAPSEAL_PEM_H

#include "gapseal/bytes.h"
#include "gapseal/secret.h"

/*
 * pem: the text form of RFC 7468. Written as stock tools write it: 64 columns, a final line end, LF
 * unless crlf. Fit for secrets: constant time, no memory of its own.
 */
#define PEM_LABEL_MAX 40

/* Bytes of the text of size bytes. */
size_t pem_size(const char *label, size_t size, bool crlf);
/* Appends the text. The secret is unchanged, and false returned, if its capacity does not suffice. */
void pem_put(struct buffer *out, const char *label, struct bytes der, bool crlf);
bool pem_put_secret(struct secret *out, const char *label, struct bytes der, bool crlf);

/* Finds the next block with the label, whatever text stands before it, and appends what it holds to
 * der. PEM_BROKEN: no END line, or not base64, or der has failed; the cursor is then behind its BEGIN
 * line. */
enum pem_found { PEM_NONE, PEM_BLOCK, PEM_BROKEN };
enum pem_found pem_take(struct buffer *der, struct cursor *text, const char *label);

#endif
