/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "ingest_private.h"

#define SUMS_MAX ((size_t)128 << 10) /* RECORDS_FILES_MAX lines and one */
#define PATH_SIZE 384                /* of a home and what is in it */

enum err ingest_load(struct document *out, const struct ingest *ingest, int medium, const char *name,
    const char *where, struct fault *fault)
{
	enum err err;

	err = ingest_demand_trust(ingest, where, fault);
	if (err == ERR_OK)
		err = document_load(out, medium, name, fault);
	if (err == ERR_OK)
		snprintf(out->where, sizeof out->where, "%s/%s", where, name);
	return err;
}

static void say_taken(const struct ingest *ingest, const struct manifest_fields *fields, const char *what)
{
	ingest_say(ingest, "batch %s%s: %s, %" PRIu64 " devices", fields->batch,
	    fields->purpose == PURPOSE_REHEARSAL ? " (REHEARSAL)" : "", what, fields->count);
}

static enum err copy_records(int draft, int medium, const struct manifest_fields *fields, const char *where,
    struct fault *fault)
{
	const struct manifest_file *files = fields->files.items;
	enum err err = ERR_OK;

	for (unsigned i = 0; i < fields->files.count && err == ERR_OK; i++) {
		char name[RECORDS_NAME_SIZE];

		records_name(name, i);
		err = ingest_copy_file(medium, draft, name, files[i].bytes, where, fault);
	}
	return err;
}

/* The draft is verified as it is here; what the medium says of itself counts no more. */
static enum err fill(int draft, int medium, const struct document *document, const struct manifest *manifest,
    const char *where, struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(manifest);
	enum err err;

	err = document_copy(draft, MANIFEST_NAME, document, fault);
	if (err == ERR_OK)
		err = copy_records(draft, medium, fields, where, fault);
	if (err == ERR_OK)
		err = ingest_copy_small(medium, draft, SUMS_NAME, SUMS_MAX, fault);
	if (err == ERR_OK)
		err = sums_verify(draft, fields, manifest_hash(manifest), where, fault);
	if (err == ERR_OK)
		err = ingest_tree(draft, fields, where, fault);
	return err;
}

static enum err take(struct ingest *ingest, int medium, const struct document *document,
    const struct manifest *manifest, const char *where, struct fault *fault)
{
	struct folder_draft draft;
	char path[PATH_SIZE];
	enum err err;

	snprintf(path, sizeof path, "%s/" HOME_BATCHES "/%s", ingest->home->path,
	    manifest_get(manifest)->batch);
	err = folder_begin(&draft, path, fault);
	if (err != ERR_OK)
		return err;
	err = fill(draft.folder, medium, document, manifest, where, fault);
	if (err == ERR_OK)
		err = folder_commit(&draft, fault);
	else
		folder_abandon(&draft);
	if (err == ERR_OK)
		err = ingest_log_accepted(ingest, manifest, NULL, fault);
	if (err != ERR_OK)
		return err;
	ingest->report->taken++;
	say_taken(ingest, manifest_get(manifest), "taken");
	return ERR_OK;
}

static enum err compare_held(int folder, const struct manifest *manifest, const char *where,
    struct fault *fault)
{
	struct document held;
	enum err err;

	err = document_load(&held, folder, MANIFEST_NAME, fault);
	if (err != ERR_OK)
		return err;
	if (memcmp(held.hash, manifest_hash(manifest), HASH_SIZE) != 0)
		err = fault_set(fault, ERR_NO, "batch-differs", where,
		    "another batch named %s is held here: an id is never used twice",
		    manifest_get(manifest)->batch);
	document_free(&held);
	return err;
}

/* The copy here is verified again, and its tree made again. A copy that does not verify is no fault of the
 * medium's. */
static enum err verify_held(bool *intact, const struct ingest *ingest, int folder,
    const struct manifest_fields *fields, struct fault *fault)
{
	enum err err;

	err = ingest_tree(folder, fields, fields->batch, fault);
	*intact = err == ERR_OK;
	if (err != ERR_NO)
		return err;
	ingest_say(ingest, "batch %s: the copy held here is damaged and taken anew: %s: %s", fields->batch,
	    fault->where, fault->text);
	return ERR_OK;
}

static enum err check_held(bool *intact, const struct ingest *ingest, const struct manifest *manifest,
    const char *where, struct fault *fault)
{
	const struct manifest_fields *fields = manifest_get(manifest);
	enum err err;
	int folder;

	err = folder_open(&folder, ingest->batches, fields->batch, fault);
	if (err != ERR_OK)
		return err;
	err = compare_held(folder, manifest, where, fault);
	if (err == ERR_OK)
		err = verify_held(intact, ingest, folder, fields, fault);
	close(folder);
	return err;
}

static enum err keep(struct ingest *ingest, const struct manifest *manifest, struct fault *fault)
{
	enum err err = ERR_OK;

	/* an ingest that was interrupted before its entry */
	if (progress_accepted(ingest->accepted, manifest_hash(manifest), 0) == 0)
		err = ingest_log_accepted(ingest, manifest, NULL, fault);
	if (err != ERR_OK)
		return err;
	ingest->report->held++;
	say_taken(ingest, manifest_get(manifest), "held already");
	return ERR_OK;
}

/* The damaged copy steps aside, and comes back if there is nothing better. */
static enum err take_anew(struct ingest *ingest, int medium, const struct document *document,
    const struct manifest *manifest, const char *where, struct fault *fault)
{
	const char *id = manifest_get(manifest)->batch;
	struct fault unused;
	enum err err;
	char *aside;

	err = ingest_set_aside(&aside, ingest->batches, id, fault);
	if (err != ERR_OK)
		return err;
	err = take(ingest, medium, document, manifest, where, fault);
	if (err != ERR_OK && !file_exists(ingest->batches, id) &&
	    folder_rename(ingest->batches, aside, id, id, &unused) != ERR_OK)
		ingest_say(ingest, "batch %s: the damaged copy could not be put back: %s", id, unused.text);
	free(aside);
	return err;
}

static enum err take_or_keep(struct ingest *ingest, int medium, const struct document *document,
    const struct manifest *manifest, const char *where, struct fault *fault)
{
	bool intact;
	enum err err;

	if (!file_exists(ingest->batches, manifest_get(manifest)->batch))
		return take(ingest, medium, document, manifest, where, fault);
	err = check_held(&intact, ingest, manifest, where, fault);
	if (err != ERR_OK)
		return err;
	if (intact)
		return keep(ingest, manifest, fault);
	return take_anew(ingest, medium, document, manifest, where, fault);
}

enum err ingest_take_batch(struct ingest *ingest, int medium, const char *where, struct fault *fault)
{
	const struct trust *trust = chain_newest(ingest->chain);
	struct manifest *manifest;
	struct document document;
	enum err err;

	err = ingest_load(&document, ingest, medium, MANIFEST_NAME, where, fault);
	if (err != ERR_OK)
		return err;
	err = manifest_open(&manifest, &document, trust, trust, fault);
	if (err == ERR_OK) {
		err = take_or_keep(ingest, medium, &document, manifest, where, fault);
		manifest_free(&manifest);
	}
	document_free(&document);
	return err;
}
