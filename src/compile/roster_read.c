/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/twins.h"
#include "gapseal/utf8.h"
#include "roster_private.h"

struct reading {
	struct roster *roster;
	struct roster_reader *reader;
	struct findings *findings;
	struct fault *fault;
	unsigned long line;
	struct roster_row row;
};

/* A field of the present line, counted from 1; 0: the line. */
static struct finding_place place(const struct reading *reading, size_t field)
{
	return (struct finding_place){reading->roster->where, reading->line, (unsigned)field};
}

static void refuse(struct reading *reading, enum rule rule, size_t field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void refuse(struct reading *reading, enum rule rule, size_t field, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	findings_vadd(reading->findings, rule, place(reading, field), format, args);
	va_end(args);
}

static enum err refuse_changed(const struct roster *roster, struct fault *fault)
{
	return fault_set(fault, ERR_CANNOT, "csv-changed", roster->where,
	    "the file changed while it was read: try again when nothing writes to it");
}

static enum err read_open(struct roster *roster, int file, off_t size, struct fault *fault)
{
	uint8_t beyond;
	ssize_t got;
	enum err err;

	if ((uintmax_t)size > UINT32_MAX) /* entries hold offsets of 32 bits */
		return fault_set(fault, ERR_CANNOT, "file-size", roster->where,
		    "the file is larger than 4 GiB");
	roster->text = malloc((size_t)size + 1);
	if (roster->text == NULL)
		return fault_memory(fault);
	roster->size = (size_t)size;
	err = file_pread(file, roster->text, roster->size, 0, roster->where, fault);
	if (err != ERR_OK)
		return err;
	got = pread(file, &beyond, 1, size);
	if (got < 0)
		return fault_system(fault, roster->where, "read");
	if (got > 0)
		return refuse_changed(roster, fault);
	return ERR_OK;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* A program that writes into the file meanwhile would have it read half old and half new. */
static enum err read_steadily(struct roster *roster, int file, off_t size, struct fault *fault)
{
	struct stat before, after;
	enum err err;

	if (fstat(file, &before) != 0)
		return fault_system(fault, roster->where, "look at the file");
	err = read_open(roster, file, size, fault);
	if (fstat(file, &after) != 0)
		return fault_system(fault, roster->where, "look at the file");
	if (after.st_size != size || !same_time(before.st_mtim, after.st_mtim))
		return refuse_changed(roster, fault);
	return err;
}

static enum err read_file(struct roster *roster, const char *path, struct fault *fault)
{
	off_t size;
	enum err err;
	int file;

	roster->where = strdup(path);
	if (roster->where == NULL)
		return fault_memory(fault);
	err = file_open(&file, &size, AT_FDCWD, path, fault);
	if (err != ERR_OK)
		return err;
	err = read_steadily(roster, file, size, fault);
	close(file);
	return err;
}

static bool is_utf16(const struct roster *roster)
{
	const uint8_t *text = roster->text;

	if (roster->size < 2)
		return false;
	return (text[0] == 0xff && text[1] == 0xfe) || (text[0] == 0xfe && text[1] == 0xff) ||
	    (text[0] == '\0') != (text[1] == '\0');
}

static const char *const known_columns[] = {
	"client_cert", "client_key", "imei", "lot", "psk", "psk_identity", "serial"
};

static bool is_known(const char *name)
{
	for (size_t i = 0; i < sizeof known_columns / sizeof known_columns[0]; i++)
		if (strcmp(known_columns[i], name) == 0)
			return true;
	return false;
}

static bool column_form(struct bytes name)
{
	if (name.size == 0 || name.size > NAME_MAX_LENGTH || !text_is_printable(name))
		return false;
	if (name.data[0] == ' ' || name.data[name.size - 1] == ' ')
		return false;
	return memchr(name.data, '{', name.size) == NULL && memchr(name.data, '}', name.size) == NULL;
}

static void take_column(struct reading *reading, size_t i)
{
	struct roster *roster = reading->roster;
	struct bytes text = reading->row.fields[i];
	char *name = roster->names[i];

	if (!column_form(text)) {
		refuse(reading, RULE_CSV_HEADER, i + 1,
		    "a column name is 1 to %d printable ASCII characters, no brace, no blank at either end",
		    NAME_MAX_LENGTH);
		return;
	}
	text_copy(name, NAME_SIZE, text);
	for (char *at = name; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	if (roster_column(roster, name) < (int)i)
		refuse(reading, RULE_CSV_COLUMN_TWICE, i + 1, "column '%s' is there twice", name);
	else if (!is_known(name))
		findings_add(reading->findings, RULE_CSV_COLUMN, place(reading, i + 1),
		    "column '%s' has no meaning of its own; the profile may name it", name);
}

static void read_columns(struct reading *reading)
{
	struct roster *roster = reading->roster;

	if (reading->row.count > ROSTER_COLUMNS_MAX) {
		refuse(reading, RULE_CSV_COLUMNS, 0, "the header has %zu columns, at most %d are possible",
		    reading->row.count, ROSTER_COLUMNS_MAX);
		return;
	}
	roster->columns = reading->row.count;
	for (size_t i = 0; i < roster->columns; i++)
		take_column(reading, i);
	roster->imei = roster_column(roster, "imei");
	if (roster->imei < 0)
		refuse(reading, RULE_CSV_IMEI, 0, "the header has no column imei");
}

/* The byte of a separator that is none: semicolons come from spreadsheets in countries whose numbers
 * have a comma. */
static const char *wrong_separator(struct bytes line)
{
	if (memchr(line.data, ',', line.size) != NULL)
		return NULL;
	if (memchr(line.data, ';', line.size) != NULL)
		return "semicolons";
	return memchr(line.data, '\t', line.size) != NULL ? "tabs" : NULL;
}

/* Checks the line itself and cuts it; false if there is nothing to be done with it. */
static bool cut_line(struct reading *reading, struct bytes line, enum err *err)
{
	if (line.size == 0)
		refuse(reading, RULE_CSV_BLANK, 0, "an empty line");
	else if (line.size > ROSTER_LINE_MAX)
		refuse(reading, RULE_CSV_LINE, 0, "the line has %zu bytes, at most %d are possible",
		    line.size, ROSTER_LINE_MAX);
	else if (memchr(line.data, '\r', line.size) != NULL)
		refuse(reading, RULE_CSV_LINE, 0,
		    "a carriage return that ends no line; save the table as CSV with line ends of LF or "
		    "CR LF");
	else {
		*err = roster_cut(&reading->row, reading->reader, line, reading->fault);
		if (*err == ERR_OK)
			return true;
		*err = findings_take(reading->findings, place(reading, reading->row.count + 1),
		    reading->fault);
	}
	return false;
}

/* The start of the first row, 0 if the header cannot be used. */
static size_t read_header(struct reading *reading, enum err *err)
{
	struct roster *roster = reading->roster;
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* of byte order, in UTF-8 */
	size_t start = 0, next, errors = reading->findings->errors;
	const char *separator;
	struct bytes line;

	if (roster->size == 0) {
		reading->line = 0;
		refuse(reading, RULE_CSV_EMPTY, 0, "the file is empty");
		return 0;
	}
	if (is_utf16(roster)) {
		refuse(reading, RULE_CSV_UTF16, 0,
		    "this is UTF-16, which spreadsheets call Unicode text; save the table as CSV UTF-8");
		return 0;
	}
	if (roster->size >= sizeof mark && memcmp(roster->text, mark, sizeof mark) == 0)
		start = sizeof mark;
	line = roster_line(roster, start, &next);
	separator = wrong_separator(line);
	if (separator != NULL)
		refuse(reading, RULE_CSV_SEPARATOR, 1,
		    "the columns are separated by %s; save the table as CSV with commas", separator);
	else if (cut_line(reading, line, err))
		read_columns(reading);
	return *err == ERR_OK && reading->findings->errors == errors ? next : 0;
}

/* Text beyond ASCII may stand in columns nobody uses. */
static void check_text(struct reading *reading, size_t i, struct bytes field)
{
	struct cursor cursor = cursor_of(field);
	uint32_t rune;

	while (utf8_take(&cursor, &rune)) {
		if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0)) {
			refuse(reading, RULE_CSV_CONTROL, i + 1, "byte %zu is a control character",
			    (size_t)(cursor.at - field.data));
			return;
		}
	}
	if (cursor_left(&cursor) != 0)
		refuse(reading, RULE_CSV_UTF8, i + 1, "byte %zu is not UTF-8; save the table as CSV UTF-8",
		    (size_t)(cursor.at - field.data) + 1);
}

static void check_field(struct reading *reading, size_t i)
{
	struct bytes field = reading->row.fields[i];

	if (field.size > ROSTER_FIELD_MAX)
		refuse(reading, RULE_CSV_FIELD, i + 1, "the field has %zu bytes, at most %d are possible",
		    field.size, ROSTER_FIELD_MAX);
	if (!text_is_printable(field))
		check_text(reading, i, field);
}

static enum err take_row(struct reading *reading, size_t start)
{
	struct roster *roster = reading->roster;
	struct roster_entry *entry = &roster->entries[roster->count];
	struct roster_row *row = &reading->row;
	enum err err;

	if (row->count != roster->columns) {
		refuse(reading, RULE_CSV_FIELDS,
		    (row->count < roster->columns ? row->count : roster->columns) + 1,
		    "the row has %zu field%s, the header has %zu", row->count, row->count == 1 ? "" : "s",
		    roster->columns);
		return ERR_OK;
	}
	for (size_t i = 0; i < row->count; i++)
		check_field(reading, i);
	*entry = (struct roster_entry){.start = (uint32_t)start, .line = (uint32_t)reading->line};
	roster->count++;
	err = imei_parse(row->imei, row->fields[roster->imei], NULL, reading->fault);
	if (err != ERR_OK)
		return findings_take(reading->findings, place(reading, (size_t)roster->imei + 1),
		    reading->fault);
	entry->imei = imei_number(row->imei);
	return ERR_OK;
}

static size_t count_lines(const struct roster *roster, size_t start)
{
	size_t count = 0;

	for (size_t next; start < roster->size; start = next, count++)
		roster_line(roster, start, &next);
	return count;
}

static enum err read_rows(struct reading *reading, size_t start)
{
	struct roster *roster = reading->roster;
	size_t lines = count_lines(roster, start);
	enum err err = ERR_OK;

	if (lines == 0 || lines > ROSTER_ROWS_MAX) {
		reading->line = 0;
		refuse(reading, RULE_CSV_ROWS, 0, "the file has %zu devices, 1 to %d are possible", lines,
		    ROSTER_ROWS_MAX);
		return ERR_OK;
	}
	roster->entries = calloc(lines, sizeof *roster->entries);
	if (roster->entries == NULL)
		return fault_memory(reading->fault);
	for (size_t next; err == ERR_OK && start < roster->size; start = next) {
		struct bytes line = roster_line(roster, start, &next);

		reading->line++;
		if (cut_line(reading, line, &err))
			err = take_row(reading, start);
	}
	return err;
}

/* Most lists of devices are: then none is there twice. */
static bool all_ascend(const struct roster *roster)
{
	for (size_t i = 1; i < roster->count; i++)
		if (roster->entries[i].imei <= roster->entries[i - 1].imei)
			return false;
	return true;
}

static enum err find_duplicates(struct reading *reading)
{
	struct roster *roster = reading->roster;
	struct twins twins;
	enum err err;
	size_t first = 0;

	if (all_ascend(roster))
		return ERR_OK;
	err = twins_new(&twins, roster->count, reading->fault);
	for (size_t i = 0; err == ERR_OK && i < roster->count; i++)
		if (roster->entries[i].imei != 0)
			twins_add(&twins, roster->entries[i].imei, (uint32_t)i);
	if (err == ERR_OK)
		err = twins_sort(&twins, reading->fault);
	for (size_t i = 1; err == ERR_OK && i < twins.count; i++) {
		if (twins.items[i].key != twins.items[first].key) {
			first = i;
			continue;
		}
		reading->line = roster->entries[twins.items[i].row].line;
		refuse(reading, RULE_IMEI_DUPLICATE, (size_t)roster->imei + 1,
		    "imei: the same as on line %lu",
		    (unsigned long)roster->entries[twins.items[first].row].line);
	}
	twins_free(&twins);
	return err;
}

static enum err read_all(struct reading *reading, bool *usable)
{
	enum err err = ERR_OK;
	size_t start = read_header(reading, &err);

	*usable = start != 0;
	if (err == ERR_OK && *usable)
		err = read_rows(reading, start);
	if (err == ERR_OK && *usable)
		err = find_duplicates(reading);
	return err != ERR_OK ? err : findings_check(reading->findings, reading->fault);
}

enum err roster_read(struct roster **out, const char *path, struct findings *findings, struct fault *fault)
{
	struct reading *reading = calloc(1, sizeof *reading);
	struct roster *roster = calloc(1, sizeof *roster);
	bool usable = false;
	enum err err;

	*out = NULL;
	if (reading == NULL || roster == NULL) {
		free(reading);
		free(roster);
		return fault_memory(fault);
	}
	*reading = (struct reading){.roster = roster, .findings = findings, .fault = fault, .line = 1};
	err = read_file(roster, path, fault);
	if (err == ERR_OK)
		err = roster_reader_new(&reading->reader, roster, fault);
	if (err == ERR_OK)
		err = read_all(reading, &usable);
	roster_reader_free(&reading->reader);
	free(reading);
	if (err == ERR_OK && usable)
		*out = roster;
	else
		roster_free(&roster);
	return err;
}
