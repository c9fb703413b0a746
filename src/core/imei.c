/* SPDX-License-Identifier: ISC */
#include "gapseal/imei.h"

#include <string.h>

char imei_check_digit(const char digits[static 14])
{
	int sum = 0;

	for (size_t i = 0; i < 14; i++) {
		int digit = digits[i] - '0';

		if (i % 2 == 1) /* every second digit counts double, by the sum of its digits */
			digit = digit < 5 ? 2 * digit : 2 * digit - 9;
		sum += digit;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

/* The place of the first character that is no digit, or size. */
static size_t count_digits(struct bytes text)
{
	size_t i = 0;

	while (i < text.size && text.data[i] >= '0' && text.data[i] <= '9')
		i++;
	return i;
}

static enum err refuse_digits(struct bytes text, size_t at, const char *where, struct fault *fault)
{
	if (memchr(text.data, 'E', text.size) != NULL && memchr(text.data, '+', text.size) != NULL)
		return fault_set(fault, ERR_NO, "imei-digits", where,
		    "imei: a spreadsheet has rewritten the number with an exponent, the digits are lost");
	return fault_set(fault, ERR_NO, "imei-digits", where, "imei: character %zu is not a digit", at + 1);
}

static enum err refuse_length(struct bytes text, const char *where, struct fault *fault)
{
	if (text.size == IMEI_LENGTH - 1)
		return fault_set(fault, ERR_NO, "imei-length", where,
		    "imei: has 14 digits, should have 15; the check digit would be %c",
		    imei_check_digit((const char *)text.data));
	if (text.size == IMEI_LENGTH + 1)
		return fault_set(fault, ERR_NO, "imei-length", where,
		    "imei: has 16 digits, should have 15; this is an IMEISV, which has no check digit");
	return fault_set(fault, ERR_NO, "imei-length", where, "imei: has %zu digits, should have 15",
	    text.size);
}

enum err imei_parse(char out[static IMEI_SIZE], struct bytes text, const char *where, struct fault *fault)
{
	static const char zeros[] = "000000000000000";
	size_t digits = count_digits(text);
	char check;

	if (digits != text.size)
		return refuse_digits(text, digits, where, fault);
	if (digits != IMEI_LENGTH)
		return refuse_length(text, where, fault);
	if (text.data[0] == '0' && bytes_is(text, zeros)) /* its check digit is right, and it is what a modem without one answers */
		return fault_set(fault, ERR_NO, "imei-zero", where, "imei: is all zeros");
	check = imei_check_digit((const char *)text.data);
	if (text.data[IMEI_LENGTH - 1] != (uint8_t)check)
		return fault_set(fault, ERR_NO, "imei-check-digit", where,
		    "imei: check digit is %c, should be %c", text.data[IMEI_LENGTH - 1], check);
	memcpy(out, text.data, IMEI_LENGTH);
	out[IMEI_LENGTH] = '\0';
	return ERR_OK;
}

uint64_t imei_number(const char imei[static IMEI_SIZE])
{
	uint64_t number = 0;

	for (size_t i = 0; i < IMEI_LENGTH; i++)
		number = 10 * number + (uint64_t)(imei[i] - '0');
	return number;
}

void imei_digits(char out[static IMEI_SIZE], uint64_t number)
{
	out[IMEI_LENGTH] = '\0';
	for (size_t i = IMEI_LENGTH; i > 0; i--) {
		out[i - 1] = (char)('0' + number % 10);
		number /= 10;
	}
}
