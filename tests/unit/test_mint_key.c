/* SPDX-License-Identifier: ISC */
#include "mint_bench.h"

#include <jansson.h>

/* Exactly size bytes of hex under a key. */
static void take_hex(uint8_t *out, size_t size, json_t *vector, const char *key)
{
	assert_true(hex_decode(out, size, bytes_of(json_string_value(json_object_get(vector, key)))));
}

static void check_vector(json_t *vector, struct mint *mint)
{
	const char *text = json_string_value(json_object_get(vector, "seed"));
	uint8_t seed[64], scalar[P256_SCALAR_SIZE], point[P256_POINT_SIZE], pkcs8[P256_PKCS8_SIZE];
	uint8_t made_scalar[P256_SCALAR_SIZE], made_point[P256_POINT_SIZE], made_pkcs8[P256_PKCS8_SIZE];
	struct secret *key_pem = key_secret();
	struct fault fault;

	take_hex(seed, strlen(text) / 2, vector, "seed");
	take_hex(scalar, sizeof scalar, vector, "scalar");
	take_hex(point, sizeof point, vector, "point");
	take_hex(pkcs8, sizeof pkcs8, vector, "pkcs8");
	assert_int_equal(p256_scalar(made_scalar, bytes_from(seed, strlen(text) / 2), &fault), ERR_OK);
	assert_memory_equal(made_scalar, scalar, sizeof scalar);
	assert_int_equal(mint_key(key_pem, made_point, mint, bytes_from(seed, strlen(text) / 2), false,
	    &fault), ERR_OK);
	assert_memory_equal(made_point, point, sizeof point);
	p256_pkcs8(made_pkcs8, scalar, point);
	assert_memory_equal(made_pkcs8, pkcs8, sizeof pkcs8);
	secret_free(&key_pem);
}

static void test_vectors(void **state)
{
	char *text = specimen("det-keygen/det-keygen.json");
	json_t *root = json_loads(text, 0, NULL);
	struct mint *mint = open_mint(NULL);
	json_t *vector;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "vectors")), 6);
	json_array_foreach(json_object_get(root, "vectors"), i, vector)
		check_vector(vector, mint);
	mint_free(&mint);
	json_decref(root);
	free(text);
}

static void test_short_seed(void **state)
{
	struct mint *mint = open_mint(NULL);
	struct secret *key_pem = key_secret();
	uint8_t seed[P256_SEED_MIN] = {0}, point[P256_POINT_SIZE];
	struct fault fault;

	(void)state;
	assert_int_equal(mint_key(key_pem, point, mint, bytes_from(seed, P256_SEED_MIN), false, &fault),
	    ERR_OK);
	assert_int_equal(mint_key(key_pem, point, mint, bytes_from(seed, P256_SEED_MIN - 1), false, &fault),
	    ERR_CANNOT);
	assert_string_equal(fault.code, "key-seed");
	assert_int_equal(secret_size(key_pem), 0);
	secret_free(&key_pem);
	mint_free(&mint);
}

/* libcrypto writes the same key the same way: the form modems are known to take. */
static void test_key_text(void **state)
{
	struct mint *mint = open_mint(NULL);
	struct secret *lf = key_secret(), *crlf = key_secret();
	uint8_t seed[32], point[P256_POINT_SIZE], again[P256_POINT_SIZE];
	struct fault fault;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		BIO *bio = BIO_new(BIO_s_mem());
		struct bytes text;
		EVP_PKEY *key;
		char *written;
		size_t at = 0;
		long size;

		memset(seed, (int)i, sizeof seed);
		assert_int_equal(mint_key(lf, point, mint, bytes_from(seed, sizeof seed), false, &fault),
		    ERR_OK);
		assert_int_equal(mint_key(crlf, again, mint, bytes_from(seed, sizeof seed), true, &fault),
		    ERR_OK);
		assert_memory_equal(point, again, sizeof point);
		text = secret_bytes(lf);
		key = load_key(text);
		assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL),
		    1);
		size = BIO_get_mem_data(bio, &written);
		assert_true(bytes_equal(text, bytes_from(written, (size_t)size)));
		for (size_t j = 0; j < text.size; j++) {
			if (text.data[j] == '\n')
				assert_int_equal(secret_data(crlf)[at++], '\r');
			assert_int_equal(secret_data(crlf)[at++], text.data[j]);
		}
		assert_int_equal(at, secret_size(crlf));
		EVP_PKEY_free(key);
		BIO_free(bio);
	}
	secret_free(&lf);
	secret_free(&crlf);
	mint_free(&mint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_short_seed),
		cmocka_unit_test(test_key_text),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
