/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <sodium.h>

#include "gapseal/contents.h"

#define IMEI "490154203237518"
#define PEM "-----BEGIN X-----\nAA==\n-----END X-----\n"
#define COMMONS 3
#define CAPACITY 16384

static struct secret *plain;

static int group_setup(void **state)
{
	struct fault fault;

	(void)state;
	return sodium_init() >= 0 && secret_new(&plain, CAPACITY, &fault) == ERR_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	secret_free(&plain);
	return 0;
}

static const struct contents_step write_psk = {.op = CONTENTS_WRITE, .slot = {42, 3},
    .content = {(const uint8_t *)"00112233", 8}};
static const struct contents_step write_key = {.op = CONTENTS_WRITE, .slot = {SLOT_TAG_MAX, 2},
    .content = {(const uint8_t *)PEM, sizeof PEM - 1}, .password = {(const uint8_t *)"swordfish", 9}};
static const struct contents_step delete_cert = {.op = CONTENTS_DELETE, .slot = {42, 1}};
static const struct contents_step keygen = {.op = CONTENTS_KEYGEN, .slot = {9, 2},
    .attributes = {(const uint8_t *)"CN=golden", 9}, .usage = {(const uint8_t *)"101010000", 9}};
static const struct contents_step expect_ca = {.op = CONTENTS_EXPECT, .slot = {7, 0}};

static void put(const struct contents_step *step)
{
	size_t before = secret_size(plain);

	assert_true(contents_put(plain, step));
	assert_int_equal(secret_size(plain) - before, contents_step_size(step));
}

static void assert_bytes_equal(struct bytes a, struct bytes b)
{
	assert_int_equal(a.size, b.size);
	if (a.size > 0)
		assert_memory_equal(a.data, b.data, a.size);
}

static void assert_step_equal(const struct contents_step *a, const struct contents_step *b)
{
	assert_int_equal(a->op, b->op);
	assert_int_equal(slot_compare(a->slot, b->slot), 0);
	assert_int_equal(a->shared, b->shared);
	assert_int_equal(a->common, b->common);
	assert_bytes_equal(a->content, b->content);
	assert_bytes_equal(a->password, b->password);
	assert_bytes_equal(a->attributes, b->attributes);
	assert_bytes_equal(a->usage, b->usage);
}

static void read_good(struct contents *out)
{
	struct fault fault = {.text = ""};
	enum err err = contents_read(out, secret_bytes(plain), COMMONS, "record 1", &fault);

	if (err != ERR_OK)
		fail_msg("%s", fault.text);
}

static void test_full(void **state)
{
	struct secret *small;
	struct fault fault;

	(void)state;
	assert_int_equal(secret_new(&small, CONTENTS_HEAD - 1, &fault), ERR_OK);
	assert_false(contents_begin(small, IMEI));
	secret_free(&small);
	assert_int_equal(secret_new(&small, CONTENTS_HEAD + 20, &fault), ERR_OK);
	assert_false(contents_put(small, &delete_cert)); /* not begun */
	assert_true(contents_begin(small, IMEI));
	assert_false(contents_put(small, &write_key));
	assert_int_equal(secret_size(small), CONTENTS_HEAD);
	assert_int_equal(secret_data(small)[CONTENTS_COUNT_AT], 0);
	assert_true(contents_put(small, &write_psk)); /* 6 + 1 + 2 + 8 + 1 = 18 of 20 */
	assert_false(contents_put(small, &delete_cert));
	assert_int_equal(secret_data(small)[CONTENTS_COUNT_AT], 1);
	assert_false(contents_pad(small, secret_size(small))); /* no room for the 0x80 */
	assert_false(contents_pad(small, secret_capacity(small) + 1));
	assert_true(contents_pad(small, secret_capacity(small)));
	secret_free(&small);
}

