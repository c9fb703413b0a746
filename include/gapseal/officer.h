/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_OFFICER_H
#define GAPSEAL_OFFICER_H

#include "gapseal/minisig.h"
#include "gapseal/secret.h"

/*
 * officer: a person's signing key, a stock minisign secret key file; office only.
 * With a passphrase the file is encrypted by scrypt (N = 2^20, r = 8: 1 GiB and seconds); a file that asks
 * for more than that is refused.
 */
#define OFFICER_FILE_MAX 4096 /* bytes of a secret key file */

struct officer_key;
/* A fresh key pair as stock files: public text to public_file, secret text to secret_file (a new
 * secret the caller frees). passphrase NULL: unencrypted, as `minisign -G -W`. */
enum err officer_key_new(struct buffer *public_file, struct secret **secret_file,
    const struct secret *passphrase, struct fault *fault);
/* True if the file says it is encrypted (so a passphrase must be asked). ERR_NO "officer-key". */
enum err officer_key_encrypted(bool *out, struct bytes file, const char *where, struct fault *fault);
/* Unlocks; recomputes the public half from the seed and compares it (a mismatched pair leaks the key).
 * passphrase may be NULL for a file that is not encrypted. ERR_NO "officer-key" (form), "passphrase-wrong"
 * (or none given); ERR_CANNOT "memory" (scrypt could not have its 1 GiB). Free with officer_key_free. */
enum err officer_key_open(struct officer_key **out, struct bytes file, const struct secret *passphrase,
    const char *where, struct fault *fault);
/* Wipes, frees and NULLs; NULL is fine. */
void officer_key_free(struct officer_key **key);
const struct minisig_key *officer_key_public(const struct officer_key *key);
/* Appends a signature file over a document with this BLAKE2b-512 prehash; line 1 is stock's default
 * "untrusted comment: signature from minisign secret key". ERR_NO "minisig-form": the comment is not
 * printable ASCII or longer than MINISIG_COMMENT_MAX. ERR_CANNOT "crypto": the signature just made does not
 * verify (a bit flipped), or "memory". out is unchanged on failure. */
enum err minisig_sign(struct buffer *out, const struct officer_key *key, const uint8_t prehash[static 64],
    const char *comment, struct fault *fault);

#endif
