/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "gapseal/mint.h"
#include "specimen.h"

static struct secret *secret_of(const char *text)
{
	struct secret *secret;
	struct fault fault;

	assert_int_equal(secret_new(&secret, strlen(text) + 1, &fault), ERR_OK);
	assert_true(secret_put(secret, bytes_of(text)));
	return secret;
}

static enum err open_specimen(struct ca **out, const char *certificate, const char *key,
    const char *passphrase, struct fault *fault)
{
	char *cert_text = specimen(certificate), *key_text = specimen(key);
	struct secret *secret = passphrase != NULL ? secret_of(passphrase) : NULL;
	enum err err = ca_open(out, bytes_of(cert_text), bytes_of(key_text), secret, SPECIMEN_NOW, "ca",
	    fault);

	secret_free(&secret);
	free(cert_text);
	free(key_text);
	return err;
}

static void check_good(const char *certificate, const char *key, const char *passphrase)
{
	struct fault fault;
	struct ca *ca;

	assert_int_equal(open_specimen(&ca, certificate, key, passphrase, &fault), ERR_OK);
	assert_int_equal(ca_not_after(ca), 4891363200);
	ca_free(&ca);
	assert_null(ca);
}

static void check_bad(const char *certificate, const char *key, const char *passphrase, const char *code)
{
	struct fault fault;
	struct ca *ca;

	assert_int_equal(open_specimen(&ca, certificate, key, passphrase, &fault), ERR_NO);
	assert_string_equal(fault.code, code);
	assert_string_equal(fault.where, "ca");
	assert_null(ca);
}

static void test_good(void **state)
{
	(void)state;
	check_good("x509/p256.pem", "x509/p256.key", NULL);
	check_good("x509/p256.pem", "x509/p256.key", "not needed");
	check_good("x509/p256.pem", "x509/p256-parameters.key", NULL);
	check_good("x509/p256.pem", "x509/p256-encrypted.key", "specimen words");
	check_good("x509/p256-no-key-identifier.pem", "x509/p256.key", NULL);
	check_good("x509/p256-no-usage.pem", "x509/p256.key", NULL);
	check_good("x509/rsa2048.pem", "x509/rsa2048.key", NULL);
}

static void test_bad(void **state)
{
	(void)state;
	check_bad("x509/p256.pem", "x509/p256-encrypted.key", NULL, "passphrase-needed");
	check_bad("x509/p256.pem", "x509/p256-encrypted.key", "specimen word", "passphrase-wrong");
	check_bad("x509/p256.pem", "x509/p256-encrypted.key", "", "passphrase-wrong");
	check_bad("x509/p256.pem", "x509/rsa2048.key", NULL, "ca-match");
	check_bad("x509/rsa2048.pem", "x509/p256.key", NULL, "ca-match");
	check_bad("x509/p256-expired.pem", "x509/p256.key", NULL, "ca-expired");
	check_bad("x509/p256-early.pem", "x509/p256.key", NULL, "ca-expired");
	check_bad("x509/p256-not-ca.pem", "x509/p256.key", NULL, "ca-usage");
	check_bad("x509/p256-no-cert-sign.pem", "x509/p256.key", NULL, "ca-usage");
	check_bad("x509/rsa1024.pem", "x509/rsa1024.key", NULL, "ca-key");
	check_bad("x509/p384.pem", "x509/p384.key", NULL, "ca-key");
	check_bad("x509/p256.key", "x509/p256.key", NULL, "pem-none");
	check_bad("x509/p256.pem", "x509/p256.pem", NULL, "pem-parse");
}

static void test_dates_are_inclusive(void **state)
{
	char *certificate = specimen("x509/p256.pem"), *key = specimen("x509/p256.key");
	const int64_t first = 1735689600, last = 4891363200;
	struct fault fault;
	struct ca *ca;

	(void)state;
	assert_int_equal(ca_open(&ca, bytes_of(certificate), bytes_of(key), NULL, first, "ca", &fault),
	    ERR_OK);
	ca_free(&ca);
	assert_int_equal(ca_open(&ca, bytes_of(certificate), bytes_of(key), NULL, first - 1, "ca", &fault),
	    ERR_NO);
	assert_string_equal(fault.text, "the CA certificate is valid only from 2025-01-01T00:00:00Z, "
	    "and the clock of this machine says 2024-12-31T23:59:59Z: set the clock, or take another CA");
	assert_int_equal(ca_open(&ca, bytes_of(certificate), bytes_of(key), NULL, last, "ca", &fault),
	    ERR_OK);
	ca_free(&ca);
	assert_int_equal(ca_open(&ca, bytes_of(certificate), bytes_of(key), NULL, last + 1, "ca", &fault),
	    ERR_NO);
	assert_string_equal(fault.text, "the CA certificate is valid only to 2125-01-01T00:00:00Z, "
	    "and the clock of this machine says 2125-01-01T00:00:01Z: set the clock, or take another CA");
	free(certificate);
	free(key);
}

