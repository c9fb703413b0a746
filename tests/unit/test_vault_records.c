/* SPDX-License-Identifier: ISC */
/* Records granted by themselves: what the vault asks for, what it believes of the answer, and which grant counts. */
#include "officers.h"

#include "stations.h"

#include "media.h"

#include "../../src/line/vault_private.h"
#include "gapseal/grant_keys.h"
#include "gapseal/ingest.h"

#define MINE "001014000000016"
#define OTHER "001014000000024"

static uint8_t manifest[HASH_SIZE];
static struct reader *reader;
static struct vault *vault;
static struct message lookup, answer; /* large */
static struct extract extract;
static const char *const port_names[] = {"p0"};
static const struct vault_settings settings = {
	.operator_ = "", .tool = "test 1", .ports = 1, .port_names = port_names
};

static void take(const char *name)
{
	const char *paths[] = {in_place(name)};
	struct ingest_report report = {0};

	if (ingest_paths(&home, paths, 1, &report, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
}

static void take_grant(const char *name, const struct media_grant *grant)
{
	media_make_grant(in_place(name), grant);
	take(name);
}

static void open_vault(void)
{
	if (reader_open(&reader, &home, &fault) != ERR_OK ||
	    vault_open(&vault, &home, reader, &settings, &fault) != ERR_OK)
		fail_msg("%s: %s: %s", fault.where, fault.code, fault.text);
}

static void close_vault(void)
{
	assert_int_equal(vault_close(&vault, "end", &fault), ERR_OK);
	reader_free(&reader);
}

/* A batch of lots 0-2, 3-5 and 6, of which records 1, 5 and 6 are granted. */
static int make(void **state)
{
	const struct media_grant grant = {.serial = 6, .batch = &small_batch, .manifest = manifest,
	    .records = {1, 5, 6}, .record_count = 3};
	struct ingest_report report = {0};
	char pin[2 * HASH_SIZE + 1];

	station_make(state);
	media_make_trust(manifest, place_path, "t1.json", NULL);
	hex_encode(pin, bytes_from(manifest, HASH_SIZE));
	assert_int_equal(ingest_trust(&home, in_place("t1.json"), pin, false, &report, &fault), ERR_OK);
	media_make_batch(manifest, in_place("b-1"), &small_batch);
	take("b-1");
	take_grant("records", &grant);
	return 0;
}

static int clean(void **state)
{
	trust_free(&media_trust);
	return station_remove(state);
}

/* The questions about an IMEI: "t" for tags, then the indices, "," behind each. */
static void check_questions(const char *expected)
{
	struct vault_question question;
	char text[100] = "";

	for (bool asking = vault_first_question(&question, vault, 0, MINE); asking;
	    asking = vault_next_question(&question, vault, MINE)) {
		if (question.single)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%d,", (int)question.index);
		else
			snprintf(text + strlen(text), sizeof text - strlen(text), "t,");
	}
	assert_string_equal(text, expected);
}

static struct vault_record *record_at(size_t i)
{
	return &vault->batches[0].records[i];
}

static void test_questions(void **state)
{
	const struct media_grant lot = {.serial = 7, .batch = &small_batch, .manifest = manifest, .lots = {1},
	    .lot_count = 1};

	(void)state;
	open_vault();
	assert_int_equal(vault->batches[0].record_count, 3);
	check_questions("1,5,6,");
	/* what is known to be another's is not asked for again */
	memcpy(record_at(0)->imei, OTHER, IMEI_SIZE);
	check_questions("5,6,");
	memcpy(record_at(1)->imei, MINE, IMEI_SIZE);
	memcpy(record_at(2)->imei, OTHER, IMEI_SIZE);
	check_questions("5,");
	memcpy(record_at(1)->imei, OTHER, IMEI_SIZE);
	check_questions("");
	close_vault();
	take_grant("lot", &lot);
	open_vault();
	check_questions("t,1,5,6,");
	vault->batches[0].serves = false;
	check_questions("");
	close_vault();
}

/* The answer a reader gives to the question of record 5. */
static bool judge(const char **reason)
{
	struct vault_question question = {.single = true, .index = 5};

	return vault_single_is(reason, vault, &question, &answer, MINE);
}

static void ask(void)
{
	struct vault_question question = {.single = true, .index = 5};

	lookup = (struct message){0};
	vault_lookup(vault, &question, MINE, &lookup);
	assert_true(lookup.single);
	assert_int_equal(lookup.lots, 0);
	assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
}

static void test_answers(void **state)
{
	const char *reason;

	(void)state;
	open_vault();
	/* a specimen's record does not open: nothing is remembered, and nothing stays in memory */
	ask();
	assert_false(judge(&reason));
	assert_string_equal(reason, "record-open");
	assert_string_equal(record_at(1)->imei, "");
	assert_int_equal(secret_size(vault->plain), 0);
	/* whose it is was seen before */
	memcpy(record_at(1)->imei, MINE, IMEI_SIZE);
	assert_true(judge(&reason));
	assert_null(reason);
	memcpy(record_at(1)->imei, OTHER, IMEI_SIZE);
	assert_false(judge(&reason));
	assert_null(reason);
	/* but the record must stand under the root at every time */
	memcpy(record_at(1)->imei, MINE, IMEI_SIZE);
	answer.record[190] ^= 1;
	assert_false(judge(&reason));
	assert_string_equal(reason, "record-path");
	ask();
	answer.path[0][0] ^= 1;
	assert_false(judge(&reason));
	assert_string_equal(reason, "record-path");
	ask();
	answer.path_count--;
	assert_false(judge(&reason));
	/* another record, with its own path, for the one asked for */
	lookup.index = 1;
	assert_int_equal(reader_answer(reader, &lookup, &answer, &fault), ERR_OK);
	assert_true(answer.found);
	assert_false(judge(&reason));
	assert_string_equal(reason, "record-path");
	ask();
	answer.found = false;
	assert_false(judge(&reason));
	assert_string_equal(reason, "record-path");
	close_vault();
}

#define GOLDEN "manifests/golden/"

static void load(struct document *out, const char *name)
{
	if (document_load(out, AT_FDCWD, name, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
}

/* The key of the first lot of the golden batch, opened with the specimen identity of its station. */
static void golden_lot(uint8_t out[static KEY_SIZE], const struct manifest *golden)
{
	struct buffer sealed = BUFFER_EMPTY, text = BUFFER_EMPTY;
	struct secret *identity;
	struct grant_fields grant;
	struct document document;
	struct grant_keys keys;
	uint64_t lot;

	load(&document, GOLDEN "grant-1/" GRANT_NAME);
	assert_int_equal(grant_parse(&grant, buffer_bytes(&document.text), "g", &fault), ERR_OK);
	assert_int_equal(file_read(&sealed, AT_FDCWD, GOLDEN "grant-1/" GRANT_KEYS_NAME, AGE_FILE_MAX, &fault),
	    ERR_OK);
	assert_int_equal(file_read(&text, AT_FDCWD, GOLDEN "specimen-line1-identity", 4096, &fault), ERR_OK);
	assert_int_equal(age_identity_parse(&identity, buffer_bytes(&text), "i", &fault), ERR_OK);
	assert_int_equal(grant_keys_open(&keys, buffer_bytes(&sealed), identity, &grant, manifest_get(golden),
	    "g", &fault), ERR_OK);
	memcpy(out, grant_key(&lot, &keys, 0), KEY_SIZE);
	assert_int_equal(lot, 0);
	grant_keys_free(&keys);
	secret_free(&identity);
	buffer_free(&text);
	json_free(&grant, &grant_shape);
	document_free(&document);
	buffer_free(&sealed);
}

static bool is_wiped(struct secret *secret)
{
	uint8_t bits = 0;

	for (size_t i = 0; i < secret_capacity(secret); i++)
		bits |= secret_data(secret)[i];
	return bits == 0 && secret_size(secret) == 0;
}

/* A real record: whose it is is known afterwards, and nothing else of it is left. */
static void test_looking_inside(void **state)
{
	struct vault_batch batch = {0};
	struct vault inside = {.batches = &batch, .batch_count = 1};
	struct vault_record *record;
	struct document trust_document, document;
	struct grant_fields grant = {.serial = 2};
	uint8_t lot[KEY_SIZE], root[KEY_SIZE];
	struct trust *trust;
	int folder;

	(void)state;
	load(&trust_document, GOLDEN "trust.json");
	load(&document, GOLDEN "extract/" MANIFEST_NAME);
	assert_int_equal(trust_open(&trust, &trust_document, NULL, &fault), ERR_OK);
	assert_int_equal(manifest_open(&batch.manifest, &document, trust, trust, &fault), ERR_OK);
	assert_int_equal(folder_open(&folder, AT_FDCWD, GOLDEN "extract", &fault), ERR_OK);
	assert_int_equal(extract_open(&extract, folder, manifest_get(batch.manifest), document.hash, "x", &fault),
	    ERR_OK);
	golden_lot(lot, batch.manifest);
	keys_root(root, lot, extract.index);
	assert_int_equal(vault_record_add(&batch, extract.index, root, &grant, &fault), ERR_OK);
	assert_int_equal(secret_new(&inside.plain, RECORD_STRIDE_MAX, &fault), ERR_OK);
	assert_int_equal(secret_new(&inside.keys, sizeof(struct record_keys), &fault), ERR_OK);
	record = vault_record(&batch, extract.index);
	assert_null(vault_record_look(&inside, record, 0, 0, extract.record));
	assert_string_equal(record->imei, "001014000000000");
	assert_true(is_wiped(inside.plain));
	assert_true(is_wiped(inside.keys));
	/* once: the second time the bytes are not even looked at */
	assert_null(vault_record_look(&inside, record, 0, 0, NULL));
	/* at another place it does not open */
	record->imei[0] = '\0';
	assert_string_equal(vault_record_look(&inside, record, 0, 1, extract.record), "record-open");
	assert_string_equal(record->imei, "");
	assert_true(is_wiped(inside.plain));
	close(folder);
	secret_free(&inside.plain);
	secret_free(&inside.keys);
	secret_free(&batch.roots);
	free(batch.records);
	manifest_free(&batch.manifest);
	trust_free(&trust);
	document_free(&document);
	document_free(&trust_document);
}

/* Which of two grants counts for record 5: 6 of the record, 7 of its lot, 0 for none that lives. */
static void check_chosen(uint64_t serial)
{
	struct vault_port *port = &vault->ports[0];

	*port = (struct vault_port){.batch = 0, .lot = 1, .index = 5, .hits = port->hits, .plain = port->plain,
	    .body = port->body, .root = port->root, .granted = {.live = true, .grant = 99}};
	vault_choose(vault, port);
	if (serial == 0) {
		assert_false(port->granted.live);
		assert_int_equal(port->granted.grant, 99);
		return;
	}
	assert_true(port->granted.live);
	assert_int_equal(port->granted.grant, serial);
}

static void test_choice(void **state)
{
	const struct media_grant lot = {.serial = 7, .batch = &small_batch, .manifest = manifest, .lots = {1},
	    .lot_count = 1};
	struct vault_granted *of_record, *of_lot;

	(void)state;
	take_grant("lot", &lot);
	open_vault();
	of_record = &record_at(1)->granted;
	of_lot = &vault->batches[0].lots[1];
	check_chosen(6);
	of_record->not_after[3] = '0'; /* 2190 */
	of_record->not_after[0] = '1';
	check_chosen(7);
	of_lot->not_before[0] = '9';
	check_chosen(6);
	of_record->live = false;
	check_chosen(7);
	of_lot->live = false;
	check_chosen(0);
	vault->batches[0].record_count = 0;
	check_chosen(0);
	close_vault();
}

/* A device that is done: the grant that permits it again, wherever that stands. */
static void test_choice_of_permit(void **state)
{
	const struct media_grant lot = {.serial = 7, .batch = &small_batch, .manifest = manifest, .lots = {1},
	    .lot_count = 1};
	struct entry begin = {.type = ENTRY_BEGIN, .n = 100, .index = 5, .grant = 3, .attempt = 1,
	    .manifest.present = true}, end = begin;
	static uint64_t five = 5;

	(void)state;
	take_grant("lot", &lot);
	open_vault();
	memcpy(begin.manifest.hash, manifest, HASH_SIZE);
	end = begin;
	end.type = ENTRY_END;
	end.n = 101;
	end.begin = 100;
	strcpy(end.result, "done");
	assert_int_equal(progress_entry(vault->progress, &begin, &fault), ERR_OK);
	assert_int_equal(progress_entry(vault->progress, &end, &fault), ERR_OK);
	check_chosen(6);
	vault->batches[0].again = (struct list){&five, 1};
	check_chosen(7);
	record_at(1)->granted.again = true;
	check_chosen(6);
	record_at(1)->granted.grant = 3; /* it was done under that one */
	check_chosen(7);
	vault->batches[0].again = (struct list){0};
	close_vault();
}

/* Two grants of one record: the later one; what was looked into is remembered. */
static void test_load_anew(void **state)
{
	const struct media_grant later = {.serial = 8, .batch = &small_batch, .manifest = manifest,
	    .records = {0, 5}, .record_count = 2};
	bool changed, stale;

	(void)state;
	open_vault();
	memcpy(record_at(1)->imei, MINE, IMEI_SIZE);
	memcpy(record_at(2)->imei, OTHER, IMEI_SIZE);
	take_grant("later", &later);
	assert_int_equal(reader_refresh(reader, &changed, &fault), ERR_OK);
	assert_true(changed);
	assert_int_equal(vault_catch_up(vault, &stale, &fault), ERR_OK);
	assert_true(stale);
	assert_int_equal(vault_refresh(vault, &fault), ERR_OK);
	assert_int_equal(vault->batches[0].record_count, 4);
	check_questions("0,1,5,");
	assert_int_equal(vault_record(&vault->batches[0], 5)->granted.grant, 8);
	assert_int_equal(vault_record(&vault->batches[0], 6)->granted.grant, 6);
	assert_string_equal(vault_record(&vault->batches[0], 6)->imei, OTHER);
	assert_null(vault_record(&vault->batches[0], 4));
	for (size_t i = 0; i < 4; i++) {
		uint8_t lot[KEY_SIZE], root[KEY_SIZE];

		media_lot_key(lot, &small_batch, (uint32_t)(record_at(i)->index / small_batch.lot_size));
		keys_root(root, lot, record_at(i)->index);
		assert_memory_equal(vault_record_root(&vault->batches[0], record_at(i)), root, KEY_SIZE);
	}
	close_vault();
}

#define RECORDS_TEST(function) cmocka_unit_test_setup_teardown(function, make, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDS_TEST(test_questions),
		RECORDS_TEST(test_answers),
		cmocka_unit_test(test_looking_inside),
		RECORDS_TEST(test_choice),
		RECORDS_TEST(test_choice_of_permit),
		RECORDS_TEST(test_load_anew),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
