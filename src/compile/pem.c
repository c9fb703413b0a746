/* SPDX-License-Identifier: ISC */
#include "gapseal/pem.h"

#include <string.h>

#define LINE_BYTES 48
#define LINE_LETTERS 64
#define DASHES "-----"

#define BOUNDARY_SIZE (PEM_LABEL_MAX + 20)

static char *put(char *out, const char *text, size_t size)
{
	memcpy(out, text, size);
	return out + size;
}

/* With a NUL; a longer label is cut. Not by printf: that would take longer than the base64 between. */
static size_t boundary(char out[static BOUNDARY_SIZE], const char *word, const char *label)
{
	char *end = put(put(out, DASHES, strlen(DASHES)), word, strlen(word));

	*end++ = ' ';
	end = put(put(end, label, strnlen(label, PEM_LABEL_MAX)), DASHES, sizeof DASHES);
	return (size_t)(end - out) - 1;
}

size_t pem_size(const char *label, size_t size, bool crlf)
{
	char line[BOUNDARY_SIZE];
	size_t line_end = crlf ? 2 : 1, lines = (size + LINE_BYTES - 1) / LINE_BYTES;

	return boundary(line, "BEGIN", label) + boundary(line, "END", label) + (size + 2) / 3 * 4 +
	    (lines + 2) * line_end;
}

static uint8_t *end_line(uint8_t *at, bool crlf)
{
	if (crlf)
		*at++ = '\r';
	*at++ = '\n';
	return at;
}

static uint8_t *put_boundary(uint8_t *at, const char *word, const char *label, bool crlf)
{
	char line[BOUNDARY_SIZE];
	size_t length = boundary(line, word, label);

	memcpy(at, line, length);
	return end_line(at + length, crlf);
}

/* The letter of six bits, by arithmetic alone: what is written may be a key, and a table would show in the
 * cache which of its letters were used. In bytes, so that compilers do many at a time. */
static uint8_t letter(uint8_t bits)
{
	uint8_t out = (uint8_t)(bits + 'A');

	out += (uint8_t)((int8_t)(25 - bits) >> 7) & ('a' - 'Z' - 1); /* 26.. */
	out -= (uint8_t)((int8_t)(51 - bits) >> 7) & ('z' + 1 - '0'); /* 52.. */
	out -= (uint8_t)((int8_t)(61 - bits) >> 7) & ('9' + 1 - '+'); /* 62 */
	out += (uint8_t)((int8_t)(62 - bits) >> 7) & ('/' - '+' - 1); /* 63 */
	return out;
}

/* A line, or the last one, filled up with zeros: letters of all of it, in place of six bits each. */
static void put_letters(uint8_t out[static LINE_LETTERS], const uint8_t bytes[static LINE_BYTES])
{
	for (size_t i = 0; i < LINE_BYTES / 3; i++) {
		unsigned group = (unsigned)bytes[3 * i] << 16 | (unsigned)bytes[3 * i + 1] << 8 |
		    bytes[3 * i + 2];

		out[4 * i] = (uint8_t)(group >> 18);
		out[4 * i + 1] = group >> 12 & 63;
		out[4 * i + 2] = group >> 6 & 63;
		out[4 * i + 3] = group & 63;
	}
	for (size_t i = 0; i < LINE_LETTERS; i++)
		out[i] = letter(out[i]);
}

static uint8_t *put_last(uint8_t *at, struct bytes bytes)
{
	uint8_t line[LINE_BYTES] = {0}, letters[LINE_LETTERS];
	size_t size = (bytes.size + 2) / 3 * 4;

	memcpy(line, bytes.data, bytes.size);
	put_letters(letters, line);
	for (size_t i = 0; i < (3 - bytes.size % 3) % 3; i++)
		letters[size - 1 - i] = '=';
	memcpy(at, letters, size);
	secret_wipe(line, sizeof line);
	secret_wipe(letters, sizeof letters);
	return at + size;
}

static uint8_t *put_base64(uint8_t *at, struct bytes bytes)
{
	if (bytes.size < LINE_BYTES)
		return put_last(at, bytes);
	put_letters(at, bytes.data);
	return at + LINE_LETTERS;
}

/* Writes pem_size bytes. */
static void write_text(uint8_t *at, const char *label, struct bytes der, bool crlf)
{
	at = put_boundary(at, "BEGIN", label, crlf);
	while (der.size > 0) {
		size_t size = der.size < LINE_BYTES ? der.size : LINE_BYTES;

		at = end_line(put_base64(at, bytes_from(der.data, size)), crlf);
		der = bytes_from(der.data + size, der.size - size);
	}
	put_boundary(at, "END", label, crlf);
}

void pem_put(struct buffer *out, const char *label, struct bytes der, bool crlf)
{
	uint8_t *space = buffer_space(out, pem_size(label, der.size, crlf));

	if (space != NULL)
		write_text(space, label, der, crlf);
}

bool pem_put_secret(struct secret *out, const char *label, struct bytes der, bool crlf)
{
	size_t size = secret_size(out), more = pem_size(label, der.size, crlf);

	if (more > secret_capacity(out) - size)
		return false;
	write_text(secret_data(out) + size, label, der, crlf);
	secret_resize(out, size + more);
	return true;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without white space at its end; the last one needs no LF. */
static bool take_trimmed(struct cursor *text, struct bytes *line)
{
	if (!take_line(text, line) && !(cursor_left(text) > 0 && take_bytes(text, cursor_left(text), line)))
		return false;
	while (line->size > 0 && is_space(line->data[line->size - 1]))
		line->size--;
	return true;
}

static bool take_until(struct cursor *text, const char *end, struct buffer *base64)
{
	struct bytes line;

	while (take_trimmed(text, &line)) {
		if (bytes_is(line, end))
			return true;
		buffer_put(base64, line);
	}
	return false;
}

enum pem_found pem_take(struct buffer *der, struct cursor *text, const char *label)
{
	char begin[BOUNDARY_SIZE], end[BOUNDARY_SIZE];
	struct buffer base64 = BUFFER_EMPTY;
	struct bytes line;
	struct cursor after;
	bool good;

	boundary(begin, "BEGIN", label);
	boundary(end, "END", label);
	do {
		if (!take_trimmed(text, &line))
			return PEM_NONE;
	} while (!bytes_is(line, begin));
	after = *text;
	good = take_until(&after, end, &base64) && !base64.failed &&
	    base64_decode(der, buffer_bytes(&base64), true);
	der->failed = der->failed || base64.failed;
	buffer_free(&base64);
	if (good)
		*text = after;
	return good ? PEM_BLOCK : PEM_BROKEN;
}
