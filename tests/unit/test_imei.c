/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/imei.h"

static void check_good(const char *text)
{
	char out[IMEI_SIZE] = "";
	struct fault fault;

	assert_int_equal(imei_parse(out, bytes_of(text), "here", &fault), ERR_OK);
	assert_string_equal(out, text);
}

static void check_bad(const char *text, const char *code, const char *sentence)
{
	char out[IMEI_SIZE] = "untouched";
	struct fault fault;

	assert_int_equal(imei_parse(out, bytes_of(text), "devices.csv:17:1", &fault), ERR_NO);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, "devices.csv:17:1");
	assert_string_equal(fault.text, sentence);
	assert_string_equal(out, "untouched");
}

static void test_good(void **state)
{
	(void)state;
	check_good("490154203237518");
	check_good("001014000000083");
	check_good("001014000000158");
	check_good("001014000000224");
	check_good("352656100000002");
}

static void test_check_digit(void **state)
{
	(void)state;
	assert_int_equal(imei_check_digit("49015420323751"), '8');
	assert_int_equal(imei_check_digit("00101400000008"), '3');
	assert_int_equal(imei_check_digit("00000000000000"), '0');
	assert_int_equal(imei_check_digit("99999999999999"), '4');
}

/* One digit wrong or two neighbours swapped: what people do to numbers. */
static void test_slips_are_seen(void **state)
{
	char text[] = "490154203237518", out[IMEI_SIZE];
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < IMEI_LENGTH; i++) {
		char right = text[i];

		for (char digit = '0'; digit <= '9'; digit++) {
			enum err expected = digit == right ? ERR_OK : ERR_NO;

			text[i] = digit;
			assert_int_equal(imei_parse(out, bytes_of(text), NULL, &fault), expected);
		}
		text[i] = right;
	}
	check_bad("940154203237518", "imei-check-digit", "imei: check digit is 8, should be 4");
}

static void test_refusals(void **state)
{
	(void)state;
	check_bad("", "imei-length", "imei: has 0 digits, should have 15");
	check_bad("4901542032375", "imei-length", "imei: has 13 digits, should have 15");
	check_bad("49015420323751", "imei-length",
	    "imei: has 14 digits, should have 15; the check digit would be 8");
	check_bad("4901542032375180", "imei-length",
	    "imei: has 16 digits, should have 15; this is an IMEISV, which has no check digit");
	check_bad("49015420323751800", "imei-length", "imei: has 17 digits, should have 15");
	check_bad("490154203237514", "imei-check-digit", "imei: check digit is 4, should be 8");
	check_bad("000000000000000", "imei-zero", "imei: is all zeros");
	check_bad("49015420323751 ", "imei-digits", "imei: character 15 is not a digit");
	check_bad("O90154203237518", "imei-digits", "imei: character 1 is not a digit");
	check_bad("4901542032\xd9\xa1" "518", "imei-digits", "imei: character 11 is not a digit");
	check_bad("3.52656E+14", "imei-digits",
	    "imei: a spreadsheet has rewritten the number with an exponent, the digits are lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_check_digit),
		cmocka_unit_test(test_slips_are_seen),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
