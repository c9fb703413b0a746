/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/age.h"
#include "gapseal/file.h"
#include "gapseal/list.h"
#include "medium_private.h"

/* Is a grant for something of this batch or, of an extract, for its record? */
static bool is_granted(const struct medium_batch *batch, const struct grant_fields *grant)
{
	return memcmp(manifest_hash(batch->manifest), grant->manifest_sha256, HASH_SIZE) == 0 &&
	    (batch->extract == NULL || list_holds(&grant->records, batch->extract->index));
}

/* What a grant is for: one of the extracts if all its records come so, or the whole batch. No extract is
 * given twice, so as many as the grant has records are all of them. */
static const struct medium_batch *batch_of(const struct medium *medium, const struct grant_fields *grant)
{
	const struct medium_batch *extract = NULL, *whole = NULL;
	size_t extracts = 0;

	for (size_t i = 0; i < medium->batch_count; i++) {
		const struct medium_batch *batch = &medium->batches[i];

		if (!is_granted(batch, grant))
			continue;
		if (batch->extract == NULL) {
			whole = batch;
		} else {
			extract = batch;
			extracts++;
		}
	}
	return extract != NULL && extracts == grant->records.count ? extract : whole;
}

/* Nobody here can open the keys; but they must be those that were signed. */
static enum err read_files(struct medium_grant *grant, struct fault *fault)
{
	enum err err;
	int folder;

	err = folder_open(&folder, AT_FDCWD, grant->path, fault);
	if (err != ERR_OK)
		return err;
	err = document_load(&grant->document, folder, GRANT_NAME, fault);
	if (err == ERR_OK)
		err = file_read(&grant->keys, folder, GRANT_KEYS_NAME, AGE_FILE_MAX, fault);
	close(folder);
	snprintf(grant->document.where, sizeof grant->document.where, "%s/" GRANT_NAME, grant->path);
	return medium_in_folder(err, grant->path, fault);
}

static enum err check_keys(const struct medium_grant *grant, struct fault *fault)
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, buffer_bytes(&grant->keys));
	if (memcmp(hash, grant_get(grant->grant)->keys_sha256, HASH_SIZE) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "grant-keys", grant->path,
	    GRANT_KEYS_NAME " is not the one that the grant was signed with");
}

static enum err check_batch(const struct medium *medium, const struct medium_grant *grant,
    struct fault *fault)
{
	const struct grant_fields *fields = grant_get(grant->grant);
	const struct medium_batch *batch = batch_of(medium, fields);

	if (batch == NULL)
		return fault_set(fault, ERR_NO, "pack-grant-batch", grant->path,
		    "grant %" PRIu64 " is for batch %s, or a manifest of that name, %s: add --batch, or "
		    "--held if the stations have it", fields->serial, fields->batch,
		    fields->records.count > 0 ? "of which its records are not all given" :
		    "which is not given whole");
	return grant_check(fields, manifest_get(batch->manifest), manifest_hash(batch->manifest),
	    grant->document.where, fault);
}

static enum err check_serial(const struct medium *medium, const struct medium_grant *grant,
    struct fault *fault)
{
	uint64_t serial = grant_get(grant->grant)->serial;

	for (const struct medium_grant *other = medium->grants; other != grant; other++) {
		if (grant_get(other->grant)->serial == serial)
			return fault_set(fault, ERR_NO, "pack-twice", grant->path,
			    "grant %" PRIu64 " was given already as %s", serial, other->path);
	}
	return ERR_OK;
}

static enum err check_dates(const struct medium *medium, const struct medium_grant *grant,
    struct fault *fault)
{
	const struct grant_fields *fields = grant_get(grant->grant);
	int64_t end;

	if (!utc_parse(bytes_of(fields->not_after), &end) || medium->request->now > end)
		return fault_set(fault, ERR_NO, "grant-expired", grant->path,
		    "grant %" PRIu64 " ended at %s: make another", fields->serial, fields->not_after);
	return ERR_OK;
}

static enum err read_grant(struct medium *medium, const char *path, struct fault *fault)
{
	struct medium_grant *grant = &medium->grants[medium->grant_count++];
	const struct trust *trust = chain_newest(medium->chain);
	enum err err;

	grant->path = strdup(path);
	if (grant->path == NULL)
		return fault_memory(fault);
	err = read_files(grant, fault);
	if (err == ERR_OK)
		err = medium_refuse(grant_open(&grant->grant, &grant->document, trust, trust, fault), fault);
	if (err == ERR_OK)
		err = check_serial(medium, grant, fault);
	if (err == ERR_OK)
		err = check_keys(grant, fault);
	if (err == ERR_OK)
		err = check_batch(medium, grant, fault);
	if (err == ERR_OK)
		err = check_dates(medium, grant, fault);
	return err;
}

bool medium_has_grant(const struct medium *medium, const struct medium_batch *batch)
{
	for (size_t i = 0; i < medium->grant_count; i++) {
		const struct grant_fields *grant = grant_get(medium->grants[i].grant);

		if (is_granted(batch, grant) && (batch->extract != NULL || batch_of(medium, grant) == batch))
			return true;
	}
	return false;
}

/* An extract brings its grant along: the one inside goes, unless another for its record was named. */
static enum err read_inside(struct medium *medium, const struct medium_batch *batch, struct fault *fault)
{
	enum err err;
	char *path;

	if (batch->extract == NULL || batch->held || medium_has_grant(medium, batch) ||
	    !file_exists(batch->folder, EXTRACT_GRANT_NAME))
		return ERR_OK;
	if (asprintf(&path, "%s/" EXTRACT_GRANT_NAME, batch->path) < 0)
		return fault_memory(fault);
	err = read_grant(medium, path, fault);
	free(path);
	return err;
}

enum err medium_read_grants(struct medium *medium, struct fault *fault)
{
	const struct medium_request *request = medium->request;
	enum err err = ERR_OK;

	medium->grants = calloc(request->grant_count + medium->batch_count + 1, sizeof *medium->grants);
	if (medium->grants == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < request->grant_count && err == ERR_OK; i++)
		err = read_grant(medium, request->grants[i], fault);
	for (size_t i = 0; i < medium->batch_count && err == ERR_OK; i++)
		err = read_inside(medium, &medium->batches[i], fault);
	return err;
}
