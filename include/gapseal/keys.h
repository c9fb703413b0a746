/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_KEYS_H
#define GAPSEAL_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "gapseal/imei.h"
#include "gapseal/record.h"
#include "gapseal/state.h"

/*
 * keys: the key hierarchy of a batch. kdf<n>(key, id, context) is libsodium's
 * crypto_kdf_derive_from_key for n bytes: BLAKE2b of nothing with the key, salt = id as u64 and
 * personalisation = the 8 characters, both followed by zeros.
 *
 *   seed        32 random bytes, or made of officers' shares (seed.h)
 *   K_batch     = BLAKE2b-256(key = seed, "gapseal/batch/v1\n" | plan hash)   office only
 *   K_lot[j]    = kdf32(K_batch, j, "gs-lot__")                               office only to make
 *     check     = kdf32(K_lot, 0, "gs-check")                                 public, in the manifest
 *     tag key   = kdf32(K_lot, 0, "gs-tag__")
 *       tag     = BLAKE2b-128(key = tag key, 15 digits)                       public, in the record
 *     root[i]   = kdf32(K_lot, i, "gs-rec__")              i: index over the whole batch
 *       AEAD key | nonce key  = kdf64(root, 0, "gs-keys_")
 *       blind | commitment    = kdf64(root, 1, "gs-cmts_") commitment: public, in the record
 *   K_cred      = kdf32(K_batch, 0, "gs-cred_")            office only
 *     device    = BLAKE2b-256(key = K_cred, 15 digits)
 *       PSK     = kdf16..64(device, slot id, "gs-psk__")   slot id = tag * 256 + type
 *       EC seed = kdf32(device, slot id, "gs-ec___")
 *       serial  = kdf16(device, slot id, "gs-cert_")
 *
 * No key serves two primitives: a key above is either of kdf or of keyed BLAKE2b or of the AEAD. The
 * commitment hangs below the root, so that the holder of one root alone can check it.
 * Every out parameter that is a key must point into secret memory.
 */
#define KEY_SIZE 32

struct record_keys { /* everything below one record root; only inside a secret */
	uint8_t aead[KEY_SIZE];
	uint8_t nonce[KEY_SIZE];
	uint8_t blind[BLIND_SIZE];
	uint8_t commitment[HASH_SIZE];
};

/* Station and office (secret/keys.c). None of these can fail; a size outside 16..64 is a mistake of the
 * program and stops it. */
void keys_kdf(uint8_t *out, size_t size, const uint8_t key[static KEY_SIZE], uint64_t id,
    const char context[static 8]);
void keys_lot_check(uint8_t out[static HASH_SIZE], const uint8_t lot[static KEY_SIZE]);
void keys_lot_tag_key(uint8_t out[static KEY_SIZE], const uint8_t lot[static KEY_SIZE]);
void keys_tag(uint8_t out[static RECORD_TAG_SIZE], const uint8_t tag_key[static KEY_SIZE],
    const char imei[static IMEI_SIZE]);
void keys_root(uint8_t out[static KEY_SIZE], const uint8_t lot[static KEY_SIZE], uint64_t index);
void keys_record(struct record_keys *out, const uint8_t root[static KEY_SIZE]);

/* Office only (compile/keys_batch.c). */
void keys_batch(uint8_t out[static KEY_SIZE], const uint8_t seed[static KEY_SIZE],
    const uint8_t plan[static HASH_SIZE]);
void keys_lot(uint8_t out[static KEY_SIZE], const uint8_t batch[static KEY_SIZE], uint32_t lot);
void keys_credentials(uint8_t out[static KEY_SIZE], const uint8_t batch[static KEY_SIZE]);
void keys_device(uint8_t out[static KEY_SIZE], const uint8_t credentials[static KEY_SIZE],
    const char imei[static IMEI_SIZE]);
enum keys_purpose { KEYS_PSK, KEYS_EC, KEYS_SERIAL };
/* slot must be slot_writable; size 16..64 for a PSK, 32 for an EC seed, 16 for a serial. */
void keys_credential(uint8_t *out, size_t size, const uint8_t device[static KEY_SIZE], struct slot slot,
    enum keys_purpose purpose);

#endif
