/* SPDX-License-Identifier: ISC */
/* Reports: the JSON has exactly its schema, the page holds nothing foreign, the manual knows every code. */
#include "officers.h"

#include <jansson.h>

#include "books.h"

static json_t *parsed(void (*report)(struct buffer *out, const struct audit *audit))
{
	struct buffer out = BUFFER_EMPTY;
	json_error_t error;
	json_t *object;

	report(&out, audit);
	assert_false(out.failed);
	assert_int_equal(out.data[out.size - 1], '\n');
	assert_null(memchr(out.data, '\n', out.size - 1));
	object = json_loadb((const char *)out.data, out.size, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL)
		fail_msg("%s: %.*s", error.text, (int)out.size, (const char *)out.data);
	buffer_free(&out);
	return object;
}

/* Exactly these keys; s string, i integer, I integer or null, b boolean, a array, o object. */
static void check_keys(const json_t *object, const char *const *keys, const char *types)
{
	assert_true(json_is_object(object));
	assert_int_equal(json_object_size(object), strlen(types));
	for (size_t i = 0; types[i] != '\0'; i++) {
		const json_t *value = json_object_get(object, keys[i]);

		if (value == NULL)
			fail_msg("no key %s", keys[i]);
		switch (types[i]) {
		case 's':
			assert_true(json_is_string(value));
			break;
		case 'I':
			assert_true(json_is_integer(value) || json_is_null(value));
			break;
		case 'i':
			assert_true(json_is_integer(value));
			break;
		case 'b':
			assert_true(json_is_boolean(value));
			break;
		case 'a':
			assert_true(json_is_array(value));
			break;
		default:
			assert_true(json_is_object(value));
		}
	}
}

static void check_counts(const json_t *counts)
{
	static const char *const keys[] = {
		"mismatch", "duplicate", "void", "done", "same", "unresolved", "failed", "unused", "foreign",
		    "refused",
		"devices"
	};
	json_int_t sum = 0;

	check_keys(counts, keys, "iiiiiiiiiii");
	for (size_t i = 0; i < 8; i++)
		sum += json_integer_value(json_object_get(counts, keys[i]));
	assert_int_equal(sum, json_integer_value(json_object_get(counts, "devices")));
}

