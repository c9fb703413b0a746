/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "ingest_private.h"

#define SUMS_MAX ((size_t)128 << 10) /* RECORDS_FILES_MAX lines and one */
#define PATH_SIZE 384                /* of a home and what is in it */
#define NAMES_MAX 65536
#define HELD_MAX 4096                /* batches and extracts of a home */

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

/* One batch, or one record of it, on its way into the home. */
struct copying {
	struct ingest *ingest;
	int medium;
	const char *where;
	const struct document *document;
	const struct manifest *manifest;
	struct extract *extract;       /* as the medium has it; NULL: the whole batch */
	struct extract *copy;          /* as it arrived */
	char name[EXTRACT_FOLDER_SIZE]; /* of its folder in the home */
};

static const struct manifest_fields *fields_of(const struct copying *copying)
{
	return manifest_get(copying->manifest);
}

#define NAMED_SIZE (NAME_SIZE + 16)

static void print_name(char out[static NAMED_SIZE], const struct manifest_fields *fields)
{
	snprintf(out, NAMED_SIZE, "%s%s", fields->batch,
	    fields->purpose == PURPOSE_REHEARSAL ? " (REHEARSAL)" : "");
}

static void say_taken(const struct copying *copying, const char *what)
{
	const struct manifest_fields *fields = fields_of(copying);
	char name[NAMED_SIZE];

	print_name(name, fields);
	if (copying->extract != NULL)
		ingest_say(copying->ingest, "batch %s: record %" PRIu64 " %s, one of %" PRIu64 " devices",
		    name, copying->extract->index, what, fields->count);
	else
		ingest_say(copying->ingest, "batch %s: %s, %" PRIu64 " devices", name, what, fields->count);
}

static void say_added(const struct copying *copying, size_t added)
{
	char name[NAMED_SIZE];

	print_name(name, fields_of(copying));
	ingest_say_added(copying->ingest, "batch", name, added);
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

static enum err fill_batch(const struct copying *copying, int draft, struct fault *fault)
{
	const struct manifest_fields *fields = fields_of(copying);
	enum err err = copy_records(draft, copying->medium, fields, copying->where, fault);

	if (err == ERR_OK)
		err = ingest_copy_small(copying->medium, draft, SUMS_NAME, SUMS_MAX, fault);
	if (err == ERR_OK)
		err = sums_verify(draft, fields, manifest_hash(copying->manifest), copying->where, fault);
	if (err == ERR_OK)
		err = ingest_tree(draft, fields, copying->where, fault);
	return err;
}

static enum err check_extract(const struct copying *copying, int folder, const char *where,
    struct fault *fault)
{
	enum err err = extract_open(copying->copy, folder, fields_of(copying),
	    manifest_hash(copying->manifest), where, fault);

	if (err == ERR_OK && copying->copy->index != copying->extract->index)
		err = fault_set(fault, ERR_NO, "proof-index", where, "this is record %" PRIu64 ", not %"
		    PRIu64, copying->copy->index, copying->extract->index);
	return err;
}

static enum err fill_extract(const struct copying *copying, int draft, struct fault *fault)
{
	static const char *const names[] = {PROOF_NAME, EXTRACT_RECORD_NAME, SUMS_NAME};
	enum err err = ERR_OK;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && err == ERR_OK; i++)
		err = ingest_copy_small(copying->medium, draft, names[i], SUMS_MAX, fault);
	return err == ERR_OK ? check_extract(copying, draft, copying->where, fault) : err;
}

/* The draft is verified as it is here; what the medium says of itself counts no more. */
static enum err fill(const struct copying *copying, int draft, struct fault *fault)
{
	enum err err = document_copy(draft, MANIFEST_NAME, copying->document, fault);

	if (err != ERR_OK)
		return err;
	return copying->extract != NULL ? fill_extract(copying, draft, fault)
	    : fill_batch(copying, draft, fault);
}

/* Whether a folder of the home holds something of the batch: all of it, or a record. */
static bool is_of_batch(const char *name, const char *batch)
{
	char of[NAME_SIZE];
	uint64_t index;

	return strcmp(name, batch) == 0 || (extract_folder_parse(of, &index, name) && strcmp(of, batch) == 0);
}

