/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_RECIPIENT_H
#define GAPSEAL_RECIPIENT_H

#include <stdint.h>

#include "gapseal/bech32.h"
#include "gapseal/bytes.h"
#include "gapseal/err.h"

/* recipient: the public X25519 key of an age identity, "age1..."; holds and needs no secret. */
#define RECIPIENT_PREFIX "age"
#define RECIPIENT_SIZE (BECH32_LENGTH(RECIPIENT_PREFIX) + 1) /* the text with its NUL */

struct recipient {
	uint8_t key[32];
};
/* Lower case, canonical (below 2^255 - 19, the upper bit clear), and no point for which every shared
 * secret is zero. ERR_NO "age-recipient". */
enum err recipient_parse(struct recipient *out, struct bytes text, const char *where, struct fault *fault);
void recipient_print(char out[static RECIPIENT_SIZE], const struct recipient *recipient);

#endif
