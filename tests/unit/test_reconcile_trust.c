/* SPDX-License-Identifier: ISC */
/* Under which version of trust documents are judged, and what stations say of the versions they took in. */
#include "officers.h"

#include "books.h"

static void start_done(void)
{
	start();
	book_provision(&book, &run, 1, PERMIT);
}

/* Nothing but the grant's batch being gone. */
static void check_refused_batch(const char *code)
{
	judge();
	assert_int_equal(count_code(code, AUDIT_ERROR), 1);
	assert_int_equal(count_code("grant-batch", AUDIT_WARNING), 1);
	assert_int_equal(audit_findings(audit), 2);
	assert_int_equal(audit_batches(audit), 0);
	assert_string_equal(item_of(AUDIT_BATCH)->code, code);
	assert_false(audit_complete(audit));
}

/* Version 2, signed by the other two, has taken an officer's roles away. */
static void retire(size_t officer, unsigned status)
{
	struct trust_fields fields;
	struct document document;

	put_plain_trust();
	plain_trust(&fields);
	officer_at(&fields, officer)->status = status;
	for (size_t role = 0; role < ROLES; role++) {
		char(*members)[NAME_SIZE] = fields.roles[role].officers.items;

		memcpy(members[officer], members[CLEO], NAME_SIZE);
		fields.roles[role].officers.count = 2;
	}
	fields.version = 2;
	hex_encode(fields.prev, bytes_from(trust_hashes[0], HASH_SIZE));
	trust_document(&document, &fields);
	sign_trust(&document, officer == ANNA ? BERT : ANNA, 2);
	sign_trust(&document, CLEO, 2);
	given_trusts[trusts_given] = in_place("trust-2.json");
	put_document(place_path, "trust-2.json", &document);
	memcpy(trust_hashes[trusts_given++], document.hash, HASH_SIZE);
	document_free(&document);
	json_free(&fields, &trust_shape);
}

/* line1 took batch and grant in before version 2, line2 after it. */
static void write_both(void)
{
	struct grant_fields fields;

	permit_begin(&fields, &run, PERMIT);
	permit_put(permit, &fields);
	book_begin(&book, "line1", 1, &run, PERMIT, permit);
	book_trust(&book, 2);
	book_provision(&book, &run, 1, PERMIT);
	memset(&other, 0, sizeof other);
	other.station = "line2";
	other.number = 2;
	book_enroll(&other);
	book_trust(&other, 1);
	book_trust(&other, 2);
	book_ingest(&other, &run, 0, NULL, 2);
	book_ingest(&other, &run, PERMIT, permit, 2);
}

/* Bert has signed the batch: what line1 took in stays good. */
static void test_retired(void **state)
{
	(void)state;
	retire(BERT, OFFICER_RETIRED);
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_put(&run);
	write_both();
	judge();
	assert_string_equal(only_finding("ingest-refused", AUDIT_ERROR)->station, "line2");
	assert_int_equal(audit_finding(audit, 0)->entry, 3);
	assert_non_null(strstr(item_of(AUDIT_BATCH)->text, "approved by trust version 1"));
	check_class(1, CLASS_DONE);
}

/* Anna has signed the grant. */
static void test_retired_grant(void **state)
{
	(void)state;
	retire(ANNA, OFFICER_RETIRED);
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_put_signed(&run, (const size_t[]){BERT, CLEO}, 2);
	write_both();
	judge();
	assert_string_equal(only_finding("ingest-refused", AUDIT_ERROR)->station, "line2");
	assert_int_equal(audit_finding(audit, 0)->entry, 4);
	assert_non_null(strstr(item_of(AUDIT_BATCH)->text, "approved by trust version 2"));
}

/* What is wrong besides signatures that a newer version no longer takes is said instead of them. */
static void test_likeliest_fault(void **state)
{
	(void)state;
	retire(BERT, OFFICER_RETIRED);
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	snprintf(run.fields.org, sizeof run.fields.org, "other");
	run_put(&run);
	judge_given();
	run_free(&run);
	only_finding("manifest-org", AUDIT_ERROR);
}

