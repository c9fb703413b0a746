/* SPDX-License-Identifier: ISC */
#include "batch_open.h"

#include "gapseal/pem.h"

#define FIRST "001014000000083"
#define SECOND "001014000000158"

/* Everything a device of several families gets at once; the tags are those of a listing from the field. */
static const char families[] =
    "credential psk { tag = 42 type = psk bytes = 16 }\n"
    "credential psk-id { tag = 42 type = identity template = \"{imei}@developer-training\" }\n"
    "credential roots { tag = 94 type = ca files = {\"first.pem\", \"second.pem\"} }\n"
    "credential cert { tag = 94 type = cert from = path line_ending = crlf }\n"
    "credential key { tag = 94 type = key from = path password_column = secret line_ending = crlf }\n"
    "credential old-ca { tag = 1140 type = ca from = delete }\n"
    "credential old-cert { tag = 1140 type = cert from = delete }\n"
    "credential old-key { tag = 1140 type = key from = delete }\n"
    "credential cloud-root { tag = 16842753 type = ca files = first.pem }\n"
    "credential cloud-cert { tag = 16842753 type = cert cn = \"nrf-{imei}\" days = 9 chain = true }\n"
    "credential cloud-key { tag = 16842753 type = key }\n"
    "credential maker { tag = 515765868 type = psk from = expect }\n";

static const char families_csv[] = "imei,client_cert,client_key,secret\n"
    FIRST ",own/a.pem,own/a.key,specimen words\n" SECOND ",own/b.der,own/b-key.der,\n";

static void put_in_own(const char *name, struct bytes text)
{
	struct fault fault;
	int folder;

	if (!file_exists(place, "own"))
		assert_int_equal(folder_create(place, "own", 0700, &fault), ERR_OK);
	assert_int_equal(folder_open(&folder, place, "own", &fault), ERR_OK);
	assert_int_equal(file_write(folder, name, text, 0600, true, &fault), ERR_OK);
	close(folder);
}

static void put_own(const char *name, const char *from)
{
	char *text = specimen(from);

	put_in_own(name, bytes_of(text));
	free(text);
}

static void put_der(const char *name, const char *from, const char *label)
{
	char *text = specimen(from);
	struct cursor cursor = cursor_of(bytes_of(text));
	struct buffer der = BUFFER_EMPTY;

	assert_int_equal(pem_take(&der, &cursor, label), PEM_BLOCK);
	put_in_own(name, buffer_bytes(&der));
	buffer_free(&der);
	free(text);
}

static void put_beside(const char *name, const char *from)
{
	char *text = specimen(from);

	place_put(name, text, strlen(text));
	free(text);
}

static void put_files(void)
{
	put_beside("first.pem", "x509/rsa2048.pem");
	put_beside("second.pem", "x509/p384.pem");
	put_own("a.pem", "x509/p256.pem");
	put_own("a.key", "x509/p256-encrypted.key");
	put_der("b.der", "x509/rsa2048.pem", "CERTIFICATE");
	put_der("b-key.der", "x509/rsa2048.key", "PRIVATE KEY");
}

/* The blocks of a specimen with the line ending. */
static char *block(const char *from, const char *label, bool crlf)
{
	char *text = specimen(from);
	struct cursor cursor = cursor_of(bytes_of(text));
	struct buffer der = BUFFER_EMPTY, pem = BUFFER_EMPTY;

	assert_int_equal(pem_take(&der, &cursor, label), PEM_BLOCK);
	pem_put(&pem, label, buffer_bytes(&der), crlf);
	buffer_byte(&pem, '\0');
	buffer_free(&der);
	free(text);
	return (char *)pem.data;
}

static const struct contents_step *step_of(const struct contents *contents, uint32_t tag, uint32_t type)
{
	for (size_t i = 0; i < contents->count; i++)
		if (slot_compare(contents->steps[i].slot, (struct slot){tag, type}) == 0)
			return &contents->steps[i];
	fail_msg("no step for %u/%u", tag, type);
	return NULL;
}

