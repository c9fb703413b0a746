/* SPDX-License-Identifier: ISC */
#include "gapseal/export_office.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export_private.h"
#include "gapseal/activation.h"
#include "gapseal/json.h"
#include "gapseal/list.h"

struct job {
	const struct export_request *request;
	const struct export_form *form;
	struct own_batch batch;
	struct unseal *unseal;
	struct list chosen;              /* indices, of uint64_t */
	uint64_t tag;
	struct recipient recipients[AGE_RECIPIENTS_MAX];
	struct sheet sheet;
	uint64_t rows;                   /* written */
	uint64_t unproven, superseded;   /* left out */
};

static bool to_pipe(const struct export_request *request)
{
	return strcmp(request->out, EXPORT_TO_PIPE) == 0;
}

static enum err check_place(const struct export_request *request, const struct export_form *form,
    struct fault *fault)
{
	bool sealed = request->recipient_count > 0;

	if (form->rows > 0 && (to_pipe(request) || sealed))
		return fault_set(fault, ERR_CANNOT, "export-folder", "--out",
		    "the form %s makes a folder of files: name one, and no recipient", form->name);
	if (to_pipe(request) && (form->secret || sealed) && isatty(request->pipe))
		return fault_set(fault, ERR_CANNOT, "export-terminal", "--out",
		    "secrets are not shown on a terminal: give a pipe, or --recipient and a file");
	if (form->secret && !to_pipe(request) && !sealed && !request->plain)
		return fault_set(fault, ERR_CANNOT, "export-secret", "--out",
		    "the form %s holds secrets: give --recipient to seal them, or --plain if the file may be "
		    "read by whoever finds it", form->name);
	if (!to_pipe(request) && file_exists(AT_FDCWD, request->out))
		return fault_set(fault, ERR_CANNOT, "file-exists", request->out, "exists already");
	return ERR_OK;
}

enum err export_check(const struct export_request *request, struct fault *fault)
{
	const struct export_form *form = export_form(request->format);

	if (form == NULL)
		return fault_set(fault, ERR_CANNOT, "export-format", "--format", "there are these: %s",
		    export_formats);
	if (request->all && request->only != NULL)
		return fault_set(fault, ERR_CANNOT, "export-choice", "--all",
		    "either all devices or only those of an activation");
	if (request->plain && request->recipient_count > 0)
		return fault_set(fault, ERR_CANNOT, "export-choice", "--plain",
		    "either sealed to recipients or plain");
	if (request->recipient_count > AGE_RECIPIENTS_MAX)
		return fault_set(fault, ERR_CANNOT, "export-choice", "--recipient", "at most %d recipients",
		    AGE_RECIPIENTS_MAX);
	return check_place(request, form, fault);
}

static enum err read_activation(struct job *job, const struct trust *trust, struct fault *fault)
{
	struct document document = DOCUMENT_EMPTY;
	struct activation_fields fields = {0};
	enum err err = document_load(&document, AT_FDCWD, job->request->only, fault);

	if (err == ERR_OK)
		err = activation_open(&fields, &document, trust, job->batch.manifest, fault);
	if (err == ERR_OK) {
		job->chosen = fields.done;
		fields.done = (struct list){0};
		json_free(&fields, &activation_shape);
	}
	document_free(&document);
	return err;
}

static enum err read_accepted(struct job *job, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(job->batch.manifest);
	bool known = false;
	enum err err = ledger_accepted(&job->chosen, &known, job->batch.ledger,
	    manifest_hash(job->batch.manifest), fault);

	if (err == ERR_OK && !known)
		err = fault_set(fault, ERR_NO, "export-unproven", job->batch.path,
		    "nothing says which devices of batch %s are done: give a signed activation with --only, or "
		    "'gapseal accept' one first", manifest->batch);
	return err;
}

/* Every index of the batch. */
static enum err choose_all(struct job *job, struct fault *fault)
{
	uint64_t count = manifest_get(job->batch.manifest)->count, *items = calloc(count, sizeof *items);

	if (items == NULL)
		return fault_memory(fault);
	for (uint64_t i = 0; i < count; i++)
		items[i] = i;
	job->chosen = (struct list){items, count};
	return ERR_OK;
}

