/* SPDX-License-Identifier: ISC */
/* Heads of logs: as they come, and any text signed as this station's. */
#include "gapseal/checkpoint.h"
#include "station_key.h"

#define NOTE_CODES "note-form note-signature note-unsigned "
#define CODES "checkpoint-form checkpoint-origin "

/* The origin expected is the one it has, so that the lines behind it are reached. */
static void try_text(struct bytes text)
{
	struct checkpoint checkpoint = {0};
	struct cursor cursor = cursor_of(text);
	struct buffer again = BUFFER_EMPTY;
	char origin[NOTE_NAME_MAX + 1];
	struct fault fault = {0};
	struct bytes line;
	enum err err;

	if (!take_line(&cursor, &line) || !text_copy(origin, sizeof origin, line))
		strcpy(origin, STATION_ORIGIN);
	err = checkpoint_parse(&checkpoint, text, origin, "input", &fault);
	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
		return;
	}
	checkpoint_format(&again, &checkpoint);
	FUZZ_WANT(again.size <= text.size && memcmp(again.data, text.data, again.size) == 0);
	FUZZ_WANT(checkpoint.size <= INTEGER_MAX);
	buffer_free(&again);
}

static void try_note(struct bytes raw)
{
	const struct note_key *key = signer_key(station_key());
	struct checkpoint checkpoint;
	struct fault fault = {0};
	bool witnessed = false;
	enum err err = checkpoint_open(&checkpoint, &witnessed, raw, STATION_ORIGIN, key, key, 1, "input",
	    &fault);

	if (err != ERR_OK)
		fuzz_refused(err, &fault, NOTE_CODES CODES "checkpoint-unsigned");
}

static void try_signed(struct bytes text)
{
	struct buffer note = BUFFER_EMPTY;
	struct fault fault;

	if (note_sign(&note, station_key(), text, &fault) == ERR_OK)
		try_note(buffer_bytes(&note));
	buffer_free(&note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_text(bytes_from(data, size));
	try_note(bytes_from(data, size));
	try_signed(bytes_from(data, size));
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	corpus_json(corpus, "tests/vectors/notes/checkpoints.json", "checkpoint_b64", CORPUS_BASE64);
	corpus_files(corpus, "manifests/golden/log/checkpoint");
	corpus_text(corpus, STATION_ORIGIN "\n3\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n");
}
