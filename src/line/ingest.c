/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/json.h"
#include "ingest_private.h"

#define INGEST_CLOSED ((struct ingest){.trust = -1, .batches = -1, .grants = -1})

static void close_folder(int *folder)
{
	if (*folder >= 0)
		close(*folder);
	*folder = -1;
}

static void ingest_end(struct ingest *ingest)
{
	logbook_close(&ingest->logbook);
	progress_free(&ingest->accepted);
	chain_free(&ingest->chain);
	signer_free(&ingest->signer);
	close_folder(&ingest->trust);
	close_folder(&ingest->batches); /* gives up the lock */
	close_folder(&ingest->grants);
}

static enum err open_folders(struct ingest *ingest, struct fault *fault)
{
	enum err err;

	err = folder_open(&ingest->trust, ingest->home->folder, HOME_TRUST, fault);
	if (err == ERR_OK)
		err = folder_open(&ingest->batches, ingest->home->folder, HOME_BATCHES, fault);
	if (err == ERR_OK)
		err = folder_open(&ingest->grants, ingest->home->folder, HOME_GRANTS, fault);
	if (err == ERR_OK)
		err = file_lock(ingest->batches, HOME_BATCHES, fault);
	if (err == ERR_OK)
		err = ingest_sweep(ingest->batches, HOME_BATCHES, fault);
	if (err == ERR_OK)
		err = ingest_sweep(ingest->grants, HOME_GRANTS, fault);
	return err;
}

/* A version that was stored but not logged: an ingest was interrupted in between. */
static enum err log_stored(struct ingest *ingest, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < chain_count(ingest->chain) && err == ERR_OK; i++) {
		const struct trust *trust = chain_at(ingest->chain, i);

		if (trust_get(trust)->version > ingest->trust_logged)
			err = ingest_log_trust(ingest, trust, fault);
	}
	return err;
}

static enum err ingest_begin(struct ingest *ingest, struct home *home, struct ingest_report *report,
    struct fault *fault)
{
	enum err err;

	*ingest = INGEST_CLOSED;
	ingest->home = home;
	ingest->report = report;
	err = open_folders(ingest, fault);
	if (err == ERR_OK)
		err = chain_new(&ingest->chain, fault);
	if (err == ERR_OK)
		err = chain_load(ingest->chain, ingest->trust, HOME_TRUST, fault);
	if (err == ERR_OK)
		err = home_signer(&ingest->signer, home, fault);
	if (err == ERR_OK)
		err = ingest_log_open(ingest, fault);
	if (err == ERR_OK)
		err = log_stored(ingest, fault);
	return err;
}

static enum err check_pin(const struct ingest *ingest, const struct document *document, const char *pin,
    bool prefix_allowed, struct fault *fault)
{
	if (pin != NULL)
		return fingerprint_check(document->hash, pin, prefix_allowed, document->where, fault);
	if (chain_count(ingest->chain) > 0)
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "pin-needed", document->where,
	    "the first trust file of a station needs its fingerprint, told by someone you know at the "
	    "office");
}

enum err ingest_trust(struct home *home, const char *path, const char *pin, bool prefix_allowed,
    struct ingest_report *report, struct fault *fault)
{
	struct document document = DOCUMENT_EMPTY;
	struct ingest ingest;
	enum err err;

	err = ingest_begin(&ingest, home, report, fault);
	if (err == ERR_OK)
		err = document_load(&document, AT_FDCWD, path, fault);
	if (err == ERR_OK)
		err = check_pin(&ingest, &document, pin, prefix_allowed, fault);
	if (err == ERR_OK)
		err = ingest_take_trust(&ingest, &document, fault);
	document_free(&document);
	ingest_end(&ingest);
	return err;
}

/* What ingest_paths keeps while it goes on after refusals. */
struct round {
	struct ingest ingest;
	struct ingest_items items;
	struct fault first;    /* of the first refusal; err is ERR_OK without one */
};

/* Notes a refusal. True if nothing more can be taken. */
static bool refused(struct round *round, enum err err, const struct fault *fault)
{
	if (err == ERR_OK)
		return false;
	round->ingest.report->refused++;
	ingest_say(&round->ingest, "refused: %s: %s", fault->where, fault->text);
	if (round->first.err == ERR_OK)
		round->first = *fault;
	if (!round->ingest.fatal && err != ERR_UNKNOWN)
		return false;
	round->first = *fault; /* what ended it comes first */
	return true;
}