/* Every folder of the batch, for whichever of them the reader knows it by. */
static enum err add_signatures(const struct copying *copying, size_t *added, struct fault *fault)
{
	const int batches = copying->ingest->batches;
	char **names;
	enum err err;

	err = folder_list(&names, batches, NAMES_MAX, HOME_BATCHES, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++)
		if (is_of_batch(*name, fields_of(copying)->batch))
			err = ingest_add_signatures(added, batches, *name, MANIFEST_NAME, copying->document,
			    fault);
	free(names);
	return err;
}

static enum err take(const struct copying *copying, struct fault *fault)
{
	struct ingest *ingest = copying->ingest;
	struct folder_draft draft;
	char path[PATH_SIZE];
	size_t added = 0;
	enum err err;

	snprintf(path, sizeof path, "%s/" HOME_BATCHES "/%s", ingest->home->path, copying->name);
	err = folder_begin(&draft, path, fault);
	if (err != ERR_OK)
		return err;
	err = fill(copying, draft.folder, fault);
	if (err == ERR_OK)
		err = folder_commit(&draft, fault);
	else
		folder_abandon(&draft);
	if (err == ERR_OK)
		err = add_signatures(copying, &added, fault);
	if (err == ERR_OK)
		err = ingest_log_accepted(ingest, copying->manifest, NULL, fault);
	if (err != ERR_OK)
		return err;
	ingest->report->taken++;
	say_taken(copying, "taken");
	if (added > 0)
		say_added(copying, added);
	return ERR_OK;
}

static enum err load_held(struct document *out, const struct copying *copying, const char *name,
    struct fault *fault)
{
	char place[PATH_SIZE];
	int folder;
	enum err err;

	snprintf(place, sizeof place, HOME_BATCHES "/%s", name);
	err = folder_open(&folder, copying->ingest->batches, name, fault);
	if (err != ERR_OK)
		return err;
	err = document_load_in(out, folder, place, MANIFEST_NAME, fault);
	close(folder);
	return err;
}

static enum err approve(const struct document *document, const struct trust *newest, struct fault *fault)
{
	struct manifest *manifest;
	enum err err = manifest_open(&manifest, document, newest, newest, fault);

	manifest_free(&manifest);
	return err;
}

static enum err compare_held(const struct copying *copying, const char *name, struct fault *fault)
{
	struct document held;
	enum err err;

	err = load_held(&held, copying, name, fault);
	if (err != ERR_OK)
		return err;
	if (memcmp(held.hash, manifest_hash(copying->manifest), HASH_SIZE) != 0)
		err = fault_set(fault, ERR_NO, "batch-differs", copying->where,
		    "another batch named %s is held here: an id is never used twice",
		    fields_of(copying)->batch);
	else
		err = ingest_check_added(copying->ingest, &held, copying->document, approve, fault);
	document_free(&held);
	return err;
}

/* Whoever has a batch can cut any number of extracts from it: they must not fill the home until nothing that
 * looks through it finds its end. */
static enum err check_room(const struct copying *copying, size_t count, struct fault *fault)
{
	if (count < HELD_MAX || file_exists(copying->ingest->batches, copying->name))
		return ERR_OK;
	return fault_set(fault, ERR_NO, "home-full", copying->where,
	    "this station holds %zu batches and extracts: move old ones away", count);
}

static enum err compare_all(const struct copying *copying, struct fault *fault)
{
	size_t count = 0;
	char **names;
	enum err err;

	err = folder_list(&names, copying->ingest->batches, NAMES_MAX, HOME_BATCHES, fault);
	if (err != ERR_OK)
		return err;
	for (char **name = names; *name != NULL && err == ERR_OK; name++, count++)
		if (is_of_batch(*name, fields_of(copying)->batch))
			err = compare_held(copying, *name, fault);
	free(names);
	return err == ERR_OK ? check_room(copying, count, fault) : err;
}

/* The copy here is verified again, and the tree of a batch made again. A copy that does not verify is no
 * fault of the medium's. */
static enum err verify_held(bool *intact, const struct copying *copying, struct fault *fault)
{
	int folder;
	enum err err;

