/* SPDX-License-Identifier: ISC */
#include "gapseal/office_extract.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/extract.h"
#include "gapseal/json.h"
#include "grant_private.h"

#define FILE_MODE 0644

struct extract_job {
	struct grant_job grant;
	uint64_t index;
	struct tree_path path;           /* of the record */
	uint8_t record[RECORD_STRIDE_MAX];
	struct buffer proof;             /* proof.json */
	struct extract check;            /* what was written, read back */
	struct folder_draft draft;
};

static void job_free(struct extract_job *job)
{
	folder_abandon(&job->draft);
	buffer_free(&job->proof);
	grant_job_end(&job->grant);
	free(job);
}

/* That it opened and is what its head says is enough. */
static enum err visit_device(void *context, const struct unsealed *device, struct fault *fault)
{
	struct extract_job *job = context;

	(void)fault;
	job->index = device->index;
	return ERR_OK;
}

/* The record is opened before it is sent: one that the station could not use is not worth its way. */
static enum err find_device(struct extract_job *job, const struct office *office, struct secret *identity,
    const char imei[static IMEI_SIZE], struct fault *fault)
{
	struct unseal *unseal = NULL;
	uint64_t index;
	enum err err = unseal_new(&unseal, &job->grant.batch, office, identity, fault);

	if (err == ERR_OK)
		err = unseal_find(&index, unseal, imei, fault);
	if (err == ERR_OK)
		err = unseal_one(unseal, index, visit_device, job, fault);
	unseal_free(&unseal);
	return err;
}

static enum err list_one(struct list *out, uint64_t index, struct fault *fault)
{
	uint64_t *item = malloc(sizeof *item);

	if (item == NULL)
		return fault_memory(fault);
	*item = index;
	*out = (struct list){item, 1};
	return ERR_OK;
}

static enum err make_grant(struct extract_job *job, const struct trust *trust,
    const struct extract_request *request, struct fault *fault)
{
	struct grant_job *grant = &job->grant;
	struct grant_request wanted = request->grant;
	enum err err = list_one(&grant->grant.records, job->index, fault);

	wanted.again = &job->index;
	wanted.again_count = request->again ? 1 : 0;
	if (err == ERR_OK)
		err = grant_job_fill(grant, trust, &wanted, 1, fault);
	if (err == ERR_OK)
		err = grant_seal_record(&grant->keys, manifest_get(grant->batch.manifest),
		    manifest_hash(grant->batch.manifest), grant->seed, grant->plan, job->index,
		    grant->recipients, grant->grant.stations.count, fault);
	return err == ERR_OK ? grant_job_write(grant, fault) : err;
}

static enum err visit_leaf(void *context, uint64_t index, const uint8_t leaf[static HASH_SIZE],
    struct fault *fault)
{
	struct extract_job *job = context;

	(void)index; /* they come in order */
	(void)fault;
	tree_path_push(&job->path, leaf);
	return ERR_OK;
}

static enum err read_record(struct extract_job *job, struct fault *fault)
{
	const struct own_batch *batch = &job->grant.batch;
	const struct manifest_fields *manifest = manifest_get(batch->manifest);
	char name[RECORDS_NAME_SIZE];
	uint64_t offset;
	unsigned number;
	off_t size;
	int file;
	enum err err;

	records_locate(manifest, job->index, &number, &offset);
	records_name(name, number);
	err = file_open(&file, &size, batch->folder, name, fault);
	if (err != ERR_OK)
		return err;
	err = file_pread(file, job->record, manifest->stride, (off_t)offset, name, fault);
	close(file);
	return err;
}

static enum err make_proof(struct extract_job *job, struct fault *fault)
{
	const struct own_batch *batch = &job->grant.batch;
	struct proof_fields proof = {.index = job->index};
	enum err err;

	job->path.index = job->index;
	err = records_verify(batch->folder, manifest_get(batch->manifest), 1, visit_leaf, job, batch->path,
	    fault);
	if (err == ERR_OK)
		err = read_record(job, fault);
	if (err != ERR_OK)
		return err;
	tree_path_end(&job->path);
	memcpy(proof.manifest_sha256, manifest_hash(batch->manifest), HASH_SIZE);
	proof.path = (struct list){job->path.proof, job->path.count};
	json_write(&job->proof, &proof_shape, &proof);
	return buffer_check(&job->proof, fault);
}

