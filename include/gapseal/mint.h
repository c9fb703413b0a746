/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_MINT_H
#define GAPSEAL_MINT_H

#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/p256.h"
#include "gapseal/secret.h"
#include "gapseal/x509.h"

/*
 * mint: makes one device's key and certificate; knows nothing of a CSV. Keys are P-256 by C2SP
 * det-keygen. Certificates are X.509 v3: 128-bit serial, subject CN, CA:FALSE, digitalSignature,
 * clientAuth, SKI and AKI, signed by the CA with SHA-256.
 *
 * x509_process comes before everything here. A CA may serve several threads, a mint belongs to one.
 */
struct ca;
/* A CA from PEM texts: the first certificate, which must be the one that signs. The key may be
 * encrypted. ERR_NO codes of x509_read and x509_key_read, and "ca-match", "ca-usage" (no CA:TRUE or no
 * keyCertSign), "ca-key" (neither P-256 nor RSA of 2048 bits and more, or SHA-1), "ca-expired" (or not
 * valid yet). */
enum err ca_open(struct ca **out, struct bytes cert_pem, struct bytes key_pem,
    const struct secret *passphrase, int64_t now, const char *where, struct fault *fault);
/* The same from the certificate alone, whatever its dates: such a CA signs nothing. */
enum err ca_open_certificate(struct ca **out, struct bytes cert_pem, const char *where, struct fault *fault);
void ca_free(struct ca **ca);
/* Seconds since 1970 of its notAfter; for warnings of certificates that outlive it. */
int64_t ca_not_after(const struct ca *ca);
struct x509_st *ca_certificate(const struct ca *ca);
struct evp_pkey_st *ca_key(const struct ca *ca); /* NULL without one */

/* A new P-256 root. The subject is "/C=NO/O=Example/CN=Example Root" or "C=NO,O=Example,CN=Example Root"
 * ("ca-subject"), days 1..36500 ("ca-days"). Certificate PEM is appended to cert_pem; the key as PKCS#8
 * PEM, encrypted unless passphrase is NULL, goes into a new secret. */
#define CA_DAYS_MAX 36500
enum err ca_new(struct buffer *cert_pem, struct secret **key_pem, const char *subject, unsigned days,
    int64_t now, const struct secret *passphrase, struct fault *fault);

struct mint;
/* issued (notBefore) and days (notAfter = issued + days) are the same for every certificate of a mint.
 * ca may be NULL for a mint of keys alone. The ca must outlive it. ERR_CANNOT "crypto", "memory"; ERR_NO
 * "mint-days" (beyond the year 9999). */
enum err mint_new(struct mint **out, const struct ca *ca, int64_t issued, unsigned days,
    struct fault *fault);
void mint_free(struct mint **mint);
/* From now on the signature of every certificate is verified, at three times the cost of signing it. */
void mint_verify_all(struct mint *mint);
/* The key for a seed (p256_scalar) as SEC1 ("EC PRIVATE KEY") PEM into key_pem, which is cleared first and
 * has a capacity of MINT_KEY_PEM_MAX, and its public key. */
#define MINT_KEY_PEM_MAX 256
enum err mint_key(struct secret *key_pem, uint8_t point[static P256_POINT_SIZE], struct mint *mint,
    struct bytes seed, bool crlf, struct fault *fault);
/* A certificate for that point, as PEM appended to out. The mint replaces the two upper bits of the
 * serial by 01: positive, not zero, and always 16 bytes of DER. The first certificate and every
 * 1000th are compared with what libcrypto makes of the same order, and their signatures verified (all, after
 * mint_verify_all).
 * ERR_NO "mint-cn" (not 1..64 printable characters); ERR_CANNOT "mint-check", "crypto", "memory". */
#define MINT_CN_MAX X509_NAME_VALUE_MAX
enum err mint_certificate(struct buffer *out, struct mint *mint, const uint8_t point[static P256_POINT_SIZE],
    const char *cn, const uint8_t serial[static X509_SERIAL_SIZE], bool crlf, struct fault *fault);
/* The same certificate again, with the signature of given, a PEM the CA made before; its key is not needed.
 * Everything but the signature is made anew, and every signature is verified: ERR_NO "mint-given" (no
 * certificate), "mint-signature" (the CA signed something else, or nothing). */
enum err mint_certificate_again(struct buffer *out, struct mint *mint,
    const uint8_t point[static P256_POINT_SIZE], const char *cn,
    const uint8_t serial[static X509_SERIAL_SIZE], bool crlf, struct bytes given, struct fault *fault);
/* The longest PEM, CR LF line ends included, mint_certificate makes for a CN of that length under this CA;
 * for sizing strides. The private key is not needed. */
enum err mint_certificate_max(size_t *out, struct bytes ca_pem, size_t cn_length, const char *where,
    struct fault *fault);

#endif
