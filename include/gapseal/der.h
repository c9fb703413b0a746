/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_DER_H
#define GAPSEAL_DER_H

#include "gapseal/bytes.h"

/* der: as much of X.690 as cutting a certificate apart and putting it together again takes. */
#define DER_BIT_STRING 0x03
#define DER_SEQUENCE 0x30

struct der {
	uint8_t tag;
	struct bytes whole;   /* with its header */
	struct bytes content;
};
/* The next element; low tag numbers and lengths below 2^24 only. */
bool der_take(struct cursor *cursor, struct der *out);
/* Appends the header of an element with size bytes of content. */
void der_put_header(struct buffer *out, uint8_t tag, size_t size);
/* Bytes of an element with size bytes of content, header included. */
size_t der_size(size_t size);

#endif
