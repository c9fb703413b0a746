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

void query_blob(struct query *query, struct bytes blob)
{
	if (query->rc == SQLITE_OK)
		query->rc = sqlite3_bind_blob64(query->statement, ++query->bound,
		    blob.size > 0 ? (const void *)blob.data : "", blob.size, SQLITE_STATIC);
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

struct bytes query_bytes(const struct query *query, int column)
{
	const void *blob = sqlite3_column_blob(query->statement, column);

	return bytes_from(blob, (size_t)sqlite3_column_bytes(query->statement, column));
}

bool query_is_hash(const struct query *query, int column, const uint8_t hash[static HASH_SIZE])
{
	return bytes_equal(query_bytes(query, column), bytes_from(hash, HASH_SIZE));
}

enum err query_end(struct query *query, struct fault *fault)
{
	sqlite3_finalize(query->statement); /* repeats the failure of the last step, which rc has */
	if (query->rc == SQLITE_ROW || query->rc == SQLITE_DONE)
		return ERR_OK;
	return refuse(query->ledger, query->rc, fault);
}

enum err query_close(struct query *query, enum err err, struct fault *fault)
{
	enum err end = query_end(query, fault);

	return end != ERR_OK ? end : err;
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
		    "the office has no ledger: put its last backup there; a new one would not know what was "
		    "made");
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

/* The two blobs of a row, walked side by side. */
struct blobs {
	sqlite3_blob *imeis, *indices;
	int count;                   /* devices they hold */
	int rc;
	uint8_t imei_piece[8 * PIECE], index_piece[4 * PIECE];
};

static void open_blobs(struct blobs *out, struct ledger *ledger, uint64_t row, int write)
{
	sqlite3_int64 id = (sqlite3_int64)row;

	out->imeis = out->indices = NULL;
	out->rc = sqlite3_blob_open(ledger->db, "main", "batches", "imeis", id, write, &out->imeis);
	if (out->rc == SQLITE_OK)
		out->rc = sqlite3_blob_open(ledger->db, "main", "batches", "indices", id, write,
		    &out->indices);
	out->count = out->rc == SQLITE_OK ? sqlite3_blob_bytes(out->imeis) / 8 : 0;
	if (out->rc == SQLITE_OK && (sqlite3_blob_bytes(out->imeis) != 8 * out->count ||
	    sqlite3_blob_bytes(out->indices) != 4 * out->count))
		out->rc = SQLITE_CORRUPT;
}

static enum err close_blobs(struct blobs *blobs, const struct ledger *ledger, struct fault *fault)
{
	int first = sqlite3_blob_close(blobs->imeis), second = sqlite3_blob_close(blobs->indices);

	if (blobs->rc == SQLITE_OK)
		blobs->rc = first != SQLITE_OK ? first : second;
	return blobs->rc == SQLITE_OK ? ERR_OK : refuse(ledger, blobs->rc, fault);
}

/* One blob after the other: a write to one makes SQLite forget where the pages of the other lie, and find
 * each again from its first. */
enum err ledger_put_devices(struct ledger *ledger, uint64_t row, const uint64_t *imeis,
    const uint32_t *indices, size_t count, struct fault *fault)
{
	struct blobs blobs;

	open_blobs(&blobs, ledger, row, 1);
	for (size_t at = 0, some; blobs.rc == SQLITE_OK && at < count; at += some) {
		some = count - at < PIECE ? count - at : PIECE;
		for (size_t i = 0; i < some; i++)
			put_u64(blobs.imei_piece + 8 * i, imeis[at + i]);
		blobs.rc = sqlite3_blob_write(blobs.imeis, blobs.imei_piece, (int)(8 * some), (int)(8 * at));
	}
	for (size_t at = 0, some; blobs.rc == SQLITE_OK && at < count; at += some) {
		some = count - at < PIECE ? count - at : PIECE;
		for (size_t i = 0; i < some; i++)
			put_u32(blobs.index_piece + 4 * i, indices[at + i]);
		blobs.rc = sqlite3_blob_write(blobs.indices, blobs.index_piece, (int)(4 * some),
		    (int)(4 * at));
	}
	return close_blobs(&blobs, ledger, fault);
}

static int read_piece(struct blobs *blobs, int at, int some)
{
	int rc = sqlite3_blob_read(blobs->imeis, blobs->imei_piece, 8 * some, 8 * at);

	return rc == SQLITE_OK ? sqlite3_blob_read(blobs->indices, blobs->index_piece, 4 * some, 4 * at) : rc;
}

enum err ledger_devices(struct ledger *ledger, uint64_t row, device_visit *visit, void *context,
    struct fault *fault)
{
	enum err err = ERR_OK, end;
	struct blobs blobs;
	struct fault ending;

	open_blobs(&blobs, ledger, row, 0);
	for (int at = 0, some; blobs.rc == SQLITE_OK && err == ERR_OK && at < blobs.count; at += some) {
		struct cursor imeis, indices;
		uint64_t imei;
		uint32_t index;

		some = blobs.count - at < PIECE ? blobs.count - at : PIECE;
		blobs.rc = read_piece(&blobs, at, some);
		imeis = cursor_of(bytes_from(blobs.imei_piece, 8 * (size_t)some));
		indices = cursor_of(bytes_from(blobs.index_piece, 4 * (size_t)some));
		while (blobs.rc == SQLITE_OK && err == ERR_OK && take_u64(&imeis, &imei) &&
		    take_u32(&indices, &index))
			err = visit(context, imei, index, fault);
	}
	end = close_blobs(&blobs, ledger, &ending);
	if (err == ERR_OK && end != ERR_OK) {
		*fault = ending;
		err = end;
	}
	return err;
}

enum err ledger_read_devices(struct ledger *ledger, uint64_t row, uint64_t at, uint64_t *imeis,
    uint32_t *indices, size_t some, struct fault *fault)
{
	struct blobs blobs;

	open_blobs(&blobs, ledger, row, 0);
	for (size_t done = 0, piece; blobs.rc == SQLITE_OK && done < some; done += piece) {
		struct cursor from, of;

		piece = some - done < PIECE ? some - done : PIECE;
		blobs.rc = read_piece(&blobs, (int)(at + done), (int)piece);
		from = cursor_of(bytes_from(blobs.imei_piece, 8 * piece));
		of = cursor_of(bytes_from(blobs.index_piece, 4 * piece));
		for (size_t i = done; blobs.rc == SQLITE_OK && i < done + piece; i++) {
			take_u64(&from, &imeis[i]);
			take_u32(&of, &indices[i]);
		}
	}
	return close_blobs(&blobs, ledger, fault);
}

enum err ledger_copy(struct ledger *ledger, const char *to, struct fault *fault)
{
	sqlite3_backup *backup = NULL;
	sqlite3 *other;
	int rc = sqlite3_open_v2(to, &other, SQLITE_OPEN_READWRITE, NULL), last = SQLITE_OK;

	if (rc == SQLITE_OK)
		backup = sqlite3_backup_init(other, "main", ledger->db, "main");
	if (rc == SQLITE_OK && backup == NULL)
		rc = sqlite3_extended_errcode(other);
	if (backup != NULL) {
		rc = sqlite3_backup_step(backup, -1);
		last = sqlite3_backup_finish(backup);
	}
	sqlite3_close(other); /* no statement and no blob is open */
	if (rc == SQLITE_DONE && last == SQLITE_OK)
		return ERR_OK;
	return refuse(ledger, rc != SQLITE_DONE ? rc : last, fault);
}
