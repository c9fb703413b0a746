/* SPDX-License-Identifier: ISC */
#include "mint_bench.h"

#include <openssl/x509v3.h>

static X509 *load_certificate(struct bytes pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	assert_non_null(certificate);
	assert_int_equal(BIO_eof(bio), 1);
	BIO_free(bio);
	return certificate;
}

/* The device's n-th: key in key_pem, certificate appended to pem. */
static void make(struct buffer *pem, struct secret *key_pem, struct mint *mint, unsigned n, const char *cn)
{
	uint8_t seed[32] = {0}, serial[X509_SERIAL_SIZE], point[P256_POINT_SIZE], hash[HASH_SIZE];
	struct fault fault;

	put_u32(seed, n);
	hash_bytes(hash, bytes_from(seed, sizeof seed));
	memcpy(serial, hash, sizeof serial);
	assert_int_equal(mint_key(key_pem, point, mint, bytes_from(seed, sizeof seed), false, &fault),
	    ERR_OK);
	assert_int_equal(mint_certificate(pem, mint, point, cn, serial, false, &fault), ERR_OK);
}

static void check_extension(X509 *certificate, int at, int nid, int critical, const char *value)
{
	X509_EXTENSION *extension = X509_get_ext(certificate, at);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long size;

	assert_int_equal(OBJ_obj2nid(X509_EXTENSION_get_object(extension)), nid);
	assert_int_equal(X509_EXTENSION_get_critical(extension), critical);
	assert_int_equal(X509V3_EXT_print(bio, extension, 0, 0), 1);
	size = BIO_get_mem_data(bio, &text);
	if (value != NULL)
		assert_true(bytes_equal(bytes_from(text, (size_t)size), bytes_of(value)));
	BIO_free(bio);
}

static void check_identifiers(X509 *certificate, X509 *issuer)
{
	const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(certificate);
	const ASN1_OCTET_STRING *authority = X509_get0_authority_key_id(certificate);
	const ASN1_OCTET_STRING *theirs = X509_get0_subject_key_id(issuer);
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(certificate);
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, bytes_from(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)));
	assert_int_equal(ASN1_STRING_length(own), X509_KEY_ID_SIZE);
	assert_memory_equal(ASN1_STRING_get0_data(own), hash, X509_KEY_ID_SIZE);
	if (theirs != NULL) {
		assert_int_equal(ASN1_OCTET_STRING_cmp(authority, theirs), 0);
		return;
	}
	key = X509_get0_pubkey_bitstr(issuer);
	hash_bytes(hash, bytes_from(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)));
	assert_memory_equal(ASN1_STRING_get0_data(authority), hash, X509_KEY_ID_SIZE);
}

/* As a server would look at it: a chain of two, for a client, at a time in between. */
static void check_chain(X509 *certificate, X509 *issuer)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	assert_int_equal(X509_STORE_add_cert(store, issuer), 1);
	assert_int_equal(X509_STORE_CTX_init(context, store, certificate, NULL), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), SPECIMEN_NOW);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_X509_STRICT);
	X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
	assert_int_equal(X509_verify_cert(context), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), SPECIMEN_NOW);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}

static void check_name(X509 *certificate, const char *cn)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, 0));

	assert_int_equal(X509_NAME_entry_count(subject), 1);
	assert_int_equal(OBJ_obj2nid(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(subject, 0))),
	    NID_commonName);
	assert_true(bytes_equal(bytes_from(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
	    bytes_of(cn)));
}

static void check_times(X509 *certificate)
{
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), SPECIMEN_NOW), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate),
	    SPECIMEN_NOW + INT64_C(86400) * DAYS), 0);
}

