/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/age.h"
#include "gapseal/extract.h"
#include "gapseal/file.h"
#include "gapseal/grant_keys.h"
#include "gapseal/list.h"
#include "ingest_private.h"

#define SERIAL_SIZE 24
#define PATH_SIZE 384 /* of a home and what is in it */

/* One grant on its way into the home. */
struct taking {
	struct ingest *ingest;
	const char *where;
	struct document document;
	struct grant *grant;
	struct buffer keys;            /* keys.age */
	struct document manifest_document;
	struct manifest *manifest;
};

static void taking_end(struct taking *taking)
{
	grant_free(&taking->grant);
	manifest_free(&taking->manifest);
	document_free(&taking->document);
	document_free(&taking->manifest_document);
	buffer_free(&taking->keys);
}

static enum err station_fault(struct fault *fault, const struct taking *taking, const char *rule)
{
	return fault_set(fault, ERR_NO, "grant-station", taking->where, "grant %" PRIu64 " %s",
	    grant_get(taking->grant)->serial, rule);
}

static const char *granted_recipient(const struct grant_fields *grant, const char *name)
{
	const struct grant_station *stations = grant->stations.items;

	for (size_t i = 0; i < grant->stations.count; i++) {
		if (strcmp(stations[i].name, name) == 0)
			return stations[i].recipient;
	}
	return "";
}

/* What the office believes of this station must be what it is, or nothing it logs will ever count. */
static enum err check_station(const struct taking *taking, const struct secret *identity, struct fault *fault)
{
	const struct home *home = taking->ingest->home;
	const struct trust_fields *trust = trust_get(chain_newest(taking->ingest->chain));
	const struct trust_station *known = trust_station(trust, home->station);
	char text[RECIPIENT_SIZE], log_key[NOTE_VKEY_MAX];
	struct recipient recipient;

	age_identity_recipient(&recipient, identity);
	recipient_print(text, &recipient);
	note_key_print(log_key, signer_key(taking->ingest->signer));
	if (strcmp(granted_recipient(grant_get(taking->grant), home->station), text) != 0)
		return station_fault(fault, taking,
		    "names this station under another recipient than its own: was it enrolled twice?");
	if (known == NULL || strcmp(known->log_key, log_key) != 0)
		return station_fault(fault, taking,
		    "is for a station that trust knows under another log key than this one's: was it "
		    "enrolled twice?");
	return ERR_OK;
}

/* The folder that says which batch it is: the batch itself or, of single records, the extract of the first.
 * False if neither is held. */
static bool batch_folder(char out[static EXTRACT_FOLDER_SIZE], const struct taking *taking)
{
	const struct grant_fields *grant = grant_get(taking->grant);

	snprintf(out, EXTRACT_FOLDER_SIZE, "%s", grant->batch);
	if (grant->records.count > 0 && !file_exists(taking->ingest->batches, out))
		extract_folder_name(out, grant->batch, list_integer(&grant->records, 0));
	return file_exists(taking->ingest->batches, out);
}

static enum err load_manifest(struct taking *taking, const char *name, struct fault *fault)
{
	int folder;
	enum err err = folder_open(&folder, taking->ingest->batches, name, fault);

	if (err != ERR_OK)
		return err;
	err = document_load(&taking->manifest_document, folder, MANIFEST_NAME, fault);
	close(folder);
	return err;
}

/* The batch as it was taken in here, judged by the trust it was accepted under. */
static enum err open_batch(struct taking *taking, struct fault *fault)
{
	const struct ingest *ingest = taking->ingest;
	const struct grant_fields *grant = grant_get(taking->grant);
	uint64_t version = progress_accepted(ingest->accepted, grant->manifest_sha256, 0);
	const struct trust *in_force = version == 0 ? NULL : chain_version(ingest->chain, version);
	char name[EXTRACT_FOLDER_SIZE];
	enum err err;

