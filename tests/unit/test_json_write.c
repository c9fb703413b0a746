/* SPDX-License-Identifier: ISC */
/* Writing canonical JSON: Python is the oracle, over random structs; the reader gives them back. */
#include "outer.h"

#include <unistd.h>

#include "gapseal/file.h"

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void random_text(char *out, size_t size)
{
	size_t length = chance((uint32_t)size);

	for (size_t i = 0; i < length; i++)
		out[i] = (char)(0x20 + chance(0x5f));
	out[length] = '\0';
}

static void random_name(char out[static NAME_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	size_t length = 1 + chance(NAME_MAX_LENGTH);

	for (size_t i = 0; i < length; i++)
		out[i] = letters[chance(i == 0 ? 36 : 38)];
	out[length] = '\0';
}

static void random_hash(uint8_t out[static HASH_SIZE])
{
	for (size_t i = 0; i < HASH_SIZE; i++)
		out[i] = (uint8_t)chance(256);
}

static uint64_t random_integer(void)
{
	return ((uint64_t)chance(1 << 24) << 32 | (uint64_t)chance(1 << 24) << 8) >> chance(56) & INTEGER_MAX;
}

static void *random_list(struct list *list, size_t size)
{
	list->count = chance(4);
	list->items = list->count == 0 ? NULL : calloc(list->count, size);
	return list->items;
}

static void random_outer(struct outer *out)
{
	char (*names)[NAME_SIZE];
	struct leaf *leaf;
	uint64_t *number;
	unsigned *choice;

	memset(out, 0, sizeof *out);
	out->choice = chance(3);
	choice = random_list(&out->choices, sizeof *choice);
	for (size_t i = 0; i < out->choices.count; i++)
		choice[i] = chance(3);
	random_hash(out->hash);
	out->inner.flag = chance(2) != 0;
	leaf = random_list(&out->inner.leaves, sizeof *leaf);
	for (size_t i = 0; i < out->inner.leaves.count; i++) {
		leaf[i].number = random_integer();
		random_text(leaf[i].word, sizeof leaf[i].word);
	}
	out->inner.maybe.present = chance(2) != 0;
	if (out->inner.maybe.present)
		random_hash(out->inner.maybe.hash);
	out->lines = calloc(1, 200);
	random_text(out->lines, 200);
	for (char *c = out->lines; *c != '\0'; c++)
		*c = chance(10) == 0 ? '\n' : *c;
	random_name(out->name);
	names = random_list(&out->names, sizeof *names);
	for (size_t i = 0; i < out->names.count; i++)
		random_name(names[i]);
	number = random_list(&out->numbers, sizeof *number);
	for (size_t i = 0; i < out->numbers.count; i++)
		number[i] = random_integer();
	random_text(out->text, sizeof out->text);
	if (chance(4) != 0)
		utc_format(out->time, (int64_t)chance(1 << 24) * 15103);
}

static void assert_same_list(const struct list *a, const struct list *b, size_t size)
{
	assert_int_equal(a->count, b->count);
	if (a->count != 0)
		assert_memory_equal(a->items, b->items, a->count * size);
}

static void assert_same(const struct outer *a, const struct outer *b)
{
	assert_int_equal(a->choice, b->choice);
	assert_same_list(&a->choices, &b->choices, sizeof(unsigned));
	assert_memory_equal(a->hash, b->hash, HASH_SIZE);
	assert_int_equal(a->inner.flag, b->inner.flag);
	assert_same_list(&a->inner.leaves, &b->inner.leaves, sizeof(struct leaf));
	assert_memory_equal(&a->inner.maybe, &b->inner.maybe, sizeof a->inner.maybe);
	assert_string_equal(a->lines, b->lines);
	assert_string_equal(a->name, b->name);
	assert_same_list(&a->names, &b->names, NAME_SIZE);
	assert_same_list(&a->numbers, &b->numbers, sizeof(uint64_t));
	assert_string_equal(a->text, b->text);
	assert_string_equal(a->time, b->time);
}

/* Python takes documents, each with its length before it, and prints each as json.dumps has it. */
static const char python[] =
    "python3 -c \"\n"
    "import json, sys\n"
    "data = open(sys.argv[1]).read()\n"
    "count = 0\n"
    "while data:\n"
    "    size, data = data.split(';', 1)\n"
    "    text, data = data[:int(size)], data[int(size):]\n"
    "    again = json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=True) + '\\n'\n"
    "    if again != text:\n"
    "        sys.exit('differs: ' + text + again)\n"
    "    count += 1\n"
    "print(count)\n"
    "\" ";

static void ask_python(const struct buffer *documents, int expected)
{
	char name[] = "/tmp/gapseal-json-XXXXXX", command[sizeof python + sizeof name];
	int file = mkstemp(name), count = 0;
	FILE *answer;

	assert_true(file >= 0);
	assert_int_equal(file_append(file, buffer_bytes(documents), name, &fault), ERR_OK);
	close(file);
	snprintf(command, sizeof command, "%s%s", python, name);
	answer = popen(command, "r");
	assert_non_null(answer);
	assert_int_equal(fscanf(answer, "%d", &count), 1);
	assert_int_equal(pclose(answer), 0);
	assert_int_equal(count, expected);
	unlink(name);
}

static void test_write_is_python(void **state)
{
	struct buffer all = BUFFER_EMPTY;
	enum { ROUNDS = 500 };

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct buffer text = BUFFER_EMPTY, again = BUFFER_EMPTY;
		struct outer value, back;

		random_outer(&value);
		json_write(&text, &outer, &value);
		assert_int_equal(json_read(&back, &outer, buffer_bytes(&text), "doc", &fault), ERR_OK);
		assert_same(&value, &back);
		json_write(&again, &outer, &back);
		assert_bytes(buffer_bytes(&again), buffer_bytes(&text));
		buffer_format(&all, "%zu;", text.size);
		buffer_put(&all, buffer_bytes(&text));
		buffer_free(&text);
		buffer_free(&again);
		json_free(&value, &outer);
		json_free(&back, &outer);
	}
	ask_python(&all, ROUNDS);
	buffer_free(&all);
}