static void check_under(const char *ca_name, const char *key_name, bool strict)
{
	struct ca *ca = open_ca(ca_name, key_name);
	struct mint *mint = open_mint(ca);
	struct secret *key_pem = key_secret();

	for (unsigned i = 0; i < 3; i++) {
		struct buffer pem = BUFFER_EMPTY;
		X509 *certificate;
		EVP_PKEY *key;

		make(&pem, key_pem, mint, i, i == 1 ? "urn:imei:490154203237518" : "490154203237518");
		certificate = load_certificate(buffer_bytes(&pem));
		key = load_key(secret_bytes(key_pem));
		assert_int_equal(X509_get_version(certificate), X509_VERSION_3);
		assert_int_equal(X509_check_private_key(certificate, key), 1);
		assert_int_equal(X509_verify(certificate, X509_get0_pubkey(ca_certificate(ca))), 1);
		assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(certificate),
		    X509_get_subject_name(ca_certificate(ca))), 0);
		check_name(certificate, i == 1 ? "urn:imei:490154203237518" : "490154203237518");
		check_times(certificate);
		assert_int_equal(X509_get_ext_count(certificate), 5);
		check_extension(certificate, 0, NID_basic_constraints, 1, "CA:FALSE");
		check_extension(certificate, 1, NID_key_usage, 1, "Digital Signature");
		check_extension(certificate, 2, NID_ext_key_usage, 0, "TLS Web Client Authentication");
		check_extension(certificate, 3, NID_authority_key_identifier, 0, NULL);
		check_extension(certificate, 4, NID_subject_key_identifier, 0, NULL);
		check_identifiers(certificate, ca_certificate(ca));
		if (strict)
			check_chain(certificate, ca_certificate(ca));
		EVP_PKEY_free(key);
		X509_free(certificate);
		buffer_free(&pem);
	}
	secret_free(&key_pem);
	mint_free(&mint);
	ca_free(&ca);
}

static void test_certificates(void **state)
{
	(void)state;
	check_under("x509/p256.pem", "x509/p256.key", true);
	check_under("x509/rsa2048.pem", "x509/rsa2048.key", true);
	check_under("x509/p256-no-key-identifier.pem", "x509/p256.key", false); /* strict wants one of a CA */
}

/* The signed part of a PEM certificate. */
static void signed_part(struct buffer *out, struct bytes pem)
{
	X509 *certificate = load_certificate(pem);
	uint8_t *der = NULL;
	int size = i2d_re_X509_tbs(certificate, &der);

	assert_true(size > 0);
	buffer_put(out, bytes_from(der, (size_t)size));
	OPENSSL_free(der);
	X509_free(certificate);
}

static void check_template(struct mint *mint, const struct ca *ca, size_t length, unsigned n)
{
	struct x509_order order = {.issuer = ca_certificate(ca), .not_before = SPECIMEN_NOW,
		.not_after = SPECIMEN_NOW + INT64_C(86400) * DAYS,
		    .subject = {.count = 1, .parts = {{.type = "CN"}}}};
	struct buffer pem = BUFFER_EMPTY, ours = BUFFER_EMPTY, theirs = BUFFER_EMPTY, der = BUFFER_EMPTY;
	struct secret *key_pem = key_secret();
	const uint8_t *at;
	struct fault fault;
	uint8_t *tbs = NULL;
	X509 *certificate;
	int size;

	memset(order.subject.parts[0].value, (int)('a' + n % 26), length);
	make(&pem, key_pem, mint, n, order.subject.parts[0].value);
	signed_part(&ours, buffer_bytes(&pem));
	/* the same by libcrypto, from what stands in the certificate */
	certificate = load_certificate(buffer_bytes(&pem));
	memcpy(order.serial, ASN1_STRING_get0_data(X509_get0_serialNumber(certificate)), X509_SERIAL_SIZE);
	memcpy(order.point, ASN1_STRING_get0_data(X509_get0_pubkey_bitstr(certificate)), P256_POINT_SIZE);
	X509_free(certificate);
	assert_int_equal(x509_issue(&der, &order, ca_key(ca), &fault), ERR_OK);
	at = der.data;
	certificate = d2i_X509(NULL, &at, (long)der.size);
	size = i2d_re_X509_tbs(certificate, &tbs);
	buffer_put(&theirs, bytes_from(tbs, (size_t)size));
	OPENSSL_free(tbs);
	X509_free(certificate);
	assert_true(bytes_equal(buffer_bytes(&ours), buffer_bytes(&theirs)));
	secret_free(&key_pem);
	buffer_free(&pem);
	buffer_free(&ours);
	buffer_free(&theirs);
	buffer_free(&der);
}

