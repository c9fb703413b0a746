/* SPDX-License-Identifier: ISC */
#include "gapseal/roster.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gapseal/secret.h"
#include "roster_private.h"

/* One more than a line has, so that libcsv's buffer of a field, allocated in one block, never grows and
 * leaves no copy of a secret behind. */
#define BLOCK (ROSTER_LINE_MAX + 1)

struct roster_reader {
	const struct roster *roster;
	struct csv_parser parser;
	struct roster_row *row;     /* being cut */
	size_t used;                /* of scratch */
	uint8_t scratch[BLOCK];     /* fields of the row: all of them are no longer than the line */
};

static int never_space(unsigned char byte)
{
	(void)byte; /* or blanks around fields would be trimmed */
	return 0;
}

/* Asked for less after a failure, libcsv's buffer would be smaller than what block_free wipes. */
static void *block_new(void *old, size_t size)
{
	return old == NULL && size == BLOCK ? malloc(size) : NULL;
}

static void block_free(void *block)
{
	secret_wipe(block, BLOCK);
	free(block);
}

static bool parser_begin(struct csv_parser *parser)
{
	if (csv_init(parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return false;
	csv_set_space_func(parser, never_space);
	csv_set_realloc_func(parser, block_new);
	csv_set_free_func(parser, block_free);
	csv_set_blk_size(parser, BLOCK);
	return true;
}

enum err roster_reader_new(struct roster_reader **out, const struct roster *roster, struct fault *fault)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return fault_memory(fault);
	(*out)->roster = roster;
	if (!parser_begin(&(*out)->parser)) {
		roster_reader_free(out);
		return fault_memory(fault);
	}
	return ERR_OK;
}

void roster_reader_free(struct roster_reader **reader)
{
	if (*reader == NULL)
		return;
	csv_free(&(*reader)->parser);
	secret_wipe(*reader, sizeof **reader);
	free(*reader);
	*reader = NULL;
}

static void put_field(struct roster_row *row, struct bytes field)
{
	if (row->count < ROSTER_COLUMNS_MAX)
		row->fields[row->count] = field;
	row->count++;
}

static void take_field_of(void *text, size_t size, void *context)
{
	struct roster_reader *reader = context;
	uint8_t *at = reader->scratch + reader->used;

	if (size > sizeof reader->scratch - reader->used) /* cannot be: a line is shorter */
		size = sizeof reader->scratch - reader->used;
	if (size > 0)
		memcpy(at, text, size);
	reader->used += size;
	put_field(reader->row, bytes_from(at, size));
}

/* After a fault libcsv still holds half a field, and csv_fini would hand it out: start again. */
static enum err refuse(struct roster_reader *reader, const char *sentence, struct fault *fault)
{
	bool memory = csv_error(&reader->parser) != CSV_EPARSE;

	csv_free(&reader->parser);
	if (!parser_begin(&reader->parser) || memory)
		return fault_memory(fault);
	return fault_set(fault, ERR_NO, "csv-quote", NULL, "%s", sentence);
}

/* A line without a quote is cut at its commas: what libcsv makes of it too, at a tenth of the time. */
static void cut_plain(struct roster_row *out, struct bytes line)
{
	struct cursor cursor = cursor_of(line);
	struct bytes field;

	out->count = 0;
	while (take_field(&cursor, ',', &field))
		put_field(out, field);
	if (line.size > 0 && line.data[line.size - 1] == ',')
		put_field(out, bytes_from(line.data + line.size, 0));
}

/* Line by line, because libcsv counts no lines, and would take all that follows a quote that is never
 * closed for one field. So no line end ever reaches it. */
enum err roster_cut(struct roster_row *out, struct roster_reader *reader, struct bytes line,
    struct fault *fault)
{
	size_t taken;

	if (memchr(line.data, '"', line.size) == NULL) {
		cut_plain(out, line);
		return ERR_OK;
	}
	reader->row = out;
	reader->used = 0;
	out->count = 0;
	taken = csv_parse(&reader->parser, line.data, line.size, take_field_of, NULL, reader);
	if (taken != line.size)
		return refuse(reader, line.data[taken] == '"' ?
		    "a quote inside a field that does not begin with one" :
		    "after a quoted field comes a comma or the end of the line; a quote inside it is doubled",
		    fault);
	if (csv_fini(&reader->parser, take_field_of, NULL, reader) != 0)
		return refuse(reader, "a quoted field does not end on its line", fault);
	return ERR_OK;
}

struct bytes roster_line(const struct roster *roster, size_t start, size_t *next)
{
	const uint8_t *text = roster->text + start;
	const uint8_t *end = memchr(text, '\n', roster->size - start);
	size_t size = end != NULL ? (size_t)(end - text) : roster->size - start;

	*next = start + size + (end != NULL);
	if (end != NULL && size > 0 && text[size - 1] == '\r')
		size--;
	return bytes_from(text, size);
}

enum err roster_row(struct roster_row *out, struct roster_reader *reader, size_t i, struct fault *fault)
{
	const struct roster_entry *entry = &reader->roster->entries[i];
	struct bytes line;
	size_t next;
	enum err err;

	line = roster_line(reader->roster, entry->start, &next);
	err = roster_cut(out, reader, line, fault);
	if (err != ERR_OK)
		return err;
	out->i = i;
	out->line = entry->line;
	out->imei[0] = '\0';
	if (entry->imei != 0 && !text_copy(out->imei, sizeof out->imei, out->fields[reader->roster->imei]))
		out->imei[0] = '\0';
	return ERR_OK;
}

void roster_fetch(const struct roster *roster, size_t i)
{
	__builtin_prefetch(roster->text + roster->entries[i].start);
}

void roster_free(struct roster **roster)
{
	if (*roster == NULL)
		return;
	if ((*roster)->text != NULL)
		secret_wipe((*roster)->text, (*roster)->size);
	free((*roster)->text);
	free((*roster)->entries);
	free((*roster)->where);
	free(*roster);
	*roster = NULL;
}

size_t roster_count(const struct roster *roster)
{
	return roster->count;
}

const char *roster_where(const struct roster *roster)
{
	return roster->where;
}

uint64_t roster_imei(const struct roster *roster, size_t i)
{
	return roster->entries[i].imei;
}

int roster_column(const struct roster *roster, const char *name)
{
	return roster_find(roster, bytes_of(name));
}

int roster_find(const struct roster *roster, struct bytes name)
{
	for (size_t i = 0; i < roster->columns; i++)
		if (strlen(roster->names[i]) == name.size &&
		    strncasecmp(roster->names[i], (const char *)name.data, name.size) == 0)
			return (int)i;
	return -1;
}

const char *roster_column_name(const struct roster *roster, int column)
{
	return column >= 0 && (size_t)column < roster->columns ? roster->names[column] : NULL;
}
