/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_RECORD_H
#define GAPSEAL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/hash.h"

/*
 * record: the layout of one device's sealed record; no key is needed for anything here.
 *
 *   0   tag                16  keyed BLAKE2b-128 of the 15 IMEI digits; the sort key within the lot
 *   16  key commitment     32  checked before decryption
 *   48  state commitment   32  state.h
 *   80  nonce              24  synthetic: keyed BLAKE2b-192 over associated data and plaintext
 *   104 ciphertext       n-120 XChaCha20, of the padded contents
 *   n-16 Poly1305          16
 *
 * n is the manifest's stride, a multiple of 64. The contents are padded (ISO 7816-4: 0x80, zeros) to
 * n - 120 bytes, the same for every record, so that the ciphertext fills the stride: no byte of a
 * record is outside the AEAD, and the zeros after Poly1305 of the general layout number none.
 */
#define RECORD_TAG_SIZE 16
#define RECORD_COMMITMENT 16
#define RECORD_STATE 48
#define RECORD_NONCE 80
#define RECORD_NONCE_SIZE 24
#define RECORD_CIPHERTEXT 104
#define RECORD_MAC_SIZE 16
#define RECORD_OVERHEAD (RECORD_CIPHERTEXT + RECORD_MAC_SIZE)
#define RECORD_STRIDE_STEP 64
#define RECORD_STRIDE_MIN 192
#define RECORD_STRIDE_MAX 16384

/* A multiple of RECORD_STRIDE_STEP from RECORD_STRIDE_MIN to RECORD_STRIDE_MAX. */
bool record_stride_valid(uint64_t stride);
/* The stride for contents of at most size bytes (one byte of padding is always added); 0 if too large. */
uint32_t record_stride(size_t contents_max);

/* Where a record belongs; with its clear header this is the associated data. */
struct record_place {
	const char *batch;           /* id, a name: at most NAME_MAX_LENGTH characters */
	uint32_t lot;                /* index of the lot in the manifest, from 0 */
	uint64_t index;              /* index in file order over the whole batch, from 0 */
	uint32_t stride;
	uint8_t common[HASH_SIZE];   /* record_common */
};

/* SHA-256 over u32 count and the digests of the manifest's common contents, in their order. */
void record_common(uint8_t out[static HASH_SIZE], const uint8_t (*digests)[HASH_SIZE], uint32_t count);

/* The associated data: "gapseal/record/v1\n" | u8 length, batch id | u32 lot | u64 index | u32 stride |
 * tag | state commitment | common. Returns its size. */
#define RECORD_ASSOCIATED_MAX 192
size_t record_associated(uint8_t out[static RECORD_ASSOCIATED_MAX], const struct record_place *place,
    const uint8_t tag[static RECORD_TAG_SIZE], const uint8_t state[static HASH_SIZE]);

#endif
