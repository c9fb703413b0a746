/* SPDX-License-Identifier: ISC */
#include "plan_bench.h"

#include "gapseal/mint.h"

/* The row of a device, kept until the next call. */
static const struct roster_row *row_of(size_t i)
{
	static struct roster_row row;
	static struct roster_reader *reader;

	roster_reader_free(&reader);
	if (i == SIZE_MAX)
		return NULL;
	assert_int_equal(roster_reader_new(&reader, roster, &fault), ERR_OK);
	assert_int_equal(roster_row(&row, reader, i, &fault), ERR_OK);
	return &row;
}

static void test_lots_by_size(void **state)
{
	(void)state;
	good(PAIR, "imei\n" A "\n" B "\n" C "\n", 2);
	assert_int_equal(plan_lots(plan), 2);
	assert_string_equal(plan_lot(plan, 0)->name, "lot-001");
	assert_int_equal(plan_lot(plan, 0)->count, 2);
	assert_string_equal(plan_lot(plan, 1)->name, "lot-002");
	assert_int_equal(plan_lot(plan, 1)->count, 1);
	assert_int_equal(plan_device(plan, 0, 1), 1);
	assert_int_equal(plan_device(plan, 1, 0), 2);
	good(PAIR, "imei\n" A "\n" B "\n", 0);
	assert_int_equal(plan_lots(plan), 1);
	assert_ptr_equal(plan_profile(plan), &profile);
	assert_ptr_equal(plan_roster(plan), roster);
}

/* A lot's devices need not adjoin; its column wins over a size. */
static void test_lots_by_column(void **state)
{
	(void)state;
	good(PAIR, "lot,imei\nz," A "\na," B "\nz," C "\n", 1);
	assert_int_equal(plan_lots(plan), 2);
	assert_string_equal(plan_lot(plan, 0)->name, "z");
	assert_int_equal(plan_lot(plan, 0)->count, 2);
	assert_int_equal(plan_device(plan, 0, 0), 0);
	assert_int_equal(plan_device(plan, 0, 1), 2);
	assert_string_equal(plan_lot(plan, 1)->name, "a");
	assert_int_equal(plan_device(plan, 1, 0), 1);
}

/* Rows enough for a limit, with the same lot or with one each. */
static void many_rows(struct buffer *out, size_t count, bool one_lot)
{
	buffer_clear(out);
	buffer_text(out, "imei,lot\n");
	for (size_t i = 0; i < count; i++) {
		char digits[32];

		snprintf(digits, sizeof digits, "00101400%06zu", i);
		buffer_format(out, "%s%c,l%zu\n", digits, imei_check_digit(digits), one_lot ? 0 : i);
	}
	buffer_byte(out, '\0');
	assert_int_equal(buffer_check(out, &fault), ERR_OK);
}

static void test_lot_limits(void **state)
{
	const struct plan_request request = {.org = "acme", .batch = "b1", .lot_size = 1};
	struct buffer csv = BUFFER_EMPTY;
	char *line;

	(void)state;
	many_rows(&csv, LOT_DEVICES_MAX, true);
	good(PAIR, (char *)csv.data, 0);
	assert_int_equal(plan_lot(plan, 0)->count, LOT_DEVICES_MAX);
	many_rows(&csv, LOT_DEVICES_MAX + 3, true);
	assert_int_equal(make(PAIR, (char *)csv.data, &request), ERR_OK);
	refused("lot-size");
	assert_int_equal(findings.errors, 1);
	assert_int_equal(findings.items[0].line, LOT_DEVICES_MAX + 2);
	many_rows(&csv, PLAN_LOTS_MAX, false);
	good(PAIR, (char *)csv.data, 0);
	assert_int_equal(plan_lots(plan), PLAN_LOTS_MAX);
	assert_string_equal(plan_lot(plan, 2000)->name, "l2000");
	assert_int_equal(plan_device(plan, 2000, 0), 2000);
	many_rows(&csv, PLAN_LOTS_MAX + 2, false);
	assert_int_equal(make(PAIR, (char *)csv.data, &request), ERR_OK);
	refused("lot-count");
	assert_int_equal(findings.errors, 1);
	line = strchr((char *)csv.data, ',');
	memcpy(line, ",lox", 4); /* now there is no column lot, and one device a lot is too many too */
	assert_int_equal(make(PAIR, (char *)csv.data, &request), ERR_OK);
	refused("lot-count");
	buffer_free(&csv);
}

