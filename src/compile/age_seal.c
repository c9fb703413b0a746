/* SPDX-License-Identifier: ISC */
#include "age_writer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

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

static enum err begin(struct age_writer *writer, struct buffer *out, const struct recipient *recipients,
    size_t count, struct fault *fault)
{
	enum err err;

	*writer = (struct age_writer){.out = out, .start = out->size};
	if (count == 0 || count > AGE_RECIPIENTS_MAX)
		return fault_set(fault, ERR_NO, "age-recipient", NULL, "an age file takes 1 to %d recipients",
		    AGE_RECIPIENTS_MAX);
	err = age_writer_begin(writer, out, fault);
	for (size_t i = 0; err == ERR_OK && i < count; i++)
		err = seal_to(writer, &recipients[i], fault);
	return err;
}

enum err age_seal(struct buffer *out, struct bytes plain, const struct recipient *recipients, size_t count,
    struct fault *fault)
{
	struct age_writer writer;
	enum err err = begin(&writer, out, recipients, count, fault);

	if (err == ERR_OK)
		err = age_writer_end(&writer, plain, fault);
	age_writer_close(&writer, err);
	return err;
}

struct age_sealer {
	struct age_writer writer;
};

enum err age_sealer_new(struct age_sealer **out, struct buffer *file, const struct recipient *recipients,
    size_t count, struct fault *fault)
{
	struct age_sealer *sealer = calloc(1, sizeof *sealer);
	enum err err;

	*out = NULL;
	if (sealer == NULL)
		return fault_memory(fault);
	err = begin(&sealer->writer, file, recipients, count, fault);
	if (err == ERR_OK)
		err = age_writer_end_head(&sealer->writer, fault);
	if (err == ERR_OK) {
		*out = sealer;
		return ERR_OK;
	}
	age_writer_close(&sealer->writer, err);
	free(sealer);
	return err;
}

enum err age_sealer_put(struct age_sealer *sealer, struct buffer *file, struct bytes chunk, bool last,
    struct fault *fault)
{
	return age_writer_chunk(&sealer->writer, file, chunk, last, fault);
}

void age_sealer_free(struct age_sealer **sealer)
{
	if (*sealer == NULL)
		return;
	age_writer_close(&(*sealer)->writer, ERR_OK);
	free(*sealer);
	*sealer = NULL;
}
