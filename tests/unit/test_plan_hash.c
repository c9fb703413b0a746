/* SPDX-License-Identifier: ISC */
#include "plan_bench.h"

#include "golden_plan.h"

static void hash_plan(char out[static 2 * HASH_SIZE + 1], uint8_t seed_byte)
{
	uint8_t hash[HASH_SIZE];
	struct secret *seed;

	assert_int_equal(secret_new(&seed, 32, &fault), ERR_OK);
	for (size_t i = 0; i < 32; i++)
		secret_data(seed)[i] = (uint8_t)(seed_byte + i);
	secret_resize(seed, 32);
	assert_int_equal(plan_hash(hash, plan, seed, 1, &fault), ERR_OK);
	hex_encode(out, bytes_from(hash, sizeof hash));
	secret_free(&seed);
}

static void test_hash_golden(void **state)
{
	char hash[2 * HASH_SIZE + 1];

	(void)state;
	good(GOLDEN_PROFILE, GOLDEN_CSV, 0);
	hash_plan(hash, 0);
	assert_string_equal(hash, GOLDEN_PLAN_HASH);
	hash_plan(hash, 0);
	assert_string_equal(hash, GOLDEN_PLAN_HASH);
}

/* Files, a password, lots and a chain, each kind of source that has a value of its own. */
static void test_hash_golden_2(void **state)
{
	char hash[2 * HASH_SIZE + 1], *ca = specimen("x509/p384.pem");
	const struct plan_request request = {.org = "acme", .batch = "b1", .ca_pem = ca};

	(void)state;
	put_specimen("c.pem", "x509/p256.pem");
	put_specimen("c.key", "x509/p256-encrypted.key");
	put_specimen("d.pem", "x509/rsa2048.pem");
	put_specimen("d.key", "x509/rsa2048.key");
	assert_int_equal(make(GOLDEN_PROFILE_2, GOLDEN_CSV_2, &request), ERR_OK);
	if (plan == NULL)
		fail_msg("%s: %s", findings.items[0].where, findings.items[0].text);
	hash_plan(hash, 0);
	assert_string_equal(hash, GOLDEN_PLAN_HASH_2);
	free(ca);
}

#define CONF(title, name, tag, bytes, template, rest) "title = \"" title "\"\n" \
	"credential " name " { tag = " tag " type = psk bytes = " bytes " }\n" \
	"credential i { tag = " tag " type = identity template = \"" template "\" }\n" \
	"credential k { tag = 9 type = psk from = column }\ncredential n { tag = 9 type = identity }\n" rest
#define BASE CONF("t", "p", "1", "16", "{imei}", "")
#define ROW_1 A "," KEY_1 ",one,a\n"
#define ROW_2 B "," KEY_2 ",two,a\n"
#define TABLE "imei,psk,psk_identity,lot\n"
#define ROWS TABLE ROW_1 ROW_2
#define POLICY(option) CONF("t", "p", "1", "16", "{imei}", "policy { " option " }")

#define OWN(column, rest) "credential c { tag = 4 type = cert from = path column = " column " }\n" \
	"credential d { tag = 4 type = key from = path " rest " }\n"
#define FILES_TABLE "imei,psk,psk_identity,lot,client_cert,client_key,client_name\n"
#define FILES(cert, key) FILES_TABLE A "," KEY_1 ",one,a," cert "," key ",\n"
#define SEALED(password) FILES_TABLE A "," KEY_1 ",one,a,p.pem,sealed.key," password "\n"
#define TWO_LOTS TABLE ROW_1 B "," KEY_2 ",two,b\n"
#define TWO_ROOTS(lots) "credential c { tag = 4 type = ca files = r.pem }\n" \
	"credential d { tag = 4 type = ca files = s.pem lots = " lots " }\n"

