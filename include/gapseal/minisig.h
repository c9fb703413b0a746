/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_MINISIG_H
#define GAPSEAL_MINISIG_H

#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/err.h"

/*
 * minisig: minisign keys and signatures, strictly read.
 *
 * Only prehashed signatures (algorithm "ED") count. A signature file is exactly four LF-ended lines
 * without CR, base64 canonical, the trusted comment printable ASCII; the text after "untrusted
 * comment: " is ignored and never shown.
 */
#define MINISIG_KEYID_SIZE 17       /* 16 upper-case hex digits as minisign prints them, and a NUL */
#define MINISIG_FILE_MAX 10240      /* bytes of a signature file */
#define MINISIG_COMMENT_MAX 8192    /* bytes of a trusted comment */
#define MINISIG_TYPED_MAX 80        /* "minisign:RW..." as trust.json writes a key, with NUL */

struct minisig_key {
	uint8_t id[8];
	uint8_t key[32];
};

/* The key id as minisign prints it: the 8 bytes reversed, upper-case hex. */
void minisig_key_id(char out[static MINISIG_KEYID_SIZE], const struct minisig_key *key);
/* A public key file: two LF-ended lines. ERR_NO "minisig-key"; also for a small-order or
 * non-canonical point. */
enum err minisig_key_file(struct minisig_key *out, struct bytes file, const char *where, struct fault *fault);
/* Appends a public key file as stock writes it, with the key id in its first line. */
void minisig_key_format(struct buffer *out, const struct minisig_key *key);
/* "minisign:RW..." as trust.json writes a key, and its inverse. ERR_NO "minisig-key". */
enum err minisig_key_typed(struct minisig_key *out, struct bytes typed, const char *where,
    struct fault *fault);
void minisig_key_print(char out[static MINISIG_TYPED_MAX], const struct minisig_key *key);

/* A signature file taken apart, not yet verified. */
struct minisig {
	uint8_t id[8];
	uint8_t signature[64];
	uint8_t global[64];
	char comment[MINISIG_COMMENT_MAX + 1];
};
/* ERR_NO "minisig-form", naming the line and rule broken. */
enum err minisig_parse(struct minisig *out, struct bytes file, const char *where, struct fault *fault);
/* Verifies signature over prehash (BLAKE2b-512 of the document) and the trusted comment with it.
 * ERR_NO "minisig-key-id" (made by another key), "minisig-signature", "minisig-comment". */
enum err minisig_verify(const struct minisig *minisig, const uint8_t prehash[static 64],
    const struct minisig_key *key, const char *where, struct fault *fault);

#endif
