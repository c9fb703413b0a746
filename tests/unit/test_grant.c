/* SPDX-License-Identifier: ISC */
/* grant.json: its form, one fault at a time; under which trust it opens; whether it fits a manifest. */
#include "officers.h"

#include "batches.h"

#include "gapseal/grant.h"

static uint8_t manifest_hash_of[HASH_SIZE];

static void add_number(struct list *list, uint64_t number)
{
	*(uint64_t *)list_grow(list, sizeof number) = number;
}

static void grant_lot(struct grant_fields *fields, const char *name)
{
	snprintf(list_grow(&fields->lots, NAME_SIZE), NAME_SIZE, "%s", name);
}

static void add_grantee(struct grant_fields *fields, const char *name, uint8_t number)
{
	struct grant_station *station = list_grow(&fields->stations, sizeof *station);

	snprintf(station->name, sizeof station->name, "%s", name);
	specimen_recipient(station->recipient, number);
}

/* Two lots of the specimen batch for both stations; free with json_free. */
static void specimen_grant(struct grant_fields *out)
{
	memset(out, 0, sizeof *out);
	memset(manifest_hash_of, 0x5a, HASH_SIZE);
	memset(out->manifest_sha256, 0x5a, HASH_SIZE);
	memset(out->keys_sha256, 0xa5, HASH_SIZE);
	snprintf(out->batch, sizeof out->batch, "b-1");
	snprintf(out->not_before, sizeof out->not_before, "2026-07-01T00:00:00Z");
	snprintf(out->not_after, sizeof out->not_after, "2026-08-01T00:00:00Z");
	snprintf(out->note, sizeof out->note, "week 27");
	out->serial = 5;
	out->trust = 1;
	out->max_success = 6;
	grant_lot(out, "wo-1");
	grant_lot(out, "wo-3");
	add_grantee(out, "line1", 1);
	add_grantee(out, "line2", 2);
	add_number(&out->again, 2);
	add_number(&out->again, 4);
	add_number(&out->replaces, 3);
	add_number(&out->replaces, 4);
}

static void grant_document(struct document *out, const struct grant_fields *fields)
{
	struct buffer text = BUFFER_EMPTY;

	json_write(&text, &grant_shape, fields);
	document_of(out, GRANT_NAME, buffer_bytes(&text));
	buffer_free(&text);
}

static enum err parse(const struct grant_fields *fields)
{
	struct grant_fields back;
	struct document document;
	enum err err;

	grant_document(&document, fields);
	err = grant_parse(&back, buffer_bytes(&document.text), GRANT_NAME, &fault);
	json_free(&back, &grant_shape);
	document_free(&document);
	return err;
}

static void test_form(void **state)
{
	static const char *const parts[] = {
		"{\n  \"again\": [\n    2,\n    4\n  ],\n  \"batch\": \"b-1\",\n  \"keys_sha256\": \"a5a5",
		"\n  \"lots\": [\n    \"wo-1\",\n    \"wo-3\"\n  ],\n  \"manifest_sha256\": \"5a5a",
		"\n  \"max_success\": 6,\n  \"not_after\": \"2026-08-01T00:00:00Z\",\n"
		"  \"not_before\": \"2026-07-01T00:00:00Z\",\n"
		"  \"note\": \"week 27\",\n  \"records\": [],\n  \"replaces\": [\n    3,\n    4\n  ],\n"
		"  \"schema\": \"gapseal/grant/v1\",\n  \"serial\": 5,\n  \"stations\": [\n    {\n"
		"      \"name\": \"line1\",\n"
		"      \"recipient\": \"age1", "\n    }\n  ],\n  \"trust\": 1\n}\n",
		NULL
	};
	struct grant_fields fields;

	(void)state;
	specimen_grant(&fields);
	assert_written(&grant_shape, &fields, parts);
	json_free(&fields, &grant_shape);
}

static struct grant_station *station_of(struct grant_fields *f, size_t i)
{
	return (struct grant_station *)f->stations.items + i;
}