static void check_block(struct bytes content, const char *from, const char *label, bool crlf)
{
	char *expected = block(from, label, crlf);

	assert_true(bytes_is(content, expected));
	free(expected);
}

static bool is_first(const struct contents *contents)
{
	return strcmp(contents->imei, FIRST) == 0;
}

/* The leaf, of the key in the next slot, and behind it the CA's certificate, which signed it. */
static void check_chain(const struct contents *contents, uint32_t tag, const char *ca, bool crlf)
{
	struct bytes cert = content_of(contents, tag, CREDENTIAL_CERT), leaf;
	char *issuer = block(ca, "CERTIFICATE", crlf);
	struct x509_st *certificate;
	struct x509_facts facts;
	struct fault fault;
	struct cursor cursor;
	struct buffer der = BUFFER_EMPTY;

	assert_int_equal(x509_match(cert, content_of(contents, tag, CREDENTIAL_KEY), "pair", &fault), ERR_OK);
	assert_int_equal(x509_facts(&facts, cert, 1, "chain", &fault), ERR_OK);
	assert_true(facts.ca);
	assert_int_equal(x509_facts(&facts, cert, 2, "chain", &fault), ERR_NO);
	leaf = bytes_from(cert.data, cert.size - strlen(issuer));
	assert_memory_equal(leaf.data + leaf.size, issuer, strlen(issuer));
	cursor = cursor_of(leaf);
	assert_int_equal(pem_take(&der, &cursor, "CERTIFICATE"), PEM_BLOCK);
	assert_int_equal(x509_read(&certificate, bytes_of(issuer), 0, "issuer", &fault), ERR_OK);
	assert_true(x509_verify(buffer_bytes(&der), certificate));
	x509_free(&certificate);
	buffer_free(&der);
	free(issuer);
}

static void check_families(const struct contents *contents)
{
	assert_int_equal(contents->count, 12);
	assert_int_equal(content_of(contents, 42, CREDENTIAL_PSK).size, 32);
	assert_memory_equal(content_of(contents, 42, CREDENTIAL_IDENTITY).data, contents->imei, IMEI_LENGTH);
	check_block(content_of(contents, 94, CREDENTIAL_CERT),
	    is_first(contents) ? "x509/p256.pem" : "x509/rsa2048.pem", "CERTIFICATE", true);
	check_block(content_of(contents, 94, CREDENTIAL_KEY),
	    is_first(contents) ? "x509/p256-encrypted.key" : "x509/rsa2048.key",
	    is_first(contents) ? "ENCRYPTED PRIVATE KEY" : "PRIVATE KEY", true);
	assert_true(bytes_is(step_of(contents, 94, CREDENTIAL_KEY)->password,
	    is_first(contents) ? "specimen words" : ""));
	for (uint32_t type = CREDENTIAL_CA; type <= CREDENTIAL_KEY; type++)
		assert_int_equal(step_of(contents, 1140, type)->op, CONTENTS_DELETE);
	assert_int_equal(step_of(contents, 515765868, CREDENTIAL_PSK)->op, CONTENTS_EXPECT);
	assert_true(step_of(contents, 94, CREDENTIAL_CA)->shared);
	assert_int_equal(step_of(contents, 94, CREDENTIAL_CA)->common, 0);
	assert_int_equal(step_of(contents, 16842753, CREDENTIAL_CA)->common, 1);
}

/* The first file's certificate stands first. */
static void check_commons(const struct manifest_fields *manifest)
{
	const struct manifest_common *commons = manifest->common.items;
	char *first = block("x509/rsa2048.pem", "CERTIFICATE", false);
	char *second = block("x509/p384.pem", "CERTIFICATE", false);

	assert_int_equal(manifest->common.count, 2);
	assert_int_equal(strlen(commons[0].text), strlen(first) + strlen(second));
	assert_memory_equal(commons[0].text, first, strlen(first));
	assert_string_equal(commons[0].text + strlen(first), second);
	assert_string_equal(commons[1].text, first);
	free(first);
	free(second);
}

