/* SPDX-License-Identifier: ISC */
#include "gapseal/accept.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/activation.h"
#include "gapseal/file.h"
#include "gapseal/json.h"

struct job {
	const struct trust *trust;
	struct own_batch batch;
	struct document document;
	struct activation_fields activation;
	struct ledger_head *heads;
	size_t head_count;
	struct buffer closeouts;         /* of struct ledger_closeout */
};

/* One log as it is read. */
struct reading {
	struct job *job;
	const char *where;
	const struct trust_station *station;
	struct ledger_head before;
	bool known;                      /* whether there is one before */
	struct tree tree;                /* over the entries seen */
	struct buffer line;
	uint64_t limit;                  /* entries from here on do not count */
};

/* Nobody has verified the origin yet: the key it leads to will. */
static enum err find_station(struct reading *reading, char origin[static NOTE_NAME_MAX + 1],
    struct bytes checkpoint, struct fault *fault)
{
	const struct trust_fields *trust = trust_get(reading->job->trust);
	struct cursor cursor = cursor_of(checkpoint);
	struct bytes claimed = {0};

	take_line(&cursor, &claimed); /* nothing if there is none */
	for (size_t i = 0; i < trust->stations.count; i++) {
		const struct trust_station *station = trust_station_at(trust, i);

		snprintf(origin, NOTE_NAME_MAX + 1, "%s/%s", trust->org, station->name);
		if (bytes_is(claimed, origin)) {
			reading->station = station;
			return ERR_OK;
		}
	}
	return fault_set(fault, ERR_NO, "accept-station", reading->where,
	    "the checkpoint is not that of a station of %s in trust version %llu", trust->org,
	    (unsigned long long)trust->version);
}

/* At the size of the log accepted before, the root must be the one of then. */
static enum err check_before(struct reading *reading, struct fault *fault)
{
	uint8_t root[HASH_SIZE];

	if (!reading->known || reading->tree.size != reading->before.size)
		return ERR_OK;
	tree_root(&reading->tree, root);
	if (memcmp(root, reading->before.root, HASH_SIZE) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_NO, "accept-fork", reading->where,
	    "the first %llu entries are not those that were accepted before from station %s: its log was "
	    "rewritten", (unsigned long long)reading->before.size, reading->station->name);
}

static void note_closeout(struct reading *reading, const struct entry *entry)
{
	struct ledger_closeout closeout = {
		.entry = entry->n,
		.grant = entry->grant,
		.done = entry->done,
		.failed = entry->failed,
		.void_ = entry->void_,
		.unused = entry->unused,
	};

	memcpy(closeout.station, reading->station->name, NAME_SIZE);
	memcpy(closeout.lot, entry->lot, NAME_SIZE);
	buffer_put(&reading->job->closeouts, bytes_from(&closeout, sizeof closeout));
}

/* A line is canonical, so what is written back from the entry is what was hashed. */
static enum err visit(void *context, const struct entry *entry, struct fault *fault)
{
	struct reading *reading = context;
	const uint8_t *manifest = manifest_hash(reading->job->batch.manifest);
	uint8_t leaf[HASH_SIZE];
	enum err err;

	buffer_clear(&reading->line);
	entry_format(&reading->line, entry);
	err = buffer_check(&reading->line, fault);
	if (err != ERR_OK)
		return err;
	hash_leaf(leaf, buffer_bytes(&reading->line));
	tree_push(&reading->tree, leaf);
	if (entry->type == ENTRY_CLOSEOUT && entry->n < reading->limit && entry->manifest.present &&
	    memcmp(entry->manifest.hash, manifest, HASH_SIZE) == 0)
		note_closeout(reading, entry);
	return check_before(reading, fault);
}

static enum err keep_head(struct reading *reading, const struct checkpoint *checkpoint, struct fault *fault)
{
	struct job *job = reading->job;
	struct ledger_head head = {.size = checkpoint->size};

	for (size_t i = 0; i < job->head_count; i++)
		if (strcmp(job->heads[i].station, reading->station->name) == 0)
			return fault_set(fault, ERR_NO, "accept-station", reading->where,
			    "a log of station %s was given already", reading->station->name);
	memcpy(head.station, reading->station->name, NAME_SIZE);
	memcpy(head.root, checkpoint->root, HASH_SIZE);
	job->heads[job->head_count++] = head;
	return ERR_OK;
}

