/* SPDX-License-Identifier: ISC */
#include "gapseal/office.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "gapseal/file.h"
#include "gapseal/keys.h"
#include "inputs.h"
#include "supersedes.h"

#define MASTERS_MAX 64

/* Everything a compile holds on to; released in one place whatever happened. */
struct job {
	struct inputs inputs;
	struct ledger *ledger;
	struct secret *seed;
	struct folder_draft draft;
	struct recipient masters[MASTERS_MAX];
	size_t master_count;
	struct list abandoned, supersedes;
	const char *series;
	uint64_t seq;                /* 0: no number of the series was taken */
	bool placed;                 /* the folder is in place: its number is used up */
	bool locked;
};

/* Two compiles at a time could take each other's number for abandoned. */
static enum err lock(struct job *job, const struct office *office, struct fault *fault)
{
	job->locked = flock(office->folder, LOCK_EX | LOCK_NB) == 0;
	if (job->locked)
		return ERR_OK;
	return fault_set(fault, ERR_CANNOT, "office-busy", office->path,
	    "another compile is under way in this office; try again when it is done");
}

/* A number nothing was made of is free for the next compile; one that cannot be given back is abandoned,
 * which is as true. */
static void give_back(struct job *job)
{
	struct fault fault;

	if (job->seq != 0 && !job->placed)
		(void)ledger_give_back(job->ledger, job->series, job->seq, &fault);
}

static void job_end(struct job *job, const struct office *office)
{
	folder_abandon(&job->draft);
	secret_free(&job->seed);
	ledger_free(&job->ledger);
	free(job->abandoned.items);
	supersedes_free(&job->supersedes);
	if (job->locked)
		flock(office->folder, LOCK_UN); /* the folder's descriptor stays the office's */
	inputs_free(&job->inputs);
}

enum err office_lint(struct findings *findings, size_t *devices, const struct compile_request *request,
    struct fault *fault)
{
	const struct inputs_request lint = {
		.org = "lint",
		.batch = "lint",
		.profile = request->profile,
		.csv = request->csv,
		.lot_size = request->lot_size,
		.use = request->ca != NULL ? CA_LOOK : CA_NONE,
		.ca = request->ca,
		.now = request->now,
	};
	struct inputs inputs;
	enum err err = inputs_read(&inputs, findings, &lint, fault);

	*devices = inputs.roster != NULL ? roster_count(inputs.roster) : 0;
	inputs_free(&inputs);
	return err;
}

/* The office itself and everybody in escrow. */
static enum err collect_masters(struct job *job, const struct office *office, const struct trust *trust,
    bool no_escrow,
    struct fault *fault)
{
	const struct list *escrow = &trust_get(trust)->escrow;
	const char(*recipients)[RECIPIENT_SIZE] = escrow->items;

	if (escrow->count == 0 && !no_escrow)
		return fault_set(fault, ERR_NO, "escrow-needed", office->path,
		    "trust names no escrow recipient: if this office is lost, so is the batch; --no-escrow accepts that");
	if (escrow->count >= MASTERS_MAX)
		return fault_set(fault, ERR_NO, "escrow-count", office->path,
		    "more than %d escrow recipients", MASTERS_MAX - 1);
	job->masters[job->master_count++] = office->recipient;
	for (size_t i = 0; i < escrow->count; i++) {
		enum err err = recipient_parse(&job->masters[job->master_count++], bytes_of(recipients[i]),
		    "trust: escrow", fault);

		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static enum err make_plan(struct job *job, struct findings *findings, const struct trust *trust,
    const struct compile_request *request, struct fault *fault)
{
	const struct inputs_request inputs = {
		.org = trust_get(trust)->org,
		.batch = request->id,
		.profile = request->profile,
		.csv = request->csv,
		.lot_size = request->lot_size,
		.use = CA_SIGN,
		.ca = request->ca,
		.ca_passphrase = request->ca_passphrase,
		.now = request->now,
	};

	return inputs_read(&job->inputs, findings, &inputs, fault);
}

static enum err take_seed(struct job *job, struct secret *given, struct fault *fault)
{
	enum err err = secret_new(&job->seed, KEY_SIZE, fault);

	if (err != ERR_OK)
		return err;
	if (given != NULL) {
		secret_put(job->seed, secret_bytes(given)); /* batch_make looks at the size */
		return ERR_OK;
	}
	secret_random(secret_data(job->seed), KEY_SIZE);
	secret_resize(job->seed, KEY_SIZE);
	return ERR_OK;
}

/* Rehearsals bear the number that would be next, and take none. */
static enum err take_number(uint64_t *out, struct job *job, const struct compile_request *request,
    struct fault *fault)
{
	enum err err;

	if (request->rehearsal)
		return ledger_next(out, job->ledger, job->series, fault);
	err = ledger_take(out, &job->abandoned, job->ledger, job->series, request->id, fault);
	job->seq = err == ERR_OK ? *out : 0;
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
		.title = request->title != NULL ? request->title : job->inputs.profile.title,
		.series = job->series,
		.abandoned = &job->abandoned,
		.supersedes = &job->supersedes,
		.purpose = request->rehearsal ? PURPOSE_REHEARSAL : PURPOSE_PRODUCTION,
		.trust = trust_get(trust)->version,
		.issued = issued,
		.tool = request->tool,
		.ca = job->inputs.ca,
		.threads = (unsigned)request->threads,
		.verify_all = request->verify_all,
		.masters = job->masters,
		.master_count = job->master_count,
		.progress = request->progress,
		.progress_context = request->progress_context,
	};
	struct supersede_others others;
	enum err err = supersedes_make(&job->supersedes, &others, job->ledger, job->inputs.roster, request,
	    fault);

	if (err == ERR_OK && request->others != NULL)
		*request->others = others;
	utc_format(issued, request->now);
	if (err == ERR_OK)
		err = take_seed(job, request->seed, fault);
	if (err == ERR_OK)
		err = take_number(&batch.seq, job, request, fault);
	if (err != ERR_OK)
		return err;
	return batch_make(out, &job->draft, job->inputs.plan, job->seed, &batch, fault);
}

/* master.age first: a batch whose seed is lost can never be granted. What a compile that broke off left there
 * is replaced: the ledger does not know that batch. */
static enum err keep_master(const struct batch_result *result, const struct office *office, const char *id,
    struct fault *fault)
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
	if (err != ERR_OK && batches >= 0)
		unlinkat(batches, id, AT_REMOVEDIR); /* if nothing is in it */
	if (folder >= 0)
		close(folder);
	if (batches >= 0)
		close(batches);
	return err;
}