/* Takes those out that a later batch supersedes: what they hold counts no more. */
static enum err leave_superseded(struct job *job, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(job->batch.manifest);
	uint64_t *items = job->chosen.items;
	size_t kept = 0;
	struct list superseded;
	enum err err = ledger_superseded(&superseded, job->batch.ledger, manifest_hash(job->batch.manifest),
	    manifest->count, fault);

	for (size_t i = 0; i < job->chosen.count && err == ERR_OK; i++)
		if (!list_holds(&superseded, items[i]))
			items[kept++] = items[i];
	free(superseded.items);
	job->superseded = job->chosen.count - kept;
	job->chosen.count = kept;
	if (err == ERR_OK && kept == 0)
		err = fault_set(fault, ERR_NO, "export-empty", job->batch.path,
		    "every device of batch %s that would be exported is superseded by a later batch",
		    manifest->batch);
	return err;
}

static enum err choose_devices(struct job *job, const struct trust *trust, struct fault *fault)
{
	const struct manifest_fields *manifest = manifest_get(job->batch.manifest);
	enum err err;

	if (job->request->all)
		err = choose_all(job, fault);
	else
		err = job->request->only != NULL ? read_activation(job, trust, fault) :
		    read_accepted(job, fault);
	if (err == ERR_OK && job->chosen.count == 0)
		err = fault_set(fault, ERR_NO, "export-empty", job->batch.path,
		    "no device of batch %s is done", manifest->batch);
	if (err != ERR_OK)
		return err;
	job->unproven = manifest->count - job->chosen.count;
	return leave_superseded(job, fault);
}

static bool lists(const struct manifest_policy *policy, uint64_t tag, uint64_t type)
{
	const struct manifest_slot *slots = policy->slots.items;

	for (size_t i = 0; i < policy->slots.count; i++)
		if (slots[i].tag == tag && slots[i].type == type && slots[i].state == SLOT_DIGEST)
			return true;
	return false;
}

/* A tag serves a form if what the form needs is written there. */
static bool serves(const struct job *job, uint64_t tag)
{
	const struct manifest_policy *policy = &manifest_get(job->batch.manifest)->policy;

	if (job->form->need == NEED_PSK)
		return lists(policy, tag, CREDENTIAL_PSK) && lists(policy, tag, CREDENTIAL_IDENTITY);
	return lists(policy, tag, CREDENTIAL_CERT);
}

static enum err choose_tag(struct job *job, struct fault *fault)
{
	const struct manifest_policy *policy = &manifest_get(job->batch.manifest)->policy;
	const struct manifest_slot *slots = policy->slots.items;
	uint64_t asked = job->request->tag;

	job->tag = EXPORT_NO_TAG;
	if (job->form->need == NEED_ANY)
		return ERR_OK;
	if (asked != EXPORT_NO_TAG && !serves(job, asked))
		return fault_set(fault, ERR_NO, "export-tag", "--tag",
		    "the form %s finds nothing for it there",
		    job->form->name);
	for (size_t i = 0; i < policy->slots.count; i++) {
		if (slots[i].tag == job->tag || (asked != EXPORT_NO_TAG && slots[i].tag != asked) ||
		    !serves(job, slots[i].tag))
			continue;
		if (job->tag != EXPORT_NO_TAG)
			return fault_set(fault, ERR_NO, "export-tag", job->batch.path,
			    "several security tags hold what the form %s carries: choose one with --tag",
			    job->form->name);
		job->tag = slots[i].tag;
	}
	if (job->tag == EXPORT_NO_TAG)
		return fault_set(fault, ERR_NO, "export-nothing", job->batch.path, "the batch holds no %s",
		    job->form->need == NEED_PSK ? "PSK with an identity" : "certificate");
	return ERR_OK;
}

static struct bytes content_of(const struct contents *contents, uint64_t tag, uint32_t type)
{
	for (size_t i = 0; i < contents->count; i++) {
		const struct contents_step *step = &contents->steps[i];

		if (step->op == CONTENTS_WRITE && step->slot.tag == tag && step->slot.type == type)
			return step->content;
	}
	return bytes_from(NULL, 0);
}

static enum err fill_device(struct export_device *out, const struct job *job, struct fault *fault)
{
	const struct contents *contents = out->unsealed->contents;

