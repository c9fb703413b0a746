/* SPDX-License-Identifier: ISC */
#include "gapseal/credential.h"

#include <string.h>

/*
 * The longest command a host takes whole: 4096 bytes with the NUL is the usual buffer (and the
 * modem's own limit). "AT%CMNG=0,", ",t,", and two quotes stand around the tag and the content.
 */
#define COMMAND_MAX 4095
#define COMMAND_FRAME 15

static const char *const type_names[CREDENTIAL_TYPES] = {"ca", "cert", "key", "psk", "identity"};

int slot_compare(struct slot a, struct slot b)
{
	if (a.tag != b.tag)
		return a.tag < b.tag ? -1 : 1;
	return (a.type > b.type) - (a.type < b.type);
}

bool slot_writable(struct slot slot)
{
	return slot.tag <= SLOT_TAG_MAX && slot.type < CREDENTIAL_TYPES;
}

const char *credential_type_name(uint32_t type)
{
	return type < CREDENTIAL_TYPES ? type_names[type] : NULL;
}

size_t credential_limit(uint32_t tag)
{
	size_t digits = 1;

	for (; tag >= 10; tag /= 10)
		digits++;
	return COMMAND_MAX - COMMAND_FRAME - digits;
}

static bool is_pem(uint32_t type)
{
	return type == CREDENTIAL_CA || type == CREDENTIAL_CERT || type == CREDENTIAL_KEY;
}

static bool is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte <= 0x7e && byte != '"';
}

static bool is_hex_digit(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static bool ends_with(struct bytes bytes, const char *suffix)
{
	size_t size = strlen(suffix);

	return bytes.size >= size && memcmp(bytes.data + bytes.size - size, suffix, size) == 0;
}

/* The index of the first byte that may not be sent, content.size if there is none. The first line end
 * of a PEM decides whether all are LF or all CR LF. */
static size_t pem_first_bad(struct bytes content)
{
	const uint8_t *lf = memchr(content.data, '\n', content.size);
	bool crlf = lf != NULL && lf > content.data && lf[-1] == '\r';

	for (size_t i = 0; i < content.size; i++) {
		if (is_plain(content.data[i]))
			continue;
		if (crlf && content.data[i] == '\r' && i + 1 < content.size && content.data[i + 1] == '\n')
			i++;
		else if (crlf || content.data[i] != '\n')
			return i;
	}
	return content.size;
}

static size_t text_first_bad(struct bytes content)
{
	size_t i = 0;

	while (i < content.size && is_plain(content.data[i]))
		i++;
	return i;
}

static enum err psk_check(struct bytes content, const char *where, struct fault *fault)
{
	for (size_t i = 0; i < content.size; i++)
		if (!is_hex_digit(content.data[i]))
			return fault_set(fault, ERR_NO, "psk-hex", where,
			    "character %zu of the pre-shared key is no lower-case hex digit", i + 1);
	if (content.size % 2 != 0)
		return fault_set(fault, ERR_NO, "psk-hex", where,
		    "the pre-shared key has an odd number of hex digits: %zu", content.size);
	return ERR_OK;
}

static enum err text_check(uint32_t type, struct bytes content, const char *where, struct fault *fault)
{
	size_t bad = is_pem(type) ? pem_first_bad(content) : text_first_bad(content);

	if (bad < content.size)
		return fault_set(fault, ERR_NO, "content-byte", where,
		    "byte %zu of the content would not reach the modem unchanged: only printable ASCII "
		    "without the quote%s may appear", bad + 1,
		    is_pem(type) ? ", and line ends of one kind," : "");
	if (is_pem(type) && !(bytes_starts(content, "-----BEGIN ") &&
	    (ends_with(content, "-----\n") || ends_with(content, "-----\r\n"))))
		return fault_set(fault, ERR_NO, "content-pem", where,
		    "the content is no PEM text: a first line -----BEGIN and a last line -----END, "
		    "with its line end, are needed");
	return ERR_OK;
}

enum err credential_check(struct slot slot, struct bytes content, const char *where, struct fault *fault)
{
	if (slot.tag > SLOT_TAG_MAX)
		return fault_set(fault, ERR_NO, "slot-tag", where,
		    "security tag %lu is the modem's own: the highest one to write is %lu",
		    (unsigned long)slot.tag, (unsigned long)SLOT_TAG_MAX);
	if (slot.type >= CREDENTIAL_TYPES)
		return fault_set(fault, ERR_NO, "slot-type", where,
		    "credential type %lu cannot be written: only 0 to %d can", (unsigned long)slot.type,
		    CREDENTIAL_TYPES - 1);
	if (content.size == 0)
		return fault_set(fault, ERR_NO, "content-empty", where, "the content is empty");
	if (content.size > credential_limit(slot.tag))
		return fault_set(fault, ERR_NO, "content-size", where,
		    "the content has %zu bytes, the most a modem can be sent under security tag %lu are %zu",
		    content.size, (unsigned long)slot.tag, credential_limit(slot.tag));
	if (slot.type == CREDENTIAL_PSK)
		return psk_check(content, where, fault);
	return text_check(slot.type, content, where, fault);
}

void credential_digest(uint8_t out[static HASH_SIZE], struct bytes content, bool nul)
{
	struct hash hash;

	if (!nul) {
		hash_bytes(out, content);
		return;
	}
	hash_begin(&hash);
	hash_add(&hash, content);
	hash_add(&hash, bytes_from("", 1));
	hash_end(&hash, out);
	explicit_bzero(&hash, sizeof hash); /* holds the tail of the content */
}

bool credential_placeholder(const uint8_t digest[static HASH_SIZE])
{
	return memcmp(digest, digest + 1, HASH_SIZE - 1) == 0;
}

const struct listing_item *listing_find(const struct listing *listing, struct slot slot)
{
	for (size_t i = 0; i < listing->count; i++)
		if (slot_compare(listing->items[i].slot, slot) == 0)
			return &listing->items[i];
	return NULL;
}
