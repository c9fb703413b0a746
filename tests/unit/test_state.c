/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "golden_record.h"

#include "gapseal/state.h"

#define IMEI "490154203237518"
#define BLIND_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define A_HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01"
#define B_HEX "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb02"

static struct state_slot digest_slot(uint32_t tag, uint32_t type, const char *hex)
{
	struct state_slot slot = {.slot = {tag, type}, .kind = STATE_DIGEST};

	assert_true(hex_decode(slot.digest, HASH_SIZE, bytes_of(hex)));
	return slot;
}

/* Checks a commitment against the text it is said to be the SHA-256 of. */
static void check_text(const struct state_slot *slots, size_t count, const char *text)
{
	uint8_t blind[BLIND_SIZE];
	uint8_t expected[HASH_SIZE];
	uint8_t got[HASH_SIZE];

	assert_true(hex_decode(blind, BLIND_SIZE, bytes_of(BLIND_HEX)));
	hash_bytes(expected, bytes_of(text));
	state_commit(got, blind, IMEI, slots, count);
	assert_memory_equal(got, expected, HASH_SIZE);
}

static void test_text(void **state)
{
	struct state_slot slots[] = {
	    {.slot = {0, 0}, .kind = STATE_PRESENT},
	    {.slot = {9, 2}, .kind = STATE_ABSENT},
	    digest_slot(42, 3, A_HEX),
	    digest_slot(42, 4, B_HEX),
	    digest_slot(100, 0, A_HEX),
	    {.slot = {SLOT_TAG_MAX, 1}, .kind = STATE_PRESENT},
	    {.slot = {UINT32_MAX, UINT32_MAX}, .kind = STATE_ABSENT},
	};

	(void)state;
	check_text(slots, 7,
	    "gapseal/state/v1\n" BLIND_HEX "\nimei " IMEI "\n"
	    "0,0,present\n"
	    "9,2,absent\n"
	    "42,3," A_HEX "\n"
	    "42,4," B_HEX "\n"
	    "100,0," A_HEX "\n"
	    "2147483647,1,present\n"
	    "4294967295,4294967295,absent\n");
	check_text(slots, 0, "gapseal/state/v1\n" BLIND_HEX "\nimei " IMEI "\n");
}

/* sha256sum itself says the same of the text in the comment:
 * printf 'gapseal/state/v1\n%064d\nimei 490154203237518\n42,3,present\n' 0 | sha256sum */
static void test_frozen(void **state)
{
	static const uint8_t blind[BLIND_SIZE];
	const struct state_slot slot = {.slot = {42, 3}, .kind = STATE_PRESENT};
	uint8_t got[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1];

	(void)state;
	state_commit(got, blind, IMEI, &slot, 1);
	hex_encode(hex, bytes_from(got, HASH_SIZE));
	assert_string_equal(hex, "0d688c6d251eea8abb9cf91e3ea5cd72684028d7b5cff613845ec1b18f701d3b");
}

static void test_golden(void **state)
{
	struct state_slot slots[] = {
	    {.slot = {7, 0}, .kind = STATE_PRESENT},
	    {.slot = {9, 2}, .kind = STATE_PRESENT},
	    {.slot = {42, 1}, .kind = STATE_ABSENT},
	    {.slot = {42, 3}, .kind = STATE_DIGEST},
	    {.slot = {42, 4}, .kind = STATE_DIGEST},
	    {.slot = {16842753, 0}, .kind = STATE_DIGEST},
	};
	char psk[2 * 32 + 1];
	uint8_t got[HASH_SIZE];

	(void)state;
	hex_encode(psk, bytes_from(golden_psk, 32));
	credential_digest(slots[3].digest, bytes_of(psk), false);
	credential_digest(slots[4].digest, bytes_of("nrf-" GOLDEN_IMEI), false);
	credential_digest(slots[5].digest, bytes_of(GOLDEN_CA), false);
	state_commit(got, golden_blind, GOLDEN_IMEI, slots, 6);
	assert_memory_equal(got, golden_state, HASH_SIZE);
}

static void test_ordered(void **state)
{
	struct state_slot slots[] = {
	    {.slot = {9, 4}}, {.slot = {10, 0}}, {.slot = {10, 1}}, {.slot = {UINT32_MAX, 0}},
	};

	(void)state;
	assert_true(state_ordered(slots, 0));
	assert_true(state_ordered(slots, 1));
	assert_true(state_ordered(slots, 4));
	slots[2].slot.type = 0; /* repeated */
	assert_false(state_ordered(slots, 4));
	slots[2].slot = (struct slot){9, 5}; /* backwards */
	assert_false(state_ordered(slots, 4));
	assert_true(state_ordered(slots, 2));
}

/* A plan of three slots and a modem that holds exactly it, listed backwards, among other things. */
#define PLANNED 3
struct bench {
	struct state_slot planned[PLANNED];
	struct state_slot observed[PLANNED];
	struct listing listing;
};

static struct listing_item item(uint32_t tag, uint32_t type, const char *hex)
{
	struct listing_item item = {.slot = {tag, type}, .has_digest = hex != NULL};

	if (hex != NULL)
		assert_true(hex_decode(item.digest, HASH_SIZE, bytes_of(hex)));
	return item;
}

static void bench_set(struct bench *bench)
{
	*bench = (struct bench){
	    .planned = {
	        {.slot = {7, 0}, .kind = STATE_PRESENT},
	        {.slot = {8, 1}, .kind = STATE_ABSENT},
	        digest_slot(42, 3, A_HEX),
	    },
	    .listing = {
	        .count = 4,
	        .items = {
	            item(42, 3, A_HEX), item(42, 4, B_HEX), item(7, 0, B_HEX), item(4294967293, 10, A_HEX),
	        },
	    },
	};
}

