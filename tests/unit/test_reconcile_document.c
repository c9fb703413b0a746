/* SPDX-License-Identifier: ISC */
/* Trust, batches and grants: what refuses them, and under which version of trust they are judged. */
#include "officers.h"

#include "books.h"

#include "gapseal/activation.h"

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

static void test_record_changed(void **state)
{
	(void)state;
	start_done();
	flip(given_batches[0], "records-000.bin", 3 * RUN_STRIDE + 150);
	check_refused_batch("records-hash");
}

static void test_manifest_changed(void **state)
{
	(void)state;
	start_done();
	flip(given_batches[0], MANIFEST_NAME, 100);
	check_refused_batch("minisig-signature");
}

static void test_threshold(void **state)
{
	(void)state;
	put_plain_trust();
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_put_signed(&run, (const size_t[]){ANNA}, 1);
	judge_given();
	run_free(&run);
	only_finding("signature-threshold", AUDIT_ERROR);
}

static void test_nobody_signed(void **state)
{
	(void)state;
	put_plain_trust();
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_put_signed(&run, NULL, 0);
	judge_given();
	run_free(&run);
	only_finding("signature-none", AUDIT_ERROR);
}

/* The sums are for other tools: they are refused, the batch is judged all the same. */
static void test_sums(void **state)
{
	(void)state;
	start_done();
	flip(given_batches[0], SUMS_NAME, 70);
	judge();
	only_finding("sums-form", AUDIT_ERROR);
	assert_string_equal(item_of(AUDIT_BATCH)->code, "sums-form");
	check_class(1, CLASS_DONE);
}