static void test_fields(void **state)
{
	static uint8_t big[UINT16_MAX + 1];
	struct contents_step step = write_key;
	struct secret *large;
	struct fault fault;

	(void)state;
	assert_int_equal(secret_new(&large, 3 * sizeof big, &fault), ERR_OK);
	assert_true(contents_begin(large, IMEI));
	step.content = bytes_from(big, sizeof big);
	assert_false(contents_put(large, &step));
	step = write_key;
	step.password = bytes_from(big, 256);
	assert_false(contents_put(large, &step));
	step = keygen;
	step.attributes = bytes_from(big, sizeof big);
	assert_false(contents_put(large, &step));
	step = keygen;
	step.usage = bytes_from(big, 256);
	assert_false(contents_put(large, &step));
	step = delete_cert;
	step.slot.type = 256;
	assert_false(contents_put(large, &step));
	assert_int_equal(secret_size(large), CONTENTS_HEAD);
	secret_free(&large);
}

static void test_most_steps(void **state)
{
	struct contents_step step = expect_ca;
	struct contents contents;

	(void)state;
	assert_true(contents_begin(plain, IMEI));
	for (uint32_t i = 0; i < SLOTS_MAX; i++) {
		step.slot.tag = i;
		put(&step);
	}
	step.slot.tag = SLOTS_MAX;
	assert_false(contents_put(plain, &step));
	assert_true(contents_pad(plain, secret_size(plain) + 1));
	read_good(&contents);
	assert_int_equal(contents.count, SLOTS_MAX);
}

/* A small generator (xorshift) with a fixed start, so that a failure can be had again. */
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);
static uint32_t below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 16) % limit);
}

static struct bytes random_text(char *out, size_t size, const char *alphabet)
{
	for (size_t i = 0; i < size; i++)
		out[i] = alphabet[below((uint32_t)strlen(alphabet))];
	return bytes_from(out, size);
}

#define PRINTABLE "ABCxyz0189 !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

/* Random valid step for a tag; text is where its texts may lie. */
static struct contents_step random_step(uint32_t tag, char *text)
{
	struct contents_step step = {.op = (enum contents_op)(1 + below(4)), .slot = {tag, below(5)}};

	if (step.op == CONTENTS_KEYGEN) {
		step.slot.type = CREDENTIAL_KEY;
		step.attributes = random_text(text, below(60), PRINTABLE);
		if (below(2) == 0) {
			step.usage = random_text(text + 60, 9, "01");
			text[68] = '0';
		}
	} else if (step.op == CONTENTS_WRITE && step.slot.type <= CREDENTIAL_CERT && below(2) == 0) {
		step.shared = true;
		step.common = (uint16_t)below(COMMONS);
	} else if (step.op == CONTENTS_WRITE && step.slot.type == CREDENTIAL_PSK) {
		step.content = random_text(text, 2 + 2 * below(40), "0123456789abcdef");
	} else if (step.op == CONTENTS_WRITE && step.slot.type == CREDENTIAL_IDENTITY) {
		step.content = random_text(text, 1 + below(100), PRINTABLE);
	} else if (step.op == CONTENTS_WRITE) {
		size_t size = 20 + below(200);

		random_text(text, size, PRINTABLE "\n");
		memcpy(text, "-----BEGIN ", 11);
		memcpy(text + size - 6, "-----\n", 6);
		step.content = bytes_from(text, size);
		if (step.slot.type == CREDENTIAL_KEY)
			step.password = random_text(text + size, below(PASSWORD_MAX + 1), PRINTABLE);
	}
	return step;
}

static void test_property(void **state)
{
	static struct contents_step steps[SLOTS_MAX];
	static char texts[SLOTS_MAX][300];
	struct contents contents;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		size_t count = 1 + below(SLOTS_MAX);
		size_t total = CONTENTS_HEAD;

		assert_true(contents_begin(plain, IMEI));
		for (size_t i = 0; i < count; i++) {
			steps[i] = random_step((uint32_t)i * 67000000 + below(67000000), texts[i]);
			put(&steps[i]);
			total += contents_step_size(&steps[i]);
		}
		assert_int_equal(secret_size(plain), total);
		assert_true(contents_pad(plain, total + 1 + below(200)));
		read_good(&contents);
		assert_string_equal(contents.imei, IMEI);
		assert_int_equal(contents.count, count);
		for (size_t i = 0; i < count; i++)
			assert_step_equal(&contents.steps[i], &steps[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_most_steps),
	    cmocka_unit_test(test_property),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