static void test_template(void **state)
{
	struct ca *ca = open_ca("x509/p256.pem", "x509/p256.key");
	struct mint *mint = open_mint(ca);

	(void)state;
	for (size_t length = 1; length <= MINT_CN_MAX; length++) {
		check_template(mint, ca, length, (unsigned)length);
		check_template(mint, ca, length,
		    (unsigned)length + 100); /* the template is used a second time */
	}
	mint_free(&mint);
	ca_free(&ca);
}

static void check_serial(struct mint *mint, uint8_t byte, uint8_t first)
{
	uint8_t serial[X509_SERIAL_SIZE], point[P256_POINT_SIZE], seed[32] = {1};
	struct secret *key_pem = key_secret();
	struct buffer pem = BUFFER_EMPTY;
	const ASN1_INTEGER *number;
	struct fault fault;
	X509 *certificate;

	memset(serial, byte, sizeof serial);
	assert_int_equal(mint_key(key_pem, point, mint, bytes_from(seed, sizeof seed), false, &fault),
	    ERR_OK);
	assert_int_equal(mint_certificate(&pem, mint, point, "x", serial, false, &fault), ERR_OK);
	certificate = load_certificate(buffer_bytes(&pem));
	number = X509_get0_serialNumber(certificate);
	assert_int_equal(ASN1_STRING_type(number), V_ASN1_INTEGER); /* not negative */
	assert_int_equal(ASN1_STRING_length(number), X509_SERIAL_SIZE);
	assert_int_equal(ASN1_STRING_get0_data(number)[0], first);
	assert_memory_equal(ASN1_STRING_get0_data(number) + 1, serial + 1, X509_SERIAL_SIZE - 1);
	X509_free(certificate);
	buffer_free(&pem);
	secret_free(&key_pem);
}

static void test_serials(void **state)
{
	struct ca *ca = open_ca("x509/p256.pem", "x509/p256.key");
	struct mint *mint = open_mint(ca);

	(void)state;
	check_serial(mint, 0x00, 0x40);
	check_serial(mint, 0xff, 0x7f);
	check_serial(mint, 0x80, 0x40);
	check_serial(mint, 0x55, 0x55);
	mint_free(&mint);
	ca_free(&ca);
}

/* Past the thousandth, which is checked like the first, and every signature good. */
static void test_many(void **state)
{
	struct ca *ca = open_ca("x509/p256.pem", "x509/p256.key");
	struct mint *mint = open_mint(ca);
	struct secret *key_pem = key_secret();
	struct buffer pem = BUFFER_EMPTY;

	(void)state;
	for (unsigned i = 0; i < 1100; i++) {
		X509 *certificate;
		char cn[32];

		snprintf(cn, sizeof cn, "device-%u", i);
		buffer_clear(&pem);
		make(&pem, key_pem, mint, i, cn);
		certificate = load_certificate(buffer_bytes(&pem));
		assert_int_equal(X509_verify(certificate, X509_get0_pubkey(ca_certificate(ca))), 1);
		X509_free(certificate);
	}
	buffer_free(&pem);
	secret_free(&key_pem);
	mint_free(&mint);
	ca_free(&ca);
}

