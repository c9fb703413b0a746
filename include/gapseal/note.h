/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_NOTE_H
#define GAPSEAL_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/*
 * note: C2SP signed notes and verifier keys; Ed25519 (type 0x01) and timestamped cosignatures of
 * witnesses (type 0x04). A note is text that ends in LF, an empty line, then signature lines
 * "<em dash> <name> <base64>". Stricter than the standard where it leaves room: a note is refused when
 * any signature of a known key is bad.
 */
#define NOTE_NAME_MAX 128
#define NOTE_VKEY_MAX 256   /* the text form with NUL */
#define NOTE_SIGNATURES_MAX 64
#define NOTE_KEYS_MAX 64

enum note_algorithm { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4 };

struct note_key {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[4];
	uint8_t algorithm; /* enum note_algorithm */
	uint8_t key[32];
};
/* "name+hex8(id)+base64(algorithm || key)"; the id must be the hash of the rest. ERR_NO "note-key". */
enum err note_key_parse(struct note_key *out, struct bytes text, const char *where, struct fault *fault);
/* Completes name, algorithm and key by their id. ERR_NO "note-key": the name is empty, over NOTE_NAME_MAX,
 * not UTF-8 or holds '+', a control character or a Unicode space, or the algorithm or point is not one. */
enum err note_key_make(struct note_key *out, const char *name, uint8_t algorithm,
    const uint8_t key[static 32], struct fault *fault);
void note_key_print(char out[static NOTE_VKEY_MAX], const struct note_key *key);

/* UTF-8, not empty, no '+', no control character, no Unicode space? (The length is not limited.) */
bool note_name_valid(struct bytes name);
/* May this be the text of a note: UTF-8, ending in LF, no control character but LF? */
bool note_text_valid(struct bytes text);

/* Verifies against known keys (at most NOTE_KEYS_MAX). *text views into raw, including its final LF.
 * verified[i] tells whether keys[i] signed; may be NULL. Signatures of unknown (name, id) pairs are
 * ignored; at least one known key must have signed. ERR_NO "note-form" (also: over NOTE_SIGNATURES_MAX),
 * "note-signature", "note-unsigned". */
enum err note_open(struct bytes *text, bool *verified, struct bytes raw, const struct note_key *keys,
    size_t count, const char *where, struct fault *fault);

#endif