static void test_request(void **state)
{
	static const struct plan_request bad[] = {
		{.org = "Acme", .batch = "b1"}, {.org = "acme", .batch = ""},
		{.org = "acme", .batch = "b1", .lot_size = 65537},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		check_refused(make(PAIR, "imei\n" A "\n", &bad[i]), i < 2 ? "name-form" : "lot-size", "");
		assert_null(plan);
	}
}

/* Two tags with the same certificates share them; another line ending is another content. */
static void test_commons(void **state)
{
	struct hash hash;
	uint8_t digest[HASH_SIZE];

	(void)state;
	put_specimen("r.pem", "x509/p256.pem");
	good(PAIR "credential c1 { tag = 50 type = ca files = r.pem }\n"
	    "credential c2 { tag = 7 type = ca files = r.pem }\n"
	    "credential c3 { tag = 51 type = ca files = r.pem line_ending = crlf }\n", "imei\n" A "\n", 0);
	assert_int_equal(plan_commons(plan), 2);
	assert_int_equal(plan_common_of(plan, 0), 0);
	assert_int_equal(plan_common_of(plan, 1), -1);
	assert_int_equal(plan_common_of(plan, 3), 0);
	assert_int_equal(plan_common_of(plan, 4), 1);
	assert_string_equal(plan_common(plan, 1)->text, profile.credentials[0].pem);
	assert_int_equal(plan_common(plan, 1)->line_ending, LINE_ENDING_CRLF);
	hash_bytes(digest, bytes_of(profile.credentials[0].pem));
	assert_memory_equal(plan_common(plan, 0)->digest, digest, HASH_SIZE);
	hash_begin(&hash);
	for (const char *at = profile.credentials[0].pem; *at != '\0'; at++)
		hash_add(&hash, *at == '\n' ? bytes_of("\r\n") : bytes_from(at, 1));
	hash_end(&hash, digest);
	assert_memory_equal(plan_common(plan, 1)->digest, digest, HASH_SIZE);
}

static void test_texts(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct secret *psk;

	(void)state;
	good("credential p { tag = 1 type = psk from = column }\n"
	    "credential i { tag = 1 type = identity }\n"
	    "credential k { tag = 2 type = key }\n"
	    "credential c { tag = 2 type = cert cn = \"{{{SERIAL}}-{Site Name}\" days = 9 }\n",
	    "imei,PSK,psk_identity,Serial,site name\n"
	    A ",00112233445566778899AABBCCDDEEFF,me@x,SN1,Oslo\n", 0);
	assert_int_equal(plan_text(&text, plan, 1, row_of(0), &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&text), "me@x"));
	assert_int_equal(plan_text(&text, plan, 2, row_of(0), &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&text), "me@x{SN1}-Oslo"));
	buffer_clear(&text);
	assert_int_equal(plan_expand(&text, plan, "urn:imei:{imei}", row_of(0), &fault), ERR_OK);
	assert_true(bytes_is(buffer_bytes(&text), "urn:imei:" A));
	assert_int_equal(plan_expand(&text, plan, "{lot}", row_of(0), &fault), ERR_NO);
	buffer_free(&text);
	assert_int_equal(secret_new(&psk, 33, &fault), ERR_OK);
	assert_true(secret_put(psk, bytes_of("x")));
	assert_true(plan_psk(psk, plan, 0, row_of(0)));
	assert_true(bytes_is(secret_bytes(psk), "x" KEY_1));
	assert_false(plan_psk(psk, plan, 0, row_of(0)));
	secret_free(&psk);
}