static void test_families(void **state)
{
	static const char *const cas[] = {"p256", "rsa2048"};

	(void)state;
	put_files();
	for (size_t i = 0; i < 2; i++) {
		struct batch_result result;
		struct contents contents;
		struct opened opened;
		struct bench bench;
		char ca[40];

		begin_under(&bench, cas[i], families, families_csv);
		snprintf(bench.out, sizeof bench.out, "%s/out-%zu", place_path, i);
		snprintf(ca, sizeof ca, "x509/%s.pem", cas[i]);
		compile(&result, &bench);
		open_batch(&opened, &bench, &result);
		check_commons(&opened.manifest);
		for (uint64_t index = 0; index < 2; index++) {
			open_record(&contents, &opened, index);
			check_families(&contents);
			check_chain(&contents, 16842753, ca, false);
		}
		close_batch(&opened);
		batch_result_free(&result);
		end(&bench);
	}
}

/* What was linted is what is sealed, or nothing is: another file, one without a certificate, none. */
static void test_changed(void **state)
{
	static const struct { const char *from, *code; } changes[] = {
		{"x509/p256-expired.pem", "path-changed"}, {"x509/p256.key", "pem-none"}, {NULL, "path-file"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct folder_draft draft = FOLDER_DRAFT_EMPTY;
		struct batch_result result;
		struct bench bench;
		struct fault fault;

		put_files();
		begin(&bench, families, families_csv);
		if (changes[i].from != NULL)
			put_own("a.pem", changes[i].from);
		else
			assert_int_equal(remove(in_place("own/a.pem")), 0);
		assert_int_equal(batch_make(&result, &draft, bench.plan, bench.seed, &bench.request, &fault),
		    ERR_NO);
		assert_string_equal(fault.code, changes[i].code);
		assert_non_null(strstr(fault.where, "devices.csv:2:2"));
		assert_false(file_exists(AT_FDCWD, bench.out));
		end(&bench);
	}
}

static const char lots_profile[] =
    "credential one { tag = 7 type = ca files = first.pem lots = {\"b\", \"c\"} }\n"
    "credential rest { tag = 7 type = ca files = second.pem line_ending = crlf }\n"
    "credential psk { tag = 7 type = psk }\n"
    "credential given { tag = 7 type = psk from = column lots = c }\n"
    "credential cert { tag = 9 type = cert from = path lots = a }\n"
    "credential key { tag = 9 type = key from = path lots = a }\n"
    "credential made-cert { tag = 9 type = cert cn = \"{imei}\" days = 9 chain = true line_ending = crlf }\n"
    "credential made-key { tag = 9 type = key }\n";
static const char lots_csv[] = "imei,lot,psk,client_cert,client_key\n"
    FIRST ",a,,own/a.pem,own/plain.key\n" SECOND ",c,00112233445566778899aabbccddeeff,,\n"
    "001014000000224,b,,,\n";

/* Lots with credentials of their own for the same slots, by two threads. */
static void test_lots(void **state)
{
	struct batch_result result;
	struct contents contents;
	struct opened opened;
	struct bench bench;

	(void)state;
	put_files();
	put_own("plain.key", "x509/p256.key");
	begin(&bench, lots_profile, lots_csv);
	bench.request.threads = 2;
	compile(&result, &bench);
	open_batch(&opened, &bench, &result);
	assert_int_equal(opened.manifest.policy.slots.count, 4);
	for (uint64_t index = 0; index < 3; index++) {
		open_record(&contents, &opened, index);
		assert_int_equal(contents.count, 4);
		assert_int_equal(step_of(&contents, 7, CREDENTIAL_CA)->common, is_first(&contents) ? 1 : 0);
		assert_int_equal(content_of(&contents, 7, CREDENTIAL_PSK).size,
		    strcmp(contents.imei, SECOND) == 0 ? 32 : 64);
		if (is_first(&contents))
			check_block(content_of(&contents, 9, CREDENTIAL_KEY), "x509/p256.key", "PRIVATE KEY",
			    false);
		else
			check_chain(&contents, 9, "x509/p256.pem", true);
	}
	close_batch(&opened);
	batch_result_free(&result);
	end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(test_families),
		BATCH_TEST(test_changed),
		BATCH_TEST(test_lots),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
