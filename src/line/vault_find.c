/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/extract.h"
#include "gapseal/list.h"
#include "gapseal/reason.h"

enum err vault_refuse(struct vault *vault, unsigned number, enum result result, const char *reason,
    struct fault *fault)
{
	vault->ports[number].answer = ANSWER_VERDICT;
	return vault_log_refuse(vault, number, result, reason, fault);
}

/* Goes on to the next batch worth a look; true if there is one. */
static bool search_next(const struct vault *vault, struct vault_port *port, size_t from)
{
	for (size_t batch = from; batch < vault->batch_count; batch++) {
		if (!vault_first_question(&port->asked, vault, batch, port->imei))
			continue;
		port->answer = ANSWER_LOOKUP;
		return true;
	}
	return false;
}

/* Asks on in the same batch; false if nothing is left to ask. */
static bool ask_on(const struct vault *vault, struct vault_port *port)
{
	if (!vault_next_question(&port->asked, vault, port->imei))
		return false;
	port->answer = ANSWER_LOOKUP;
	return true;
}

/* A bad number is never looked up: zeros pass the check digit, and what an unburned modem says is nobody's
 * name. */
static const char *imei_reason(const char *imei)
{
	char checked[IMEI_SIZE];
	struct fault fault;

	if (imei_parse(checked, bytes_of(imei), "", &fault) == ERR_OK)
		return NULL;
	return strcmp(fault.code, "imei-zero") == 0 ? "imei-zero" : "imei-check-digit";
}

/* Two devices with one IMEI: neither is to be believed, so the one that came first is marked too. */
static bool at_other_port(struct vault *vault, const struct vault_port *port)
{
	for (unsigned i = 0; i < vault->settings.ports; i++) {
		struct vault_port *other = &vault->ports[i];

		if (other != port && other->stage != STAGE_IDLE && strcmp(other->imei, port->imei) == 0) {
			other->twin = true;
			return true;
		}
	}
	return false;
}

static enum err find_twin(const char **reason, struct vault *vault, struct vault_port *port,
    struct fault *fault)
{
	bool elsewhere = at_other_port(vault, port);
	enum err err = elsewhere ? ERR_OK : vault_claim(&elsewhere, vault, port, fault);

	if (elsewhere)
		*reason = "imei-twice";
	return err;
}

enum err vault_decide_device(struct vault *vault, unsigned number, const struct message *message,
    struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	const char *reason = NULL;
	enum err err = ERR_OK;

	memcpy(port->imei, message->imei, sizeof port->imei);
	memcpy(port->firmware, message->firmware, sizeof port->firmware);
	memcpy(port->unit, message->unit, sizeof port->unit);
	port->since = vault_clock();
	port->hit_count = port->hit = 0;
	port->found = port->twin = port->nobodys = false;
	port->doubt[0] = '\0';
	port->stage = STAGE_SEARCHING;
	if (message->reason[0] != '\0')
		reason = message->reason;
	else if ((reason = imei_reason(port->imei)) != NULL)
		port->imei[0] = '\0'; /* the log takes valid ones only */
	else
		err = find_twin(&reason, vault, port, fault);
	if (err != ERR_OK)
		return err;
	if (reason != NULL)
		return vault_refuse(vault, number, RESULT_REFUSED, reason, fault);
	port->nobodys = !search_next(vault, port, 0);
	if (port->nobodys)
		return vault_refuse(vault, number, RESULT_REFUSED, "not-in-batch", fault);
	return ERR_OK;
}

/* Nothing the reader says is believed: the record must stand at its place under the signed root. */
static bool under_root(const struct vault *vault, const struct message *message)
{
	const struct manifest_fields *manifest = vault_manifest(vault, message->batch);
	uint8_t leaf[HASH_SIZE];

	hash_leaf(leaf, bytes_from(message->record, manifest->stride));
	return tree_includes(message->index, manifest->count, leaf, message->path, message->path_count,
	    manifest->root);
}

