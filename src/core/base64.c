/* SPDX-License-Identifier: ISC */
#include "gapseal/base64.h"

#include <sodium.h>

static int variant_of(bool padded)
{
	return padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
}

/* libsodium 1.0.18 takes some bytes above 0x7f for letters where char is signed. */
static bool is_ascii(struct bytes text)
{
	uint8_t all = 0;

	for (size_t i = 0; i < text.size; i++)
		all |= text.data[i];
	return all < 0x80;
}

bool base64_exact(uint8_t *out, size_t size, struct bytes text, bool padded)
{
	size_t decoded = 0;

	if (!is_ascii(text))
		return false;
	/* Without an end pointer the call fails unless it used up the whole text. */
	if (sodium_base642bin(out, size, (const char *)text.data, text.size, NULL, &decoded, NULL,
	        variant_of(padded)) != 0)
		return false;
	return decoded == size;
}

void base64_print(char *out, struct bytes bytes, bool padded)
{
	size_t size = sodium_base64_encoded_len(bytes.size, variant_of(padded));

	sodium_bin2base64(out, size, bytes.data, bytes.size, variant_of(padded));
}
