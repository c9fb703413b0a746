/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <ctype.h>

#include "gapseal/plan.h"
#include "gapseal/x509.h"

#define NOW INT64_C(1782864000) /* 2026-07-01T00:00:00Z */

/* Everything the office's lint holds on to. */
struct bench {
	struct profile profile;
	struct roster *roster;
	struct plan *plan;
	struct findings findings;
};

static void lint_under(struct bench *bench, const char *conf, const char *csv, const char *ca_pem)
{
	const struct plan_request request = {.org = "acme", .batch = "b1", .ca_pem = ca_pem, .now = NOW};

	*bench = (struct bench){.findings = FINDINGS_EMPTY};
	assert_int_equal(profile_read(&bench->profile, conf, &bench->findings, &fault), ERR_OK);
	assert_int_equal(roster_read(&bench->roster, csv, &bench->findings, &fault), ERR_OK);
	if (bench->roster != NULL)
		assert_int_equal(plan_make(&bench->plan, &bench->profile, bench->roster, &request,
		    &bench->findings, &fault), ERR_OK);
	findings_sort(&bench->findings);
}

static void lint(struct bench *bench, const char *conf, const char *csv)
{
	lint_under(bench, conf, csv, NULL);
}

static void release(struct bench *bench)
{
	plan_free(&bench->plan);
	roster_free(&bench->roster);
	profile_free(&bench->profile);
	findings_free(&bench->findings);
}

static char *path_of(const char *name, const char *suffix)
{
	char relative[200];

	snprintf(relative, sizeof relative, "lint/%s%s", name, suffix);
	return strdup(vector_path(relative));
}

static const struct finding *only(const struct bench *bench, const char *name, const char *severity)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < bench->findings.count; i++) {
		const struct finding *finding = &bench->findings.items[i];

		if (strcmp(severity_name(finding->severity), severity) != 0) {
			if (finding->severity != SEVERITY_NOTICE)
				fail_msg("%s: also %s %s: %s", name, finding->where, finding->code,
				    finding->text);
			continue;
		}
		if (found != NULL)
			fail_msg("%s: both %s and %s", name, found->text, finding->text);
		found = finding;
	}
	if (found == NULL)
		fail_msg("%s: nothing was found", name);
	return found;
}

static void check_place(const struct finding *finding, const json_t *entry)
{
	char *file = path_of(json_text(entry, "file"), "");
	long line = (long)json_integer_value(json_object_get(entry, "line"));
	long field = (long)json_integer_value(json_object_get(entry, "field"));
	char expected[512];

	if (field != 0)
		snprintf(expected, sizeof expected, "%s:%ld:%ld", file, line, field);
	else if (line != 0)
		snprintf(expected, sizeof expected, "%s:%ld", file, line);
	else
		snprintf(expected, sizeof expected, "%s", file);
	if (strcmp(finding->where, expected) != 0)
		fail_msg("%s, not at %s: %s", expected, finding->where, finding->text);
	free(file);
}

/* A sentence: no capital at the start, no full stop, and nothing that might be a key. */
static void check_sentence(const struct finding *finding)
{
	size_t run = 0, length = strlen(finding->text);

	assert_true(length > 10 && finding->text[length - 1] != '.');
	assert_false(finding->text[0] >= 'A' && finding->text[0] <= 'Z' &&
	    islower((unsigned char)finding->text[1]));
	for (size_t i = 0; i < length; i++) {
		run = isxdigit((unsigned char)finding->text[i]) ? run + 1 : 0;
		assert_true(run < 16);
	}
}

/* The issuing CA of a specimen; NULL if it has none. */
static char *ca_of(const json_t *entry)
{
	struct buffer pem;
	char name[100];

	if (json_text(entry, "ca")[0] == '\0')
		return NULL;
	snprintf(name, sizeof name, "x509/%s", json_text(entry, "ca"));
	pem = vector_file(name);
	buffer_byte(&pem, '\0');
	return (char *)pem.data;
}

