/* SPDX-License-Identifier: ISC */
/* Flat canonical lines: jansson is the oracle of the writer, the writer that of the reader. */
#include "vectors.h"

#include "gapseal/line.h"
#include "gapseal/utc.h"

struct flat {
	unsigned choice;
	uint8_t hash[HASH_SIZE];
	struct maybe_hash maybe;
	char name[NAME_SIZE];
	uint64_t number;
	struct numbers numbers;
	char text[100];
	char time[UTC_SIZE];
};

static const char *const words[] = {"no", "yes", NULL};
static const struct field flat_fields[] = {
	{"choice", FIELD_CHOICE, offsetof(struct flat, choice), 0, NULL, words},
	{"hash", FIELD_HASH, offsetof(struct flat, hash), 0, NULL, NULL},
	{"maybe", FIELD_HASH_OR_EMPTY, offsetof(struct flat, maybe), 0, NULL, NULL},
	{"name", FIELD_NAME, offsetof(struct flat, name), 0, NULL, NULL},
	{"number", FIELD_INTEGER, offsetof(struct flat, number), 0, NULL, NULL},
	{"numbers", FIELD_NUMBERS, offsetof(struct flat, numbers), 0, NULL, NULL},
	{"text", FIELD_TEXT, offsetof(struct flat, text), 100, NULL, NULL},
	{"time", FIELD_TIME, offsetof(struct flat, time), 0, NULL, NULL},
};
static const struct shape flat = {NULL, flat_fields, 8, sizeof(struct flat)};

static const char good[] = "{\"choice\":\"yes\","
    "\"hash\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"maybe\":\"\","
    "\"name\":\"line1\",\"number\":9007199254740991,\"numbers\":[0,4294967295,10],"
    "\"text\":\"say \\\"hi\\\" \\\\ bye\",\"time\":\"2026-07-01T09:00:00Z\"}";

static uint32_t seed = 7;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void random_flat(struct flat *out)
{
	size_t length = chance(100);

	memset(out, 0, sizeof *out);
	out->choice = chance(2);
	out->maybe.present = chance(2) != 0;
	for (size_t i = 0; i < HASH_SIZE; i++) {
		out->hash[i] = (uint8_t)chance(256);
		out->maybe.hash[i] = out->maybe.present ? (uint8_t)chance(256) : 0;
	}
	snprintf(out->name, sizeof out->name, "line-%u", chance(100));
	out->number = ((uint64_t)chance(1 << 24) << 32 | chance(1 << 24)) >> chance(56) & INTEGER_MAX;
	out->numbers.count = chance(NUMBERS_MAX + 1);
	for (size_t i = 0; i < out->numbers.count; i++)
		out->numbers.items[i] = chance(1 << 24) << chance(9);
	for (size_t i = 0; i < length; i++)
		out->text[i] = (char)(chance(3) == 0 ? "\"\\"[chance(2)] : (int)(0x20 + chance(0x5f)));
	utc_format(out->time, (int64_t)chance(1 << 24) * 15103);
}

static json_t *hex_string(const uint8_t *hash)
{
	char hex[2 * HASH_SIZE + 1];

	hex_encode(hex, bytes_from(hash, HASH_SIZE));
	return json_string(hex);
}

/* The line as jansson would have it; to be freed. */
static char *encode(const struct flat *value)
{
	json_t *numbers = json_array(), *object = json_object();
	char *line;

	for (size_t i = 0; i < value->numbers.count; i++)
		json_array_append_new(numbers, json_integer(value->numbers.items[i]));
	json_object_set_new(object, "time", json_string(value->time));
	json_object_set_new(object, "text", json_string(value->text));
	json_object_set_new(object, "numbers", numbers);
	json_object_set_new(object, "number", json_integer((json_int_t)value->number));
	json_object_set_new(object, "name", json_string(value->name));
	json_object_set_new(object, "maybe",
	    value->maybe.present ? hex_string(value->maybe.hash) : json_string(""));
	json_object_set_new(object, "hash", hex_string(value->hash));
	json_object_set_new(object, "choice", json_string(words[value->choice]));
	line = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(object);
	return line;
}

