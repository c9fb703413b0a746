/* SPDX-License-Identifier: ISC */
/* Signed notes: as they come, and any text signed by a key of our own. */
#include "gapseal/utf8.h"
#include "station_key.h"

#define CODES "note-form note-signature note-unsigned"
#define VKEY "Log+2271c621+AemuH5ooBpEPcr+W8onrjA1NfuzBVHdezakU81Ekarvs"
#define OTHER "Known+451c786d+AXAQ0T7lbwuY4ABJ9/MYY9bWV3hmSyOGVt2x42NkmdUH"

static void known_keys(struct note_key out[static 3])
{
	struct fault fault;

	out[0] = *signer_key(station_key());
	FUZZ_WANT(note_key_parse(&out[1], bytes_of(VKEY), "known", &fault) == ERR_OK);
	FUZZ_WANT(note_key_parse(&out[2], bytes_of(OTHER), "known", &fault) == ERR_OK);
}

static void open_raw(struct bytes raw)
{
	bool verified[3] = {false};
	struct note_key keys[3];
	struct fault fault = {0};
	struct bytes text;
	enum err err;

	known_keys(keys);
	err = note_open(&text, verified, raw, keys, 3, "input", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
		return;
	}
	FUZZ_WANT(text.data == raw.data && text.size < raw.size && raw.data[text.size] == '\n');
	FUZZ_WANT(note_text_valid(text));
	FUZZ_WANT(verified[0] || verified[1] || verified[2]);
}

/* Whatever may be signed is read back as it was. */
static void sign_and_open(struct bytes text)
{
	struct buffer note = BUFFER_EMPTY;
	struct fault fault = {0};
	enum err err = note_sign(&note, station_key(), text, &fault);
	struct bytes again;

	FUZZ_WANT((err == ERR_OK) == note_text_valid(text));
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, "note-form");
		FUZZ_WANT(note.size == 0);
		return;
	}
	FUZZ_WANT(note_open(&again, NULL, buffer_bytes(&note), signer_key(station_key()), 1, "again",
	    &fault) == ERR_OK);
	FUZZ_WANT(bytes_equal(again, text));
	buffer_free(&note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	open_raw(bytes_from(data, size));
	sign_and_open(bytes_from(data, size));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_json(corpus, "tests/vectors/notes/notes.json", "note_b64", CORPUS_BASE64);
	corpus_files(corpus, "manifests/golden/log/checkpoint");
}
