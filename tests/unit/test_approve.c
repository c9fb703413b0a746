/* SPDX-License-Identifier: ISC */
/* What signatures beside a document are worth, and how a version of trust follows the one before. */
#include "officers.h"

static struct document document; /* of the test in hand */
static struct trust *trust;

static int set_up(void **state)
{
	(void)state;
	trust = specimen_trust_open();
	document_of(&document, "manifest.json", bytes_of("any bytes will do"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	trust_free(&trust);
	document_free(&document);
	return 0;
}

static enum err approve(enum trust_role role)
{
	return trust_approve(trust, trust, role, &document, "manifest", "b-1", &fault);
}

static void test_threshold(void **state)
{
	(void)state;
	assert_fault(approve(ROLE_BATCH), ERR_NO, "signature-threshold");
	sign(&document, CLEO, "manifest", "b-1");
	assert_fault(approve(ROLE_BATCH), ERR_NO, "signature-threshold");
	assert_non_null(strstr(fault.text, "signatures of 1 officers count"));
	assert_non_null(strstr(fault.text, "asks for 2"));
	assert_string_equal(fault.where, "manifest.json");
	assert_int_equal(approve(ROLE_GRANT), ERR_OK);
	sign(&document, ANNA, "manifest", "b-1");
	assert_int_equal(approve(ROLE_BATCH), ERR_OK);
}

/* One key signing twice is one officer (a fault of other implementations). */
static void test_same_key_twice(void **state)
{
	unsigned counted;

	(void)state;
	sign(&document, ANNA, "manifest", "b-1");
	sign(&document, ANNA, "manifest", "b-1");
	assert_fault(approve(ROLE_BATCH), ERR_NO, "signature-threshold");
	assert_int_equal(trust_count(&counted, NULL, trust_get(trust), trust_get(trust), ROLE_BATCH,
	    &document, "manifest", "b-1", &fault), ERR_OK);
	assert_int_equal(counted, 1);
}

static void test_signed_by(void **state)
{
	bool signed_by[3];
	unsigned counted;

	(void)state;
	sign(&document, CLEO, "manifest", "b-1");
	sign(&document, ANNA, "manifest", "b-1");
	assert_int_equal(trust_count(&counted, signed_by, trust_get(trust), trust_get(trust), ROLE_BATCH,
	    &document, "manifest", "b-1", &fault), ERR_OK);
	assert_int_equal(counted, 2);
	assert_true(signed_by[ANNA] && !signed_by[BERT] && signed_by[CLEO]);
}

/* However many others are good, one that is not refuses. */
static void test_unknown_key(void **state)
{
	(void)state;
	sign(&document, ANNA, "manifest", "b-1");
	sign(&document, BERT, "manifest", "b-1");
	sign(&document, DORA, "manifest", "b-1");
	assert_fault(approve(ROLE_BATCH), ERR_NO, "signature-key");
}

/* Dora became an officer later: known by then, but without a voice in the version before. */
static void test_newer_officer(void **state)
{
	struct trust_fields newest;
	bool signed_by[3];
	unsigned counted;
	uint8_t *letter;

	(void)state;
	specimen_trust(&newest);
	add_officer(&newest, DORA);
	sign(&document, ANNA, "manifest", "b-1");
	sign(&document, DORA, "manifest", "b-1");
	assert_int_equal(trust_count(&counted, signed_by, trust_get(trust), &newest, ROLE_BATCH, &document,
	    "manifest", "b-1", &fault), ERR_OK);
	assert_int_equal(counted, 1);
	assert_true(signed_by[ANNA] && !signed_by[BERT] && !signed_by[CLEO]);
	letter = &document.signatures[1].text.data[document.signatures[1].text.size - 20];
	*letter = *letter == 'A' ? 'B' : 'A';
	assert_fault(trust_count(&counted, NULL, trust_get(trust), &newest, ROLE_BATCH, &document, "manifest",
	    "b-1", &fault), ERR_NO, "minisig-comment");
	json_free(&newest, &trust_shape);
}

static void test_name_of_other_key(void **state)
{
	(void)state;
	sign(&document, ANNA, "manifest", "b-1");
	sign(&document, BERT, "manifest", "b-1");
	minisig_key_id(document.signatures[1].key_id, officer_key_public(officers[CLEO]));
	assert_fault(approve(ROLE_BATCH), ERR_NO, "signature-key");
}

/* Signed by Anna alone, with this trusted comment. */
static enum err approve_comment(const char *comment)
{
	enum err err;

	sign_with_comment(&document, ANNA, comment);
	err = approve(ROLE_GRANT);
	buffer_free(&document.signatures[--document.count].text);
	return err;
}

static void test_comments(void **state)
{
	char good[DOCUMENT_COMMENT_MAX], other[DOCUMENT_COMMENT_MAX + 1];

	(void)state;
	document_comment(good, &document, "manifest", "b-1");
	assert_int_equal(approve_comment(good), ERR_OK);
	document_comment(other, &document, "grant", "b-1");
	assert_fault(approve_comment(other), ERR_NO, "signature-comment");
	document_comment(other, &document, "manifest", "b-2");
	assert_fault(approve_comment(other), ERR_NO, "signature-comment");
	snprintf(other, sizeof other, "%s ", good);
	assert_fault(approve_comment(other), ERR_NO, "signature-comment");
	snprintf(other, sizeof other, " %s", good);
	assert_fault(approve_comment(other), ERR_NO, "signature-comment");
	snprintf(other, sizeof other, "%.*s", (int)strlen(good) - 1, good);
	assert_fault(approve_comment(other), ERR_NO, "signature-comment");
	good[strlen(good) - 1] ^= 1; /* the digest is that of another document */
	assert_fault(approve_comment(good), ERR_NO, "signature-comment");
	assert_fault(approve_comment(""), ERR_NO, "signature-comment");
}

/* Every byte of a signature file but the free text after "untrusted comment: ". */
static void test_every_byte(void **state)
{
	const size_t skip_from = sizeof "untrusted comment: " - 1;
	struct buffer *text;
	size_t skip_to;

	(void)state;
	sign(&document, ANNA, "manifest", "b-1");
	text = &document.signatures[0].text;
	skip_to = (size_t)((uint8_t *)memchr(text->data, '\n', text->size) - text->data);
	assert_int_equal(approve(ROLE_GRANT), ERR_OK);
	for (size_t i = 0; i < text->size; i++) {
		if (i >= skip_from && i < skip_to)
			continue;
		for (unsigned bit = 0; bit < 8; bit++) {
			text->data[i] ^= (uint8_t)(1U << bit);
			assert_int_equal(approve(ROLE_GRANT), ERR_NO);
			text->data[i] ^= (uint8_t)(1U << bit);
		}
	}
	for (size_t i = 0; i < document.text.size; i++) {
		struct document changed;

		document.text.data[i] ^= 1;
		document_of(&changed, "manifest.json", buffer_bytes(&document.text));
		document.text.data[i] ^= 1;
		sign(&changed, ANNA, "manifest", "b-1");
		buffer_clear(&changed.signatures[0].text);
		buffer_put(&changed.signatures[0].text, buffer_bytes(text));
		assert_int_equal(trust_approve(trust, trust, ROLE_GRANT, &changed, "manifest", "b-1", &fault),
		    ERR_NO);
		document_free(&changed);
	}
}

/* Those who are retired, compromised, or in another role are known, so they refuse nothing; but they do
 * not count. */
static void test_who_counts(void **state)
{
	struct trust_fields fields;
	unsigned counted;

	(void)state;
	specimen_trust(&fields);
	sign(&document, ANNA, "manifest", "b-1");
	sign(&document, BERT, "manifest", "b-1");
	sign(&document, CLEO, "manifest", "b-1");
	officer_at(&fields, ANNA)->status = OFFICER_RETIRED;
	assert_int_equal(trust_count(&counted, NULL, &fields, &fields, ROLE_BATCH, &document, "manifest",
	    "b-1", &fault), ERR_OK);
	assert_int_equal(counted, 2);
	officer_at(&fields, BERT)->status = OFFICER_COMPROMISED;
	assert_int_equal(trust_count(&counted, NULL, &fields, &fields, ROLE_BATCH, &document, "manifest",
	    "b-1", &fault), ERR_OK);
	assert_int_equal(counted, 1);
	fields.roles[ROLE_BATCH].officers.count = 2; /* without Cleo */
	assert_int_equal(trust_count(&counted, NULL, &fields, &fields, ROLE_BATCH, &document, "manifest",
	    "b-1", &fault), ERR_OK);
	assert_int_equal(counted, 0);
	json_free(&fields, &trust_shape);
}

/* Under an older version: retiring somebody later changes nothing, his key leaking does. */
static void test_newest(void **state)
{
	struct trust_fields fields;
	struct trust *retired, *compromised;
	struct minisig_key key;

	(void)state;
	sign(&document, CLEO, "manifest", "b-1");
	sign(&document, BERT, "manifest", "b-1");
	next_trust(&fields, 2);
	officer_at(&fields, CLEO)->status = OFFICER_RETIRED;
	retired = open_trust(&fields, trust);
	next_trust(&fields, 3);
	officer_at(&fields, CLEO)->status = OFFICER_COMPROMISED;
	/* under another name and another id: the key is what leaked */
	snprintf(officer_at(&fields, CLEO)->name, NAME_SIZE, "cleopatra");
	key = *officer_key_public(officers[CLEO]);
	key.id[3] ^= 1;
	minisig_key_print(officer_at(&fields, CLEO)->key, &key);
	for (size_t role = 0; role < ROLES; role++)
		fields.roles[role].officers.count = 2;
	compromised = open_trust(&fields, retired);
	assert_int_equal(trust_approve(trust, trust, ROLE_BATCH, &document, "manifest", "b-1", &fault),
	    ERR_OK);
	assert_int_equal(trust_approve(trust, retired, ROLE_BATCH, &document, "manifest", "b-1", &fault),
	    ERR_OK);
	assert_fault(trust_approve(retired, retired, ROLE_BATCH, &document, "manifest", "b-1", &fault),
	    ERR_NO, "signature-threshold");
	assert_fault(trust_approve(trust, compromised, ROLE_BATCH, &document, "manifest", "b-1", &fault),
	    ERR_NO, "signature-threshold");
	trust_free(&compromised);
	trust_free(&retired);
}

static enum err open_signed(const struct trust_fields *fields, const struct trust *previous, size_t count,
    const size_t *signers)
{
	struct document made;
	struct trust *opened;
	enum err err;

	trust_document(&made, fields);
	for (size_t i = 0; i < count; i++)
		sign_trust(&made, signers[i], fields->version);
	err = trust_open(&opened, &made, previous, &fault);
	assert_true((err == ERR_OK) == (opened != NULL));
	trust_free(&opened);
	document_free(&made);
	return err;
}

static void test_first(void **state)
{
	struct trust_fields fields;

	(void)state;
	specimen_trust(&fields);
	assert_int_equal(open_signed(&fields, NULL, 2, (size_t[]){ANNA, CLEO}), ERR_OK);
	assert_fault(open_signed(&fields, NULL, 0, NULL), ERR_NO, "signature-threshold");
	assert_fault(open_signed(&fields, NULL, 1, (size_t[]){ANNA}), ERR_NO, "signature-threshold");
	assert_fault(open_signed(&fields, NULL, 2, (size_t[]){ANNA, ANNA}), ERR_NO, "signature-threshold");
	assert_fault(open_signed(&fields, NULL, 3, (size_t[]){ANNA, BERT, DORA}), ERR_NO, "signature-key");
	fields.roles[ROLE_TRUST].threshold = 0;
	assert_fault(open_signed(&fields, NULL, 2, (size_t[]){ANNA, BERT}), ERR_NO, "trust-threshold");
	json_free(&fields, &trust_shape);
}

static void prepare_next(struct trust_fields *fields, uint64_t version)
{
	next_trust(fields, version);
	hex_encode(fields->prev, bytes_from(trust_hash(trust), HASH_SIZE));
}

static void test_next(void **state)
{
	const size_t two[] = {ANNA, BERT};
	struct trust_fields fields;

	(void)state;
	prepare_next(&fields, 2);
	assert_int_equal(open_signed(&fields, trust, 2, two), ERR_OK);
	assert_fault(open_signed(&fields, trust, 1, two), ERR_NO, "signature-threshold");
	fields.version = 3;
	assert_fault(open_signed(&fields, trust, 2, two), ERR_NO, "trust-version");
	fields.version = 2;
	fields.prev[0] = fields.prev[0] == '0' ? '1' : '0';
	assert_fault(open_signed(&fields, trust, 2, two), ERR_NO, "trust-prev");
	json_free(&fields, &trust_shape);
	specimen_trust(&fields); /* version 1 again */
	assert_fault(open_signed(&fields, trust, 2, two), ERR_NO, "trust-version");
	json_free(&fields, &trust_shape);
}

static void test_next_org(void **state)
{
	struct trust_fields fields;

	(void)state;
	prepare_next(&fields, 2);
	fields.stations.count = 0;
	snprintf(fields.org, sizeof fields.org, "acne");
	assert_fault(open_signed(&fields, trust, 2, (size_t[]){ANNA, BERT}), ERR_NO, "trust-org");
	json_free(&fields, &trust_shape);
}

/* A station is retired, never taken out or given other keys under its name. */
static void test_next_stations(void **state)
{
	const size_t two[] = {ANNA, BERT};
	struct trust_fields fields;

	(void)state;
	prepare_next(&fields, 2);
	station_at(&fields, 1)->status = STATION_STOLEN;
	station_at(&fields, 1)->last_size = 17;
	add_station(&fields, "line3", 7);
	assert_int_equal(open_signed(&fields, trust, 2, two), ERR_OK);
	specimen_recipient(station_at(&fields, 0)->recipient, 8);
	assert_fault(open_signed(&fields, trust, 2, two), ERR_NO, "trust-station");
	specimen_recipient(station_at(&fields, 0)->recipient, 1);
	specimen_log_key(station_at(&fields, 0)->log_key, "acme/line1", 8);
	assert_fault(open_signed(&fields, trust, 2, two), ERR_NO, "trust-station");
	json_free(&fields, &trust_shape);
	prepare_next(&fields, 2);
	fields.stations.count = 1;
	assert_fault(open_signed(&fields, trust, 2, two), ERR_NO, "trust-station");
	json_free(&fields, &trust_shape);
}

/* Bert goes, Dora comes: both versions must reach their thresholds, each by its own officers. */
static void test_rotation(void **state)
{
	struct trust_fields fields;

	(void)state;
	prepare_next(&fields, 2);
	minisig_key_print(officer_at(&fields, BERT)->key, officer_key_public(officers[DORA]));
	assert_fault(open_signed(&fields, trust, 2, (size_t[]){ANNA, DORA}), ERR_NO, "signature-threshold");
	assert_non_null(strstr(fault.text, "trust version 1 "));
	assert_fault(open_signed(&fields, trust, 2, (size_t[]){ANNA, BERT}), ERR_NO, "signature-threshold");
	assert_non_null(strstr(fault.text, "trust version 2 "));
	assert_int_equal(open_signed(&fields, trust, 3, (size_t[]){ANNA, BERT, DORA}), ERR_OK);
	assert_int_equal(open_signed(&fields, trust, 2, (size_t[]){ANNA, CLEO}), ERR_OK);
	json_free(&fields, &trust_shape);
}

/* The same while Bert's key is reported as leaked: he still has a voice in the version that trusted him. */
static void test_rotation_compromised(void **state)
{
	struct trust_fields fields;
	unsigned counted, before;
	struct document made;

	(void)state;
	prepare_next(&fields, 2);
	officer_at(&fields, BERT)->status = OFFICER_COMPROMISED;
	assert_fault(open_signed(&fields, trust, 2, (size_t[]){ANNA, BERT}), ERR_NO, "signature-threshold");
	assert_int_equal(open_signed(&fields, trust, 2, (size_t[]){ANNA, CLEO}), ERR_OK);
	add_officer(&fields, DORA);
	assert_int_equal(open_signed(&fields, trust, 3, (size_t[]){ANNA, BERT, DORA}), ERR_OK);
	trust_document(&made, &fields);
	sign_trust(&made, BERT, 2);
	sign_trust(&made, DORA, 2);
	assert_int_equal(trust_count_next(&counted, &before, &fields, trust_get(trust), &made, &fault),
	    ERR_OK);
	assert_int_equal(counted, 1);
	assert_int_equal(before, 1);
	assert_int_equal(trust_count_next(&counted, &before, &fields, NULL, &made, &fault), ERR_OK);
	assert_int_equal(before, 0);
	document_free(&made);
	json_free(&fields, &trust_shape);
}

/* A signature made for a manifest is none for a version of trust of the same id. */
static void test_purpose(void **state)
{
	struct trust_fields fields;
	struct trust *opened;
	struct document made;

	(void)state;
	specimen_trust(&fields);
	trust_document(&made, &fields);
	sign(&made, ANNA, "manifest", "1");
	sign(&made, BERT, "manifest", "1");
	assert_fault(trust_open(&opened, &made, NULL, &fault), ERR_NO, "signature-comment");
	document_free(&made);
	json_free(&fields, &trust_shape);
}

/* Any byte of a signed version. */
static void test_every_byte_of_trust(void **state)
{
	struct trust_fields fields;
	struct document made, changed;
	struct trust *opened;

	(void)state;
	specimen_trust(&fields);
	trust_document(&made, &fields);
	sign_trust(&made, ANNA, 1);
	sign_trust(&made, BERT, 1);
	for (size_t i = 0; i < made.text.size; i++) {
		struct buffer text = BUFFER_EMPTY;

		buffer_put(&text, buffer_bytes(&made.text));
		text.data[i] ^= (uint8_t)(1U << i % 7);
		document_of(&changed, "trust.json", buffer_bytes(&text));
		changed.count = made.count;
		for (size_t j = 0; j < made.count; j++) {
			memcpy(changed.signatures[j].key_id, made.signatures[j].key_id, MINISIG_KEYID_SIZE);
			buffer_put(&changed.signatures[j].text, buffer_bytes(&made.signatures[j].text));
		}
		assert_int_equal(trust_open(&opened, &changed, NULL, &fault), ERR_NO);
		assert_null(opened);
		document_free(&changed);
		buffer_free(&text);
	}
	document_free(&made);
	json_free(&fields, &trust_shape);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threshold), TEST(test_same_key_twice), TEST(test_signed_by), TEST(test_unknown_key),
		TEST(test_newer_officer),
		TEST(test_name_of_other_key), TEST(test_comments), TEST(test_every_byte),
		    TEST(test_who_counts),
		TEST(test_newest), TEST(test_first), TEST(test_next), TEST(test_next_org),
		    TEST(test_next_stations),
		TEST(test_rotation), TEST(test_rotation_compromised), TEST(test_purpose),
		    TEST(test_every_byte_of_trust),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
