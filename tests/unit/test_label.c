/* SPDX-License-Identifier: ISC */
/* What a scanner's line is taken for. */
#include "testing.h"

#include "gapseal/label.h"

#define IMEI "352656100367872"
#define OTHER "490154203237518"

static struct label_read read_line(const char *line)
{
	struct label_read label;

	label_read(&label, bytes_of(line));
	return label;
}

static void test_imei(void **state)
{
	static const char *const lines[] = {
		IMEI, "  " IMEI "\r", "35-265610-036787-2", "35 265610 036787 2",
		"IMEI:" IMEI, "imei " IMEI, "IMEI=" IMEI, "Imei# " IMEI, "IMEI" IMEI, "IMEI: 35-265610-036787-2",
		"SN:12345;IMEI:" IMEI ";PIN:0000", "IMEI:" IMEI ",IMEI2:", "MAC 00:11:22,imei:" IMEI,
		"(8002)" IMEI, "(01)04012345678901(8002)" IMEI, "8002" IMEI, "]C18002" IMEI,
		"]d2010401234567890" "18002" IMEI,
		"0104012345678901" "8002" IMEI, "8002" IMEI "\x1d" "21SERIAL", IMEI "\t", "IMEI:" IMEI " IMEI:" IMEI,
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct label_read label = read_line(lines[i]);

		if (strcmp(label.imei, IMEI) != 0 || label.digits)
			fail_msg("%s: '%s'", lines[i], label.imei);
	}
}

static void test_no_imei(void **state)
{
	static const char *const lines[] = {
		"", " ", "SN-1", IMEI "1", "1" IMEI, "IMEI:" IMEI "7", "35265610036787", "IMEI 35265610036787",
		"TIMEI:" IMEI, "IMEI2:" IMEI, IMEI ";" IMEI, "35--265610-036787-2", "35.265610.036787.2",
		"IMEI:" IMEI ";IMEI:" OTHER, "(8002)" IMEI " IMEI:" OTHER, "(8003)" IMEI, "1" "8002" IMEI,
		"01040123456789018003" IMEI, "IMSI:" IMEI "x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (read_line(lines[i]).imei[0] != '\0')
			fail_msg("%s: '%s'", lines[i], read_line(lines[i]).imei);
}

/* A number of the right length that is none is worth its own sentence. */
static void test_digits(void **state)
{
	(void)state;
	assert_true(read_line("352656100367873").digits);
	assert_true(read_line("IMEI:352656100367873").digits);
	assert_true(read_line("(8002)000000000000000").digits);
	assert_string_equal(read_line("352656100367873").imei, "");
	assert_false(read_line("SN-352656100367873").digits);
	assert_false(read_line(IMEI).digits);
}

static void test_text(void **state)
{
	char line[LABEL_LINE_MAX + 2];

	(void)state;
	assert_string_equal(read_line(" \tBoard 7/B \r\n").text, "Board 7/B");
	assert_string_equal(read_line(IMEI).text, IMEI);
	assert_string_equal(read_line("a\x1d" "b").text, "");
	assert_string_equal(read_line("gr\xc3\xbc\xc3\x9f").text, "");
	memset(line, 'x', sizeof line);
	line[UNIT_SIZE - 1] = '\0';
	assert_string_equal(read_line(line).text, line);
	line[UNIT_SIZE - 1] = 'x';
	line[UNIT_SIZE] = '\0';
	assert_string_equal(read_line(line).text, "");
	memset(line, ' ', sizeof line);
	memcpy(line + LABEL_LINE_MAX + 1 - IMEI_LENGTH, IMEI, IMEI_LENGTH + 1);
	assert_string_equal(read_line(line).imei, IMEI);
	memset(line, 'x', sizeof line);
	line[LABEL_LINE_MAX + 1] = '\0';
	memcpy(line, "IMEI:" IMEI " ", IMEI_LENGTH + 6);
	assert_string_equal(read_line(line).imei, "");
	line[LABEL_LINE_MAX] = '\0';
	assert_string_equal(read_line(line).imei, IMEI);
}

static void check_split(const char *line, const char *word, const char *rest)
{
	struct bytes first, second;

	label_split(&first, &second, bytes_of(line));
	if (!bytes_is(first, word) || !bytes_is(second, rest))
		fail_msg("'%s'", line);
}

static void test_split(void **state)
{
	(void)state;
	check_split("bench3 SN-1", "bench3", "SN-1");
	check_split("  bench3\t SN 1 \r", "bench3", "SN 1");
	check_split("bench3", "bench3", "");
	check_split(" ", "", "");
	check_split("", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_imei), cmocka_unit_test(test_no_imei), cmocka_unit_test(test_digits),
		cmocka_unit_test(test_text), cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
