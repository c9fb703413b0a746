/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_AGE_WRITER_H
#define GAPSEAL_AGE_WRITER_H

#include "../secret/age_format.h"

/* age_writer: the making half of age_format, office only. A file is begun, given one stanza a recipient, its
 * head ended, and then its chunks; or ended with all of them at once. Failed allocations show in the buffer
 * at the end. */
struct age_writer {
	struct buffer *out;
	size_t start;                  /* where the file begins in out */
	struct secret *file_key;       /* fresh and random */
	struct secret *payload_key;    /* of the chunks; from the end of the head on */
	uint64_t counter;              /* of them */
};
enum err age_writer_begin(struct age_writer *writer, struct buffer *out, struct fault *fault);
/* Wraps the file key with key; head is the stanza's type and arguments. */
void age_writer_stanza(struct age_writer *writer, const char *head, const uint8_t key[static AGE_KEY_SIZE]);
/* The MAC and the nonce; the file key is not needed any more. */
enum err age_writer_end_head(struct age_writer *writer, struct fault *fault);
/* Appends to any buffer. */
enum err age_writer_chunk(struct age_writer *writer, struct buffer *out, struct bytes plain, bool last,
    struct fault *fault);
/* The rest of the file. */
enum err age_writer_end(struct age_writer *writer, struct bytes plain, struct fault *fault);
/* Always: wipes, and unless err is ERR_OK takes what was written back out of the buffer. */
void age_writer_close(struct age_writer *writer, enum err err);

/* The key a passphrase gives: scrypt over label and salt, N = 2^log_n, r = 8, p = 1. ERR_CANNOT "memory". */
enum err age_scrypt_key(uint8_t out[static AGE_KEY_SIZE], const struct secret *passphrase,
    const uint8_t salt[static AGE_SALT_SIZE], unsigned log_n, struct fault *fault);
#define AGE_LOG_N_MAX 22 /* 4 GiB */

#endif