/* Folder whole and in place, then the ledger's commit; a crash in between leaves a folder the
 * ledger does not know, which grant refuses. */
static enum err commit(struct batch_result *result, struct job *job, const struct office *office,
    const char *id, struct fault *fault)
{
	const char *path = job->draft.path;
	const struct ledger_devices devices = {result->imeis, result->indices, result->manifest.count,
	    buffer_bytes(&result->certificates)};
	enum err err = ledger_check_slots(job->ledger, &result->manifest, devices.imeis, devices.count,
	    fault);

	if (err == ERR_OK)
		err = keep_master(result, office, id, fault);
	if (err != ERR_OK)
		return err;
	err = folder_commit(&job->draft, fault);
	job->placed = err == ERR_OK || file_exists(AT_FDCWD, path);
	if (err != ERR_OK)
		return err;
	err = ledger_add_batch(job->ledger, &result->manifest, result->manifest_sha256, result->plan_hash,
	    &devices, fault);
	if (err != ERR_OK) /* its last sync may have failed behind a change that holds */
		fault_set(fault, err, fault->code, fault->where,
		    "%s; the folder %s is whole, but unless 'gapseal ledger verify' finds it in the ledger, "
		    "remove it and compile again", fault->text, path);
	return err;
}

static enum err check_supersedes(const struct compile_request *request, struct fault *fault)
{
	if (request->supersede_count > 0 && request->rehearsal)
		return fault_set(fault, ERR_CANNOT, "supersede-rehearsal", "--supersede",
		    "a rehearsal supersedes nothing");
	if (request->supersede_count > 0 && (request->reason[0] == '\0' ||
	    strlen(request->reason) >= TITLE_SIZE || !text_is_printable(bytes_of(request->reason))))
		return fault_set(fault, ERR_CANNOT, "title-form", "--reason",
		    "a reason is 1 to %d printable ASCII characters", TITLE_SIZE - 1);
	for (size_t i = 0; i < request->supersede_count; i++) {
		struct supersede_wish wish;
		enum err err = supersede_parse(&wish, request->supersede[i], fault);

		if (err != ERR_OK)
			return err;
		free(wish.indices.items);
	}
	return ERR_OK;
}

static enum err check_request(const struct compile_request *request, struct fault *fault)
{
	if (!text_is_name(bytes_of(request->id)))
		return fault_set(fault, ERR_CANNOT, "name-form", "--id",
		    "a batch id is 1 to 40 of a-z 0-9 . - and begins with a letter or digit");
	if (request->series != NULL && !text_is_name(bytes_of(request->series)))
		return fault_set(fault, ERR_CANNOT, "name-form", "--series",
		    "a series is 1 to 40 of a-z 0-9 . - and begins with a letter or digit");
	if (request->title != NULL && (strlen(request->title) >= TITLE_SIZE ||
	    !text_is_printable(bytes_of(request->title))))
		return fault_set(fault, ERR_CANNOT, "title-form", "--title",
		    "a title is at most %d printable ASCII characters", TITLE_SIZE - 1);
	if (file_exists(AT_FDCWD, request->out))
		return fault_set(fault, ERR_CANNOT, "file-exists", request->out,
		    "exists already; a batch folder is never overwritten");
	return check_supersedes(request, fault);
}

enum err office_compile(struct batch_result *out, struct findings *findings, struct office *office,
    const struct trust *trust,
    const struct compile_request *request, struct fault *fault)
{
	struct job job = {.draft = FOLDER_DRAFT_EMPTY};
	enum err err = check_request(request, fault);

	*out = (struct batch_result){0};
	job.series = request->series != NULL ? request->series : trust_get(trust)->org;
	if (err == ERR_OK)
		err = lock(&job, office, fault);
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
	if (err != ERR_OK) {
		give_back(&job);
		batch_result_free(out);
	}
	job_end(&job, office);
	return err;
}
