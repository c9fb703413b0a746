/* SPDX-License-Identifier: ISC */
/* Signature files: what is read can be written back, but for the line that is ignored. */
#include "fuzz.h"
#include "gapseal/base64.h"
#include "gapseal/hash.h"
#include "gapseal/minisig.h"
#include "gapseal/signature.h"

#define ALGORITHM "ED"

static void put_line(struct buffer *out, struct bytes blob)
{
	base64_encode(out, blob, true);
	buffer_byte(out, '\n');
}

static void check_canonical(const struct minisig *minisig, struct bytes file)
{
	struct buffer blob = BUFFER_EMPTY, again = BUFFER_EMPTY;
	struct cursor cursor = cursor_of(file);
	struct bytes ignored;

	FUZZ_WANT(take_line(&cursor, &ignored));
	buffer_text(&blob, ALGORITHM);
	buffer_put(&blob, bytes_from(minisig->id, sizeof minisig->id));
	buffer_put(&blob, bytes_from(minisig->signature, sizeof minisig->signature));
	put_line(&again, buffer_bytes(&blob));
	buffer_format(&again, "trusted comment: %s\n", minisig->comment);
	put_line(&again, bytes_from(minisig->global, sizeof minisig->global));
	FUZZ_WANT(text_is_printable(bytes_of(minisig->comment)));
	FUZZ_WANT(bytes_equal(buffer_bytes(&again), fuzz_rest(&cursor)));
	buffer_free(&blob);
	buffer_free(&again);
}

static void verify(const struct minisig *minisig, const struct minisig_key *key, const char *path)
{
	struct buffer message = corpus_file(path);
	uint8_t prehash[HASH_WIDE_SIZE];
	struct fault fault = {0};
	struct hash_wide hash;
	enum err err;

	hash_wide_begin(&hash);
	hash_wide_add(&hash, buffer_bytes(&message));
	hash_wide_end(&hash, prehash);
	err = minisig_verify(minisig, prehash, key, "input", &fault);
	if (err != ERR_OK)
		fuzz_refused(err, &fault, "minisig-key-id minisig-signature minisig-comment");
	buffer_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct minisig minisig;
	struct buffer file = corpus_file("tests/vectors/minisign/nopass.pub");
	struct fault fault = {0};
	struct minisig_key key;
	enum err err;

	FUZZ_WANT(signature_init(&fault) == ERR_OK);
	FUZZ_WANT(minisig_key_file(&key, buffer_bytes(&file), "nopass.pub", &fault) == ERR_OK);
	buffer_free(&file);
	err = minisig_parse(&minisig, bytes_from(data, size), "input", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "minisig-form");
		return 0;
	}
	check_canonical(&minisig, bytes_from(data, size));
	verify(&minisig, &key, "tests/vectors/minisign/message.txt");
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_files(corpus, "tests/vectors/minisign/*.minisig");
	corpus_files(corpus, "manifests/golden/*.minisig");
}
