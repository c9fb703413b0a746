/* SPDX-License-Identifier: ISC */
#include "gapseal/recipient.h"

#include <string.h>

/* The canonical coordinates of small order: 0, 1, the two of order eight, and p - 1. With one of these as
 * recipient everybody knows the shared secret: it is zero. */
static const uint8_t small_order[5][32] = {
	{0},
	{1},
	{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
	    0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
	{0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
	    0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

/* Below p = 2^255 - 19, little-endian: other spellings of a coordinate would hide equal keys. */
static bool is_canonical(const uint8_t key[static 32])
{
	if (key[31] != 0x7f)
		return key[31] < 0x7f;
	for (size_t i = 30; i > 0; i--)
		if (key[i] != 0xff)
			return true;
	return key[0] < 0xed;
}

static bool is_small_order(const uint8_t key[static 32])
{
	for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++)
		if (memcmp(key, small_order[i], 32) == 0)
			return true;
	return false;
}

enum err recipient_parse(struct recipient *out, struct bytes text, const char *where, struct fault *fault)
{
	if (!bech32_decode(out->key, RECIPIENT_PREFIX, text))
		return fault_set(fault, ERR_NO, "age-recipient", where,
		    "not an age recipient (age1 and 58 lower-case letters and digits), or mistyped");
	if (!is_canonical(out->key) || is_small_order(out->key))
		return fault_set(fault, ERR_NO, "age-recipient", where,
		    "this age recipient is no usable key");
	return ERR_OK;
}

void recipient_print(char out[static RECIPIENT_SIZE], const struct recipient *recipient)
{
	bech32_encode(out, RECIPIENT_PREFIX, recipient->key);
}
