/* SPDX-License-Identifier: ISC */
/* Sealed files: headers, and the whole of a file for a station's identity. Faults tell nothing of it. */
#include "../../src/secret/age_format.h"
#include "fuzz.h"

#define LIMIT 4096
#define CODES "age-header age-no-match age-mac age-payload age-size"

static void try_header(struct bytes file)
{
	struct age_header header = {0};
	struct age_stanza stanza;
	struct fault fault = {0};
	struct cursor stanzas;
	size_t count = 0;
	enum err err = age_header_parse(&header, file, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "age-header age-size");
		return;
	}
	stanzas = cursor_of(header.stanzas);
	while (age_stanza_take(&stanza, &stanzas))
		count++;
	FUZZ_WANT(count == header.count && count <= AGE_STANZAS_MAX && cursor_left(&stanzas) == 0);
	FUZZ_WANT(header.covered.data == file.data);
	FUZZ_WANT(header.nonce.size == AGE_NONCE_SIZE);
	FUZZ_WANT(header.payload.data + header.payload.size == file.data + file.size);
}

static void try_open(struct bytes file, const struct secret *identity)
{
	struct secret *plain = NULL;
	struct fault fault = {0};
	enum err err = age_open(&plain, file, identity, LIMIT, "input", &fault);

	if (err != ERR_OK) {
		FUZZ_WANT(plain == NULL);
		fuzz_refused(err, &fault, CODES);
		return;
	}
	FUZZ_WANT(secret_size(plain) <= LIMIT);
	secret_free(&plain);
}

static struct secret *read_identity(const char *path)
{
	struct buffer text = corpus_file(path);
	struct secret *identity = NULL;
	struct fault fault;

	FUZZ_WANT(secret_process(&fault) == ERR_OK);
	FUZZ_WANT(age_identity_parse(&identity, buffer_bytes(&text), path, &fault) == ERR_OK);
	buffer_free(&text);
	return identity;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret *identity;

	if (identity == NULL)
		identity = read_identity("manifests/golden/specimen-line1-identity");
	try_header(bytes_from(data, size));
	try_open(bytes_from(data, size), identity);
	return 0;
}

/* The vectors are files behind a head of their own, which ends in an empty line. */
static void add_vectors(struct corpus *corpus)
{
	struct corpus vectors = CORPUS_EMPTY;

	corpus_files(&vectors, "tests/vectors/age/*");
	for (size_t i = 0; i < vectors.count; i++) {
		struct bytes text = buffer_bytes(&vectors.items[i]);
		const uint8_t *end = memmem(text.data, text.size, "\n\n", 2);

		if (end != NULL && text.size < 16384)
			corpus_add(corpus, bytes_from(end + 2, (size_t)(text.data + text.size - end) - 2));
	}
	corpus_free(&vectors);
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "manifests/golden/master.age");
	corpus_files(corpus, "manifests/golden/*/keys.age");
	add_vectors(corpus);
}
