/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "export_private.h"
#include "gapseal/der.h"
#include "gapseal/pem.h"

#define DER_SET 0x31
#define DER_OID 0x06
#define DER_VERSION 0xa0

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03}; /* 2.5.4.3 */

/* The content of the next element, which must be of that kind. */
static bool enter(struct cursor *out, struct cursor *cursor, uint8_t tag)
{
	struct der der;

	if (!der_take(cursor, &der) || der.tag != tag)
		return false;
	*out = cursor_of(der.content);
	return true;
}

/* tbsCertificate: version, serial, algorithm, issuer, validity, subject. */
static bool find_subject(struct cursor *subject, struct bytes whole)
{
	struct cursor outer = cursor_of(whole), certificate, body;
	struct der der;

	if (!enter(&certificate, &outer, DER_SEQUENCE) || !enter(&body, &certificate, DER_SEQUENCE))
		return false;
	if (!der_take(&body, &der))
		return false;
	if (der.tag == DER_VERSION && !der_take(&body, &der)) /* the serial, if a version stands before it */
		return false;
	for (int i = 0; i < 3; i++)
		if (!der_take(&body, &der))
			return false;
	return enter(subject, &body, DER_SEQUENCE);
}

/* Keeps the last, as TLS stacks do. */
static bool find_name(struct bytes *name, struct cursor subject)
{
	struct cursor set, pair;
	struct der oid, value;
	bool found = false;

	while (enter(&set, &subject, DER_SET))
		while (enter(&pair, &set, DER_SEQUENCE))
			if (der_take(&pair, &oid) && oid.tag == DER_OID && der_take(&pair, &value) &&
			    bytes_equal(oid.content, bytes_from(oid_common_name, sizeof oid_common_name))) {
				*name = value.content;
				found = true;
			}
	return found;
}

enum err export_common_name(char out[static EXPORT_NAME_SIZE], struct bytes pem, const char *where,
    struct fault *fault)
{
	struct buffer der = BUFFER_EMPTY;
	struct cursor text = cursor_of(pem), subject;
	struct bytes name;
	bool found = pem_take(&der, &text, "CERTIFICATE") == PEM_BLOCK;
	enum err err = buffer_check(&der, fault);
	bool good = found && err == ERR_OK && find_subject(&subject, buffer_bytes(&der)) && find_name(&name, subject) &&
	    text_is_printable(name) &&
	    text_copy(out, EXPORT_NAME_SIZE, name);

	buffer_free(&der);
	if (good || err != ERR_OK)
		return err;
	return fault_set(fault, ERR_NO, "export-cert", where,
	    "a certificate names no device: its subject has no common name of at most %d printable characters",
	    EXPORT_NAME_SIZE - 1);
}
