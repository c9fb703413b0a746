/* SPDX-License-Identifier: ISC */
#include "gapseal/keys.h"

/*
 * The branches of the key hierarchy that only the office may walk: from the seed to the lots, and to
 * the credentials it makes.
 */
void keys_batch(uint8_t out[static KEY_SIZE], const uint8_t seed[static KEY_SIZE],
    const uint8_t plan[static HASH_SIZE])
{
	const struct bytes parts[] = {bytes_of("gapseal/batch/v1\n"), bytes_from(plan, HASH_SIZE)};

	hash_keyed(out, KEY_SIZE, seed, parts, 2);
}

void keys_lot(uint8_t out[static KEY_SIZE], const uint8_t batch[static KEY_SIZE], uint32_t lot)
{
	keys_kdf(out, KEY_SIZE, batch, lot, "gs-lot__");
}

void keys_credentials(uint8_t out[static KEY_SIZE], const uint8_t batch[static KEY_SIZE])
{
	keys_kdf(out, KEY_SIZE, batch, 0, "gs-cred_");
}

void keys_device(uint8_t out[static KEY_SIZE], const uint8_t credentials[static KEY_SIZE],
    const char imei[static IMEI_SIZE])
{
	struct bytes digits = bytes_from(imei, IMEI_LENGTH);

	hash_keyed(out, KEY_SIZE, credentials, &digits, 1);
}

void keys_credential(uint8_t *out, size_t size, const uint8_t device[static KEY_SIZE], struct slot slot,
    enum keys_purpose purpose)
{
	static const char *const contexts[] = {
	    [KEYS_PSK] = "gs-psk__",
	    [KEYS_EC] = "gs-ec___",
	    [KEYS_SERIAL] = "gs-cert_",
	};

	keys_kdf(out, size, device, (uint64_t)slot.tag * 256 + slot.type, contexts[purpose]);
}