/* One trust file that was found, in the order of versions. */
struct version {
	uint64_t number;
	struct document document;
};

static enum err load_version(struct version *out, const struct round *round, const struct ingest_item *item,
    struct fault *fault)
{
	struct trust_fields fields;
	char place[FAULT_WHERE_MAX];
	int folder = AT_FDCWD;
	enum err err;

	ingest_item_place(place, sizeof place, item);
	err = ingest_demand_trust(&round->ingest, place, fault);
	if (err == ERR_OK && item->found)
		err = ingest_item_open(&folder, item, fault);
	if (err == ERR_OK)
		err = document_load(&out->document, folder, item->found ? item->name : item->root, fault);
	if (folder >= 0)
		close(folder);
	if (err != ERR_OK)
		return err;
	ingest_item_place(out->document.where, sizeof out->document.where, item);
	err = trust_parse(&fields, buffer_bytes(&out->document.text), out->document.where, fault);
	if (err != ERR_OK) {
		document_free(&out->document);
		return err;
	}
	out->number = fields.version;
	json_free(&fields, &trust_shape);
	return ERR_OK;
}

static int compare_versions(const void *a, const void *b)
{
	const struct version *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/* Loads all trust files of the round that parse; *ended if nothing more can be taken. */
static size_t load_versions(struct version *versions, struct round *round, bool *ended)
{
	size_t count = 0;
	struct fault fault;

	for (size_t i = 0; i < round->items.count && !*ended; i++) {
		const struct ingest_item *item = &round->items.items[i];
		enum err err;

		if (item->kind != INGEST_TRUST)
			continue;
		err = load_version(&versions[count], round, item, &fault);
		if (err == ERR_OK)
			count++;
		*ended = refused(round, err, &fault);
	}
	qsort(versions, count, sizeof *versions, compare_versions);
	return count;
}

static bool take_trust(struct round *round)
{
	struct version *versions = calloc(round->items.count + 1, sizeof *versions);
	bool ended = false;
	struct fault fault;
	size_t count;

	if (versions == NULL)
		return refused(round, fault_memory(&fault), &fault);
	count = load_versions(versions, round, &ended);
	for (size_t i = 0; i < count && !ended; i++)
		ended = refused(round, ingest_take_trust(&round->ingest, &versions[i].document, &fault),
		    &fault);
	for (size_t i = 0; i < count; i++)
		document_free(&versions[i].document);
	free(versions);
	return ended;
}

static enum err take_folder(struct round *round, const struct ingest_item *item, struct fault *fault)
{
	char place[FAULT_WHERE_MAX];
	int medium;
	enum err err;

	ingest_item_place(place, sizeof place, item);
	err = ingest_item_open(&medium, item, fault);
	if (err != ERR_OK)
		return err;
	if (item->kind == INGEST_BATCH)
		err = ingest_take_batch(&round->ingest, medium, place, fault);
	else
		err = ingest_take_grant(&round->ingest, medium, place, item->found, fault);
	close(medium);
	return err;
}

static bool take_folders(struct round *round, enum ingest_kind kind)
{
	bool ended = false;
	struct fault fault;

	for (size_t i = 0; i < round->items.count && !ended; i++) {
		if (round->items.items[i].kind == kind)
			ended = refused(round, take_folder(round, &round->items.items[i], &fault), &fault);
	}
	return ended;
}

static void find_and_take(struct round *round, const char *const *paths, size_t count)
{
	bool ended = false;
	struct fault fault;

	for (size_t i = 0; i < count && !ended; i++)
		ended = refused(round, ingest_find(&round->items, &round->ingest, paths[i], &fault), &fault);
	if (!ended && !take_trust(round) && !take_folders(round, INGEST_BATCH))
		take_folders(round, INGEST_GRANT);
}

enum err ingest_paths(struct home *home, const char *const *paths, size_t count,
    struct ingest_report *report, struct fault *fault)
{
	struct round round = {0};
	enum err err;

	err = ingest_begin(&round.ingest, home, report, fault);
	if (err == ERR_OK) {
		find_and_take(&round, paths, count);
		err = round.first.err;
		if (err != ERR_OK)
			*fault = round.first;
	}
	ingest_items_free(&round.items);
	ingest_end(&round.ingest);
	return err;
}
