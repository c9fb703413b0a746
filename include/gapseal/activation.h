/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_ACTIVATION_H
#define GAPSEAL_ACTIVATION_H

#include "gapseal/manifest.h"

/*
 * activation: the devices of one batch that an auditor found proven done: what a back end may switch on.
 * Written by reconcile, signed by officers at the grant threshold; schema gapseal/activation/v1.
 */
#define ACTIVATION_SCHEMA "gapseal/activation/v1"

struct activation_fields {
	char batch[NAME_SIZE];
	struct list done;                /* of uint64_t: indices done or same, ascending */
	uint8_t manifest_sha256[HASH_SIZE];
	char org[NAME_SIZE];
	uint64_t trust;                  /* newest version the auditor held */
};
extern const struct shape activation_shape;

/* The document itself: "activation-order" (indices not strictly ascending), "activation-names", JSON codes.
 */
enum err activation_parse(struct activation_fields *out, struct bytes text, const char *where,
    struct fault *fault);
/* Verifies the signatures at the grant threshold of newest before a byte is parsed; then that it is of this
 * manifest, names no later trust version, and is no rehearsal. Codes of trust_approve, document_claimed_id
 * and activation_parse, "signature-comment", "activation-manifest", "activation-trust",
 * "activation-rehearsal". Free with json_free(.., &activation_shape). */
enum err activation_open(struct activation_fields *out, const struct document *document,
    const struct trust *newest, const struct manifest *manifest, struct fault *fault);

#endif
