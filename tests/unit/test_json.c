/* SPDX-License-Identifier: ISC */
/* Reading canonical JSON: one good document, and one fault at a time. */
#include "outer.h"

/* One document with everything in it; the table of faults below changes it. */
static const char good[] =
    "{\n"
    "  \"choice\": \"gamma\",\n"
    "  \"choices\": [\n"
    "    \"alpha\",\n"
    "    \"beta-two\"\n"
    "  ],\n"
    "  \"hash\": \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\n"
    "  \"inner\": {\n"
    "    \"flag\": true,\n"
    "    \"leaves\": [\n"
    "      {\n"
    "        \"number\": 9007199254740991,\n"
    "        \"word\": \"a/b\"\n"
    "      },\n"
    "      {\n"
    "        \"number\": 0,\n"
    "        \"word\": \"\"\n"
    "      }\n"
    "    ],\n"
    "    \"maybe\": \"\"\n"
    "  },\n"
    "  \"lines\": \"one\\ntwo\\n\",\n"
    "  \"name\": \"acme\",\n"
    "  \"names\": [\n"
    "    \"line1\",\n"
    "    \"line-2.b\"\n"
    "  ],\n"
    "  \"numbers\": [],\n"
    "  \"schema\": \"test/outer/v1\",\n"
    "  \"text\": \"say \\\"hi\\\" \\\\ bye\",\n"
    "  \"time\": \"2026-07-01T09:00:00Z\"\n"
    "}\n";

static void test_read_good(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	const struct leaf *leaf;
	struct outer value;

	(void)state;
	assert_int_equal(json_read(&value, &outer, bytes_of(good), "doc", &fault), ERR_OK);
	assert_int_equal(value.choice, 2);
	assert_int_equal(value.choices.count, 2);
	assert_int_equal(((const unsigned *)value.choices.items)[1], 1);
	assert_int_equal(value.hash[15], 0xff);
	assert_true(value.inner.flag);
	leaf = value.inner.leaves.items;
	assert_true(leaf[0].number == INTEGER_MAX);
	assert_string_equal(leaf[0].word, "a/b");
	assert_false(value.inner.maybe.present);
	assert_string_equal(value.lines, "one\ntwo\n");
	assert_string_equal((const char *)value.names.items + NAME_SIZE, "line-2.b");
	assert_int_equal(value.numbers.count, 0);
	assert_string_equal(value.text, "say \"hi\" \\ bye");
	json_write(&text, &outer, &value);
	assert_true(bytes_is(buffer_bytes(&text), good));
	buffer_free(&text);
	json_free(&value, &outer);
}

