/* SPDX-License-Identifier: ISC */
#ifndef OWN_PAIR_H
#define OWN_PAIR_H

/* A device's own certificate and private key as some other tool made them: new ones for every device, in
 * every form of file that is accepted; and the PEM a modem is to get of them, made here by libcrypto alone.
 * */
#include "chance.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "gapseal/bytes.h"

struct own_pair {
	char *cert, *key;            /* as a modem gets them, with LF */
	struct buffer cert_file, key_file;
	char password[PASSWORD_MAX + 1];
};

static inline void own_pair_free(struct own_pair *pair)
{
	free(pair->cert);
	free(pair->key);
	buffer_free(&pair->cert_file);
	buffer_free(&pair->key_file);
}

/* PEM of 64 columns; crlf: with CR LF. */
static inline void put_pem(struct buffer *out, const char *label, const uint8_t *der, size_t size, bool crlf)
{
	const char *end = crlf ? "\r\n" : "\n";
	unsigned char *letters = malloc(2 * size + 8);
	size_t length;

	assert_non_null(letters);
	length = (size_t)EVP_EncodeBlock(letters, der, (int)size);
	buffer_format(out, "-----BEGIN %s-----%s", label, end);
	for (size_t at = 0; at < length; at += 64)
		buffer_format(out, "%.64s%s", (const char *)letters + at, end);
	buffer_format(out, "-----END %s-----%s", label, end);
	free(letters);
}

static inline char *pem_of(const char *label, const uint8_t *der, size_t size)
{
	struct buffer pem = BUFFER_EMPTY;

	put_pem(&pem, label, der, size, false);
	buffer_byte(&pem, '\0');
	assert_false(pem.failed);
	return (char *)pem.data;
}

/* DER, or PEM with this or that around it. */
static inline void put_file(struct buffer *out, const char *label, const uint8_t *der, size_t size, bool pem)
{
	if (!pem) {
		buffer_put(out, bytes_from(der, size));
		return;
	}
	if (one_in(3))
		buffer_text(out, "Bag Attributes\n    friendlyName: a device\n");
	put_pem(out, label, der, size, one_in(2));
	if (one_in(3))
		buffer_text(out, "\n");
}

static inline X509 *self_signed(EVP_PKEY *key)
{
	X509 *made = X509_new();
	X509_NAME *name = X509_get_subject_name(made);
	char text[24];

	snprintf(text, sizeof text, "own-%llu", (unsigned long long)chance_next() % 1000000000000ULL);
	assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made), 1 + (long)chance(1000000)), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (unsigned char *)text, -1, -1,
	    0), 1);
	assert_int_equal(X509_set_issuer_name(made, name), 1);
	assert_non_null(X509_time_adj_ex(X509_getm_notBefore(made), 0, 0, NULL));
	assert_non_null(X509_time_adj_ex(X509_getm_notAfter(made), 999, 0, NULL));
	assert_int_equal(X509_set_pubkey(made, key), 1);
	assert_true(X509_sign(made, key, EVP_sha256()) > 0);
	return made;
}

/* PKCS#8, the same encrypted, or SEC1; returns the label. */
static inline const char *key_der(uint8_t **der, int *size, EVP_PKEY *key, const char *password)
{
	PKCS8_PRIV_KEY_INFO *plain;
	X509_SIG *sealed;

	*der = NULL;
	if (password[0] == '\0' && one_in(2)) {
		*size = i2d_PrivateKey(key, der);
		return "EC PRIVATE KEY";
	}
	plain = EVP_PKEY2PKCS8(key);
	assert_non_null(plain);
	if (password[0] == '\0') {
		*size = i2d_PKCS8_PRIV_KEY_INFO(plain, der);
	} else {
		sealed = PKCS8_encrypt(-1, EVP_aes_128_cbc(), password, (int)strlen(password), NULL, 0, 100,
		    plain);
		assert_non_null(sealed);
		*size = i2d_X509_SIG(sealed, der);
		X509_SIG_free(sealed);
	}
	PKCS8_PRIV_KEY_INFO_free(plain);
	return password[0] == '\0' ? "PRIVATE KEY" : "ENCRYPTED PRIVATE KEY";
}

static inline void own_pair_make(struct own_pair *out, bool password)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = self_signed(key);
	uint8_t *der = NULL;
	int size = i2d_X509(cert, &der);
	const char *label;

	*out = (struct own_pair){.cert = NULL};
	assert_true(size > 0);
	out->cert = pem_of("CERTIFICATE", der, (size_t)size);
	put_file(&out->cert_file, "CERTIFICATE", der, (size_t)size, chance(3) > 0);
	OPENSSL_free(der);
	if (password)
		snprintf(out->password, sizeof out->password, "pass, %u", chance(1000000));
	label = key_der(&der, &size, key, out->password);
	assert_true(size > 0);
	out->key = pem_of(label, der, (size_t)size);
	put_file(&out->key_file, label, der, (size_t)size, chance(3) > 0);
	OPENSSL_free(der);
	X509_free(cert);
	EVP_PKEY_free(key);
}

#endif
