/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/der.h"
#include "gapseal/pem.h"

/* The text as buffer.c's base64 would have it, cut into lines. */
static void expect(struct buffer *out, struct bytes der, const char *line_end)
{
	struct buffer base64 = BUFFER_EMPTY;

	base64_encode(&base64, der, true);
	buffer_format(out, "-----BEGIN A THING-----%s", line_end);
	for (size_t at = 0; at < base64.size; at += 64) {
		size_t size = base64.size - at < 64 ? base64.size - at : 64;

		buffer_put(out, bytes_from(base64.data + at, size));
		buffer_text(out, line_end);
	}
	buffer_format(out, "-----END A THING-----%s", line_end);
	buffer_free(&base64);
}

static void check_size(struct bytes der, bool crlf)
{
	struct buffer wanted = BUFFER_EMPTY, made = BUFFER_EMPTY, back = BUFFER_EMPTY;
	size_t size = pem_size("A THING", der.size, crlf);
	struct secret *exact, *short_of_one;
	struct cursor cursor;
	struct fault fault;

	expect(&wanted, der, crlf ? "\r\n" : "\n");
	assert_int_equal(wanted.size, size);
	pem_put(&made, "A THING", der, crlf);
	assert_true(bytes_equal(buffer_bytes(&made), buffer_bytes(&wanted)));
	assert_int_equal(secret_new(&exact, size, &fault), ERR_OK);
	assert_int_equal(secret_new(&short_of_one, size - 1, &fault), ERR_OK);
	assert_true(pem_put_secret(exact, "A THING", der, crlf));
	assert_true(bytes_equal(secret_bytes(exact), buffer_bytes(&wanted)));
	assert_false(pem_put_secret(exact, "A THING", der, crlf));
	assert_int_equal(secret_size(exact), size);
	assert_false(pem_put_secret(short_of_one, "A THING", der, crlf));
	assert_int_equal(secret_size(short_of_one), 0);
	cursor = cursor_of(buffer_bytes(&made));
	assert_int_equal(pem_take(&back, &cursor, "A THING"), PEM_BLOCK);
	assert_true(bytes_equal(buffer_bytes(&back), der));
	assert_int_equal(cursor_left(&cursor), 0);
	assert_int_equal(pem_take(&back, &cursor, "A THING"), PEM_NONE);
	secret_free(&exact);
	secret_free(&short_of_one);
	buffer_free(&wanted);
	buffer_free(&made);
	buffer_free(&back);
}

static void test_sizes(void **state)
{
	uint8_t der[200];

	(void)state;
	for (size_t i = 0; i < sizeof der; i++)
		der[i] = (uint8_t)(i * 73 + (i >> 3));
	for (size_t size = 0; size <= sizeof der; size++) {
		check_size(bytes_from(der, size), false);
		check_size(bytes_from(der, size), true);
	}
}

/* Each of the 64 letters in each of the four places. */
static void test_letters(void **state)
{
	uint8_t der[64 * 3];

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		unsigned group = i << 18 | ((i + 16) & 63) << 12 | ((i + 32) & 63) << 6 | ((i + 48) & 63);

		der[3 * i] = (uint8_t)(group >> 16);
		der[3 * i + 1] = (uint8_t)(group >> 8);
		der[3 * i + 2] = (uint8_t)group;
	}
	check_size(bytes_from(der, sizeof der), false);
}

static void check_take(const char *text, enum pem_found found, const char *content, const char *rest)
{
	struct cursor cursor = cursor_of(bytes_of(text));
	struct buffer der = BUFFER_EMPTY;

	assert_int_equal(pem_take(&der, &cursor, "T"), found);
	assert_true(bytes_is(buffer_bytes(&der), content));
	assert_true(bytes_is(bytes_from(cursor.at, cursor_left(&cursor)), rest));
	buffer_free(&der);
}

static void test_take(void **state)
{
	(void)state;
	check_take("", PEM_NONE, "", "");
	check_take("-----BEGIN X-----\nYWJj\n-----END X-----\n", PEM_NONE, "", "");
	check_take("-----BEGIN T-----\nYWJj\n-----END T-----\nmore", PEM_BLOCK, "abc", "more");
	check_take("-----BEGIN T-----\nYWJj\n-----END T-----", PEM_BLOCK, "abc", "");
	check_take("text -----BEGIN T-----\n-----BEGIN T----- \t\r\nYW\r\nJj  \n-----END T-----\r\n\n",
	    PEM_BLOCK, "abc", "\n");
	/* behind BEGIN, so that a second try finds the next block */
	check_take("-----BEGIN T-----\nYWJj\n-----END X-----\n", PEM_BROKEN, "", "YWJj\n-----END X-----\n");
	check_take("-----BEGIN T-----\nYWJ\n-----END T-----\n", PEM_BROKEN, "", "YWJ\n-----END T-----\n");
	check_take("-----BEGIN T-----\nK: v\n\nYWJj\n-----END T-----\n", PEM_BROKEN, "",
	    "K: v\n\nYWJj\n-----END T-----\n");
	check_take("-----BEGIN T-----\n YWJj\n-----END T-----\n", PEM_BROKEN, "", " YWJj\n-----END T-----\n");
}

static void check_der_size(size_t size, const char *header)
{
	struct buffer out = BUFFER_EMPTY;
	struct cursor cursor;
	struct der element;

	der_put_header(&out, DER_SEQUENCE, size);
	assert_true(bytes_equal(buffer_bytes(&out), bytes_from(header, out.size)));
	assert_int_equal(der_size(size), out.size + size);
	assert_non_null(buffer_space(&out, size));
	buffer_byte(&out, 0x55);
	cursor = cursor_of(buffer_bytes(&out));
	assert_true(der_take(&cursor, &element));
	assert_int_equal(element.tag, DER_SEQUENCE);
	assert_int_equal(element.content.size, size);
	assert_int_equal(element.whole.size, der_size(size));
	assert_int_equal(cursor_left(&cursor), 1);
	cursor.at = out.data;
	cursor.end = out.data + out.size - 2; /* a byte too few */
	assert_false(der_take(&cursor, &element));
	assert_ptr_equal(cursor.at, out.data);
	buffer_free(&out);
}

static void test_der(void **state)
{
	struct cursor cursor;
	struct der element;

	(void)state;
	check_der_size(0, "\x30\x00");
	check_der_size(127, "\x30\x7f");
	check_der_size(128, "\x30\x81\x80");
	check_der_size(255, "\x30\x81\xff");
	check_der_size(256, "\x30\x82\x01\x00");
	check_der_size(65536, "\x30\x83\x01\x00\x00");
	cursor = cursor_of(bytes_from("\x30\x80\x00\x00", 4));
	assert_false(der_take(&cursor, &element)); /* of indefinite length */
	cursor = cursor_of(bytes_from("\x30\x84\x00\x00\x00\x00", 6));
	assert_false(der_take(&cursor, &element));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_der),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
