/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "batch_private.h"
#include "gapseal/json.h"

enum err batch_check_request(const struct secret *seed, const struct batch_request *request,
    struct fault *fault)
{
	if (secret_size(seed) != KEY_SIZE || request->master_count == 0 ||
	    request->threads > BATCH_THREADS_MAX || request->file_max > RECORDS_FILE_MAX)
		return fault_set(fault, ERR_NO, "batch-request", NULL,
		    "the seed, the master's recipients, the threads or the size of files are out of range");
	return ERR_OK;
}

unsigned batch_threads(const struct batch_request *request)
{
	return request->threads > 0 ? request->threads : 1;
}

static enum err read_manifest(const struct batch_result *result, int folder, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	uint8_t hash[HASH_SIZE];
	enum err err = file_read(&text, folder, MANIFEST_NAME, DOCUMENT_MAX, fault);

	hash_bytes(hash, buffer_bytes(&text));
	if (err == ERR_OK && memcmp(hash, result->manifest_sha256, HASH_SIZE) != 0)
		err = fault_set(fault, ERR_NO, "manifest-hash", MANIFEST_NAME, "the manifest was changed");
	buffer_free(&text);
	return err;
}

static enum err refuse_back(enum err err, struct fault *fault)
{
	return err != ERR_NO ? err : fault_set(fault, ERR_CANNOT, "batch-readback", fault->where,
	    "what was written reads back differently (%s): the medium or the memory is faulty", fault->code);
}

/* What lies in the folder now must be what was made: records under the root that was taken of them while
 * they were sealed. Their hashes are taken of what is read. */
static enum err read_records(struct batch_result *result, int folder, const struct batch_request *request,
    struct fault *fault)
{
	return refuse_back(records_fill(&result->manifest, folder, batch_threads(request), request->out,
	    fault),
	    fault);
}

/* So must the manifest and the sums. */
static enum err read_documents(const struct batch_result *result, int folder, const char *where,
    struct fault *fault)
{
	enum err err = read_manifest(result, folder, fault);

	if (err == ERR_OK)
		err = sums_verify(folder, &result->manifest, result->manifest_sha256, where, fault);
	return refuse_back(err, fault);
}

static enum err make(struct batch_result *out, int folder, const struct plan *plan, struct secret *seed,
    const struct batch_request *request, struct fault *fault)
{
	enum err err = manifest_begin(&out->manifest, plan, request, fault);

	if (err == ERR_OK)
		err = plan_hash(out->plan_hash, plan, seed, batch_threads(request), fault);
	if (err == ERR_OK)
		err = batch_records(out, folder, NULL, out->plan_hash, plan, seed, request, fault);
	if (err == ERR_OK)
		err = read_records(out, folder, request, fault);
	if (err == ERR_OK)
		err = manifest_check(&out->manifest, MANIFEST_NAME, fault);
	if (err == ERR_OK)
		err = manifest_put(out->manifest_sha256, folder, &out->manifest, fault);
	if (err == ERR_OK)
		err = read_documents(out, folder, request->out, fault);
	if (err == ERR_OK)
		err = master_seal(&out->master, out->manifest_sha256, out->plan_hash, seed, request->masters,
		    request->master_count, fault);
	return err;
}

enum err batch_make(struct batch_result *out, struct folder_draft *draft, const struct plan *plan,
    struct secret *seed, const struct batch_request *request, struct fault *fault)
{
	enum err err = batch_check_request(seed, request, fault);

	*out = (struct batch_result){0};
	if (err != ERR_OK)
		return err;
	err = folder_begin(draft, request->out, fault);
	if (err != ERR_OK)
		return err;
	err = make(out, draft->folder, plan, seed, request, fault);
	if (err != ERR_OK) {
		batch_result_free(out);
		folder_abandon(draft);
	}
	return err;
}

void batch_result_free(struct batch_result *result)
{
	json_free(&result->manifest, &manifest_shape);
	buffer_free(&result->master);
	buffer_free(&result->certificates);
	free(result->imeis);
	free(result->indices);
	*result = (struct batch_result){0};
}
