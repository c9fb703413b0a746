/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <sodium.h>

#include "golden_record.h"

#include "gapseal/contents.h"
#include "gapseal/seal.h"

static struct secret *opened;

static int group_setup(void **state)
{
	struct fault fault;

	(void)state;
	return sodium_init() >= 0 && secret_new(&opened, RECORD_STRIDE_MAX, &fault) == ERR_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	secret_free(&opened);
	return 0;
}

static struct record_place golden_place(void)
{
	struct record_place place = {
	    .batch = GOLDEN_BATCH, .lot = GOLDEN_LOT, .index = GOLDEN_INDEX, .stride = GOLDEN_STRIDE,
	};

	memcpy(place.common, golden_common, HASH_SIZE);
	return place;
}

static struct record_keys golden_keys(void)
{
	struct record_keys keys;

	keys_record(&keys, golden_root);
	return keys;
}

/* Opens with a roomy secret; "" or the code. */
static const char *open_with(struct bytes record, const struct record_place *place,
    const struct record_keys *keys)
{
	struct fault fault;
	enum err err;

	memset(secret_data(opened), 0xee, secret_capacity(opened));
	secret_resize(opened, 5);
	err = record_open(opened, record, place, keys, "records-000.bin:7", &fault);
	if (err == ERR_OK)
		return "";
	assert_int_equal(err, ERR_NO);
	assert_int_equal(fault.err, ERR_NO);
	assert_string_equal(fault.where, "records-000.bin:7");
	assert_int_equal(secret_size(opened), 0);
	for (size_t i = 0; i < secret_capacity(opened); i++)
		assert_int_equal(secret_data(opened)[i], 0); /* nothing of a plaintext stays */
	return fault.code;
}

static const char *open_at(const struct record_place *place)
{
	const struct record_keys keys = golden_keys();

	return open_with(bytes_from(golden_record, sizeof golden_record), place, &keys);
}

static void test_stride(void **state)
{
	(void)state;
	assert_int_equal(record_stride(0), RECORD_STRIDE_MIN);
	assert_int_equal(record_stride(71), 192);
	assert_int_equal(record_stride(72), 256);
	assert_int_equal(record_stride(135), 256);
	assert_int_equal(record_stride(136), 320);
	assert_int_equal(record_stride(RECORD_STRIDE_MAX - 121), RECORD_STRIDE_MAX);
	assert_int_equal(record_stride(RECORD_STRIDE_MAX - 120), 0);
	assert_int_equal(record_stride(SIZE_MAX), 0);
	for (uint64_t stride = 0; stride <= 2 * RECORD_STRIDE_MAX; stride++)
		assert_int_equal(record_stride_valid(stride),
		    stride % 64 == 0 && stride >= 192 && stride <= 16384);
	assert_false(record_stride_valid((UINT64_C(1) << 32) + 192));
}

static void test_common(void **state)
{
	uint8_t digests[2][HASH_SIZE];
	uint8_t got[HASH_SIZE];
	uint8_t none[HASH_SIZE];

	(void)state;
	credential_digest(digests[0], bytes_of(GOLDEN_CA), false);
	credential_digest(digests[1], bytes_of(GOLDEN_COMMON_1), false);
	record_common(got, (const uint8_t (*)[HASH_SIZE])digests, 2);
	assert_memory_equal(got, golden_common, HASH_SIZE);
	record_common(got, (const uint8_t (*)[HASH_SIZE])digests, 1);
	assert_memory_not_equal(got, golden_common, HASH_SIZE);
	record_common(got, NULL, 0);
	hash_bytes(none, bytes_from("\0\0\0", 4));
	assert_memory_equal(got, none, HASH_SIZE);
}

static void test_associated(void **state)
{
	struct record_place place = golden_place();
	uint8_t got[RECORD_ASSOCIATED_MAX];
	size_t size = sizeof golden_associated;

	(void)state;
	assert_int_equal(record_associated(got, &place, golden_tag, golden_state), size);
	assert_memory_equal(got, golden_associated, size);
	size += NAME_MAX_LENGTH - strlen(GOLDEN_BATCH);
	place.batch = "0123456789012345678901234567890123456789";
	assert_int_equal(record_associated(got, &place, golden_tag, golden_state), size);
	place.batch = "01234567890123456789012345678901234567890123456789"; /* no name: stays inside */
	assert_int_equal(record_associated(got, &place, golden_tag, golden_state), size);
}

