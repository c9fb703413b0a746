/* SPDX-License-Identifier: ISC */
#include "batch_open.h"

#include "gapseal/pem.h"

static const char column_profile[] =
    "credential psk { tag = 42 type = psk from = column }\n"
    "credential identity { tag = 42 type = identity from = column }\n"
    "credential other { tag = 7 type = psk bytes = 16 }\n"
    "credential name { tag = 7 type = identity template = \"x-{{{imei}\" }\n";

static const char x509_profile[] =
    "credential root { tag = 16842753 type = ca files = {\"ca.pem\"} line_ending = crlf }\n"
    "credential key { tag = 16842753 type = key from = generated }\n"
    "credential cert { tag = 16842753 type = cert from = issued cn = \"nrf-{imei}\" days = 5500 }\n"
    "credential key2 { tag = 9 type = key from = generated line_ending = crlf }\n"
    "credential cert2 { tag = 9 type = cert from = issued cn = \"{imei}\" days = 30 line_ending = crlf }\n";

static void row_of_secrets(struct buffer *out, unsigned i)
{
	buffer_format(out, ",00112233445566778899AABBCC%06x,user-%u", i, i);
}

static void check_psk(struct opened *opened, const struct contents *contents, uint32_t tag, size_t size)
{
	uint8_t device[KEY_SIZE], psk[64];
	char text[2 * sizeof psk + 1];

	device_key(device, opened, contents->imei);
	keys_credential(psk, size, device, (struct slot){tag, CREDENTIAL_PSK}, KEYS_PSK);
	hex_encode(text, bytes_from(psk, size));
	assert_true(bytes_is(content_of(contents, tag, CREDENTIAL_PSK), text));
}

/* Every device of the result is in exactly one record; check, if not NULL, looks at each. */
static void check_all(struct opened *opened, const struct batch_result *result,
    void (*check)(struct opened *opened, const struct contents *contents))
{
	size_t count = (size_t)opened->manifest.count;
	bool *seen = calloc(count, 1);

	for (uint64_t i = 0; i < count; i++) {
		struct contents contents;
		size_t at = 0;

		open_record(&contents, opened, i);
		while (at < count && result->imeis[at] != number_of(contents.imei))
			at++;
		assert_true(at < count && !seen[at]);
		seen[at] = true;
		check(opened, &contents);
	}
	for (size_t i = 1; i < count; i++)
		assert_true(result->imeis[i - 1] < result->imeis[i]);
	free(seen);
}

static void check_derived(struct opened *opened, const struct contents *contents)
{
	char identity[32];

	assert_int_equal(contents->count, 2);
	check_psk(opened, contents, 42, 32);
	snprintf(identity, sizeof identity, "urn:%s", contents->imei);
	assert_true(bytes_is(content_of(contents, 42, CREDENTIAL_IDENTITY), identity));
}

static void check_manifest(const struct manifest_fields *manifest)
{
	assert_string_equal(manifest->batch, "b-1");
	assert_string_equal(manifest->org, "acme");
	assert_string_equal(manifest->title, "A batch");
	assert_string_equal(manifest->series, "eu");
	assert_string_equal(manifest->issued, ISSUED);
	assert_string_equal(manifest->tool, "gapseal test");
	assert_int_equal(manifest->seq, 3);
	assert_int_equal(manifest->trust, 1);
	assert_int_equal(manifest->kind, KIND_FULL);
	assert_int_equal(manifest->purpose, PURPOSE_PRODUCTION);
	assert_int_equal(manifest->master_recipients.count, 1);
	assert_int_equal(manifest->supersedes.count, 0);
}

