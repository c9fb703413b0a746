/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <errno.h>

#include "gapseal/err.h"

static void test_fault_is_filled(void **state)
{
	struct fault fault;

	(void)state;
	assert_int_equal(fault_set(&fault, ERR_NO, "a-code", "file:1", "%s is %d", "it", 7), ERR_NO);
	assert_int_equal(fault.err, ERR_NO);
	assert_string_equal(fault.code, "a-code");
	assert_string_equal(fault.where, "file:1");
	assert_string_equal(fault.text, "it is 7");
	assert_int_equal(fault_set(&fault, ERR_UNKNOWN, "b", NULL, "x"), ERR_UNKNOWN);
	assert_string_equal(fault.where, "");
}

static void test_fault_is_cut(void **state)
{
	struct fault fault;
	char many[1000];

	(void)state;
	memset(many, 'x', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	fault_set(&fault, ERR_NO, "long", many, "%s", many);
	assert_int_equal(strlen(fault.where), FAULT_WHERE_MAX - 1);
	assert_int_equal(strlen(fault.text), FAULT_TEXT_MAX - 1);
}

static void test_fault_is_printable(void **state)
{
	struct fault fault;

	(void)state;
	fault_set(&fault, ERR_NO, "esc", "a\x1b[2J\x7f", "b\n\xc3\xa4\t~ ");
	assert_string_equal(fault.where, "a?[2J?");
	assert_string_equal(fault.text, "b????~ ");
}

static void test_fault_of_itself(void **state)
{
	struct fault fault;

	(void)state;
	fault_set(&fault, ERR_NO, "inner", "place", "text");
	fault_set(&fault, ERR_CANNOT, "outer", fault.where, "%s: %s", fault.where, fault.text);
	assert_string_equal(fault.where, "place");
	assert_string_equal(fault.text, "place: text");
}

static void test_fault_inside(void **state)
{
	char folder[FAULT_WHERE_MAX];
	struct fault fault;

	(void)state;
	fault_set(&fault, ERR_NO, "some", "manifest.json", "a rule");
	fault_inside(&fault, "batches/7\n");
	assert_string_equal(fault.where, "batches/7?/manifest.json");
	assert_string_equal(fault.text, "a rule");
	fault_set(&fault, ERR_NO, "some", NULL, "a rule");
	fault_inside(&fault, "batches/7");
	assert_string_equal(fault.where, "");
	fault_set(&fault, ERR_NO, "some", "x", "a rule");
	memset(folder, 'f', sizeof folder);
	folder[FAULT_WHERE_MAX - 2] = '\0'; /* one too many, with slash and name */
	fault_inside(&fault, folder);
	assert_string_equal(fault.where, "x");
	folder[FAULT_WHERE_MAX - 3] = '\0';
	fault_inside(&fault, folder);
	assert_int_equal(strlen(fault.where), FAULT_WHERE_MAX - 1);
	assert_string_equal(fault.where + FAULT_WHERE_MAX - 3, "/x");
}

static void test_common_faults(void **state)
{
	struct fault fault;

	(void)state;
	errno = ENOSPC;
	assert_int_equal(fault_system(&fault, "disk", "write it"), ERR_CANNOT);
	assert_string_equal(fault.code, "system");
	assert_string_equal(fault.where, "disk");
	assert_string_equal(fault.text, "write it: No space left on device");
	assert_int_equal(fault_memory(&fault), ERR_CANNOT);
	assert_string_equal(fault.code, "memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_is_filled),
		cmocka_unit_test(test_fault_is_cut),
		cmocka_unit_test(test_fault_is_printable),
		cmocka_unit_test(test_fault_of_itself),
		cmocka_unit_test(test_fault_inside),
		cmocka_unit_test(test_common_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
