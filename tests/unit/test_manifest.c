/* SPDX-License-Identifier: ISC */
/* manifest.json: its form, one fault at a time; under which trust it opens; what is where in it. */
#include "officers.h"

#include "batches.h"

#include "gapseal/record.h"

static void test_form(void **state)
{
	static const char *const parts[] = {
		"{\n  \"abandoned\": [\n    10,\n    11\n  ],\n  \"batch\": \"b-1\",\n  \"common\": [\n"
		"    {\n      \"digest\": \"",
		"\",\n      \"line_ending\": \"lf\",\n"
		"      \"text\": \"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END",
		"\",\n      \"line_ending\": \"crlf\",\n"
		"      \"text\": \"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END",
		"\n  ],\n  \"count\": 7,\n  \"files\": [\n    {\n      \"bytes\": 960,\n      \"sha256\": \"",
		"\n  \"issued\": \"2026-07-01T09:00:00Z\",\n  \"kind\": \"full\",\n  \"lots\": [\n    {\n"
		"      \"check\": \"0101",
		",\n      \"count\": 3,\n      \"first\": 4,\n      \"name\": \"wo-3\"\n    }\n  ],\n"
		"  \"master_recipients\": [\n",
		"\n  \"org\": \"acme\",\n  \"policy\": {\n    \"attempts\": 3,\n    \"attestation\": \"off\","
		"\n"
		"    \"digest_forms\": [\n      \"exact\"\n    ],\n    \"existing\": \"replace\",\n"
		"    \"families\": [\n"
		"      \"nrf91x1\"\n    ],\n    \"finish\": \"cfun0\",\n    \"label\": \"imei\",\n"
		"    \"log_imei\": false,\n"
		"    \"log_unit\": false,\n    \"minimum_firmware\": \"1.3.2\",\n    \"rework\": \"never\",\n"
		"    \"slots\": [\n"
		"      {\n        \"state\": \"digest\",\n        \"tag\": 42,\n        \"type\": 0\n      },"
		"\n      {\n"
		"        \"state\": \"present\",\n        \"tag\": 42,\n        \"type\": 1\n      },\n"
		"      {\n"
		"        \"state\": \"absent\",\n        \"tag\": 43,\n        \"type\": 0\n      }\n    ]\n"
		"  },\n"
		"  \"purpose\": \"production\",\n  \"root\": \"",
		"\n  \"schema\": \"gapseal/manifest/v1\",\n  \"seq\": 12,\n  \"series\": \"acme\",\n"
		"  \"stride\": 192,\n"
		"  \"supersedes\": [],\n  \"title\": \"First run, 7 trackers\",\n  \"tool\": \"gapseal 1.0\","
		"\n  \"trust\": 1\n}\n",
		NULL
	};
	struct manifest_fields fields, back;
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	specimen_manifest(&fields);
	assert_written(&manifest_shape, &fields, parts);
	json_write(&text, &manifest_shape, &fields);
	if (manifest_parse(&back, buffer_bytes(&text), MANIFEST_NAME, &fault) != ERR_OK)
		fail_msg("%s: %s", fault.where, fault.text);
	buffer_free(&text);
	json_free(&back, &manifest_shape);
	json_free(&fields, &manifest_shape);
}

#define SUPERSEDE(all, indices, hash) \
	"\"supersedes\": [\n    {\n      \"all\": " all ",\n      \"indices\": " indices \
	",\n      \"manifest_sha256\": \"" hash "\",\n      \"reason\": \"\"\n    }\n  ]"
#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SLOT_1 "        \"state\": \"present\",\n        \"tag\": 42,\n        \"type\": 1\n"