static void test_unreadable(void **state)
{
	(void)state;
	put_plain_trust();
	assert_int_equal(audit_new(&audit, given_trusts, 1, NULL, &fault), ERR_OK);
	assert_int_equal(audit_add_batch(audit, in_place("nothing"), &fault), ERR_CANNOT);
	assert_int_equal(audit_add_grant(audit, place_path, &fault), ERR_CANNOT);
	assert_int_equal(audit_add_log(audit, place_path, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "file-open");
}

static void test_twice(void **state)
{
	struct grant_fields fields;
	struct run second;
	uint8_t hash[HASH_SIZE];

	(void)state;
	start_done();
	given_batches[batches_given++] = given_batches[0];
	given_grants[grants_given++] = given_grants[0];
	judge();
	no_finding();
	assert_int_equal(audit_batches(audit), 1);
	audit_tear_down(state);
	audit_set_up(state);

	start_done();
	run_begin(&second, "b2");
	run_lot(&second, "wo-1", 1);
	run_put(&second);
	run_free(&second);
	run_begin(&second, "b1");
	run_lot(&second, "wo-1", 1);
	assert_int_equal(rename(given_batches[0], in_place("first")), 0);
	given_batches[0] = in_place("first");
	run_put(&second);
	run_free(&second);
	judge();
	only_finding("batch-twice", AUDIT_ERROR);
	assert_int_equal(audit_batches(audit), 2);
	assert_false(audit_complete(audit));
	audit_tear_down(state);
	audit_set_up(state);

	start_done();
	assert_int_equal(rename(given_grants[0], in_place("first")), 0);
	given_grants[0] = in_place("first");
	permit_begin(&fields, &run, PERMIT);
	fields.max_success = 1;
	permit_put(hash, &fields);
	judge();
	only_finding("grant-twice", AUDIT_ERROR);
}

/* A log without the ingest of its batch; one that speaks of a batch nobody gave. */
static void test_batch_use(void **state)
{
	struct run elsewhere;

	(void)state;
	start();
	memset(&book.tree, 0, sizeof book.tree);
	buffer_free(&book.text);
	book_enroll(&book);
	book_trust(&book, 1);
	book_ingest(&book, &run, PERMIT, permit, 1);
	book_provision(&book, &run, 1, PERMIT);
	judge();
	assert_non_null(strstr(only_finding("batch-not-ingested", AUDIT_ERROR)->text, "2 entries"));
	audit_tear_down(state);
	audit_set_up(state);

	start();
	run_begin(&elsewhere, "b2");
	run_lot(&elsewhere, "wo-1", 9);
	run_put(&elsewhere);
	batches_given--;
	book_ingest(&book, &elsewhere, 0, NULL, 1);
	book_provision(&book, &elsewhere, 8, 99);
	book_refuse(&book, &elsewhere, 8, "void");
	judge();
	run_free(&elsewhere);
	no_finding();
}

static void test_rehearsal(void **state)
{
	struct run rehearsal;

	(void)state;
	start_done();
	run_begin(&rehearsal, "trial");
	run_lot(&rehearsal, "wo-1", 1);
	rehearsal.fields.purpose = PURPOSE_REHEARSAL;
	run_put(&rehearsal);
	run_free(&rehearsal);
	judge();
	only_finding("rehearsal-mixed", AUDIT_ERROR);
	assert_true(audit_rehearsal(audit));
}

/* Version 2 has taken Bert's role away, as it may: what line1 took in before stays good, what line2 took in
 * after does not. */
static void retire_bert(unsigned status)
{
	struct trust_fields fields;

	put_plain_trust();
	plain_trust(&fields);
	officer_at(&fields, BERT)->status = status;
	for (size_t role = 0; role < ROLES; role++) {
		struct list *members = &fields.roles[role].officers;

		memmove((char *)members->items + NAME_SIZE, (char *)members->items + 2 * NAME_SIZE,
		    NAME_SIZE);
		members->count = 2;
	}
	{
		struct document document;

		fields.version = 2;
		hex_encode(fields.prev, bytes_from(trust_hashes[0], HASH_SIZE));
		trust_document(&document, &fields);
		sign_trust(&document, ANNA, 2);
		sign_trust(&document, CLEO, 2);
		given_trusts[1] = in_place("trust-2.json");
		put_document(place_path, "trust-2.json", &document);
		memcpy(trust_hashes[1], document.hash, HASH_SIZE);
		trusts_given = 2;
		document_free(&document);
	}
	json_free(&fields, &trust_shape);
	run_begin(&run, "b1");
	run_lot(&run, "wo-1", 4);
	run_put(&run);
}

static void test_retired(void **state)
{
	struct grant_fields fields;

	(void)state;
	retire_bert(OFFICER_RETIRED);
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
	judge();
	assert_string_equal(only_finding("ingest-refused", AUDIT_ERROR)->station, "line2");
	assert_non_null(strstr(item_of(AUDIT_BATCH)->text, "approved by trust version 1"));
	check_class(1, CLASS_DONE);
}

static void test_compromised(void **state)
{
	(void)state;
	retire_bert(OFFICER_COMPROMISED);
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

/* An index that a batch the station held supersedes; before it held it, and another index. */
static void test_superseded(void **state)
{
	struct manifest_supersede *supersede;
	struct run newer;

	(void)state;
	start();
	run_begin(&newer, "b2");
	run_lot(&newer, "wo-1", 1);
	supersede = list_grow(&newer.fields.supersedes, sizeof *supersede);
	memcpy(supersede->manifest_sha256, run.hash, HASH_SIZE);
	snprintf(supersede->reason, sizeof supersede->reason, "wrong server");
	*(uint64_t *)list_grow(&supersede->indices, sizeof(uint64_t)) = 2;
	run_put(&newer);
	book_end(&book, &run, 2, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 2, PERMIT), "failed");
	book_ingest(&book, &newer, 0, NULL, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 2, PERMIT);
	judge();
	run_free(&newer);
	assert_int_equal(only_finding("superseded", AUDIT_ERROR)->index, 2);
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

static void test_verify(void **state)
{
	(void)state;
	start_done();
	book_provision(&book, &run, 1, PERMIT); /* not verify's business */
	book_close(&book, "log-1");
	run_free(&run);
	audit_given();
	assert_int_equal(audit_verify(audit, &fault), ERR_OK);
	no_finding();
	assert_int_equal(audit_items(audit), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(audit_item(audit, i)->code, "ok");
		assert_true(audit_item(audit, i)->hashed);
	}
	assert_memory_equal(item_of(AUDIT_GRANT)->hash, permit, HASH_SIZE);
}

/* More findings than are kept: counted, said, and warnings drown no error. */
static void test_lost(void **state)
{
	(void)state;
	start();
	for (unsigned i = 0; i < AUDIT_FINDINGS_MAX + 5; i++)
		book_mark(&book, ENTRY_VOID, &run, 8);
	book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT);
	judge();
	assert_int_equal(audit_findings(audit), AUDIT_FINDINGS_MAX + 2);
	assert_int_equal(audit_total(audit, AUDIT_ERROR), AUDIT_FINDINGS_MAX + 5);
	assert_int_equal(count_code("findings-lost", AUDIT_ERROR), 1);
	assert_int_equal(count_code("unresolved", AUDIT_WARNING), 1);
	audit_tear_down(state);
	audit_set_up(state);

	start();
	for (unsigned i = 0; i < AUDIT_FINDINGS_MAX + 5; i++)
		book_device(&book, ENTRY_BEGIN, &run, i % 8, PERMIT);
	judge();
	assert_int_equal(count_code("findings-lost", AUDIT_WARNING), 1);
	assert_true(audit_accepts(audit));
}

static void test_activation(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct activation_fields fields;

	(void)state;
	start();
	book_provision(&book, &run, 6, PERMIT);
	book_same(&book, &run, 2, PERMIT);
	book_end(&book, &run, 1, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 1, PERMIT), "failed");
	book_provision(&book, &run, 3, PERMIT);
	book_mark(&book, ENTRY_VOID, &run, 3);
	judge();
	assert_int_equal(activation_write(&text, audit, 0, &fault), ERR_OK);
	assert_int_equal(activation_parse(&fields, buffer_bytes(&text), "activation.json", &fault), ERR_OK);
	assert_string_equal(fields.batch, "b1");
	assert_string_equal(fields.org, "acme");
	assert_int_equal(fields.trust, 1);
	assert_memory_equal(fields.manifest_sha256, audit_batch_hash(audit, 0), HASH_SIZE);
	assert_int_equal(fields.done.count, 2);
	assert_int_equal(((uint64_t *)fields.done.items)[0], 2);
	assert_int_equal(((uint64_t *)fields.done.items)[1], 6);
	json_free(&fields, &activation_shape);
	buffer_free(&text);
}