static void check_specimen(const json_t *entry)
{
	const char *name = json_text(entry, "name"), *severity = json_text(entry, "severity");
	char *conf = path_of(name, ".conf"), *csv = path_of(name, ".csv"), *ca = ca_of(entry);
	const struct finding *finding;
	struct bench bench;

	lint_under(&bench, conf, csv, ca);
	finding = only(&bench, name, severity);
	if (strcmp(finding->code, json_text(entry, "code")) != 0)
		fail_msg("%s: %s: %s", name, finding->code, finding->text);
	check_place(finding, entry);
	check_sentence(finding);
	assert_int_equal(bench.findings.errors, strcmp(severity, "error") == 0);
	assert_int_equal(bench.plan == NULL, strcmp(severity, "error") == 0);
	release(&bench);
	free(conf);
	free(csv);
	free(ca);
}

static void test_specimens(void **state)
{
	json_t *index = vector_json("lint/index.json"), *entry;
	size_t i;

	(void)state;
	assert_true(json_array_size(index) > 90);
	json_array_foreach(index, i, entry)
		check_specimen(entry);
	json_decref(index);
}

/* One run shows everything: whatever is wrong with the profile, the CSV is linted too. */
static void test_all_at_once(void **state)
{
	static const char *const expected[] = {
		"all.conf:2 profile-value", "all.conf:4 profile-missing", "all.csv:2:1 imei-length",
		"all.csv:3:3 lot-name", "all.csv:4 csv-blank", "all.csv:5:1 imei-duplicate",
		    "all.csv:5:2 psk-short",
		"all.csv:6:2 psk-hex", "all.csv:7:4 csv-fields",
	};
	char *conf = path_of("all", ".conf"), *csv = path_of("all", ".csv");
	struct bench bench;
	size_t seen = 0;

	(void)state;
	lint(&bench, conf, csv);
	for (size_t i = 0; i < bench.findings.count; i++) {
		const struct finding *finding = &bench.findings.items[i];
		char text[FAULT_WHERE_MAX + 40];

		if (finding->severity != SEVERITY_ERROR)
			continue;
		snprintf(text, sizeof text, "%s %s", strrchr(finding->where, '/') + 1, finding->code);
		assert_true(seen < sizeof expected / sizeof expected[0]);
		assert_string_equal(text, expected[seen++]);
	}
	assert_int_equal(seen, sizeof expected / sizeof expected[0]);
	assert_null(bench.plan);
	release(&bench);
	free(conf);
	free(csv);
}

/* Rules whose breaking takes more than a profile and a CSV of a few lines: other tests do. */
static const enum rule others[] = {RULE_LOT_SIZE, RULE_LOT_COUNT, RULE_PEM_SIZE, RULE_PATH_MODE};

static bool is_other(size_t rule)
{
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (others[i] == rule)
			return true;
	return false;
}

/* Every rule has a specimen, every specimen a rule, and the severities agree. */
static void test_rules(void **state)
{
	json_t *index = vector_json("lint/index.json"), *entry;
	bool seen[RULES] = {false};
	size_t i;

	(void)state;
	json_array_foreach(index, i, entry) {
		enum rule rule = rule_of(json_text(entry, "code"));

		if (rule == RULES)
			fail_msg("no rule %s", json_text(entry, "code"));
		assert_string_equal(severity_name(lint_rule(rule)->severity), json_text(entry, "severity"));
		seen[rule] = true;
	}
	for (i = 0; lint_rule(i) != NULL; i++) {
		assert_int_equal(rule_of(lint_rule(i)->code), i);
		if (seen[i] == is_other(i))
			fail_msg("%s: %s", lint_rule(i)->code, seen[i] ? "is among the others" :
			    "no specimen");
	}
	assert_int_equal(i, RULES);
	json_decref(index);
}

#define MANUAL_BEGIN ".\\\" The rules of lint, as rule.c has them.\n"
#define MANUAL_END ".\\\" End of the rules.\n"

static void print_rules(struct buffer *out)
{
	buffer_text(out, MANUAL_BEGIN ".Bl -tag -width Ds\n");
	for (size_t i = 0; lint_rule(i) != NULL; i++) {
		const struct lint_rule *rule = lint_rule(i);
		int first = islower((unsigned char)rule->text[0]) ? toupper((unsigned char)rule->text[0]) :
		    rule->text[0];

		buffer_format(out, ".It Cm %s Pq %s\n%c%s.\n", rule->code, severity_name(rule->severity),
		    first, rule->text + 1);
	}
	buffer_text(out, ".El\n" MANUAL_END);
}