static const struct spoiled texts[] = {
	{"\"org\": \"acme\"", "\"org\": \"\"", "manifest-names"},
	{"\"batch\": \"b-1\"", "\"batch\": \"\"", "manifest-names"},
	{"2026-07-01T09:00:00Z", "", "manifest-names"},
	{"\"trust\": 1", "\"trust\": 0", "manifest-names"},
	{"    10,\n", "    11,\n", "manifest-series"},
	{"\"seq\": 12", "\"seq\": 11", "manifest-series"},
	{"\"stride\": 192", "\"stride\": 0", "manifest-stride"},
	{"\"stride\": 192", "\"stride\": 200", "manifest-stride"},
	{"\"stride\": 192", "\"stride\": 128", "manifest-stride"},
	{"\"stride\": 192", "\"stride\": 16448", "manifest-stride"},
	{"\"count\": 7", "\"count\": 8", "manifest-lots"},
	{"\"first\": 3", "\"first\": 4", "manifest-lots"},
	{"\"first\": 4", "\"first\": 3", "manifest-lots"},
	{"\"first\": 0", "\"first\": 1", "manifest-lots"},
	{"\"count\": 1,", "\"count\": 0,", "manifest-lots"},
	{"\"count\": 3,\n      \"first\": 4", "\"count\": 65537,\n      \"first\": 4", "manifest-lots"},
	{"\"count\": 3,\n      \"first\": 4", "\"count\": 9007199254740991,\n      \"first\": 4",
	    "manifest-lots"},
	{"\"name\": \"wo-3\"", "\"name\": \"\"", "manifest-lots"},
	{"\"name\": \"wo-3\"", "\"name\": \"wo-1\"", "manifest-lots"},
	{"\"bytes\": 960", "\"bytes\": 959", "manifest-files"},
	{"\"bytes\": 960", "\"bytes\": 0", "manifest-files"},
	{"\"bytes\": 960", "\"bytes\": 768", "manifest-files"},
	{"\"bytes\": 960", "\"bytes\": 9007199254740864", "manifest-files"},
	{"\"line_ending\": \"lf\"", "\"line_ending\": \"crlf\"", "manifest-common"},
	{"MIIB", "MIIC", "manifest-common"},
	{"\"master_recipients\": [\n    \"age1", "\"master_recipients\": [\n    \"age2",
	    "manifest-recipient"},
	{"\"attempts\": 3", "\"attempts\": 0", "manifest-policy"},
	{"\"attempts\": 3", "\"attempts\": 100", "manifest-policy"},
	{"[\n      \"exact\"\n    ]", "[]", "manifest-policy"},
	{"      \"exact\"\n", "      \"nul\"\n", "manifest-policy"},
	{"      \"exact\"\n", "      \"exact\",\n      \"exact\"\n", "manifest-policy"},
	{"      \"exact\"\n", "      \"nul\",\n      \"exact\"\n", "manifest-policy"},
	{"      \"exact\"\n", "      \"exact\",\n      \"nul\",\n      \"nul\"\n", "manifest-policy"},
	{"1.3.2", "1.3", "manifest-policy"},
	{"1.3.2", "1.3.2.1", "manifest-policy"},
	{"1.3.2", "1.3.2.", "manifest-policy"},
	{"1.3.2", "1..2", "manifest-policy"},
	{"1.3.2", "1.03.2", "manifest-policy"},
	{"1.3.2", "1.3.x", "manifest-policy"},
	{"      \"nrf91x1\"\n", "      \"\"\n", "manifest-policy"},
	{"      \"nrf91x1\"\n", "      \"nrf91x1\",\n      \"nrf91x1\"\n", "manifest-policy"},
	{"\"tag\": 43", "\"tag\": 2147483648", "manifest-policy"},
	{"\"tag\": 43,\n        \"type\": 0", "\"tag\": 43,\n        \"type\": 256", "manifest-policy"},
	{"\"tag\": 43", "\"tag\": 41", "manifest-policy"},
	{SLOT_1, "        \"state\": \"present\",\n        \"tag\": 42,\n        \"type\": 0\n",
	    "manifest-policy"},
	{"\"tag\": 42,\n        \"type\": 0", "\"tag\": 42,\n        \"type\": 2", "manifest-policy"},
	{"\"supersedes\": []", SUPERSEDE("false", "[]", HEX_A), "manifest-supersedes"},
	{"\"supersedes\": []", SUPERSEDE("true", "[\n        1\n      ]", HEX_A), "manifest-supersedes"},
	{"\"supersedes\": []", SUPERSEDE("false", "[\n        4,\n        4\n      ]",
	    HEX_A), "manifest-supersedes"},
};

static void test_parse(void **state)
{
	struct manifest_fields fields, back;
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	specimen_manifest(&fields);
	json_write(&text, &manifest_shape, &fields);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buffer changed = BUFFER_EMPTY;
		enum err err;

		change(&changed, buffer_bytes(&text), texts[i].from, texts[i].to);
		err = manifest_parse(&back, buffer_bytes(&changed), MANIFEST_NAME, &fault);
		if (err != ERR_NO || strcmp(fault.code, texts[i].code) != 0)
			fail_msg("%s: %d %s, not %s", texts[i].to, err, err == ERR_OK ? "" : fault.code,
			    texts[i].code);
		assert_null(back.lots.items);
		buffer_free(&changed);
	}
	buffer_free(&text);
	json_free(&fields, &manifest_shape);
}

