/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gapseal/trust.h"

#define DIGITS (2 * HASH_SIZE)
#define GROUP 4

void fingerprint_print(char out[static FINGERPRINT_SIZE], const uint8_t hash[static HASH_SIZE])
{
	char hex[DIGITS + 1];

	hex_encode(hex, bytes_from(hash, HASH_SIZE));
	for (size_t i = 0; i < DIGITS; i++) {
		if (i > 0 && i % GROUP == 0)
			*out++ = ' ';
		*out++ = hex[i];
	}
	*out = '\0';
}

static bool is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* The digits alone, in lower case; false for anything else in the pin or too many of them. */
static bool take_digits(char out[static DIGITS + 1], const char *pin)
{
	size_t count = 0;

	for (; *pin != '\0'; pin++) {
		char c = *pin >= 'A' && *pin <= 'F' ? (char)(*pin - 'A' + 'a') : *pin;

		if (c == ' ' || c == ':')
			continue;
		if (!is_hex_digit(c) || count == DIGITS)
			return false;
		out[count++] = c;
	}
	out[count] = '\0';
	return true;
}

enum err fingerprint_check(const uint8_t hash[static HASH_SIZE], const char *pin, bool prefix_allowed,
    const char *where, struct fault *fault)
{
	char digits[DIGITS + 1], hex[DIGITS + 1];
	size_t least = prefix_allowed ? FINGERPRINT_PREFIX : DIGITS;

	if (!take_digits(digits, pin) || strlen(digits) < least)
		return fault_set(fault, ERR_NO, "pin-form", where, "a pin is %s64 hex digits",
		    prefix_allowed ? "the first 16 or more of " : "");
	hex_encode(hex, bytes_from(hash, HASH_SIZE));
	if (strncmp(hex, digits, strlen(digits)) != 0)
		return fault_set(fault, ERR_NO, "pin-differs", where,
		    "the fingerprint of this file is not the pin: it is another file than the one meant");
	return ERR_OK;
}
