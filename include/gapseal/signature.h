/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SIGNATURE_H
#define GAPSEAL_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/*
 * signature: Ed25519, verifying only. One predicate, that of libsodium 1.0.18: S below the group
 * order, no small-order or non-canonical point, cofactorless. Libraries differ on points nobody makes
 * honestly, so such keys are refused where a key is parsed and can never divide two readers.
 */
#define SIGNATURE_KEY_SIZE 32
#define SIGNATURE_SIZE 64

/* Readies the library. A program that verifies calls it (or secret_process) before anything else of
 * ours; again is harmless. ERR_CANNOT "crypto". */
enum err signature_init(struct fault *fault);
/* Is this a canonical point of the prime-order subgroup, and not of small order? */
bool signature_key_valid(const uint8_t key[static SIGNATURE_KEY_SIZE]);
bool signature_verify(const uint8_t signature[static SIGNATURE_SIZE], struct bytes message,
    const uint8_t key[static SIGNATURE_KEY_SIZE]);

#endif