struct made {
	struct buffer certificate;
	struct secret *key;
};

static void make(struct made *out, const char *subject, const struct secret *passphrase)
{
	struct fault fault;

	*out = (struct made){0};
	assert_int_equal(ca_new(&out->certificate, &out->key, subject, 3650, SPECIMEN_NOW, passphrase,
	    &fault), ERR_OK);
}

static void made_free(struct made *made)
{
	buffer_free(&made->certificate);
	secret_free(&made->key);
}

static void test_new(void **state)
{
	struct made made, other;
	struct x509_facts facts;
	struct fault fault;
	struct ca *ca;

	(void)state;
	make(&made, "/C=NO/O=Example/CN=Example Root", NULL);
	assert_int_equal(x509_facts(&facts, buffer_bytes(&made.certificate), 0, "new", &fault), ERR_OK);
	assert_true(facts.version == 3 && facts.ca && facts.cert_sign && facts.p256 && !facts.weak);
	assert_int_equal(facts.not_before, SPECIMEN_NOW);
	assert_int_equal(facts.not_after, SPECIMEN_NOW + INT64_C(3650) * 86400);
	assert_true(bytes_starts(secret_bytes(made.key), "-----BEGIN PRIVATE KEY-----\n"));
	assert_int_equal(ca_open(&ca, buffer_bytes(&made.certificate), secret_bytes(made.key), NULL,
	    SPECIMEN_NOW, "new",
	    &fault), ERR_OK);
	ca_free(&ca);
	make(&other, "/C=NO/O=Example/CN=Example Root", NULL);
	assert_false(bytes_equal(secret_bytes(made.key), secret_bytes(other.key)));
	assert_int_equal(ca_open(&ca, buffer_bytes(&made.certificate), secret_bytes(other.key), NULL,
	    SPECIMEN_NOW, "new",
	    &fault), ERR_NO);
	assert_string_equal(fault.code, "ca-match");
	made_free(&other);
	made_free(&made);
}

static void test_new_protected(void **state)
{
	struct secret *right = secret_of("correct horse"), *wrong = secret_of("battery staple");
	struct made made;
	struct fault fault;
	struct ca *ca;

	(void)state;
	make(&made, "O=Example,CN=Example Root", right);
	assert_true(bytes_starts(secret_bytes(made.key), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
	assert_int_equal(ca_open(&ca, buffer_bytes(&made.certificate), secret_bytes(made.key), right,
	    SPECIMEN_NOW, "new",
	    &fault), ERR_OK);
	ca_free(&ca);
	assert_int_equal(ca_open(&ca, buffer_bytes(&made.certificate), secret_bytes(made.key), wrong,
	    SPECIMEN_NOW, "new",
	    &fault), ERR_NO);
	assert_string_equal(fault.code, "passphrase-wrong");
	assert_int_equal(ca_open(&ca, buffer_bytes(&made.certificate), secret_bytes(made.key), NULL,
	    SPECIMEN_NOW, "new",
	    &fault), ERR_NO);
	assert_string_equal(fault.code, "passphrase-needed");
	made_free(&made);
	secret_free(&right);
	secret_free(&wrong);
}

static void check_not_made(const char *subject, unsigned days, const char *code)
{
	struct buffer certificate = BUFFER_EMPTY;
	struct secret *key = NULL;
	struct fault fault;

	assert_int_equal(ca_new(&certificate, &key, subject, days, SPECIMEN_NOW, NULL, &fault), ERR_NO);
	assert_string_equal(fault.code, code);
	assert_null(key);
	assert_int_equal(certificate.size, 0);
}

static void test_new_refused(void **state)
{
	static const char *const subjects[] = {"", "/", "CN", "CN=", "=x", "CN=a,", "CN=a,,O=b", "/CN=a/",
	    "X=1",
		"C=NOR,CN=a", "C=1O,CN=a", "cn=a", "serialNumber=1", "CN=a\nb", "CN=\xc3\xa6",
		    "O=1,O=2,O=3,O=4,O=5,O=6,O=7,O=8,O=9",
		"CN=12345678901234567890123456789012345678901234567890123456789012345"};

	(void)state;
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		check_not_made(subjects[i], 10, "ca-subject");
	check_not_made("CN=a", 0, "ca-days");
	check_not_made("CN=a", CA_DAYS_MAX + 1, "ca-days");
}

static void test_subjects(void **state)
{
	struct made made;

	(void)state;
	make(&made, "CN=1234567890123456789012345678901234567890123456789012345678901234", NULL);
	made_free(&made);
	make(&made, "/C=NO/ST=A/L=B/O=C, with a comma/OU=D/CN=E=F", NULL);
	made_free(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_dates_are_inclusive),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_new_protected),
		cmocka_unit_test(test_new_refused),
		cmocka_unit_test(test_subjects),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