/* Each of these differs from the first in one thing. */
static const struct { const char *org, *batch, *conf, *csv; uint8_t seed; } different[] = {
	{"acme", "b1", BASE, ROWS, 0},
	{"acmf", "b1", BASE, ROWS, 0},
	{"acme", "b2", BASE, ROWS, 0},
	{"acme", "b1", BASE, ROWS, 1},
	{"acme", "b1", BASE, TABLE ROW_2 ROW_1, 0},
	{"acme", "b1", BASE, TABLE ROW_1, 0},
	{"acme", "b1", BASE, TABLE ROW_1 C "," KEY_2 ",two,a\n", 0},
	{"acme", "b1", BASE, TABLE ROW_1 B ",00112233445566778899aabbccddeef1,two,a\n", 0},
	{"acme", "b1", BASE, TABLE ROW_1 B "," KEY_2 ",twp,a\n", 0},
	{"acme", "b1", BASE, TABLE ROW_1 B "," KEY_2 ",two,b\n", 0},
	{"acme", "b1", BASE, TABLE A "," KEY_1 ",one,b\n" B "," KEY_2 ",two,b\n", 0},
	{"acme", "b1", CONF("u", "p", "1", "16", "{imei}", ""), ROWS, 0},
	{"acme", "b1", CONF("t", "q", "1", "16", "{imei}", ""), ROWS, 0},
	{"acme", "b1", CONF("t", "p", "2", "16", "{imei}", ""), ROWS, 0},
	{"acme", "b1", CONF("t", "p", "1", "17", "{imei}", ""), ROWS, 0},
	{"acme", "b1", CONF("t", "p", "1", "16", "{imei}x", ""), ROWS, 0},
	{"acme", "b1", CONF("t", "p", "1", "16", "{imei}",
	    "credential c { tag = 1 type = ca files = r.pem }"), ROWS, 0},
	{"acme", "b1", CONF("t", "p", "1", "16", "{imei}",
	    "credential c { tag = 1 type = ca files = s.pem }"), ROWS, 0},
	{"acme", "b1", CONF("t", "p", "1", "16", "{imei}",
	    "credential c { tag = 1 type = ca files = r.pem line_ending = crlf }"), ROWS, 0},
	{"acme", "b1", BASE "credential o { tag = 2 type = psk from = delete }", ROWS, 0},
	{"acme", "b1", BASE "credential o { tag = 2 type = psk from = expect }", ROWS, 0},
	{"acme", "b1", BASE OWN("client_cert", ""), FILES("p.pem", "p.key"), 0},
	{"acme", "b1", BASE OWN("client_cert", ""), FILES("r.pem", "r.key"), 0},
	{"acme", "b1", BASE OWN("client_cert", "line_ending = crlf"), FILES("p.pem", "p.key"), 0},
	{"acme", "b1", BASE OWN("client_cert", "password_column = client_name"), FILES("p.pem", "p.key"), 0},
	{"acme", "b1", BASE OWN("client_cert", "password_column = client_name"), SEALED("specimen words"), 0},
	{"acme", "b1", BASE TWO_ROOTS("a"), TWO_LOTS, 0},
	{"acme", "b1", BASE TWO_ROOTS("b"), TWO_LOTS, 0},
	{"acme", "b1", BASE TWO_ROOTS("{a, b}"), TWO_LOTS, 0},
	{"acme", "b1", POLICY("existing = refuse"), ROWS, 0},
	{"acme", "b1", POLICY("digest_forms = {exact, nul}"), ROWS, 0},
	{"acme", "b1", POLICY("families = nrf9160"), ROWS, 0},
	{"acme", "b1", POLICY("minimum_firmware = \"1.3.2\""), ROWS, 0},
	{"acme", "b1", POLICY("attempts = 4"), ROWS, 0},
	{"acme", "b1", POLICY("rework = never"), ROWS, 0},
	{"acme", "b1", POLICY("label = unit"), ROWS, 0},
	{"acme", "b1", POLICY("attestation = record"), ROWS, 0},
	{"acme", "b1", POLICY("finish = none"), ROWS, 0},
	{"acme", "b1", POLICY("log_imei = true"), ROWS, 0},
	{"acme", "b1", POLICY("log_unit = true"), ROWS, 0},
};
#define DIFFERENT (sizeof different / sizeof different[0])