static void check_findings(const json_t *findings)
{
	static const char *const keys[] = {"code", "severity", "batch", "index", "imei", "station", "entry",
	    "text"};

	for (size_t i = 0; i < json_array_size(findings); i++)
		check_keys(json_array_get(findings, i), keys, "sssIssIs");
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_int_t number_at(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* One of most classes, a foreign device, an error and a warning; line1's folder has an awkward name. */
static void start_mixed(void)
{
	struct entry entry;

	start();
	book_provision(&book, &run, 1, PERMIT);
	same_entry(&entry, &run, 2, PERMIT);
	entry.state.hash[0] ^= 1;
	snprintf(entry.imei, sizeof entry.imei, "352656100367872");
	snprintf(entry.unit, sizeof entry.unit, "<b>&'");
	book_put(&book, &entry);
	book_same(&book, &run, 3, PERMIT);
	snprintf(entry.unit, sizeof entry.unit, "<script>");
	book_put(&book, &entry);
	book_device(&book, ENTRY_BEGIN, &run, 4, PERMIT);
	book_refuse(&book, NULL, 0, "not-in-batch");
	book_sign_here(&book);
	buffer_text(&book.text, "torn");
	book_close(&book, "<i>&\"log'\xc3\xa9");
	judge_given();
	run_free(&run);
}

static void test_json(void **state)
{
	static const char *const keys[] = {"schema", "verdict", "complete", "counts", "batches", "findings"};
	static const char *const batch_keys[] = {"batch", "manifest_sha256", "title", "purpose", "counts"};
	const json_t *batches, *findings;
	json_t *object;

	(void)state;
	start_mixed();
	object = parsed(report_json);
	check_keys(object, keys, "ssboaa");
	assert_string_equal(text_at(object, "schema"), "gapseal/reconcile/v1");
	assert_string_equal(text_at(object, "verdict"), "reject");
	assert_true(json_is_false(json_object_get(object, "complete")));
	check_counts(json_object_get(object, "counts"));
	assert_int_equal(number_at(json_object_get(object, "counts"), "foreign"), 1);
	batches = json_object_get(object, "batches");
	assert_int_equal(json_array_size(batches), 1);
	check_keys(json_array_get(batches, 0), batch_keys, "sssso");
	check_counts(json_object_get(json_array_get(batches, 0), "counts"));
	assert_string_equal(text_at(json_array_get(batches, 0), "title"), "Trackers <&\"'> for the north");
	findings = json_object_get(object, "findings");
	check_findings(findings);
	assert_int_equal(json_array_size(findings), 5);
	assert_string_equal(text_at(json_array_get(findings, 0), "code"), "mismatch");
	assert_string_equal(text_at(json_array_get(findings, 0), "imei"), "352656100367872");
	assert_int_equal(number_at(json_array_get(findings, 0), "index"), 2);
	assert_string_equal(text_at(json_array_get(findings, 2), "code"), "log-tail");
	assert_non_null(strstr(text_at(json_array_get(findings, 2), "text"), "log'??: "));
	assert_string_equal(text_at(json_array_get(findings, 4), "code"), "unresolved");
	assert_string_equal(text_at(json_array_get(findings, 4), "severity"), "warning");
	json_decref(object);
}

static void test_json_accept(void **state)
{
	json_t *object;

	(void)state;
	start();
	for (uint64_t i = 0; i < 8; i++)
		book_provision(&book, &run, i, PERMIT);
	judge();
	object = parsed(report_json);
	assert_string_equal(text_at(object, "verdict"), "accept");
	assert_true(json_is_true(json_object_get(object, "complete")));
	assert_int_equal(json_array_size(json_object_get(object, "findings")), 0);
	json_decref(object);
}

/* Findings without an index or entry. */
static void test_json_null(void **state)
{
	const json_t *finding;
	json_t *object;

	(void)state;
	start();
	batches_given = 0;
	judge();
	object = parsed(report_json);
	check_findings(json_object_get(object, "findings"));
	finding = json_array_get(json_object_get(object, "findings"), 0);
	assert_string_equal(text_at(finding, "code"), "grant-batch");
	assert_true(json_is_null(json_object_get(finding, "index")));
	assert_true(json_is_null(json_object_get(finding, "entry")));
	assert_string_equal(text_at(finding, "station"), "");
	json_decref(object);
}

static void test_items_json(void **state)
{
	static const char *const keys[] = {"schema", "verdict", "items", "findings"};
	static const char *const item_keys[] = {"kind", "path", "ok", "code", "sha256", "text"};
	const json_t *items;
	json_t *object;

	(void)state;
	start();
	book.number = 9;
	judge();
	object = parsed(report_items_json);
	check_keys(object, keys, "ssaa");
	assert_string_equal(text_at(object, "schema"), "gapseal/verify/v1");
	assert_string_equal(text_at(object, "verdict"), "reject");
	items = json_object_get(object, "items");
	assert_int_equal(json_array_size(items), 4);
	for (size_t i = 0; i < 4; i++)
		check_keys(json_array_get(items, i), item_keys, "ssbsss");
	assert_string_equal(text_at(json_array_get(items, 0), "kind"), "trust");
	assert_int_equal(strlen(text_at(json_array_get(items, 0), "sha256")), 64);
	assert_string_equal(text_at(json_array_get(items, 3), "code"), "note-unsigned");
	assert_true(json_is_false(json_object_get(json_array_get(items, 3), "ok")));
	assert_string_equal(text_at(json_array_get(items, 3), "sha256"), "");
	check_findings(json_object_get(object, "findings"));
	json_decref(object);
}

static const char *report_of(void (*report)(struct buffer *out, const struct audit *audit))
{
	static struct buffer out;

	buffer_free(&out);
	report(&out, audit);
	buffer_byte(&out, '\0');
	assert_false(out.failed);
	return (const char *)out.data;
}

static size_t occurrences(const char *text, const char *of)
{
	size_t count = 0;

	while ((text = strstr(text, of)) != NULL) {
		text += strlen(of);
		count++;
	}
	return count;
}

/* Nothing is fetched or run, every tag closes, what logs and paths say stays text. */
static void check_page(const char *page)
{
	static const char *const forbidden[] = {"<script", "http", "url(", "@import", "src=", "href=", "<b>&",
	    "<i>"};
	static const char *const tags[] = {"table", "thead", "tbody", "tr", "ul", "li", "h1", "h2", "body",
	    "html", "head", "style", "code", "p"};

	for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
		if (strstr(page, forbidden[i]) != NULL)
			fail_msg("the page holds %s", forbidden[i]);
	}
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		char bare[16], with[16], close[16];

		snprintf(bare, sizeof bare, "<%s>", tags[i]);
		snprintf(with, sizeof with, "<%s ", tags[i]);
		snprintf(close, sizeof close, "</%s>", tags[i]);
		if (occurrences(page, bare) + occurrences(page, with) != occurrences(page, close))
			fail_msg("%s does not close", tags[i]);
	}
	for (const char *at = page; *at != '\0'; at++)
		assert_true(*at == '\n' || (*at >= 0x20 && *at <= 0x7e));
}

