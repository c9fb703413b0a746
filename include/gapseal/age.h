/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_AGE_H
#define GAPSEAL_AGE_H

#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/recipient.h"
#include "gapseal/secret.h"

/*
 * age: key wrapping by age v1, binary form; X25519 recipients, and scrypt for a passphrase-protected
 * office identity. Armor is refused. What is opened is small (keys): a whole file goes into one secret and
 * nothing is released before its end is authentic. What is sealed may be of any size (exports).
 */
#define AGE_IDENTITY_PREFIX "AGE-SECRET-KEY-"
#define AGE_IDENTITY_SIZE (BECH32_LENGTH(AGE_IDENTITY_PREFIX) + 1) /* the text with its NUL */
#define AGE_FILE_MAX (64u << 20)  /* bytes of a file to be opened */
#define AGE_RECIPIENTS_MAX 64     /* of a file to be made */
#define AGE_CHUNK_SIZE 65536      /* bytes of plaintext sealed together */

/* A fresh X25519 identity as the text of an identity file ("AGE-SECRET-KEY-1...\n"), in a new secret,
 * and its recipient. */
enum err age_identity_new(struct secret **text, struct recipient *recipient, struct fault *fault);
/* The 32-byte key of identity text (one line, '#' comment lines before it allowed) in a new secret.
 * ERR_NO "age-identity". */
enum err age_identity_parse(struct secret **key, struct bytes text, const char *where, struct fault *fault);
/* key is what age_identity_parse gave. */
void age_identity_recipient(struct recipient *out, const struct secret *key);

/* Opens file with one X25519 identity key; the plaintext goes to a new secret. ERR_NO "age-header" (does
 * not parse), "age-no-match" (no stanza opens), "age-mac" (header altered), "age-payload" (altered or cut),
 * "age-size" (file over AGE_FILE_MAX or plaintext over limit; nothing is opened then). */
enum err age_open(struct secret **plain, struct bytes file, const struct secret *key, size_t limit,
    const char *where, struct fault *fault);

/* Office only. Opens a passphrase-protected file: exactly one scrypt stanza, work factor at most max_log_n
 * ("age-work"); codes as age_open, and "passphrase-wrong" if the passphrase does not open it. */
enum err age_open_passphrase(struct secret **plain, struct bytes file, const struct secret *passphrase,
    unsigned max_log_n, size_t limit, const char *where, struct fault *fault);
/* Office only. Appends an age file readable by all recipients (1..AGE_RECIPIENTS_MAX), in their order.
 * out is unchanged on failure. ERR_CANNOT "memory"; ERR_NO "age-recipient" (zero shared secret). */
enum err age_seal(struct buffer *out, struct bytes plain, const struct recipient *recipients, size_t count,
    struct fault *fault);
/* Office only. The same of a plaintext that is never held as a whole. new appends the head of the file, put
 * the sealed form of a chunk: all but the last have AGE_CHUNK_SIZE bytes, the last at most as many, and none
 * only if it is the first too. What stands in file may be written out and cleared in between. A file whose
 * last chunk is missing does not open. Codes as age_seal; a chunk of another size ends the program. */
struct age_sealer;
enum err age_sealer_new(struct age_sealer **out, struct buffer *file, const struct recipient *recipients,
    size_t count, struct fault *fault);
enum err age_sealer_put(struct age_sealer *sealer, struct buffer *file, struct bytes chunk, bool last,
    struct fault *fault);
void age_sealer_free(struct age_sealer **sealer);
/* Office only. Appends an age file for a passphrase: scrypt N = 2^log_n (1..22), r = 8, p = 1; log_n 18
 * takes 256 MiB. out is unchanged on failure. ERR_CANNOT "memory". */
enum err age_scrypt_seal(struct buffer *out, struct bytes plain, const struct secret *passphrase,
    unsigned log_n, struct fault *fault);

#endif
