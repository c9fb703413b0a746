/* SPDX-License-Identifier: ISC */
#include "plan_bench.h"

static const struct finding *found(const char *code)
{
	for (size_t i = 0; i < findings.count; i++)
		if (strcmp(findings.items[i].code, code) == 0)
			return &findings.items[i];
	fail_msg("%s was not found", code);
	return NULL;
}

#define ROOTS "credential one { tag = 9 type = ca files = r.pem lots = {x, z} }\n" \
	"credential other { tag = 9 type = ca files = s.pem }\n" \
	"credential id2 { tag = 41 type = identity template = \"other-{imei}\" lots = y }\n"

/* Which credential a lot gets, by column and by size, and the values each of them takes from its own rows. */
static void test_choice(void **state)
{
	(void)state;
	put_specimen("r.pem", "x509/p256.pem");
	put_specimen("s.pem", "x509/p384.pem");
	good(PAIR ROOTS, "imei,lot\n" A ",x\n" B ",y\n" C ",z\n", 0);
	assert_int_equal(plan_slots(plan), 3);
	assert_int_equal(plan_lots(plan), 3);
	assert_string_equal(profile.credentials[plan_credential(plan, 0, 0)].name, "one");
	assert_string_equal(profile.credentials[plan_credential(plan, 1, 0)].name, "other");
	assert_string_equal(profile.credentials[plan_credential(plan, 2, 0)].name, "one");
	assert_string_equal(profile.credentials[plan_credential(plan, 0, 1)].name, "p");
	assert_string_equal(profile.credentials[plan_credential(plan, 1, 1)].name, "p");
	assert_string_equal(profile.credentials[plan_credential(plan, 0, 2)].name, "i");
	assert_string_equal(profile.credentials[plan_credential(plan, 1, 2)].name, "id2");
	assert_int_equal(plan_commons(plan), 2);
	/* the longer identity counts once, not both */
	assert_int_equal(plan_contents_max(plan), CONTENTS_HEAD + (6 + 3) + 2 * 10 + 64 + 15 + 6);
	good(PAIR "credential id2 { tag = 41 type = identity template = \"x{imei}\" lots = lot-002 }\n",
	    "imei\n" A "\n" B "\n" C "\n", 2);
	assert_string_equal(profile.credentials[plan_credential(plan, 0, 1)].name, "i");
	assert_string_equal(profile.credentials[plan_credential(plan, 1, 1)].name, "id2");
}

/* What a row leaves empty its lot does not take. */
static void test_choice_columns(void **state)
{
	const struct plan_request request = {.org = "acme", .batch = "b1"};
	static const char conf[] = "credential p { tag = 1 type = psk }\n"
	    "credential q { tag = 1 type = psk from = column lots = own }\n"
	    "credential i { tag = 1 type = identity template = \"{serial}\" }\n"
	    "credential j { tag = 1 type = identity lots = own }\n";

	(void)state;
	good(conf, "imei,lot,psk,psk_identity,serial\n" A ",made,,,s1\n" B ",own," KEY_1 ",me,\n", 0);
	assert_int_equal(make(conf, "imei,lot,psk,psk_identity,serial\n" A ",own," KEY_2 ",you,\n"
	    B ",own,,me,\n" C ",made,,,you\n", &request), ERR_OK);
	assert_int_equal(findings.errors, 2);
	refused("field-empty");
	refused("identity-duplicate");
	assert_int_equal(make(conf, "imei,psk,psk_identity,serial\n" A "," KEY_2 ",you,x\n", &request),
	    ERR_OK);
	refused("lot-unknown");
}

/* A lot of two types of module is nothing strange; one or two in twenty are. */
static void test_tacs(void **state)
{
	struct buffer csv = BUFFER_EMPTY;

	(void)state;
	for (unsigned others = 1; others <= 3; others++) {
		buffer_clear(&csv);
		buffer_text(&csv, "serial,imei\n");
		for (unsigned i = 0; i < 20; i++) {
			char digits[32];

			snprintf(digits, sizeof digits, "0010140%u%06u", i >= 20 - others, i);
			buffer_format(&csv, "s,%s%c\n", digits, imei_check_digit(digits));
		}
		buffer_byte(&csv, '\0');
		good(PAIR, (char *)csv.data, 0);
		assert_int_equal(findings.counts[RULE_LOT_TAC], others <= 2);
		if (others > 2)
			continue;
		assert_int_equal(found("lot-tac")->line, 22 - others);
		assert_int_equal(found("lot-tac")->field, 2);
		assert_non_null(strstr(found("lot-tac")->text, "the TAC 00101401"));
		assert_non_null(strstr(found("lot-tac")->text, "than 00101400"));
	}
	buffer_free(&csv);
}