static struct manifest_file *file_at(struct manifest_fields *f, size_t i)
{
	return (struct manifest_file *)f->files.items + i;
}

static struct manifest_common *common_at(struct manifest_fields *f, size_t i)
{
	return (struct manifest_common *)f->common.items + i;
}

static struct manifest_supersede *supersede(struct manifest_fields *f, uint8_t manifest, bool all)
{
	struct manifest_supersede *added = list_grow(&f->supersedes, sizeof *added);

	memset(added->manifest_sha256, manifest, HASH_SIZE);
	added->all = all;
	return added;
}

static void add_index(struct manifest_supersede *to, uint64_t index)
{
	*(uint64_t *)list_grow(&to->indices, sizeof index) = index;
}

static void set_text(struct manifest_common *common, const char *text)
{
	free(common->text);
	common->text = strdup(text);
	hash_bytes(common->digest, bytes_of(text));
}


/* Each of these spoils a good struct in a way that a change of its text cannot show. */
static void text_open(struct manifest_fields *f)
{
	set_text(common_at(f, 0), "no line end");
}

static void text_empty(struct manifest_fields *f)
{
	set_text(common_at(f, 0), "");
}

static void lots_none(struct manifest_fields *f)
{
	f->lots.count = 0;
	f->files.count = 0;
	f->count = 0;
}

static void lot_huge(struct manifest_fields *f)
{
	((struct manifest_lot *)f->lots.items)[2].count = UINT64_MAX - 3;
}

static void file_more(struct manifest_fields *f)
{
	((struct manifest_file *)list_grow(&f->files, sizeof(struct manifest_file)))->bytes = BATCH_STRIDE;
}

static void supersede_twice(struct manifest_fields *f)
{
	supersede(f, 1, true);
	supersede(f, 2, true);
	supersede(f, 1, true);
}

static void recipient_twice(struct manifest_fields *f)
{
	specimen_recipient(list_grow(&f->master_recipients, RECIPIENT_SIZE), 20);
}

static void many_commons(struct manifest_fields *f)
{
	while (f->common.count <= COMMONS_MAX)
		add_common(f, LINE_ENDING_LF);
}

static void many_slots(struct manifest_fields *f)
{
	for (uint64_t tag = 100; f->policy.slots.count <= SLOTS_MAX; tag++)
		add_slot(f, tag, 0, SLOT_DIGEST);
}

static void many_files(struct manifest_fields *f)
{
	f->files.count = 0;
	while (f->files.count <= RECORDS_FILES_MAX)
		((struct manifest_file *)list_grow(&f->files,
		    sizeof(struct manifest_file)))->bytes = BATCH_STRIDE;
	f->lots.count = 0;
	f->count = 0;
	add_lot(f, "wo-1", RECORDS_FILES_MAX + 1);
}

static void file_over_1_gib(struct manifest_fields *f)
{
	char name[NAME_SIZE];

	f->lots.count = 0;
	f->count = 0;
	while (f->count * BATCH_STRIDE <= RECORDS_FILE_MAX) {
		snprintf(name, sizeof name, "lot-%zu", f->lots.count);
		add_lot(f, name, LOT_DEVICES_MAX);
	}
	f->files.count = 1;
	file_at(f, 0)->bytes = f->count * BATCH_STRIDE;
}

static const struct {
	void (*spoil)(struct manifest_fields *fields);
	const char *code;
} spoils[] = {
	{lots_none, "manifest-lots"},
	{lot_huge, "manifest-lots"},
	{file_more, "manifest-files"},
	{many_files, "manifest-files"},
	{file_over_1_gib, "manifest-files"},
	{text_open, "manifest-common"},
	{text_empty, "manifest-common"},
	{many_commons, "manifest-common"},
	{recipient_twice, "manifest-recipient"},
	{many_slots, "manifest-policy"},
	{supersede_twice, "manifest-supersedes"},
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
		struct manifest_fields fields;
		enum err err;

		specimen_manifest(&fields);
		spoils[i].spoil(&fields);
		err = manifest_check(&fields, MANIFEST_NAME, &fault);
		if (err != ERR_NO || strcmp(fault.code, spoils[i].code) != 0)
			fail_msg("spoil %zu: %d %s, not %s", i, err, err == ERR_OK ? "" : fault.code,
			    spoils[i].code);
		json_free(&fields, &manifest_shape);
	}
}

