/* SPDX-License-Identifier: ISC */
/* Private keys and certificates that a CSV names, PEM or DER; what is made of them stays as it is made. */
#include "gapseal/path.h"
#include "gapseal/x509.h"
#include "pems.h"

#define CODES "pem-none pem-parse pem-size key-none content-size"

typedef enum err reads(struct secret *out, struct bytes file, bool crlf, const char *where,
    struct fault *fault);

static struct secret *new_room(void)
{
	struct secret *room = NULL;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK && x509_process(&fault) == ERR_OK);
	FUZZ_WANT(secret_new(&room, PATH_FILE_MAX, &fault) == ERR_OK);
	return room;
}

static void try_file(reads *read, struct bytes file, bool crlf)
{
	static struct secret *first, *second;
	struct fault fault = {0};
	enum err err;

	if (first == NULL) {
		first = new_room();
		second = new_room();
	}
	err = read(first, file, crlf, "input", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
		fuzz_quiet(&fault, file);
		return;
	}
	FUZZ_WANT(read(second, secret_bytes(first), crlf, "again", &fault) == ERR_OK);
	FUZZ_WANT(bytes_equal(secret_bytes(first), secret_bytes(second)));
	(void)path_encrypted(secret_bytes(first));
}

/* By libcrypto, without a passphrase: nothing is derived from one. */
static void try_key(struct bytes file)
{
	struct evp_pkey_st *key = NULL;
	struct fault fault = {0};
	enum err err = x509_key_read(&key, file, NULL, "input", &fault);

	if (err == ERR_OK) {
		x509_key_free(&key);
		return;
	}
	FUZZ_WANT(key == NULL);
	fuzz_refused(err, &fault, "pem-parse passphrase-needed passphrase-wrong");
	fuzz_quiet(&fault, file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes file = bytes_from(data, size);

	try_file(path_key, file, false);
	try_file(path_key, file, true);
	try_file(path_certificates, file, true);
	try_key(file);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "tests/vectors/x509/*.key");
	corpus_files(corpus, "tests/vectors/x509/p256.pem");
	corpus_files(corpus, "tests/vectors/path/*.key");
	corpus_files(corpus, "tests/vectors/lint/files/*.key");
	corpus_der(corpus, "tests/vectors/x509/*.key", "PRIVATE KEY");
	corpus_der(corpus, "tests/vectors/x509/*.key", "ENCRYPTED PRIVATE KEY");
	corpus_der(corpus, "tests/vectors/path/*.key", "RSA PRIVATE KEY");
	corpus_der(corpus, "manifests/example/specimens/*.key", "EC PRIVATE KEY");
}
