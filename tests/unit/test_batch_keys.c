/* SPDX-License-Identifier: ISC */
#include "batch_bench.h"

static void check_master_refused(const struct bench *bench, struct bytes plain, const uint8_t *manifest,
    const char *code)
{
	struct buffer file = BUFFER_EMPTY;
	uint8_t plan[HASH_SIZE];
	struct secret *seed;
	struct fault fault;

	assert_int_equal(age_seal(&file, plain, &bench->office, 1, &fault), ERR_OK);
	assert_int_equal(master_open(&seed, plan, buffer_bytes(&file), bench->identity, manifest, "master",
	    &fault), ERR_NO);
	assert_string_equal(fault.code, code);
	assert_null(seed);
	buffer_free(&file);
}

static void test_master(void **state)
{
	char *csv = devices(3, "", row_alone);
	uint8_t plan[HASH_SIZE], plain[sizeof MASTER_MAGIC - 1 + 3 * 32 + 1] = MASTER_MAGIC;
	struct batch_result result;
	struct secret *seed;
	struct bench bench;
	struct fault fault;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	compile(&result, &bench);
	assert_int_equal(master_open(&seed, plan, buffer_bytes(&result.master), bench.identity,
	    result.manifest_sha256,
	    "master", &fault), ERR_OK);
	assert_true(bytes_equal(secret_bytes(seed), secret_bytes(bench.seed)));
	assert_memory_equal(plan, result.plan_hash, HASH_SIZE);
	secret_free(&seed);
	memcpy(plain + sizeof MASTER_MAGIC - 1, result.manifest_sha256, HASH_SIZE);
	check_master_refused(&bench, bytes_from(plain, sizeof plain - 2), result.manifest_sha256,
	    "master-form");
	check_master_refused(&bench, bytes_from(plain, sizeof plain - 1), plan, "master-manifest");
	plain[0] ^= 1;
	check_master_refused(&bench, bytes_from(plain, sizeof plain - 1), result.manifest_sha256,
	    "master-form");
	check_master_refused(&bench, bytes_from(plain, sizeof plain), result.manifest_sha256, "age-size");
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

/* The keys a grant carries are those the records were sealed with. */
static void check_grant(struct bench *bench, const struct batch_result *result, const uint32_t *lots,
    size_t count)
{
	struct buffer file = BUFFER_EMPTY;
	struct bytes magic, hash, key;
	uint8_t kind, check[HASH_SIZE];
	struct cursor cursor;
	struct secret *plain;
	struct fault fault;
	uint32_t number;

	assert_int_equal(grant_seal(&file, &result->manifest, result->manifest_sha256, bench->seed,
	    result->plan_hash, lots, count, &bench->office, 1, &fault), ERR_OK);
	assert_int_equal(age_open(&plain, buffer_bytes(&file), bench->identity, 4096, "keys.age", &fault),
	    ERR_OK);
	cursor = cursor_of(secret_bytes(plain));
	assert_true(take_bytes(&cursor, strlen(GRANT_KEYS_MAGIC), &magic) &&
	    bytes_is(magic, GRANT_KEYS_MAGIC));
	assert_true(take_bytes(&cursor, HASH_SIZE, &hash));
	assert_memory_equal(hash.data, result->manifest_sha256, HASH_SIZE);
	assert_true(take_u8(&cursor, &kind) && kind == GRANT_KEYS_LOTS && take_u32(&cursor, &number) &&
	    number == count);
	for (size_t i = 0; i < count; i++) {
		assert_true(take_u32(&cursor, &number) && number == lots[i] &&
		    take_bytes(&cursor, KEY_SIZE, &key));
		keys_lot_check(check, key.data);
		assert_memory_equal(check, manifest_lot(&result->manifest, number)->check, HASH_SIZE);
	}
	assert_int_equal(cursor_left(&cursor), 0);
	secret_free(&plain);
	buffer_free(&file);
}

static void check_grant_refused(struct bench *bench, const struct batch_result *result, const uint32_t *lots,
    size_t count, const char *code)
{
	struct buffer file = BUFFER_EMPTY;
	struct fault fault;

	assert_int_equal(grant_seal(&file, &result->manifest, result->manifest_sha256, bench->seed,
	    result->plan_hash, lots, count, &bench->office, 1, &fault), ERR_NO);
	assert_string_equal(fault.code, code);
	assert_int_equal(file.size, 0);
}

static void test_grants(void **state)
{
	char *csv = devices(30, ",lot", row_of_three_lots);
	struct batch_result result;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	compile(&result, &bench);
	check_grant(&bench, &result, (const uint32_t[]){0, 1, 2}, 3);
	check_grant(&bench, &result, (const uint32_t[]){0, 2}, 2);
	check_grant(&bench, &result, (const uint32_t[]){1}, 1);
	check_grant_refused(&bench, &result, NULL, 0, "grant-lots");
	check_grant_refused(&bench, &result, (const uint32_t[]){3}, 1, "grant-lots");
	check_grant_refused(&bench, &result, (const uint32_t[]){1, 0}, 2, "grant-lots");
	check_grant_refused(&bench, &result, (const uint32_t[]){1, 1}, 2, "grant-lots");
	secret_data(bench.seed)[0] ^= 1;
	check_grant_refused(&bench, &result, (const uint32_t[]){1}, 1, "grant-seed");
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(test_master),
		BATCH_TEST(test_grants),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
