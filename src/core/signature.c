/* SPDX-License-Identifier: ISC */
#include "gapseal/signature.h"

#include <sodium.h>

enum err signature_init(struct fault *fault)
{
	if (sodium_init() < 0)
		return fault_set(fault, ERR_CANNOT, "crypto", NULL,
		    "the cryptographic library does not start");
	return ERR_OK;
}

bool signature_key_valid(const uint8_t key[static SIGNATURE_KEY_SIZE])
{
	return crypto_core_ed25519_is_valid_point(key) == 1;
}

bool signature_verify(const uint8_t signature[static SIGNATURE_SIZE], struct bytes message,
    const uint8_t key[static SIGNATURE_KEY_SIZE])
{
	return crypto_sign_verify_detached(signature, message.data, message.size, key) == 0;
}
