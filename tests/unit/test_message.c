/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/message.h"

static struct secret *new_body(size_t capacity)
{
	struct secret *body;
	struct fault fault;

	assert_int_equal(secret_new(&body, capacity, &fault), ERR_OK);
	return body;
}

static void test_result_names(void **state)
{
	(void)state;
	assert_string_equal(result_name(RESULT_DONE), "done");
	assert_string_equal(result_name(RESULT_SAME), "same");
	assert_string_equal(result_name(RESULT_REFUSED), "refused");
	assert_string_equal(result_name(RESULT_FAILED), "failed");
	assert_string_equal(result_name(RESULT_UNKNOWN), "unknown");
}

static const uint8_t wire[] = {
	1, 0x78, 0x56, 0x34, 0x12, 2, 3, 0, 'k', 'e', 'y', 4, 'w', 'o', 'r', 'd',
	2, 42, 0, 0, 0, 3, 0, 0, 0,
};
#define FIRST_STEP 16

static void test_put_bytes(void **state)
{
	struct secret *body = new_body(100);
	struct step first = {STEP_WRITE, {0x12345678, 2}, bytes_of("key"), bytes_of("word")};
	struct step second = {.op = STEP_DELETE, .slot = {42, 3}};

	(void)state;
	assert_true(step_put(body, &first));
	assert_true(step_put(body, &second));
	assert_true(bytes_equal(secret_bytes(body), bytes_from(wire, sizeof wire)));
	secret_free(&body);
}

static void test_take_bytes(void **state)
{
	struct cursor cursor = cursor_of(bytes_from(wire, sizeof wire));
	struct step step;

	(void)state;
	assert_true(step_take(&cursor, &step));
	assert_true(step.op == STEP_WRITE && step.slot.tag == 0x12345678 && step.slot.type == 2);
	assert_true(bytes_is(step.content, "key") && bytes_is(step.password, "word"));
	assert_true(step_take(&cursor, &step));
	assert_true(step.op == STEP_DELETE && step.slot.tag == 42 && step.slot.type == 3);
	assert_int_equal(step.content.size + step.password.size, 0);
	assert_false(step_take(&cursor, &step));
	assert_int_equal(cursor_left(&cursor), 0);
}

/* A body cut anywhere, or of an unknown kind, gives no step and moves nothing. */
static void test_take_refuses(void **state)
{
	static const uint8_t unknown[] = {3, 0, 0, 0, 0, 0, 0, 0, 0};
	struct cursor cursor;
	struct step step;

	(void)state;
	for (size_t cut = 0; cut < FIRST_STEP; cut++) {
		cursor = cursor_of(bytes_from(wire, cut));
		assert_false(step_take(&cursor, &step));
		assert_int_equal(cursor_left(&cursor), cut);
	}
	cursor = cursor_of(bytes_from(unknown, sizeof unknown));
	assert_false(step_take(&cursor, &step));
	assert_int_equal(cursor_left(&cursor), sizeof unknown);
}

static void test_full_body(void **state)
{
	struct secret *body = new_body(14 + 13);
	struct step step = {STEP_WRITE, {1, 1}, bytes_of("abc"), bytes_of("pq")};

	(void)state;
	assert_true(step_put(body, &step));
	assert_false(step_put(body, &step));
	assert_int_equal(secret_size(body), 14);
	step.password = bytes_of("p");
	assert_true(step_put(body, &step));
	assert_int_equal(secret_size(body), 14 + 13);
	secret_free(&body);
}

static void test_limits(void **state)
{
	static const uint8_t content[UINT16_MAX + 1], password[UINT8_MAX + 1];
	struct secret *body = new_body(UINT16_MAX + 1000);
	struct step step = {STEP_WRITE, {1, 256}, bytes_of("abc"), bytes_of("")};

	(void)state;
	assert_false(step_put(body, &step));
	step.slot.type = 255;
	step.content = bytes_from(content, sizeof content);
	assert_false(step_put(body, &step));
	step.content.size--;
	step.password = bytes_from(password, sizeof password);
	assert_false(step_put(body, &step));
	step.password.size--;
	assert_int_equal(secret_size(body), 0);
	assert_true(step_put(body, &step));
	secret_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result_names),
		cmocka_unit_test(test_put_bytes),
		cmocka_unit_test(test_take_bytes),
		cmocka_unit_test(test_take_refuses),
		cmocka_unit_test(test_full_body),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
