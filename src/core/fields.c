/* SPDX-License-Identifier: ISC */
#include "gapseal/fields.h"

#include <string.h>

#include "gapseal/utc.h"

static const struct field name_fields[] = {{.kind = FIELD_NAME}};
static const struct field integer_fields[] = {{.kind = FIELD_INTEGER}};
const struct shape names_shape = {NULL, name_fields, 1, NAME_SIZE};
const struct shape integers_shape = {NULL, integer_fields, 1, sizeof(uint64_t)};

bool field_is_text(const struct field *field)
{
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_NAME:
	case FIELD_TIME:
	case FIELD_HASH:
	case FIELD_HASH_OR_EMPTY:
	case FIELD_CHOICE:
		return true;
	case FIELD_LINES:
	case FIELD_INTEGER:
	case FIELD_BOOLEAN:
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_NUMBERS:
		break;
	}
	return false;
}

static bool set_time(char *out, struct bytes text)
{
	int64_t seconds;

	return (text.size == 0 || utc_parse(text, &seconds)) && text_copy(out, UTC_SIZE, text);
}

static bool set_maybe_hash(struct maybe_hash *out, struct bytes text)
{
	if (text.size == 0)
		return true;
	out->present = hex_decode(out->hash, HASH_SIZE, text);
	return out->present;
}

static bool set_choice(unsigned *out, const char *const *words, struct bytes text)
{
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (bytes_is(text, words[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool field_set(void *at, const struct field *field, struct bytes text)
{
	switch (field->kind) {
	case FIELD_TEXT:
		return text_is_printable(text) && text_copy(at, field->size, text);
	case FIELD_NAME:
		return (text.size == 0 || text_is_name(text)) && text_copy(at, NAME_SIZE, text);
	case FIELD_TIME:
		return set_time(at, text);
	case FIELD_HASH:
		return hex_decode(at, HASH_SIZE, text);
	case FIELD_HASH_OR_EMPTY:
		return set_maybe_hash(at, text);
	case FIELD_CHOICE:
		return set_choice(at, field->words, text);
	case FIELD_LINES:
	case FIELD_INTEGER:
	case FIELD_BOOLEAN:
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_NUMBERS:
		break;
	}
	return false;
}

struct bytes field_get(const void *at, const struct field *field, char hex[static FIELD_HEX_SIZE])
{
	const struct maybe_hash *maybe;

	switch (field->kind) {
	case FIELD_HASH:
		hex_encode(hex, bytes_from(at, HASH_SIZE));
		return bytes_from(hex, FIELD_HEX_SIZE - 1);
	case FIELD_HASH_OR_EMPTY:
		maybe = at;
		if (!maybe->present)
			return bytes_of("");
		hex_encode(hex, bytes_from(maybe->hash, HASH_SIZE));
		return bytes_from(hex, FIELD_HEX_SIZE - 1);
	case FIELD_CHOICE:
		return bytes_of(field->words[*(const unsigned *)at]);
	case FIELD_TEXT:
	case FIELD_NAME:
	case FIELD_TIME:
	case FIELD_LINES:
	case FIELD_INTEGER:
	case FIELD_BOOLEAN:
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_NUMBERS:
		break;
	}
	return bytes_of(at);
}

static bool needs_escape(uint8_t byte)
{
	return byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\';
}

void field_quote(struct buffer *out, struct bytes text)
{
	size_t start = 0;

	buffer_byte(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];

		if (!needs_escape(byte))
			continue;
		buffer_put(out, bytes_from(text.data + start, i - start));
		start = i + 1;
		if (byte == '"' || byte == '\\')
			buffer_put(out, bytes_from((const uint8_t[]){'\\', byte}, 2));
		else if (byte == '\n')
			buffer_text(out, "\\n");
		else
			buffer_format(out, "\\u%04x", byte);
	}
	buffer_put(out, bytes_from(text.data + start, text.size - start));
	buffer_byte(out, '"');
}