static void test_nonce(void **state)
{
	uint8_t got[RECORD_NONCE_SIZE];
	uint8_t moved[RECORD_NONCE_SIZE];

	(void)state;
	record_nonce(got, golden_nonce_key, bytes_from(golden_associated, sizeof golden_associated),
	    bytes_from(golden_plain, sizeof golden_plain));
	assert_memory_equal(got, golden_nonce, RECORD_NONCE_SIZE);
	/* a byte may not wander from the one part into the other */
	record_nonce(got, golden_nonce_key, bytes_from(golden_plain, 10), bytes_from(golden_plain + 10, 10));
	record_nonce(moved, golden_nonce_key, bytes_from(golden_plain, 11), bytes_from(golden_plain + 11, 9));
	assert_memory_not_equal(got, moved, RECORD_NONCE_SIZE);
}

/* The whole record as Python makes it, byte for byte. */
static void test_golden_seal(void **state)
{
	const struct record_place place = golden_place();
	const struct record_keys keys = golden_keys();
	uint8_t record[GOLDEN_STRIDE + 1];

	(void)state;
	record[GOLDEN_STRIDE] = 0x5a;
	record_seal(record, &place, &keys, golden_tag, golden_state,
	    bytes_from(golden_plain, sizeof golden_plain));
	assert_memory_equal(record, golden_record, GOLDEN_STRIDE);
	assert_int_equal(record[GOLDEN_STRIDE], 0x5a);
}

static void test_golden_open(void **state)
{
	const struct record_place place = golden_place();

	(void)state;
	assert_string_equal(open_at(&place), "");
	assert_int_equal(secret_size(opened), sizeof golden_plain);
	assert_memory_equal(secret_data(opened), golden_plain, sizeof golden_plain);
}

