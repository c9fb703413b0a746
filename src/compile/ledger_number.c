/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_private.h"

enum err ledger_next(uint64_t *seq, struct ledger *ledger, const char *series, struct fault *fault)
{
	struct query query = query_begin(ledger,
	    "SELECT coalesce(max(seq), 0) + 1 FROM numbers WHERE series = ?");

	query_text(&query, series);
	return query_value(&query, seq, fault);
}

static enum err put_number(struct ledger *ledger, const char *series, uint64_t seq, const char *batch,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "INSERT INTO numbers VALUES (?, ?, ?)");

	query_text(&query, series);
	query_integer(&query, seq);
	query_text(&query, batch);
	return query_run(&query, fault);
}

/* Numbers taken for what never became a batch. */
static enum err list_abandoned(struct list *out, struct ledger *ledger, const char *series,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT seq FROM numbers WHERE series = ? AND " ABANDONED
	    " ORDER BY seq");
	struct buffer items = BUFFER_EMPTY;
	enum err err;

	query_text(&query, series);
	while (query_row(&query)) {
		uint64_t seq = query_number(&query, 0);

		buffer_put(&items, bytes_from(&seq, sizeof seq));
	}
	err = query_end(&query, fault);
	if (err == ERR_OK)
		err = buffer_check(&items, fault);
	if (err == ERR_OK)
		*out = (struct list){items.data, items.size / sizeof(uint64_t)}; /* its memory is the list's now */
	else
		buffer_free(&items);
	return err;
}

static enum err take(uint64_t *seq, struct list *abandoned, struct ledger *ledger, const char *series,
    const char *batch, struct fault *fault)
{
	enum err err = list_abandoned(abandoned, ledger, series, fault);

	if (err == ERR_OK)
		err = ledger_next(seq, ledger, series, fault);
	return err == ERR_OK ? put_number(ledger, series, *seq, batch, fault) : err;
}

enum err ledger_take(uint64_t *seq, struct list *abandoned, struct ledger *ledger, const char *series,
    const char *batch, struct fault *fault)
{
	enum err err = ledger_begin(ledger, fault);

	*abandoned = (struct list){0};
	if (err == ERR_OK)
		err = ledger_finish(ledger, take(seq, abandoned, ledger, series, batch, fault), fault);
	if (err != ERR_OK) {
		free(abandoned->items);
		*abandoned = (struct list){0};
	}
	return err;
}

enum err ledger_give_back(struct ledger *ledger, const char *series, uint64_t seq, struct fault *fault)
{
	struct query query = query_begin(ledger, "DELETE FROM numbers WHERE series = ?1 AND seq = ?2"
	    " AND seq = (SELECT max(seq) FROM numbers WHERE series = ?1) AND NOT EXISTS"
	    " (SELECT 1 FROM batches WHERE purpose = 0 AND series = ?1 AND seq = ?2)");

	query_text(&query, series);
	query_integer(&query, seq);
	return query_run(&query, fault);
}

static enum err refuse_number(const struct ledger *ledger, const struct manifest_fields *manifest,
    struct fault *fault)
{
	return fault_set(fault, ERR_NO, "ledger-seq", ledger_path(ledger),
	    "number %" PRIu64 " of series %s was given to another batch meanwhile: compile again",
	    manifest->seq, manifest->series);
}

enum err ledger_claim_number(struct ledger *ledger, const struct manifest_fields *manifest,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "SELECT batch FROM numbers WHERE series = ? AND seq = ?");
	bool taken, own;
	uint64_t next = 0;
	enum err err;

	query_text(&query, manifest->series);
	query_integer(&query, manifest->seq);
	taken = query_row(&query);
	own = taken && strcmp(query_string(&query, 0), manifest->batch) == 0;
	err = query_end(&query, fault);
	if (err == ERR_OK)
		err = ledger_next(&next, ledger, manifest->series, fault);
	if (err != ERR_OK || own)
		return err;
	if (taken || manifest->seq != next)
		return refuse_number(ledger, manifest, fault);
	return put_number(ledger, manifest->series, manifest->seq, manifest->batch, fault);
}
