/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_SEAL_H
#define GAPSEAL_SEAL_H

#include "gapseal/keys.h"
#include "gapseal/record.h"
#include "gapseal/secret.h"

/*
 * seal: making a record and opening it. XChaCha20-Poly1305 under a key that serves this record alone,
 * with a synthetic nonce: keyed BLAKE2b-192 over u64 length | associated data | u64 length |
 * plaintext. A batch rebuilt from its seed with other contents therefore never repeats a nonce.
 */

/* Station and office (secret/record_open.c). */
void record_nonce(uint8_t out[static RECORD_NONCE_SIZE], const uint8_t key[static KEY_SIZE],
    struct bytes associated, struct bytes plain);
/* Opens a record into plain, which is cleared first and stays empty on failure; its capacity must be
 * at least stride - RECORD_OVERHEAD. Checks the key commitment first (Poly1305 commits to no key),
 * then the AEAD, then recomputes the nonce. The caller has checked that the record is under the
 * signed root and compares the IMEI inside with the modem's.
 * ERR_NO "record-size", "record-commitment", "record-open", "record-nonce"; ERR_CANNOT "memory". */
enum err record_open(struct secret *plain, struct bytes record, const struct record_place *place,
    const struct record_keys *keys, const char *where, struct fault *fault);

/* Office only (compile/record_seal.c). Writes stride bytes to out. The stride must be valid and plain
 * padded to exactly stride - RECORD_OVERHEAD: a caller's mistake here stops the program. */
void record_seal(uint8_t *out, const struct record_place *place, const struct record_keys *keys,
    const uint8_t tag[static RECORD_TAG_SIZE], const uint8_t state[static HASH_SIZE], struct bytes plain);

#endif
