/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CARD_H
#define GAPSEAL_CARD_H

#include "gapseal/note.h"
#include "gapseal/recipient.h"

/*
 * card: what a station shows of itself when it enrols, NAME.station: a note signed by its own log key,
 * which is named "<org>/<station>":
 *
 *     gapseal/station/v1
 *     org <org>
 *     station <name>
 *     recipient age1...
 *     log <verifier key>
 *
 * The office copies it into trust.json after its fingerprint (SHA-256 of the file) was compared by voice.
 */
#define CARD_MAX 4096 /* bytes of a card file */

struct card {
	char org[NAME_SIZE];
	char station[NAME_SIZE];
	char recipient[RECIPIENT_SIZE];
	char log_key[NOTE_VKEY_MAX];
};
/* Appends the five lines. */
void card_format(struct buffer *out, const struct card *card);
/* Reads a card and verifies it by the key it names: that proves only that whoever made it holds that key.
 * ERR_NO "card-form" (not exactly the five lines of a signed note), "card-name" (org or station is no name,
 * or the log key is not named after them), "note-key", "age-recipient", note codes. */
enum err card_open(struct card *out, struct bytes raw, const char *where, struct fault *fault);

#endif
