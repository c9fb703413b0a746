/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/bytes.h"

static void test_views(void **state)
{
	struct bytes abc = bytes_of("abc"), nothing = bytes_from(NULL, 0);

	(void)state;
	assert_int_equal(abc.size, 3);
	assert_true(bytes_equal(nothing, bytes_of("")));
	assert_true(bytes_equal(abc, bytes_from("abcd", 3)));
	assert_false(bytes_equal(abc, bytes_of("abd")));
	assert_false(bytes_equal(abc, bytes_of("abcd")));
	assert_true(bytes_is(abc, "abc"));
	assert_false(bytes_is(abc, "ab"));
	assert_true(bytes_starts(abc, "") && bytes_starts(abc, "ab") && bytes_starts(abc, "abc"));
	assert_false(bytes_starts(abc, "abcd") || bytes_starts(abc, "b"));
	assert_true(bytes_starts(nothing, ""));
	assert_false(bytes_starts(nothing, "a"));
}

static void test_buffer_grows(void **state)
{
	struct buffer buffer = BUFFER_EMPTY;
	struct fault fault;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buffer_byte(&buffer, (uint8_t)(i * 7));
	assert_int_equal(buffer.size, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(buffer.data[i], (uint8_t)(i * 7));
	assert_int_equal(buffer_check(&buffer, &fault), ERR_OK);
	buffer_clear(&buffer);
	assert_int_equal(buffer.size, 0);
	assert_non_null(buffer.data);
	buffer_free(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.capacity, 0);
}

static void test_buffer_puts(void **state)
{
	static const uint8_t raw[] = {0x00, 0x0f, 0xf0, 0xff};
	struct buffer buffer = BUFFER_EMPTY;
	uint8_t *space;

	(void)state;
	buffer_put(&buffer, bytes_from(NULL, 0));
	buffer_text(&buffer, "text,");
	buffer_format(&buffer, "%s=%d,", "number", 42);
	buffer_hex(&buffer, bytes_from(raw, sizeof raw));
	buffer_byte(&buffer, ',');
	space = buffer_space(&buffer, 3);
	assert_non_null(space);
	memcpy(space, "end", 3);
	assert_true(bytes_is(buffer_bytes(&buffer), "text,number=42,000ff0ff,end"));
	buffer_clear(&buffer);
	buffer_format(&buffer, "%3000s", "x"); /* many times what is allocated */
	assert_int_equal(buffer.size, 3000);
	assert_int_equal(buffer.data[2999], 'x');
	buffer_free(&buffer);
}

static void test_buffer_json_text(void **state)
{
	struct buffer buffer = BUFFER_EMPTY;

	(void)state;
	buffer_json_text(&buffer, "");
	buffer_json_text(&buffer, "a \"b\" \\ / ~");
	buffer_json_text(&buffer, "\n\x1f\x7f");
	assert_true(bytes_is(buffer_bytes(&buffer), "\"\"\"a \\\"b\\\" \\\\ / ~\"\"\\u000a\\u001f\\u007f\""));
	buffer_free(&buffer);
}

static void test_buffer_fails_for_good(void **state)
{
	struct buffer buffer = BUFFER_EMPTY;
	struct fault fault;

	(void)state;
	buffer_text(&buffer, "before");
	assert_null(buffer_space(&buffer, SIZE_MAX - 2));
	assert_true(buffer.failed);
	buffer.failed = false;
	assert_null(buffer_space(&buffer, SIZE_MAX / 2 - 5));
	assert_true(buffer.failed);
	buffer_text(&buffer, "after");
	buffer_format(&buffer, "%d", 1);
	buffer_hex(&buffer, bytes_of("x"));
	base64_encode(&buffer, bytes_of("x"), true);
	assert_false(base64_decode(&buffer, bytes_of("eA=="), true));
	assert_true(bytes_is(buffer_bytes(&buffer), "before"));
	assert_int_equal(buffer_check(&buffer, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "memory");
	buffer_clear(&buffer);
	buffer_text(&buffer, "again");
	assert_true(bytes_is(buffer_bytes(&buffer), "again"));
	assert_int_equal(buffer_check(&buffer, &fault), ERR_OK);
	buffer_free(&buffer);
	buffer_hex(&buffer, bytes_from("", SIZE_MAX / 2));
	assert_true(buffer.failed);
	buffer_free(&buffer);
}

static void test_cursor_integers(void **state)
{
	static const uint8_t raw[] = {1, 0x34, 0x12, 0x78, 0x56, 0x34, 0xf2, 8, 7, 6, 5, 4, 3, 2, 0xf1};
	struct cursor cursor = cursor_of(bytes_from(raw, sizeof raw));
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	(void)state;
	assert_true(take_u8(&cursor, &u8) && u8 == 1);
	assert_true(take_u16(&cursor, &u16) && u16 == 0x1234);
	assert_true(take_u32(&cursor, &u32) && u32 == 0xf2345678);
	assert_true(take_u64(&cursor, &u64) && u64 == UINT64_C(0xf102030405060708));
	assert_int_equal(cursor_left(&cursor), 0);
	assert_false(take_u8(&cursor, &u8));
}

static void test_cursor_moves_only_on_success(void **state)
{
	static const uint8_t raw[] = {1, 2, 3, 4, 5, 6, 7};
	struct bytes bytes;

	(void)state;
	for (size_t size = 0; size <= sizeof raw; size++) {
		struct cursor cursor = cursor_of(bytes_from(raw, size)), before = cursor;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;

		assert_int_equal(take_u16(&cursor, &u16), size >= 2);
		cursor = size >= 2 ? before : cursor;
		assert_int_equal(take_u32(&cursor, &u32), size >= 4);
		cursor = size >= 4 ? before : cursor;
		assert_false(take_u64(&cursor, &u64));
		assert_false(take_bytes(&cursor, size + 1, &bytes));
		assert_false(take_bytes(&cursor, SIZE_MAX, &bytes));
		assert_ptr_equal(cursor.at, before.at);
		assert_true(take_bytes(&cursor, size, &bytes));
		assert_true(bytes_equal(bytes, bytes_from(raw, size)));
		assert_int_equal(cursor_left(&cursor), 0);
	}
}

static void test_cursor_of_nothing(void **state)
{
	struct cursor cursor = cursor_of(bytes_from(NULL, 0));
	struct bytes bytes;

	(void)state;
	assert_int_equal(cursor_left(&cursor), 0);
	assert_true(take_bytes(&cursor, 0, &bytes));
	assert_int_equal(bytes.size, 0);
	assert_false(take_bytes(&cursor, 1, &bytes));
	assert_false(take_line(&cursor, &bytes));
	assert_false(take_field(&cursor, ',', &bytes));
}

static void test_lines_and_fields(void **state)
{
	struct cursor cursor = cursor_of(bytes_of("one\n\ntwo\r\nrest"));
	struct bytes bytes;

	(void)state;
	assert_true(take_line(&cursor, &bytes) && bytes_is(bytes, "one"));
	assert_true(take_line(&cursor, &bytes) && bytes_is(bytes, ""));
	assert_true(take_line(&cursor, &bytes) && bytes_is(bytes, "two\r"));
	assert_false(take_line(&cursor, &bytes));
	assert_int_equal(cursor_left(&cursor), 4);
	cursor = cursor_of(bytes_of("a,,bc,"));
	assert_true(take_field(&cursor, ',', &bytes) && bytes_is(bytes, "a"));
	assert_true(take_field(&cursor, ',', &bytes) && bytes_is(bytes, ""));
	assert_true(take_field(&cursor, ',', &bytes) && bytes_is(bytes, "bc"));
	assert_false(take_field(&cursor, ',', &bytes));
	cursor = cursor_of(bytes_of("k=v"));
	assert_true(take_field(&cursor, '=', &bytes) && bytes_is(bytes, "k"));
	assert_true(take_field(&cursor, '=', &bytes) && bytes_is(bytes, "v"));
	assert_int_equal(cursor_left(&cursor), 0);
}

static void test_put_integers(void **state)
{
	uint8_t out[14];

	(void)state;
	put_u16(out, 0x1234);
	put_u32(out + 2, 0xf2345678);
	put_u64(out + 6, UINT64_C(0xf102030405060708));
	assert_memory_equal(out, "\x34\x12\x78\x56\x34\xf2\x08\x07\x06\x05\x04\x03\x02\xf1", sizeof out);
}

static void test_hex(void **state)
{
	static const char *const bad[] = {"", "0", "00010", "0001020", "000102030", "00010G", "00010A",
	    " 00102", "0x0102", "00 102", "00:01:", "0001/2", "0001@2", "0001`2", "0001g2", "00010203"};
	uint8_t out[3];
	char text[7];

	(void)state;
	hex_encode(text, bytes_from("\x01\xab\xff", 3));
	assert_string_equal(text, "01abff");
	assert_true(hex_decode(out, 3, bytes_of("01abff")));
	assert_memory_equal(out, "\x01\xab\xff", 3);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(hex_decode(out, 3, bytes_of(bad[i])));
	assert_true(hex_decode(out, 0, bytes_of("")));
	hex_encode(text, bytes_from(NULL, 0));
	assert_string_equal(text, "");
}

static void check_base64(const char *plain, const char *padded, const char *bare)
{
	struct buffer buffer = BUFFER_EMPTY;

	base64_encode(&buffer, bytes_of(plain), true);
	assert_true(bytes_is(buffer_bytes(&buffer), padded));
	buffer_clear(&buffer);
	base64_encode(&buffer, bytes_of(plain), false);
	assert_true(bytes_is(buffer_bytes(&buffer), bare));
	buffer_clear(&buffer);
	assert_true(base64_decode(&buffer, bytes_of(padded), true));
	assert_true(base64_decode(&buffer, bytes_of(bare), false));
	assert_int_equal(buffer.size, 2 * strlen(plain));
	assert_memory_equal(buffer.data, plain, strlen(plain));
	assert_memory_equal(buffer.data + strlen(plain), plain, strlen(plain));
	/* one form is not the other */
	if (strcmp(padded, bare) != 0) {
		assert_false(base64_decode(&buffer, bytes_of(padded), false));
		assert_false(base64_decode(&buffer, bytes_of(bare), true));
	}
	buffer_free(&buffer);
}

/* RFC 4648 section 10. */
static void test_base64(void **state)
{
	(void)state;
	check_base64("", "", "");
	check_base64("f", "Zg==", "Zg");
	check_base64("fo", "Zm8=", "Zm8");
	check_base64("foo", "Zm9v", "Zm9v");
	check_base64("foob", "Zm9vYg==", "Zm9vYg");
	check_base64("fooba", "Zm9vYmE=", "Zm9vYmE");
	check_base64("foobar", "Zm9vYmFy", "Zm9vYmFy");
	check_base64("\xfb\xff\xbf", "+/+/", "+/+/");
}

static void test_base64_of_every_byte(void **state)
{
	struct buffer text = BUFFER_EMPTY, back = BUFFER_EMPTY;
	uint8_t raw[256];

	(void)state;
	for (unsigned i = 0; i < sizeof raw; i++)
		raw[i] = (uint8_t)i;
	for (size_t size = 0; size <= sizeof raw; size++) {
		buffer_clear(&text);
		buffer_clear(&back);
		base64_encode(&text, bytes_from(raw, size), size % 2 == 0);
		assert_true(base64_decode(&back, buffer_bytes(&text), size % 2 == 0));
		assert_true(bytes_equal(buffer_bytes(&back), bytes_from(raw, size)));
	}
	buffer_free(&text);
	buffer_free(&back);
}

static void test_base64_refuses(void **state)
{
	static const char *const padded[] = {"Z", "Zg", "Zg=", "Zg===", "=", "==", "===", "====", "Z===",
	    "Zg==\n", "\nZg==", "Zm9v ", "Zm9vYg==Zm9v", "Zm=v", "Zm9-", "Zm9_", "Zh==", "Zm9=", "Zg==Zg==",
	    "Zm9vZ", "Zm\x80v", "Zg=a", "Zm@v", "Zm[v", "Zm`v", "Zm{v", "Zm:v", "Zm.v", "Zm9v===="};
	static const char *const bare[] = {"Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm9vZ", "Zm9v\n", "Z g",
	    "Zm9v=", "A", "AAAAA"};
	struct buffer buffer = BUFFER_EMPTY;

	(void)state;
	buffer_text(&buffer, "kept");
	for (size_t i = 0; i < sizeof padded / sizeof padded[0]; i++) {
		if (base64_decode(&buffer, bytes_of(padded[i]), true))
			fail_msg("accepted: %s", padded[i]);
	}
	for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++) {
		if (base64_decode(&buffer, bytes_of(bare[i]), false))
			fail_msg("accepted without padding: %s", bare[i]);
	}
	assert_false(buffer.failed);
	assert_true(bytes_is(buffer_bytes(&buffer), "kept"));
	buffer_free(&buffer);
}

/* Of the 64 last letters of a group exactly those with zero bits behind the byte are accepted. */
static void test_base64_is_canonical(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buffer buffer = BUFFER_EMPTY;
	char one[] = "Ag==", two[] = "AAg=";
	unsigned accepted_one = 0, accepted_two = 0;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		one[1] = letters[i];
		two[2] = letters[i];
		accepted_one += base64_decode(&buffer, bytes_of(one), true);
		accepted_two += base64_decode(&buffer, bytes_of(two), true);
	}
	assert_int_equal(accepted_one, 4);
	assert_int_equal(accepted_two, 16);
	buffer_free(&buffer);
}