/* Whether the modem proves the plan: the commitments over both are equal. */
static bool bench_equal(struct bench *bench)
{
	static const uint8_t blind[BLIND_SIZE] = {1};
	uint8_t planned[HASH_SIZE];
	uint8_t observed[HASH_SIZE];

	memcpy(bench->observed, bench->planned, sizeof bench->planned);
	state_observe(bench->observed, PLANNED, &bench->listing);
	state_commit(planned, blind, IMEI, bench->planned, PLANNED);
	state_commit(observed, blind, IMEI, bench->observed, PLANNED);
	return memcmp(planned, observed, HASH_SIZE) == 0;
}

static void check_kinds(const struct bench *bench, enum state_kind a, enum state_kind b, enum state_kind c)
{
	static const uint8_t zeros[HASH_SIZE];

	assert_int_equal(bench->observed[0].kind, a);
	assert_int_equal(bench->observed[1].kind, b);
	assert_int_equal(bench->observed[2].kind, c);
	for (size_t i = 0; i < PLANNED; i++)
		if (bench->observed[i].kind != STATE_DIGEST)
			assert_memory_equal(bench->observed[i].digest, zeros, HASH_SIZE);
}

static void test_observe_equal(void **state)
{
	struct bench bench;

	(void)state;
	bench_set(&bench);
	assert_true(bench_equal(&bench));
	check_kinds(&bench, STATE_PRESENT, STATE_ABSENT, STATE_DIGEST);
	/* the digest of a slot that must only be present does not matter, nor whether it has one */
	bench.listing.items[2] = item(7, 0, NULL);
	assert_true(bench_equal(&bench));
	bench.listing.items[2] = item(7, 0, A_HEX);
	assert_true(bench_equal(&bench));
	/* nor does what the record does not name */
	bench.listing.items[1] = item(42, 4, A_HEX);
	assert_true(bench_equal(&bench));
	bench.listing.items[3] = item(5, 3, A_HEX);
	assert_true(bench_equal(&bench));
}

static void test_observe_missing(void **state)
{
	struct bench bench;

	(void)state;
	bench_set(&bench);
	bench.listing.items[0] = item(43, 3, A_HEX);
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_PRESENT, STATE_ABSENT, STATE_ABSENT);
	bench_set(&bench);
	bench.listing.items[2] = item(7, 1, B_HEX);
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_ABSENT, STATE_ABSENT, STATE_DIGEST);
	bench_set(&bench);
	bench.listing.count = 0;
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_ABSENT, STATE_ABSENT, STATE_ABSENT);
}

static void test_observe_extra(void **state)
{
	struct bench bench;

	(void)state;
	bench_set(&bench);
	bench.listing.items[3] = item(8, 1, B_HEX);
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_PRESENT, STATE_PRESENT, STATE_DIGEST);
}

static void test_observe_other_digest(void **state)
{
	struct bench bench;

	(void)state;
	bench_set(&bench);
	bench.listing.items[0] = item(42, 3, B_HEX);
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_PRESENT, STATE_ABSENT, STATE_DIGEST);
	assert_memory_equal(bench.observed[2].digest, bench.listing.items[0].digest, HASH_SIZE);
}

/* No digest, or one byte repeated, proves nothing, even if the plan had the same. */
static void test_observe_placeholder(void **state)
{
	struct bench bench;

	(void)state;
	bench_set(&bench);
	bench.listing.items[0] = item(42, 3, NULL);
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_PRESENT, STATE_ABSENT, STATE_PRESENT);
	bench_set(&bench);
	bench.listing.items[0].has_digest = false; /* whatever lies where one would be */
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_PRESENT, STATE_ABSENT, STATE_PRESENT);
	bench_set(&bench);
	memset(bench.listing.items[0].digest, 3, HASH_SIZE);
	memset(bench.planned[2].digest, 3, HASH_SIZE);
	assert_false(bench_equal(&bench));
	check_kinds(&bench, STATE_PRESENT, STATE_ABSENT, STATE_PRESENT);
}

/* Everything that goes in matters. */
static void test_binding(void **state)
{
	uint8_t blind[BLIND_SIZE] = {0};
	struct state_slot slot = digest_slot(42, 3, A_HEX);
	uint8_t first[HASH_SIZE];
	uint8_t got[HASH_SIZE];

	(void)state;
	state_commit(first, blind, IMEI, &slot, 1);
	state_commit(got, blind, "001014000000083", &slot, 1);
	assert_memory_not_equal(got, first, HASH_SIZE);
	blind[BLIND_SIZE - 1] = 1;
	state_commit(got, blind, IMEI, &slot, 1);
	assert_memory_not_equal(got, first, HASH_SIZE);
	blind[BLIND_SIZE - 1] = 0;
	slot.digest[HASH_SIZE - 1] ^= 1;
	state_commit(got, blind, IMEI, &slot, 1);
	assert_memory_not_equal(got, first, HASH_SIZE);
	slot.digest[HASH_SIZE - 1] ^= 1;
	state_commit(got, blind, IMEI, &slot, 1);
	assert_memory_equal(got, first, HASH_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_frozen),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_ordered),
	    cmocka_unit_test(test_observe_equal),
	    cmocka_unit_test(test_observe_missing),
	    cmocka_unit_test(test_observe_extra),
	    cmocka_unit_test(test_observe_other_digest),
	    cmocka_unit_test(test_observe_placeholder),
	    cmocka_unit_test(test_binding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
