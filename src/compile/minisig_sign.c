/* SPDX-License-Identifier: ISC */
#include "officer_key.h"

#include <sodium.h>
#include <string.h>

#include "gapseal/base64.h"
#include "gapseal/signature.h"

#define BLOB_SIZE (2 + 8 + SIGNATURE_SIZE)

/* The prehash is signed as any message (not Ed25519ph); the comment together with that signature. */
static void sign_both(struct minisig *out, const struct officer_key *key, const uint8_t prehash[static 64])
{
	uint8_t covered[sizeof out->signature + sizeof out->comment];
	const uint8_t *pair = secret_bytes(key->pair).data;
	size_t length = strlen(out->comment);

	memcpy(out->id, key->public_key.id, sizeof out->id);
	crypto_sign_detached(out->signature, NULL, prehash, 64, pair);
	memcpy(covered, out->signature, sizeof out->signature);
	memcpy(covered + sizeof out->signature, out->comment, length);
	crypto_sign_detached(out->global, NULL, covered, sizeof out->signature + length, pair);
}

static void format(struct buffer *out, const struct minisig *minisig)
{
	char first[BASE64_SIZE(BLOB_SIZE)], second[BASE64_SIZE(SIGNATURE_SIZE)];
	uint8_t blob[BLOB_SIZE] = "ED";

	memcpy(blob + 2, minisig->id, sizeof minisig->id);
	memcpy(blob + 10, minisig->signature, sizeof minisig->signature);
	base64_print(first, bytes_from(blob, sizeof blob), true);
	base64_print(second, bytes_from(minisig->global, sizeof minisig->global), true);
	buffer_format(out,
	    "untrusted comment: signature from minisign secret key\n%s\ntrusted comment: %s\n%s\n",
	    first, minisig->comment, second);
}

enum err minisig_sign(struct buffer *out, const struct officer_key *key, const uint8_t prehash[static 64],
    const char *comment, struct fault *fault)
{
	struct minisig minisig;
	struct bytes text = bytes_of(comment);
	size_t start = out->size;
	enum err err;

	if (!text_is_printable(text) || !text_copy(minisig.comment, sizeof minisig.comment, text))
		return fault_set(fault, ERR_NO, "minisig-form", NULL,
		    "a trusted comment should be printable ASCII, at most %d characters",
		    MINISIG_COMMENT_MAX);
	sign_both(&minisig, key, prehash);
	/* A signature miscomputed by a flipped bit would give the key away. */
	if (minisig_verify(&minisig, prehash, &key->public_key, NULL, fault) != ERR_OK)
		return fault_set(fault, ERR_CANNOT, "crypto", NULL,
		    "the signature just made does not verify: this machine computes wrongly");
	format(out, &minisig);
	if ((err = buffer_check(out, fault)) != ERR_OK)
		out->size = start;
	return err;
}
