/* SPDX-License-Identifier: ISC */
#include "mint_bench.h"

static struct ca *open_certificate(const char *name)
{
	char *text = specimen(name);
	struct fault fault;
	struct ca *ca;

	assert_int_equal(ca_open_certificate(&ca, bytes_of(text), "ca", &fault), ERR_OK);
	assert_null(ca_key(ca));
	free(text);
	return ca;
}

struct device {
	uint8_t point[P256_POINT_SIZE];
	uint8_t serial[X509_SERIAL_SIZE];
};

static void make_device(struct device *out, struct mint *mint)
{
	static const uint8_t seed[32] = {7};
	struct secret *key = key_secret();
	struct fault fault;

	assert_int_equal(mint_key(key, out->point, mint, bytes_from(seed, sizeof seed), false, &fault),
	    ERR_OK);
	memset(out->serial, 0x5a, sizeof out->serial);
	secret_free(&key);
}

static void check_refused(struct mint *mint, const struct device *device, const char *cn, struct bytes given,
    const char *code)
{
	struct buffer pem = BUFFER_EMPTY;
	struct fault fault;

	assert_int_equal(mint_certificate_again(&pem, mint, device->point, cn, device->serial, false, given,
	    &fault),
	    ERR_NO);
	assert_string_equal(fault.code, code);
	buffer_free(&pem);
}

/* The certificate of the CA again without its key, and everything that is another refused. */
static void check_again(const char *certificate, const char *key, const char *other)
{
	struct ca *ca = open_ca(certificate, key), *look = open_certificate(certificate),
	    *wrong = open_certificate(other);
	struct mint *mint = open_mint(ca), *again = open_mint(look), *stranger = open_mint(wrong);
	struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
	struct device device, changed;
	struct fault fault;

	make_device(&device, mint);
	assert_int_equal(mint_certificate(&first, mint, device.point, "device", device.serial, false, &fault),
	    ERR_OK);
	for (int i = 0; i < 2; i++) { /* with a new template, and with one that is there */
		buffer_clear(&second);
		assert_int_equal(mint_certificate_again(&second, again, device.point, "device", device.serial,
		    false,
		    buffer_bytes(&first), &fault), ERR_OK);
		assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	}
	check_refused(again, &device, "devicf", buffer_bytes(&first), "mint-signature");
	changed = device;
	changed.serial[15] ^= 1;
	check_refused(again, &changed, "device", buffer_bytes(&first), "mint-signature");
	check_refused(stranger, &device, "device", buffer_bytes(&first), "mint-signature");
	check_refused(again, &device, "device", bytes_of("no certificate"), "mint-given");
	check_refused(again, &device, "device", bytes_from(NULL, 0), "mint-given");
	assert_int_equal(mint_certificate(&second, again, device.point, "device", device.serial, false,
	    &fault),
	    ERR_CANNOT);
	assert_string_equal(fault.code, "ca-needed");
	buffer_free(&first);
	buffer_free(&second);
	mint_free(&mint);
	mint_free(&again);
	mint_free(&stranger);
	ca_free(&ca);
	ca_free(&look);
	ca_free(&wrong);
}

static void test_p256(void **state)
{
	(void)state;
	check_again("x509/p256.pem", "x509/p256.key", "x509/rsa2048.pem");
}

static void test_rsa(void **state)
{
	(void)state;
	check_again("x509/rsa2048.pem", "x509/rsa2048.key", "x509/p256.pem");
}

static void test_certificates(void **state)
{
	static const struct { const char *name, *code; } wrong[] = {
		{"x509/p256-not-ca.pem", "ca-usage"}, {"x509/p256-no-cert-sign.pem", "ca-usage"},
		{"x509/rsa1024.pem", "ca-key"}, {"x509/p256.key", "pem-none"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char *text = specimen(wrong[i].name);
		struct fault fault;
		struct ca *ca;

		assert_int_equal(ca_open_certificate(&ca, bytes_of(text), "ca", &fault), ERR_NO);
		assert_string_equal(fault.code, wrong[i].code);
		assert_null(ca);
		free(text);
	}
}

static int start(void **state)
{
	struct fault fault;

	(void)state;
	return x509_process(&fault) == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_p256),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_certificates),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