#define LOTS "\"lots\": [\n    \"wo-1\",\n    \"wo-3\"\n  ]"

static const struct spoiled texts[] = {
	{"\"batch\": \"b-1\"", "\"batch\": \"\"", "grant-form"},
	{"\"serial\": 5", "\"serial\": 0", "grant-form"},
	{"\"trust\": 1", "\"trust\": 0", "grant-form"},
	{"\"max_success\": 6", "\"max_success\": 0", "grant-form"},
	{"\"records\": []", "\"records\": [\n    1\n  ]", "grant-scope"},
	{LOTS, "\"lots\": []", "grant-scope"},
	{"2026-07-01T00:00:00Z", "", "grant-dates"},
	{"2026-08-01T00:00:00Z", "", "grant-dates"},
	{"2026-08-01T00:00:00Z", "2026-06-30T23:59:59Z", "grant-dates"},
	{"\"name\": \"line2\"", "\"name\": \"\"", "grant-stations"},
	{"\"name\": \"line2\"", "\"name\": \"line1\"", "grant-stations"},
	{"\"recipient\": \"age1", "\"recipient\": \"age2", "grant-stations"},
	{"    2,\n    4\n", "    4,\n    4\n", "grant-order"},
	{"    2,\n    4\n", "    4,\n    2\n", "grant-order"},
	{"    3,\n    4\n", "    4,\n    3\n", "grant-order"},
	{"    3,\n    4\n", "    4,\n    5\n", "grant-order"},
	{LOTS, "\"lots\": [\n    \"wo-1\",\n    \"wo-1\"\n  ]", "grant-order"},
	{LOTS, "\"lots\": [\n    \"wo-1\",\n    \"\"\n  ]", "grant-order"},
};

static void test_parse_text(void **state)
{
	struct grant_fields fields, back;
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	specimen_grant(&fields);
	json_write(&text, &grant_shape, &fields);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buffer changed = BUFFER_EMPTY;
		enum err err;

		change(&changed, buffer_bytes(&text), texts[i].from, texts[i].to);
		err = grant_parse(&back, buffer_bytes(&changed), GRANT_NAME, &fault);
		if (err != ERR_NO || strcmp(fault.code, texts[i].code) != 0)
			fail_msg("%s: %d %s, not %s", texts[i].to, err, err == ERR_OK ? "" : fault.code,
			    texts[i].code);
		assert_null(back.stations.items);
		buffer_free(&changed);
	}
	buffer_free(&text);
	json_free(&fields, &grant_shape);
}

static void test_parse_struct(void **state)
{
	struct grant_fields fields;

	(void)state;
	specimen_grant(&fields);
	assert_int_equal(parse(&fields), ERR_OK);
	specimen_recipient(station_of(&fields, 1)->recipient, 1);
	assert_fault(parse(&fields), ERR_NO, "grant-stations");
	fields.stations.count = 0;
	assert_fault(parse(&fields), ERR_NO, "grant-stations");
	json_free(&fields, &grant_shape);
	specimen_grant(&fields);
	fields.lots.count = 0;
	add_number(&fields.records, 2);
	assert_int_equal(parse(&fields), ERR_OK);
	add_number(&fields.records, 1);
	assert_fault(parse(&fields), ERR_NO, "grant-order");
	json_free(&fields, &grant_shape);
}

static enum err open_with(const struct grant_fields *fields, const char *id, size_t first, size_t signers,
    const struct trust *in_force, const struct trust *newest)
{
	struct document document;
	struct grant *grant;
	enum err err;

	grant_document(&document, fields);
	for (size_t i = 0; i < signers; i++)
		sign(&document, first + i, "grant", id);
	err = grant_open(&grant, &document, in_force, newest, &fault);
	if (err == ERR_OK) {
		assert_memory_equal(grant_hash(grant), document.hash, HASH_SIZE);
		assert_true(grant_get(grant)->serial == fields->serial);
	}
	assert_true((err == ERR_OK) == (grant != NULL));
	grant_free(&grant);
	document_free(&document);
	return err;
}