/* Case makes no other key: duplicates are found through it. */
static void test_duplicates(void **state)
{
	const struct plan_request request = {.org = "acme", .batch = "b1"};

	(void)state;
	assert_int_equal(make(COLUMNS, "imei,psk,psk_identity\n" A "," KEY_1 ",a\n" B "," KEY_2 ",b\n" C
	    ",00112233445566778899AABBCCDDEEFF,A\n", &request), ERR_OK);
	refused("psk-duplicate");
	assert_int_equal(findings.errors, 1);
	/* each repeated row is named, and the first of them */
	assert_int_equal(make(COLUMNS,
	    "imei,psk,psk_identity\n" A "," KEY_1 ",a\n" B "," KEY_1 ",b\n" C "," KEY_1
	    ",a\n", &request), ERR_OK);
	assert_int_equal(findings.errors, 3);
	good(COLUMNS, "imei,psk,psk_identity\n" A "," KEY_1 ",a\n" B "," KEY_2 ",A\n", 0);
}

/* Contents as the compiler will put them together are never longer than the bound. */
static size_t contents_of(size_t i, const char *cert, size_t key_size)
{
	struct buffer text = BUFFER_EMPTY;
	size_t size = CONTENTS_HEAD;

	for (size_t j = 0; j < profile.count; j++) {
		const struct profile_credential *credential = &profile.credentials[j];
		struct contents_step step = {.op = CONTENTS_WRITE, .slot = credential->slot};

		buffer_clear(&text);
		if (credential->source == SOURCE_COLUMN && credential->slot.type == CREDENTIAL_PSK)
			step.content = row_of(i)->fields[1];
		else if (credential->source == SOURCE_ISSUED)
			step.content = bytes_of(cert);
		else if (credential->source == SOURCE_GENERATED)
			step.content.size = key_size;
		else if (credential->source == SOURCE_FILES)
			step.shared = true;
		else {
			assert_int_equal(plan_text(&text, plan, j, row_of(i), &fault), ERR_OK);
			step.content = buffer_bytes(&text);
		}
		size += contents_step_size(&step);
	}
	buffer_free(&text);
	row_of(SIZE_MAX);
	return size;
}

