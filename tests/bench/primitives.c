/* SPDX-License-Identifier: ISC */
/*
 * The bare primitives of one device, timed on N threads: what a compile is measured against. Prints one JSON object.
 *
 *     primitives THREADS COUNT_PSK COUNT_X509
 *
 * PSK: 32 random bytes, SHA-256 of 64, 256 and 256 bytes, three crypto_kdf of 64 bytes, keyed BLAKE2b for tag and nonce,
 * XChaCha20-Poly1305 of 136 bytes. X.509: a P-256 key as the library makes one (EVP_PKEY_generate with a reused context, both halves
 * exported) and one ECDSA signature with a reused context; and the same with the key by random scalar and EC_POINT_mul, which is
 * the quickest way to one.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void sha(uint8_t *out, const uint8_t *data, size_t size)
{
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, data, size);
	SHA256_Final(out, &context);
}

static void *psk(void *argument)
{
	const long count = *(long *)argument;
	uint8_t data[256] = {0}, key[32], out[64], sealed[136 + 16], nonce[24] = {0};
	unsigned long long size;

	for (long i = 0; i < count; i++) {
		randombytes_buf(key, sizeof key);
		sha(out, data, 64);
		sha(out, data, 256);
		sha(data, data, 256);
		for (uint64_t id = 0; id < 3; id++)
			crypto_kdf_derive_from_key(out, 64, id, "gs-bench", key);
		crypto_generichash(out, 16, data, 15, key, 32);
		crypto_generichash(nonce, 24, data, 256, key, 32);
		crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, data, 136, data, 120, NULL, nonce, key);
	}
	return NULL;
}

static EVP_PKEY_CTX *signer(EVP_PKEY *ca)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ca, NULL);

	if (context == NULL || EVP_PKEY_sign_init(context) != 1)
		abort();
	return context;
}

static void sign(EVP_PKEY_CTX *context, const uint8_t digest[32])
{
	uint8_t signature[80];
	size_t size = sizeof signature;

	if (EVP_PKEY_sign(context, signature, &size, digest, 32) != 1)
		abort();
}

static void *x509(void *argument)
{
	const long count = *(long *)argument;
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *ca = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *context = signer(ca);
	uint8_t digest[32] = {1}, octets[65];

	if (EVP_PKEY_keygen_init(make) != 1 || EVP_PKEY_CTX_set_group_name(make, "P-256") != 1)
		abort();
	for (long i = 0; i < count; i++) {
		EVP_PKEY *key = NULL;
		BIGNUM *scalar = NULL;
		size_t size;

		if (EVP_PKEY_generate(make, &key) != 1 || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1 ||
		    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof octets, &size) != 1)
			abort();
		sign(context, digest);
		BN_clear_free(scalar);
		EVP_PKEY_free(key);
	}
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_CTX_free(make);
	EVP_PKEY_free(ca);
	return NULL;
}

static void *multiplied(void *argument)
{
	const long count = *(long *)argument;
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = EC_POINT_new(group);
	EVP_PKEY *ca = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *context = signer(ca);
	BN_CTX *scratch = BN_CTX_new();
	BIGNUM *scalar = BN_new();
	uint8_t digest[32] = {1}, octets[65];

	for (long i = 0; i < count; i++) {
		randombytes_buf(digest, sizeof digest);
		BN_bin2bn(digest, sizeof digest, scalar);
		if (EC_POINT_mul(group, point, scalar, NULL, NULL, scratch) != 1 ||
		    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets, scratch) != sizeof octets)
			abort();
		sign(context, digest);
	}
	BN_free(scalar);
	BN_CTX_free(scratch);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(ca);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return NULL;
}

/* Seconds for count of them, shared out among the threads. */
static double timed(void *(*work)(void *), int threads, long count)
{
	pthread_t ids[64];
	long share = count / threads;
	double start = now();

	for (int i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, work, &share) != 0)
			abort();
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return now() - start;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	long psks = argc > 2 ? atol(argv[2]) : 1000000, certificates = argc > 3 ? atol(argv[3]) : 100000;

	if (sodium_init() < 0 || threads < 1 || threads > 64)
		return 2;
	printf("{\"threads\":%d,\"psk\":%ld,\"psk_seconds\":%.4f,", threads, psks, timed(psk, threads, psks));
	printf("\"x509\":%ld,\"x509_seconds\":%.4f,", certificates, timed(x509, threads, certificates));
	printf("\"multiplied\":%ld,\"multiplied_seconds\":%.4f}\n", certificates, timed(multiplied, threads, certificates));
	return 0;
}
