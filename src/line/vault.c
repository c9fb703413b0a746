/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gapseal/file.h"

#define MESSAGES_PER_PORT 2

static enum err visit(void *context, const struct entry *entry, struct fault *fault)
{
	struct vault *vault = context;

	if (entry->type == ENTRY_INGEST || entry->type == ENTRY_TRUST || entry->type == ENTRY_CLOSEOUT)
		vault->stale = true;
	return progress_entry(vault->progress, entry, fault);
}

static enum err new_ports(struct vault *vault, struct fault *fault)
{
	vault->ports = calloc(vault->settings.ports, sizeof *vault->ports);
	vault->inbox = calloc(vault->settings.ports, MESSAGES_PER_PORT * sizeof *vault->inbox);
	if (vault->ports == NULL || vault->inbox == NULL)
		return fault_memory(fault);
	for (unsigned i = 0; i < vault->settings.ports; i++) {
		struct vault_port *port = &vault->ports[i];
		enum err err = ERR_OK;

		port->hits = calloc(vault->batch_count + 1, sizeof *port->hits);
		if (port->hits == NULL)
			return fault_memory(fault);
		err = secret_new(&port->plain, RECORD_STRIDE_MAX, fault);
		if (err == ERR_OK)
			err = secret_new(&port->body, VAULT_BODY_MAX, fault);
		if (err == ERR_OK)
			err = secret_new(&port->root, KEY_SIZE, fault);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static void free_ports(struct vault *vault)
{
	for (unsigned i = 0; vault->ports != NULL && i < vault->settings.ports; i++) {
		secret_free(&vault->ports[i].plain);
		secret_free(&vault->ports[i].body);
		secret_free(&vault->ports[i].root);
		vault_forms_forget(&vault->ports[i]);
		free(vault->ports[i].hits);
	}
	free(vault->ports);
	free(vault->inbox);
}

static void vault_free(struct vault *vault)
{
	free_ports(vault);
	vault_batches_free(vault->batches, vault->batch_count);
	free(vault->said.items);
	if (vault->claims >= 0)
		close(vault->claims);
	logbook_close(&vault->logbook);
	progress_free(&vault->progress);
	signer_free(&vault->signer);
	secret_free(&vault->identity);
	secret_free(&vault->keys);
	secret_free(&vault->plain);
	chain_free(&vault->chain);
	free(vault);
}

/* From the cache if it agrees with the log, otherwise from the log's first line. */
static enum err open_log(struct vault *vault, struct fault *fault)
{
	struct log_position from = {0};
	enum err err;

	if (vault_cache_load(vault, &from)) {
		err = logbook_open(&vault->logbook, vault->home->folder, vault->home->origin, vault->signer,
		    &from, visit, vault, fault);
		if (err == ERR_OK || strcmp(fault->code, "log-position") != 0)
			return err;
	}
	from = (struct log_position){0};
	err = vault_new_progress(vault, fault);
	if (err == ERR_OK)
		err = logbook_open(&vault->logbook, vault->home->folder, vault->home->origin, vault->signer,
		    &from, visit, vault, fault);
	return err;
}

/* A clock behind a time already in the log makes every date check doubtful: it is logged and said, not
 * refused. */
static enum err check_clock(struct vault *vault, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_CLOCK};
	char latest[UTC_SIZE];

	if (utc_now() >= logbook_latest(vault->logbook))
		return ERR_OK;
	utc_format(latest, logbook_latest(vault->logbook));
	snprintf(entry.text, sizeof entry.text, "the clock is earlier than %s, the latest time in this log",
	    latest);
	if (vault->settings.say != NULL)
		vault->settings.say(vault->settings.context, entry.text);
	return logbook_append(vault->logbook, &entry, fault);
}

static enum err log_start(struct vault *vault, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_START, .sha256.present = true};
	enum err err = logbook_lock(vault->logbook, fault);

	if (err != ERR_OK)
		return err;
	snprintf(entry.operator_, sizeof entry.operator_, "%s", vault->settings.operator_);
	snprintf(entry.tool, sizeof entry.tool, "%s", vault->settings.tool);
	memcpy(entry.sha256.hash, vault->settings.configuration, HASH_SIZE);
	err = check_clock(vault, fault);
	if (err == ERR_OK)
		err = logbook_append(vault->logbook, &entry, fault);
	if (err != ERR_OK) {
		logbook_unlock(vault->logbook);
		return err;
	}
	return logbook_commit(vault->logbook, fault);
}

static enum err open_all(struct vault *vault, struct fault *fault)
{
	enum err err = vault_load_keys(vault, fault);

	if (err == ERR_OK)
		err = open_log(vault, fault);
	if (err == ERR_OK)
		err = vault_load_batches(vault, fault);
	if (err == ERR_OK)
		err = new_ports(vault, fault);
	if (err == ERR_OK && vault->settings.ports > 0)
		err = vault_claims_open(vault, fault);
	vault->stale = false;
	return err;
}

enum err vault_open(struct vault **out, struct home *home, const struct reader *reader,
    const struct vault_settings *settings,
    struct fault *fault)
{
	struct vault *vault = calloc(1, sizeof *vault);
	enum err err;