	if (job->form->need == NEED_PSK) {
		out->identity = content_of(contents, job->tag, CREDENTIAL_IDENTITY);
		out->psk = content_of(contents, job->tag, CREDENTIAL_PSK);
	} else if (job->form->need == NEED_CERTIFICATE) {
		out->certificate = content_of(contents, job->tag, CREDENTIAL_CERT);
	}
	if (job->form->need == NEED_PSK ? out->identity.size == 0 || out->psk.size == 0 :
	    job->form->need == NEED_CERTIFICATE && out->certificate.size == 0)
		return fault_set(fault, ERR_NO, "export-nothing", job->batch.path,
		    "record %llu holds no %s of its own", (unsigned long long)out->unsealed->index,
		    job->form->need == NEED_PSK ? "PSK with an identity" : "certificate");
	if (job->form->need == NEED_CERTIFICATE)
		return export_common_name(out->name, out->certificate, job->batch.path, fault);
	return ERR_OK;
}

/* The separator before a row; the start of a file before its first. */
static void begin_row(struct job *job)
{
	const struct export_form *form = job->form;
	char name[64];

	if (form->rows > 0 && job->rows % form->rows == 0) {
		snprintf(name, sizeof name, "%s-%03llu.csv", form->file,
		    (unsigned long long)(job->rows / form->rows + 1));
		sheet_next(&job->sheet, name);
	}
	if (job->rows > 0 && form->between != NULL)
		sheet_text(&job->sheet, form->between);
	job->rows++;
}

static enum err put_device(void *context, const struct unsealed *unsealed, struct fault *fault)
{
	struct job *job = context;
	struct export_device device = {
		.unsealed = unsealed,
		.manifest = manifest_get(job->batch.manifest),
	};
	enum err err = fill_device(&device, job, fault);

	if (err == ERR_OK && job->form->check != NULL)
		err = job->form->check(&device, job->batch.path, fault);
	if (err != ERR_OK)
		return err;
	begin_row(job);
	job->form->row(&job->sheet, &device);
	if (job->sheet.err != ERR_OK)
		*fault = job->sheet.fault;
	return job->sheet.err;
}

static enum err open_sheet(struct job *job, struct fault *fault)
{
	const struct export_request *request = job->request;
	struct sheet_place place = {
		.kind = to_pipe(request) ? SHEET_PIPE : job->form->rows > 0 ? SHEET_FOLDER : SHEET_FILE,
		.path = request->out,
		.pipe = request->pipe,
		.secret = job->form->secret,
		.recipients = job->recipients,
		.recipient_count = request->recipient_count,
	};

	return sheet_open(&job->sheet, &place, fault);
}

static enum err write_sheet(struct job *job, struct fault *fault)
{
	enum err err = open_sheet(job, fault);

	if (err == ERR_OK && job->form->head != NULL)
		sheet_text(&job->sheet, job->form->head);
	if (err == ERR_OK)
		err = unseal_each(job->unseal, &job->chosen, put_device, job, fault);
	if (err == ERR_OK && job->form->tail != NULL)
		sheet_text(&job->sheet, job->form->tail);
	if (err == ERR_OK)
		err = sheet_end(&job->sheet, fault);
	sheet_close(&job->sheet);
	return err;
}

static enum err run(struct job *job, const struct office *office, const struct trust *trust,
    struct secret *identity, struct fault *fault)
{
	enum err err = own_batch_open(&job->batch, office, trust, job->request->batch, fault);

	if (err == ERR_OK)
		err = choose_devices(job, trust, fault);
	if (err == ERR_OK)
		err = choose_tag(job, fault);
	if (err == ERR_OK)
		err = unseal_new(&job->unseal, &job->batch, office, identity, fault);
	return err == ERR_OK ? write_sheet(job, fault) : err;
}

enum err office_export(struct export_result *out, const struct office *office, const struct trust *trust,
    struct secret *identity, const struct export_request *request, struct fault *fault)
{
	struct job job = {.request = request, .batch = OWN_BATCH_EMPTY, .sheet = SHEET_EMPTY};
	enum err err = export_check(request, fault);

	for (size_t i = 0; i < request->recipient_count && err == ERR_OK; i++)
		err = recipient_parse(&job.recipients[i], bytes_of(request->recipients[i]), "--recipient",
		    fault);
	job.form = export_form(request->format);
	if (err == ERR_OK)
		err = run(&job, office, trust, identity, fault);
	if (err == ERR_OK) {
		const struct manifest_fields *manifest = manifest_get(job.batch.manifest);

		memcpy(out->batch, manifest->batch, NAME_SIZE);
		out->rehearsal = manifest->purpose == PURPOSE_REHEARSAL;
		out->devices = job.rows;
		out->unproven = job.unproven;
		out->superseded = job.superseded;
	}
	free(job.chosen.items);
	unseal_free(&job.unseal);
	own_batch_close(&job.batch);
	return err;
}
