/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_X509_H
#define GAPSEAL_X509_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/hash.h"
#include "gapseal/p256.h"
#include "gapseal/secret.h"

/*
 * x509: certificates and the keys that sign them, read, checked and made by libcrypto. Its errors
 * become one sentence here and never wait in its queue.
 */

/* Before anything else of libcrypto in a program that makes or reads keys: no configuration file is
 * read, numbers that are secret have a locked heap, and whatever libcrypto frees is wiped first.
 * Doing it again is harmless. ERR_CANNOT "crypto", "secret-lock". */
enum err x509_process(struct fault *fault);

/* What the linter wants to know. */
struct x509_facts {
	unsigned version;              /* 1, 2 or 3 */
	int64_t not_before, not_after;
	bool ca;                       /* CA:TRUE, or self-signed and of version 1 */
	bool cert_sign;                /* may sign certificates by its keyUsage */
	bool weak;                     /* RSA below 2048, a curve below P-256, or SHA-1 (not a root's own) */
	bool p256, rsa;                /* kind of its public key; neither: another */
	size_t signature_max;          /* bytes of a signature by that key */
};
#define X509_BUNDLE_MAX 65536
/* Cuts a PEM file (any text around, CRLF or LF, one or several) down to its CERTIFICATE blocks, each
 * parsed as X.509, as 64 columns with LF and a final LF. ERR_NO "pem-none", "pem-parse" (says which
 * block), "pem-size" (the file is over X509_BUNDLE_MAX). out is unchanged on failure. */
enum err x509_bundle(struct buffer *out, struct bytes file, const char *where, struct fault *fault);
/* The i-th certificate of such a bundle; ERR_NO "pem-none" beyond. */
enum err x509_facts(struct x509_facts *out, struct bytes bundle, size_t i, const char *where,
    struct fault *fault);
/* Whether a private key PEM, not encrypted, and the first certificate of a PEM belong together: ERR_NO
 * "pem-none", "pem-parse", "key-match". */
enum err x509_match(struct bytes cert_pem, struct bytes key_pem, const char *where, struct fault *fault);

/* A certificate and a private key, libcrypto's own; never looked into outside x509. */
struct x509_st;
struct evp_pkey_st;
/* The i-th certificate of a PEM text. ERR_NO "pem-none", "pem-parse". */
enum err x509_read(struct x509_st **out, struct bytes pem, size_t i, const char *where, struct fault *fault);
void x509_free(struct x509_st **certificate);
void x509_look(struct x509_facts *out, struct x509_st *certificate);
/* ERR_NO "pem-parse", "passphrase-needed", "passphrase-wrong". Never asks anybody. */
enum err x509_key_read(struct evp_pkey_st **out, struct bytes pem, const struct secret *passphrase,
    const char *where, struct fault *fault);
void x509_key_free(struct evp_pkey_st **key);
/* A new key of the kind of a certificate's, good for nothing but seeing how such a key signs. ERR_CANNOT
 * "crypto". */
enum err x509_key_like(struct evp_pkey_st **out, struct x509_st *certificate, struct fault *fault);
bool x509_belongs(struct x509_st *certificate, struct evp_pkey_st *key);
/* Appends PKCS#8 encrypted by the passphrase (PBES2: scrypt of 16 MiB, AES-256-CBC). */
enum err x509_key_encrypt(struct buffer *der, struct bytes pkcs8, const struct secret *passphrase,
    struct fault *fault);

/* Making one by libcrypto, with ECDSA or RSA and SHA-256. Key identifiers are the first 160 bits of
 * SHA-256 over the public key (RFC 7093 method 1), so that SHA-1 is not even in its list of parts. */
#define X509_SERIAL_SIZE 16
#define X509_KEY_ID_SIZE 20
#define X509_TIME_MAX INT64_C(253402300799) /* the last second of 9999 */
#define X509_NAME_PARTS_MAX 8
#define X509_NAME_VALUE_MAX 64
struct x509_name {
	size_t count;
	struct x509_name_part {
		char type[3];   /* "C", "ST", "L", "O", "OU", "CN" */
		char value[X509_NAME_VALUE_MAX + 1];
	} parts[X509_NAME_PARTS_MAX];
};
struct x509_order {
	struct x509_name subject;
	struct x509_st *issuer;        /* NULL: signs itself and is a CA; otherwise a client's certificate */
	int64_t not_before, not_after;
	uint8_t serial[X509_SERIAL_SIZE];
	uint8_t point[P256_POINT_SIZE];
};
void x509_key_id(uint8_t out[static X509_KEY_ID_SIZE], const uint8_t point[static P256_POINT_SIZE]);
/* Appends the certificate as DER. In a client's the key identifier is the last thing to be signed. */
enum err x509_issue(struct buffer *der, const struct x509_order *order, struct evp_pkey_st *key,
    struct fault *fault);
/* Whether the DER is a certificate that the issuer's key signed and whose issuer is the issuer's subject. */
bool x509_verify(struct bytes der, struct x509_st *issuer);

/* Signing digests with one key; belongs to one thread. */
struct x509_signer;
enum err x509_signer_new(struct x509_signer **out, struct evp_pkey_st *key, struct fault *fault);
void x509_signer_free(struct x509_signer **signer);
/* Appends the signature over a SHA-256 digest as certificates hold it. */
enum err x509_sign(struct buffer *out, struct x509_signer *signer, const uint8_t digest[static HASH_SIZE],
    struct fault *fault);

#endif
