/* SPDX-License-Identifier: ISC */
#include "plan_private.h"

#define DIGITS_MIN 32    /* 128 bits */
#define DIGITS_USUAL 128 /* 64 bytes, beyond which no stack is known to go */
#define VALUES_MIN 6     /* different bytes in a key; of 16 random ones hardly ever less than 12 */

/* Without branches, which random digits would mislead: a million keys are looked at in a moment. */
static bool in_range(uint8_t c, uint8_t first, uint8_t last)
{
	return (unsigned)(c - first) <= (unsigned)(last - first);
}

static bool is_hex(uint8_t c)
{
	return in_range(c, '0', '9') | in_range(c, 'a', 'f') | in_range(c, 'A', 'F');
}

/* Of a hex digit. */
static unsigned value_of(uint8_t c)
{
	return (c & 15U) + 9U * (c >> 6);
}

/* What kinds of bytes a key is made of. */
struct bytes_seen {
	uint32_t seen[8];
	unsigned values;       /* different ones */
	size_t lower, upper, digits, strange;
};

static void look_at(struct bytes_seen *kinds, uint8_t byte)
{
	kinds->values += (kinds->seen[byte / 32] >> byte % 32 & 1) == 0;
	kinds->seen[byte / 32] |= UINT32_C(1) << byte % 32;
	kinds->lower += in_range(byte, 'a', 'z');
	kinds->upper += in_range(byte, 'A', 'Z');
	kinds->digits += in_range(byte, '0', '9');
	kinds->strange += !in_range(byte, ' ', '~');
}

/* Printable, with letters of one case and digits for the most part; or only a few different bytes. One
 * random key of 128 bits in a hundred million looks like that. */
static bool is_plain(struct bytes hex)
{
	struct bytes_seen kinds = {.values = 0};
	size_t letters;
	bool plain;

	for (size_t i = 0; i + 1 < hex.size && (kinds.strange == 0 || kinds.values < VALUES_MIN); i += 2)
		look_at(&kinds, (uint8_t)(value_of(hex.data[i]) << 4 | value_of(hex.data[i + 1])));
	letters = kinds.lower > kinds.upper ? kinds.lower : kinds.upper;
	plain = (kinds.strange == 0 && (letters + kinds.digits) * 5 >= hex.size / 2 * 3) ||
	    kinds.values < VALUES_MIN;
	secret_wipe(&kinds, sizeof kinds);
	return plain;
}

static bool all_hex(struct lint *lint, int column, struct bytes psk, bool *upper)
{
	bool good = true;
	size_t i;

	*upper = false;
	for (i = 0; i < psk.size; i++) {
		good &= is_hex(psk.data[i]);
		*upper |= in_range(psk.data[i], 'A', 'F');
	}
	if (good)
		return true;
	for (i = 0; is_hex(psk.data[i]); i++)
		continue;
	lint_row(lint, RULE_PSK_HEX, column, "character %zu of the pre-shared key is no hex digit", i + 1);
	return false;
}

bool lint_psk(struct lint *lint, int column, struct psk_remarks *remarks)
{
	struct bytes psk = lint->row.fields[column];
	bool upper;

	if (!all_hex(lint, column, psk, &upper))
		return false;
	if (psk.size % 2 != 0)
		lint_row(lint, RULE_PSK_ODD, column,
		    "the pre-shared key has an odd number of hex digits: %zu", psk.size);
	else if (psk.size < DIGITS_MIN)
		lint_row(lint, RULE_PSK_SHORT, column,
		    "the pre-shared key has %zu bits, at least 128 are needed", 4 * psk.size);
	else if (is_plain(psk))
		remark_add(&remarks->plain, lint, column);
	if (upper)
		remark_add(&remarks->upper, lint, column);
	if (psk.size > DIGITS_USUAL)
		remark_add(&remarks->wide, lint, column);
	return psk.size % 2 == 0 && psk.size >= DIGITS_MIN;
}

void lint_psk_end(struct lint *lint, const struct psk_remarks *remarks)
{
	remark_say(&remarks->upper, lint, RULE_PSK_CASE,
	    "upper-case hex is written to the modem in lower case");
	remark_say(&remarks->wide, lint, RULE_PSK_LONG,
	    "the pre-shared key has more than 64 bytes: make sure that modem and server take it");
	remark_say(&remarks->plain, lint, RULE_PSK_TEXT,
	    "the pre-shared key is text or a pattern, which can be guessed; 16 or more random bytes cannot");
}