static void test_open(void **state)
{
	struct trust *trust = specimen_trust_open();
	struct grant_fields fields;

	(void)state;
	specimen_grant(&fields);
	assert_int_equal(open_with(&fields, "5", CLEO, 1, trust, trust), ERR_OK);
	assert_int_equal(open_with(&fields, "5", ANNA, 3, trust, trust), ERR_OK);
	assert_fault(open_with(&fields, "5", ANNA, 0, trust, trust), ERR_NO, "signature-none");
	assert_fault(open_with(&fields, "5", DORA, 1, trust, trust), ERR_NO, "signature-key");
	assert_fault(open_with(&fields, "6", ANNA, 1, trust, trust), ERR_NO, "signature-comment");
	assert_fault(open_with(&fields, "05", ANNA, 1, trust, trust), ERR_NO, "signature-comment");
	fields.trust = 2;
	assert_fault(open_with(&fields, "5", ANNA, 1, trust, trust), ERR_NO, "grant-trust");
	fields.trust = 1;
	specimen_recipient(station_of(&fields, 1)->recipient, 9);
	assert_fault(open_with(&fields, "5", ANNA, 1, trust, trust), ERR_NO, "grant-station");
	specimen_recipient(station_of(&fields, 1)->recipient, 2);
	memcpy(station_of(&fields, 1)->name, "line3", 6);
	assert_fault(open_with(&fields, "5", ANNA, 1, trust, trust), ERR_NO, "grant-station");
	json_free(&fields, &grant_shape);
	trust_free(&trust);
}

/* Losing one station does not take the grant from the other; a grant made after it must not name it. */
static void test_open_newest(void **state)
{
	struct trust *trust = specimen_trust_open(), *lost, *revoking;
	struct trust_fields next;
	struct grant_fields fields;

	(void)state;
	specimen_grant(&fields);
	next_trust(&next, 2);
	station_at(&next, 1)->status = STATION_LOST;
	lost = open_trust(&next, trust);
	assert_int_equal(open_with(&fields, "5", ANNA, 1, trust, lost), ERR_OK);
	assert_fault(open_with(&fields, "5", ANNA, 1, lost, lost), ERR_NO, "grant-station");
	next_trust(&next, 3);
	*(uint64_t *)list_grow(&next.revoked_grants, 8) = 5;
	revoking = open_trust(&next, lost);
	assert_fault(open_with(&fields, "5", ANNA, 1, trust, revoking), ERR_NO, "grant-revoked");
	json_free(&fields, &grant_shape);
	trust_free(&revoking);
	trust_free(&lost);
	trust_free(&trust);
}

/* The grant role is its own: the batch threshold does not help. */
static void test_open_role(void **state)
{
	struct trust_fields trust_fields;
	struct grant_fields fields;
	struct trust *trust;

	(void)state;
	specimen_trust(&trust_fields);
	trust_fields.roles[ROLE_GRANT].officers.count = 1; /* Anna alone */
	trust = open_trust(&trust_fields, NULL);
	specimen_grant(&fields);
	assert_int_equal(open_with(&fields, "5", ANNA, 1, trust, trust), ERR_OK);
	assert_fault(open_with(&fields, "5", BERT, 2, trust, trust), ERR_NO, "signature-threshold");
	json_free(&fields, &grant_shape);
	trust_free(&trust);
}

static void test_every_byte(void **state)
{
	struct trust *trust = specimen_trust_open();
	struct document document, changed;
	struct grant_fields fields;
	struct grant *grant;

	(void)state;
	specimen_grant(&fields);
	grant_document(&document, &fields);
	sign(&document, ANNA, "grant", "5");
	for (size_t i = 0; i < document.text.size; i++) {
		document.text.data[i] ^= (uint8_t)(1U << i % 7);
		document_of(&changed, GRANT_NAME, buffer_bytes(&document.text));
		document.text.data[i] ^= (uint8_t)(1U << i % 7);
		changed.count = 1;
		changed.signatures[0] = document.signatures[0];
		assert_int_equal(grant_open(&grant, &changed, trust, trust, &fault), ERR_NO);
		changed.count = 0; /* the signature is the document's */
		document_free(&changed);
	}
	document_free(&document);
	json_free(&fields, &grant_shape);
	trust_free(&trust);
}