static void put_sum(struct buffer *sums, const char *name, struct bytes file)
{
	uint8_t hash[HASH_SIZE];

	hash_bytes(hash, file);
	buffer_hex(sums, bytes_from(hash, HASH_SIZE));
	buffer_format(sums, "  %s\n", name);
}

static enum err write_sums(const struct extract_job *job, struct bytes record, struct fault *fault)
{
	struct buffer sums = BUFFER_EMPTY;
	enum err err;

	put_sum(&sums, MANIFEST_NAME, buffer_bytes(&job->grant.batch.document.text));
	put_sum(&sums, PROOF_NAME, buffer_bytes(&job->proof));
	put_sum(&sums, EXTRACT_RECORD_NAME, record);
	err = buffer_check(&sums, fault);
	if (err == ERR_OK)
		err = file_write(job->draft.folder, SUMS_NAME, buffer_bytes(&sums), FILE_MODE, false, fault);
	buffer_free(&sums);
	return err;
}

static enum err write_grant(const struct extract_job *job, struct fault *fault)
{
	enum err err = folder_create(job->draft.folder, EXTRACT_GRANT_NAME, 0755, fault);
	int folder;

	if (err == ERR_OK)
		err = folder_open(&folder, job->draft.folder, EXTRACT_GRANT_NAME, fault);
	if (err != ERR_OK)
		return err;
	err = grant_job_put(&job->grant, folder, fault);
	close(folder);
	return err;
}

/* What was written is read back by the reader that every station uses. */
static enum err fill_folder(struct extract_job *job, struct fault *fault)
{
	const struct own_batch *batch = &job->grant.batch;
	const struct manifest_fields *manifest = manifest_get(batch->manifest);
	struct bytes record = bytes_from(job->record, manifest->stride);
	int folder = job->draft.folder;
	enum err err = document_copy(folder, MANIFEST_NAME, &batch->document, fault);

	if (err == ERR_OK)
		err = file_write(folder, PROOF_NAME, buffer_bytes(&job->proof), FILE_MODE, false, fault);
	if (err == ERR_OK)
		err = file_write(folder, EXTRACT_RECORD_NAME, record, FILE_MODE, false, fault);
	if (err == ERR_OK)
		err = write_grant(job, fault);
	if (err == ERR_OK)
		err = write_sums(job, record, fault);
	if (err == ERR_OK)
		err = extract_open(&job->check, folder, manifest, manifest_hash(batch->manifest),
		    job->draft.path, fault);
	return err;
}

static enum err write_folder(struct extract_job *job, const struct grant_request *request,
    struct fault *fault)
{
	enum err err = folder_begin(&job->draft, request->out, fault);

	if (err == ERR_OK)
		err = fill_folder(job, fault);
	if (err == ERR_OK)
		err = grant_job_record(&job->grant, request->now, fault);
	return err == ERR_OK ? grant_job_commit(&job->grant, &job->draft, fault) : err;
}

enum err office_extract(struct extract_result *out, const struct office *office, const struct trust *trust,
    struct secret *identity, const struct extract_request *request, struct fault *fault)
{
	struct extract_job *job = calloc(1, sizeof *job);
	enum err err = grant_request_check(&request->grant, fault);

	if (job == NULL)
		return fault_memory(fault);
	job->grant = GRANT_JOB_EMPTY;
	job->draft = FOLDER_DRAFT_EMPTY;
	if (err == ERR_OK)
		err = grant_job_open(&job->grant, office, trust, identity, request->grant.batch, fault);
	if (err == ERR_OK)
		err = find_device(job, office, identity, request->imei, fault);
	if (err == ERR_OK)
		err = make_proof(job, fault);
	if (err == ERR_OK)
		err = make_grant(job, trust, request, fault);
	if (err == ERR_OK)
		err = write_folder(job, &request->grant, fault);
	*out = (struct extract_result){job->index, job->grant.grant.serial};
	job_free(job);
	return err;
}
