/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "specimen.h"

/* No private number before libcrypto has locked memory for it. */
static void test_process(void **state)
{
	char *certificate = specimen("x509/p256.pem"), *key = specimen("x509/p256.key");
	struct fault fault = {.code = "none"};
	struct p256 *p256;

	(void)state;
	assert_int_equal(x509_match(bytes_of(certificate), bytes_of(key), "here", &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "crypto");
	assert_int_equal(p256_new(&p256, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "crypto");
	assert_null(p256);
	/* and it must be told before it has made anything itself, as it has here by reading a certificate */
	assert_int_equal(x509_process(&fault), ERR_CANNOT);
	assert_string_equal(fault.code, "crypto");
	free(certificate);
	free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
