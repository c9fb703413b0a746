/* SPDX-License-Identifier: ISC */
#include "gapseal/office.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/json.h"

#define MASTER_MAX 65536
#define GRANT_DAYS_MAX 3650
#define DAY 86400

struct job {
	int batch;                       /* folder */
	struct document document;
	struct manifest *manifest;
	struct ledger *ledger;
	struct secret *seed;
	uint8_t plan[HASH_SIZE];
	uint32_t *lots;                  /* numbers, ascending */
	size_t lot_count;
	struct recipient recipients[64];
	struct grant_fields grant;
	struct buffer keys;
	struct buffer text;
	struct folder_draft draft;
};

static void job_end(struct job *job)
{
	folder_abandon(&job->draft);
	buffer_free(&job->text);
	buffer_free(&job->keys);
	json_free(&job->grant, &grant_shape);
	free(job->lots);
	secret_free(&job->seed);
	ledger_free(&job->ledger);
	manifest_free(&job->manifest);
	document_free(&job->document);
	if (job->batch >= 0)
		close(job->batch);
}

/* The batch as an auditor would look at it: signatures at the threshold, every file, known to this office's
 * ledger. */
static enum err open_batch(struct job *job, const struct office *office, const struct trust *trust,
    const char *path,
    struct fault *fault)
{
	const struct manifest_fields *fields;
	enum err err = folder_open(&job->batch, AT_FDCWD, path, fault);

	if (err == ERR_OK)
		err = document_load_in(&job->document, job->batch, path, MANIFEST_NAME, fault);
	if (err == ERR_OK)
		err = manifest_open(&job->manifest, &job->document, trust, trust, fault);
	if (err != ERR_OK)
		return err;
	fields = manifest_get(job->manifest);
	err = sums_verify(job->batch, fields, manifest_hash(job->manifest), path, fault);
	if (err == ERR_OK)
		err = records_verify(job->batch, fields, 1, NULL, NULL, path, fault);
	if (err == ERR_OK)
		err = ledger_open(&job->ledger, office->path, fields->org, fault);
	if (err == ERR_OK)
		err = ledger_has_batch(job->ledger, manifest_hash(job->manifest), fields->batch, fault);
	return err;
}

static enum err open_master(struct job *job, const struct office *office, struct secret *identity,
    struct fault *fault)
{
	const char *id = manifest_get(job->manifest)->batch;
	struct buffer file = BUFFER_EMPTY;
	char name[sizeof OFFICE_BATCHES + NAME_SIZE + sizeof MASTER_NAME + 2];
	enum err err;

	snprintf(name, sizeof name, OFFICE_BATCHES "/%s/" MASTER_NAME, id);
	err = file_read(&file, office->folder, name, MASTER_MAX, fault);
	if (err == ERR_OK)
		err = master_open(&job->seed, job->plan, buffer_bytes(&file), identity,
		    manifest_hash(job->manifest), name, fault);
	if (err != ERR_OK)
		fault_inside(fault, office->path);
	buffer_free(&file);
	return err;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static enum err choose_lots(struct job *job, const struct grant_request *request, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(job->manifest);
	size_t count = request->lots != NULL ? request->lot_count : manifest->lots.count;

	job->lots = calloc(count, sizeof *job->lots);
	if (job->lots == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < count; i++) {
		job->lots[i] = (uint32_t)i;
		if (request->lots != NULL && !manifest_lot_named(manifest, request->lots[i], &job->lots[i]))
			return fault_set(fault, ERR_CANNOT, "grant-lots", "--lot", "the batch has no lot %s",
			    text_is_name(bytes_of(request->lots[i])) ? request->lots[i] : "of that name");
	}
	qsort(job->lots, count, sizeof *job->lots, compare_numbers);
	for (size_t i = 1; i < count; i++)
		if (job->lots[i] == job->lots[i - 1])
			return fault_set(fault, ERR_CANNOT, "grant-lots", "--lot", "lot %s is named twice",
			    manifest_lot(manifest, job->lots[i])->name);
	job->lot_count = count;
	return ERR_OK;
}

static enum err fill_lots(struct job *job, uint64_t *devices, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(job->manifest);
	char(*names)[NAME_SIZE] = calloc(job->lot_count, NAME_SIZE);

	if (names == NULL)
		return fault_memory(fault);
	*devices = 0;
	for (size_t i = 0; i < job->lot_count; i++) {
		const struct manifest_lot *lot = manifest_lot(manifest, job->lots[i]);

		memcpy(names[i], lot->name, NAME_SIZE);
		*devices += lot->count;
	}
	job->grant.lots = (struct list){names, job->lot_count};
	return ERR_OK;
}

static enum err fill_stations(struct job *job, const struct trust *trust, const struct grant_request *request,
    struct fault *fault)
{
	struct grant_station *stations = calloc(request->station_count, sizeof *stations);

