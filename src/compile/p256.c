/* SPDX-License-Identifier: ISC */
#include "gapseal/p256.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "gapseal/hash.h"
#include "gapseal/secret.h"
#include "x509_private.h"

#define HMAC_BLOCK 64

/* HMAC_DRBG of SP 800-90A section 10.1.2 with SHA-256. */
struct drbg {
	uint8_t key[HASH_SIZE];
	uint8_t value[HASH_SIZE];
};

/* HMAC of RFC 2104 with a key of one hash. out may be the key or a part. */
static void hmac(uint8_t out[static HASH_SIZE], const uint8_t key[static HASH_SIZE],
    const struct bytes *parts, size_t count)
{
	uint8_t inner[HMAC_BLOCK], outer[HMAC_BLOCK];
	struct hash hash;

	for (size_t i = 0; i < HMAC_BLOCK; i++) {
		uint8_t byte = i < HASH_SIZE ? key[i] : 0;

		inner[i] = byte ^ 0x36;
		outer[i] = byte ^ 0x5c;
	}
	hash_begin(&hash);
	hash_add(&hash, bytes_from(inner, HMAC_BLOCK));
	for (size_t i = 0; i < count; i++)
		hash_add(&hash, parts[i]);
	hash_end(&hash, inner);
	hash_begin(&hash);
	hash_add(&hash, bytes_from(outer, HMAC_BLOCK));
	hash_add(&hash, bytes_from(inner, HASH_SIZE));
	hash_end(&hash, out);
	secret_wipe(inner, sizeof inner);
	secret_wipe(outer, sizeof outer);
	secret_wipe(&hash, sizeof hash);
}

static void drbg_next(struct drbg *drbg)
{
	struct bytes value = bytes_from(drbg->value, HASH_SIZE);

	hmac(drbg->value, drbg->key, &value, 1);
}

static void drbg_mix(struct drbg *drbg, uint8_t round, struct bytes seed, struct bytes personal)
{
	struct bytes parts[] = {bytes_from(drbg->value, HASH_SIZE), bytes_from(&round, 1), seed, personal};

	hmac(drbg->key, drbg->key, parts, sizeof parts / sizeof *parts);
	drbg_next(drbg);
}

static void drbg_begin(struct drbg *drbg, struct bytes seed)
{
	struct bytes personal = bytes_of("det ECDSA key gen P-256");

	memset(drbg->key, 0, HASH_SIZE);
	memset(drbg->value, 1, HASH_SIZE);
	drbg_mix(drbg, 0, seed, personal);
	drbg_mix(drbg, 1, seed, personal);
}

/* Whether 0 < candidate < order, in constant time. */
static bool is_scalar(const uint8_t candidate[static P256_SCALAR_SIZE])
{
	static const uint8_t order[P256_SCALAR_SIZE] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25,
		    0x51,
	};
	unsigned borrow = 0, any = 0;

	for (size_t i = P256_SCALAR_SIZE; i > 0; i--) {
		borrow = ((unsigned)candidate[i - 1] - order[i - 1] - borrow) >> 8 & 1;
		any |= candidate[i - 1];
	}
	return borrow == 1 && any != 0;
}

enum err p256_scalar(uint8_t out[static P256_SCALAR_SIZE], struct bytes seed, struct fault *fault)
{
	struct drbg drbg;
	bool good;

	if (seed.size < P256_SEED_MIN)
		return fault_set(fault, ERR_CANNOT, "key-seed", NULL, "the seed of a key has only %zu bytes",
		    seed.size);
	drbg_begin(&drbg, seed);
	drbg_next(&drbg);
	good = is_scalar(drbg.value);
	if (!good) {
		drbg_mix(&drbg, 0, bytes_from(NULL, 0), bytes_from(NULL, 0));
		drbg_next(&drbg);
		good = is_scalar(drbg.value);
	}
	if (good)
		memcpy(out, drbg.value, P256_SCALAR_SIZE);
	secret_wipe(&drbg, sizeof drbg);
	if (!good)
		return fault_set(fault, ERR_CANNOT, "key-seed", NULL,
		    "two numbers drawn for a key were both none; compile anew, with a new seed");
	return ERR_OK;
}

