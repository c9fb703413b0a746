/* SPDX-License-Identifier: ISC */
#include "ledger_private.h"

static enum err put_one(struct ledger *ledger, const char *batch, const struct manifest_lot *lot,
    struct fault *fault)
{
	struct query query = query_begin(ledger, "INSERT INTO lots (batch, first, count, name)"
	    " VALUES (?, ?, ?, ?)");

	query_text(&query, batch);
	query_integer(&query, lot->first);
	query_integer(&query, lot->count);
	query_text(&query, lot->name);
	return query_run(&query, fault);
}

enum err ledger_put_lots(struct ledger *ledger, const struct manifest_fields *manifest, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < manifest->lots.count && err == ERR_OK; i++)
		err = put_one(ledger, manifest->batch, manifest_lot(manifest, i), fault);
	return err;
}