static void test_contents_max(void **state)
{
	(void)state;
	good(COLUMNS, "imei,psk,psk_identity\n" A "," KEY_1 ",a\n" B "," KEY_2 "aa,bb\n"
	    C "," KEY_2 "bb,a longer name\n", 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(contents_of(i, "", 0) <= plan_contents_max(plan));
	assert_int_equal(contents_of(2, "", 0), plan_contents_max(plan));
	good(PAIR, "imei\n" A "\n", 0);
	assert_int_equal(plan_contents_max(plan), CONTENTS_HEAD + 2 * 10 + 64 + 15);
}

/* With certificates as the mint makes them, long CNs and CRLF included. */
static void test_contents_max_issued(void **state)
{
	static const char *const endings[] = {"lf", "crlf"};
	struct buffer ca_pem = BUFFER_EMPTY, cert = BUFFER_EMPTY;
	struct secret *ca_key, *key_pem;
	uint8_t point[P256_POINT_SIZE];
	struct mint *mint;
	struct ca *ca;

	(void)state;
	assert_int_equal(ca_new(&ca_pem, &ca_key, "CN=Root", 3650, SPECIMEN_NOW, NULL, &fault), ERR_OK);
	assert_int_equal(ca_open(&ca, buffer_bytes(&ca_pem), secret_bytes(ca_key), NULL, SPECIMEN_NOW, "ca",
	    &fault), ERR_OK);
	assert_int_equal(mint_new(&mint, ca, SPECIMEN_NOW, 3000, &fault), ERR_OK);
	assert_int_equal(secret_new(&key_pem, MINT_KEY_PEM_MAX, &fault), ERR_OK);
	buffer_byte(&ca_pem, '\0');
	put_specimen("r.pem", "x509/p256.pem");
	for (int crlf = 0; crlf < 2; crlf++) {
		struct plan_request request = {.org = "acme", .batch = "b1", .ca_pem = (char *)ca_pem.data};
		char conf[400];

		snprintf(conf, sizeof conf, "credential k { tag = 1 type = key line_ending = %s }\n"
		    "credential c { tag = 1 type = cert cn = \"{serial}\" days = 3000 line_ending = %s }\n"
		    "credential r { tag = 1 type = ca files = r.pem }\n", endings[crlf], endings[crlf]);
		assert_int_equal(make(conf, "imei,serial\n" A ",a\n" B
		    ",0123456789012345678901234567890123456789012345678901234567890123\n", &request),
		    ERR_OK);
		assert_non_null(plan);
		assert_int_equal(findings.count, 0);
		assert_int_equal(mint_key(key_pem, point, mint,
		    bytes_from("0123456789abcdef0123456789abcdef", 32), crlf != 0,
		    &fault), ERR_OK);
		for (uint8_t i = 0; i < 20; i++) { /* signatures differ in length */
			uint8_t serial[16] = {0x7f, i};

			buffer_clear(&cert);
			assert_int_equal(mint_certificate(&cert, mint, point,
			    "0123456789012345678901234567890123456789012345678901234567890123", serial,
			    crlf != 0, &fault), ERR_OK);
			buffer_byte(&cert, '\0');
			assert_in_range(contents_of(1, (char *)cert.data, secret_size(key_pem)),
			    plan_contents_max(plan) - 60, plan_contents_max(plan));
		}
	}
	mint_free(&mint);
	ca_free(&ca);
	secret_free(&ca_key);
	secret_free(&key_pem);
	buffer_free(&cert);
	buffer_free(&ca_pem);
}

#define ISSUED "credential k { tag = 1 type = key }\ncredential c { tag = 1 type = cert cn = a days = 9 }\n"

static void test_ca_refused(void **state)
{
	const struct plan_request request = {.org = "acme", .batch = "b1", .ca_pem = "no certificate"};
	static char large[X509_BUNDLE_MAX + 2];
	const struct plan_request too_large = {.org = "acme", .batch = "b1", .ca_pem = large};

	(void)state;
	assert_int_equal(make(ISSUED, "imei\n" A "\n", &request), ERR_OK);
	refused("pem-none");
	memset(large, 'x', sizeof large);
	large[sizeof large - 1] = '\0';
	assert_int_equal(make(ISSUED, "imei\n" A "\n", &too_large), ERR_OK);
	refused("pem-size");
}

/* A certificate may live as long as its CA, and no longer without a word. */
static void test_ca_end(void **state)
{
	char *ca = specimen("x509/p256.pem");
	struct plan_request request = {.org = "acme", .batch = "b1", .ca_pem = ca};
	struct x509_facts facts;

	(void)state;
	assert_int_equal(x509_facts(&facts, bytes_of(ca), 0, "ca", &fault), ERR_OK);
	for (int late = 0; late < 2; late++) {
		request.now = facts.not_after - INT64_C(9) * 86400 + late;
		assert_int_equal(make(ISSUED, "imei\n" A "\n", &request), ERR_OK);
		assert_int_equal(findings.counts[RULE_CERT_OUTLIVES], late);
		assert_int_equal(findings.warnings, late);
	}
	free(ca);
}

static int end(void **state)
{
	row_of(SIZE_MAX);
	return plan_tear_down(state);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lots_by_size), TEST(test_lots_by_column), TEST(test_lot_limits),
		TEST(test_request), TEST(test_commons), TEST(test_texts), TEST(test_duplicates),
		TEST(test_contents_max), TEST(test_contents_max_issued), TEST(test_ca_refused),
		TEST(test_ca_end),
};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
