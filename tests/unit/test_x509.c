/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include <jansson.h>

#include "gapseal/pem.h"
#include "specimen.h"

/* The bundle of a text, or "" and the fault's code. */
static char *bundle(const char *text, const char **code)
{
	struct buffer out = BUFFER_EMPTY;
	struct fault fault = {.code = "none"};

	if (x509_bundle(&out, bytes_of(text), "root.pem", &fault) != ERR_OK)
		assert_int_equal(out.size, 0);
	*code = fault.code;
	buffer_byte(&out, 0);
	return (char *)out.data;
}

static void check_bundle(const char *text, const char *expected)
{
	const char *code;
	char *out = bundle(text, &code);

	assert_string_equal(code, "none");
	assert_string_equal(out, expected);
	free(out);
}

static void check_refused(const char *text, const char *code, const char *sentence)
{
	struct buffer out = BUFFER_EMPTY;
	struct fault fault = {0};

	assert_int_equal(x509_bundle(&out, bytes_of(text), "root.pem", &fault), ERR_NO);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, "root.pem");
	assert_string_equal(fault.text, sentence);
	assert_int_equal(out.size, 0);
	buffer_free(&out);
}

/* A new text: what stands between the parts replaced by something else. */
static char *replaced(const char *text, const char *from, const char *to)
{
	struct buffer out = BUFFER_EMPTY;
	const char *found;

	for (; (found = strstr(text, from)) != NULL; text = found + strlen(from)) {
		buffer_put(&out, bytes_from(text, (size_t)(found - text)));
		buffer_text(&out, to);
	}
	buffer_text(&out, text);
	buffer_byte(&out, 0);
	assert_false(out.failed);
	return (char *)out.data;
}

static char *joined(const char *a, const char *b, const char *c)
{
	struct buffer out = BUFFER_EMPTY;

	buffer_text(&out, a);
	buffer_text(&out, b);
	buffer_text(&out, c);
	buffer_byte(&out, 0);
	assert_false(out.failed);
	return (char *)out.data;
}

static void test_bundle(void **state)
{
	char *one = specimen("x509/p256.pem"), *two = specimen("x509/rsa2048.pem");
	char *both = joined(one, two, ""), *crlf = replaced(both, "\n", "\r\n"),
	    *spaces = replaced(both, "\n", " \t\n");
	char *around = joined("# the roots\n\nBag Attributes\r\n", both, "and nothing else\n");
	char *between = joined(one, "Subject: O = Example\n", two), *key = specimen("x509/p256.key");
	char *with_key = joined(one, key, two);

	(void)state;
	check_bundle(one, one);
	check_bundle(both, both);
	check_bundle(crlf, both);
	check_bundle(spaces, both);
	check_bundle(around, both);
	check_bundle(between, both);
	check_bundle(with_key, both); /* what is no certificate never gets out */
	one[strlen(one) - 1] = '\0'; /* the last line end */
	between[0] = '-';
	check_bundle(between, both);
	free(one);
	free(two);
	free(both);
	free(crlf);
	free(spaces);
	free(around);
	free(between);
	free(key);
	free(with_key);
}

/* Real modems list SHA-256 over exactly this text. */
static void test_bundle_of_a_vendor(void **state)
{
	char *text = specimen("nrf91-digests.json");
	json_t *root = json_loads(text, 0, NULL);
	size_t i, seen = 0;
	json_t *vector;

	(void)state;
	assert_non_null(root);
	json_array_foreach(json_object_get(root, "vectors"), i, vector) {
		const char *content = json_string_value(json_object_get(vector, "content"));

		/* in two of them spaces stand for the line ends: typed by hand, not a PEM file */
		if (content == NULL || strstr(content, "BEGIN CERTIFICATE-----\n") == NULL)
			continue;
		check_bundle(content, content);
		seen++;
	}
	assert_true(seen > 0);
	json_decref(root);
	free(text);
}

static void test_bundle_refused(void **state)
{
	char *one = specimen("x509/p256.pem"), *key = specimen("x509/p256.key");
	char *cut = strdup(one), *twice = joined(one, one, ""), *long_text = malloc(X509_BUNDLE_MAX + 2);
	char *no_end, *bad;

	(void)state;
	check_refused("", "pem-none", "holds no certificate");
	check_refused("\n\n", "pem-none", "holds no certificate");
	check_refused(key, "pem-none", "holds no certificate");
	cut[strlen(cut) / 2] = '\0';
	check_refused(cut, "pem-parse", "certificate 1 of the file cannot be read");
	no_end = joined(one, cut, "");
	check_refused(no_end, "pem-parse", "certificate 2 of the file cannot be read");
	twice[strlen(one) + 40] = '!';
	check_refused(twice, "pem-parse", "certificate 2 of the file cannot be read");
	bad = replaced(one, "MII", "MIJ"); /* a length that does not fit */
	check_refused(bad, "pem-parse", "certificate 1 of the file cannot be read");
	memset(long_text, 'x', X509_BUNDLE_MAX + 1);
	long_text[X509_BUNDLE_MAX + 1] = '\0';
	check_refused(long_text, "pem-size", "is larger than 65536 bytes");
	free(one);
	free(key);
	free(cut);
	free(twice);
	free(long_text);
	free(no_end);
	free(bad);
}