/* In a lot that may be looked into, and with the tag of this IMEI. */
static bool has_tag(const struct vault *vault, const struct message *message,
    const char imei[static IMEI_SIZE])
{
	const struct manifest_fields *manifest = vault_manifest(vault, message->batch);
	uint8_t key[KEY_SIZE], tag[RECORD_TAG_SIZE];
	const struct manifest_lot *lot;

	if (message->lot >= manifest->lots.count || !vault->batches[message->batch].lots[message->lot].live)
		return false;
	lot = manifest_lot(manifest, message->lot);
	if (message->index < lot->first || message->index - lot->first >= lot->count)
		return false;
	keys_lot_tag_key(key, vault_lot_key(vault, message->batch, message->lot));
	keys_tag(tag, key, imei);
	secret_wipe(key, sizeof key);
	return memcmp(tag, message->record, RECORD_TAG_SIZE) == 0;
}

bool vault_tagged_is(const char **reason, const struct vault *vault, const struct vault_question *question,
    const struct message *answer, const char imei[static IMEI_SIZE])
{
	*reason = NULL;
	if (!answer->found)
		return false;
	if (answer->batch == question->batch && has_tag(vault, answer, imei) && under_root(vault, answer))
		return true;
	*reason = "record-path";
	return false;
}

bool vault_single_is(const char **reason, struct vault *vault, const struct vault_question *question,
    const struct message *answer, const char imei[static IMEI_SIZE])
{
	struct vault_record *record = vault_record(&vault->batches[question->batch], question->index);
	uint32_t lot;

	*reason = NULL;
	if (record == NULL)
		return false; /* its grant has gone meanwhile */
	if (!answer->found || answer->index != question->index || !under_root(vault, answer)) {
		*reason = "record-path";
		return false;
	}
	manifest_lot_of(vault_manifest(vault, question->batch), question->index, &lot);
	*reason = vault_record_look(vault, record, question->batch, lot, answer->record);
	return *reason == NULL && strcmp(record->imei, imei) == 0;
}

/* The root of the record stays with the port: grants may go while the device is in hand. */
static void keep_root(const struct vault *vault, struct vault_port *port)
{
	const struct vault_batch *batch = &vault->batches[port->batch];
	const struct vault_record *record = vault_record(batch, port->index);

	if (batch->lots[port->lot].live)
		keys_root(secret_data(port->root), vault_lot_key(vault, port->batch, port->lot), port->index);
	else if (record != NULL)
		memcpy(secret_data(port->root), vault_record_root(batch, record), KEY_SIZE);
}

/* Takes the record over, which is the device's. */
static void take_record(const struct vault *vault, struct vault_port *port, const struct message *message)
{
	const struct manifest_fields *manifest = vault_manifest(vault, message->batch);

	memcpy(port->record, message->record, manifest->stride);
	hash_leaf(port->leaf, bytes_from(port->record, manifest->stride));
	port->batch = message->batch;
	port->index = message->index;
	manifest_lot_of(manifest, message->index, &port->lot);
	keep_root(vault, port);
	vault_choose(vault, port);
}

/* Whether the answer has the device's record, which is then taken over. *reason: why it cannot be said. */
static bool take_answer(const char **reason, struct vault *vault, struct vault_port *port,
    const struct message *message)
{
	bool mine = false;

	*reason = message->reason[0] != '\0' ? message->reason : NULL;
	if (*reason == NULL && message->batch != port->asked.batch)
		*reason = "record-path";
	if (*reason != NULL)
		return false;
	if (port->asked.single)
		mine = vault_single_is(reason, vault, &port->asked, message, port->imei);
	else
		mine = vault_tagged_is(reason, vault, &port->asked, message, port->imei);
	if (mine)
		take_record(vault, port, message);
	return mine;
}