static enum err read_checkpoint(struct checkpoint *out, struct reading *reading,
    char origin[static NOTE_NAME_MAX + 1], struct note_key *key, int folder, struct fault *fault)
{
	struct buffer text = BUFFER_EMPTY;
	enum err err = file_read(&text, folder, LOG_CHECKPOINT, CHECKPOINT_MAX, fault);

	if (err == ERR_OK)
		err = find_station(reading, origin, buffer_bytes(&text), fault);
	if (err == ERR_OK)
		err = note_key_parse(key, bytes_of(reading->station->log_key), reading->station->name, fault);
	if (err == ERR_OK)
		err = checkpoint_open(out, NULL, buffer_bytes(&text), origin, key, NULL, 0, reading->where,
		    fault);
	buffer_free(&text);
	return err;
}

static enum err read_log(struct reading *reading, int folder, struct fault *fault)
{
	struct job *job = reading->job;
	struct log_reading log;
	struct checkpoint checkpoint;
	struct note_key key;
	char origin[NOTE_NAME_MAX + 1];
	enum err err = read_checkpoint(&checkpoint, reading, origin, &key, folder, fault);

	if (err == ERR_OK)
		err = ledger_find_head(&reading->before, &reading->known, job->batch.ledger,
		    reading->station->name, fault);
	if (err != ERR_OK)
		return err;
	reading->limit = checkpoint.size;
	if (reading->station->last_size > 0 && reading->station->last_size < reading->limit)
		reading->limit = reading->station->last_size;
	err = log_verify(&log, folder, origin, &key, NULL, 0, visit, reading, reading->where, fault);
	if (err == ERR_OK && log.checkpoint.size != checkpoint.size) /* it was read twice */
		err = fault_set(fault, ERR_CANNOT, "accept-changed", reading->where,
		    "the log changed while it was read");
	if (err == ERR_OK)
		err = keep_head(reading, &log.checkpoint, fault);
	return err;
}

static enum err take_log(struct job *job, const char *path, struct fault *fault)
{
	struct reading reading = {.job = job, .where = path, .line = BUFFER_EMPTY};
	int folder;
	enum err err = folder_open(&folder, AT_FDCWD, path, fault);

	if (err != ERR_OK)
		return err;
	err = read_log(&reading, folder, fault);
	buffer_free(&reading.line);
	close(folder);
	return err;
}

static enum err take_logs(struct job *job, const struct accept_request *request, struct fault *fault)
{
	enum err err = ERR_OK;

	job->heads = calloc(request->log_count + 1, sizeof *job->heads);
	if (job->heads == NULL)
		return fault_memory(fault);
	for (size_t i = 0; i < request->log_count && err == ERR_OK; i++)
		err = take_log(job, request->logs[i], fault);
	return err == ERR_OK ? buffer_check(&job->closeouts, fault) : err;
}

static enum err commit(struct job *job, const struct accept_request *request, struct fault *fault)
{
	char now[UTC_SIZE];
	struct ledger_return returned = {
		.manifest = manifest_hash(job->batch.manifest),
		.document = job->document.hash,
		.trust = job->activation.trust,
		.time = now,
		.done = &job->activation.done,
		.withdraw = request->withdraw,
		.heads = job->heads,
		.head_count = job->head_count,
		.closeouts = (const void *)job->closeouts.data, /* malloc aligns for every type */
		.closeout_count = job->closeouts.size / sizeof(struct ledger_closeout),
	};

	utc_format(now, request->now);
	return ledger_add_return(job->batch.ledger, &returned, fault);
}

static enum err run(struct job *job, const struct office *office, const struct accept_request *request,
    struct fault *fault)
{
	enum err err = own_batch_open(&job->batch, office, job->trust, request->batch, fault);

	if (err == ERR_OK)
		err = document_load(&job->document, AT_FDCWD, request->activation, fault);
	if (err == ERR_OK)
		err = activation_open(&job->activation, &job->document, job->trust, job->batch.manifest,
		    fault);
	if (err == ERR_OK)
		err = take_logs(job, request, fault);
	return err == ERR_OK ? commit(job, request, fault) : err;
}

enum err office_accept(struct accept_result *out, const struct office *office, const struct trust *trust,
    const struct accept_request *request, struct fault *fault)
{
	struct job job = {.trust = trust, .batch = OWN_BATCH_EMPTY, .document = DOCUMENT_EMPTY,
		.closeouts = BUFFER_EMPTY};
	enum err err = run(&job, office, request, fault);

	if (err == ERR_OK) {
		const struct manifest_fields *manifest = manifest_get(job.batch.manifest);

		memcpy(out->batch, manifest->batch, NAME_SIZE);
		out->count = manifest->count;
		out->done = job.activation.done.count;
		out->closeouts = job.closeouts.size / sizeof(struct ledger_closeout);
	}
	buffer_free(&job.closeouts);
	free(job.heads);
	json_free(&job.activation, &activation_shape);
	document_free(&job.document);
	own_batch_close(&job.batch);
	return err;
}