/* The good document with the first `from` replaced. */
static const struct fault_case {
	const char *from, *to, *code, *where;
} cases[] = {
	/* not this spelling, or no JSON at all */
	{"{\n", "\xef\xbb\xbf{\n", "json-canonical", "doc:1"},
	{"{\n", " {\n", "json-canonical", "doc:1"},
	{"{\n", "{\r\n", "json-canonical", "doc:1"},
	{"{\n", "{\n\n", "json-canonical", "doc:2"},
	{"{\n", "[{\n", "json-canonical", "doc:1"},
	{"{\n", "{", "json-canonical", "doc:1"},
	{"{\n", "{\n  ", "json-canonical", "doc:2"},
	{"\"\n}\n", "\"\n}", "json-canonical", "doc:32"},
	{"\"\n}\n", "\"\n}\n\n", "json-canonical", "doc:33"},
	{"\"\n}\n", "\"\n} \n", "json-canonical", "doc:32"},
	{"\"\n}\n", "\"\n}\n{}", "json-canonical", "doc:33"},
	{"\"\n}\n", "\"\n}x\n", "json-canonical", "doc:32"},
	{"\"\n}\n", "\"\n", "json-canonical", "doc:32"},
	{"\"\n}\n", "\"\n  }\n", "json-canonical", "doc:32"},
	{"\"\n}\n", "\"}\n", "json-canonical", "doc:31"},
	{"\"flag\": true", "\"flag\":true", "json-canonical", "doc:9"},
	{"\"flag\": true", "\"flag\" : true", "json-canonical", "doc:9"},
	{"\"flag\": true", "\"flag\":  true", "json-value", "doc: inner.flag"},
	{"\"flag\": true", "\t\"flag\": true", "json-canonical", "doc:9"},
	{"\"flag\": true,", "\"flag\": true ,", "json-canonical", "doc:9"},
	{"\"numbers\": []", "\"numbers\": [\n  ]", "json-canonical", "doc:29"},
	{"\"alpha\",\n", "\"alpha\", \n", "json-canonical", "doc:4"},
	{"\"alpha\",\n", "\"alpha\"\n", "json-canonical", "doc:5"},
	/* keys: twice, in another order, not ours, missing */
	{"  \"choices\"", "  \"choice\": \"gamma\",\n  \"choices\"", "json-key", "doc: choices"},
	{"  \"choices\"", "  \"choice\": \"alpha\",\n  \"choices\"", "json-key", "doc: choices"},
	{"\"lines\": \"one\\ntwo\\n\",\n  \"name\": \"acme\"", "\"name\": \"acme\",\n"
	    "  \"lines\": \"one\\ntwo\\n\"", "json-key", "doc: lines"},
	{"outer/v1", "outer/v2", "json-schema", "doc"},
	{"\"schema\": \"test/outer/v1\"", "\"schema\": 1", "json-schema", "doc"},
	{"  \"schema\": \"test/outer/v1\",\n", "", "json-schema", "doc"},
	{"  \"numbers\": [],\n  \"schema\": \"test/outer/v1\",\n", "  \"schema\": \"test/outer/v1\",\n"
	    "  \"numbers\": [],\n", "json-key", "doc: numbers"},
	{"  \"text\": ", "  \"tewt\": ", "json-key", "doc: text"},
	{"  \"text\": ", "  \"text2\": ", "json-key", "doc: text"},
	{"    \"maybe\": \"\"\n", "    \"maybe\": \"\",\n    \"more\": 1\n", "json-key", "doc: inner"},
	{",\n  \"time\": \"2026-07-01T09:00:00Z\"", "", "json-key", "doc: time"},
	{"Z\"\n}", "Z\",\n  \"zoo\": 1\n}", "json-key", "doc"},
	{"\"\n}\n", "\",\n}\n", "json-key", "doc"},
	/* other spellings of a value */
	{"a/b", "a\\/b", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "\\u0061/b", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\\u000Ab", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\\x", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\\", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\\u0000", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\\ud800", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "\\u00e9", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a'b\xc3\xa9", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\x7f", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\x01", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "a\n", "json-value", "doc: inner.leaves[0].word"},
	{"9007199254740991", "09007199254740991", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "+1", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "-0", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "1e2", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "0x10", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "NaN", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "99999999999999999999", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "", "json-value", "doc: inner.leaves[0].number"},
	{"\"flag\": true", "\"flag\": TRUE", "json-value", "doc: inner.flag"},
	/* of the wrong kind or out of range */
	{"9007199254740991", "9007199254740992", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "-1", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "1.5", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "100.0", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "\"1\"", "json-value", "doc: inner.leaves[0].number"},
	{"9007199254740991", "true", "json-value", "doc: inner.leaves[0].number"},
	{"a/b", "twelve chars", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "line\\nline", "json-value", "doc: inner.leaves[0].word"},
	{"a/b", "\\u00E9", "json-value", "doc: inner.leaves[0].word"},
	{"\"a/b\"", "null", "json-value", "doc: inner.leaves[0].word"},
	{"\"flag\": true", "\"flag\": 1", "json-value", "doc: inner.flag"},
	{"\"flag\": true", "\"flag\": \"true\"", "json-value", "doc: inner.flag"},
	{"gamma", "delta", "json-value", "doc: choice"},
	{"gamma", "", "json-value", "doc: choice"},
	{"\"alpha\",", "\"alphb\",", "json-value", "doc: choices[0]"},
	{"aabbccddeeff\"", "aabbccddeef\"", "json-value", "doc: hash"},
	{"aabbccddeeff\"", "aabbccddeeFF\"", "json-value", "doc: hash"},
	{"\"maybe\": \"\"", "\"maybe\": \"00\"", "json-value", "doc: inner.maybe"},
	{"one\\ntwo", "one\\ttwo", "json-value", "doc: lines"},
	{"one\\ntwo", "one\\u00E9two", "json-value", "doc: lines"},
	{"\"one\\ntwo\\n\"", "[]", "json-value", "doc: lines"},
	{"acme", "Acme", "json-value", "doc: name"},
	{"acme", "acme-with-a-name-of-more-than-forty-letters", "json-value", "doc: name"},
	{"line-2.b", "-line", "json-value", "doc: names[1]"},
	{"\"numbers\": []", "\"numbers\": {}", "json-value", "doc: numbers"},
	{"\"numbers\": []", "\"numbers\": [\n    \"1\"\n  ]", "json-value", "doc: numbers[0]"},
	{"2026-07-01", "2026-02-29", "json-value", "doc: time"},
	{"09:00:00Z", "09:00:00", "json-value", "doc: time"},
	{"bye", "and forty characters are one too many here", "json-value", "doc: text"},
};

static void change(struct buffer *out, const char *from, const char *to)
{
	const char *at = strstr(good, from);

	if (at == NULL)
		fail_msg("the good document has no %s", from);
	buffer_put(out, bytes_from(good, (size_t)(at - good)));
	buffer_text(out, to);
	buffer_text(out, at + strlen(from));
}

static void assert_empty(const struct outer *value)
{
	static const struct outer empty;

	assert_memory_equal(value, &empty, sizeof empty);
}

static void test_read_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer text = BUFFER_EMPTY;
		struct outer value;
		enum err err;

		change(&text, cases[i].from, cases[i].to);
		err = json_read(&value, &outer, buffer_bytes(&text), "doc", &fault);
		if (err != ERR_NO || strcmp(fault.code, cases[i].code) != 0 ||
		    strcmp(fault.where, cases[i].where) != 0)
			fail_msg("%s -> %s: %d %s %s", cases[i].from, cases[i].to, err, fault.code,
			    fault.where);
		assert_empty(&value);
		buffer_free(&text);
	}
}

