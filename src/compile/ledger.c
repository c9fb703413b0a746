/* SPDX-License-Identifier: ISC */
#include "ledger_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#define PIECE 1024 /* IMEIs carried to and from a blob at a time */

/* One file is the ledger: a rollback journal, no write-ahead log. EXTRA syncs the folder too after the
 * journal is gone, without which a power cut may bring it back and undo what was committed. */
static const char settings[] =
    "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA temp_store = MEMORY;"
    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";

struct ledger {
	sqlite3 *db;
	char path[LEDGER_PATH_MAX];
};

static enum err refuse(const struct ledger *ledger, int rc, struct fault *fault)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault_set(fault, ERR_CANNOT, "ledger-busy", ledger->path,
		    "another program is changing the ledger; try again when it is done");
	case SQLITE_NOMEM:
		return fault_memory(fault);
	case SQLITE_CANTOPEN:
		return fault_set(fault, ERR_CANNOT, "ledger-open", ledger->path,
		    "the ledger cannot be opened");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return fault_set(fault, ERR_CANNOT, "ledger-form", ledger->path,
		    "the file is no ledger, or is damaged: take it from the backup");
	default:
		return fault_set(fault, ERR_CANNOT, "ledger-failed", ledger->path, "the ledger fails: %s",
		    sqlite3_errstr(rc));
	}
}

enum err ledger_run(struct ledger *ledger, const char *sql, struct fault *fault)
{
	int rc = sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : refuse(ledger, rc, fault);
}

struct query query_begin(struct ledger *ledger, const char *sql)
{
	struct query query = {.ledger = ledger};

	query.rc = sqlite3_prepare_v2(ledger->db, sql, -1, &query.statement, NULL);
	return query;
}

void query_integer(struct query *query, uint64_t value)
{
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_bind_int64(query->statement, ++query->bound, (sqlite3_int64)value);
}

void query_text(struct query *query, const char *text)
{
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_bind_text(query->statement, ++query->bound, text, -1, SQLITE_STATIC);
}

void query_hash(struct query *query, const uint8_t hash[static HASH_SIZE])
{
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_bind_blob(query->statement, ++query->bound, hash, HASH_SIZE,
		    SQLITE_STATIC);
}

void query_room(struct query *query, uint64_t size)
{
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_bind_zeroblob64(query->statement, ++query->bound, size);
}

bool query_row(struct query *query)
{
	if (query->rc == SQLITE_OK || query->rc == SQLITE_ROW)
		query->rc = sqlite3_step(query->statement);
	return query->rc == SQLITE_ROW;
}

uint64_t query_number(const struct query *query, int column)
{
	return (uint64_t)sqlite3_column_int64(query->statement, column);
}

const char *query_string(const struct query *query, int column)
{
	const unsigned char *text = sqlite3_column_text(query->statement, column);

	return text != NULL ? (const char *)text : "";
}

bool query_is_hash(const struct query *query, int column, const uint8_t hash[static HASH_SIZE])
{
	const void *blob = sqlite3_column_blob(query->statement, column);

	return sqlite3_column_bytes(query->statement, column) == HASH_SIZE &&
	    memcmp(blob, hash, HASH_SIZE) == 0;
}

enum err query_end(struct query *query, struct fault *fault)
{
	sqlite3_finalize(query->statement); /* repeats the failure of the last step, which rc has */
	if (query->rc == SQLITE_ROW || query->rc == SQLITE_DONE)
		return ERR_OK;
	return refuse(query->ledger, query->rc, fault);
}

enum err query_run(struct query *query, struct fault *fault)
{
	query_row(query);
	return query_end(query, fault);
}

enum err query_value(struct query *query, uint64_t *value, struct fault *fault)
{
	if (query_row(query))
		*value = query_number(query, 0);
	return query_end(query, fault);
}

enum err ledger_begin(struct ledger *ledger, struct fault *fault)
{
	return ledger_run(ledger, "BEGIN IMMEDIATE", fault);
}

