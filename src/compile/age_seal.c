/* SPDX-License-Identifier: ISC */
#include "age_writer.h"

#include <sodium.h>
#include <stdio.h>

#include "gapseal/base64.h"

/* Its own ephemeral key for every recipient. */
static enum err seal_to(struct age_writer *writer, const struct recipient *recipient, struct fault *fault)
{
	uint8_t ephemeral[32], share[32], shared[AGE_KEY_SIZE], key[AGE_KEY_SIZE];
	char text[BASE64_BARE_SIZE(32)], head[sizeof text + sizeof "X25519 "];
	enum err err = ERR_OK;

	secret_random(ephemeral, sizeof ephemeral);
	crypto_scalarmult_base(share, ephemeral);
	if (age_shared(shared, ephemeral, recipient->key)) {
		age_wrap_key(key, shared, share, recipient->key);
		base64_print(text, bytes_from(share, sizeof share), false);
		snprintf(head, sizeof head, "X25519 %s", text);
		age_writer_stanza(writer, head, key);
	} else {
		err = fault_set(fault, ERR_NO, "age-recipient", NULL, "an age recipient is no usable key");
	}
	secret_wipe(ephemeral, sizeof ephemeral);
	secret_wipe(shared, sizeof shared);
	secret_wipe(key, sizeof key);
	return err;
}

enum err age_seal(struct buffer *out, struct bytes plain, const struct recipient *recipients, size_t count,
    struct fault *fault)
{
	struct age_writer writer;
	enum err err;

	if (count == 0 || count > AGE_RECIPIENTS_MAX)
		return fault_set(fault, ERR_NO, "age-recipient", NULL, "an age file takes 1 to %d recipients",
		    AGE_RECIPIENTS_MAX);
	err = age_writer_begin(&writer, out, fault);
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = seal_to(&writer, &recipients[i], fault);
	if (err == ERR_OK)
		err = age_writer_end(&writer, plain, fault);
	age_writer_close(&writer, err);
	return err;
}