/* The mode of a file of a private key, and of no other. */
static void test_path_mode(void **state)
{
	static const char conf[] = "credential c { tag = 1 type = cert from = path }\n"
	    "credential k { tag = 1 type = key from = path }\n";

	(void)state;
	put_specimen("p.pem", "x509/p256.pem");
	put_specimen("p.key", "x509/p256.key");
	assert_int_equal(chmod(in_home("p.pem"), 0644), 0);
	good(conf, "imei,client_cert,client_key\n" A ",p.pem,p.key\n", 0);
	assert_int_equal(findings.counts[RULE_PATH_MODE], 0);
	assert_int_equal(chmod(in_home("p.key"), 0640), 0);
	good(conf, "imei,client_cert,client_key\n" A ",p.pem,p.key\n", 0);
	assert_int_equal(findings.counts[RULE_PATH_MODE], 1);
}

#define OWN_CERT "credential c { tag = 1 type = cert from = path }\n"

/* A key is held against the certificate of its own tag and no other. */
static void test_path_tags(void **state)
{
	static const char conf[] = OWN_CERT "credential a { tag = 1 type = key from = expect }\n"
	    "credential b { tag = 2 type = cert from = expect }\n"
	    "credential k { tag = 2 type = key from = path }\n";

	(void)state;
	put_specimen("p.pem", "x509/p256.pem");
	put_specimen("r.key", "x509/rsa2048.key");
	good(conf, "imei,client_cert,client_key\n" A ",p.pem,r.key\n", 0);
}

/* Two files that could not be read are not the same; a duplicate is one across lots. */
static void test_path_duplicates(void **state)
{
	const struct plan_request request = {.org = "acme", .batch = "b1"};

	(void)state;
	put_specimen("p.pem", "x509/p256.pem");
	put_specimen("q.pem", "x509/p256.pem");
	assert_int_equal(make(OWN_CERT "credential k { tag = 1 type = key from = expect }\n",
	    "imei,client_cert\n" A ",no.pem\n" B ",none.pem\n" C ",p.pem\n", &request), ERR_OK);
	assert_int_equal(findings.errors, 2);
	assert_int_equal(findings.counts[RULE_PATH_FILE], 2);
	assert_int_equal(make(OWN_CERT
	    "credential d { tag = 1 type = cert from = path column = other lots = b }\n"
	    "credential k { tag = 1 type = key from = expect }\n",
	    "imei,lot,client_cert,other\n" A ",a,p.pem,\n" B ",b,,q.pem\n", &request), ERR_OK);
	assert_int_equal(findings.errors, 1);
	assert_int_equal(found("path-duplicate")->line, 3);
	assert_int_equal(found("path-duplicate")->field, 4);
}

/* The longest file and the longest password, whoever's they are. */
static void test_path_size(void **state)
{
	static const char conf[] = "credential c { tag = 1 type = cert from = expect }\n"
	    "credential k { tag = 1 type = key from = path password_column = word }\n";
	char *sealed = specimen("x509/p256-encrypted.key"), *open = specimen("x509/rsa2048.key");

	(void)state;
	put("s.key", sealed);
	put("o.key", open);
	good(conf, "imei,client_key,word\n" A ",s.key,specimen words\n" B ",o.key,\n", 0);
	assert_int_equal(plan_contents_max(plan),
	    CONTENTS_HEAD + 6 + 10 + strlen(strstr(open, "-----BEGIN")) + strlen("specimen words"));
	free(sealed);
	free(open);
}

/* Said once, where it was first seen, with how often. */
static void test_remarks(void **state)
{
	(void)state;
	good(COLUMNS, "imei,psk,psk_identity\n" A "," KEY_1 ",a:b\n"
	    B ",AA112233445566778899AABBCCDDEEFF,a:c\n" C ",BB112233445566778899AABBCCDDEEFF,a:d\n", 0);
	assert_int_equal(findings.counts[RULE_PSK_CASE], 1);
	assert_int_equal(found("psk-case")->line, 3);
	assert_int_equal(found("psk-case")->field, 2);
	assert_non_null(strstr(found("psk-case")->text, "in 2 rows"));
	assert_int_equal(findings.counts[RULE_IDENTITY_COLON], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAN_TEST(test_choice), PLAN_TEST(test_choice_columns), PLAN_TEST(test_tacs),
		PLAN_TEST(test_path_mode), PLAN_TEST(test_path_tags), PLAN_TEST(test_path_duplicates),
		PLAN_TEST(test_path_size), PLAN_TEST(test_remarks),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
