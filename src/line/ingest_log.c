/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ingest_private.h"

#define SAY_MAX (FAULT_WHERE_MAX + FAULT_TEXT_MAX + 64)

void ingest_say(const struct ingest *ingest, const char *format, ...)
{
	char line[SAY_MAX];
	va_list args;

	if (ingest->report->say == NULL)
		return;
	va_start(args, format);
	if (vsnprintf(line, sizeof line, format, args) < 0)
		line[0] = '\0';
	va_end(args);
	ingest->report->say(ingest->report->context, line);
}

/* What was accepted before, and the versions of trust the log has. */
static enum err visit(void *context, const struct entry *entry, struct fault *fault)
{
	struct ingest *ingest = context;

	if (entry->type == ENTRY_TRUST && entry->trust > ingest->trust_logged)
		ingest->trust_logged = entry->trust;
	if (entry->type != ENTRY_INGEST)
		return ERR_OK;
	return progress_entry(ingest->accepted, entry, fault);
}

enum err ingest_log_open(struct ingest *ingest, struct fault *fault)
{
	const struct log_position start = {0};
	enum err err;

	err = progress_new(&ingest->accepted, fault);
	if (err == ERR_OK)
		err = logbook_open(&ingest->logbook, ingest->home->folder, ingest->home->origin,
		    ingest->signer, &start, visit, ingest, fault);
	return err;
}

static enum err append(struct ingest *ingest, struct entry *entry, struct fault *fault)
{
	enum err err;

	err = logbook_lock(ingest->logbook, fault);
	if (err == ERR_OK) {
		err = logbook_append(ingest->logbook, entry, fault);
		if (err == ERR_OK)
			err = logbook_commit(ingest->logbook, fault);
		else
			logbook_unlock(ingest->logbook);
	}
	ingest->fatal = err != ERR_OK;
	return err;
}

enum err ingest_log_trust(struct ingest *ingest, const struct trust *trust, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_TRUST, .sha256.present = true};

	entry.trust = trust_get(trust)->version;
	memcpy(entry.sha256.hash, trust_hash(trust), HASH_SIZE);
	return append(ingest, &entry, fault);
}

enum err ingest_log_accepted(struct ingest *ingest, const struct manifest *manifest,
    const struct grant *grant, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_INGEST, .manifest.present = true, .sha256.present = true};

	memcpy(entry.batch, manifest_get(manifest)->batch, NAME_SIZE);
	memcpy(entry.manifest.hash, manifest_hash(manifest), HASH_SIZE);
	memcpy(entry.sha256.hash, grant == NULL ? manifest_hash(manifest) : grant_hash(grant), HASH_SIZE);
	entry.grant = grant == NULL ? 0 : grant_get(grant)->serial;
	entry.trust = trust_get(chain_newest(ingest->chain))->version;
	return append(ingest, &entry, fault);
}
