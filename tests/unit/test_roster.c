/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gapseal/roster.h"
#include "gapseal/twins.h"

static struct roster *roster;
static struct findings findings;

static void read_path(const char *path)
{
	roster_free(&roster);
	findings_free(&findings);
	if (roster_read(&roster, path, &findings, &fault) != ERR_OK)
		fail_msg("%s: %s", path, fault.text);
}

/* A file of its own for texts made here. */
static char path[] = "/tmp/gapseal-roster-XXXXXX";

/* Stands in front of the C library's: what another program does to the file before it is read. */
static void (*meddle)(void);

ssize_t pread(int file, void *data, size_t size, off_t offset)
{
	void (*now)(void) = meddle;

	meddle = NULL;
	if (now != NULL)
		now();
	return syscall(SYS_pread64, file, data, size, offset);
}

static void grow(void)
{
	FILE *file = fopen(path, "a");

	fputs("352656100367872\n", file);
	assert_int_equal(fclose(file), 0);
}

static void shrink(void)
{
	assert_int_equal(truncate(path, 20), 0);
}

/* The same size, and a time that no clock's step can hide. */
static void rewrite(void)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1}};
	FILE *file = fopen(path, "r+");

	fputs("IMEI", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Another file under the name: the one that was opened is read to its end. */
static void replace(void)
{
	assert_int_equal(file_replace(AT_FDCWD, path, bytes_of("imei\n"), 0600, &fault), ERR_OK);
}

static void read_bytes(struct bytes text)
{
	assert_int_equal(file_replace(AT_FDCWD, path, text, 0600, &fault), ERR_OK);
	read_path(path);
}

static void read_text(const char *text)
{
	read_bytes(bytes_of(text));
}

/* The rows are exactly those of the vector, column by column. */
static bool rows_equal(const json_t *rows)
{
	struct roster_reader *reader;
	struct roster_row row;
	bool equal = roster != NULL && roster_count(roster) == json_array_size(rows);
	const json_t *expected;
	size_t i;

	assert_int_equal(roster_reader_new(&reader, roster, &fault), ERR_OK);
	json_array_foreach(rows, i, expected) {
		for (int c = 0; equal && roster_column_name(roster, c) != NULL; c++) {
			assert_int_equal(roster_row(&row, reader, i, &fault), ERR_OK);
			equal = bytes_is(row.fields[c], json_text(expected, roster_column_name(roster, c)));
		}
		equal = equal && strcmp(row.imei, json_text(expected, "imei")) == 0 && row.line == i + 2;
	}
	roster_reader_free(&reader);
	return equal;
}

/* Something is said at the place of the vector's refusal. */
static bool found_at(const json_t *refusal)
{
	json_int_t line = json_integer_value(json_object_get(refusal, "line"));
	json_int_t field = json_integer_value(json_object_get(refusal, "field_number"));

	for (size_t i = 0; i < findings.count; i++)
		if (findings.items[i].line == (unsigned long)line &&
		    findings.items[i].field == (unsigned)field)
			return true;
	return false;
}

static void check_vector(const json_t *vector)
{
	const char *expect = json_text(vector, "expect");
	char name[200];
	bool accepted, refused;

	snprintf(name, sizeof name, "csv/%s", json_text(vector, "file"));
	read_path(vector_path(name));
	accepted = findings.errors == 0 && findings.warnings == 0 && findings.notices == 0 &&
	    rows_equal(json_object_get(vector, "rows"));
	refused = found_at(json_object_get(vector, "refusal"));
	if ((strcmp(expect, "accept") == 0 && !accepted) || (strcmp(expect, "refuse") == 0 && !refused) ||
	    (!accepted && !refused))
		fail_msg("%s: expected %s: %s", name, expect, findings.count > 0 ? findings.items[0].text :
		    "accepted");
}

static void test_vectors(void **state)
{
	json_t *index = vector_json("csv/index.json"), *vector;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(index, "good")), 5);
	assert_int_equal(json_array_size(json_object_get(index, "bad")), 26);
	json_array_foreach(json_object_get(index, "good"), i, vector)
		check_vector(vector);
	json_array_foreach(json_object_get(index, "bad"), i, vector)
		check_vector(vector);
	json_decref(index);
}