static bool superseded(const struct vault *vault, const struct vault_port *port)
{
	const uint8_t *hash = manifest_hash(vault->batches[port->batch].manifest);

	for (size_t batch = 0; batch < vault->batch_count; batch++) {
		const struct list *list;
		const struct manifest_supersede *items;

		if (vault->batches[batch].manifest == NULL)
			continue;
		list = &vault_manifest(vault, batch)->supersedes;
		items = list->items;
		for (size_t i = 0; i < list->count; i++)
			if (memcmp(items[i].manifest_sha256, hash, HASH_SIZE) == 0 &&
			    (items[i].all || list_holds(&items[i].indices, port->index)))
				return true;
	}
	return false;
}

/* A closed lot is told from a strange one only while this process still has its key. */
const char *vault_settled(const struct vault *vault, const struct vault_port *port,
    const struct progress_device *device)
{
	if (vault_closed(vault, port->batch, port->lot))
		return "lot-closed";
	if ((device->flags & PROGRESS_VOID) != 0)
		return "void";
	return superseded(vault, port) ? "superseded" : NULL;
}

void vault_look(struct progress_device *device, const struct vault *vault, struct vault_port *port)
{
	progress_device(device, vault->progress, manifest_hash(vault->batches[port->batch].manifest),
	    port->index);
	port->attempt = device->attempts + 1;
}

/* The record of the batch in hand is there and checked: ask for clearance, unless it is settled already. */
static enum err decide_found(struct vault *vault, unsigned number, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	struct progress_device device;
	const char *reason;

	port->found = true;
	vault_look(&device, vault, port);
	reason = vault_settled(vault, port, &device);
	if (reason != NULL)
		return vault_refuse(vault, number, RESULT_REFUSED, reason, fault);
	port->stage = STAGE_CLEARANCE;
	port->answer = ANSWER_CLEARANCE;
	return ERR_OK;
}

/* All batches were searched: the first hit's record is at hand if it was the only one. */
static enum err decide_searched(struct vault *vault, unsigned number, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];

	port->nobodys = port->hit_count == 0 && port->doubt[0] == '\0';
	if (port->hit_count == 0)
		return port->doubt[0] != '\0' ? vault_refuse(vault, number, RESULT_FAILED, port->doubt, fault)
		    : vault_refuse(vault, number, RESULT_REFUSED, "not-in-batch", fault);
	if (port->batch == port->hits[0])
		return decide_found(vault, number, fault);
	port->stage = STAGE_FETCHING;
	vault_first_question(&port->asked, vault, port->hits[0], port->imei);
	port->answer = ANSWER_LOOKUP;
	return ERR_OK;
}

/* One record that cannot be looked into may be another device's: the search goes on, and it counts only if
 * nothing else is found. */
static void doubt(struct vault *vault, struct vault_port *port, const char *reason)
{
	char name[EXTRACT_FOLDER_SIZE];

	snprintf(port->doubt, sizeof port->doubt, "%s", reason);
	extract_folder_name(name, vault_manifest(vault, port->asked.batch)->batch, port->asked.index);
	vault_say_left_out(vault, "record", name, reason_find(reason)->text);
}

enum err vault_decide_record(struct vault *vault, unsigned number, const struct message *message,
    struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	const char *reason;
	bool mine = take_answer(&reason, vault, port, message);

	if (reason != NULL && !port->asked.single)
		return vault_refuse(vault, number, RESULT_FAILED, reason, fault);
	if (reason != NULL)
		doubt(vault, port, reason);
	if (mine && port->stage == STAGE_FETCHING)
		return decide_found(vault, number, fault);
	if (mine)
		port->hits[port->hit_count++] = port->asked.batch;
	else if (ask_on(vault, port))
		return ERR_OK;
	if (port->stage == STAGE_FETCHING)
		return vault_refuse(vault, number, RESULT_FAILED, "record-path", fault);
	if (search_next(vault, port, port->asked.batch + 1))
		return ERR_OK;
	return decide_searched(vault, number, fault);
}
