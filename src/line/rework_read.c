/* SPDX-License-Identifier: ISC */
#include "rework_private.h"

#include "gapseal/file.h"

#define NO_COLUMN SIZE_MAX

/* Which columns of a list count. A list without a header has one, which is either. */
struct columns {
	size_t imei, unit;
};

/* The line a cursor stands at, with or without its LF, CR or not; false at the end. */
static bool next_line(struct bytes *line, struct cursor *cursor)
{
	if (cursor_left(cursor) == 0)
		return false;
	if (!take_line(cursor, line))
		take_bytes(cursor, cursor_left(cursor), line);
	if (line->size > 0 && line->data[line->size - 1] == '\r')
		line->size--;
	return true;
}

static struct bytes field_at(struct bytes line, size_t column)
{
	struct cursor cursor = cursor_of(line);
	struct bytes field = bytes_of("");

	for (size_t i = 0; i <= column; i++) {
		if (!take_field(&cursor, ',', &field))
			return bytes_of("");
	}
	return field;
}

static bool is_header(struct columns *out, struct bytes line)
{
	struct cursor cursor = cursor_of(line);
	struct bytes field;

	*out = (struct columns){NO_COLUMN, NO_COLUMN};
	for (size_t i = 0; take_field(&cursor, ',', &field); i++) {
		if (bytes_is(field, "imei"))
			out->imei = i;
		else if (bytes_is(field, "unit"))
			out->unit = i;
	}
	return out->imei != NO_COLUMN || out->unit != NO_COLUMN;
}

static bool is_digits(struct bytes text, size_t count)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return text.size == count;
}

/* Spaces at an end are what a spreadsheet leaves behind; no label bears them. */
static bool is_trimmed(struct bytes text)
{
	return text.size == 0 || (text.data[0] != ' ' && text.data[text.size - 1] != ' ');
}

static enum err fill_plain(struct rework_wish *wish, struct bytes line, struct fault *fault)
{
	bool imei = is_digits(line, IMEI_LENGTH);

	return rework_fill(wish, imei ? line : bytes_of(""), imei ? bytes_of("") : line, fault);
}

static enum err fill_columns(struct rework_wish *wish, struct bytes line, const struct columns *columns,
    struct fault *fault)
{
	struct bytes imei = bytes_of(""), unit = imei;

	if (columns->imei != NO_COLUMN)
		imei = field_at(line, columns->imei);
	if (columns->unit != NO_COLUMN)
		unit = field_at(line, columns->unit);
	if (!is_trimmed(imei) || !is_trimmed(unit))
		return fault_set(fault, ERR_NO, "rework-form", NULL, "spaces around a value");
	return rework_fill(wish, imei, unit, fault);
}

/* columns NULL: a list without a header. */
static enum err read_line(struct rework_list *rework, struct bytes line, unsigned number,
    const struct columns *columns, struct fault *fault)
{
	struct rework_wish *wish;
	struct fault wrong;
	enum err err;

	err = rework_new_wish(&wish, rework, fault);
	if (err != ERR_OK)
		return err;
	wish->line = number;
	if (columns != NULL)
		err = fill_columns(wish, line, columns, &wrong);
	else if (!is_trimmed(line))
		err = fault_set(&wrong, ERR_NO, "rework-form", NULL, "spaces around a value");
	else
		err = fill_plain(wish, line, &wrong);
	if (err != ERR_OK)
		rework_blame(wish, &wrong);
	return ERR_OK;
}

static enum err read_lines(struct rework_list *rework, struct bytes text, const char *name,
    struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	size_t before = rework->wish_count;
	struct columns columns;
	bool header = false;
	unsigned number = 0;
	struct bytes line;
	enum err err = ERR_OK;

	while (err == ERR_OK && next_line(&line, &cursor)) {
		if (++number == 1 && is_header(&columns, line))
			header = true;
		else if (line.size > 0)
			err = read_line(rework, line, number, header ? &columns : NULL, fault);
	}
	if (err == ERR_OK && rework->wish_count == before)
		err = fault_set(fault, ERR_NO, "rework-form", name, "the list names no device");
	return err;
}

/* A comma without a header would make one unit of what are several values. */
static enum err check_text(struct bytes text, const char *name, struct fault *fault)
{
	struct cursor cursor = cursor_of(text);
	struct columns columns;
	bool comma = false;
	struct bytes first;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '"')
			return fault_set(fault, ERR_NO, "rework-form", name,
			    "a list may hold no quotes: save it without them");
		comma = comma || text.data[i] == ',';
	}
	if (comma && (!next_line(&first, &cursor) || !is_header(&columns, first)))
		return fault_set(fault, ERR_NO, "rework-form", name,
		    "a list with columns needs a first line that names them: imei, unit");
	return ERR_OK;
}

enum err rework_read(struct rework_list *rework, int folder, const char *name, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err;

	err = file_read(&text, folder, name, REWORK_FILE_MAX, fault);
	if (err == ERR_OK)
		err = check_text(buffer_bytes(&text), name, fault);
	if (err == ERR_OK)
		err = read_lines(rework, buffer_bytes(&text), name, fault);
	buffer_free(&text);
	return err;
}