	if (stations == NULL)
		return fault_memory(fault);
	job->grant.stations = (struct list){stations, request->station_count};
	for (size_t i = 0; i < request->station_count; i++) {
		const struct trust_station *station = trust_station(trust_get(trust), request->stations[i]);
		enum err err;

		if (station == NULL || station->status != STATION_ACTIVE)
			return fault_set(fault, ERR_NO, "grant-station", "--station",
			    "trust version %llu has no active station %s",
			    (unsigned long long)trust_get(trust)->version,
			    text_is_name(bytes_of(request->stations[i])) ? request->stations[i]
			    : "of that name");
		memcpy(stations[i].name, station->name, NAME_SIZE);
		memcpy(stations[i].recipient, station->recipient, RECIPIENT_SIZE);
		err = recipient_parse(&job->recipients[i], bytes_of(station->recipient), "trust: station",
		    fault);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static enum err copy_integers(struct list *out, const uint64_t *items, size_t count, struct fault *fault)
{
	if (count == 0)
		return ERR_OK;
	out->items = calloc(count, sizeof *items);
	if (out->items == NULL)
		return fault_memory(fault);
	memcpy(out->items, items, count * sizeof *items);
	out->count = count;
	return ERR_OK;
}

static enum err fill_grant(struct job *job, const struct trust *trust, const struct grant_request *request,
    struct fault *fault)
{
	struct grant_fields *grant = &job->grant;
	uint64_t devices = 0;
	enum err err = fill_lots(job, &devices, fault);

	if (err == ERR_OK)
		err = fill_stations(job, trust, request, fault);
	if (err == ERR_OK)
		err = copy_integers(&grant->again, request->again, request->again_count, fault);
	if (err == ERR_OK)
		err = copy_integers(&grant->replaces, request->replaces, request->replace_count, fault);
	if (err == ERR_OK)
		err = ledger_next_grant(&grant->serial, job->ledger, fault);
	if (err != ERR_OK)
		return err;
	memcpy(grant->batch, manifest_get(job->manifest)->batch, NAME_SIZE);
	memcpy(grant->manifest_sha256, manifest_hash(job->manifest), HASH_SIZE);
	grant->max_success = request->max_success != 0 ? request->max_success : devices;
	utc_format(grant->not_before, request->now);
	utc_format(grant->not_after, request->now + (int64_t)request->days * DAY);
	if (request->note != NULL && !text_copy(grant->note, sizeof grant->note, bytes_of(request->note)))
		return fault_set(fault, ERR_CANNOT, "title-form", "--note", "a note is at most %d characters",
		    NOTE_TEXT_SIZE - 1);
	grant->trust = trust_get(trust)->version;
	return ERR_OK;
}

static enum err seal_keys(struct job *job, struct fault *fault)
{
	enum err err = grant_seal(&job->keys, manifest_get(job->manifest), manifest_hash(job->manifest),
	    job->seed, job->plan,
	    job->lots, job->lot_count, job->recipients, job->grant.stations.count, fault);

	hash_bytes(job->grant.keys_sha256, buffer_bytes(&job->keys));
	return err;
}

/* The document is read back by the reader every station uses before anything is written. */
static enum err write_text(struct job *job, struct fault *fault)
{
	struct grant_fields check;
	enum err err;

	json_write(&job->text, &grant_shape, &job->grant);
	err = buffer_check(&job->text, fault);
	if (err != ERR_OK)
		return err;
	err = grant_parse(&check, buffer_bytes(&job->text), GRANT_NAME, fault);
	if (err == ERR_OK)
		err = grant_check(&check, manifest_get(job->manifest), manifest_hash(job->manifest),
		    GRANT_NAME, fault);
	json_free(&check, &grant_shape);
	return err;
}

/* The ledger first: its commit takes the serial and refuses an overlap. A crash in between leaves a serial
 * without a folder, which is a gap; the other order could leave two grants of one serial. */
static enum err commit(struct job *job, const struct grant_request *request, struct fault *fault)
{
	uint8_t hash[HASH_SIZE];
	char now[UTC_SIZE];
	enum err err = folder_begin(&job->draft, request->out, fault);

	if (err == ERR_OK)
		err = file_write(job->draft.folder, GRANT_KEYS_NAME, buffer_bytes(&job->keys), 0644, false,
		    fault);
	if (err == ERR_OK)
		err = file_write(job->draft.folder, GRANT_NAME, buffer_bytes(&job->text), 0644, false, fault);
	if (err != ERR_OK)
		return err;
	hash_bytes(hash, buffer_bytes(&job->text));
	utc_format(now, request->now);
	err = ledger_add_grant(job->ledger, &job->grant, hash, now, fault);
	if (err != ERR_OK)
		return err;
	err = folder_commit(&job->draft, fault);
	if (err != ERR_OK)
		fault_set(fault, err, fault->code, fault->where,
		    "%s; the ledger holds this grant as number %llu: make it again with --replaces %llu",
		    fault->text, (unsigned long long)job->grant.serial,
		    (unsigned long long)job->grant.serial);
	return err;
}

static enum err check_request(const struct grant_request *request, struct fault *fault)
{
	if (request->station_count == 0 || request->station_count > 64)
		return fault_set(fault, ERR_CANNOT, "grant-station", "--station",
		    "a grant names 1 to 64 stations");
	if (request->days == 0 || request->days > GRANT_DAYS_MAX)
		return fault_set(fault, ERR_CANNOT, "grant-dates", "--days",
		    "a grant is valid for 1 to %d days", GRANT_DAYS_MAX);
	if (file_exists(AT_FDCWD, request->out))
		return fault_set(fault, ERR_CANNOT, "file-exists", request->out,
		    "exists already; a grant folder is never overwritten");
	return ERR_OK;
}

enum err office_grant(uint64_t *serial, struct office *office, const struct trust *trust,
    struct secret *identity,
    const struct grant_request *request, struct fault *fault)
{
	struct job job = {.batch = -1, .draft = FOLDER_DRAFT_EMPTY};
	enum err err = check_request(request, fault);

	if (err == ERR_OK)
		err = open_batch(&job, office, trust, request->batch, fault);
	if (err == ERR_OK)
		err = open_master(&job, office, identity, fault);
	if (err == ERR_OK)
		err = choose_lots(&job, request, fault);
	if (err == ERR_OK)
		err = fill_grant(&job, trust, request, fault);
	if (err == ERR_OK)
		err = seal_keys(&job, fault);
	if (err == ERR_OK)
		err = write_text(&job, fault);
	if (err == ERR_OK)
		err = commit(&job, request, fault);
	*serial = job.grant.serial;
	job_end(&job);
	return err;
}
