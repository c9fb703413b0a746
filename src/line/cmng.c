/* SPDX-License-Identifier: ISC */
#include "gapseal/cmng.h"

#include <stdio.h>
#include <string.h>

#include "at_text.h"

#define IMEI_PREFIX "+CGSN:"
#define MODE_PREFIX "+CFUN:"
#define LIST_PREFIX "%CMNG:"

static void plain(struct at_command *out, const char *visible, const char *prefix)
{
	*out = (struct at_command){.prefix = prefix};
	snprintf(out->visible, sizeof out->visible, "%s", visible);
}

void cmng_attention(struct at_command *out)
{
	plain(out, "AT", NULL);
}

void cmng_unquote(struct at_command *out)
{
	plain(out, "\"", NULL);
}

void cmng_errors(struct at_command *out)
{
	plain(out, "AT+CMEE=1", NULL);
}

void cmng_ask_imei(struct at_command *out)
{
	plain(out, "AT+CGSN=1", IMEI_PREFIX);
}

void cmng_ask_firmware(struct at_command *out)
{
	plain(out, "AT+CGMR", "");
}

void cmng_set_mode(struct at_command *out, unsigned mode)
{
	plain(out, "AT+CFUN=", NULL);
	snprintf(out->visible, sizeof out->visible, "AT+CFUN=%u", mode);
}

void cmng_ask_mode(struct at_command *out)
{
	plain(out, "AT+CFUN?", MODE_PREFIX);
}

void cmng_reset(struct at_command *out)
{
	plain(out, "AT#XMODEMRESET", NULL);
}

void cmng_list(struct at_command *out)
{
	plain(out, "AT%CMNG=1", ""); /* every line: what spoils a listing must not vanish */
}

void cmng_delete(struct at_command *out, struct slot slot)
{
	*out = (struct at_command){.prefix = NULL};
	snprintf(out->visible, sizeof out->visible, "AT%%CMNG=3,%lu,%lu", (unsigned long)slot.tag,
	    (unsigned long)slot.type);
}

void cmng_write(struct at_command *out, struct slot slot, struct bytes content, struct bytes password)
{
	*out = (struct at_command){.hidden = content, .password = password};
	snprintf(out->visible, sizeof out->visible, "AT%%CMNG=0,%lu,%lu,", (unsigned long)slot.tag,
	    (unsigned long)slot.type);
}

/* What follows the prefix on an information line. */
static struct bytes after(struct bytes line, const char *prefix)
{
	size_t size = strlen(prefix);

	return at_text_trim(bytes_from(line.data + size, line.size - size));
}

static bool unquote(struct bytes text, struct bytes *out)
{
	if (text.size < 2 || text.data[0] != '"' || text.data[text.size - 1] != '"')
		return false;
	*out = bytes_from(text.data + 1, text.size - 2);
	return true;
}

bool cmng_imei(const struct at *at, struct bytes *out)
{
	struct bytes line;

	return at_line(at, 0, &line) && unquote(after(line, IMEI_PREFIX), out);
}

static bool is_capital_or_digit(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

static bool is_hex_digit(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* "+CEREG: 2": a sign, a name in capitals, a colon; and nothing in it that could be the rest of a listing
 * line whose head was spoiled. */
static bool is_unsolicited(struct bytes line)
{
	size_t name = 1, run = 0;

	if (memchr("%+#", line.data[0], 3) == NULL)
		return false;
	while (name < line.size && is_capital_or_digit(line.data[name]))
		name++;
	if (name < 3 || name == line.size || line.data[name] != ':')
		return false;
	for (size_t i = name; i < line.size && run < HASH_SIZE; i++)
		run = is_hex_digit(line.data[i]) ? run + 1 : 0;
	return run < HASH_SIZE;
}

/* Firmware names begin with mfw. One that does not is the first line that is nothing else. */
static bool firmware_line(const struct at *at, struct bytes *out)
{
	for (size_t i = 0; at_line(at, i, out); i++)
		if (bytes_starts(*out, "mfw"))
			return true;
	for (size_t i = 0; at_line(at, i, out); i++)
		if (!is_unsolicited(*out) && !bytes_starts(*out, "AT"))
			return true;
	return false;
}

static bool is_firmware_byte(uint8_t byte)
{
	return byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
}

void cmng_firmware(char out[static FIRMWARE_SIZE], const struct at *at)
{
	struct bytes line;
	size_t size = 0;

	if (!firmware_line(at, &line))
		line.size = 0;
	for (size_t i = 0; i < line.size && size + 1 < FIRMWARE_SIZE; i++)
		if (is_firmware_byte(line.data[i]))
			out[size++] = (char)line.data[i];
	out[size] = '\0';
}

bool cmng_firmware_is_test(const char *firmware)
{
	return strncmp(firmware, "mfw-pti", strlen("mfw-pti")) == 0;
}

bool cmng_mode(const struct at *at, unsigned *out)
{
	struct bytes line;
	uint64_t value;

	if (!at_line(at, 0, &line) || !decimal_parse(after(line, MODE_PREFIX), UINT16_MAX, &value))
		return false;
	*out = (unsigned)value;
	return true;
}

bool cmng_mode_is_active(unsigned mode)
{
	return mode == 1 || mode == 2 || mode == 21;
}

static bool take_number(struct cursor *fields, uint32_t *out)
{
	struct bytes field;
	uint64_t value;

	if (!take_field(fields, ',', &field) || !decimal_parse(at_text_trim(field), UINT32_MAX, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool digest_parse(uint8_t out[static HASH_SIZE], struct bytes text)
{
	uint8_t lower[2 * HASH_SIZE];

	if (text.size != sizeof lower)
		return false;
	for (size_t i = 0; i < sizeof lower; i++) {
		lower[i] = text.data[i];
		if (lower[i] >= 'A' && lower[i] <= 'F')
			lower[i] = (uint8_t)(lower[i] - 'A' + 'a');
	}
	return hex_decode(out, HASH_SIZE, bytes_from(lower, sizeof lower));
}

/* <tag>,<type>[,"<64 hex digits>"] with or without spaces after the commas. */
static bool item_parse(struct listing_item *out, struct bytes text)
{
	struct cursor fields = cursor_of(text);
	struct bytes field, digest;

	*out = (struct listing_item){0};
	if (!take_number(&fields, &out->slot.tag) || !take_number(&fields, &out->slot.type))
		return false;
	if (!take_field(&fields, ',', &field))
		return text.data[text.size - 1] != ','; /* a comma at the end announces what did not come */
	out->has_digest = unquote(at_text_trim(field), &digest) && digest_parse(out->digest, digest);
	return out->has_digest && cursor_left(&fields) == 0 && text.data[text.size - 1] != ',';
}

bool cmng_listing(const struct at *at, struct listing *out)
{
	struct bytes line;

	out->count = 0;
	for (size_t i = 0; at_line(at, i, &line); i++) {
		bool item = bytes_starts(line, LIST_PREFIX);

		if (!item && is_unsolicited(line))
			continue;
		if (!item || out->count == LISTING_MAX ||
		    !item_parse(&out->items[out->count], after(line, LIST_PREFIX)) ||
		    listing_find(out, out->items[out->count].slot) != NULL)
			return false;
		out->count++;
	}
	return true;
}
