/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_UTF8_H
#define GAPSEAL_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"

/* utf8: as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. */

/* Takes one code point; false (nothing moved) at the end or where the bytes are not UTF-8. */
bool utf8_take(struct cursor *cursor, uint32_t *rune);
/* Has the code point the Unicode property White_Space? */
bool utf8_is_space(uint32_t rune);

#endif