static enum err check(const struct grant_fields *fields)
{
	struct manifest_fields manifest;
	enum err err;

	specimen_manifest(&manifest);
	err = grant_check(fields, &manifest, manifest_hash_of, GRANT_NAME, &fault);
	json_free(&manifest, &manifest_shape);
	return err;
}

static void test_check(void **state)
{
	struct grant_fields fields;

	(void)state;
	specimen_grant(&fields);
	assert_int_equal(check(&fields), ERR_OK);
	fields.manifest_sha256[0] ^= 1;
	assert_fault(check(&fields), ERR_NO, "grant-manifest");
	fields.manifest_sha256[0] ^= 1;
	fields.batch[2] = '2';
	assert_fault(check(&fields), ERR_NO, "grant-manifest");
	fields.batch[2] = '1';
	fields.max_success = 7;
	assert_fault(check(&fields), ERR_NO, "grant-lots");
	fields.max_success = 1;
	((uint64_t *)fields.again.items)[0] = 3; /* of lot wo-2, which is not granted */
	assert_fault(check(&fields), ERR_NO, "grant-lots");
	((uint64_t *)fields.again.items)[0] = 2;
	((uint64_t *)fields.again.items)[1] = BATCH_COUNT;
	assert_fault(check(&fields), ERR_NO, "grant-lots");
	fields.again.count = 0;
	grant_lot(&fields, "wo-4");
	assert_fault(check(&fields), ERR_NO, "grant-lots");
	json_free(&fields, &grant_shape);
}

static void test_check_records(void **state)
{
	struct grant_fields fields;

	(void)state;
	specimen_grant(&fields);
	fields.lots.count = 0;
	add_number(&fields.records, 2);
	add_number(&fields.records, 4);
	add_number(&fields.records, 6);
	fields.max_success = 3;
	assert_int_equal(check(&fields), ERR_OK);
	fields.max_success = 4;
	assert_fault(check(&fields), ERR_NO, "grant-lots");
	fields.max_success = 3;
	add_number(&fields.records, BATCH_COUNT);
	assert_fault(check(&fields), ERR_NO, "grant-lots");
	fields.records.count = 2;
	fields.max_success = 2;
	add_number(&fields.again, 6);
	assert_fault(check(&fields), ERR_NO, "grant-lots");
	json_free(&fields, &grant_shape);
}

static void test_covers(void **state)
{
	static const bool by_lot[] = {true, true, true, false, true, true, true, false};
	static const bool by_record[] = {false, true, false, false, false, true, false, false};
	struct manifest_fields manifest;
	struct grant_fields fields;

	(void)state;
	specimen_manifest(&manifest);
	specimen_grant(&fields);
	for (uint64_t i = 0; i <= BATCH_COUNT; i++)
		assert_true(grant_covers(&fields, &manifest, i) == by_lot[i]);
	fields.lots.count = 0;
	add_number(&fields.records, 1);
	add_number(&fields.records, 5);
	for (uint64_t i = 0; i <= BATCH_COUNT; i++)
		assert_true(grant_covers(&fields, &manifest, i) == by_record[i]);
	assert_true(grant_names_station(&fields, "line2"));
	assert_false(grant_names_station(&fields, "line3"));
	json_free(&fields, &grant_shape);
	json_free(&manifest, &manifest_shape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form), cmocka_unit_test(test_parse_text),
		    cmocka_unit_test(test_parse_struct), cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_newest), cmocka_unit_test(test_open_role),
		    cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_check), cmocka_unit_test(test_check_records),
		    cmocka_unit_test(test_covers),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
