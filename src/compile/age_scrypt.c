/* SPDX-License-Identifier: ISC */
#include "age_writer.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "gapseal/base64.h"

enum err age_scrypt_key(uint8_t out[static AGE_KEY_SIZE], const struct secret *passphrase,
    const uint8_t salt[static AGE_SALT_SIZE], unsigned log_n, struct fault *fault)
{
	uint8_t salted[sizeof AGE_LABEL_SCRYPT - 1 + AGE_SALT_SIZE];
	struct bytes word = secret_bytes(passphrase);

	memcpy(salted, AGE_LABEL_SCRYPT, sizeof AGE_LABEL_SCRYPT - 1);
	memcpy(salted + sizeof AGE_LABEL_SCRYPT - 1, salt, AGE_SALT_SIZE);
	if (crypto_pwhash_scryptsalsa208sha256_ll(word.data, word.size, salted, sizeof salted,
	        UINT64_C(1) << log_n, 8, 1, out, AGE_KEY_SIZE) != 0)
		return fault_set(fault, ERR_CANNOT, "memory", NULL,
		    "a passphrase for this file takes %llu MiB of free memory",
		    (unsigned long long)((UINT64_C(1024) << log_n) >> 20));
	return ERR_OK;
}

static enum err seal_to(struct age_writer *writer, const struct secret *passphrase, unsigned log_n,
    struct fault *fault)
{
	char text[BASE64_BARE_SIZE(AGE_SALT_SIZE)], head[64];
	uint8_t salt[AGE_SALT_SIZE], key[AGE_KEY_SIZE];
	enum err err;

	secret_random(salt, sizeof salt);
	if ((err = age_scrypt_key(key, passphrase, salt, log_n, fault)) == ERR_OK) {
		base64_print(text, bytes_from(salt, sizeof salt), false);
		snprintf(head, sizeof head, "scrypt %s %u", text, log_n);
		age_writer_stanza(writer, head, key);
	}
	secret_wipe(key, sizeof key);
	return err;
}

enum err age_scrypt_seal(struct buffer *out, struct bytes plain, const struct secret *passphrase,
    unsigned log_n, struct fault *fault)
{
	struct age_writer writer;
	enum err err;

	if (log_n < 1 || log_n > AGE_LOG_N_MAX)
		return fault_set(fault, ERR_NO, "age-work", NULL, "the work factor should be 1 to %d",
		    AGE_LOG_N_MAX);
	if ((err = age_writer_begin(&writer, out, fault)) == ERR_OK)
		err = seal_to(&writer, passphrase, log_n, fault);
	if (err == ERR_OK)
		err = age_writer_end(&writer, plain, fault);
	age_writer_close(&writer, err);
	return err;
}