static void test_columns(void **state)
{
	(void)state;
	read_text("Serial,PSK_Identity,ImeI\n1,2,001014000000083\n");
	assert_int_equal(findings.count, 0);
	assert_int_equal(roster_column(roster, "imei"), 2);
	assert_int_equal(roster_column(roster, "psk_identity"), 1);
	assert_int_equal(roster_column(roster, "psk"), -1);
	assert_string_equal(roster_column_name(roster, 0), "serial");
	assert_null(roster_column_name(roster, 3));
	assert_null(roster_column_name(roster, -1));
	assert_string_equal(roster_where(roster), path);
	read_text("imei,Site Name,Colour\n001014000000083,,\n");
	assert_int_equal(findings.notices, 2);
	assert_non_null(strstr(findings.items[0].text, "'site name'"));
	assert_int_equal(findings.items[1].field, 3);
}

/* Quotes, marks and line ends as spreadsheets write them. */
static void test_forms(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf" "imei,lot\r\n001014000000083,a\r\n001014000000158,\"b,\"\"c\"\"\"\r\n",
		"\"imei\",\"lot\"\n\"001014000000083\",\"a\"\n001014000000158,\"b,\"\"c\"\"\"",
		"imei,\"lot\"\r\n001014000000083,a\n001014000000158,\"b,\"\"c\"\"\"\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct roster_reader *reader;
		struct roster_row row;

		read_text(texts[i]);
		assert_int_equal(findings.count, 0);
		assert_int_equal(roster_count(roster), 2);
		assert_int_equal(roster_reader_new(&reader, roster, &fault), ERR_OK);
		assert_int_equal(roster_row(&row, reader, 1, &fault), ERR_OK);
		assert_int_equal(row.count, 2);
		assert_string_equal(row.imei, "001014000000158");
		assert_true(bytes_is(row.fields[1], "b,\"c\""));
		assert_int_equal(roster_row(&row, reader, 0, &fault), ERR_OK);
		assert_true(bytes_is(row.fields[1], "a"));
		roster_reader_free(&reader);
	}
}

/* What is cut at its commas and what libcsv cuts is the same: a table, and the same with quotes. */
static void test_both_ways(void **state)
{
	static const char *const rows[] = {
		"001014000000083,,x", "001014000000158, ,\xc3\xa4", "001014000000224,a b,",
		    "001014000000307,'',;",
	};
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	buffer_text(&text, "imei,lot,serial\n");
	for (size_t i = 0; i < 4; i++)
		buffer_format(&text, "%s\n", rows[i]);
	for (size_t i = 0; i < 4; i++) {
		struct cursor cursor = cursor_of(bytes_of(rows[i]));
		struct bytes field, end = {0};

		/* the same devices once more: duplicates, but the rows are there */
		while (take_field(&cursor, ',', &field)) {
			buffer_format(&text, "\"%.*s\"%s", (int)field.size, (const char *)field.data,
			    cursor_left(&cursor) > 0 ? "," : "");
			end = field;
		}
		buffer_text(&text, end.data + end.size == (const uint8_t *)rows[i] + strlen(rows[i]) ?
		    "\n" : ",\"\"\n");
	}
	read_bytes(buffer_bytes(&text));
	buffer_free(&text);
	assert_int_equal(roster_count(roster), 8);
	for (size_t i = 0; i < 4; i++) {
		struct roster_reader *plain, *quoted;
		struct roster_row a, b;

		assert_int_equal(roster_reader_new(&plain, roster, &fault), ERR_OK);
		assert_int_equal(roster_reader_new(&quoted, roster, &fault), ERR_OK);
		assert_int_equal(roster_row(&a, plain, i, &fault), ERR_OK);
		assert_int_equal(roster_row(&b, quoted, i + 4, &fault), ERR_OK);
		assert_int_equal(a.count, 3);
		assert_int_equal(b.count, 3);
		for (size_t j = 0; j < 3; j++)
			assert_true(bytes_equal(a.fields[j], b.fields[j]));
		roster_reader_free(&plain);
		roster_reader_free(&quoted);
	}
}

