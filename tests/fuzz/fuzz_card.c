/* SPDX-License-Identifier: ISC */
/* A station's card: as it comes, and any lines with the signature of the key they name. */
#include "gapseal/card.h"
#include "station_key.h"

#define CODES "card-form card-name note-key age-recipient note-form note-signature note-unsigned"

static void try_card(struct bytes raw)
{
	struct buffer lines = BUFFER_EMPTY;
	struct fault fault = {0};
	struct card card;
	enum err err = card_open(&card, raw, "input", &fault);

	if (err != ERR_OK) {
		fuzz_refused(err, &fault, CODES);
		return;
	}
	card_format(&lines, &card);
	FUZZ_WANT(raw.size > lines.size && memcmp(raw.data, lines.data, lines.size) == 0);
	FUZZ_WANT(raw.data[lines.size] == '\n');
	buffer_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer note = BUFFER_EMPTY;
	struct fault fault;

	try_card(bytes_from(data, size));
	if (note_sign(&note, station_key(), bytes_from(data, size), &fault) == ERR_OK)
		try_card(buffer_bytes(&note));
	buffer_free(&note);
	return 0;
}

void fuzz_seeds(struct corpus *corpus)
{
	struct buffer lines = BUFFER_EMPTY;
	struct card card = {"acme", "line1", "", ""};
	struct recipient recipient = {{9}};

	corpus_files(corpus, "manifests/golden/line1.station");
	recipient_print(card.recipient, &recipient);
	note_key_print(card.log_key, signer_key(station_key()));
	card_format(&lines, &card);
	corpus_add(corpus, buffer_bytes(&lines));
	buffer_free(&lines);
}
