/* SPDX-License-Identifier: ISC */
/* Verifier keys: one spelling. */
#include "fuzz.h"
#include "gapseal/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char printed[NOTE_VKEY_MAX];
	struct fault fault = {0};
	struct note_key key, made;
	enum err err = note_key_parse(&key, bytes_from(data, size), "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "note-key");
		return 0;
	}
	note_key_print(printed, &key);
	FUZZ_WANT(bytes_is(bytes_from(data, size), printed));
	FUZZ_WANT(note_name_valid(bytes_of(key.name)));
	FUZZ_WANT(note_key_make(&made, key.name, key.algorithm, key.key, &fault) == ERR_OK);
	FUZZ_WANT(memcmp(made.id, key.id, sizeof key.id) == 0);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_json(corpus, "tests/vectors/notes/vkeys.json", "vkey", CORPUS_TEXT);
	corpus_json(corpus, "manifests/golden/trust.json", "log_key", CORPUS_TEXT);
}
