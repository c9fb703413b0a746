/* SPDX-License-Identifier: ISC */
#include "pem.h"

#include <stdint.h>

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

/* The next line without its LF or CR LF; the last one may lack it. */
static bool take_text_line(struct cursor *cursor, struct bytes *out)
{
	if (!take_field(cursor, '\n', out))
		return false;
	if (out->size > 0 && out->data[out->size - 1] == '\r')
		out->size--;
	return true;
}

/* A definite length in the shortest form that fills the rest exactly; the indefinite form 0x80 comes
 * out as too short. */
static bool fills(struct cursor *cursor)
{
	uint8_t first, next;
	size_t length = 0;

	if (!take_u8(cursor, &first))
		return false;
	if (first < 0x80)
		return cursor_left(cursor) == first;
	if (first > 0x82)
		return false;
	for (unsigned i = 0; i < (first & 0x7fu); i++) {
		if (!take_u8(cursor, &next))
			return false;
		length = length << 8 | next;
	}
	return length >= (first == 0x81 ? 0x80u : 0x100u) && cursor_left(cursor) == length;
}

static bool is_sequence(struct bytes der)
{
	struct cursor cursor = cursor_of(der);
	uint8_t tag;

	return take_u8(&cursor, &tag) && tag == 0x30 && fills(&cursor) && cursor_left(&cursor) > 0;
}

/* The lines after BEGIN up to and with END; their base64 goes to body. */
static bool take_body(struct cursor *cursor, struct buffer *body)
{
	struct bytes line;

	while (take_text_line(cursor, &line)) {
		if (bytes_is(line, PEM_END))
			return true;
		if (line.size == 0)
			return false;
		buffer_put(body, line);
	}
	return false;
}

static bool take_block(struct cursor *cursor, struct buffer *body, struct buffer *der)
{
	struct bytes line;

	buffer_clear(body);
	buffer_clear(der);
	return take_text_line(cursor, &line) && bytes_is(line, PEM_BEGIN) && take_body(cursor, body) &&
	    base64_decode(der, buffer_bytes(body), true) && is_sequence(buffer_bytes(der));
}

enum err pem_certificates(bool *out, struct bytes text, struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct buffer body = BUFFER_EMPTY, der = BUFFER_EMPTY;
	enum err err;

	do
		*out = take_block(&cursor, &body, &der);
	while (*out && cursor_left(&cursor) > 0);
	err = buffer_check(&body, fault);
	if (err == ERR_OK)
		err = buffer_check(&der, fault);
	buffer_free(&body);
	buffer_free(&der);
	return err;
}
