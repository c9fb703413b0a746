/* SPDX-License-Identifier: ISC */
/* trust.json: its form, one fault at a time; what its signatures are worth; how versions follow. */
#include "officers.h"

#include "gapseal/checkpoint.h"

static void test_form(void **state)
{
	static const char *const parts[] = {
		"{\n  \"escrow\": [\n    \"age1",
		    "\n  \"issued\": \"2026-07-01T09:00:00Z\",\n  \"officers\": [\n",
		"    {\n      \"key\": \"minisign:RW",
		    "\",\n      \"name\": \"anna\",\n      \"status\": \"active\"\n    },\n",
		"\n  \"org\": \"acme\",\n  \"prev\": \"\",\n  \"revoked_batches\": [],\n"
		"  \"revoked_grants\": [],\n",
		"  \"roles\": {\n    \"batch\": {\n      \"officers\": [\n        \"anna\",\n"
		"        \"bert\",\n",
		"        \"cleo\"\n      ],\n      \"threshold\": 2\n    },\n    \"grant\": {\n",
		"      \"threshold\": 1\n    },\n    \"trust\": {\n",
		"  \"schema\": \"gapseal/trust/v1\",\n  \"stations\": [\n    {\n      \"last_size\": 0,\n",
		"      \"log_key\": \"acme/line1+",
		    "\",\n      \"name\": \"line1\",\n      \"recipient\": \"age1",
		"\",\n      \"status\": \"active\"\n    }",
		    "\n  \"version\": 1,\n  \"witnesses\": [\n    \"shift-leader+",
		NULL
	};
	struct trust_fields fields, back;
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	specimen_trust(&fields);
	assert_written(&trust_shape, &fields, parts);
	json_write(&text, &trust_shape, &fields);
	assert_int_equal(trust_parse(&back, buffer_bytes(&text), "trust.json", &fault), ERR_OK);
	assert_int_equal(back.roles[ROLE_GRANT].threshold, 1);
	assert_int_equal(back.roles[ROLE_TRUST].officers.count, 3);
	buffer_free(&text);
	json_free(&back, &trust_shape);
	json_free(&fields, &trust_shape);
}

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ROLE "        \"anna\",\n        \"bert\",\n        \"cleo\"\n"

static const struct spoiled texts[] = {
	{"\"org\": \"acme\"", "\"org\": \"\"", "trust-form"},
	{"2026-07-01T09:00:00Z", "", "trust-form"},
	{"\"version\": 1", "\"version\": 0", "trust-form"},
	{"\"version\": 1", "\"version\": 1000000", "trust-form"},
	{"\"version\": 1", "\"version\": 2", "trust-prev"},
	{"\"prev\": \"\"", "\"prev\": \"" HEX_A "\"", "trust-prev"},
	{"\"name\": \"bert\"", "\"name\": \"\"", "trust-officer"},
	{"\"name\": \"bert\"", "\"name\": \"anna\"", "trust-duplicate"},
	{"\"name\": \"bert\"", "\"name\": \"dora\"", "trust-officer"},
	{"minisign:RW", "RW", "trust-key"},
	{"minisign:RW", "minisign:rW", "trust-key"},
	{"\"name\": \"line2\"", "\"name\": \"\"", "trust-station"},
	{"\"name\": \"line2\"", "\"name\": \"line3\"", "trust-station"},
	{"\"org\": \"acme\"", "\"org\": \"acne\"", "trust-station"},
	{"acme/line2+", "acme/line3+", "trust-key"},
	{"\"recipient\": \"age1", "\"recipient\": \"age2", "trust-key"},
	{"\"escrow\": [\n    \"age1", "\"escrow\": [\n    \"age2", "trust-key"},
	{"shift-leader+", "shift-leaden+", "trust-key"},
	{ROLE, "        \"anna\",\n        \"bert\",\n        \"dora\"\n", "trust-officer"},
	{ROLE, "        \"anna\",\n        \"bert\",\n        \"anna\"\n", "trust-duplicate"},
	{"[\n" ROLE "      ]", "[]", "trust-threshold"},
	{"\"threshold\": 2", "\"threshold\": 0", "trust-threshold"},
	{"\"threshold\": 1", "\"threshold\": 0", "trust-threshold"},
	{"\"threshold\": 2", "\"threshold\": 4", "trust-threshold"},
	{"\"threshold\": 1", "\"threshold\": 9007199254740991", "trust-threshold"},
	{"\"revoked_grants\": []", "\"revoked_grants\": [\n    0\n  ]", "trust-revoked"},
	{"\"revoked_grants\": []", "\"revoked_grants\": [\n    7,\n    3,\n    7\n  ]", "trust-duplicate"},
	{"\"revoked_batches\": []", "\"revoked_batches\": [\n    \"aa\"\n  ]", "trust-revoked"},
	{"\"revoked_batches\": []", "\"revoked_batches\": [\n    \"" HEX_A "\",\n    \"" HEX_B "\",\n"
	    "    \"" HEX_A
	    "\"\n  ]", "trust-duplicate"},
};