/* Reading goes on after every fault, and rows of the right form are there for the plan. */
static void test_goes_on(void **state)
{
	static const char *const expected[] = {"csv-quote", "csv-fields", "imei-check-digit", "csv-control",
	    "csv-blank",
	    "csv-quote", "imei-duplicate"};

	(void)state;
	read_text("imei,lot\n001014000000083,a\n001014000000158,\"a\n001014000000158\n001014000000159,a\n"
	    "001014000000158,\001\n\n001014000000224,a\"b\n001014000000083,\"a\"\n");
	findings_sort(&findings);
	assert_int_equal(findings.count, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(findings.items[i].code, expected[i]);
	assert_int_equal(roster_count(roster), 4);
}

/* Longest field, longest line, and one more. */
static void test_limits(void **state)
{
	struct buffer text = BUFFER_EMPTY;

	(void)state;
	for (int more = 0; more < 2; more++) {
		buffer_clear(&text);
		buffer_text(&text, "imei,lot\n001014000000083,\"");
		memset(buffer_space(&text, (size_t)ROSTER_FIELD_MAX + (size_t)more), 'x',
		    (size_t)ROSTER_FIELD_MAX + (size_t)more);
		buffer_text(&text, "\"\n");
		read_bytes(buffer_bytes(&text));
		assert_int_equal(findings.errors, more);
	}
	for (int more = 0; more < 2; more++) {
		buffer_clear(&text);
		buffer_text(&text, "imei,lot\n001014000000083,\"");
		memset(buffer_space(&text, (size_t)(ROSTER_LINE_MAX - 18 + more)), 'x',
		    (size_t)(ROSTER_LINE_MAX - 18 + more));
		buffer_text(&text, "\"");
		read_bytes(buffer_bytes(&text));
		assert_int_equal(findings.errors, 1);
		assert_string_equal(findings.items[0].code, more != 0 ? "csv-line" : "csv-field");
	}
	buffer_free(&text);
}

static void test_file(void **state)
{
	(void)state;
	roster_free(&roster);
	assert_fault(roster_read(&roster, "tests/there-is-none.csv", &findings, &fault), ERR_CANNOT,
	    "file-open");
	assert_null(roster);
	assert_fault(roster_read(&roster, "/", &findings, &fault), ERR_CANNOT, "file-kind");
	assert_null(roster);
}

static void test_changed(void **state)
{
	static void (*const changes[])(void) = {grow, shrink, rewrite};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		read_text("imei\n001014000000083\n");
		roster_free(&roster);
		meddle = changes[i];
		assert_fault(roster_read(&roster, path, &findings, &fault), ERR_CANNOT, "csv-changed");
		assert_true(meddle == NULL);
		assert_null(roster);
	}
	read_text("imei\n001014000000083\n001014000000158\n");
	meddle = replace;
	read_path(path);
	assert_int_equal(roster_count(roster), 2);
}

/* Every byte of a small file in place of others: rows or findings, never neither. */
static void test_flips(void **state)
{
	static const char text[] = "imei,lot\r\n001014000000083,\"a\"\n001014000000158,b\n";
	static const char bytes[] = "\0\n\r\t \",;0Ax{\x7f\xc3\xff";
	char changed[sizeof text];

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		for (size_t j = 0; j < sizeof bytes - 1; j++) {
			memcpy(changed, text, sizeof text);
			changed[i] = bytes[j];
			read_bytes(bytes_from(changed, sizeof text - 1));
			assert_true(findings.errors > 0 || (roster != NULL && roster_count(roster) == 2));
		}
	}
}

static void test_twins(void **state)
{
	struct twins twins;
	uint64_t random = 1;

	(void)state;
	assert_int_equal(twins_new(&twins, 5000, &fault), ERR_OK);
	for (uint32_t i = 0; i < 5000; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		twins_add(&twins, i % 10 == 0 ? 7 : random, i);
	}
	twins_add(&twins, 1, 1); /* beyond the capacity: nothing */
	assert_int_equal(twins.count, 5000);
	assert_int_equal(twins_sort(&twins, &fault), ERR_OK);
	for (size_t i = 1; i < twins.count; i++) {
		const struct twin *a = &twins.items[i - 1], *b = &twins.items[i];

		assert_true(a->key < b->key || (a->key == b->key && a->row < b->row));
	}
	assert_int_equal(twins.items[499].key, 7);
	twins_free(&twins);
	assert_true(twins_key(bytes_of("a")) != twins_key(bytes_of("b")));
	assert_true(twins_key(bytes_of("")) == UINT64_C(0xcbf29ce484222325));
	assert_true(twins_key(bytes_of("a")) == UINT64_C(0xaf63dc4c8601ec8c)); /* FNV-1a's own vector */
}

static int set_up(void **state)
{
	int file = mkstemp(path);

	(void)state;
	return file < 0 ? -1 : close(file);
}

static int tear_down(void **state)
{
	(void)state;
	roster_free(&roster);
	findings_free(&findings);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors), cmocka_unit_test(test_columns),
		    cmocka_unit_test(test_forms),
		cmocka_unit_test(test_both_ways), cmocka_unit_test(test_goes_on),
		    cmocka_unit_test(test_limits),
		cmocka_unit_test(test_file), cmocka_unit_test(test_changed),
		cmocka_unit_test(test_flips), cmocka_unit_test(test_twins),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