/* Wherever the other keys lie, "schema" stands in its place. */
static void test_schema_place(void **state)
{
	static const char *const keys[] = {"a", "schemb", "schem", "schemaa", "zz"};
	struct buffer all = BUFFER_EMPTY;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		const struct field field = {keys[i], FIELD_INTEGER, 0, 0, NULL, NULL};
		const struct shape shape = {"s", &field, 1, sizeof(uint64_t)};
		struct buffer text = BUFFER_EMPTY;
		uint64_t value = 7, back;

		json_write(&text, &shape, &value);
		assert_int_equal(json_read(&back, &shape, buffer_bytes(&text), "doc", &fault), ERR_OK);
		assert_int_equal(back, 7);
		buffer_format(&all, "%zu;", text.size);
		buffer_put(&all, buffer_bytes(&text));
		buffer_free(&text);
	}
	ask_python(&all, 5);
	buffer_free(&all);
}

/* What no field may hold is written so that no reader takes it. */
static void test_write_foreign(void **state)
{
	struct buffer text = BUFFER_EMPTY;
	struct outer value;

	(void)state;
	random_outer(&value);
	snprintf(value.text, sizeof value.text, "caf\xc3\xa9\t");
	json_write(&text, &outer, &value);
	assert_non_null(memmem(text.data, text.size, "caf\\u00c3\\u00a9\\u0009", 21));
	json_free(&value, &outer);
	assert_int_equal(json_read(&value, &outer, buffer_bytes(&text), "doc", &fault), ERR_NO);
	buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_is_python),
		cmocka_unit_test(test_schema_place),
		cmocka_unit_test(test_write_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