static void test_jansson(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct buffer line = BUFFER_EMPTY;
		struct flat value, back;
		char *expected;

		random_flat(&value);
		expected = encode(&value);
		line_format(&line, &flat, &value);
		assert_bytes(buffer_bytes(&line), bytes_of(expected));
		assert_true(line_read(&back, &flat, bytes_of(expected)));
		assert_memory_equal(&back, &value, sizeof value);
		free(expected);
		buffer_free(&line);
	}
}

static void test_good(void **state)
{
	struct flat value;

	(void)state;
	assert_true(line_read(&value, &flat, bytes_of(good)));
	assert_int_equal(value.choice, 1);
	assert_int_equal(value.hash[1], 0x11);
	assert_true(value.number == INTEGER_MAX);
	assert_int_equal(value.numbers.count, 3);
	assert_int_equal(value.numbers.items[1], 4294967295);
	assert_string_equal(value.text, "say \"hi\" \\ bye");
}

/* The good line with the first `from` replaced is refused. */
static const struct {
	const char *from, *to;
} cases[] = {
	{"{", ""}, {"{", " {"}, {"{", "{ "}, {"{", "[{"}, {"{", "\xef\xbb\xbf{"}, {"{", "{{"},
	{"Z\"}", "Z\""}, {"Z\"}", "Z\"} "}, {"Z\"}", "Z\"}\n"}, {"Z\"}", "Z\"}}"}, {"Z\"}", "Z\",}"}, {"Z\"}",
	    "Z}"},
	{"\"choice\":\"yes\",", ""}, {"\"choice\":\"yes\",", "\"choice\":\"yes\",\"choice\":\"yes\","},
	{"choice", "choicf"}, {"choice", "choic"}, {"choice", "choices"}, {"\"yes\"",
	    "\"maybe\""}, {"\"yes\"", "yes"},
	{"\"yes\"", "\"\\u0079es\""}, {"\"yes\"", "1"}, {"\"yes\",", "\"yes\", "}, {"\"yes\",", "\"yes\",,"},
	{":\"yes\"", ": \"yes\""}, {",\"hash\"", ",\"extra\":1,\"hash\""}, {"0011", "001"}, {"aabb", "AABB"},
	{"\"maybe\":\"\"", "\"maybe\":null"}, {"\"maybe\":\"\"", "\"maybe\":\"0\""}, {"line1",
	    "Line1"}, {"line1", "li\\\"1"},
	{"9007199254740991", "9007199254740992"}, {"9007199254740991", "-1"}, {"9007199254740991", "01"},
	{"9007199254740991", "1.0"}, {"9007199254740991", "1e3"}, {"9007199254740991", "\"1\""},
	{"9007199254740991", ""}, {"9007199254740991", "+1"}, {"9007199254740991", "18446744073709551617"},
	{"9007199254740991", "true"}, {"[0,", "[00,"}, {"[0,", "[-0,"}, {"[0,", "[0, "}, {"[0,",
	    "[,"}, {"[0,", "[0,,"},
	{",10]", ",10,]"}, {",10]", ",10"}, {"4294967295", "4294967296"}, {"[0,", "[[0],"}, {"[0,",
	    "[\"0\","},
	{"say", "s\\u0061y"}, {"say", "s\\/y"}, {"say", "s\ny"}, {"say", "s\ty"}, {"say", "s\\ny"}, {"say",
	    "caf\xc3\xa9"},
	{"say", "s\x7fy"}, {"\\\\ bye", "\\ bye"}, {"\\\"hi", "\"hi"}, {"bye\"", "bye\\\""}, {"bye\"",
	    "bye\\"},
	{"bye\"", "bye"}, {"09:00:00Z", "24:00:00Z"}, {"\"time\"", "\"timf\""},
};

static void change(struct buffer *out, const char *from, const char *to)
{
	const char *at = strstr(good, from);

	if (at == NULL)
		fail_msg("the good line has no %s", from);
	buffer_put(out, bytes_from(good, (size_t)(at - good)));
	buffer_text(out, to);
	buffer_text(out, at + strlen(from));
}