static void test_html(void **state)
{
	const char *page;

	(void)state;
	start_mixed();
	page = report_of(report_html);
	check_page(page);
	assert_non_null(strstr(page, "<b>REJECTED</b>"));
	assert_non_null(strstr(page, "&lt;i&gt;&amp;&quot;log&#39;??"));
	assert_non_null(strstr(page, "<td class=\"error\">error</td><td><code>mismatch</code>"));
	assert_non_null(strstr(page, "What this report does not prove"));
	assert_non_null(strstr(page, "<td>Trackers &lt;&amp;&quot;&#39;&gt; for the north</td>"));
	assert_null(strstr(page, "REHEARSAL"));
	assert_int_equal(occurrences(page, "<br><code>"), 4); /* trust, batch, grant, log */
}

static void test_html_rehearsal(void **state)
{
	const char *page;

	(void)state;
	put_plain_trust();
	run_begin(&run, "trial");
	run_lot(&run, "wo-1", 1);
	run.fields.purpose = PURPOSE_REHEARSAL;
	run_put(&run);
	run_free(&run);
	judge_given();
	page = report_of(report_html);
	check_page(page);
	assert_non_null(strstr(page, "<b>ACCEPTED</b>"));
	assert_non_null(strstr(page, "class=\"rehearsal\">REHEARSAL"));
	assert_non_null(strstr(page, "<p>None.</p>"));
	assert_non_null(strstr(report_of(report_text), "REHEARSAL batch trial"));
	assert_non_null(strstr(report_of(report_text), "verdict: accept (REHEARSAL)"));
	assert_non_null(strstr(report_of(report_items_text), "REHEARSAL batch trial"));
}

static void test_text(void **state)
{
	const char *text;

	(void)state;
	start_mixed();
	text = report_of(report_text);
	assert_non_null(strstr(text,
	    "\nerror [mismatch] batch b1 index 2 IMEI 352656100367872 station line1 entry 6: "));
	assert_non_null(strstr(text, "verdict: reject, not complete; 2 errors, 3 warnings\n"));
	assert_non_null(strstr(text, "ok log "));
	text = report_of(report_items_text);
	assert_null(strstr(text, "verdict"));
	assert_non_null(strstr(text, "\nwarning [unresolved]"));
	assert_null(strstr(text, "\nerror"));
}

static const char *manual(void)
{
	static struct buffer page;

	buffer_free(&page);
	if (file_read(&page, AT_FDCWD, "cmd/gapseal-audit.1", 1 << 20, &fault) != ERR_OK)
		fail_msg("%s: run from the top of the source", fault.text);
	buffer_byte(&page, '\0');
	return (const char *)page.data;
}

static void test_manual_has_codes(void **state)
{
	const char *page = manual();
	size_t rows = 0;

	(void)state;
	for (const struct audit_rule *rule; (rule = audit_rule(rows)) != NULL; rows++) {
		char line[80];

		assert_non_null(rule->code);
		assert_true(rule->text[0] != '\0' && rule->text[strlen(rule->text) - 1] != '.');
		snprintf(line, sizeof line, "\n.It Cm %s Pq %s\n", rule->code,
		    audit_severity_name(rule->severity));
		if (occurrences(page, line) != 1)
			fail_msg("%s (%s) stands %zu times in the manual", rule->code,
			    audit_severity_name(rule->severity), occurrences(page, line));
	}
	/* and none that is not in the table */
	assert_int_equal(occurrences(page, " Pq error\n") + occurrences(page, " Pq warning\n"), rows);
	assert_true(rows > 40);
}

static void test_codes_once(void **state)
{
	(void)state;
	for (size_t i = 0; audit_rule(i) != NULL; i++) {
		for (size_t k = 0; k < i; k++)
			assert_true(strcmp(audit_rule(i)->code, audit_rule(k)->code) != 0 ||
			    audit_rule(i)->severity != audit_rule(k)->severity);
	}
}

static void test_manual_has_classes(void **state)
{
	const char *page = manual();

	(void)state;
	for (enum audit_class class_ = 0; class_ < CLASSES; class_++) {
		char line[40];

		snprintf(line, sizeof line, "\n.It Cm %s\n", audit_class_name(class_));
		assert_int_equal(occurrences(page, line), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_json),
		AUDIT_TEST(test_json_accept),
		AUDIT_TEST(test_json_null),
		AUDIT_TEST(test_items_json),
		AUDIT_TEST(test_html),
		AUDIT_TEST(test_html_rehearsal),
		AUDIT_TEST(test_text),
		cmocka_unit_test(test_manual_has_codes),
		cmocka_unit_test(test_codes_once),
		cmocka_unit_test(test_manual_has_classes),
	};

	return cmocka_run_group_tests(tests, officers_setup, officers_teardown);
}
