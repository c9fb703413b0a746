/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <ctype.h>
#include <sodium.h>

#include "gapseal/bech32.h"
#include "gapseal/recipient.h"

#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

static enum err parse(struct recipient *out, const char *text)
{
	return recipient_parse(out, bytes_of(text), "r", &fault);
}

/* The example recipient of age's documentation. */
static void test_known(void **state)
{
	struct recipient recipient;
	char text[RECIPIENT_SIZE];

	(void)state;
	assert_int_equal(sizeof RECIPIENT, RECIPIENT_SIZE);
	assert_int_equal(parse(&recipient, RECIPIENT), ERR_OK);
	recipient_print(text, &recipient);
	assert_string_equal(text, RECIPIENT);
}

/* The checksum finds any one wrong letter, and every text has one case, one length, one prefix. */
static void test_mistyped(void **state)
{
	static const char letters[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l1bioQPZ -+";
	char text[RECIPIENT_SIZE + 1] = RECIPIENT;
	struct recipient recipient;

	(void)state;
	for (size_t i = 0; i < strlen(RECIPIENT); i++) {
		for (const char *letter = letters; *letter != '\0'; letter++) {
			if (*letter == RECIPIENT[i])
				continue;
			text[i] = *letter;
			assert_fault(parse(&recipient, text), ERR_NO, "age-recipient");
		}
		text[i] = '\0';
		assert_fault(parse(&recipient, text), ERR_NO, "age-recipient");
		text[i] = RECIPIENT[i];
	}
	assert_int_equal(parse(&recipient, text), ERR_OK);
	strcat(text, "q");
	assert_fault(parse(&recipient, text), ERR_NO, "age-recipient");
	for (size_t i = 0; i < strlen(RECIPIENT); i++)
		text[i] = (char)toupper(RECIPIENT[i]);
	text[strlen(RECIPIENT)] = '\0';
	assert_fault(parse(&recipient, text), ERR_NO, "age-recipient");
}

static enum err parse_key(const char *hex)
{
	struct recipient recipient;
	char text[RECIPIENT_SIZE];

	assert_true(hex_decode(recipient.key, 32, bytes_of(hex)));
	recipient_print(text, &recipient);
	return parse(&recipient, text);
}

static void assert_useless(const char *hex)
{
	static const uint8_t scalar[32] = {8, 1};
	uint8_t point[32], shared[32];

	assert_true(hex_decode(point, 32, bytes_of(hex)));
	assert_int_equal(crypto_scalarmult(shared, scalar, point), -1);
	assert_fault(parse_key(hex), ERR_NO, "age-recipient");
}

static void test_unusable(void **state)
{
	(void)state;
	assert_useless("0000000000000000000000000000000000000000000000000000000000000000");
	assert_useless("0100000000000000000000000000000000000000000000000000000000000000");
	assert_useless("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
	assert_useless("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157");
	assert_useless("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	/* other spellings: p, p + 9, and 9 with the upper bit set */
	assert_fault(parse_key("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), ERR_NO,
	    "age-recipient");
	assert_fault(parse_key("f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), ERR_NO,
	    "age-recipient");
	assert_fault(parse_key("0900000000000000000000000000000000000000000000000000000000000080"), ERR_NO,
	    "age-recipient");
	assert_int_equal(parse_key("0900000000000000000000000000000000000000000000000000000000000000"),
	    ERR_OK);
	assert_int_equal(parse_key("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
	    ERR_OK);
	assert_int_equal(parse_key("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffff007f"),
	    ERR_OK);
}

static uint32_t sum_step(uint32_t sum, unsigned symbol)
{
	static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t next = (sum & 0x1ffffff) << 5 ^ symbol;

	for (unsigned i = 0; i < 5; i++)
		next ^= (sum >> (25 + i) & 1) != 0 ? generator[i] : 0;
	return next;
}

/* A recipient of 51 equal symbols and a last one, with its right checksum. */
static void spell(char out[static RECIPIENT_SIZE], unsigned last)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	static const unsigned prefix[7] = {3, 3, 3, 0, 'a' & 31, 'g' & 31, 'e' & 31};
	uint32_t sum = 1;

	memcpy(out, "age1", 4);
	for (size_t i = 0; i < 7; i++)
		sum = sum_step(sum, prefix[i]);
	for (size_t i = 0; i < 52; i++) {
		sum = sum_step(sum, i == 51 ? last : 9);
		out[4 + i] = alphabet[i == 51 ? last : 9];
	}
	for (size_t i = 0; i < 6; i++)
		sum = sum_step(sum, 0);
	for (size_t i = 0; i < 6; i++)
		out[56 + i] = alphabet[(sum ^ 1) >> 5 * (5 - i) & 31];
	out[62] = '\0';
}

/* Of the last symbol's five bits one belongs to the key, four are spare and must be zero. */
static void test_spare_bits(void **state)
{
	uint8_t key[BECH32_KEY_SIZE];
	char text[RECIPIENT_SIZE];

	(void)state;
	for (unsigned last = 0; last < 32; last++) {
		spell(text, last);
		assert_int_equal(bech32_decode(key, "age", bytes_of(text)), last == 0 || last == 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_mistyped),
		cmocka_unit_test(test_unusable),
		cmocka_unit_test(test_spare_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
