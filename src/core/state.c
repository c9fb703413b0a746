/* SPDX-License-Identifier: ISC */
#include "gapseal/state.h"

#include <string.h>

#define DIGITS_MAX 10 /* of a u32 */
/* The longest line of a slot, and a NUL while it is made. */
#define LINE_SIZE (2 * (DIGITS_MAX + 1) + 2 * HASH_SIZE + 2)
/* The lines before those of slots: label, blind, IMEI. */
#define HEAD_SIZE (sizeof label - 1 + 2 * BLIND_SIZE + sizeof between - 1 + IMEI_LENGTH + 1)

static const char label[] = "gapseal/state/v1\n", between[] = "\nimei ";

/* Writes value in decimal and one character more; returns their end. printf costs more
 * than the hash. */
static char *put_decimal(char *out, uint32_t value, char after)
{
	char digits[DIGITS_MAX];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	while (count > 0)
		*out++ = digits[--count];
	*out++ = after;
	return out;
}

static char *put_slot(char *out, const struct state_slot *slot)
{
	char *end = put_decimal(out, slot->slot.tag, ',');

	end = put_decimal(end, slot->slot.type, ',');
	if (slot->kind == STATE_DIGEST) {
		hex_encode(end, bytes_from(slot->digest, HASH_SIZE));
		end += 2 * HASH_SIZE;
	} else {
		end = stpcpy(end, slot->kind == STATE_PRESENT ? "present" : "absent");
	}
	*end++ = '\n';
	return end;
}

static char *put_head(char *out, const uint8_t blind[static BLIND_SIZE], const char imei[static IMEI_SIZE])
{
	char *end = stpcpy(out, label);

	hex_encode(end, bytes_from(blind, BLIND_SIZE));
	end = stpcpy(end + 2 * BLIND_SIZE, between);
	memcpy(end, imei, IMEI_LENGTH);
	end[IMEI_LENGTH] = '\n';
	return end + IMEI_LENGTH + 1;
}

bool state_ordered(const struct state_slot *slots, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (slot_compare(slots[i - 1].slot, slots[i].slot) >= 0)
			return false;
	return true;
}

void state_commit(uint8_t out[static HASH_SIZE], const uint8_t blind[static BLIND_SIZE],
    const char imei[static IMEI_SIZE], const struct state_slot *slots, size_t count)
{
	char text[HEAD_SIZE > LINE_SIZE ? HEAD_SIZE : LINE_SIZE], *end = put_head(text, blind, imei);
	struct hash hash;

	hash_begin(&hash);
	hash_add(&hash, bytes_from(text, (size_t)(end - text)));
	for (size_t i = 0; i < count; i++) {
		end = put_slot(text, &slots[i]);
		hash_add(&hash, bytes_from(text, (size_t)(end - text)));
	}
	hash_end(&hash, out);
	/* Not secret_wipe: core holds no secrets and links none of it; here a blind passes through, and the
	 * digest of a weak pre-shared key is as good as the key. */
	explicit_bzero(text, sizeof text);
	explicit_bzero(&hash, sizeof hash);
}

static void observe_slot(struct state_slot *slot, const struct listing_item *item)
{
	bool wants_digest = slot->kind == STATE_DIGEST;

	memset(slot->digest, 0, sizeof slot->digest);
	if (item == NULL) {
		slot->kind = STATE_ABSENT;
	} else if (wants_digest && item->has_digest && !credential_placeholder(item->digest)) {
		memcpy(slot->digest, item->digest, sizeof slot->digest);
	} else {
		slot->kind = STATE_PRESENT;
	}
}

void state_observe(struct state_slot *slots, size_t count, const struct listing *listing)
{
	for (size_t i = 0; i < count; i++)
		observe_slot(&slots[i], listing_find(listing, slots[i].slot));
}
