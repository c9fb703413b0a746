/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "gapseal/der.h"
#include "gapseal/path.h"
#include "gapseal/pem.h"
#include "gapseal/x509.h"

#define COLUMNS 64
#define DER_INTEGER 0x02
#define DER_OCTET_STRING 0x04
#define ENCRYPTED "ENCRYPTED PRIVATE KEY"

/* As the modem's library reads them. */
static const char *const labels[] = {"PRIVATE KEY", ENCRYPTED, "EC PRIVATE KEY", "RSA PRIVATE KEY"};
#define LABELS (sizeof labels / sizeof labels[0])

static enum err refuse_size(const struct secret *out, const char *where, struct fault *fault)
{
	return fault_set(fault, ERR_NO, "content-size", where,
	    "the file holds more than the %zu bytes a modem can be sent", secret_capacity(out));
}

static bool put_text(struct secret *out, struct bytes line, bool crlf)
{
	return secret_put(out, line) && secret_put(out, bytes_of(crlf ? "\r\n" : "\n"));
}

static bool is_der(struct bytes file)
{
	struct cursor cursor = cursor_of(file);
	struct der whole;

	return der_take(&cursor, &whole) && whole.tag == DER_SEQUENCE && cursor_left(&cursor) == 0;
}

static enum err bundle(struct buffer *out, struct bytes file, const char *where, struct fault *fault)
{
	struct buffer pem = BUFFER_EMPTY;
	enum err err;

	if (!is_der(file))
		return x509_bundle(out, file, where, fault);
	pem_put(&pem, "CERTIFICATE", file, false);
	err = buffer_check(&pem, fault);
	if (err == ERR_OK)
		err = x509_bundle(out, buffer_bytes(&pem), where, fault);
	buffer_free(&pem);
	return err;
}

enum err path_certificates(struct secret *out, struct bytes file, bool crlf, const char *where,
    struct fault *fault)
{
	struct buffer pem = BUFFER_EMPTY;
	enum err err = bundle(&pem, file, where, fault);
	struct cursor cursor = cursor_of(buffer_bytes(&pem));
	struct bytes line;

	secret_clear(out);
	while (err == ERR_OK && take_line(&cursor, &line))
		if (!put_text(out, line, crlf))
			err = refuse_size(out, where, fault);
	buffer_free(&pem);
	return err;
}

/* The kind of a key in DER by what its first elements are; NULL if it is none. */
static const char *label_of(struct bytes file)
{
	struct cursor cursor = cursor_of(file);
	struct der whole, first, second;

	if (!der_take(&cursor, &whole) || whole.tag != DER_SEQUENCE || cursor_left(&cursor) != 0)
		return NULL;
	cursor = cursor_of(whole.content);
	if (!der_take(&cursor, &first) || !der_take(&cursor, &second))
		return NULL;
	if (first.tag == DER_SEQUENCE)
		return second.tag == DER_OCTET_STRING ? ENCRYPTED : NULL;
	if (first.tag != DER_INTEGER)
		return NULL;
	if (second.tag == DER_SEQUENCE)
		return "PRIVATE KEY";
	if (second.tag == DER_OCTET_STRING)
		return "EC PRIVATE KEY";
	return second.tag == DER_INTEGER ? "RSA PRIVATE KEY" : NULL;
}

/* What stands between the BEGIN and the END line of the first key. */
static const char *find_block(struct bytes *body, struct bytes file)
{
	const uint8_t *first = NULL;
	const char *found = NULL;

	for (size_t i = 0; i < LABELS; i++) {
		char begin[64], end[64];
		size_t length = (size_t)snprintf(begin, sizeof begin, "-----BEGIN %s-----", labels[i]);
		const uint8_t *from = memmem(file.data, file.size, begin, length), *to;

		if (from == NULL || (first != NULL && from > first))
			continue;
		snprintf(end, sizeof end, "-----END %s-----", labels[i]);
		first = from;
		from += length;
		to = memmem(from, (size_t)(file.data + file.size - from), end, strlen(end));
		found = to != NULL ? labels[i] : NULL;
		*body = bytes_from(from, to != NULL ? (size_t)(to - from) : 0);
	}
	return found;
}

static bool is_base64(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
	    c == '/' || c == '=';
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The letters stay, in lines of a length; what they mean is for the parser to say. */
static bool put_body(struct secret *out, struct bytes body, bool crlf, bool *letters)
{
	uint8_t line[COLUMNS];
	size_t used = 0;
	bool fits = true;

	*letters = true;
	for (size_t i = 0; i < body.size && fits && *letters; i++) {
		if (is_space(body.data[i]))
			continue;
		*letters = is_base64(body.data[i]);
		line[used++] = body.data[i];
		if (used < COLUMNS)
			continue;
		fits = put_text(out, bytes_from(line, used), crlf);
		used = 0;
	}
	if (used > 0 && fits)
		fits = put_text(out, bytes_from(line, used), crlf);
	secret_wipe(line, sizeof line);
	return fits;
}

static bool put_block(struct secret *out, const char *label, struct bytes body, bool crlf, bool *letters)
{
	char begin[64], end[64];

	snprintf(begin, sizeof begin, "-----BEGIN %s-----", label);
	snprintf(end, sizeof end, "-----END %s-----", label);
	return put_text(out, bytes_of(begin), crlf) && put_body(out, body, crlf, letters) &&
	    put_text(out, bytes_of(end), crlf);
}

static enum err refuse_key(const char *where, struct fault *fault)
{
	return fault_set(fault, ERR_NO, "key-none", where,
	    "the file holds no private key in PKCS#8, SEC1 or PKCS#1 form; one that is encrypted must be "
	    "PKCS#8");
}

enum err path_key(struct secret *out, struct bytes file, bool crlf, const char *where, struct fault *fault)
{
	bool der = is_der(file), letters = true, fits;
	struct bytes body = file;
	const char *label = der ? label_of(file) : find_block(&body, file);

	secret_clear(out);
	if (label == NULL)
		return refuse_key(where, fault);
	if (der)
		fits = pem_put_secret(out, label, file, crlf);
	else
		fits = put_block(out, label, body, crlf, &letters);
	if (!letters)
		return refuse_key(where, fault);
	return fits ? ERR_OK : refuse_size(out, where, fault);
}

bool path_encrypted(struct bytes key_pem)
{
	return bytes_starts(key_pem, "-----BEGIN " ENCRYPTED "-----");
}