static void test_no_activation(void **state)
{
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	start();
	book_mark(&book, ENTRY_VOID, &run, 9);
	judge();
	assert_int_equal(activation_write(&text, audit, 0, &fault), ERR_NO);
	assert_string_equal(fault.code, "activation-rejected");
	audit_tear_down(state);
	audit_set_up(state);

	put_plain_trust();
	run_begin(&run, "trial");
	run_lot(&run, "wo-1", 1);
	run.fields.purpose = PURPOSE_REHEARSAL;
	run_put(&run);
	run_free(&run);
	judge_given();
	assert_int_equal(activation_write(&text, audit, 0, &fault), ERR_NO);
	assert_string_equal(fault.code, "activation-rehearsal");
	assert_int_equal(text.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_record_changed),
		AUDIT_TEST(test_manifest_changed),
		AUDIT_TEST(test_threshold),
		AUDIT_TEST(test_nobody_signed),
		AUDIT_TEST(test_sums),
		AUDIT_TEST(test_unreadable),
		AUDIT_TEST(test_twice),
		AUDIT_TEST(test_batch_use),
		AUDIT_TEST(test_rehearsal),
		AUDIT_TEST(test_retired),
		AUDIT_TEST(test_compromised),
		AUDIT_TEST(test_revoked),
		AUDIT_TEST(test_trust_entries),
		AUDIT_TEST(test_superseded),
		AUDIT_TEST(test_chain),
		AUDIT_TEST(test_verify),
		AUDIT_TEST(test_lost),
		AUDIT_TEST(test_activation),
		AUDIT_TEST(test_no_activation),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