	if (in_force == NULL || !batch_folder(name, taking))
		return fault_set(fault, ERR_NO, "grant-batch", taking->where,
		    "grant %" PRIu64 " is for batch %s, which is not held here as it was granted: ingest "
		    "the batch first", grant->serial, grant->batch);
	err = load_manifest(taking, name, fault);
	if (err == ERR_OK)
		err = manifest_open(&taking->manifest, &taking->manifest_document, in_force,
		    chain_newest(ingest->chain), fault);
	if (err == ERR_OK)
		err = grant_check(grant, manifest_get(taking->manifest), manifest_hash(taking->manifest),
		    taking->where, fault);
	return err;
}

static enum err check_keys(const struct taking *taking, const struct secret *identity, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(taking->manifest);
	char place[FAULT_WHERE_MAX];
	struct grant_keys keys;
	enum err err;

	snprintf(place, sizeof place, "%s/" GRANT_KEYS_NAME, taking->where);
	err = grant_keys_open(&keys, buffer_bytes(&taking->keys), identity, grant_get(taking->grant),
	    manifest, place, fault);
	if (err != ERR_OK)
		return err;
	if (keys.records)
		err = ingest_check_records(&keys, taking->ingest->batches, manifest, taking->where, fault);
	grant_keys_free(&keys);
	return err;
}

static enum err check(struct taking *taking, struct fault *fault)
{
	struct secret *identity;
	enum err err;

	err = home_identity(&identity, taking->ingest->home, fault);
	if (err != ERR_OK)
		return err;
	err = check_station(taking, identity, fault);
	if (err == ERR_OK)
		err = open_batch(taking, fault);
	if (err == ERR_OK)
		err = check_keys(taking, identity, fault);
	secret_free(&identity);
	return err;
}

static enum err store(const struct taking *taking, const char *serial, struct fault *fault)
{
	struct folder_draft draft;
	char path[PATH_SIZE];
	enum err err;

	snprintf(path, sizeof path, "%s/" HOME_GRANTS "/%s", taking->ingest->home->path, serial);
	err = folder_begin(&draft, path, fault);
	if (err != ERR_OK)
		return err;
	err = document_copy(draft.folder, GRANT_NAME, &taking->document, fault);
	if (err == ERR_OK)
		err = file_write(draft.folder, GRANT_KEYS_NAME, buffer_bytes(&taking->keys), 0644, false,
		    fault);
	if (err == ERR_OK)
		return folder_commit(&draft, fault);
	folder_abandon(&draft);
	return err;
}

/* *same tells whether it is the same grant with the same keys. */
static enum err load_held(struct document *out, bool *same, const struct taking *taking, const char *serial,
    struct fault *fault)
{
	struct buffer keys = BUFFER_EMPTY;
	char place[FAULT_WHERE_MAX];
	enum err err;
	int folder;

	snprintf(place, sizeof place, HOME_GRANTS "/%s", serial);
	err = folder_open(&folder, taking->ingest->grants, serial, fault);
	if (err != ERR_OK)
		return err;
	err = document_load_in(out, folder, place, GRANT_NAME, fault);
	*same = err == ERR_OK && memcmp(out->hash, taking->document.hash, HASH_SIZE) == 0;
	if (err == ERR_OK && file_exists(folder, GRANT_KEYS_NAME)) { /* destroyed keys stay so */
		err = file_read(&keys, folder, GRANT_KEYS_NAME, AGE_FILE_MAX, fault);
		*same = *same && bytes_equal(buffer_bytes(&keys), buffer_bytes(&taking->keys));
		if (err != ERR_OK)
			document_free(out);
	}
	close(folder);
	buffer_free(&keys);
	return err;
}

static enum err approve(const struct document *document, const struct trust *newest, struct fault *fault)
{
	struct grant *grant;
	enum err err = grant_open(&grant, document, newest, newest, fault);

	grant_free(&grant);
	return err;
}

static enum err compare_held(bool *unlogged, const struct taking *taking, const char *serial,
    struct fault *fault)
{
	const struct grant_fields *grant = grant_get(taking->grant);
	uint64_t version = progress_accepted(taking->ingest->accepted, grant->manifest_sha256, grant->serial);
	struct document held;
	enum err err;
	bool same;