/* What jansson makes of the text when it parses and encodes it again; NULL if it cannot. */
static char *jansson(struct bytes text)
{
	json_t *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
	char *encoded = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	json_decref(root);
	return encoded;
}

/* Any one bit: refused, or another document, whose text jansson and our writer make just so. */
static void test_read_every_bit(void **state)
{
	uint8_t text[sizeof good - 1];
	size_t accepted = 0;

	(void)state;
	for (size_t i = 0; i < 8 * sizeof text; i++) {
		struct buffer again = BUFFER_EMPTY;
		struct outer value;
		char *encoded;

		memcpy(text, good, sizeof text);
		text[i / 8] ^= (uint8_t)(1U << i % 8);
		if (json_read(&value, &outer, bytes_from(text, sizeof text), "doc", &fault) != ERR_OK)
			continue;
		accepted++;
		json_write(&again, &outer, &value);
		assert_bytes(buffer_bytes(&again), bytes_from(text, sizeof text));
		encoded = jansson(bytes_from(text, sizeof text));
		assert_non_null(encoded);
		assert_bytes(bytes_from(text, sizeof text - 1), bytes_of(encoded)); /* all but the last LF */
		free(encoded);
		buffer_free(&again);
		json_free(&value, &outer);
	}
	assert_true(accepted > 100);
	for (size_t i = 0; i < sizeof text; i++)
		assert_int_equal(json_read(&(struct outer){0}, &outer, bytes_from(good, i), "doc",
		    &fault), ERR_NO);
}

/* Lists whose elements take more room than their text are bounded all the same. */
static void test_read_limits(void **state)
{
	struct buffer text = BUFFER_EMPTY, names = BUFFER_EMPTY;
	struct outer value;

	(void)state;
	assert_fault(json_read(&value, &outer, bytes_from(NULL, 0), "doc", &fault), ERR_NO, "json-canonical");
	assert_string_equal(fault.where, "doc:1");
	buffer_text(&names, "[");
	for (unsigned i = 0; i <= 1U << 21; i++)
		buffer_text(&names, i == 0 ? "\n    \"\"" : ",\n    \"\"");
	buffer_text(&names, "\n  ]");
	buffer_byte(&names, '\0');
	change(&text, "[\n    \"line1\",\n    \"line-2.b\"\n  ]", (const char *)names.data);
	assert_fault(json_read(&value, &outer, buffer_bytes(&text), "doc", &fault), ERR_NO, "json-size");
	assert_string_equal(fault.where, "doc: names[2097152]");
	assert_empty(&value);
	buffer_clear(&text);
	memset(buffer_space(&text, JSON_SIZE_MAX + 1), ' ', JSON_SIZE_MAX + 1);
	assert_fault(json_read(&value, &outer, buffer_bytes(&text), "doc", &fault), ERR_NO, "json-size");
	buffer_free(&names);
	buffer_free(&text);
}

/* A text of any length for a field of forty. */
static void test_read_long_text(void **state)
{
	(void)state;
	for (size_t size = 30; size < 5000; size += 97) {
		struct buffer text = BUFFER_EMPTY, changed = BUFFER_EMPTY;
		struct outer value;
		enum err err;

		memset(buffer_space(&text, size), 'x', size);
		buffer_byte(&text, '\0');
		change(&changed, "say \\\"hi\\\" \\\\ bye", (const char *)text.data);
		err = json_read(&value, &outer, buffer_bytes(&changed), "doc", &fault);
		if (size < 40)
			assert_int_equal(err, ERR_OK);
		else
			assert_fault(err, ERR_NO, "json-value");
		json_free(&value, &outer);
		buffer_free(&text);
		buffer_free(&changed);
	}
}

/* A list grows as it is read: one of some thousand elements comes out whole. */
static void test_read_long_list(void **state)
{
	struct buffer text = BUFFER_EMPTY, numbers = BUFFER_EMPTY;
	struct outer value;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		buffer_format(&numbers, "%s\n    %u", i == 0 ? "[" : ",", i * 7);
	buffer_text(&numbers, "\n  ]");
	buffer_byte(&numbers, '\0');
	change(&text, "[]", (const char *)numbers.data);
	assert_int_equal(json_read(&value, &outer, buffer_bytes(&text), "doc", &fault), ERR_OK);
	assert_int_equal(value.numbers.count, 5000);
	for (unsigned i = 0; i < 5000; i++)
		assert_true(((const uint64_t *)value.numbers.items)[i] == i * 7);
	json_free(&value, &outer);
	buffer_free(&numbers);
	buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_good),
		cmocka_unit_test(test_read_faults),
		cmocka_unit_test(test_read_every_bit),
		cmocka_unit_test(test_read_limits),
		cmocka_unit_test(test_read_long_list),
		cmocka_unit_test(test_read_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
