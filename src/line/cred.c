/* SPDX-License-Identifier: ISC */
#include "gapseal/cred.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/cmng.h"

/* The words for types 0 to 4, as the shell lists them. */
static const char *const kinds[CREDENTIAL_TYPES] = {
	[CREDENTIAL_CA] = "CA", [CREDENTIAL_CERT] = "SERV", [CREDENTIAL_KEY] = "PK",
	[CREDENTIAL_PSK] = "PSK", [CREDENTIAL_IDENTITY] = "PSK_ID",
};

bool cred_takes(struct slot slot)
{
	return slot_writable(slot) && slot.type != CREDENTIAL_PSK;
}

/* The number at the text's head, and what follows it. */
static bool take_number(struct bytes *text, uint32_t *out)
{
	size_t digits = 0;
	uint64_t value;

	while (digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9')
		digits++;
	if (!decimal_parse(bytes_from(text->data, digits), UINT32_MAX, &value))
		return false;
	*out = (uint32_t)value;
	*text = bytes_from(text->data + digits, text->size - digits);
	return true;
}

static enum at_result fill_final(struct bytes line, uint32_t *number)
{
	static const char head[] = "Stored ";

	if (bytes_starts(line, "Not enough room in credential buffer")) {
		*number = CRED_NO_ROOM;
		return AT_CME;
	}
	if (!bytes_starts(line, head))
		return AT_BUSY;
	line = bytes_from(line.data + strlen(head), line.size - strlen(head));
	return take_number(&line, number) && bytes_is(line, " bytes.") ? AT_OK : AT_BUSY;
}

static enum at_result clear_final(struct bytes line, uint32_t *number)
{
	(void)number;
	return bytes_is(line, "Credential buffer cleared.") ? AT_OK : AT_BUSY;
}

static bool ends(struct bytes line, const char *tail)
{
	size_t size = strlen(tail);

	return line.size >= size && memcmp(line.data + line.size - size, tail, size) == 0;
}

/* The refusals of add and delete. */
static enum at_result refusal(struct bytes line, uint32_t *number)
{
	static const struct {
		const char *head, *tail;
		uint32_t number; /* 0: ERROR */
	} refusals[] = {
		{"TLS credential with sectag ", " already exists.", CME_EXISTS},
		{"There is no TLS credential with sectag ", "", CME_NOT_FOUND},
		{"No reference slot available", "", CME_FULL},
		{"Not enough heap for TLS credential", "", CME_FULL},
		{"Failed to add TLS credential", "", 0},
		{"Deleting TLS credential with sectag ", "", 0},
		{"Could not decode input from base64", "", 0},
		{"Please provide a credential to add.", "", 0},
		{"", " is not a valid sectag.", 0},
		{"", " is not a valid credential type.", 0},
		{"", " is not a valid backend.", 0},
		{"", " is not a valid storage format.", 0},
	};

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		if (!bytes_starts(line, refusals[i].head) || !ends(line, refusals[i].tail))
			continue;
		*number = refusals[i].number;
		return *number != 0 ? AT_CME : AT_ERROR;
	}
	return AT_BUSY;
}

static enum at_result add_final(struct bytes line, uint32_t *number)
{
	return bytes_starts(line, "Added TLS credential of type ") ? AT_OK : refusal(line, number);
}

static enum at_result delete_final(struct bytes line, uint32_t *number)
{
	return bytes_starts(line, "Deleted TLS credential with sectag ") ? AT_OK : refusal(line, number);
}

static enum at_result list_final(struct bytes line, uint32_t *number)
{
	return take_number(&line, number) && bytes_is(line, " credentials found.") ? AT_OK : AT_BUSY;
}

void cred_attention(struct at_command *out)
{
	*out = (struct at_command){.visible = "cred list 0 CA", .final = list_final};
}

void cred_fill(struct at_command *out, unsigned number)
{
	*out = (struct at_command){.final = fill_final};
	snprintf(out->visible, sizeof out->visible, "cred buf %038u", number);
}

void cred_clear(struct at_command *out)
{
	*out = (struct at_command){.visible = "cred buf clear", .final = clear_final};
}

bool cred_piece(struct at_command *out, char text[static CRED_TEXT_SIZE], struct bytes content, size_t i)
{
	size_t start = i * CRED_PIECE, size = CRED_PIECE;

	if (start >= content.size)
		return false;
	if (size > content.size - start)
		size = content.size - start;
	base64_print(text, bytes_from(content.data + start, size), true);
	*out = (struct at_command){.visible = "cred buf ", .hidden = bytes_of(text), .final = fill_final};
	return true;
}

void cred_add(struct at_command *out, struct slot slot)
{
	*out = (struct at_command){.final = add_final};
	snprintf(out->visible, sizeof out->visible, "cred add %lu %s DEFAULT %s", (unsigned long)slot.tag,
	    kinds[slot.type], slot.type == CREDENTIAL_IDENTITY ? "bin" : "bint");
}

void cred_delete(struct at_command *out, struct slot slot)
{
	*out = (struct at_command){.final = delete_final};
	snprintf(out->visible, sizeof out->visible, "cred del %lu %s", (unsigned long)slot.tag,
	    kinds[slot.type]);
}

void cred_list(struct at_command *out)
{
	*out = (struct at_command){.visible = "cred list", .prefix = "", .final = list_final};
}

/* The type of a kind's word; false for kinds that are no modem's. */
static bool find_kind(struct bytes word, uint32_t *out)
{
	for (uint32_t i = 0; i < CREDENTIAL_TYPES; i++) {
		*out = i;
		if (bytes_is(word, kinds[i]))
			return true;
	}
	return false;
}

static bool is_kind(struct bytes word)
{
	for (size_t i = 0; i < word.size; i++)
		if (!(word.data[i] >= 'A' && word.data[i] <= 'Z') && word.data[i] != '_')
			return false;
	return word.size > 0;
}

/* <tag>,<kind>,<digest, N/A or ERROR>,<status>. False: the line is something else. */
static bool item_parse(struct listing_item *out, struct bytes *kind, struct bytes line)
{
	struct bytes digest, status;
	struct cursor fields;

	*out = (struct listing_item){0};
	if (!take_number(&line, &out->slot.tag) || line.size == 0 || line.data[0] != ',')
		return false;
	fields = cursor_of(bytes_from(line.data + 1, line.size - 1));
	if (!take_field(&fields, ',', kind) || !is_kind(*kind) || !take_field(&fields, ',', &digest) ||
	    !take_field(&fields, ',', &status) || cursor_left(&fields) > 0 || line.data[line.size - 1] == ',')
		return false;
	out->has_digest = bytes_is(status, "0") && base64_exact(out->digest, HASH_SIZE, digest, true);
	return true;
}

bool cred_listing(const struct at *at, struct listing *out)
{
	struct bytes line, kind;
	uint32_t count = 0;

	out->count = 0;
	for (size_t i = 0; at_line(at, i, &line); i++) {
		struct listing_item *item = &out->items[out->count];

		if (out->count == LISTING_MAX)
			return false;
		if (!item_parse(item, &kind, line))
			continue; /* a log's; if it was an item, the count tells */
		count++;
		if (!find_kind(kind, &item->slot.type))
			continue;
		if (listing_find(out, item->slot) != NULL)
			return false;
		out->count++;
	}
	return count == at_cme(at);
}
