/* SPDX-License-Identifier: ISC */
#include "gapseal/office.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/keys.h"

#define CA_FILE_MAX 65536
#define MASTERS_MAX 64

/* Everything a compile holds on to; released in one place whatever happened. */
struct job {
	struct profile profile;
	struct roster *roster;
	struct plan *plan;
	struct buffer ca_pem;
	struct ca *ca;
	struct ledger *ledger;
	struct secret *seed;
	struct folder_draft draft;
	struct recipient masters[MASTERS_MAX];
	size_t master_count;
};

static void job_end(struct job *job)
{
	folder_abandon(&job->draft);
	secret_free(&job->seed);
	ledger_free(&job->ledger);
	ca_free(&job->ca);
	buffer_free(&job->ca_pem);
	plan_free(&job->plan);
	roster_free(&job->roster);
	profile_free(&job->profile);
}

static enum err lint_fault(const struct findings *findings, const char *csv, struct fault *fault)
{
	return fault_set(fault, ERR_NO, "lint", csv, "%zu error%s; nothing was written", findings->errors,
	    findings->errors == 1 ? "" : "s");
}

/* Both files are read whatever the first one's findings are, so that one run shows everything. */
static enum err read_inputs(struct job *job, struct findings *findings, const char *profile, const char *csv, struct fault *fault)
{
	enum err err = profile_read(&job->profile, profile, findings, fault);

	if (err == ERR_OK)
		err = roster_read(&job->roster, csv, findings, fault);
	return err;
}

enum err office_lint(struct findings *findings, size_t *devices, const char *profile, const char *csv, struct fault *fault)
{
	static const struct plan_request request = {.org = "lint", .batch = "lint"};
	struct job job = {.draft = FOLDER_DRAFT_EMPTY};
	enum err err = read_inputs(&job, findings, profile, csv, fault);

	*devices = 0;
	if (err == ERR_OK && job.roster != NULL) {
		*devices = roster_count(job.roster);
		err = plan_make(&job.plan, &job.profile, job.roster, &request, findings, fault);
	}
	findings_sort(findings);
	job_end(&job);
	if (err != ERR_OK)
		return err;
	return findings->errors == 0 ? ERR_OK : lint_fault(findings, csv, fault);
}

static enum err open_ca(struct job *job, const struct compile_request *request, struct fault *fault)
{
	struct secret *key = NULL;
	int folder;
	enum err err;

	if (request->ca == NULL)
		return fault_set(fault, ERR_CANNOT, "ca-needed", request->profile,
		    "the profile issues certificates, so --ca must name the folder of ca.pem and ca.key");
	err = folder_open(&folder, AT_FDCWD, request->ca, fault);
	if (err != ERR_OK)
		return err;
	err = file_read(&job->ca_pem, folder, "ca.pem", CA_FILE_MAX, fault);
	if (err == ERR_OK)
		err = secret_read_file(&key, folder, "ca.key", CA_FILE_MAX, fault);
	if (err == ERR_OK)
		err = ca_open(&job->ca, buffer_bytes(&job->ca_pem), secret_bytes(key), request->ca_passphrase, request->now,
		    request->ca, fault);
	/* The plan and the batch take the text as a C string. */
	buffer_byte(&job->ca_pem, 0);
	if (err == ERR_OK)
		err = buffer_check(&job->ca_pem, fault);
	secret_free(&key);
	close(folder);
	return err;
}

/* The office itself and everybody in escrow. */
static enum err collect_masters(struct job *job, const struct office *office, const struct trust *trust, bool no_escrow,
    struct fault *fault)
{
	const struct list *escrow = &trust_get(trust)->escrow;
	const char(*recipients)[RECIPIENT_SIZE] = escrow->items;