/* What looks odd and is allowed. */
static void test_check_allows(void **state)
{
	struct manifest_fields fields;

	(void)state;
	specimen_manifest(&fields);
	fields.title[0] = '\0';
	fields.tool[0] = '\0';
	fields.policy.minimum_firmware[0] = '\0';
	fields.policy.families.count = 0;
	fields.abandoned.count = 0;
	*(unsigned *)list_grow(&fields.policy.digest_forms, sizeof(unsigned)) = DIGEST_NUL;
	supersede(&fields, 1, true);
	add_index(supersede(&fields, 2, false), 0);
	assert_int_equal(manifest_check(&fields, MANIFEST_NAME, &fault), ERR_OK);
	json_free(&fields, &manifest_shape);
}

static enum err open_with(const struct manifest_fields *fields, const char *id, size_t signers,
    const struct trust *in_force, const struct trust *newest)
{
	struct document document;
	struct manifest *manifest;
	enum err err;

	manifest_document(&document, fields);
	for (size_t i = 0; i < signers; i++)
		sign(&document, i, "manifest", id);
	err = manifest_open(&manifest, &document, in_force, newest, &fault);
	if (err == ERR_OK) {
		assert_memory_equal(manifest_hash(manifest), document.hash, HASH_SIZE);
		assert_string_equal(manifest_get(manifest)->batch, id);
	}
	assert_true((err == ERR_OK) == (manifest != NULL));
	manifest_free(&manifest);
	document_free(&document);
	return err;
}

static void test_open(void **state)
{
	struct trust *trust = specimen_trust_open();
	struct manifest_fields fields;

	(void)state;
	specimen_manifest(&fields);
	assert_int_equal(open_with(&fields, "b-1", 2, trust, trust), ERR_OK);
	assert_int_equal(open_with(&fields, "b-1", 3, trust, trust), ERR_OK);
	assert_fault(open_with(&fields, "b-1", 1, trust, trust), ERR_NO, "signature-threshold");
	assert_fault(open_with(&fields, "b-1", 0, trust, trust), ERR_NO, "signature-none");
	assert_fault(open_with(&fields, "b-1", 4, trust, trust), ERR_NO, "signature-key");
	/* all have signed, but for another batch id than stands in the document */
	assert_fault(open_with(&fields, "b-2", 2, trust, trust), ERR_NO, "signature-comment");
	fields.trust = 2;
	assert_fault(open_with(&fields, "b-1", 2, trust, trust), ERR_NO, "manifest-trust");
	fields.trust = 1;
	snprintf(fields.org, sizeof fields.org, "acne");
	assert_fault(open_with(&fields, "b-1", 2, trust, trust), ERR_NO, "manifest-org");
	snprintf(fields.org, sizeof fields.org, "acme");
	fields.stride = 64;
	assert_fault(open_with(&fields, "b-1", 2, trust, trust), ERR_NO, "manifest-stride");
	json_free(&fields, &manifest_shape);
	trust_free(&trust);
}

/* Nothing is parsed that is not signed: bytes that are no JSON are refused for their signatures. */
static void test_open_order(void **state)
{
	struct trust *trust = specimen_trust_open();
	struct document document;
	struct manifest *manifest;

	(void)state;
	document_of(&document, MANIFEST_NAME, bytes_of("{"));
	sign(&document, ANNA, "manifest", "b-1");
	assert_fault(manifest_open(&manifest, &document, trust, trust, &fault), ERR_NO,
	    "signature-threshold");
	sign(&document, BERT, "manifest", "b-1");
	assert_fault(manifest_open(&manifest, &document, trust, trust, &fault), ERR_NO, "json-schema");
	document_free(&document);
	trust_free(&trust);
}

