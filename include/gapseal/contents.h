/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_CONTENTS_H
#define GAPSEAL_CONTENTS_H

#include "gapseal/credential.h"
#include "gapseal/imei.h"
#include "gapseal/secret.h"

/*
 * contents: the plaintext of a record, typed steps, never AT text.
 *
 *   u8 version 1 | 15 IMEI digits | u8 count | steps
 *   write     u8 1 | u32 tag | u8 type | u8 0 | u16 length, bytes | u8 length, password
 *   write     u8 1 | u32 tag | u8 type | u8 1 | u16 index
 *   delete    u8 2 | u32 tag | u8 type
 *   keygen    u8 3 | u32 tag | u16 length, attributes | u8 length, usage
 *   expect    u8 4 | u32 tag | u8 type
 *   padding   0x80, zeros to the end
 *
 * The first write carries a content of this device, the second is of a common content of the
 * manifest; the slot of a keygen is (tag, key); an expected slot must be present and is not touched.
 *
 * Refused: another version; an IMEI that is none; 0 or more than SLOTS_MAX steps; an unknown step;
 * two steps for one slot; a slot that is not slot_writable; a content that credential_check refuses
 * or that leaves no room for its password; a password for anything but a key, or over PASSWORD_MAX,
 * or with a quote or an unprintable byte; a common content for anything but certificates (commons
 * are public) or beyond the manifest's; attributes over CONTENTS_ATTRIBUTES_MAX or with such a byte;
 * a usage that is neither empty nor nine binary digits, the last 0; anything after the steps but the
 * padding, and no padding.
 */
#define CONTENTS_VERSION 1
#define CONTENTS_PADDING 0x80
#define CONTENTS_COUNT_AT 16          /* offset of the count */
#define CONTENTS_HEAD 17              /* offset of the first step */
#define CONTENTS_ATTRIBUTES_MAX 1024
#define CONTENTS_USAGE_LENGTH 9

enum contents_op { CONTENTS_WRITE = 1, CONTENTS_DELETE = 2, CONTENTS_KEYGEN = 3, CONTENTS_EXPECT = 4 };
struct contents_step {
	enum contents_op op;
	struct slot slot;
	bool shared;            /* a write of common[common] */
	uint16_t common;
	struct bytes content;   /* views into the plaintext; empty where the step has none */
	struct bytes password;
	struct bytes attributes;
	struct bytes usage;
};
struct contents {
	char imei[IMEI_SIZE];
	size_t count;
	struct contents_step steps[SLOTS_MAX]; /* in the record's order */
};
/* Reads opened plaintext; the views live as long as it does. common_count bounds shared indices.
 * ERR_NO "record-contents", the sentence names the rule. */
enum err contents_read(struct contents *out, struct bytes plain, uint16_t common_count, const char *where,
    struct fault *fault);

/* Office only (compile/contents_put.c): the same bytes, built in a secret of sufficient capacity.
 * False, and nothing changed, if the secret is too small, the steps too many or a length beyond its
 * field. The rules above are the reader's: who compiles has checked them. */
bool contents_begin(struct secret *plain, const char imei[static IMEI_SIZE]); /* clears plain first */
bool contents_put(struct secret *plain, const struct contents_step *step);
bool contents_pad(struct secret *plain, size_t size); /* to size in all, at least one byte */
/* Bytes a step takes, for sizing strides beforehand; the head takes CONTENTS_HEAD. */
size_t contents_step_size(const struct contents_step *step);

#endif