/* The manual lists the rules word for word. */
static void test_manual(void **state)
{
	struct buffer page = vector_file("../../cmd/gapseal.1"), expected = BUFFER_EMPTY;
	const char *begin, *end;

	(void)state;
	buffer_byte(&page, '\0');
	print_rules(&expected);
	buffer_byte(&expected, '\0');
	begin = strstr((char *)page.data, MANUAL_BEGIN);
	end = strstr((char *)page.data, MANUAL_END);
	if (begin == NULL || end == NULL ||
	    strncmp(begin, (char *)expected.data, (size_t)(end - begin) + strlen(MANUAL_END)) != 0)
		fail_msg("gapseal.1 should hold\n%s", (char *)expected.data);
	buffer_free(&page);
	buffer_free(&expected);
}

/* What spreadsheets do, in words. */
static void test_sentences(void **state)
{
	static const struct { const char *name, *words; } known[] = {
		{"imei-length", "check digit would be"}, {"imei-length-sv", "IMEISV"},
		{"imei-digits-exponent", "spreadsheet"}, {"csv-separator", "semicolons"}, {"csv-utf16",
		    "UTF-16"},
		{"imei-duplicate", "line 2"}, {"psk-duplicate", "line 2"}, {"slot-twice", "line 2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		char *conf = path_of(known[i].name, ".conf"), *csv = path_of(known[i].name, ".csv");
		struct bench bench;

		lint(&bench, conf, csv);
		if (strstr(only(&bench, known[i].name, "error")->text, known[i].words) == NULL)
			fail_msg("%s: %s", known[i].name, bench.findings.items[0].text);
		release(&bench);
		free(conf);
		free(csv);
	}
}

/* Errors are counted beyond those that are kept, and a long path keeps its line. */
static void test_findings(void **state)
{
	struct findings findings = FINDINGS_EMPTY;
	char path[300];

	(void)state;
	memset(path, 'p', sizeof path);
	path[sizeof path - 1] = '\0';
	for (unsigned long i = 0; i < FINDINGS_MAX + 5; i++)
		findings_add(&findings, RULE_PSK_ODD,
		    (struct finding_place){path, FINDINGS_MAX - i % 7, 3}, "%lu", i);
	assert_int_equal(findings.count, FINDINGS_MAX);
	assert_int_equal(findings.errors, FINDINGS_MAX + 5);
	assert_int_equal(findings.counts[RULE_PSK_ODD], FINDINGS_MAX + 5);
	assert_non_null(strstr(findings.items[0].where, "ppp:10000:3"));
	findings_sort(&findings);
	assert_string_equal(findings.items[0].text, "6");
	assert_string_equal(findings.items[1].text, "13");
	assert_int_equal(findings_check(&findings, &fault), ERR_OK);
	findings.failed = true;
	assert_int_equal(findings_check(&findings, &fault), ERR_CANNOT);
	findings_free(&findings);
}

/* A fault of ERR_NO becomes a finding; another stays a fault. */
static void test_take(void **state)
{
	struct findings findings = FINDINGS_EMPTY;

	(void)state;
	fault_set(&fault, ERR_NO, "code", "at.conf:3", "because");
	assert_int_equal(findings_take(&findings, (struct finding_place){.file = ""}, &fault), ERR_OK);
	assert_int_equal(findings_take(&findings, (struct finding_place){"b.csv", 4, 5}, &fault), ERR_OK);
	fault_memory(&fault);
	assert_int_equal(findings_take(&findings, (struct finding_place){"b.csv", 4, 5}, &fault),
	    ERR_CANNOT);
	assert_int_equal(findings.count, 2);
	assert_string_equal(findings.items[0].where, "at.conf:3");
	assert_string_equal(findings.items[1].where, "b.csv:4:5");
	assert_string_equal(findings.items[1].text, "because");
	findings_free(&findings);
}

static int set_up(void **state)
{
	(void)state;
	return x509_process(&fault) == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specimens), cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_rules), cmocka_unit_test(test_manual), cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_findings), cmocka_unit_test(test_take),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
