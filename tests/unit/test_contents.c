/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <sodium.h>

#include "golden_record.h"

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
static const struct contents_step write_shared = {.op = CONTENTS_WRITE, .slot = {16842753, 0},
    .shared = true, .common = COMMONS - 1};
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

/* Refused, and the sentence ends in the rule that was broken. */
static void check_refused(const char *rule)
{
	struct contents contents = {.count = 99};
	struct fault fault = {.text = ""};

	assert_int_equal(contents_read(&contents, secret_bytes(plain), COMMONS, "record 1", &fault), ERR_NO);
	assert_int_equal(fault.err, ERR_NO);
	assert_string_equal(fault.code, "record-contents");
	assert_string_equal(fault.where, "record 1");
	assert_int_equal(contents.count, 0);
	if (strstr(fault.text, rule) == NULL)
		fail_msg("expected \"%s\" in \"%s\"", rule, fault.text);
}

static void test_golden(void **state)
{
	static const uint32_t tags[] = {42, 42, 16842753, 42, 9, 7};
	static const uint32_t types[] = {3, 4, 0, 1, 2, 0};
	struct contents contents;

	(void)state;
	secret_clear(plain);
	assert_true(secret_put(plain, bytes_from(golden_plain, sizeof golden_plain)));
	read_good(&contents);
	assert_string_equal(contents.imei, GOLDEN_IMEI);
	assert_int_equal(contents.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(contents.steps[i].slot.tag, tags[i]);
		assert_int_equal(contents.steps[i].slot.type, types[i]);
	}
	assert_true(bytes_is(contents.steps[1].content, "nrf-" GOLDEN_IMEI));
	assert_true(bytes_is(contents.steps[4].attributes, "CN=golden"));
	assert_true(bytes_is(contents.steps[4].usage, "101010000"));
	assert_true(contents.steps[2].shared);
	/* and put together again */
	assert_true(contents_begin(plain, GOLDEN_IMEI));
	for (size_t i = 0; i < 6; i++) {
		struct contents_step step = contents.steps[i];
		char psk[2 * 32 + 1];

		hex_encode(psk, bytes_from(golden_psk, 32));
		if (i == 0) /* the views died with what they viewed */
			step.content = bytes_of(psk);
		if (i == 1)
			step.content = bytes_of("nrf-" GOLDEN_IMEI);
		if (i == 4) {
			step.attributes = bytes_of("CN=golden");
			step.usage = bytes_of("101010000");
		}
		put(&step);
	}
	assert_true(contents_pad(plain, sizeof golden_plain));
	assert_memory_equal(secret_data(plain), golden_plain, sizeof golden_plain);
}

static void test_round_trip(void **state)
{
	static const struct contents_step *const steps[] = {
	    &write_psk, &write_key, &write_shared, &delete_cert, &keygen, &expect_ca,
	};
	struct contents contents;

	(void)state;
	assert_true(contents_begin(plain, IMEI));
	for (size_t i = 0; i < 6; i++)
		put(steps[i]);
	assert_true(contents_pad(plain, secret_size(plain) + 1)); /* the least padding there is */
	read_good(&contents);
	assert_string_equal(contents.imei, IMEI);
	assert_int_equal(contents.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_step_equal(&contents.steps[i], steps[i]);
}

static void start(void)
{
	assert_true(contents_begin(plain, IMEI));
}

static void finish(void)
{
	assert_true(contents_pad(plain, secret_size(plain) + 9));
}

static void only(const struct contents_step *step)
{
	start();
	put(step);
	finish();
}

static void test_head(void **state)
{
	(void)state;
	only(&write_psk);
	secret_data(plain)[0] = 0;
	check_refused("another version");
	secret_data(plain)[0] = 2;
	check_refused("another version");
	only(&write_psk);
	secret_data(plain)[15] = '9';
	check_refused("no valid IMEI");
	only(&write_psk);
	memset(secret_data(plain) + 1, '0', 15);
	check_refused("no valid IMEI");
	only(&write_psk);
	secret_data(plain)[CONTENTS_COUNT_AT] = 0;
	check_refused("number of steps");
	secret_data(plain)[CONTENTS_COUNT_AT] = SLOTS_MAX + 1;
	check_refused("number of steps");
	start();
	finish();
	check_refused("number of steps");
}

/* A step more or less than there are. */
static void test_count(void **state)
{
	(void)state;
	only(&write_psk);
	secret_data(plain)[CONTENTS_COUNT_AT] = 2;
	check_refused("no known kind"); /* the padding is not a step */
	start();
	put(&write_psk);
	put(&delete_cert);
	finish();
	secret_data(plain)[CONTENTS_COUNT_AT] = 1;
	check_refused("padding does not follow");
}

static void test_kinds(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		only(&expect_ca);
		secret_data(plain)[CONTENTS_HEAD] = (uint8_t)op;
		if (op == CONTENTS_EXPECT || op == CONTENTS_DELETE) {
			struct contents contents;

			read_good(&contents);
		} else if (op == CONTENTS_WRITE) {
			check_refused("neither the device's own nor common");
		} else if (op == CONTENTS_KEYGEN) {
			check_refused("step");
		} else {
			check_refused("no known kind");
		}
	}
	only(&write_psk);
	secret_data(plain)[CONTENTS_HEAD + 6] = 2;
	check_refused("neither the device's own nor common");
}