	err = load_held(&held, &same, taking, serial, fault);
	if (err != ERR_OK)
		return err;
	*unlogged = ingest_is_unlogged(taking->ingest, &held, version, approve);
	if (!same)
		err = fault_set(fault, ERR_NO, "grant-differs", taking->where,
		    "another grant %s is held here, or its copy is damaged: if this is the right one, remove "
		    "the folder " HOME_GRANTS "/%s in the home and ingest again", serial, serial);
	else
		err = ingest_check_added(taking->ingest, &held, &taking->document, approve, fault);
	document_free(&held);
	return err;
}

static void say_taken(const struct taking *taking, const char *serial, const char *what)
{
	const struct grant_fields *grant = grant_get(taking->grant);

	ingest_say(taking->ingest, "grant %s for batch %s: %s, %s to %s", serial, grant->batch, what,
	    grant->not_before, grant->not_after);
}

static enum err take_new(const struct taking *taking, const char *serial, struct fault *fault)
{
	enum err err = store(taking, serial, fault);

	if (err == ERR_OK)
		err = ingest_log_accepted(taking->ingest, taking->manifest, taking->grant, fault);
	if (err != ERR_OK)
		return err;
	taking->ingest->report->taken++;
	say_taken(taking, serial, "taken");
	return ERR_OK;
}

static enum err keep(const struct taking *taking, const char *serial, struct fault *fault)
{
	struct ingest *ingest = taking->ingest;
	bool unlogged = false;
	size_t added = 0;
	enum err err = compare_held(&unlogged, taking, serial, fault);

	if (err == ERR_OK)
		err = ingest_add_signatures(&added, ingest->grants, serial, GRANT_NAME, &taking->document,
		    fault);
	if (err == ERR_OK && (added > 0 || unlogged))
		err = ingest_log_accepted(ingest, taking->manifest, taking->grant, fault);
	if (err != ERR_OK)
		return err;
	*(added > 0 ? &ingest->report->taken : &ingest->report->held) += 1;
	if (added > 0)
		ingest_say_added(ingest, "grant", serial, added);
	else
		say_taken(taking, serial, "held already");
	return ERR_OK;
}

static enum err take_or_keep(struct taking *taking, struct fault *fault)
{
	char serial[SERIAL_SIZE];

	snprintf(serial, sizeof serial, "%" PRIu64, grant_get(taking->grant)->serial);
	return file_exists(taking->ingest->grants, serial) ? keep(taking, serial, fault)
	    : take_new(taking, serial, fault);
}

static enum err take(struct taking *taking, int medium, bool found, struct fault *fault)
{
	const struct trust *trust = chain_newest(taking->ingest->chain);
	const char *station = taking->ingest->home->station;
	enum err err;

	err = grant_open(&taking->grant, &taking->document, trust, trust, fault);
	if (err != ERR_OK)
		return err;
	if (!grant_names_station(grant_get(taking->grant), station)) {
		if (!found)
			return station_fault(fault, taking, "does not name this station");
		ingest_say(taking->ingest, "grant %" PRIu64 ": passed over, it is for other stations than %s",
		    grant_get(taking->grant)->serial, station);
		return ERR_OK;
	}
	err = file_read(&taking->keys, medium, GRANT_KEYS_NAME, AGE_FILE_MAX, fault);
	if (err == ERR_OK)
		err = check(taking, fault);
	if (err == ERR_OK)
		err = take_or_keep(taking, fault);
	return err;
}

enum err ingest_take_grant(struct ingest *ingest, int medium, const char *where, bool found,
    struct fault *fault)
{
	struct taking taking = {.ingest = ingest, .where = where};
	enum err err;

	err = ingest_load(&taking.document, ingest, medium, GRANT_NAME, where, fault);
	if (err == ERR_OK)
		err = take(&taking, medium, found, fault);
	taking_end(&taking);
	return err;
}
