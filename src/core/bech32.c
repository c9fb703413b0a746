/* SPDX-License-Identifier: ISC */
#include "gapseal/bech32.h"

#include <string.h>

#define KEY_SYMBOLS 52 /* 260 bits: the 256 of the key and four zeros */
#define SUM_SYMBOLS 6
#define SYMBOLS (KEY_SYMBOLS + SUM_SYMBOLS)

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static char to_lower(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* One step of BIP-173's checksum over GF(32). */
static uint32_t sum_step(uint32_t sum, uint8_t symbol)
{
	static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ symbol;
	for (unsigned i = 0; i < 5; i++)
		if ((top >> i & 1) != 0)
			sum ^= generator[i];
	return sum;
}

/* The checksum is always that of the prefix in lower case. */
static uint32_t sum_begin(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *p = prefix; *p != '\0'; p++)
		sum = sum_step(sum, (uint8_t)(to_lower(*p) >> 5));
	sum = sum_step(sum, 0);
	for (const char *p = prefix; *p != '\0'; p++)
		sum = sum_step(sum, (uint8_t)(to_lower(*p) & 31));
	return sum;
}

static bool symbol_of(uint8_t *out, uint8_t letter, bool upper)
{
	char c = (char)letter;
	const char *found;

	if (upper ? to_upper(c) != c : to_lower(c) != c)
		return false;
	found = memchr(alphabet, to_lower(c), sizeof alphabet - 1);
	if (found == NULL)
		return false;
	*out = (uint8_t)(found - alphabet);
	return true;
}

bool bech32_decode(uint8_t key[static BECH32_KEY_SIZE], const char *prefix, struct bytes text)
{
	size_t length = strlen(prefix);
	uint32_t sum = sum_begin(prefix), bits = 0;
	unsigned count = 0;
	uint8_t symbol, *out = key;

	if (text.size != length + 1 + SYMBOLS || memcmp(text.data, prefix, length) != 0 ||
	    text.data[length] != '1')
		return false;
	for (size_t i = 0; i < SYMBOLS; i++) {
		if (!symbol_of(&symbol, text.data[length + 1 + i], is_upper(prefix[0])))
			return false;
		sum = sum_step(sum, symbol);
		if (i >= KEY_SYMBOLS)
			continue;
		bits = bits << 5 | symbol;
		count += 5;
		if (count >= 8) {
			count -= 8;
			*out++ = (uint8_t)(bits >> count);
			bits &= (UINT32_C(1) << count) - 1;
		}
	}
	return sum == 1 && bits == 0;
}

static uint8_t symbol_at(const uint8_t key[static BECH32_KEY_SIZE], size_t index)
{
	size_t bit = index * 5;
	unsigned pair = (unsigned)key[bit / 8] << 8;

	if (bit / 8 + 1 < BECH32_KEY_SIZE)
		pair |= key[bit / 8 + 1];
	return (uint8_t)(pair >> (11 - bit % 8) & 31);
}

void bech32_encode(char *out, const char *prefix, const uint8_t key[static BECH32_KEY_SIZE])
{
	bool upper = is_upper(prefix[0]);
	size_t length = strlen(prefix);
	uint32_t sum = sum_begin(prefix);

	memcpy(out, prefix, length);
	out += length;
	*out++ = '1';
	for (size_t i = 0; i < KEY_SYMBOLS; i++) {
		uint8_t symbol = symbol_at(key, i);

		sum = sum_step(sum, symbol);
		*out++ = upper ? to_upper(alphabet[symbol]) : alphabet[symbol];
	}
	for (size_t i = 0; i < SUM_SYMBOLS; i++)
		sum = sum_step(sum, 0);
	sum ^= 1;
	for (size_t i = 0; i < SUM_SYMBOLS; i++) {
		char letter = alphabet[sum >> 5 * (SUM_SYMBOLS - 1 - i) & 31];

		*out++ = upper ? to_upper(letter) : letter;
	}
	*out = '\0';
}
