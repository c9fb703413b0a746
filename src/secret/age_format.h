/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_AGE_FORMAT_H
#define GAPSEAL_AGE_FORMAT_H

#include "gapseal/age.h"

/*
 * age_format: what opening and making age v1 files have in common. A file is
 *
 *     age-encryption.org/v1
 *     -> <type> <arguments>                       stanzas, one a recipient
 *     <base64 body, lines of 64, the last shorter>
 *     --- <MAC of all before, from the file key>
 *     nonce 16 | chunks of 64 KiB, each with a tag of 16
 *
 * All base64 is unpadded and canonical.
 */
#define AGE_VERSION "age-encryption.org/v1"
#define AGE_STANZA "-> "
#define AGE_END "---"
#define AGE_LABEL_X25519 "age-encryption.org/v1/X25519"
#define AGE_LABEL_SCRYPT "age-encryption.org/v1/scrypt"
#define AGE_KEY_SIZE 32
#define AGE_FILE_KEY_SIZE 16
#define AGE_WRAPPED_SIZE (AGE_FILE_KEY_SIZE + 16)
#define AGE_MAC_SIZE 32
#define AGE_NONCE_SIZE 16
#define AGE_SALT_SIZE 16
#define AGE_TAG_SIZE 16
#define AGE_BODY_LINE 48     /* bytes in a full line of 64 characters */
#define AGE_STANZAS_MAX 1024 /* bounds the work a strange file can ask for */

struct age_stanza {
	struct bytes type;
	struct bytes argument[2];      /* the first two */
	size_t arguments;              /* how many there are */
	uint8_t body[AGE_BODY_LINE];   /* the first line of it */
	size_t body_size;              /* of all lines */
};

struct age_header {
	struct bytes stanzas;          /* their text, for age_stanza_take; known to parse */
	size_t count;
	struct bytes covered;          /* what the MAC is over */
	uint8_t mac[AGE_MAC_SIZE];
	struct bytes nonce;
	struct bytes payload;
};

/* Parses all of the header and finds the payload; a scrypt stanza must be the only one. ERR_NO
 * "age-header", "age-size" (of the file). */
enum err age_header_parse(struct age_header *out, struct bytes file, const char *where, struct fault *fault);
/* False at the end of the stanzas or where they do not parse. */
bool age_stanza_take(struct age_stanza *out, struct cursor *stanzas);
enum err age_header_fault(struct fault *fault, const char *where, const char *rule);

/* HKDF-SHA-256 with 32 bytes of output. */
void age_hkdf(uint8_t out[static AGE_KEY_SIZE], struct bytes key, struct bytes salt, const char *info);
/* HMAC-SHA-256 of the header under the file key. */
void age_header_mac(uint8_t out[static AGE_MAC_SIZE], const uint8_t file_key[static AGE_FILE_KEY_SIZE],
    struct bytes covered);
void age_payload_key(uint8_t out[static AGE_KEY_SIZE], const uint8_t file_key[static AGE_FILE_KEY_SIZE],
    struct bytes nonce);

/* X25519; false if the shared secret is zero. */
bool age_shared(uint8_t out[static AGE_KEY_SIZE], const uint8_t scalar[static 32],
    const uint8_t point[static 32]);
/* The key that wraps a file key: HKDF of the shared secret, salted with share and recipient. */
void age_wrap_key(uint8_t out[static AGE_KEY_SIZE], const uint8_t shared[static AGE_KEY_SIZE],
    const uint8_t share[static 32], const uint8_t recipient[static 32]);

/* A chunk's nonce: counter of 11 bytes, big-endian, and 1 for the last chunk. */
#define AGE_CHUNK_NONCE_SIZE 12
void age_chunk_nonce(uint8_t out[static AGE_CHUNK_NONCE_SIZE], uint64_t counter, bool last);

/* Opens a wrapped file key (ChaCha20-Poly1305, nonce zero); false if it is not of this key. */
bool age_unwrap(uint8_t file_key[static AGE_FILE_KEY_SIZE], const uint8_t wrapped[static AGE_WRAPPED_SIZE],
    const uint8_t key[static AGE_KEY_SIZE]);
/* With the file key: checks the MAC, opens the payload into a new secret of at most limit bytes. ERR_NO
 * "age-mac", "age-payload", "age-size". */
enum err age_finish(struct secret **plain, const struct age_header *header,
    const uint8_t file_key[static AGE_FILE_KEY_SIZE], size_t limit, const char *where, struct fault *fault);

#endif