static void test_parse(void **state)
{
	struct trust_fields fields, back;
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	specimen_trust(&fields);
	json_write(&text, &trust_shape, &fields);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buffer changed = BUFFER_EMPTY;
		enum err err;

		change(&changed, buffer_bytes(&text), texts[i].from, texts[i].to);
		err = trust_parse(&back, buffer_bytes(&changed), "trust.json", &fault);
		if (err != ERR_NO || strcmp(fault.code, texts[i].code) != 0)
			fail_msg("%s: %d %s, not %s", texts[i].to, err, err == ERR_OK ? "" : fault.code,
			    texts[i].code);
		assert_null(back.officers.items);
		buffer_free(&changed);
	}
	buffer_free(&text);
	json_free(&fields, &trust_shape);
}

/* Each of these spoils a good struct in a way that a change of its text cannot show. */
static void prev_short(struct trust_fields *f)
{
	f->version = 2;
	memset(f->prev, 'a', 63);
}

static void prev_upper(struct trust_fields *f)
{
	f->version = 2;
	memset(f->prev, 'A', 64);
}

static void key_twice(struct trust_fields *f)
{
	memcpy(officer_at(f, 1)->key, officer_at(f, 0)->key, MINISIG_TYPED_MAX);
}

static void station_twice(struct trust_fields *f)
{
	add_station(f, "line1", 9);
}

static void log_key_twice(struct trust_fields *f)
{
	specimen_log_key(station_at(f, 1)->log_key, "acme/line2", 1);
}

static void recipient_twice(struct trust_fields *f)
{
	specimen_recipient(station_at(f, 1)->recipient, 1);
}

static void escrow_is_station(struct trust_fields *f)
{
	specimen_recipient(f->escrow.items, 2);
}

static void escrow_twice(struct trust_fields *f)
{
	specimen_recipient(list_grow(&f->escrow, RECIPIENT_SIZE), 3);
}

static void witness_is_station(struct trust_fields *f)
{
	specimen_log_key(f->witnesses.items, "line1", 5);
}

static void witness_is_log(struct trust_fields *f)
{
	specimen_log_key(f->witnesses.items, "acme/line1", 5);
}

static void witness_has_log_key(struct trust_fields *f)
{
	specimen_log_key(f->witnesses.items, "shift", 1);
}

static void too_few_active(struct trust_fields *f)
{
	officer_at(f, 0)->status = OFFICER_RETIRED;
	officer_at(f, 1)->status = OFFICER_COMPROMISED;
}

static void key_id_twice(struct trust_fields *f)
{
	struct minisig_key key = *officer_key_public(officers[BERT]);

	memcpy(key.id, officer_key_public(officers[ANNA])->id, sizeof key.id);
	minisig_key_print(officer_at(f, 1)->key, &key);
}

/* The same key under two ids: two voices in one hand. */
static void key_under_two_ids(struct trust_fields *f)
{
	struct minisig_key key = *officer_key_public(officers[ANNA]);

	key.id[0] ^= 1;
	minisig_key_print(officer_at(f, 1)->key, &key);
}

/* A cosigner's key signs other bytes than a log's. */
static void station_cosigns(struct trust_fields *f)
{
	struct note_key key;

	assert_int_equal(note_key_parse(&key, bytes_of(station_at(f, 1)->log_key), "key", &fault), ERR_OK);
	assert_int_equal(note_key_make(&key, "acme/line2", NOTE_COSIGNATURE, key.key, &fault), ERR_OK);
	note_key_print(station_at(f, 1)->log_key, &key);
}

static void witness_twice(struct trust_fields *f)
{
	specimen_log_key(list_grow(&f->witnesses, NOTE_VKEY_MAX), "shift-leader", 6);
}

static void many_witnesses(struct trust_fields *f)
{
	char name[24];

	for (uint8_t i = 0; i < CHECKPOINT_WITNESSES_MAX; i++) {
		snprintf(name, sizeof name, "witness-%u", i);
		specimen_log_key(list_grow(&f->witnesses, NOTE_VKEY_MAX), name, (uint8_t)(100 + i));
	}
}

static void many_officers(struct trust_fields *f)
{
	while (f->officers.count <= TRUST_OFFICERS_MAX)
		list_grow(&f->officers, sizeof(struct trust_officer));
}

static void many_stations(struct trust_fields *f)
{
	while (f->stations.count <= TRUST_STATIONS_MAX)
		list_grow(&f->stations, sizeof(struct trust_station));
}