static void test_open_newest(void **state)
{
	struct trust *trust = specimen_trust_open(), *revoking, *rotated;
	struct trust_fields fields;
	struct manifest_fields manifest;
	struct document document;

	(void)state;
	specimen_manifest(&manifest);
	manifest_document(&document, &manifest);
	next_trust(&fields, 2);
	officer_at(&fields, CLEO)->status = OFFICER_COMPROMISED;
	officer_at(&fields, ANNA)->status = OFFICER_ACTIVE;
	rotated = open_trust(&fields, trust);
	assert_int_equal(open_with(&manifest, "b-1", 2, trust, rotated), ERR_OK);
	next_trust(&fields, 3);
	hex_encode(list_grow(&fields.revoked_batches, 65), bytes_from(document.hash, HASH_SIZE));
	revoking = open_trust(&fields, rotated);
	assert_fault(open_with(&manifest, "b-1", 2, trust, revoking), ERR_NO, "manifest-revoked");
	assert_fault(open_with(&manifest, "b-1", 2, revoking, revoking), ERR_NO, "manifest-revoked");
	document_free(&document);
	json_free(&manifest, &manifest_shape);
	trust_free(&revoking);
	trust_free(&rotated);
	trust_free(&trust);
}

static void test_lots(void **state)
{
	static const uint32_t lots[BATCH_COUNT] = {0, 0, 0, 1, 2, 2, 2};
	struct manifest_fields fields;
	uint32_t number;

	(void)state;
	specimen_manifest(&fields);
	for (uint64_t i = 0; i < BATCH_COUNT; i++) {
		assert_ptr_equal(manifest_lot_of(&fields, i, &number), manifest_lot(&fields, lots[i]));
		assert_int_equal(number, lots[i]);
	}
	assert_null(manifest_lot_of(&fields, BATCH_COUNT, &number));
	assert_null(manifest_lot_of(&fields, UINT64_MAX, &number));
	assert_true(manifest_lot_named(&fields, "wo-2", &number));
	assert_int_equal(number, 1);
	assert_false(manifest_lot_named(&fields, "wo-4", &number));
	json_free(&fields, &manifest_shape);
}

static void test_locate(void **state)
{
	struct manifest_fields fields;
	char name[RECORDS_NAME_SIZE];
	uint64_t offset;
	unsigned file;

	(void)state;
	specimen_manifest(&fields);
	records_locate(&fields, 0, &file, &offset);
	assert_true(file == 0 && offset == 0);
	records_locate(&fields, 4, &file, &offset);
	assert_true(file == 0 && offset == 4 * BATCH_STRIDE);
	records_locate(&fields, 5, &file, &offset);
	assert_true(file == 1 && offset == 0);
	records_locate(&fields, 6, &file, &offset);
	assert_true(file == 1 && offset == BATCH_STRIDE);
	records_name(name, 0);
	assert_string_equal(name, "records-000.bin");
	records_name(name, 999);
	assert_string_equal(name, "records-999.bin");
	json_free(&fields, &manifest_shape);
}

static void test_place_and_state(void **state)
{
	struct manifest_fields fields;
	struct record_place place;
	struct state_slot slots[SLOTS_MAX];
	uint8_t digests[2][HASH_SIZE], common[HASH_SIZE];

	(void)state;
	specimen_manifest(&fields);
	memcpy(digests[0], common_at(&fields, 0)->digest, HASH_SIZE);
	memcpy(digests[1], common_at(&fields, 1)->digest, HASH_SIZE);
	record_common(common, (const uint8_t (*)[HASH_SIZE])digests, 2);
	manifest_place(&place, &fields, 2, 5);
	assert_ptr_equal(place.batch, fields.batch);
	assert_true(place.lot == 2 && place.index == 5 && place.stride == BATCH_STRIDE);
	assert_memory_equal(place.common, common, HASH_SIZE);
	assert_int_equal(manifest_state(slots, &fields), 3);
	assert_true(slots[0].slot.tag == 42 && slots[0].slot.type == 0 && slots[0].kind == STATE_DIGEST);
	assert_true(slots[1].slot.tag == 42 && slots[1].slot.type == 1 && slots[1].kind == STATE_PRESENT);
	assert_true(slots[2].slot.tag == 43 && slots[2].slot.type == 0 && slots[2].kind == STATE_ABSENT);
	json_free(&fields, &manifest_shape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form), cmocka_unit_test(test_parse), cmocka_unit_test(test_check),
		    cmocka_unit_test(test_check_allows),
		cmocka_unit_test(test_open), cmocka_unit_test(test_open_order),
		    cmocka_unit_test(test_open_newest),
		cmocka_unit_test(test_lots), cmocka_unit_test(test_locate),
		    cmocka_unit_test(test_place_and_state),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