	err = folder_open(&folder, copying->ingest->batches, copying->name, fault);
	if (err != ERR_OK)
		return err;
	err = copying->extract != NULL ? check_extract(copying, folder, copying->name, fault)
	    : ingest_tree(folder, fields_of(copying), copying->name, fault);
	close(folder);
	*intact = err == ERR_OK;
	if (err != ERR_NO)
		return err;
	ingest_say(copying->ingest, "batch %s: the copy held here is damaged and taken anew: %s: %s",
	    copying->name, fault->where, fault->text);
	return ERR_OK;
}

static enum err is_unlogged(bool *unlogged, const struct copying *copying, struct fault *fault)
{
	uint64_t version = progress_accepted(copying->ingest->accepted, manifest_hash(copying->manifest), 0);
	struct document held;
	enum err err = load_held(&held, copying, copying->name, fault);

	if (err != ERR_OK)
		return err;
	*unlogged = ingest_is_unlogged(copying->ingest, &held, version, approve);
	document_free(&held);
	return ERR_OK;
}

static enum err keep(const struct copying *copying, struct fault *fault)
{
	struct ingest *ingest = copying->ingest;
	bool unlogged = false;
	size_t added = 0;
	enum err err = add_signatures(copying, &added, fault);

	if (err == ERR_OK)
		err = is_unlogged(&unlogged, copying, fault);
	if (err == ERR_OK && (added > 0 || unlogged))
		err = ingest_log_accepted(ingest, copying->manifest, NULL, fault);
	if (err != ERR_OK)
		return err;
	*(added > 0 ? &ingest->report->taken : &ingest->report->held) += 1;
	if (added > 0)
		say_added(copying, added);
	else
		say_taken(copying, "held already");
	return ERR_OK;
}

/* The damaged copy steps aside, and comes back if there is nothing better. */
static enum err take_anew(const struct copying *copying, struct fault *fault)
{
	const struct ingest *ingest = copying->ingest;
	const char *name = copying->name;
	struct fault unused;
	enum err err;
	char *aside;

	err = ingest_set_aside(&aside, ingest->batches, name, fault);
	if (err != ERR_OK)
		return err;
	err = take(copying, fault);
	if (err != ERR_OK && !file_exists(ingest->batches, name) &&
	    folder_rename(ingest->batches, aside, name, name, &unused) != ERR_OK)
		ingest_say(ingest, "batch %s: the damaged copy could not be put back: %s", name, unused.text);
	free(aside);
	return err;
}

static enum err take_or_keep(const struct copying *copying, struct fault *fault)
{
	bool intact;
	enum err err = compare_all(copying, fault);

	if (err != ERR_OK)
		return err;
	if (!file_exists(copying->ingest->batches, copying->name))
		return take(copying, fault);
	err = verify_held(&intact, copying, fault);
	if (err != ERR_OK)
		return err;
	return intact ? keep(copying, fault) : take_anew(copying, fault);
}

static enum err take_extract(struct copying *copying, struct fault *fault)
{
	struct extract *both = calloc(2, sizeof *both);
	enum err err;

	if (both == NULL)
		return fault_memory(fault);
	copying->extract = &both[0];
	copying->copy = &both[1];
	err = extract_open(copying->extract, copying->medium, fields_of(copying),
	    manifest_hash(copying->manifest), copying->where, fault);
	extract_folder_name(copying->name, fields_of(copying)->batch, copying->extract->index);
	if (err == ERR_OK)
		err = take_or_keep(copying, fault);
	free(both);
	return err;
}

static enum err take_batch(struct copying *copying, struct fault *fault)
{
	snprintf(copying->name, sizeof copying->name, "%s", fields_of(copying)->batch);
	return take_or_keep(copying, fault);
}

enum err ingest_take_batch(struct ingest *ingest, int medium, const char *where, struct fault *fault)
{
	const struct trust *trust = chain_newest(ingest->chain);
	struct copying copying = {.ingest = ingest, .medium = medium, .where = where};
	struct manifest *manifest;
	struct document document;
	enum err err;

	err = ingest_load(&document, ingest, medium, MANIFEST_NAME, where, fault);
	if (err != ERR_OK)
		return err;
	err = manifest_open(&manifest, &document, trust, trust, fault);
	if (err == ERR_OK) {
		copying.document = &document;
		copying.manifest = manifest;
		err = extract_is(medium) ? take_extract(&copying, fault) : take_batch(&copying, fault);
		manifest_free(&manifest);
	}
	document_free(&document);
	return err;
}