struct p256 {
	EC_GROUP *group;
	EC_POINT *point;
	BIGNUM *scalar;  /* in libcrypto's locked heap, of constant size from the first use on */
	BN_CTX *context;
};

enum err p256_new(struct p256 **out, struct fault *fault)
{
	struct p256 *p256;
	enum err err = x509_check_process(fault);

	*out = NULL;
	if (err != ERR_OK)
		return err;
	p256 = calloc(1, sizeof *p256);
	if (p256 == NULL)
		return fault_memory(fault);
	p256->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (p256->group != NULL)
		p256->point = EC_POINT_new(p256->group);
	p256->scalar = BN_secure_new();
	p256->context = BN_CTX_secure_new();
	if (p256->point == NULL || p256->scalar == NULL || p256->context == NULL) {
		p256_free(&p256);
		return x509_fault(fault, "set up P-256");
	}
	BN_set_flags(p256->scalar, BN_FLG_CONSTTIME);
	*out = p256;
	return ERR_OK;
}

void p256_free(struct p256 **p256)
{
	if (*p256 == NULL)
		return;
	BN_CTX_free((*p256)->context);
	BN_clear_free((*p256)->scalar);
	EC_POINT_free((*p256)->point);
	EC_GROUP_free((*p256)->group);
	free(*p256);
	*p256 = NULL;
}

static bool multiply(uint8_t out[static P256_POINT_SIZE], struct p256 *p256,
    const uint8_t scalar[static P256_SCALAR_SIZE])
{
	return BN_bin2bn(scalar, P256_SCALAR_SIZE, p256->scalar) != NULL &&
	    EC_POINT_mul(p256->group, p256->point, p256->scalar, NULL, NULL, p256->context) == 1 &&
	    EC_POINT_point2oct(p256->group, p256->point, POINT_CONVERSION_UNCOMPRESSED, out, P256_POINT_SIZE,
	    p256->context) == P256_POINT_SIZE;
}

enum err p256_point(uint8_t out[static P256_POINT_SIZE], struct p256 *p256,
    const uint8_t scalar[static P256_SCALAR_SIZE], struct fault *fault)
{
	bool good = multiply(out, p256, scalar);

	BN_clear(p256->scalar);
	return good ? ERR_OK : x509_fault(fault, "multiply a point of P-256");
}

void p256_sec1(uint8_t out[static P256_SEC1_SIZE], const uint8_t scalar[static P256_SCALAR_SIZE],
    const uint8_t point[static P256_POINT_SIZE])
{
	/* SEQUENCE, INTEGER 1, OCTET STRING; [0] OID prime256v1, [1] BIT STRING without unused bits */
	static const uint8_t head[] = {0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
	static const uint8_t middle[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
	    0x07,
		0xa1, 0x44, 0x03, 0x42, 0x00};

	_Static_assert(sizeof head + P256_SCALAR_SIZE + sizeof middle + P256_POINT_SIZE == P256_SEC1_SIZE,
	    "SEC1 is made of its parts");
	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, scalar, P256_SCALAR_SIZE);
	memcpy(out + sizeof head + P256_SCALAR_SIZE, middle, sizeof middle);
	memcpy(out + P256_SEC1_SIZE - P256_POINT_SIZE, point, P256_POINT_SIZE);
}

void p256_pkcs8(uint8_t out[static P256_PKCS8_SIZE], const uint8_t scalar[static P256_SCALAR_SIZE],
    const uint8_t point[static P256_POINT_SIZE])
{
	/* version 0, OIDs ecPublicKey and prime256v1, OCTET STRING with SEC1 without its own OID */
	static const uint8_t head[] = {0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86,
	    0x48,
		0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04,
		    0x6d,
		0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20};
	static const uint8_t middle[] = {0xa1, 0x44, 0x03, 0x42, 0x00};

	_Static_assert(sizeof head + P256_SCALAR_SIZE + sizeof middle + P256_POINT_SIZE == P256_PKCS8_SIZE,
	    "PKCS#8 is made of its parts");
	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, scalar, P256_SCALAR_SIZE);
	memcpy(out + sizeof head + P256_SCALAR_SIZE, middle, sizeof middle);
	memcpy(out + P256_PKCS8_SIZE - P256_POINT_SIZE, point, P256_POINT_SIZE);
}
