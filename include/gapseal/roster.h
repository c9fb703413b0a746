/* SPDX-License-Identifier: ISC */
#ifndef GAPSEAL_ROSTER_H
#define GAPSEAL_ROSTER_H

#include "gapseal/bytes.h"
#include "gapseal/finding.h"
#include "gapseal/imei.h"

/*
 * roster: the CSV of devices, read by libcsv in strict mode. Header names in any case and order: imei
 * (required), lot, serial, psk, psk_identity, client_cert, client_key; profiles may name further columns. A
 * UTF-8 byte order mark, LF or CRLF line ends, a last line without one, and quoted fields are accepted;
 * nothing is trimmed. Every other oddity is a finding with file:line:field and the rule.
 *
 * The whole file is held in memory, with 16 bytes of index a device. It may hold secrets, so it is
 * wiped when freed; it is no locked memory, because a million devices are far beyond what a user may
 * usually lock: the office machine has no swap, or an encrypted one.
 */
#define ROSTER_COLUMNS_MAX 64
#define ROSTER_FIELD_MAX 4096
#define ROSTER_LINE_MAX 65535
#define ROSTER_ROWS_MAX 16777216

struct roster;
/* Reads and checks the form of the file and the IMEIs; the values of other columns are the plan's
 * business. Errors:
 *   "csv-empty"        no byte at all
 *   "csv-utf16"        the encoding "Unicode text" of spreadsheets
 *   "csv-separator"    semicolons or tabs between the columns
 *   "csv-header"       a column name that is empty, has a brace or is over NAME_MAX_LENGTH characters
 *   "csv-column-twice" also when only the case differs
 *   "csv-columns"      more than ROSTER_COLUMNS_MAX
 *   "csv-imei"         no column imei
 *   "csv-rows"         no devices, or more than ROSTER_ROWS_MAX
 *   "csv-blank"        an empty line
 *   "csv-line"         longer than ROSTER_LINE_MAX, or with a CR that ends no line
 *   "csv-quote"        a stray quote, text after a quoted field, a quoted field that does not end on its line
 *   "csv-fields"       another number of fields than the header has
 *   "csv-field"        longer than ROSTER_FIELD_MAX
 *   "csv-control", "csv-utf8"  a byte that is no text
 *   imei_parse's, and "imei-duplicate", which names the first line
 * Notice "csv-column" names each further column once. *out is usable only if the errors did not grow; it
 * is NULL if not even the header could be used, otherwise it holds the rows of the right form, so that
 * the plan can find what else is wrong with them.
 * ERR_CANNOT: file codes, "csv-changed" if the file was changed meanwhile. */
enum err roster_read(struct roster **out, const char *path, struct findings *findings, struct fault *fault);
void roster_free(struct roster **roster);
size_t roster_count(const struct roster *roster);
const char *roster_where(const struct roster *roster);
/* The IMEI of a row as a number, 0 if it was refused; i must be below the count. */
uint64_t roster_imei(const struct roster *roster, size_t i);
/* The column of a name in whatever case, -1 if there is none; and the name of a column, in lower case, NULL
 * beyond. */
int roster_column(const struct roster *roster, const char *name);
int roster_find(const struct roster *roster, struct bytes name);
const char *roster_column_name(const struct roster *roster, int column);

/* One row at a time. fields view into the roster or into memory of the reader, which lives until its
 * next call and is wiped with it. Several readers of one roster may be used by several threads. */
struct roster_reader;
struct roster_row {
	size_t i;
	unsigned long line;
	char imei[IMEI_SIZE];        /* "" in a row whose IMEI was refused */
	size_t count;
	struct bytes fields[ROSTER_COLUMNS_MAX];
};
enum err roster_reader_new(struct roster_reader **out, const struct roster *roster, struct fault *fault);
void roster_reader_free(struct roster_reader **reader);
/* The i-th device in CSV order; i must be below the count. */
enum err roster_row(struct roster_row *out, struct roster_reader *reader, size_t i, struct fault *fault);
/* Asks for a row's memory ahead: who reads many rows in no order waits for all at once, not for each. */
void roster_fetch(const struct roster *roster, size_t i);

#endif
