/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_BECH32_H
#define GAPSEAL_BECH32_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"

/* bech32: 32-byte keys as age writes them, with the checksum of BIP-173. The whole text has the letter
 * case of its prefix: "age1..." or "AGE-SECRET-KEY-1...". Keeps no copy of the key. */
#define BECH32_KEY_SIZE 32
#define BECH32_LENGTH(prefix) (sizeof(prefix) - 1 + 1 + 58) /* characters, for a string constant */

/* False for a wrong prefix, length, letter, letter case, checksum or bits that are not zero. */
bool bech32_decode(uint8_t key[static BECH32_KEY_SIZE], const char *prefix, struct bytes text);
/* Writes BECH32_LENGTH(prefix) characters and a NUL. */
void bech32_encode(char *out, const char *prefix, const uint8_t key[static BECH32_KEY_SIZE]);

#endif