	*out = NULL;
	if (vault == NULL)
		return fault_memory(fault);
	vault->home = home;
	vault->reader = reader;
	vault->settings = *settings;
	vault->claims = -1;
	err = open_all(vault, fault);
	if (err == ERR_OK && settings->ports > 0)
		err = log_start(vault, fault);
	if (err != ERR_OK) {
		vault_free(vault);
		return err;
	}
	*out = vault;
	return ERR_OK;
}

static enum err log_stop(struct vault *vault, const char *reason, struct fault *fault)
{
	struct entry entry = {.type = ENTRY_STOP};
	enum err err = logbook_lock(vault->logbook, fault);

	if (err != ERR_OK)
		return err;
	snprintf(entry.reason, sizeof entry.reason, "%s", reason);
	err = logbook_append(vault->logbook, &entry, fault);
	if (err == ERR_OK)
		err = logbook_commit(vault->logbook, fault);
	else
		logbook_unlock(vault->logbook);
	return err;
}

enum err vault_close(struct vault **vault, const char *reason, struct fault *fault)
{
	struct vault *closing = *vault;
	enum err err = ERR_OK;

	if (closing == NULL)
		return ERR_OK;
	*vault = NULL;
	if (closing->settings.ports > 0 && !closing->broken) {
		err = log_stop(closing, reason, fault);
		if (err == ERR_OK)
			err = logbook_sync(closing->logbook, fault);
		if (err == ERR_OK)
			err = vault_cache_save(closing, fault);
	}
	vault_free(closing);
	return err;
}

void vault_give(struct vault *vault, const struct message *message)
{
	if (vault->inbox_count < (size_t)vault->settings.ports * MESSAGES_PER_PORT)
		vault->inbox[vault->inbox_count++] = *message;
}

static enum err decide_inbox(struct vault *vault, struct fault *fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < vault->inbox_count; i++)
		err = vault_decide(vault, &vault->inbox[i], fault);
	vault->inbox_count = 0;
	return err;
}

/* Everything decided between lock and commit is one durable step of the log. */
static enum err locked(struct vault *vault, enum err (*decide)(struct vault *, struct fault *),
    struct fault *fault)
{
	enum err err = logbook_lock(vault->logbook, fault);

	if (err != ERR_OK)
		return err;
	err = decide(vault, fault);
	if (err == ERR_OK)
		return logbook_commit(vault->logbook, fault);
	logbook_unlock(vault->logbook);
	return err;
}

/* Begins are durable now: their records may be opened. True if one proved unusable and needs its end. */
static bool open_records(struct vault *vault)
{
	bool refused = false;

	for (unsigned i = 0; i < vault->settings.ports; i++) {
		if (vault->ports[i].answer != ANSWER_STEPS)
			continue;
		vault_open_record(vault, i);
		refused = refused || vault->ports[i].refusal[0] != '\0';
	}
	return refused;
}

static enum err end_refused(struct vault *vault, struct fault *fault)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; err == ERR_OK && i < vault->settings.ports; i++) {
		struct vault_port *port = &vault->ports[i];

		if (port->answer != ANSWER_STEPS || port->refusal[0] == '\0')
			continue;
		secret_clear(port->plain);
		secret_clear(port->body);
		vault_forms_forget(port);
		port->answer = ANSWER_VERDICT;
		err = vault_log_end(vault, i, port->begin, RESULT_FAILED, port->refusal, NULL, NULL, fault);
	}
	return err;
}

enum err vault_turn(struct vault *vault, struct fault *fault)
{
	enum err err;

	if (vault->inbox_count == 0)
		return ERR_OK;
	err = locked(vault, decide_inbox, fault);
	if (err == ERR_OK && open_records(vault))
		err = locked(vault, end_refused, fault);
	if (err != ERR_OK)
		vault->broken = true;
	return err;
}

bool vault_take(struct vault *vault, struct message *out)
{
	for (unsigned i = 0; !vault->broken && i < vault->settings.ports; i++)
		if (vault_answer(vault, i, out))
			return true;
	return false;
}

void vault_verdict(const struct vault *vault, unsigned port, struct vault_verdict *out)
{
	*out = vault->ports[port].verdict;
}

enum err vault_read_log(const struct vault *vault, log_visit *look, void *context, struct fault *fault)
{
	struct log_reading reading;
	int folder;
	enum err err = folder_open(&folder, vault->home->folder, HOME_LOG, fault);

	if (err != ERR_OK)
		return err;
	err = log_verify(&reading, folder, vault->home->origin, signer_key(vault->signer), NULL, 0, look,
	    context, HOME_LOG,
	    fault);
	close(folder);
	return err;
}

void vault_head(const struct vault *vault, struct vault_head *out)
{
	const struct tree *tree = &logbook_position(vault->logbook)->tree;
	struct buffer text = BUFFER_EMPTY;
	uint8_t root[HASH_SIZE];

	tree_root(tree, root);
	base64_encode(&text, bytes_from(root, HASH_SIZE), true);
	*out = (struct vault_head){.size = tree->size};
	if (!text_copy(out->root, sizeof out->root, buffer_bytes(&text)))
		out->root[0] = '\0';
	buffer_free(&text);
}
