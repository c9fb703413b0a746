/* SPDX-License-Identifier: ISC */
#include "testing.h"

#include "specimen.h"

#include "gapseal/list.h"
#include "gapseal/profile.h"
#include "scratch.h"

static struct profile profile;
static struct findings findings;

/* Reads a profile text; the findings stay for the test to look at. */
static void read_text(const char *text)
{
	profile_free(&profile);
	findings_free(&findings);
	put("a.conf", text);
	assert_int_equal(profile_read(&profile, in_home("a.conf"), &findings, &fault), ERR_OK);
}

static void good(const char *text)
{
	read_text(text);
	if (findings.count != 0)
		fail_msg("%s: %s: %s", text, findings.items[0].where, findings.items[0].text);
}

/* The only finding has this code. */
static void check_only(const char *code, enum severity severity)
{
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].code, code);
	assert_int_equal(findings.items[0].severity, severity);
}

static void put_specimen(const char *name, const char *from)
{
	char *text = specimen(from);

	put(name, text);
	free(text);
}

#define PAIR "credential psk { tag = 41 type = psk }\n" \
	"credential id { tag = 41 type = identity template = \"{imei}\" }\n"

static void test_everything(void **state)
{
	const struct profile_credential *credential;

	(void)state;
	put_specimen("root.pem", "x509/p256.pem");
	good("title = \"A title\"\n"
	    "credential cert { tag = 43 type = cert from = issued cn = \"nrf-{imei}\" days = 365 }\n"
	    "credential key { tag = 43 type = key from = generated line_ending = crlf }\n"
	    "credential psk { tag = 41 type = psk from = derived bytes = 16 }\n"
	    "credential id { tag = 41 type = identity from = column column = \"My Name\" }\n"
	    "credential ca { tag = 9 type = ca from = files files = root.pem line_ending = lf }\n");
	assert_string_equal(profile.title, "A title");
	assert_int_equal(profile.count, 5);
	assert_true(profile_issues(&profile));
	credential = profile.credentials;
	assert_string_equal(credential[0].name, "ca");
	assert_int_equal(credential[0].source, SOURCE_FILES);
	assert_int_equal(strncmp(credential[0].pem, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	assert_int_equal(credential[1].slot.type, CREDENTIAL_PSK);
	assert_int_equal(credential[1].bytes, 16);
	assert_string_equal(credential[2].column, "My Name");
	assert_int_equal(credential[2].source, SOURCE_COLUMN);
	assert_string_equal(credential[3].text, "nrf-{imei}");
	assert_int_equal(credential[3].days, 365);
	assert_int_equal(credential[3].line, 2);
	assert_false(credential[3].chain);
	assert_int_equal(credential[3].line_ending, LINE_ENDING_LF);
	assert_int_equal(credential[4].source, SOURCE_GENERATED);
	assert_int_equal(credential[4].line_ending, LINE_ENDING_CRLF);
}

/* Sources of their own making: files a CSV names, deletion, what is left alone; lots. */
static void test_sources(void **state)
{
	const struct profile_credential *credential;
	const struct manifest_slot *slots;

	(void)state;
	good("credential cert { tag = 9 type = cert from = path }\n"
	    "credential key { tag = 9 type = key column = \"Key File\" password_column = secret }\n"
	    "credential mine { tag = 9 type = key from = generated lots = {\"b\", \"a\"} }\n"
	    "credential leaf { tag = 9 type = cert cn = \"{imei}\" days = 1 chain = true lots = {a, b} }\n"
	    "credential old { tag = 3 type = ca from = delete }\n"
	    "credential there { tag = 3 type = psk from = expect }\n"
	    "credential name { tag = 3 type = identity from = expect }\n");
	assert_int_equal(profile.count, 7);
	assert_int_equal(profile.policy.slots.count, 5);
	slots = profile.policy.slots.items;
	assert_int_equal(slots[0].state, SLOT_ABSENT);
	assert_int_equal(slots[1].state, SLOT_PRESENT);
	assert_int_equal(slots[3].state, SLOT_DIGEST);
	assert_int_equal(slots[4].type, CREDENTIAL_KEY);
	credential = &profile.credentials[3];
	assert_string_equal(credential->name, "cert");
	assert_int_equal(credential->source, SOURCE_PATH);
	assert_string_equal(credential->column, "client_cert");
	assert_string_equal(credential->password, "");
	assert_int_equal(credential->lots.count, 0);
	assert_true(credential[1].chain && !credential->chain);
	assert_string_equal(credential[2].column, "Key File");
	assert_string_equal(credential[2].password, "secret");
	assert_string_equal(credential[3].name, "mine");
	assert_int_equal(credential[3].lots.count, 2);
	assert_string_equal(list_text(&credential[3].lots, 0, NAME_SIZE), "a");
	assert_true(profile_has(&profile, SOURCE_EXPECT) && !profile_has(&profile, SOURCE_FILES));
	good("credential old { tag = 3 type = cert from = delete }\n");
}

/* Lots that meet, by name or by both having none, are two credentials for one slot. */
static void test_lots(void **state)
{
	static const char *const pairs[][2] = {
		{"lots = {a, b}", "lots = {c, b}"}, {"lots = a", "lots = a"}, {"", ""},
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		snprintf(text, sizeof text, PAIR "credential one { tag = 1 type = ca from = expect %s }\n"
		    "credential two { tag = 1 type = ca from = expect %s }\n", pairs[i][0], pairs[i][1]);
		read_text(text);
		check_only("slot-twice", SEVERITY_ERROR);
		assert_int_equal(findings.items[0].line, 4);
	}
	good(PAIR "credential one { tag = 1 type = ca from = expect lots = a }\n"
	    "credential two { tag = 1 type = ca from = expect lots = b }\n"
	    "credential three { tag = 1 type = ca from = expect }\n");
	read_text(PAIR "credential one { tag = 1 type = ca from = expect lots = \"A b\" }\n");
	check_only("profile-value", SEVERITY_ERROR);
}

/* What may be left out, and what it is then. */
static void test_defaults(void **state)
{
	(void)state;
	good(PAIR);
	assert_string_equal(profile.title, "");
	assert_int_equal(profile.credentials[0].source, SOURCE_DERIVED);
	assert_int_equal(profile.credentials[0].bytes, 32);
	assert_int_equal(profile.credentials[1].source, SOURCE_TEMPLATE);
	assert_false(profile_issues(&profile));
	good("credential p { tag = 0 type = psk column = key }\ncredential i { tag = 0 type = identity }");
	assert_int_equal(profile.credentials[0].source, SOURCE_COLUMN);
	assert_string_equal(profile.credentials[0].column, "key");
	assert_string_equal(profile.credentials[1].column, "psk_identity");
	good("credential p { tag = 0 type = psk from = column }\ncredential i { tag = 0 type = identity }");
	assert_string_equal(profile.credentials[0].column, "psk");
}

static void test_policy_defaults(void **state)
{
	const struct manifest_policy *policy = &profile.policy;

	(void)state;
	good(PAIR);
	assert_int_equal(policy->existing, EXISTING_REPLACE);
	assert_int_equal(policy->digest_forms.count, 1);
	assert_int_equal(((unsigned *)policy->digest_forms.items)[0], DIGEST_EXACT);
	assert_int_equal(policy->families.count, 0);
	assert_string_equal(policy->minimum_firmware, "");
	assert_true(policy->attempts == 3);
	assert_int_equal(policy->rework, REWORK_LOCAL);
	assert_int_equal(policy->label, LABEL_OFF);
	assert_int_equal(policy->attestation, ATTESTATION_OFF);
	assert_int_equal(policy->finish, FINISH_CFUN0);
	assert_true(!policy->log_imei && !policy->log_unit);
	assert_int_equal(policy->slots.count, 2);
}

static void test_policy(void **state)
{
	const struct manifest_policy *policy = &profile.policy;
	const struct manifest_slot *slots;

	(void)state;
	good(PAIR "policy { existing = keep-same digest_forms = {nul, exact} families = {nrf91x1, nrf9160}\n"
	    "minimum_firmware = \"2.0.1\" attempts = 99 rework = permit label = unit attestation = require\n"
	    "finish = reset log_imei = true log_unit = true }");
	assert_int_equal(policy->existing, EXISTING_KEEP_SAME);
	assert_int_equal(policy->digest_forms.count, 2);
	assert_int_equal(((unsigned *)policy->digest_forms.items)[0], DIGEST_EXACT);
	assert_int_equal(((unsigned *)policy->digest_forms.items)[1], DIGEST_NUL);
	assert_int_equal(policy->families.count, 2);
	assert_string_equal((char *)policy->families.items + NAME_SIZE, "nrf9160");
	assert_string_equal(policy->minimum_firmware, "2.0.1");
	assert_true(policy->attempts == 99);
	assert_int_equal(policy->rework, REWORK_PERMIT);
	assert_int_equal(policy->label, LABEL_UNIT);
	assert_int_equal(policy->attestation, ATTESTATION_REQUIRE);
	assert_int_equal(policy->finish, FINISH_RESET);
	assert_true(policy->log_imei && policy->log_unit);
	slots = policy->slots.items;
	assert_true(slots[0].tag == 41 && slots[0].type == CREDENTIAL_PSK && slots[0].state == SLOT_DIGEST);
	assert_true(slots[1].tag == 41 && slots[1].type == CREDENTIAL_IDENTITY);
	good(PAIR "policy { families = any }");
	assert_int_equal(policy->families.count, 0);
}

/* Whatever stands around the certificates is cut off, several files become one bundle, CRLF becomes LF. */
static void test_bundle(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	char *one = specimen("x509/p256.pem"), *two = specimen("x509/p384.pem");

	(void)state;
	buffer_text(&text, "words before\r\n");
	for (const char *at = one; *at != '\0'; at++) {
		if (*at == '\n')
			buffer_byte(&text, '\r');
		buffer_byte(&text, (uint8_t)*at);
	}
	buffer_format(&text, "words between\n%swords after", two);
	buffer_byte(&text, '\0');
	put("both.pem", (char *)text.data);
	assert_int_equal(folder_create(home, "sub", 0700, &fault), ERR_OK);
	put_specimen("other.pem", "x509/rsa2048.pem");
	good(PAIR "credential ca { tag = 1 type = ca files = {\"both.pem\", \"sub/../other.pem\"} }");
	assert_null(strstr(profile.credentials[0].pem, "words"));
	assert_null(strchr(profile.credentials[0].pem, '\r'));
	buffer_clear(&text);
	buffer_text(&text, strstr(one, "-----BEGIN"));
	buffer_text(&text, strstr(two, "-----BEGIN"));
	assert_int_equal(strncmp(profile.credentials[0].pem, (char *)text.data, text.size), 0);
	assert_int_equal(strncmp(profile.credentials[0].pem + text.size, "-----BEGIN CERTIFICATE-----\n",
	    28), 0);
	buffer_free(&text);
	free(one);
	free(two);
}

/* CRLF makes a bundle longer: what just fits with LF does not fit with it. */
static void test_bundle_size(void **state)
{
	size_t size, lines = 0;

	(void)state;
	put_specimen("r.pem", "x509/rsa2048.pem");
	put_specimen("p.pem", "x509/p384.pem");
	good(PAIR "credential ca { tag = 1 type = ca files = {r.pem, r.pem, r.pem, p.pem} }");
	size = strlen(profile.credentials[0].pem);
	for (const char *at = profile.credentials[0].pem; *at != '\0'; at++)
		lines += *at == '\n';
	assert_true(size <= credential_limit(1) && size + lines > credential_limit(1));
	read_text(PAIR "credential ca { tag = 1 type = ca files = {r.pem, r.pem, r.pem, p.pem}\n"
	    "line_ending = crlf }");
	check_only("content-size", SEVERITY_ERROR);
	read_text(PAIR "credential ca { tag = 1 type = ca files = {r.pem, r.pem, r.pem, r.pem} }");
	check_only("content-size", SEVERITY_ERROR);
}

static void test_limits(void **state)
{
	char text[600], template[TEMPLATE_MAX + 2];

	(void)state;
	memset(template, 'x', sizeof template);
	template[TEMPLATE_MAX] = '\0';
	snprintf(text, sizeof text, "credential p { tag = 2147483647 type = psk bytes = 64 }\n"
	    "credential i { tag = 2147483647 type = identity template = \"%s\" }", template);
	good(text);
	template[TEMPLATE_MAX] = 'x';
	template[TEMPLATE_MAX + 1] = '\0';
	snprintf(text, sizeof text, "credential p { tag = 1 type = psk }\n"
	    "credential i { tag = 1 type = identity template = \"%s\" }", template);
	read_text(text);
	check_only("template-form", SEVERITY_ERROR);
	read_text("credential key { tag = 1 type = key }\n"
	    "credential c { tag = 1 type = cert cn = a days = 36501 }");
	check_only("profile-value", SEVERITY_ERROR);
	read_text("credential key { tag = 1 type = key }\ncredential c { tag = 1 type = cert cn = a }");
	check_only("profile-missing", SEVERITY_ERROR);
	read_text("credential key { tag = 1 type = key }\ncredential c { tag = 1 type = cert days = 1 }");
	check_only("profile-missing", SEVERITY_ERROR);
}

/* A half in one tag is not made whole by another tag. */
static void test_halves(void **state)
{
	(void)state;
	read_text("credential k { tag = 1 type = key }\ncredential p { tag = 2 type = psk }\n"
	    "credential i { tag = 3 type = identity }");
	assert_int_equal(findings.errors, 0);
	assert_int_equal(findings.warnings, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(findings.items[i].code, "slot-half");
}

/* What is deleted is no half, nor makes one whole; what is expected does. Known tags are said once each. */
static void test_halves_of_others(void **state)
{
	(void)state;
	read_text("credential p { tag = 1 type = psk }\n"
	    "credential i { tag = 1 type = identity from = delete }");
	check_only("slot-half", SEVERITY_WARNING);
	good("credential p { tag = 1 type = psk }\ncredential i { tag = 1 type = identity from = expect }\n"
	    "credential q { tag = 2 type = psk from = expect }");
	read_text("credential p { tag = 42 type = psk }\ncredential i { tag = 42 type = identity }\n"
	    "credential q { tag = 16842753 type = psk from = expect }\n"
	    "credential r { tag = 515765868 type = psk from = delete }\n");
	assert_int_equal(findings.count, 2);
	assert_int_equal(findings.counts[RULE_TAG_KNOWN], 2);
}

/* The profile itself missing is no finding. */
static void test_no_file(void **state)
{
	(void)state;
	profile_free(&profile);
	findings_free(&findings);
	check_refused(profile_read(&profile, in_home("none.conf"), &findings, &fault), "file-open",
	    in_home("none.conf"));
	assert_int_equal(findings.count, 0);
}

static void test_template(void **state)
{
	struct cursor cursor = cursor_of(bytes_of("a{{b}{serial no}"));
	struct bytes part;

	(void)state;
	assert_int_equal(template_take(&part, &cursor), TEMPLATE_TEXT);
	assert_true(bytes_is(part, "a"));
	assert_int_equal(template_take(&part, &cursor), TEMPLATE_TEXT);
	assert_true(bytes_is(part, "{"));
	assert_int_equal(template_take(&part, &cursor), TEMPLATE_TEXT);
	assert_true(bytes_is(part, "b}"));
	assert_int_equal(template_take(&part, &cursor), TEMPLATE_FIELD);
	assert_true(bytes_is(part, "serial no"));
	assert_int_equal(template_take(&part, &cursor), TEMPLATE_END);
	for (size_t i = 0; i < 5; i++) {
		static const char *const broken[] = {"{", "a{}", "{a", "{a{b}}",
		    "{0123456789012345678901234567890123456789x}"};

		assert_int_equal(template_check(bytes_of(broken[i]), NULL, &fault), ERR_NO);
		assert_string_equal(fault.code, "template-form");
	}
	assert_true(template_only_imei(bytes_of("urn:imei:{imei}{{")));
	assert_false(template_only_imei(bytes_of("{imei}{lot}")));
	assert_false(template_only_imei(bytes_of("imei")));
}

static int end(void **state)
{
	profile_free(&profile);
	findings_free(&findings);
	return tear_down(state);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_everything), TEST(test_sources), TEST(test_lots), TEST(test_defaults),
		TEST(test_policy_defaults), TEST(test_policy),
		TEST(test_bundle), TEST(test_bundle_size), TEST(test_limits), TEST(test_halves),
		TEST(test_halves_of_others),
		TEST(test_no_file),
		TEST(test_template),
	};

	return cmocka_run_group_tests(tests, specimen_setup, NULL);
}