static void test_faults(void **state)
{
	struct flat value;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer line = BUFFER_EMPTY;

		change(&line, cases[i].from, cases[i].to);
		if (line_read(&value, &flat, buffer_bytes(&line)))
			fail_msg("accepted: %s -> %s", cases[i].from, cases[i].to);
		buffer_free(&line);
	}
	assert_false(line_read(&value, &flat, bytes_from(NULL, 0)));
	/* a NUL is no end */
	assert_false(line_read(&value, &flat, bytes_from(good, sizeof good)));
}

static bool reads_changed(const char *from, const struct buffer *to)
{
	struct buffer line = BUFFER_EMPTY;
	struct flat value;
	bool reads;

	change(&line, from, (const char *)to->data);
	reads = line_read(&value, &flat, buffer_bytes(&line));
	buffer_free(&line);
	return reads;
}

/* A text fills its room and no more, counted without its backslashes; so do the numbers of a list. */
static void test_room(void **state)
{
	static const size_t lengths[] = {99, 100, LINE_TEXT_MAX, LINE_TEXT_MAX + 1, 10 * LINE_TEXT_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct buffer text = BUFFER_EMPTY;

		for (size_t j = 0; j < lengths[i]; j++)
			buffer_text(&text, "\\\\");
		buffer_byte(&text, '\0');
		assert_true(reads_changed("say \\\"hi\\\" \\\\ bye", &text) == (lengths[i] == 99));
		buffer_free(&text);
	}
	for (size_t count = NUMBERS_MAX; count <= NUMBERS_MAX + 1; count++) {
		struct buffer list = BUFFER_EMPTY;

		for (size_t i = 0; i < count; i++)
			buffer_format(&list, "%s%zu", i == 0 ? "[" : ",", i);
		buffer_text(&list, "]");
		buffer_byte(&list, '\0');
		assert_true(reads_changed("[0,4294967295,10]", &list) == (count == NUMBERS_MAX));
		buffer_free(&list);
	}
}

/* Cut short, and nothing readable behind the cut. */
static void check_cut(size_t size)
{
	uint8_t *line = malloc(size + 1);
	struct flat value;

	memcpy(line + 1, good, size);
	assert_false(line_read(&value, &flat, bytes_from(line + 1, size)));
	free(line);
}

/* Whatever one byte becomes: refused, or another value whose line has exactly these bytes. */
static void test_every_byte(void **state)
{
	uint8_t line[sizeof good - 1];
	struct flat value;

	(void)state;
	for (size_t i = 0; i < sizeof line; i++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			struct buffer again = BUFFER_EMPTY;

			memcpy(line, good, sizeof line);
			line[i] = (uint8_t)byte;
			if (!line_read(&value, &flat, bytes_from(line, sizeof line)))
				continue;
			line_format(&again, &flat, &value);
			assert_bytes(buffer_bytes(&again), bytes_from(line, sizeof line));
			buffer_free(&again);
		}
		check_cut(i);
	}
}

static void test_type(void **state)
{
	char type[16];

	(void)state;
	assert_true(line_type(type, bytes_of("{\"a\":1,\"type\":\"begin\",\"v\":1}")));
	assert_string_equal(type, "begin");
	/* a value that looks like the key has backslashes before its quotes */
	assert_true(line_type(type, bytes_of("{\"a\":\"\\\"type\\\":\\\"end\\\"\",\"type\":\"begin\"}")));
	assert_string_equal(type, "begin");
	assert_true(line_type(type, bytes_of("{\"type\":\"fifteen-letters\"}")));
	assert_false(line_type(type, bytes_of("{\"type\":\"sixteen-letters-\"}")));
	assert_false(line_type(type, bytes_of("{\"type\":\"\"}")));
	assert_false(line_type(type, bytes_of("{\"type\":1}")));
	assert_false(line_type(type, bytes_of("{\"type\":\"begin")));
	assert_false(line_type(type, bytes_of("{\"type\":\"")));
	assert_false(line_type(type, bytes_of("{}")));
	assert_false(line_type(type, bytes_from(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jansson),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
