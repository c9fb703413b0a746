/* SPDX-License-Identifier: ISC */
#ifndef LEDGER_PRIVATE_H
#define LEDGER_PRIVATE_H

#include "gapseal/ledger.h"

/* What the parts of the ledger share: SQLite itself stays behind this. */

#define LEDGER_PATH_MAX 512

/* Opens what lies at a path, whatever it is. */
enum err ledger_connect(struct ledger **out, const char *path, struct fault *fault);
const char *ledger_path(const struct ledger *ledger);
/* Statements without values and without rows. */
enum err ledger_run(struct ledger *ledger, const char *sql, struct fault *fault);
/* One change: finish commits if all went well so far and undoes everything otherwise. */
enum err ledger_begin(struct ledger *ledger, struct fault *fault);
enum err ledger_finish(struct ledger *ledger, enum err err, struct fault *fault);
/* The fault of a file that is no ledger. */
enum err ledger_refuse_form(const struct ledger *ledger, struct fault *fault);

/* A statement in hand, its values given in the order of its question marks; they must outlive it. Its first
 * failure is kept and what follows does nothing, so that only the end needs looking at. */
struct sqlite3_stmt;
struct query {
	struct ledger *ledger;
	struct sqlite3_stmt *statement;
	int rc;
	int bound;
};
struct query query_begin(struct ledger *ledger, const char *sql);
void query_integer(struct query *query, uint64_t value);
void query_text(struct query *query, const char *text);
void query_hash(struct query *query, const uint8_t hash[static HASH_SIZE]);
void query_blob(struct query *query, struct bytes blob);
void query_room(struct query *query, uint64_t size); /* a blob to be filled in place */
bool query_row(struct query *query);                 /* whether there is another row */
uint64_t query_number(const struct query *query, int column);
const char *query_string(const struct query *query, int column);  /* until the next row; never NULL */
struct bytes query_bytes(const struct query *query, int column);  /* until the next row */
bool query_is_hash(const struct query *query, int column, const uint8_t hash[static HASH_SIZE]);
enum err query_end(struct query *query, struct fault *fault);
/* The same after what was done with the rows, which counts only if all of them could be read. */
enum err query_close(struct query *query, enum err err, struct fault *fault);
/* Steps once and ends: a statement without rows; the first value of a row, or nothing changed. */
enum err query_run(struct query *query, struct fault *fault);
enum err query_value(struct query *query, uint64_t *value, struct fault *fault);

/* The devices of a batch in a row's blobs: IMEIs, ascending, 8 bytes each, and the index in the batch of
 * each, 4 bytes. Filling them; and visiting, in that order, those that are in a list too, also ascending. */
enum err ledger_put_devices(struct ledger *ledger, uint64_t row, const uint64_t *imeis,
    const uint32_t *indices, size_t count, struct fault *fault);
typedef enum err device_visit(void *context, uint64_t imei, uint32_t index, struct fault *fault);
enum err ledger_common(struct ledger *ledger, uint64_t row, const uint64_t *imeis, size_t count,
    device_visit *visit, void *context, struct fault *fault);
/* Reads some devices of a row from a place in that order on. */
enum err ledger_read_devices(struct ledger *ledger, uint64_t row, uint64_t at, uint64_t *imeis,
    uint32_t *indices, size_t some, struct fault *fault);
/* Visits all of them. */
enum err ledger_devices(struct ledger *ledger, uint64_t row, device_visit *visit, void *context,
    struct fault *fault);

/* Which devices of a batch are free again, by what earlier batches supersede and, if not NULL, this one. */
struct freed {
	uint8_t *bits;               /* one an index */
	uint64_t count;              /* of the batch's devices */
	bool all;
};
enum err freed_read(struct freed *out, struct ledger *ledger, struct bytes manifest, uint64_t count,
    const struct manifest_fields *by, struct fault *fault);
bool freed_has(const struct freed *freed, uint64_t index);
void freed_free(struct freed *freed);
enum err ledger_put_supersedes(struct ledger *ledger, const struct manifest_fields *manifest,
    struct fault *fault);

/* The certificates of a batch, and those of one of its devices, in hex with something between. */
enum err ledger_put_certificates(struct ledger *ledger, const char *batch, struct bytes certificates,
    struct fault *fault);
enum err ledger_certificates(struct buffer *out, struct ledger *ledger, const char *batch, uint32_t index,
    const char *between, struct fault *fault);
/* Whether every serial stands once in its batch, and of a device that is there. */
enum err ledger_check_certificates(struct ledger *ledger, struct fault *fault);
/* The lots of a batch. */
enum err ledger_put_lots(struct ledger *ledger, const struct manifest_fields *manifest, struct fault *fault);

/* The slots a batch touches as "tag/type" with spaces between: the ledger's spelling. What it only expects to
 * be there does not count. And whether two such texts have a slot in common. */
#define SLOTS_TEXT_MAX (SLOTS_MAX * 24)
void slots_write(char out[static SLOTS_TEXT_MAX], const struct manifest_fields *manifest);
bool slots_meet(const char *a, const char *b);

/* The fault of a ledger that does not hold together; which is shown if it is a name or number. */
enum err ledger_broken(const struct ledger *ledger, const char *what, const char *which, struct fault *fault);
/* Whether no slot of a device stands in two batches unless the later one was made when the earlier one was
 * superseded there. The lists of all batches were checked before. They are merged a piece of each at a time,
 * so the time goes with the number of devices; memory goes with that of batches, and of devices only of those
 * batches that are superseded in part. */
enum err ledger_check_twice(struct ledger *ledger, struct fault *fault);

/* Opens a ledger wherever it is and looks at its form. */
enum err ledger_open_file(struct ledger **out, const char *path, struct fault *fault);
/* Copies all of the ledger into the empty file. */
enum err ledger_copy(struct ledger *ledger, const char *to, struct fault *fault);

/* Of a row of numbers: whether no batch has it. */
#define ABANDONED "NOT EXISTS (SELECT 1 FROM batches WHERE purpose = 0" \
    " AND batches.series = numbers.series AND batches.seq = numbers.seq)"
/* The number of a production batch: its own, or a new one past all. */
enum err ledger_claim_number(struct ledger *ledger, const struct manifest_fields *manifest,
    struct fault *fault);

#endif
