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

/* Every device of the batches that verify is done; that is not everything that was given. */
static void test_complete_but_one(void **state)
{
	struct run refused;

	(void)state;
	start();
	for (uint64_t i = 0; i < 8; i++)
		book_provision(&book, &run, i, PERMIT);
	run_begin(&refused, "b2");
	run_lot(&refused, "wo-1", 4);
	run_put_signed(&refused, NULL, 0);
	run_free(&refused);
	judge();
	only_finding("signature-none", AUDIT_ERROR);
	assert_int_equal(audit_batches(audit), 1);
	assert_false(audit_complete(audit));
}

/* A log that speaks of a manifest under the hash of another document. */
static void test_ingest_differs(void **state)
{
	struct entry entry = {
		.type = ENTRY_INGEST, .trust = 1, .sha256.present = true, .manifest.present = true
	};

	(void)state;
	start();
	memset(&book.tree, 0, sizeof book.tree);
	buffer_free(&book.text);
	book_enroll(&book);
	book_trust(&book, 1);
	snprintf(entry.batch, sizeof entry.batch, "b1");
	memcpy(entry.manifest.hash, run.hash, HASH_SIZE);
	book_put(&book, &entry);
	book_ingest(&book, &run, PERMIT, permit, 1);
	book_same(&book, &run, 1, PERMIT);
	judge();
	only_finding("batch-not-ingested", AUDIT_ERROR);
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

/* A batch that supersedes the other; its indices, or whether it is all of it, are left to the caller. */
static struct manifest_supersede *begin_newer(struct run *newer)
{
	struct manifest_supersede *supersede;

	run_begin(newer, "b2");
	run_lot(newer, "wo-1", 1);
	supersede = list_grow(&newer->fields.supersedes, sizeof *supersede);
	memcpy(supersede->manifest_sha256, run.hash, HASH_SIZE);
	snprintf(supersede->reason, sizeof supersede->reason, "wrong server");
	return supersede;
}

static void test_all_superseded(void **state)
{
	struct run newer;

	(void)state;
	start();
	begin_newer(&newer)->all = true;
	run_put(&newer);
	book_provision(&book, &run, 0, PERMIT); /* before the station held it */
	book_ingest(&book, &newer, 0, NULL, 1);
	book_provision(&book, &run, 1, PERMIT);
	judge();
	run_free(&newer);
	assert_int_equal(only_finding("superseded", AUDIT_ERROR)->index, 1);
}

/* An index that a batch the station held supersedes; before it held it, and another index. */
static void test_superseded(void **state)
{
	struct run newer;

	(void)state;
	start();
	*(uint64_t *)list_grow(&begin_newer(&newer)->indices, sizeof(uint64_t)) = 2;
	run_put(&newer);
	book_end(&book, &run, 2, PERMIT, book_device(&book, ENTRY_BEGIN, &run, 2, PERMIT), "failed");
	book_ingest(&book, &newer, 0, NULL, 1);
	book_provision(&book, &run, 1, PERMIT);
	book_provision(&book, &run, 2, PERMIT);
	judge();
	run_free(&newer);
	assert_int_equal(only_finding("superseded", AUDIT_ERROR)->index, 2);
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
		AUDIT_TEST(test_ingest_differs),
		AUDIT_TEST(test_rehearsal),
		AUDIT_TEST(test_complete_but_one),
		AUDIT_TEST(test_superseded),
		AUDIT_TEST(test_all_superseded),
		AUDIT_TEST(test_verify),
		AUDIT_TEST(test_lost),
		AUDIT_TEST(test_activation),
		AUDIT_TEST(test_no_activation),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
