/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_IMEI_H
#define GAPSEAL_IMEI_H

#include <stdint.h>

#include "gapseal/bytes.h"

/* imei: 15 digits of 3GPP TS 23.003 section 6.2: TAC 8, serial 6, check digit (Luhn over the 14
 * digits before it). */
#define IMEI_LENGTH 15
#define IMEI_SIZE (IMEI_LENGTH + 1)

/* The check digit, '0'..'9', of 14 digits. */
char imei_check_digit(const char digits[static 14]);

/* A valid IMEI is copied to out with a NUL. Otherwise ERR_NO with the place and one of the codes
 * "imei-length" (14 digits: names the check digit; 16: an IMEISV), "imei-digits" (3.52656E+14 is
 * what a spreadsheet makes of one), "imei-zero", "imei-check-digit" (names both digits). */
enum err imei_parse(char out[static IMEI_SIZE], struct bytes text, const char *where, struct fault *fault);

/* A valid IMEI as a number, and the 15 digits of such a number. */
uint64_t imei_number(const char imei[static IMEI_SIZE]);
void imei_digits(char out[static IMEI_SIZE], uint64_t number);

#endif
