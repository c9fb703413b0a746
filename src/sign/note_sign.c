/* SPDX-License-Identifier: ISC */
#include "gapseal/signer.h"

#include <sodium.h>
#include <stdlib.h>

#include "gapseal/base64.h"

#define BLOB_SIZE (4 + crypto_sign_BYTES) /* key id, signature */

struct signer {
	struct note_key key;
	struct secret *pair; /* seed and public key, as libsodium signs with */
};

static enum err pair_make(struct signer *signer, const char *name, struct bytes seed, struct fault *fault)
{
	uint8_t key[crypto_sign_PUBLICKEYBYTES];
	enum err err = secret_new(&signer->pair, crypto_sign_SECRETKEYBYTES, fault);

	if (err != ERR_OK)
		return err;
	/* Cannot fail. */
	crypto_sign_seed_keypair(key, secret_data(signer->pair), seed.data);
	secret_resize(signer->pair, crypto_sign_SECRETKEYBYTES);
	return note_key_make(&signer->key, name, NOTE_ED25519, key, fault);
}

enum err signer_new(struct signer **out, const char *name, const struct secret *seed, struct fault *fault)
{
	struct signer *signer;
	enum err err;

	*out = NULL;
	if (secret_size(seed) != SIGNER_SEED_SIZE)
		return fault_set(fault, ERR_NO, "signer-seed", NULL,
		    "the seed of a log key should be %d bytes",
		    SIGNER_SEED_SIZE);
	if ((signer = calloc(1, sizeof *signer)) == NULL)
		return fault_memory(fault);
	if ((err = pair_make(signer, name, secret_bytes(seed), fault)) != ERR_OK)
		signer_free(&signer);
	*out = signer;
	return err;
}

void signer_free(struct signer **signer)
{
	if (*signer == NULL)
		return;
	secret_free(&(*signer)->pair);
	free(*signer);
	*signer = NULL;
}

const struct note_key *signer_key(const struct signer *signer)
{
	return &signer->key;
}

enum err note_sign(struct buffer *out, const struct signer *signer, struct bytes text, struct fault *fault)
{
	char encoded[BASE64_SIZE(BLOB_SIZE)];
	uint8_t blob[BLOB_SIZE];
	size_t start = out->size;
	enum err err;

	if (!note_text_valid(text))
		return fault_set(fault, ERR_NO, "note-form", NULL,
		    "text to be signed should be UTF-8 lines ended by LF without other control characters");
	for (size_t i = 0; i < sizeof signer->key.id; i++)
		blob[i] = signer->key.id[i];
	/* Cannot fail. */
	crypto_sign_detached(blob + 4, NULL, text.data, text.size, secret_bytes(signer->pair).data);
	base64_print(encoded, bytes_from(blob, sizeof blob), true);
	buffer_put(out, text);
	buffer_format(out, "\n\xe2\x80\x94 %s %s\n", signer->key.name, encoded);
	if ((err = buffer_check(out, fault)) != ERR_OK)
		out->size = start;
	return err;
}