/* A certificate that is followed by a byte inside its block is not the one that was signed. */
static void test_trailing_byte(void **state)
{
	struct buffer der = BUFFER_EMPTY, longer = BUFFER_EMPTY;
	char *one = specimen("x509/p256.pem");
	struct cursor cursor = cursor_of(bytes_of(one));

	(void)state;
	assert_int_equal(pem_take(&der, &cursor, "CERTIFICATE"), PEM_BLOCK);
	pem_put(&longer, "CERTIFICATE", buffer_bytes(&der), false);
	buffer_byte(&longer, '\0');
	check_bundle((const char *)longer.data, one);
	buffer_byte(&der, 0);
	buffer_clear(&longer);
	pem_put(&longer, "CERTIFICATE", buffer_bytes(&der), false);
	buffer_byte(&longer, '\0');
	check_refused((const char *)longer.data, "pem-parse", "certificate 1 of the file cannot be read");
	buffer_free(&der);
	buffer_free(&longer);
	free(one);
}

static struct x509_facts facts_of(const char *name)
{
	struct x509_facts facts;
	struct fault fault;
	char *text = specimen(name);

	assert_int_equal(x509_facts(&facts, bytes_of(text), 0, name, &fault), ERR_OK);
	assert_int_equal(x509_facts(&facts, bytes_of(text), 1, name, &fault), ERR_NO);
	assert_string_equal(fault.code, "pem-none");
	assert_int_equal(x509_facts(&facts, bytes_of(text), 0, name, &fault), ERR_OK);
	free(text);
	return facts;
}

static void test_facts(void **state)
{
	struct x509_facts facts = facts_of("x509/p256.pem");

	(void)state;
	assert_int_equal(facts.version, 3);
	assert_int_equal(facts.not_before, 1735689600);
	assert_int_equal(facts.not_after, 4891363200);
	assert_true(facts.ca && facts.cert_sign && facts.p256 && !facts.rsa && !facts.weak);
	assert_int_equal(facts.signature_max, 72);
	facts = facts_of("x509/rsa2048.pem");
	assert_true(facts.ca && facts.rsa && !facts.p256 && !facts.weak);
	assert_int_equal(facts.signature_max, 256);
	facts = facts_of("x509/p384.pem");
	assert_true(!facts.rsa && !facts.p256 && !facts.weak);
	assert_true(facts_of("x509/rsa1024.pem").weak);
	assert_true(facts_of("x509/p224.pem").weak);
	assert_true(facts_of("x509/sha1.pem").weak);
	assert_false(facts_of("x509/sha1-root.pem").weak);
	facts = facts_of("x509/version1.pem");
	assert_true(facts.version == 1 && facts.ca && !facts.weak);
	assert_false(facts_of("x509/p256-not-ca.pem").ca);
	assert_false(facts_of("x509/p256-no-cert-sign.pem").cert_sign);
	assert_true(facts_of("x509/p256-no-usage.pem").cert_sign);
}

static void check_match(const char *certificate, const char *key, enum err expected, const char *code)
{
	char *cert_text = specimen(certificate), *key_text = specimen(key);
	struct fault fault = {.code = "none"};

	assert_int_equal(x509_match(bytes_of(cert_text), bytes_of(key_text), "here", &fault), expected);
	assert_string_equal(fault.code, code);
	free(cert_text);
	free(key_text);
}

static void test_match(void **state)
{
	(void)state;
	check_match("x509/p256.pem", "x509/p256.key", ERR_OK, "none");
	check_match("x509/p256.pem", "x509/p256-parameters.key", ERR_OK, "none");
	check_match("x509/rsa2048.pem", "x509/rsa2048.key", ERR_OK, "none");
	check_match("x509/p256.pem", "x509/rsa2048.key", ERR_NO, "key-match");
	check_match("x509/p384.pem", "x509/p256.key", ERR_NO, "key-match");
	check_match("x509/p256.pem", "x509/p256.pem", ERR_NO, "pem-parse");
	check_match("x509/p256.key", "x509/p256.key", ERR_NO, "pem-none");
	check_match("x509/p256.pem", "x509/p256-encrypted.key", ERR_NO, "passphrase-needed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_bundle_of_a_vendor),
		cmocka_unit_test(test_bundle_refused),
		cmocka_unit_test(test_trailing_byte),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
