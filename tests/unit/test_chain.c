/* SPDX-License-Identifier: ISC */
/* The versions of trust somebody holds, in memory and in a folder. */
#include "officers.h"
#include "place.h"

#include "gapseal/file.h"

static struct chain *chain;
static struct document versions[3]; /* 1, 2, 3: each along the one before */
static struct document forked;        /* another version 2 */

static void make_version(struct document *out, uint64_t version, const struct document *previous,
    const char *issued)
{
	struct trust_fields fields;

	if (previous == NULL)
		specimen_trust(&fields);
	else
		next_trust(&fields, version);
	if (previous != NULL)
		hex_encode(fields.prev, bytes_from(previous->hash, HASH_SIZE));
	snprintf(fields.issued, sizeof fields.issued, "%s", issued);
	trust_document(out, &fields);
	sign_trust(out, ANNA, version);
	sign_trust(out, CLEO, version);
	json_free(&fields, &trust_shape);
}

static int set_up(void **state)
{
	(void)state;
	place_make();
	make_version(&versions[0], 1, NULL, "2026-07-01T09:00:00Z");
	make_version(&versions[1], 2, &versions[0], "2026-07-02T09:00:00Z");
	make_version(&versions[2], 3, &versions[1], "2026-07-03T09:00:00Z");
	make_version(&forked, 2, &versions[0], "2026-07-02T10:00:00Z");
	return chain_new(&chain, &fault) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	chain_free(&chain);
	assert_null(chain);
	for (size_t i = 0; i < 3; i++)
		document_free(&versions[i]);
	document_free(&forked);
	place_remove();
	return 0;
}

static void add(const struct document *document, bool expected)
{
	bool added = !expected;

	if (chain_add(chain, document, &added, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.code, fault.text);
	assert_true(added == expected);
}

static void refuse(const struct document *document, const char *code)
{
	size_t before = chain_count(chain);
	bool added = true;

	assert_fault(chain_add(chain, document, &added, &fault), ERR_NO, code);
	assert_false(added);
	assert_int_equal(chain_count(chain), before); /* what was not verified is not kept */
}

static void test_add(void **state)
{
	(void)state;
	assert_null(chain_newest(chain));
	assert_null(chain_version(chain, 1));
	add(&versions[0], true);
	refuse(&versions[2], "trust-version");
	add(&versions[1], true);
	add(&versions[0], false);
	add(&versions[1], false);
	add(&versions[2], true);
	refuse(&forked, "trust-differs");
	assert_int_equal(chain_count(chain), 3);
	assert_ptr_equal(chain_newest(chain), chain_at(chain, 2));
	assert_ptr_equal(chain_version(chain, 2), chain_at(chain, 1));
	assert_null(chain_version(chain, 0));
	assert_null(chain_version(chain, 4));
	assert_memory_equal(trust_hash(chain_at(chain, 1)), versions[1].hash, HASH_SIZE);
}

/* A chain may begin later than 1, if that is what was pinned; it never grows downwards. */
static void test_begin_later(void **state)
{
	(void)state;
	add(&versions[1], true);
	assert_null(chain_version(chain, 1));
	refuse(&versions[0], "trust-version");
	refuse(&forked, "trust-differs");
	add(&versions[1], false);
	add(&versions[2], true);
	assert_ptr_equal(chain_version(chain, 3), chain_at(chain, 1));
}

/* A version that is held already is verified again: its folder is refused like any other. */
static void test_held_is_verified(void **state)
{
	(void)state;
	add(&versions[0], true);
	versions[0].signatures[1].text.size--;
	refuse(&versions[0], "minisig-form");
	versions[0].signatures[1].text.size++;
	sign_trust(&versions[0], DORA, 1);
	refuse(&versions[0], "signature-key");
}

static void test_unsigned(void **state)
{
	(void)state;
	buffer_free(&versions[0].signatures[1].text);
	versions[0].count = 1;
	refuse(&versions[0], "signature-threshold");
	assert_null(chain_newest(chain));
}

static void store_all(void)
{
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(chain_store(place, &versions[i], i + 1, &fault), ERR_OK);
}

static void test_store_load(void **state)
{
	(void)state;
	assert_int_equal(chain_load(chain, place, "trust", &fault), ERR_OK);
	assert_int_equal(chain_count(chain), 0);
	store_all();
	store_all(); /* once more is harmless */
	assert_true(file_exists(place, "trust-000003.json"));
	place_put("notes.txt", "x", 1);
	place_put("trust-000004.json.part", "x", 1);
	place_put("trust-00004.json", "x", 1);
	assert_int_equal(chain_load(chain, place, "trust", &fault), ERR_OK);
	assert_int_equal(chain_count(chain), 3);
	assert_int_equal(trust_get(chain_newest(chain))->version, 3);
	assert_memory_equal(trust_hash(chain_at(chain, 2)), versions[2].hash, HASH_SIZE);
}

static void test_load_gap(void **state)
{
	(void)state;
	store_all();
	assert_int_equal(unlinkat(place, "trust-000002.json", 0), 0);
	assert_fault(chain_load(chain, place, "trust", &fault), ERR_NO, "trust-version");
	assert_string_equal(fault.where, "trust/trust-000003.json");
}

static void test_load_name(void **state)
{
	(void)state;
	assert_int_equal(chain_store(place, &versions[0], 2, &fault), ERR_OK);
	assert_fault(chain_load(chain, place, "trust", &fault), ERR_NO, "trust-name");
}

/* A store that was cut off before the document: its signatures must not spoil the next attempt. */
static void test_store_interrupted(void **state)
{
	(void)state;
	assert_int_equal(chain_store(place, &versions[0], 1, &fault), ERR_OK);
	assert_int_equal(chain_store(place, &forked, 2, &fault), ERR_OK);
	assert_int_equal(unlinkat(place, "trust-000002.json", 0), 0);
	place_put("trust-000002.json.0123456789ABCDEF.minisig", "torn", 4);
	assert_int_equal(chain_store(place, &versions[1], 2, &fault), ERR_OK);
	assert_int_equal(chain_load(chain, place, "trust", &fault), ERR_OK);
	assert_int_equal(chain_count(chain), 2);
	assert_memory_equal(trust_hash(chain_newest(chain)), versions[1].hash, HASH_SIZE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add), TEST(test_begin_later), TEST(test_held_is_verified), TEST(test_unsigned),
		TEST(test_store_load), TEST(test_load_gap), TEST(test_load_name),
		    TEST(test_store_interrupted),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
