/* SPDX-License-Identifier: ISC */
#include "gapseal/state.h"

#include <string.h>

#define DIGITS_MAX 10 /* of a u32 */
/* The longest line of a slot, and a NUL while it is made. */
#define LINE_SIZE (2 * (DIGITS_MAX + 1) + 2 * HASH_SIZE + 2)

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

static void add_slot(struct hash *hash, const struct state_slot *slot)
{
	char line[LINE_SIZE];
	char *end = put_decimal(line, slot->slot.tag, ',');

	end = put_decimal(end, slot->slot.type, ',');
	if (slot->kind == STATE_DIGEST) {
		hex_encode(end, bytes_from(slot->digest, HASH_SIZE));
		end += 2 * HASH_SIZE;
	} else {
		end = stpcpy(end, slot->kind == STATE_PRESENT ? "present" : "absent");
	}
	*end++ = '\n';
	hash_add(hash, bytes_from(line, (size_t)(end - line)));
	explicit_bzero(line, sizeof line); /* the digest of a weak pre-shared key is as good as the key */
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
	char hex[2 * BLIND_SIZE + 1];
	struct hash hash;

	hash_begin(&hash);
	hash_add(&hash, bytes_of("gapseal/state/v1\n"));
	hex_encode(hex, bytes_from(blind, BLIND_SIZE));
	hash_add(&hash, bytes_from(hex, 2 * BLIND_SIZE));
	hash_add(&hash, bytes_of("\nimei "));
	hash_add(&hash, bytes_from(imei, IMEI_LENGTH));
	hash_add(&hash, bytes_of("\n"));
	for (size_t i = 0; i < count; i++)
		add_slot(&hash, &slots[i]);
	hash_end(&hash, out);
	/* Not secret_wipe: core holds no secrets and links none of it; here a blind passes through. */
	explicit_bzero(hex, sizeof hex);
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
