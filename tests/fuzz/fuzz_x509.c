/* SPDX-License-Identifier: ISC */
/* Certificates: PEM with anything around it, and DER, which is made PEM here. */
#include "gapseal/der.h"
#include "gapseal/x509.h"
#include "pems.h"

#define CODES "pem-none pem-parse pem-size"

static void check_facts(struct bytes bundle)
{
	struct x509_facts facts;
	struct fault fault = {0};
	size_t count = 0;
	enum err err;

	while ((err = x509_facts(&facts, bundle, count, "bundle", &fault)) == ERR_OK) {
		FUZZ_WANT(facts.not_before >= 0 && facts.not_after >= 0);
		FUZZ_WANT(!facts.p256 || !facts.rsa);
		count++;
	}
	FUZZ_WANT(count > 0);
	fuzz_refused(err, &fault, "pem-none");
}

/* Each block is one element of DER and nothing behind it. */
static void check_blocks(struct bytes bundle)
{
	struct cursor text = cursor_of(bundle), content;
	struct buffer block = BUFFER_EMPTY;
	struct der whole;

	while (pem_take(&block, &text, "CERTIFICATE") == PEM_BLOCK) {
		content = cursor_of(buffer_bytes(&block));
		FUZZ_WANT(der_take(&content, &whole) && cursor_left(&content) == 0);
		buffer_clear(&block);
	}
	FUZZ_WANT(cursor_left(&text) == 0);
	buffer_free(&block);
}

/* What was cut down once is cut down no more. */
static void try_bundle(struct bytes file)
{
	struct buffer bundle = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct fault fault = {0};
	enum err err = x509_bundle(&bundle, file, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
		FUZZ_WANT(bundle.size == 0);
		buffer_free(&bundle);
		return;
	}
	if (bundle.size <= X509_BUNDLE_MAX) {
		FUZZ_WANT(x509_bundle(&again, buffer_bytes(&bundle), "again", &fault) == ERR_OK);
		FUZZ_WANT(bytes_equal(buffer_bytes(&again), buffer_bytes(&bundle)));
	}
	check_blocks(buffer_bytes(&bundle));
	check_facts(buffer_bytes(&bundle));
	buffer_free(&bundle);
	buffer_free(&again);
}

static void try_verify(struct bytes der)
{
	struct buffer pem = corpus_file("tests/vectors/x509/p256.pem");
	struct x509_st *issuer = NULL;
	struct fault fault;

	FUZZ_WANT(x509_read(&issuer, buffer_bytes(&pem), 0, "p256.pem", &fault) == ERR_OK);
	(void)x509_verify(der, issuer);
	x509_free(&issuer);
	buffer_free(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer pem = BUFFER_EMPTY;
	struct fault fault;

	FUZZ_WANT(x509_process(&fault) == ERR_OK);
	try_bundle(bytes_from(data, size));
	pem_put(&pem, "CERTIFICATE", bytes_from(data, size), false);
	try_bundle(buffer_bytes(&pem));
	try_verify(bytes_from(data, size));
	buffer_free(&pem);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "tests/vectors/x509/*.pem");
	corpus_files(corpus, "manifests/example/roots/*.pem");
	corpus_der(corpus, "tests/vectors/x509/*.pem", "CERTIFICATE");
	corpus_der(corpus, "manifests/example/roots/*.pem", "CERTIFICATE");
}
