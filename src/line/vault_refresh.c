/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdlib.h>
#include <string.h>

#include "gapseal/json.h"

/* What a refresh replaces. */
struct documents {
	struct chain *chain;
	struct vault_batch *batches;
	size_t count;
};

enum err vault_catch_up(struct vault *vault, bool *stale, struct fault *fault)
{
	enum err err = logbook_lock(vault->logbook, fault);

	if (err != ERR_OK) {
		vault->broken = true;
		return err;
	}
	logbook_unlock(vault->logbook);
	*stale = vault->stale;
	return ERR_OK;
}

static enum err make_room(struct vault *vault, struct fault *fault)
{
	for (unsigned i = 0; i < vault->settings.ports; i++) {
		size_t *hits = reallocarray(vault->ports[i].hits, reader_batches(vault->reader) + 1,
		    sizeof *hits);

		if (hits == NULL)
			return fault_memory(fault);
		vault->ports[i].hits = hits;
	}
	return vault_add_batches(vault, fault);
}

static enum err load_anew(struct vault *vault, struct fault *fault)
{
	enum err err = make_room(vault, fault);

	if (err == ERR_OK)
		err = vault_load_chain(vault, fault);
	return err == ERR_OK ? vault_load_batches(vault, fault) : err;
}

/* Is the batch in the hand of a port, or among those it will come to? */
static bool uses(const struct vault_port *port, size_t batch)
{
	if (port->stage == STAGE_IDLE)
		return false;
	if (port->asked.batch == batch || (port->found && port->batch == batch))
		return true;
	for (size_t i = port->hit; i < port->hit_count; i++)
		if (port->hits[i] == batch)
			return true;
	return false;
}

static bool in_use(const struct vault *vault, size_t batch)
{
	for (unsigned i = 0; i < vault->settings.ports; i++)
		if (uses(&vault->ports[i], batch))
			return true;
	return false;
}

/* A batch that no longer verifies, as it was, but for further devices. */
static void keep_batch(struct vault *vault, struct vault_batch *now, struct vault_batch *before)
{
	const size_t lots = manifest_get(before->manifest)->lots.count;

	*now = *before;
	*before = (struct vault_batch){0};
	for (size_t i = 0; i < lots; i++)
		now->lots[i].live = false;
	now->record_count = 0;
	vault->stale = true;
}

/* A lot or record that was closed or lost its grant needs nothing here: a port has the root of the record in
 * its hand. */
static void keep_what_is_in_hand(struct vault *vault, struct vault_batch *before, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (vault->batches[i].manifest == NULL && before[i].manifest != NULL && in_use(vault, i))
			keep_batch(vault, &vault->batches[i], &before[i]);
		else
			vault_records_remember(&vault->batches[i], &before[i]);
	}
}

enum err vault_refresh(struct vault *vault, struct fault *fault)
{
	struct documents before = {vault->chain, vault->batches, vault->batch_count};
	enum err err;

	vault->chain = NULL;
	vault->batches = NULL;
	vault->batch_count = 0;
	err = load_anew(vault, fault);
	if (err == ERR_OK) {
		vault->stale = false;
		keep_what_is_in_hand(vault, before.batches, before.count);
	} else {
		struct documents failed = {vault->chain, vault->batches, vault->batch_count};

		vault->chain = before.chain;
		vault->batches = before.batches;
		vault->batch_count = before.count;
		before = failed;
	}
	vault_batches_free(before.batches, before.count);
	chain_free(&before.chain);
	return err;
}