static const struct {
	void (*spoil)(struct trust_fields *fields);
	const char *code;
} spoils[] = {
	{many_officers, "trust-form"},
	{many_stations, "trust-form"},
	{prev_short, "trust-prev"},
	{prev_upper, "trust-prev"},
	{key_twice, "trust-duplicate"},
	{key_id_twice, "trust-duplicate"},
	{key_under_two_ids, "trust-duplicate"},
	{station_twice, "trust-duplicate"},
	{station_cosigns, "trust-key"},
	{log_key_twice, "trust-duplicate"},
	{recipient_twice, "trust-duplicate"},
	{escrow_is_station, "trust-duplicate"},
	{escrow_twice, "trust-duplicate"},
	{witness_is_station, "trust-duplicate"},
	{witness_is_log, "trust-duplicate"},
	{witness_has_log_key, "trust-duplicate"},
	{witness_twice, "trust-duplicate"},
	{many_witnesses, "trust-key"},
	{too_few_active, "trust-threshold"},
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
		struct trust_fields fields;
		enum err err;

		specimen_trust(&fields);
		spoils[i].spoil(&fields);
		err = trust_check(&fields, "trust.json", &fault);
		if (err != ERR_NO || strcmp(fault.code, spoils[i].code) != 0)
			fail_msg("spoil %zu: %d %s, not %s", i, err, err == ERR_OK ? "" : fault.code,
			    spoils[i].code);
		json_free(&fields, &trust_shape);
	}
}

static void test_find(void **state)
{
	struct trust_fields fields;

	(void)state;
	specimen_trust(&fields);
	assert_ptr_equal(trust_station(&fields, "line2"), trust_station_at(&fields, 1));
	assert_null(trust_station(&fields, "line3"));
	assert_string_equal(trust_officer(&fields, 2)->name, "cleo");
	assert_string_equal(trust_role_name(ROLE_TRUST), "trust");
	json_free(&fields, &trust_shape);
}

static void test_revoked(void **state)
{
	uint8_t hash[HASH_SIZE];
	struct trust_fields fields;
	struct trust *trust;

	(void)state;
	specimen_trust(&fields);
	memset(list_grow(&fields.revoked_batches, 65), 'a', 64);
	*(uint64_t *)list_grow(&fields.revoked_grants, 8) = 9;
	*(uint64_t *)list_grow(&fields.revoked_grants, 8) = 2;
	trust = open_trust(&fields, NULL);
	memset(hash, 0xaa, sizeof hash);
	assert_true(trust_batch_revoked(trust, hash));
	hash[31] = 0xab;
	assert_false(trust_batch_revoked(trust, hash));
	assert_true(trust_grant_revoked(trust, 9));
	assert_true(trust_grant_revoked(trust, 2));
	assert_false(trust_grant_revoked(trust, 3));
	trust_free(&trust);
}

static void test_fingerprint(void **state)
{
	uint8_t hash[HASH_SIZE];
	char printed[FINGERPRINT_SIZE], pin[100];

	(void)state;
	for (size_t i = 0; i < sizeof hash; i++)
		hash[i] = (uint8_t)(i * 7 + 0xa0);
	fingerprint_print(printed, hash);
	assert_string_equal(printed,
	    "a0a7 aeb5 bcc3 cad1 d8df e6ed f4fb 0209 1017 1e25 2c33 3a41 484f 565d 646b 7279");
	assert_int_equal(fingerprint_check(hash, printed, false, "trust.json", &fault), ERR_OK);
	assert_int_equal(fingerprint_check(hash, "A0A7:AEB5 bcc3cad1", true, "trust.json", &fault), ERR_OK);
	assert_fault(fingerprint_check(hash, "A0A7 AEB5 bcc3cad1", false, "t", &fault), ERR_NO, "pin-form");
	assert_fault(fingerprint_check(hash, "A0A7AEB5bcc3cad", true, "t", &fault), ERR_NO, "pin-form");
	assert_fault(fingerprint_check(hash, "A0A7AEB5bcc3cad2", true, "t", &fault), ERR_NO, "pin-differs");
	assert_fault(fingerprint_check(hash, "A0A7AEB5bcc3cad1 x", true, "t", &fault), ERR_NO, "pin-form");
	assert_fault(fingerprint_check(hash, "", true, "t", &fault), ERR_NO, "pin-form");
	snprintf(pin, sizeof pin, "%s 0", printed);
	assert_fault(fingerprint_check(hash, pin, true, "t", &fault), ERR_NO, "pin-form");
	printed[strlen(printed) - 1] = '8';
	assert_fault(fingerprint_check(hash, printed, false, "t", &fault), ERR_NO, "pin-differs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_fingerprint),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
