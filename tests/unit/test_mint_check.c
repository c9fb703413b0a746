/* SPDX-License-Identifier: ISC */
#include "mint_bench.h"

#include <openssl/x509.h>

/* In libcrypto's place: counts, and calls one certificate bad. */
static struct {
	unsigned calls, bad;
} verify;

int X509_verify(X509 *certificate, EVP_PKEY *key)
{
	(void)certificate;
	(void)key;
	return ++verify.calls != verify.bad;
}

/* Makes count certificates; the number of the one refused, 0 if none was. */
static unsigned refused(unsigned count, bool all)
{
	struct ca *ca = open_ca("x509/p256.pem", "x509/p256.key");
	struct mint *mint = open_mint(ca);
	uint8_t point[P256_POINT_SIZE], serial[X509_SERIAL_SIZE] = {1}, seed[32] = {7};
	struct secret *key = key_secret();
	struct buffer pem = BUFFER_EMPTY;
	struct fault fault;
	unsigned made = 0, number = 0;

	verify.calls = 0;
	if (all)
		mint_verify_all(mint);
	assert_int_equal(mint_key(key, point, mint, bytes_from(seed, sizeof seed), false, &fault), ERR_OK);
	while (made < count && number == 0) {
		enum err err = mint_certificate(&pem, mint, point, "490154203237518", serial, false, &fault);

		made++;
		if (err == ERR_OK)
			continue;
		assert_int_equal(err, ERR_CANNOT);
		assert_string_equal(fault.code, "mint-check");
		number = made;
	}
	buffer_free(&pem);
	secret_free(&key);
	mint_free(&mint);
	ca_free(&ca);
	return number;
}

static void test_now_and_then(void **state)
{
	(void)state;
	verify.bad = 0;
	assert_int_equal(refused(1002, false), 0);
	assert_int_equal(verify.calls, 2);
	verify.bad = 1;
	assert_int_equal(refused(3, false), 1);
	verify.bad = 2;
	assert_int_equal(refused(1002, false), 1001);
}

static void test_all(void **state)
{
	(void)state;
	verify.bad = 0;
	assert_int_equal(refused(20, true), 0);
	assert_int_equal(verify.calls, 20);
	verify.bad = 5;
	assert_int_equal(refused(20, true), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now_and_then),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
