/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CREDENTIAL_H
#define GAPSEAL_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gapseal/bytes.h"
#include "gapseal/hash.h"

/*
 * credential: a slot (security tag and type) and its content, the modem's limits for it, and the
 * digest the modem will list: SHA-256 over exactly the content bytes. Needs no key and keeps no
 * content, so an auditor's program may use it.
 */
enum credential_type {
	CREDENTIAL_CA = 0,       /* root CA certificates, PEM */
	CREDENTIAL_CERT = 1,     /* client certificate or chain, PEM */
	CREDENTIAL_KEY = 2,      /* client private key, PEM */
	CREDENTIAL_PSK = 3,      /* pre-shared key as lower-case hex text */
	CREDENTIAL_IDENTITY = 4, /* PSK identity, ASCII */
	CREDENTIAL_TYPES
};

#define SLOT_TAG_MAX UINT32_C(2147483647) /* above are the modem's own tags: never written, never deleted */
#define SLOTS_MAX 32                      /* slots one record may touch or expect */
#define CONTENT_MAX 4079                  /* 4080 minus one digit of tag */
#define PASSWORD_MAX 32                   /* of an encrypted private key */

struct slot {
	uint32_t tag;
	uint32_t type; /* listings hold types beyond the enum: kept as numbers */
};
/* Numeric order of (tag, type): <0, 0, >0. */
int slot_compare(struct slot a, struct slot b);
/* Whether AT%CMNG may write and delete the slot: a user's tag and a type of the enum. */
bool slot_writable(struct slot slot);

/* "ca", "cert", "key", "psk", "identity"; NULL beyond. */
const char *credential_type_name(uint32_t type);

/* The longest content a slot's write command carries: 4080 minus the decimal digits of the tag. A
 * password takes its length and three bytes more from it. */
size_t credential_limit(uint32_t tag);

/* Whether a modem can be sent this content. ERR_NO:
 *   "slot-tag", "slot-type"  not slot_writable
 *   "content-empty", "content-size"
 *   "content-byte"           a byte that the quoted argument or a host's line editor would change:
 *                            only printable ASCII without the quote may appear, in PEM also line
 *                            ends, all LF or all CR LF
 *   "content-pem"            a type of PEM that does not begin with a BEGIN line and end with the
 *                            five hyphens and the line end of an END line
 *   "psk-hex"                a PSK that is not an even number of lower-case hex digits */
enum err credential_check(struct slot slot, struct bytes content, const char *where, struct fault *fault);

/* What a modem lists for the content; nul: for the dialect that hashes a NUL after it. */
void credential_digest(uint8_t out[static HASH_SIZE], struct bytes content, bool nul);
/* Old modem firmware prints one byte repeated: no proof of anything. */
bool credential_placeholder(const uint8_t digest[static HASH_SIZE]);

/* What a modem lists: AT%CMNG=1. */
#define LISTING_MAX 256
struct listing_item {
	struct slot slot;
	bool has_digest;
	uint8_t digest[HASH_SIZE];
};
struct listing {
	size_t count;
	struct listing_item items[LISTING_MAX];
};
/* The item of a slot, NULL if it is not listed. */
const struct listing_item *listing_find(const struct listing *listing, struct slot slot);

#endif