static void test_compromised(void **state)
{
	(void)state;
	retire(BERT, OFFICER_COMPROMISED);
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_put(&run);
	judge_given();
	run_free(&run);
	only_finding("signature-threshold", AUDIT_ERROR);
}

/* Revoked by the newest version, whatever a station had accepted. */
static void test_revoked(void **state)
{
	struct trust_fields fields;

	(void)state;
	start_done();
	plain_trust(&fields);
	hex_encode(list_grow(&fields.revoked_batches, 2 * HASH_SIZE + 1), bytes_from(run.hash, HASH_SIZE));
	put_trust(&fields);
	check_refused_batch("manifest-revoked");
	audit_tear_down(state);
	audit_set_up(state);

	start_done();
	plain_trust(&fields);
	*(uint64_t *)list_grow(&fields.revoked_grants, sizeof(uint64_t)) = PERMIT;
	put_trust(&fields);
	judge();
	assert_int_equal(count_code("grant-revoked", AUDIT_ERROR), 1);
	assert_int_equal(count_code("grant-missing", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 2);
}

static void test_trust_entries(void **state)
{
	struct trust_fields fields;

	(void)state;
	start();
	for (unsigned i = 0; i < 2; i++) {
		plain_trust(&fields);
		put_trust(&fields);
	}
	book_trust(&book, 3); /* out of turn */
	book_ingest(&book, &run, 0, NULL, 1); /* while 3 is in force */
	trust_hashes[1][0] ^= 1;
	book_trust(&book, 2); /* out of turn, and another file */
	trusts_given = 2;
	judge();
	assert_int_equal(count_code("trust-order", AUDIT_ERROR), 2);
	assert_int_equal(count_code("trust-missing", AUDIT_ERROR), 1);
	assert_int_equal(count_code("trust-other", AUDIT_ERROR), 1);
	assert_int_equal(count_code("ingest-trust", AUDIT_ERROR), 1);
	assert_int_equal(audit_findings(audit), 5);
}

static void test_chain(void **state)
{
	char pin[2 * HASH_SIZE + 1];
	struct trust_fields fields;
	const char *turned[2];

	(void)state;
	put_plain_trust();
	plain_trust(&fields);
	put_trust(&fields);
	turned[0] = given_trusts[1];
	turned[1] = given_trusts[0];
	for (unsigned i = 0; i < 2; i++) {
		hex_encode(pin, bytes_from(trust_hashes[i], HASH_SIZE));
		assert_int_equal(audit_new(&audit, turned, 2, pin, &fault), ERR_OK);
		assert_int_equal(chain_count(audit_chain(audit)), 2);
		assert_int_equal(audit_items(audit), 2);
		assert_memory_equal(audit_item(audit, 0)->hash, trust_hashes[1], HASH_SIZE);
		audit_free(&audit);
	}
	pin[0] = pin[0] == '0' ? '1' : '0';
	assert_int_equal(audit_new(&audit, turned, 2, pin, &fault), ERR_NO);
	assert_string_equal(fault.code, "pin-differs");
	assert_null(audit);
	assert_int_equal(audit_new(&audit, turned, 2, "abcd", &fault), ERR_NO);
	assert_string_equal(fault.code, "pin-form");
	flip(place_path, "trust-2.json", 50);
	assert_int_equal(audit_new(&audit, turned, 2, NULL, &fault), ERR_NO);
	assert_null(audit);
	assert_int_equal(audit_new(&audit, turned, 0, NULL, &fault), ERR_CANNOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_retired),
		AUDIT_TEST(test_retired_grant),
		AUDIT_TEST(test_likeliest_fault),
		AUDIT_TEST(test_compromised),
		AUDIT_TEST(test_revoked),
		AUDIT_TEST(test_trust_entries),
		AUDIT_TEST(test_chain),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