/* Every bit of a record counts, and which check finds it is known. */
static void test_every_bit(void **state)
{
	const struct record_place place = golden_place();
	const struct record_keys keys = golden_keys();
	uint8_t record[GOLDEN_STRIDE];

	(void)state;
	memcpy(record, golden_record, sizeof record);
	for (size_t i = 0; i < 8 * sizeof record; i++) {
		bool commitment = i / 8 >= RECORD_COMMITMENT && i / 8 < RECORD_STATE;

		record[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_string_equal(open_with(bytes_from(record, sizeof record), &place, &keys),
		    commitment ? "record-commitment" : "record-open");
		record[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_string_equal(open_with(bytes_from(record, sizeof record), &place, &keys), "");
}

static void test_place(void **state)
{
	struct record_place place = golden_place();

	(void)state;
	place.batch = "acme-eu-000002";
	assert_string_equal(open_at(&place), "record-open");
	place.batch = "acme-eu-00000";
	assert_string_equal(open_at(&place), "record-open");
	place = golden_place();
	place.lot++;
	assert_string_equal(open_at(&place), "record-open");
	place = golden_place();
	place.index++;
	assert_string_equal(open_at(&place), "record-open");
	place = golden_place();
	place.index += UINT64_C(1) << 32;
	assert_string_equal(open_at(&place), "record-open");
	place = golden_place();
	place.common[0] ^= 1;
	assert_string_equal(open_at(&place), "record-open");
	place = golden_place();
	place.stride += 64;
	assert_string_equal(open_at(&place), "record-size");
	place.stride -= 128;
	assert_string_equal(open_at(&place), "record-size");
}

static void test_size(void **state)
{
	static const uint8_t zeros[2 * RECORD_STRIDE_MAX];
	static const uint32_t strides[] = {0, 1, 64, 128, 193, RECORD_STRIDE_MAX + 64};
	const struct record_keys keys = golden_keys();
	struct record_place place = golden_place();

	(void)state;
	assert_string_equal(open_with(bytes_from(golden_record, sizeof golden_record - 1), &place, &keys),
	    "record-size");
	assert_string_equal(open_with(bytes_from(golden_record, 0), &place, &keys), "record-size");
	for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++) { /* equal, but no stride */
		place.stride = strides[i];
		assert_string_equal(open_with(bytes_from(zeros, strides[i]), &place, &keys), "record-size");
	}
}

static void test_keys(void **state)
{
	const struct record_place place = golden_place();
	const struct bytes record = bytes_from(golden_record, sizeof golden_record);
	struct record_keys keys;
	uint8_t root[KEY_SIZE];

	(void)state;
	keys_root(root, golden_lot_key, GOLDEN_INDEX + 1);
	keys_record(&keys, root);
	assert_string_equal(open_with(record, &place, &keys), "record-commitment");
	memcpy(keys.commitment, golden_commitment, HASH_SIZE);
	assert_string_equal(open_with(record, &place, &keys), "record-open");
	keys = golden_keys();
	keys.nonce[0] ^= 1;
	assert_string_equal(open_with(record, &place, &keys), "record-nonce");
	keys = golden_keys();
	keys.blind[0] ^= 1; /* opens the state commitment, not the record */
	assert_string_equal(open_with(record, &place, &keys), "");
}

/* Sealed with the right key but a nonce of somebody's choice. */
static void test_chosen_nonce(void **state)
{
	const struct record_place place = golden_place();
	const struct record_keys keys = golden_keys();
	uint8_t record[GOLDEN_STRIDE];

	(void)state;
	memcpy(record, golden_record, sizeof record);
	record[RECORD_NONCE] ^= 1;
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_encrypt_detached(record + RECORD_CIPHERTEXT,
	    record + GOLDEN_STRIDE - RECORD_MAC_SIZE, NULL, golden_plain, sizeof golden_plain,
	    golden_associated, sizeof golden_associated, NULL, record + RECORD_NONCE, keys.aead), 0);
	assert_string_equal(open_with(bytes_from(record, sizeof record), &place, &keys), "record-nonce");
}

static void test_capacity(void **state)
{
	const struct record_place place = golden_place();
	const struct record_keys keys = golden_keys();
	const struct bytes record = bytes_from(golden_record, sizeof golden_record);
	struct secret *tight;
	struct fault fault;

	(void)state;
	assert_int_equal(secret_new(&tight, GOLDEN_STRIDE - RECORD_OVERHEAD, &fault), ERR_OK);
	assert_int_equal(record_open(tight, record, &place, &keys, "w", &fault), ERR_OK);
	assert_int_equal(secret_size(tight), sizeof golden_plain);
	secret_free(&tight);
	assert_int_equal(secret_new(&tight, GOLDEN_STRIDE - RECORD_OVERHEAD - 1, &fault), ERR_OK);
	assert_int_equal(record_open(tight, record, &place, &keys, "w", &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "memory");
	secret_free(&tight);
}

/* Every stride, from seed to contents and back. */
static void test_round_trip(void **state)
{
	static uint8_t record[RECORD_STRIDE_MAX];
	static const uint8_t commons[HASH_SIZE] = {7};
	struct record_place place = {.batch = "b", .lot = 0, .index = 0};
	struct contents_step step = {.op = CONTENTS_WRITE, .slot = {42, CREDENTIAL_PSK}};
	struct contents contents;
	struct record_keys keys;
	struct secret *plain;
	struct fault fault;
	uint8_t root[KEY_SIZE];
	char psk[65];

	(void)state;
	memcpy(place.common, commons, HASH_SIZE);
	assert_int_equal(secret_new(&plain, RECORD_STRIDE_MAX, &fault), ERR_OK);
	for (place.stride = 256; place.stride <= RECORD_STRIDE_MAX; place.stride += RECORD_STRIDE_STEP) {
		keys_root(root, golden_lot_key, ++place.index);
		keys_record(&keys, root);
		hex_encode(psk, bytes_from(root, sizeof root));
		step.content = bytes_of(psk);
		assert_true(contents_begin(plain, GOLDEN_IMEI));
		assert_true(contents_put(plain, &step));
		assert_true(contents_pad(plain, place.stride - RECORD_OVERHEAD));
		record_seal(record, &place, &keys, golden_tag, golden_state, secret_bytes(plain));
		assert_memory_equal(record, golden_tag, RECORD_TAG_SIZE);
		assert_memory_equal(record + RECORD_STATE, golden_state, HASH_SIZE);
		assert_string_equal(open_with(bytes_from(record, place.stride), &place, &keys), "");
		assert_int_equal(contents_read(&contents, secret_bytes(opened), 0, "w", &fault), ERR_OK);
		assert_int_equal(contents.count, 1);
		assert_true(bytes_is(contents.steps[0].content, psk));
	}
	secret_free(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stride),
	    cmocka_unit_test(test_common),
	    cmocka_unit_test(test_associated),
	    cmocka_unit_test(test_nonce),
	    cmocka_unit_test(test_golden_seal),
	    cmocka_unit_test(test_golden_open),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_place),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_chosen_nonce),
	    cmocka_unit_test(test_capacity),
	    cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