/* What is no point of the curve passes the template, but not libcrypto's look at every 1000th. */
static void test_thousandth(void **state)
{
	struct ca *ca = open_ca("x509/p256.pem", "x509/p256.key");
	struct mint *mint = open_mint(ca);
	struct secret *key_pem = key_secret();
	struct buffer pem = BUFFER_EMPTY;
	uint8_t point[P256_POINT_SIZE] = {4}, serial[X509_SERIAL_SIZE] = {0};
	struct fault fault;

	(void)state;
	make(&pem, key_pem, mint, 0, "x");
	for (unsigned i = 1; i < 1000; i++)
		assert_int_equal(mint_certificate(&pem, mint, point, "x", serial, false, &fault), ERR_OK);
	buffer_clear(&pem);
	assert_int_equal(mint_certificate(&pem, mint, point, "x", serial, false, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "crypto");
	assert_int_equal(pem.size, 0);
	buffer_free(&pem);
	secret_free(&key_pem);
	mint_free(&mint);
	ca_free(&ca);
}

static void check_max(const char *ca_name, const char *key_name)
{
	struct ca *ca = open_ca(ca_name, key_name);
	struct mint *mint = open_mint(ca);
	struct secret *key_pem = key_secret();
	char *ca_pem = specimen(ca_name), cn[MINT_CN_MAX + 1] = "";
	uint8_t point[P256_POINT_SIZE], seed[32] = {7}, serial[X509_SERIAL_SIZE] = {0};
	struct fault fault;

	assert_int_equal(mint_key(key_pem, point, mint, bytes_from(seed, sizeof seed), false, &fault),
	    ERR_OK);
	for (size_t length = 1; length <= MINT_CN_MAX; length++) {
		size_t max, seen = 0;

		memset(cn, 'W', length);
		assert_int_equal(mint_certificate_max(&max, bytes_of(ca_pem), length, "ca", &fault), ERR_OK);
		for (unsigned i = 0; i < 20; i++) {
			struct buffer pem = BUFFER_EMPTY;

			assert_int_equal(mint_certificate(&pem, mint, point, cn, serial, true, &fault),
			    ERR_OK);
			seen = pem.size > seen ? pem.size : seen;
			buffer_free(&pem);
		}
		assert_true(seen <= max);
		assert_true(max - seen <= 20); /* times beyond 2050, short signatures */
	}
	free(ca_pem);
	secret_free(&key_pem);
	mint_free(&mint);
	ca_free(&ca);
}

static void test_max(void **state)
{
	size_t max;
	struct fault fault;
	char *ca_pem = specimen("x509/p256.pem"), *key = specimen("x509/p256.key");

	(void)state;
	check_max("x509/p256.pem", "x509/p256.key");
	check_max("x509/rsa2048.pem", "x509/rsa2048.key");
	assert_int_equal(mint_certificate_max(&max, bytes_of(ca_pem), 0, "ca", &fault), ERR_NO);
	assert_int_equal(mint_certificate_max(&max, bytes_of(ca_pem), MINT_CN_MAX + 1, "ca", &fault), ERR_NO);
	assert_string_equal(fault.code, "mint-cn");
	assert_int_equal(mint_certificate_max(&max, bytes_of(key), 10, "ca", &fault), ERR_NO);
	assert_string_equal(fault.code, "pem-none");
	free(ca_pem);
	free(key);
}

static void check_cn_refused(struct mint *mint, const char *cn)
{
	uint8_t point[P256_POINT_SIZE] = {0}, serial[X509_SERIAL_SIZE] = {0};
	struct buffer pem = BUFFER_EMPTY;
	struct fault fault;

	assert_int_equal(mint_certificate(&pem, mint, point, cn, serial, false, &fault), ERR_NO);
	assert_string_equal(fault.code, "mint-cn");
	assert_int_equal(pem.size, 0);
}

static void test_refused(void **state)
{
	struct ca *ca = open_ca("x509/p256.pem", "x509/p256.key");
	struct mint *mint = open_mint(ca), *other;
	uint8_t point[P256_POINT_SIZE] = {4}, serial[X509_SERIAL_SIZE] = {0};
	struct buffer pem = BUFFER_EMPTY;
	char cn[MINT_CN_MAX + 2];
	struct fault fault;

	(void)state;
	memset(cn, 'x', sizeof cn);
	cn[MINT_CN_MAX + 1] = '\0';
	check_cn_refused(mint, "");
	check_cn_refused(mint, cn);
	check_cn_refused(mint, "a\nb");
	check_cn_refused(mint, "\xc3\xa6");
	/* not a point of the curve: libcrypto sees it in the first certificate */
	assert_int_equal(mint_certificate(&pem, mint, point, "x", serial, false, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "crypto");
	assert_int_equal(mint_new(&other, ca, INT64_C(253402300799) - 86400, 1, &fault), ERR_OK);
	mint_free(&other);
	assert_int_equal(mint_new(&other, ca, INT64_C(253402300800) - 86400, 1, &fault), ERR_NO);
	assert_string_equal(fault.code, "mint-days");
	assert_null(other);
	other = open_mint(NULL);
	assert_int_equal(mint_certificate(&pem, other, point, "x", serial, false, &fault), ERR_CANNOT);
	assert_string_equal(fault.code, "ca-needed");
	assert_int_equal(pem.size, 0);
	mint_free(&other);
	mint_free(&mint);
	ca_free(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_thousandth),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