static void check_slot(struct contents_step step, struct slot slot)
{
	step.slot = slot;
	only(&step);
	check_refused("slot that cannot be written");
}

static void test_slots(void **state)
{
	(void)state;
	check_slot(write_psk, (struct slot){SLOT_TAG_MAX + 1, 3});
	check_slot(write_psk, (struct slot){42, 5});
	check_slot(write_shared, (struct slot){UINT32_MAX, 0});
	check_slot(delete_cert, (struct slot){4294967293, 1});
	check_slot(delete_cert, (struct slot){42, 6});
	check_slot(keygen, (struct slot){SLOT_TAG_MAX + 1, 2});
	check_slot(expect_ca, (struct slot){4294967293, 0});
	check_slot(expect_ca, (struct slot){7, 255});
}

static void test_repeated(void **state)
{
	const struct contents_step again = {.op = CONTENTS_DELETE, .slot = {9, 2}};

	(void)state;
	start();
	put(&keygen);
	put(&write_psk);
	put(&again);
	finish();
	check_refused("two steps are for one slot");
	start();
	put(&write_psk);
	put(&write_psk);
	finish();
	check_refused("two steps are for one slot");
}

static void check_write(uint32_t type, const char *content, const char *password, const char *rule)
{
	struct contents_step step = {.op = CONTENTS_WRITE, .slot = {42, type}};

	step.content = bytes_of(content);
	step.password = bytes_of(password);
	only(&step);
	check_refused(rule);
}

static void test_contents(void **state)
{
	struct contents_step shared = write_shared;

	(void)state;
	check_write(3, "", "", "the content is empty");
	check_write(3, "0", "", "odd number");
	check_write(4, "a\"b", "", "byte 2 of the content");
	check_write(1, "HONKHONK", "", "no PEM text");
	check_write(3, "0011", "x", "else than a private key");
	check_write(0, PEM, "x", "else than a private key");
	check_write(2, PEM, "a\"b", "password is too long or holds");
	check_write(2, PEM, "a\nb", "password is too long or holds");
	check_write(2, PEM, "0123456789abcdef0123456789abcdef0", "password is too long or holds");
	shared.common = COMMONS;
	only(&shared);
	check_refused("no common content of that number");
	shared.common = UINT16_MAX;
	only(&shared);
	check_refused("no common content of that number");
	shared.common = 0;
	for (uint32_t type = CREDENTIAL_KEY; type <= CREDENTIAL_IDENTITY; type++) {
		shared.slot.type = type;
		only(&shared);
		check_refused("something else than a certificate");
	}
}

/* The password takes its room from the command the key goes in. */
static void test_password_room(void **state)
{
	static uint8_t pem[CONTENT_MAX];
	struct contents_step step = write_key;
	struct contents contents;

	(void)state;
	memset(pem, 'a', sizeof pem);
	memcpy(pem, "-----BEGIN ", 11);
	step.content = bytes_from(pem, credential_limit(step.slot.tag) - 3 - step.password.size);
	memcpy(pem + step.content.size - 6, "-----\n", 6);
	only(&step);
	read_good(&contents);
	memset(pem + step.content.size - 6, 'a', 6);
	step.content.size++;
	memcpy(pem + step.content.size - 6, "-----\n", 6);
	only(&step);
	check_refused("do not fit into one command");
	step.password.size = 0;
	only(&step);
	read_good(&contents);
}

static void check_keygen(const char *attributes, const char *usage, const char *rule)
{
	struct contents_step step = {.op = CONTENTS_KEYGEN, .slot = {9, 2}};
	struct contents contents;

	step.attributes = bytes_of(attributes);
	step.usage = bytes_of(usage);
	only(&step);
	if (rule[0] != '\0')
		check_refused(rule);
	else
		read_good(&contents);
}

