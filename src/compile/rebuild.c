/* SPDX-License-Identifier: ISC */
#include "gapseal/rebuild.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/json.h"
#include "inputs.h"

/* What is held on to; released in one place whatever happened. */
struct job {
	int folder;
	struct buffer text;
	struct manifest_fields manifest;
	struct inputs inputs;
	struct recipient *masters;
};

static void job_end(struct job *job)
{
	free(job->masters);
	inputs_free(&job->inputs);
	json_free(&job->manifest, &manifest_shape);
	buffer_free(&job->text);
	if (job->folder >= 0)
		close(job->folder);
}

static enum err read_manifest(struct job *job, const char *batch, struct fault *fault)
{
	enum err err = folder_open(&job->folder, AT_FDCWD, batch, fault);

	if (err == ERR_OK)
		err = file_read(&job->text, job->folder, MANIFEST_NAME, DOCUMENT_MAX, fault);
	if (err == ERR_OK)
		err = manifest_parse(&job->manifest, buffer_bytes(&job->text), MANIFEST_NAME, fault);
	if (err != ERR_OK && job->folder >= 0)
		fault_inside(fault, batch);
	return err;
}

/* All lots but the last are as large as the first, unless the CSV names them. */
static enum err read_inputs(struct job *job, struct findings *findings, const struct rebuild_request *request,
    struct fault *fault)
{
	const struct inputs_request inputs = {
		.org = job->manifest.org,
		.batch = job->manifest.batch,
		.profile = request->profile,
		.csv = request->csv,
		.lot_size = job->manifest.lots.count > 0 ? manifest_lot(&job->manifest, 0)->count : 0,
		.use = CA_LOOK,
		.ca = request->ca,
	};

	return inputs_read(&job->inputs, findings, &inputs, fault);
}

static enum err read_masters(struct job *job, struct fault *fault)
{
	const struct list *list = &job->manifest.master_recipients;
	const char(*texts)[RECIPIENT_SIZE] = list->items;
	enum err err = ERR_OK;

	job->masters = calloc(list->count + 1, sizeof *job->masters);
	if (job->masters == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < list->count && err == ERR_OK; i++)
		err = recipient_parse(&job->masters[i], bytes_of(texts[i]), MANIFEST_NAME, fault);
	return err;
}

static enum err rebuild(struct batch_result *out, const struct job *job,
    const struct rebuild_request *request,
    struct fault *fault)
{
	const struct manifest_fields *manifest = &job->manifest;
	const struct batch_given given = {
		.folder = job->folder,
		.where = request->batch,
		.text = buffer_bytes(&job->text),
		.manifest = manifest,
		.plan = request->plan,
	};
	const struct batch_request batch = {
		.org = manifest->org,
		.id = manifest->batch,
		.title = manifest->title,
		.series = manifest->series,
		.seq = manifest->seq,
		.abandoned = &manifest->abandoned,
		.supersedes = &manifest->supersedes,
		.purpose = manifest->purpose,
		.trust = manifest->trust,
		.issued = manifest->issued,
		.tool = manifest->tool,
		.ca = job->inputs.ca,
		.masters = job->masters,
		.master_count = manifest->master_recipients.count,
		.threads = (unsigned)request->threads,
		.progress = request->progress,
		.progress_context = request->progress_context,
	};

	return batch_rebuild(out, &given, job->inputs.plan, request->seed, &batch, fault);
}

enum err batch_rebuild_folder(struct batch_result *out, struct findings *findings,
    const struct rebuild_request *request, struct fault *fault)
{
	struct job job = {.folder = -1};
	enum err err = read_manifest(&job, request->batch, fault);

	*out = (struct batch_result){0};
	if (err == ERR_OK)
		err = read_inputs(&job, findings, request, fault);
	if (err == ERR_OK)
		err = read_masters(&job, fault);
	if (err == ERR_OK)
		err = rebuild(out, &job, request, fault);
	if (err == ERR_OK && request->manifest != NULL &&
	    memcmp(request->manifest, out->manifest_sha256, HASH_SIZE) != 0) {
		batch_result_free(out);
		err = fault_set(fault, ERR_NO, "rebuild-master", request->batch,
		    "what follows from profile, CSV and seed is equal, but the office compiled another manifest: "
		    "its seq, issued, tool or another thing it alone says was changed");
	}
	job_end(&job);
	return err;
}
