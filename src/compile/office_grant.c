/* SPDX-License-Identifier: ISC */
#include "grant_private.h"

#include <stdlib.h>
#include <string.h>

struct lots_job {
	struct grant_job job;
	uint32_t *lots;                  /* numbers, ascending */
	size_t lot_count;
};

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static enum err choose_lots(struct lots_job *job, const struct grant_request *request, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(job->job.batch.manifest);
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

static enum err fill_lots(struct lots_job *job, uint64_t *devices, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(job->job.batch.manifest);
	char(*names)[NAME_SIZE] = calloc(job->lot_count, NAME_SIZE);

	if (names == NULL)
		return fault_memory(fault);
	*devices = 0;
	for (size_t i = 0; i < job->lot_count; i++) {
		const struct manifest_lot *lot = manifest_lot(manifest, job->lots[i]);

		memcpy(names[i], lot->name, NAME_SIZE);
		*devices += lot->count;
	}
	job->job.grant.lots = (struct list){names, job->lot_count};
	return ERR_OK;
}

static enum err seal_keys(struct lots_job *lots, struct fault *fault)
{
	struct grant_job *job = &lots->job;

	return grant_seal(&job->keys, manifest_get(job->batch.manifest), manifest_hash(job->batch.manifest),
	    job->seed, job->plan, lots->lots, lots->lot_count, job->recipients, job->grant.stations.count,
	    fault);
}

static enum err make(struct lots_job *lots, const struct trust *trust, const struct grant_request *request,
    struct fault *fault)
{
	uint64_t devices = 0;
	enum err err = choose_lots(lots, request, fault);

	if (err == ERR_OK)
		err = fill_lots(lots, &devices, fault);
	if (err == ERR_OK)
		err = grant_job_fill(&lots->job, trust, request, devices, fault);
	if (err == ERR_OK)
		err = seal_keys(lots, fault);
	return err == ERR_OK ? grant_job_write(&lots->job, fault) : err;
}

static enum err commit(struct grant_job *job, const struct grant_request *request, struct fault *fault)
{
	struct folder_draft draft;
	enum err err = folder_begin(&draft, request->out, fault);

	if (err == ERR_OK)
		err = grant_job_put(job, draft.folder, fault);
	if (err == ERR_OK)
		err = grant_job_record(job, request->now, fault);
	if (err == ERR_OK)
		return grant_job_commit(job, &draft, fault);
	folder_abandon(&draft);
	return err;
}

enum err office_grant(uint64_t *serial, struct office *office, const struct trust *trust,
    struct secret *identity, const struct grant_request *request, struct fault *fault)
{
	struct lots_job lots = {.job = GRANT_JOB_EMPTY};
	enum err err = grant_request_check(request, fault);

	if (err == ERR_OK)
		err = grant_job_open(&lots.job, office, trust, identity, request->batch, fault);
	if (err == ERR_OK)
		err = make(&lots, trust, request, fault);
	if (err == ERR_OK)
		err = commit(&lots.job, request, fault);
	*serial = lots.job.grant.serial;
	grant_job_end(&lots.job);
	free(lots.lots);
	return err;
}