static void test_keygen(void **state)
{
	static char longest[CONTENTS_ATTRIBUTES_MAX + 2];

	(void)state;
	check_keygen("", "", "");
	check_keygen("", "111111110", "");
	check_keygen("", "111111111", "nine binary digits");
	check_keygen("", "00000000", "nine binary digits");
	check_keygen("", "0000000000", "nine binary digits");
	check_keygen("", "0000000200", "nine binary digits");
	check_keygen("", "00/000000", "nine binary digits");
	check_keygen("CN=\"", "", "attributes are too long or hold");
	check_keygen("CN=\x7f", "", "attributes are too long or hold");
	check_keygen("CN=a\r", "", "attributes are too long or hold");
	memset(longest, 'a', CONTENTS_ATTRIBUTES_MAX);
	check_keygen(longest, "", "");
	longest[CONTENTS_ATTRIBUTES_MAX] = 'a';
	check_keygen(longest, "", "attributes are too long or hold");
}

/* A usage cut short at the very end of the memory: its length is looked at before its last digit. */
static void test_short_usage(void **state)
{
	struct contents_step step = keygen;
	struct contents contents;
	struct secret *exact;
	struct fault fault;

	(void)state;
	step.usage.size = 3;
	assert_int_equal(secret_new(&exact, CONTENTS_HEAD + contents_step_size(&step), &fault), ERR_OK);
	assert_true(contents_begin(exact, IMEI));
	assert_true(contents_put(exact, &step));
	assert_int_equal(contents_read(&contents, secret_bytes(exact), COMMONS, "w", &fault), ERR_NO);
	assert_non_null(strstr(fault.text, "nine binary digits"));
	secret_free(&exact);
}

static void test_padding(void **state)
{
	size_t used;

	(void)state;
	start();
	put(&write_psk);
	check_refused("padding does not follow"); /* none at all */
	used = secret_size(plain);
	finish();
	for (size_t i = used; i < secret_size(plain); i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			secret_data(plain)[i] ^= (uint8_t)(1u << bit);
			check_refused(i == used ? "padding does not follow" : "stands in the padding");
			secret_data(plain)[i] ^= (uint8_t)(1u << bit);
		}
}

/* Cut short anywhere: never read beyond the end (the secret's guard page stands right behind it). */
static void test_cut(void **state)
{
	const size_t last = 17 + 74 + 29 + 9 + 6 + 26 + 6; /* offset of the 0x80 */
	struct contents contents;
	struct secret *cut;
	struct fault fault;
	enum err err;

	(void)state;
	for (size_t size = 0; size < sizeof golden_plain; size++) {
		assert_int_equal(secret_new(&cut, size == 0 ? 1 : size, &fault), ERR_OK);
		assert_true(secret_put(cut, bytes_from(golden_plain, size)));
		err = contents_read(&contents, secret_bytes(cut), COMMONS, "record 1", &fault);
		assert_int_equal(err, size <= last ? ERR_NO : ERR_OK); /* less padding is fine here */
		secret_free(&cut);
	}
}

/* Any byte set to anything: read or refused, and what is read is put back to the same bytes. */
static void test_every_byte(void **state)
{
	static uint8_t copy[sizeof golden_plain];
	struct contents contents;
	struct fault fault;
	size_t accepted = 0;

	(void)state;
	for (size_t i = 0; i < sizeof golden_plain; i++)
		for (unsigned value = 0; value < 256; value++) {
			memcpy(copy, golden_plain, sizeof copy);
			copy[i] = (uint8_t)value;
			if (contents_read(&contents, bytes_from(copy, sizeof copy), COMMONS, "w", &fault) !=
			    ERR_OK)
				continue;
			accepted++;
			assert_true(contents_begin(plain, contents.imei));
			for (size_t j = 0; j < contents.count; j++)
				put(&contents.steps[j]);
			assert_true(contents_pad(plain, sizeof copy));
			assert_memory_equal(secret_data(plain), copy, sizeof copy);
		}
	assert_true(accepted > sizeof golden_plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_head),
	    cmocka_unit_test(test_count),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_slots),
	    cmocka_unit_test(test_repeated),
	    cmocka_unit_test(test_contents),
	    cmocka_unit_test(test_password_room),
	    cmocka_unit_test(test_keygen),
	    cmocka_unit_test(test_short_usage),
	    cmocka_unit_test(test_padding),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