enum err ledger_finish(struct ledger *ledger, enum err err, struct fault *fault)
{
	if (err == ERR_OK)
		err = ledger_run(ledger, "COMMIT", fault);
	/* fails only where SQLite has undone it already */
	if (err != ERR_OK)
		sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static enum err connect(struct ledger *ledger, struct fault *fault)
{
	struct stat status;
	int rc;

	/* Not by opening it: closing would release the locks another connection of this process has. */
	if (lstat(ledger->path, &status) != 0 || !S_ISREG(status.st_mode))
		return fault_set(fault, ERR_CANNOT, "ledger-open", ledger->path,
		    "there is no ledger; \"gapseal keygen office\" makes one with an office");
	rc = sqlite3_open_v2(ledger->path, &ledger->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);
	return rc == SQLITE_OK ? ledger_run(ledger, settings, fault) : refuse(ledger, rc, fault);
}

enum err ledger_connect(struct ledger **out, const char *path, struct fault *fault)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	enum err err;

	*out = NULL;
	if (ledger == NULL)
		return fault_memory(fault);
	if (text_copy(ledger->path, sizeof ledger->path, bytes_of(path)))
		err = connect(ledger, fault);
	else
		err = fault_set(fault, ERR_CANNOT, "ledger-open", path, "the name of the ledger is too long");
	if (err != ERR_OK)
		ledger_free(&ledger);
	*out = ledger;
	return err;
}

void ledger_free(struct ledger **ledger)
{
	if (*ledger == NULL)
		return;
	sqlite3_close((*ledger)->db); /* cannot fail: no statement and no blob outlives its function */
	free(*ledger);
	*ledger = NULL;
}

const char *ledger_path(const struct ledger *ledger)
{
	return ledger->path;
}

enum err ledger_refuse_form(const struct ledger *ledger, struct fault *fault)
{
	return refuse(ledger, SQLITE_NOTADB, fault);
}

static int open_blob(sqlite3_blob **out, struct ledger *ledger, uint64_t row, int write)
{
	return sqlite3_blob_open(ledger->db, "main", "batches", "imeis", (sqlite3_int64)row, write, out);
}

enum err ledger_put_imeis(struct ledger *ledger, uint64_t row, const uint64_t *imeis, size_t count,
    struct fault *fault)
{
	uint8_t piece[8 * PIECE];
	sqlite3_blob *blob;
	int rc = open_blob(&blob, ledger, row, 1);

	for (size_t at = 0; rc == SQLITE_OK && at < count; at += PIECE) {
		size_t some = count - at < PIECE ? count - at : PIECE;

		for (size_t i = 0; i < some; i++)
			put_u64(piece + 8 * i, imeis[at + i]);
		rc = sqlite3_blob_write(blob, piece, (int)(8 * some), (int)(8 * at));
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_blob_close(blob);
	else
		sqlite3_blob_close(blob); /* repeats the failure */
	return rc == SQLITE_OK ? ERR_OK : refuse(ledger, rc, fault);
}

/* Walks on in others as far as the piece reaches, and counts what stands in both. */
static size_t count_piece(struct bytes piece, const uint64_t **others, const uint64_t *end)
{
	struct cursor cursor = cursor_of(piece);
	size_t common = 0;
	uint64_t imei;

	while (take_u64(&cursor, &imei)) {
		while (*others < end && **others < imei)
			++*others;
		common += *others < end && **others == imei;
	}
	return common;
}

enum err ledger_count_imeis(uint64_t *common, struct ledger *ledger, uint64_t row, const uint64_t *imeis,
    size_t count, struct fault *fault)
{
	const uint64_t *end = imeis + count;
	uint8_t piece[8 * PIECE];
	sqlite3_blob *blob;
	int rc = open_blob(&blob, ledger, row, 0), size = sqlite3_blob_bytes(blob);

	*common = 0;
	for (int at = 0, some; rc == SQLITE_OK && at < size; at += some) {
		some = size - at < (int)sizeof piece ? size - at : (int)sizeof piece;
		rc = sqlite3_blob_read(blob, piece, some, at);
		if (rc == SQLITE_OK)
			*common += count_piece(bytes_from(piece, (size_t)some), &imeis, end);
	}
	sqlite3_blob_close(blob); /* was only read */
	return rc == SQLITE_OK ? ERR_OK : refuse(ledger, rc, fault);
}
