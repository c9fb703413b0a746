/* SPDX-License-Identifier: ISC */
#include "grant_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/file.h"
#include "gapseal/json.h"

#define MASTER_MAX 65536
#define GRANT_DAYS_MAX 3650
#define DAY 86400

void grant_job_end(struct grant_job *job)
{
	buffer_free(&job->text);
	buffer_free(&job->keys);
	json_free(&job->grant, &grant_shape);
	secret_free(&job->seed);
	own_batch_close(&job->batch);
}

enum err grant_request_check(const struct grant_request *request, struct fault *fault)
{
	if (request->station_count == 0 || request->station_count > GRANT_STATIONS_MAX)
		return fault_set(fault, ERR_CANNOT, "grant-station", "--station",
		    "a grant names 1 to %d stations", GRANT_STATIONS_MAX);
	if (request->days == 0 || request->days > GRANT_DAYS_MAX)
		return fault_set(fault, ERR_CANNOT, "grant-dates", "--days",
		    "a grant is valid for 1 to %d days", GRANT_DAYS_MAX);
	if (file_exists(AT_FDCWD, request->out))
		return fault_set(fault, ERR_CANNOT, "file-exists", request->out,
		    "exists already; a folder is never overwritten");
	return ERR_OK;
}

static enum err open_master(struct grant_job *job, const struct office *office, struct secret *identity,
    struct fault *fault)
{
	const char *id = manifest_get(job->batch.manifest)->batch;
	struct buffer file = BUFFER_EMPTY;
	char name[sizeof OFFICE_BATCHES + NAME_SIZE + sizeof MASTER_NAME + 2];
	enum err err;

	snprintf(name, sizeof name, OFFICE_BATCHES "/%s/" MASTER_NAME, id);
	err = file_read(&file, office->folder, name, MASTER_MAX, fault);
	if (err == ERR_OK)
		err = master_open(&job->seed, job->plan, buffer_bytes(&file), identity,
		    manifest_hash(job->batch.manifest), name, fault);
	if (err != ERR_OK)
		fault_inside(fault, office->path);
	buffer_free(&file);
	return err;
}

enum err grant_job_open(struct grant_job *job, const struct office *office, const struct trust *trust,
    struct secret *identity, const char *batch, struct fault *fault)
{
	enum err err = own_batch_open_now(&job->batch, office, trust, batch, fault);

	return err == ERR_OK ? open_master(job, office, identity, fault) : err;
}

static enum err fill_stations(struct grant_job *job, const struct trust *trust,
    const struct grant_request *request, struct fault *fault)
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

static enum err fill_lists(struct grant_job *job, const struct grant_request *request, struct fault *fault)
{
	enum err err = copy_integers(&job->grant.again, request->again, request->again_count, fault);

	if (err == ERR_OK)
		err = copy_integers(&job->grant.replaces, request->replaces, request->replace_count, fault);
	return err;
}

enum err grant_job_fill(struct grant_job *job, const struct trust *trust,
    const struct grant_request *request, uint64_t devices, struct fault *fault)
{
	const struct manifest *manifest = job->batch.manifest;
	struct grant_fields *grant = &job->grant;
	enum err err = fill_stations(job, trust, request, fault);

	if (err == ERR_OK)
		err = fill_lists(job, request, fault);
	if (err == ERR_OK)
		err = ledger_next_grant(&grant->serial, job->batch.ledger, fault);
	if (err != ERR_OK)
		return err;
	memcpy(grant->batch, manifest_get(manifest)->batch, NAME_SIZE);
	memcpy(grant->manifest_sha256, manifest_hash(manifest), HASH_SIZE);
	grant->max_success = request->max_success != 0 ? request->max_success : devices;
	utc_format(grant->not_before, request->now);
	utc_format(grant->not_after, request->now + (int64_t)request->days * DAY);
	if (request->note != NULL && !text_copy(grant->note, sizeof grant->note, bytes_of(request->note)))
		return fault_set(fault, ERR_CANNOT, "title-form", "--note", "a note is at most %d characters",
		    NOTE_TEXT_SIZE - 1);
	grant->trust = trust_get(trust)->version;
	return ERR_OK;
}

enum err grant_job_write(struct grant_job *job, struct fault *fault)
{
	const struct manifest *manifest = job->batch.manifest;
	struct grant_fields check;
	enum err err;

	hash_bytes(job->grant.keys_sha256, buffer_bytes(&job->keys));
	json_write(&job->text, &grant_shape, &job->grant);
	err = buffer_check(&job->text, fault);
	if (err != ERR_OK)
		return err;
	err = grant_parse(&check, buffer_bytes(&job->text), GRANT_NAME, fault);
	if (err == ERR_OK)
		err = grant_check(&check, manifest_get(manifest), manifest_hash(manifest), GRANT_NAME, fault);
	json_free(&check, &grant_shape);
	return err;
}

enum err grant_job_put(const struct grant_job *job, int folder, struct fault *fault)
{
	enum err err = file_write(folder, GRANT_KEYS_NAME, buffer_bytes(&job->keys), 0644, false, fault);

	return err == ERR_OK ? file_write(folder, GRANT_NAME, buffer_bytes(&job->text), 0644, false, fault)
	    : err;
}

enum err grant_job_record(struct grant_job *job, int64_t now, struct fault *fault)
{
	uint8_t hash[HASH_SIZE];
	char time[UTC_SIZE];

	hash_bytes(hash, buffer_bytes(&job->text));
	utc_format(time, now);
	return ledger_add_grant(job->batch.ledger, &job->grant, hash, time, fault);
}

enum err grant_job_commit(const struct grant_job *job, struct folder_draft *draft, struct fault *fault)
{
	enum err err = folder_commit(draft, fault);

	if (err == ERR_OK)
		return ERR_OK;
	return fault_set(fault, err, fault->code, fault->where,
	    "%s; the ledger holds this grant as number %llu: make it again with --replaces %llu", fault->text,
	    (unsigned long long)job->grant.serial, (unsigned long long)job->grant.serial);
}
