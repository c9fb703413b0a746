/* SPDX-License-Identifier: ISC */
#include "age_writer.h"

#include <sodium.h>
#include <stdlib.h>

#include "gapseal/base64.h"

enum err age_writer_begin(struct age_writer *writer, struct buffer *out, struct fault *fault)
{
	enum err err;

	*writer = (struct age_writer){.out = out, .start = out->size};
	if ((err = secret_new(&writer->file_key, AGE_FILE_KEY_SIZE, fault)) != ERR_OK)
		return err;
	secret_random(secret_data(writer->file_key), AGE_FILE_KEY_SIZE);
	buffer_text(out, AGE_VERSION "\n");
	return ERR_OK;
}

void age_writer_stanza(struct age_writer *writer, const char *head, const uint8_t key[static AGE_KEY_SIZE])
{
	/* Zero, for the key wraps nothing else. */
	static const uint8_t nonce[AGE_CHUNK_NONCE_SIZE];
	uint8_t wrapped[AGE_WRAPPED_SIZE];
	char body[BASE64_BARE_SIZE(AGE_WRAPPED_SIZE)];

	crypto_aead_chacha20poly1305_ietf_encrypt(wrapped, NULL, secret_data(writer->file_key),
	    AGE_FILE_KEY_SIZE, NULL, 0, NULL, nonce, key);
	base64_print(body, bytes_from(wrapped, sizeof wrapped), false);
	buffer_format(writer->out, AGE_STANZA "%s\n%s\n", head, body);
}

static void put_mac(struct age_writer *writer)
{
	char text[BASE64_BARE_SIZE(AGE_MAC_SIZE)];
	uint8_t mac[AGE_MAC_SIZE];
	struct bytes covered;

	buffer_text(writer->out, AGE_END);
	covered = buffer_bytes(writer->out);
	covered = bytes_from(covered.data + writer->start, covered.size - writer->start);
	age_header_mac(mac, secret_data(writer->file_key), covered);
	base64_print(text, bytes_from(mac, sizeof mac), false);
	buffer_format(writer->out, " %s\n", text);
}

enum err age_writer_end_head(struct age_writer *writer, struct fault *fault)
{
	uint8_t nonce[AGE_NONCE_SIZE];
	enum err err = buffer_check(writer->out, fault);

	if (err == ERR_OK)
		err = secret_new(&writer->payload_key, AGE_KEY_SIZE, fault);
	if (err != ERR_OK)
		return err;
	put_mac(writer);
	secret_random(nonce, sizeof nonce);
	buffer_put(writer->out, bytes_from(nonce, sizeof nonce));
	age_payload_key(secret_data(writer->payload_key), secret_data(writer->file_key),
	    bytes_from(nonce, sizeof nonce));
	secret_free(&writer->file_key);
	return buffer_check(writer->out, fault);
}

enum err age_writer_chunk(struct age_writer *writer, struct buffer *out, struct bytes plain, bool last,
    struct fault *fault)
{
	uint8_t nonce[AGE_CHUNK_NONCE_SIZE], *space;

	if (last ? plain.size > AGE_CHUNK_SIZE || (plain.size == 0 && writer->counter > 0) :
	    plain.size != AGE_CHUNK_SIZE)
		abort(); /* a file nobody opens */
	space = buffer_space(out, plain.size + AGE_TAG_SIZE);
	if (space == NULL)
		return fault_memory(fault);
	age_chunk_nonce(nonce, writer->counter++, last);
	crypto_aead_chacha20poly1305_ietf_encrypt(space, NULL, plain.data, plain.size, NULL, 0, NULL, nonce,
	    secret_data(writer->payload_key));
	return ERR_OK;
}

enum err age_writer_end(struct age_writer *writer, struct bytes plain, struct fault *fault)
{
	enum err err = age_writer_end_head(writer, fault);
	bool last = false;

	/* At least once: the one chunk of an empty plaintext is empty. */
	while (err == ERR_OK && !last) {
		size_t size = plain.size < AGE_CHUNK_SIZE ? plain.size : AGE_CHUNK_SIZE;

		last = size == plain.size;
		err = age_writer_chunk(writer, writer->out, bytes_from(plain.data, size), last, fault);
		plain = bytes_from(plain.data + size, plain.size - size);
	}
	return err;
}

void age_writer_close(struct age_writer *writer, enum err err)
{
	secret_free(&writer->file_key);
	secret_free(&writer->payload_key);
	if (err != ERR_OK)
		writer->out->size = writer->start;
}
