/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_P256_H
#define GAPSEAL_P256_H

#include <stdint.h>

#include "gapseal/bytes.h"

/*
 * p256: NIST P-256 key pairs made from a seed by C2SP det-keygen: HMAC_DRBG with SHA-256 (SP 800-90A)
 * instantiated with the seed and a fixed personalisation, its first 32 bytes as the private key; if
 * they are not below the order, the next 32 bytes, and never a third time.
 */
#define P256_SEED_MIN 16
#define P256_SCALAR_SIZE 32
#define P256_POINT_SIZE 65 /* 0x04, x, y */

/* The private key, big-endian; out in secret memory. ERR_CANNOT "key-seed": the seed is shorter than
 * P256_SEED_MIN, or gives no key (below 2^-32 for 2^32 keys). */
enum err p256_scalar(uint8_t out[static P256_SCALAR_SIZE], struct bytes seed, struct fault *fault);

/* What point multiplication needs; belongs to one thread. x509_process comes before. */
struct p256;
enum err p256_new(struct p256 **out, struct fault *fault);
void p256_free(struct p256 **p256);
/* The public key of a private key. ERR_CANNOT "crypto". */
enum err p256_point(uint8_t out[static P256_POINT_SIZE], struct p256 *p256,
    const uint8_t scalar[static P256_SCALAR_SIZE], struct fault *fault);

/* The key pair as DER; out in secret memory. SEC1 (RFC 5915) is what modems take, PKCS#8 (RFC 5958)
 * what tools like. */
#define P256_SEC1_SIZE 121
#define P256_PKCS8_SIZE 138
void p256_sec1(uint8_t out[static P256_SEC1_SIZE], const uint8_t scalar[static P256_SCALAR_SIZE],
    const uint8_t point[static P256_POINT_SIZE]);
void p256_pkcs8(uint8_t out[static P256_PKCS8_SIZE], const uint8_t scalar[static P256_SCALAR_SIZE],
    const uint8_t point[static P256_POINT_SIZE]);

#endif