static void test_psk(void **state)
{
	char *csv = devices(300, "", row_alone);
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	check_manifest(&opened.manifest);
	assert_int_equal(opened.manifest.count, 300);
	assert_int_equal(opened.manifest.lots.count, 1);
	assert_int_equal(opened.manifest.files.count, 1);
	check_all(&opened, &result, check_derived);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

/* Lots of devices that do not adjoin, and files that end where no lot ends. */
static void test_lots_and_files(void **state)
{
	char *csv = devices(301, ",lot", row_of_three_lots);
	const struct manifest_file *files;
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	begin(&bench, PSK_PROFILE, csv);
	bench.request.file_max = 256 * 7 + 255;
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	assert_int_equal(opened.manifest.stride, 256);
	assert_int_equal(opened.manifest.lots.count, 3);
	assert_string_equal(manifest_lot(&opened.manifest, 0)->name, "red");
	assert_int_equal(opened.manifest.files.count, 43);
	files = opened.manifest.files.items;
	for (size_t i = 0; i < 43; i++)
		assert_int_equal(files[i].bytes, 256 * 7);
	check_all(&opened, &result, check_derived);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

static void check_columns(struct opened *opened, const struct contents *contents)
{
	struct bytes psk = content_of(contents, 42, CREDENTIAL_PSK),
	    name = content_of(contents, 42, CREDENTIAL_IDENTITY);
	char imei[IMEI_SIZE], expected[64];
	unsigned i = (unsigned)strtoul((const char *)name.data + strlen("user-"), NULL, 10);

	imei_of(imei, i * 7919 % 10007);
	assert_string_equal(contents->imei, imei); /* what one row says stays together */
	snprintf(expected, sizeof expected, "00112233445566778899aabbcc%06x", i);
	assert_true(bytes_is(psk, expected));
	snprintf(expected, sizeof expected, "x-{%s", imei);
	assert_true(bytes_is(content_of(contents, 7, CREDENTIAL_IDENTITY), expected));
	check_psk(opened, contents, 7, 16);
}

static void test_columns(void **state)
{
	char *csv = devices(50, ",psk,psk_identity", row_of_secrets);
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	begin(&bench, column_profile, csv);
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	check_all(&opened, &result, check_columns);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
}

/* Makes CR LF of every LF of a view. */
static void has_crlf(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] == '\n')
			assert_true(i > 0 && text.data[i - 1] == '\r');
}

/* The CN stands in the certificate as UTF8String, once. */
static void check_cn(struct bytes pem, const char *cn)
{
	struct cursor cursor = cursor_of(pem);
	struct buffer der = BUFFER_EMPTY, wanted = BUFFER_EMPTY;

	assert_int_equal(pem_take(&der, &cursor, "CERTIFICATE"), PEM_BLOCK);
	buffer_put(&wanted, bytes_from("\x55\x04\x03\x0c", 4));
	buffer_byte(&wanted, (uint8_t)strlen(cn));
	buffer_text(&wanted, cn);
	assert_non_null(memmem(der.data, der.size, wanted.data, wanted.size));
	buffer_free(&der);
	buffer_free(&wanted);
}

static void check_pair(struct opened *opened, const struct contents *contents, uint32_t tag, int64_t days)
{
	struct bytes certificate = content_of(contents, tag, CREDENTIAL_CERT),
	    key = content_of(contents, tag, CREDENTIAL_KEY);
	uint8_t device[KEY_SIZE], seed[KEY_SIZE], point[P256_POINT_SIZE];
	struct secret *key_pem;
	struct x509_facts facts;
	struct mint *mint;
	struct fault fault;
	char cn[32];

	snprintf(cn, sizeof cn, "%s%s", tag == 9 ? "" : "nrf-", contents->imei);
	check_cn(certificate, cn);
	assert_int_equal(x509_match(certificate, key, "pair", &fault), ERR_OK);
	assert_int_equal(x509_facts(&facts, certificate, 0, "pair", &fault), ERR_OK);
	assert_true(!facts.ca && facts.p256 && !facts.weak);
	assert_int_equal(facts.not_before, SPECIMEN_NOW);
	assert_int_equal(facts.not_after, SPECIMEN_NOW + days * 86400);
	device_key(device, opened, contents->imei);
	keys_credential(seed, KEY_SIZE, device, (struct slot){tag, CREDENTIAL_KEY}, KEYS_EC);
	assert_int_equal(mint_new(&mint, NULL, 0, 0, &fault), ERR_OK);
	assert_int_equal(secret_new(&key_pem, MINT_KEY_PEM_MAX, &fault), ERR_OK);
	assert_int_equal(mint_key(key_pem, point, mint, bytes_from(seed, sizeof seed), tag == 9, &fault),
	    ERR_OK);
	assert_true(bytes_equal(secret_bytes(key_pem), key));
	secret_free(&key_pem);
	mint_free(&mint);
}

static void check_issued(struct opened *opened, const struct contents *contents)
{
	assert_int_equal(contents->count, 5);
	check_pair(opened, contents, 16842753, 5500);
	check_pair(opened, contents, 9, 30);
	has_crlf(content_of(contents, 9, CREDENTIAL_CERT));
	has_crlf(content_of(contents, 9, CREDENTIAL_KEY));
}

static void test_x509(void **state)
{
	char *csv = devices(40, ",lot", row_of_three_lots), *root = specimen("x509/rsa2048.pem");
	struct batch_result result;
	struct opened opened;
	struct bench bench;

	(void)state;
	place_put("ca.pem", root, strlen(root));
	begin(&bench, x509_profile, csv);
	bench.request.threads = 2;
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	assert_int_equal(opened.manifest.common.count, 1);
	check_all(&opened, &result, check_issued);
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
	free(csv);
	free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(test_psk),
		BATCH_TEST(test_lots_and_files),
		BATCH_TEST(test_columns),
		BATCH_TEST(test_x509),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
