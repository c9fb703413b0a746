/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_HASH_H
#define GAPSEAL_HASH_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/bytes.h"

/*
 * hash: SHA-256 (FIPS 180-4) where an auditor recomputes, BLAKE2b (RFC 7693) where a key goes in and
 * where minisign wants it. SHA-256 is libcrypto's stateless SHA256_Init/Update/Final: 5 to 7 times
 * libsodium's here, and it reads no configuration file. None of these can fail.
 */
#define HASH_SIZE 32

struct hash { /* a running SHA-256; a plain value, copied by assignment */
	alignas(16) uint8_t state[128];
};
void hash_begin(struct hash *hash);
void hash_add(struct hash *hash, struct bytes bytes);
void hash_end(struct hash *hash, uint8_t out[static HASH_SIZE]);

/* SHA-256 of one string. */
void hash_bytes(uint8_t out[static HASH_SIZE], struct bytes bytes);
/* RFC 6962 section 2.1: SHA-256(0x00 || data) and SHA-256(0x01 || left || right).
 * out may be one of the inputs. */
void hash_leaf(uint8_t out[static HASH_SIZE], struct bytes data);
void hash_node(uint8_t out[static HASH_SIZE], const uint8_t left[static HASH_SIZE],
    const uint8_t right[static HASH_SIZE]);

/* Keyed BLAKE2b of size bytes (16..64) over the parts in turn, key of 32 bytes. */
void hash_keyed(uint8_t *out, size_t size, const uint8_t key[static 32], const struct bytes *parts,
    size_t count);

/* A running unkeyed BLAKE2b-512, minisign's prehash. */
#define HASH_WIDE_SIZE 64
struct hash_wide {
	alignas(64) uint8_t state[384];
};
void hash_wide_begin(struct hash_wide *hash);
void hash_wide_add(struct hash_wide *hash, struct bytes bytes);
void hash_wide_end(struct hash_wide *hash, uint8_t out[static HASH_WIDE_SIZE]);

#endif
