/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "golden_record.h"

#include "gapseal/keys.h"

/*
 * The hierarchy against golden_record.py, which computes it with Python's hashlib: once a value is
 * out in a batch it can never change.
 */
static const uint8_t other[KEY_SIZE] = {1};

static void test_batch(void **state)
{
	uint8_t got[KEY_SIZE];

	(void)state;
	keys_batch(got, golden_seed, golden_plan);
	assert_memory_equal(got, golden_batch_key, KEY_SIZE);
	keys_batch(got, golden_seed, other);
	assert_memory_not_equal(got, golden_batch_key, KEY_SIZE);
	keys_batch(got, other, golden_plan);
	assert_memory_not_equal(got, golden_batch_key, KEY_SIZE);
}

static void test_lot(void **state)
{
	uint8_t got[KEY_SIZE];

	(void)state;
	keys_lot(got, golden_batch_key, GOLDEN_LOT);
	assert_memory_equal(got, golden_lot_key, KEY_SIZE);
	keys_lot(got, golden_batch_key, GOLDEN_LOT + 1);
	assert_memory_not_equal(got, golden_lot_key, KEY_SIZE);
	keys_lot_check(got, golden_lot_key);
	assert_memory_equal(got, golden_lot_check, HASH_SIZE);
	keys_lot_tag_key(got, golden_lot_key);
	assert_memory_equal(got, golden_tag_key, KEY_SIZE);
}

static void test_tag(void **state)
{
	uint8_t got[RECORD_TAG_SIZE];

	(void)state;
	keys_tag(got, golden_tag_key, GOLDEN_IMEI);
	assert_memory_equal(got, golden_tag, RECORD_TAG_SIZE);
	keys_tag(got, golden_tag_key, "001014000000083");
	assert_memory_not_equal(got, golden_tag, RECORD_TAG_SIZE);
}

static void test_record(void **state)
{
	uint8_t got[KEY_SIZE];
	struct record_keys keys;

	(void)state;
	keys_root(got, golden_lot_key, GOLDEN_INDEX);
	assert_memory_equal(got, golden_root, KEY_SIZE);
	keys_root(got, golden_lot_key, GOLDEN_INDEX + (UINT64_C(1) << 32)); /* 64 bits of index */
	assert_memory_not_equal(got, golden_root, KEY_SIZE);
	keys_record(&keys, golden_root);
	assert_memory_equal(keys.aead, golden_aead_key, KEY_SIZE);
	assert_memory_equal(keys.nonce, golden_nonce_key, KEY_SIZE);
	assert_memory_equal(keys.blind, golden_blind, BLIND_SIZE);
	assert_memory_equal(keys.commitment, golden_commitment, HASH_SIZE);
}

static void test_device(void **state)
{
	uint8_t got[KEY_SIZE];

	(void)state;
	keys_credentials(got, golden_batch_key);
	assert_memory_equal(got, golden_credentials, KEY_SIZE);
	keys_device(got, golden_credentials, GOLDEN_IMEI);
	assert_memory_equal(got, golden_device, KEY_SIZE);
}

static void test_credential(void **state)
{
	uint8_t got[64];

	(void)state;
	keys_credential(got, 32, golden_device, (struct slot){42, CREDENTIAL_PSK}, KEYS_PSK);
	assert_memory_equal(got, golden_psk, 32);
	keys_credential(got, 16, golden_device, (struct slot){42, CREDENTIAL_PSK}, KEYS_PSK);
	assert_memory_equal(got, golden_psk_16, 16);
	keys_credential(got, 64, golden_device, (struct slot){42, CREDENTIAL_PSK}, KEYS_PSK);
	assert_memory_equal(got, golden_psk_64, 64);
	keys_credential(got, 32, golden_device, (struct slot){SLOT_TAG_MAX, CREDENTIAL_KEY}, KEYS_EC);
	assert_memory_equal(got, golden_ec_seed, 32);
	keys_credential(got, 16, golden_device, (struct slot){16842753, CREDENTIAL_CERT}, KEYS_SERIAL);
	assert_memory_equal(got, golden_serial, 16);
}

/* Nothing below one key comes out twice: siblings with the same id differ by their context. */
static void test_apart(void **state)
{
	uint8_t keys[11][KEY_SIZE];
	struct record_keys record;

	(void)state;
	keys_lot(keys[0], golden_seed, 0);
	keys_credentials(keys[1], golden_seed);
	keys_lot_check(keys[2], golden_seed);
	keys_lot_tag_key(keys[3], golden_seed);
	keys_root(keys[4], golden_seed, 0);
	keys_record(&record, golden_seed);
	memcpy(keys[5], record.aead, KEY_SIZE);
	memcpy(keys[6], record.nonce, KEY_SIZE);
	memcpy(keys[7], record.blind, KEY_SIZE);
	memcpy(keys[8], record.commitment, KEY_SIZE);
	keys_credential(keys[9], KEY_SIZE, golden_seed, (struct slot){0, 0}, KEYS_PSK);
	keys_credential(keys[10], KEY_SIZE, golden_seed, (struct slot){0, 0}, KEYS_EC);
	for (size_t i = 0; i < 11; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], KEY_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_batch),
	    cmocka_unit_test(test_lot),
	    cmocka_unit_test(test_tag),
	    cmocka_unit_test(test_record),
	    cmocka_unit_test(test_device),
	    cmocka_unit_test(test_credential),
	    cmocka_unit_test(test_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