static void test_hash_differs(void **state)
{
	static char hashes[DIFFERENT][2 * HASH_SIZE + 1];

	(void)state;
	put_specimen("r.pem", "x509/rsa2048.pem");
	put_specimen("s.pem", "x509/p384.pem");
	put_specimen("r.key", "x509/rsa2048.key");
	put_specimen("p.pem", "x509/p256.pem");
	put_specimen("p.key", "x509/p256.key");
	put_specimen("sealed.key", "x509/p256-encrypted.key");
	for (size_t i = 0; i < DIFFERENT; i++) {
		const struct plan_request request = {.org = different[i].org, .batch = different[i].batch};

		assert_int_equal(make(different[i].conf, different[i].csv, &request), ERR_OK);
		if (plan == NULL)
			fail_msg("%zu: %s", i, findings.items[0].text);
		hash_plan(hashes[i], different[i].seed);
		for (size_t j = 0; j < i; j++)
			if (strcmp(hashes[i], hashes[j]) == 0)
				fail_msg("%zu and %zu have one hash", i, j);
	}
}

/* What makes no device another leaves the hash: column order, columns nobody uses, comments, case, quotes. */
static void test_hash_stable(void **state)
{
	static const char *const confs[] = {BASE, "# words\n" BASE, BASE " policy { attempts = 3 }"};
	static const char *const tables[] = {
		TABLE ROW_1 ROW_2,
		    "LOT,Imei,colour,PSK_identity,psk\r\na," A ",red,one,00112233445566778899AABBCCDDEEFF\r\n"
		"\"a\",\"" B "\",,two," KEY_2 "\r\n",
	};
	char first[2 * HASH_SIZE + 1] = "", hash[2 * HASH_SIZE + 1];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		good(confs[i % 3], tables[i % 2], 0);
		hash_plan(hash, 0);
		if (first[0] == '\0')
			memcpy(first, hash, sizeof first);
		assert_string_equal(hash, first);
	}
}

/* The issuing CA, the CN and the days are in the hash; text around the CA's certificate is not. */
static void test_hash_issued(void **state)
{
	static const char form[] = "credential k { tag = 1 type = key }\n"
	    "credential c { tag = 1 type = cert cn = \"%s\" days = %d %s }\n";
	char *pem[3] = {specimen("x509/p256.pem"), specimen("x509/p384.pem"), NULL},
	    hashes[6][2 * HASH_SIZE + 1];

	(void)state;
	assert_true(asprintf(&pem[2], "words\n%s", pem[0]) > 0);
	for (size_t i = 0; i < 6; i++) {
		struct plan_request request = {.org = "acme", .batch = "b1", .ca_pem = pem[i < 3 ? i : 0]};
		char conf[200];

		snprintf(conf, sizeof conf, form, i == 3 ? "x{imei}" : "{imei}", i == 4 ? 8 : 9,
		    i == 5 ? "chain = true" : "");
		assert_int_equal(make(conf, "imei\n" A "\n", &request), ERR_OK);
		assert_non_null(plan);
		hash_plan(hashes[i], 0);
	}
	assert_string_equal(hashes[0], hashes[2]);
	assert_string_not_equal(hashes[0], hashes[1]);
	assert_string_not_equal(hashes[0], hashes[3]);
	assert_string_not_equal(hashes[0], hashes[4]);
	assert_string_not_equal(hashes[0], hashes[5]);
	for (size_t i = 0; i < 3; i++)
		free(pem[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAN_TEST(test_hash_golden), PLAN_TEST(test_hash_golden_2), PLAN_TEST(test_hash_differs),
		PLAN_TEST(test_hash_stable),
		PLAN_TEST(test_hash_issued),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