	if (escrow->count == 0 && !no_escrow)
		return fault_set(fault, ERR_NO, "escrow-needed", office->path,
		    "trust names no escrow recipient: if this office is lost, so is the batch; --no-escrow accepts that");
	if (escrow->count >= MASTERS_MAX)
		return fault_set(fault, ERR_NO, "escrow-count", office->path, "more than %d escrow recipients", MASTERS_MAX - 1);
	job->masters[job->master_count++] = office->recipient;
	for (size_t i = 0; i < escrow->count; i++) {
		enum err err = recipient_parse(&job->masters[job->master_count++], bytes_of(recipients[i]), "trust: escrow", fault);

		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static enum err make_plan(struct job *job, struct findings *findings, const struct trust *trust,
    const struct compile_request *request, struct fault *fault)
{
	struct plan_request plan = {
		.org = trust_get(trust)->org,
		.batch = request->id,
		.lot_size = request->lot_size,
	};
	enum err err = read_inputs(job, findings, request->profile, request->csv, fault);

	if (err == ERR_OK && findings->errors == 0 && profile_issues(&job->profile)) {
		err = open_ca(job, request, fault);
		plan.ca_pem = (const char *)job->ca_pem.data;
	}
	if (err == ERR_OK && job->roster != NULL)
		err = plan_make(&job->plan, &job->profile, job->roster, &plan, findings, fault);
	findings_sort(findings);
	if (err == ERR_OK && findings->errors > 0)
		err = lint_fault(findings, request->csv, fault);
	return err;
}

static enum err make_batch(struct batch_result *out, struct job *job, const struct trust *trust,
    const struct compile_request *request, struct fault *fault)
{
	char issued[UTC_SIZE];
	struct batch_request batch = {
		.out = request->out,
		.org = trust_get(trust)->org,
		.id = request->id,
		.title = request->title != NULL ? request->title : job->profile.title,
		.series = request->series != NULL ? request->series : trust_get(trust)->org,
		.purpose = request->rehearsal ? PURPOSE_REHEARSAL : PURPOSE_PRODUCTION,
		.trust = trust_get(trust)->version,
		.issued = issued,
		.tool = request->tool,
		.ca = job->ca,
		.threads = (unsigned)request->threads,
		.masters = job->masters,
		.master_count = job->master_count,
		.progress = request->progress,
		.progress_context = request->progress_context,
	};
	enum err err = ledger_next(&batch.seq, job->ledger, batch.series, fault);

	utc_format(issued, request->now);
	if (err == ERR_OK)
		err = secret_new(&job->seed, KEY_SIZE, fault);
	if (err != ERR_OK)
		return err;
	secret_random(secret_data(job->seed), KEY_SIZE);
	secret_resize(job->seed, KEY_SIZE);
	return batch_make(out, &job->draft, job->plan, job->seed, &batch, fault);
}

/* master.age first: a batch whose seed is lost can never be granted. What a compile that broke off left there is replaced:
 * the ledger does not know that batch. */
static enum err keep_master(const struct batch_result *result, const struct office *office, const char *id, struct fault *fault)
{
	int batches = -1, folder = -1;
	enum err err = folder_open(&batches, office->folder, OFFICE_BATCHES, fault);

	if (err == ERR_OK && !file_exists(batches, id))
		err = folder_create(batches, id, 0700, fault);
	if (err == ERR_OK)
		err = folder_open(&folder, batches, id, fault);
	if (err == ERR_OK)
		err = file_write(folder, MASTER_NAME, buffer_bytes(&result->master), 0600, true, fault);
	if (err == ERR_OK)
		err = folder_sync(batches, OFFICE_BATCHES, fault);
	if (folder >= 0)
		close(folder);
	if (batches >= 0)
		close(batches);
	return err;
}

/* DESIGN 4: folder whole and in place, then the ledger's commit; a crash in between leaves a folder the ledger does not know,
 * which grant refuses. */
static enum err commit(struct batch_result *result, struct job *job, const struct office *office, const char *id, struct fault *fault)
{
	enum err err = ledger_check_slots(job->ledger, &result->manifest, result->imeis, result->manifest.count, fault);

	if (err == ERR_OK)
		err = keep_master(result, office, id, fault);
	if (err == ERR_OK)
		err = folder_commit(&job->draft, fault);
	if (err == ERR_OK)
		err = ledger_add_batch(job->ledger, &result->manifest, result->manifest_sha256, result->plan_hash, result->imeis,
		    result->manifest.count, fault);
	return err;
}

static enum err check_request(const struct compile_request *request, struct fault *fault)
{
	if (!text_is_name(bytes_of(request->id)))
		return fault_set(fault, ERR_CANNOT, "name-form", "--id", "a batch id is 1 to 40 of a-z 0-9 . - and begins with a letter or digit");
	if (request->series != NULL && !text_is_name(bytes_of(request->series)))
		return fault_set(fault, ERR_CANNOT, "name-form", "--series", "a series is 1 to 40 of a-z 0-9 . - and begins with a letter or digit");
	if (request->title != NULL && (strlen(request->title) >= TITLE_SIZE || !text_is_printable(bytes_of(request->title))))
		return fault_set(fault, ERR_CANNOT, "title-form", "--title", "a title is at most %d printable ASCII characters", TITLE_SIZE - 1);
	if (file_exists(AT_FDCWD, request->out))
		return fault_set(fault, ERR_CANNOT, "file-exists", request->out, "exists already; a batch folder is never overwritten");
	return ERR_OK;
}

enum err office_compile(struct batch_result *out, struct findings *findings, struct office *office, const struct trust *trust,
    const struct compile_request *request, struct fault *fault)
{
	struct job job = {.draft = FOLDER_DRAFT_EMPTY};
	enum err err = check_request(request, fault);

	*out = (struct batch_result){0};
	if (err == ERR_OK)
		err = ledger_open(&job.ledger, office->path, trust_get(trust)->org, fault);
	if (err == ERR_OK)
		err = ledger_free_id(job.ledger, request->id, fault);
	if (err == ERR_OK)
		err = collect_masters(&job, office, trust, request->no_escrow, fault);
	if (err == ERR_OK)
		err = make_plan(&job, findings, trust, request, fault);
	if (err == ERR_OK)
		err = make_batch(out, &job, trust, request, fault);
	if (err == ERR_OK)
		err = commit(out, &job, office, request->id, fault);
	job_end(&job);
	if (err != ERR_OK)
		batch_result_free(out);
	return err;
}
