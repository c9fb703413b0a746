/* SPDX-License-Identifier: ISC */
#ifndef MINT_BENCH_H
#define MINT_BENCH_H

/* What the tests of mint share. */
#include "testing.h"

#include <openssl/pem.h>

#include "gapseal/mint.h"
#include "specimen.h"

#define DAYS 5500

static inline struct secret *key_secret(void)
{
	struct secret *secret;
	struct fault fault;

	assert_int_equal(secret_new(&secret, MINT_KEY_PEM_MAX, &fault), ERR_OK);
	return secret;
}

static inline struct ca *open_ca(const char *certificate, const char *key)
{
	char *cert_text = specimen(certificate), *key_text = specimen(key);
	struct fault fault;
	struct ca *ca;

	assert_int_equal(ca_open(&ca, bytes_of(cert_text), bytes_of(key_text), NULL, SPECIMEN_NOW, "ca",
	    &fault), ERR_OK);
	free(cert_text);
	free(key_text);
	return ca;
}

static inline struct mint *open_mint(const struct ca *ca)
{
	struct mint *mint;
	struct fault fault;

	assert_int_equal(mint_new(&mint, ca, SPECIMEN_NOW, DAYS, &fault), ERR_OK);
	return mint;
}

static inline EVP_PKEY *load_key(struct bytes pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	assert_non_null(key);
	BIO_free(bio);
	return key;
}

#endif
