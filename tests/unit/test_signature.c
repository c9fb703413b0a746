/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "gapseal/signature.h"

static bool case_verifies(const json_t *test, const uint8_t key[static 32])
{
	uint8_t message[2048], signature[256];
	size_t size = json_hex(message, sizeof message, test, "msg");

	/* Every format around a signature fixes its size before it comes to signature_verify. */
	if (json_hex(signature, sizeof signature, test, "sig") != SIGNATURE_SIZE)
		return false;
	return signature_verify(signature, bytes_from(message, size), key);
}

static void test_wycheproof(void **state)
{
	json_t *root = vector_json("wycheproof/ed25519_test.json"), *group, *test;
	size_t i, j, valid = 0, invalid = 0;
	uint8_t key[32];

	(void)state;
	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		assert_int_equal(json_hex(key, sizeof key, json_object_get(group, "publicKey"), "pk"), 32);
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			bool expected = strcmp(json_text(test, "result"), "valid") == 0;

			if (case_verifies(test, key) != expected)
				fail_msg("tcId %lld", (long long)json_integer_value(json_object_get(test,
				    "tcId")));
			valid += expected;
			invalid += !expected;
		}
	}
	assert_int_equal(valid, 88);
	assert_int_equal(invalid, 63);
	json_decref(root);
}

/* The keys of the vectors are honest ones. */
static void test_key_valid(void **state)
{
	json_t *root = vector_json("wycheproof/ed25519_test.json"), *group;
	uint8_t key[32];
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		json_hex(key, sizeof key, json_object_get(group, "publicKey"), "pk");
		assert_true(signature_key_valid(key));
	}
	json_decref(root);
}

static void assert_refused(const char *hex)
{
	uint8_t key[32];

	assert_true(hex_decode(key, sizeof key, bytes_of(hex)));
	if (signature_key_valid(key))
		fail_msg("accepted %s", hex);
}

static void test_key_refused(void **state)
{
	(void)state;
	/* small order: 1, -1, 0 (two points), order eight */
	assert_refused("0100000000000000000000000000000000000000000000000000000000000000");
	assert_refused("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	assert_refused("0000000000000000000000000000000000000000000000000000000000000000");
	assert_refused("0000000000000000000000000000000000000000000000000000000000000080");
	assert_refused("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
	assert_refused("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
	/* not canonical: p + 1, p, and p + 3, whose remainder 3 is a point */
	assert_refused("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	assert_refused("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	assert_refused("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	/* not on the curve */
	assert_refused("0200000000000000000000000000000000000000000000000000000000000000");
	/* on the curve, of eight times the order: the base point plus a point of order two */
	assert_refused("9599999999999999999999999999999999999999999999999999999999999999");
}

static void test_signature_init(void **state)
{
	(void)state;
	assert_int_equal(signature_init(&fault), ERR_OK);
	assert_int_equal(signature_init(&fault), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature_init),
		cmocka_unit_test(test_wycheproof),
		cmocka_unit_test(test_key_valid),
		cmocka_unit_test(test_key_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