static void test_decimal(void **state)
{
	static const char *const bad[] = {"", "00", "01", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "a",
	    "/", ":", "1\n", "9007199254740992", "18446744073709551616", "99999999999999999999999"};
	uint64_t value = 7;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(decimal_parse(bytes_of(bad[i]), INTEGER_MAX, &value));
	assert_true(value == 7);
	assert_true(decimal_parse(bytes_of("0"), INTEGER_MAX, &value) && value == 0);
	assert_true(decimal_parse(bytes_of("9007199254740991"), INTEGER_MAX, &value) && value == INTEGER_MAX);
	assert_true(decimal_parse(bytes_of("18446744073709551615"), UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	assert_false(decimal_parse(bytes_of("18446744073709551616"), UINT64_MAX, &value));
	assert_true(decimal_parse(bytes_of("0"), 0, &value) && value == 0);
	assert_false(decimal_parse(bytes_of("1"), 0, &value));
	assert_true(decimal_parse(bytes_of("5"), 5, &value) && value == 5);
	assert_false(decimal_parse(bytes_of("6"), 5, &value));
	assert_true(decimal_parse(bytes_of("100"), 100, &value) && value == 100);
	assert_false(decimal_parse(bytes_of("101"), 100, &value));
	assert_false(decimal_parse(bytes_of("19"), 12, &value));
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "0", "line1", "acme.batch-2024.01", "a-", "a.",
	    "a234567890123456789012345678901234567890"};
	static const char *const bad[] = {"", "-a", ".a", "..", "A", "a_b", "a b", "a/b", "a\n", "\xc3\xa4",
	    "a2345678901234567890123456789012345678901", "a`", "a{", "a:", "a@"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(text_is_name(bytes_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_name(bytes_of(bad[i])));
	assert_false(text_is_name(bytes_from("a\0b", 3)));
}

static void test_printable(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;

		assert_int_equal(text_is_printable(bytes_from(&byte, 1)), c >= 0x20 && c <= 0x7e);
	}
	assert_true(text_is_printable(bytes_of("")));
	assert_false(text_is_printable(bytes_of("ab\tc")));
}

static void test_copy(void **state)
{
	char out[4] = "xyz";

	(void)state;
	assert_false(text_copy(out, sizeof out, bytes_of("abcd")));
	assert_false(text_copy(out, sizeof out, bytes_from("a\0c", 3)));
	assert_false(text_copy(out, 0, bytes_of("")));
	assert_string_equal(out, "xyz");
	assert_true(text_copy(out, sizeof out, bytes_of("abc")));
	assert_string_equal(out, "abc");
	assert_true(text_copy(out, sizeof out, bytes_from(NULL, 0)));
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_buffer_grows),
		cmocka_unit_test(test_buffer_puts),
		cmocka_unit_test(test_buffer_json_text),
		cmocka_unit_test(test_buffer_fails_for_good),
		cmocka_unit_test(test_cursor_integers),
		cmocka_unit_test(test_cursor_moves_only_on_success),
		cmocka_unit_test(test_cursor_of_nothing),
		cmocka_unit_test(test_lines_and_fields),
		cmocka_unit_test(test_put_integers),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_of_every_byte),
		cmocka_unit_test(test_base64_refuses),
		cmocka_unit_test(test_base64_is_canonical),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
