/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <unistd.h>

#include "gapseal/seed.h"

/* hashlib.blake2b(label + the others, key = the smallest, digest_size = 32) of 00 01 .. 1f, ff fe .. e0 and,
 * for three, 7f 7f .. */
static const char of_two[] = "ac559f21a577e4ea11b6a24b7505ba3b6c231155f70d3c13cb522a1e43f8d17a";
static const char of_three[] = "ab9becac4dcaae9fa8dcc9086ddd559baed0233b173bba3d409d8e112e51bf7c";

static struct secret *share(unsigned which)
{
	struct secret *secret;
	struct fault fault;

	assert_int_equal(secret_new(&secret, SEED_SIZE, &fault), ERR_OK);
	for (unsigned i = 0; i < SEED_SIZE; i++)
		secret_data(secret)[i] = (uint8_t)(which == 0 ? i : which == 1 ? 255 - i : 0x7f);
	secret_resize(secret, SEED_SIZE);
	return secret;
}

static void check(struct secret *const *shares, size_t count, const char *expected)
{
	char hex[2 * SEED_SIZE + 1];
	struct secret *seed;
	struct fault fault;

	assert_int_equal(seed_combine(&seed, shares, count, &fault), ERR_OK);
	assert_int_equal(secret_size(seed), SEED_SIZE);
	hex_encode(hex, secret_bytes(seed));
	assert_string_equal(hex, expected);
	secret_free(&seed);
}

static void test_combine(void **state)
{
	struct secret *shares[] = {share(0), share(1), share(2)};
	struct secret *const turned[] = {shares[2], shares[1], shares[0]}, *const two[] = {shares[1],
	    shares[0]};

	(void)state;
	check(shares, 2, of_two);
	check(two, 2, of_two);
	check(shares, 3, of_three);
	check(turned, 3, of_three);
	for (size_t i = 0; i < 3; i++)
		secret_free(&shares[i]);
}

static void check_refused(struct secret *const *shares, size_t count, const char *code)
{
	struct secret *seed;
	struct fault fault;

	assert_int_equal(seed_combine(&seed, shares, count, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, code);
	assert_null(seed);
}

static void test_refused(void **state)
{
	struct secret *one = share(0), *other = share(1);
	struct secret *const twice[] = {one, other, one};
	struct secret *many[SEED_SHARES_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= SEED_SHARES_MAX; i++)
		many[i] = one;
	check_refused(twice, 0, "seed-shares");
	check_refused(twice, 1, "seed-shares");
	check_refused(many, SEED_SHARES_MAX + 1, "seed-shares");
	check_refused(twice, 3, "seed-share-twice");
	secret_free(&one);
	secret_free(&other);
}

static enum err read_text(struct secret **out, struct bytes text, struct fault *fault)
{
	enum err err;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text.data, text.size), text.size);
	close(ends[1]);
	err = seed_read_fd(out, ends[0], fault);
	close(ends[0]);
	return err;
}

static void test_text(void **state)
{
	static const struct {
		const char *text, *code;
	} wrong[] = {
		{"00", "seed-form"}, {"zz", "seed-form"}, {"\n", "seed-empty"}, {"", "seed-empty"},
		{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F\n", "seed-form"},
		{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1\n", "seed-form"},
		{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n", "seed-form"},
		{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00\n", "seed-form"},
	};
	struct secret *text, *other, *seed;
	struct fault fault;

	(void)state;
	assert_int_equal(seed_share_new(&text, &fault), ERR_OK);
	assert_int_equal(seed_share_new(&other, &fault), ERR_OK);
	assert_int_equal(secret_size(text), SEED_TEXT_SIZE);
	assert_memory_not_equal(secret_data(text), secret_data(other), SEED_TEXT_SIZE);
	assert_int_equal(read_text(&seed, secret_bytes(text), &fault), ERR_OK);
	assert_int_equal(secret_size(seed), SEED_SIZE);
	secret_free(&seed);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(read_text(&seed, bytes_of(wrong[i].text), &fault), ERR_CANNOT);
		assert_string_equal(fault.code, wrong[i].code);
		assert_null(seed);
		assert_null(strstr(fault.text, "0001"));
	}
	assert_int_equal(seed_read_fd(&seed, -1, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "seed-read");
	secret_free(&text);
	secret_free(&other);
}

static int start(void **state)
{
	struct fault fault;

	(void)state;
	return secret_process(&fault) == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
