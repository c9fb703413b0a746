/* SPDX-License-Identifier: ISC */
/* Keys made of a seed: libcrypto reads what is written of them, in both forms. */
#include "fuzz.h"
#include "gapseal/pem.h"
#include "gapseal/secret.h"
#include "gapseal/x509.h"

static void check_form(const char *label, struct bytes der)
{
	struct evp_pkey_st *key = NULL;
	struct buffer pem = BUFFER_EMPTY;
	struct fault fault;

	pem_put(&pem, label, der, false);
	FUZZ_WANT(x509_key_read(&key, buffer_bytes(&pem), NULL, "made", &fault) == ERR_OK);
	x509_key_free(&key);
	buffer_free(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t scalar[P256_SCALAR_SIZE], point[P256_POINT_SIZE];
	uint8_t sec1[P256_SEC1_SIZE], pkcs8[P256_PKCS8_SIZE];
	static struct p256 *p256;
	struct fault fault = {0};
	enum err err;

	FUZZ_WANT(secret_process(&fault) == ERR_OK && x509_process(&fault) == ERR_OK);
	if (p256 == NULL)
		FUZZ_WANT(p256_new(&p256, &fault) == ERR_OK);
	err = p256_scalar(scalar, bytes_from(data, size), &fault);
	FUZZ_WANT((err == ERR_OK) == (size >= P256_SEED_MIN));
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "key-seed");
		return 0;
	}
	FUZZ_WANT(p256_point(point, p256, scalar, &fault) == ERR_OK && point[0] == 4);
	p256_sec1(sec1, scalar, point);
	p256_pkcs8(pkcs8, scalar, point);
	check_form("EC PRIVATE KEY", bytes_from(sec1, sizeof sec1));
	check_form("PRIVATE KEY", bytes_from(pkcs8, sizeof pkcs8));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_text(corpus, "0123456789abcdef");
	corpus_text(corpus, "0123456789abcdef0123456789abcdef");
	corpus_text(corpus, "short");
}
