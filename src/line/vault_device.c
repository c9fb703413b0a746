/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/contents.h"
#include "gapseal/firmware.h"
#include "gapseal/list.h"
#include "gapseal/seal.h"

static struct vault_batch *batch_of(struct vault *vault, const struct vault_port *port)
{
	return &vault->batches[port->batch];
}

static const struct vault_granted *granted_of(struct vault *vault, const struct vault_port *port)
{
	return &batch_of(vault, port)->lots[port->lot];
}

/* Ends the batch in hand without a begin of its own: the entry, then the verdict. */
static enum err refuse(struct vault *vault, unsigned number, enum result result, const char *reason, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];

	port->answer = ANSWER_VERDICT;
	return vault_log_refuse(vault, number, result, reason, fault);
}

/* Whether any lot of the batch may be looked into by this station. */
static bool searchable(const struct vault *vault, size_t batch)
{
	const struct vault_batch *at = &vault->batches[batch];

	if (!at->serves || at->lots == NULL)
		return false;
	for (size_t lot = 0; lot < manifest_get(at->manifest)->lots.count; lot++)
		if (at->lots[lot].live)
			return true;
	return false;
}

/* Goes on to the next batch worth a look; true if there is one. */
static bool search_next(const struct vault *vault, struct vault_port *port, size_t from)
{
	for (size_t batch = from; batch < vault->batch_count; batch++) {
		if (!searchable(vault, batch))
			continue;
		port->searched = batch;
		port->answer = ANSWER_LOOKUP;
		return true;
	}
	return false;
}

/* A bad number is never looked up: zeros pass the check digit, and what an unburned modem says is nobody's name. */
static const char *imei_reason(const char *imei)
{
	char checked[IMEI_SIZE];
	struct fault fault;

	if (imei_parse(checked, bytes_of(imei), "", &fault) == ERR_OK)
		return NULL;
	return strcmp(fault.code, "imei-zero") == 0 ? "imei-zero" : "imei-check-digit";
}

static bool at_other_port(const struct vault *vault, const struct vault_port *port)
{
	for (unsigned i = 0; i < vault->settings.ports; i++) {
		const struct vault_port *other = &vault->ports[i];

		if (other != port && other->stage != STAGE_IDLE && strcmp(other->imei, port->imei) == 0)
			return true;
	}
	return false;
}

static enum err decide_device(struct vault *vault, unsigned number, const struct message *message, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	const char *reason = NULL;

	memcpy(port->imei, message->imei, sizeof port->imei);
	memcpy(port->firmware, message->firmware, sizeof port->firmware);
	memcpy(port->unit, message->unit, sizeof port->unit);
	port->since = vault_clock();
	port->hit_count = port->hit = 0;
	port->found = false;
	port->stage = STAGE_SEARCHING;
	if (message->reason[0] != '\0')
		reason = message->reason;
	else if ((reason = imei_reason(port->imei)) == NULL && at_other_port(vault, port))
		reason = "imei-twice";
	if (reason != NULL)
		return refuse(vault, number, RESULT_REFUSED, reason, fault);
	if (!search_next(vault, port, 0))
		return refuse(vault, number, RESULT_REFUSED, "not-in-batch", fault);
	return ERR_OK;
}

/* Takes the record over only if it is under the signed root, at its place, with the tag of this IMEI: nothing the reader says is
 * believed. */
static bool take_record(struct vault *vault, struct vault_port *port, const struct message *message)
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
	keys_tag(tag, key, port->imei);
	secret_wipe(key, sizeof key);
	if (memcmp(tag, message->record, RECORD_TAG_SIZE) != 0)
		return false;
	hash_leaf(port->leaf, bytes_from(message->record, manifest->stride));
	if (!tree_includes(message->index, manifest->count, port->leaf, message->path, message->path_count, manifest->root))
		return false;
	memcpy(port->record, message->record, manifest->stride);
	port->batch = message->batch;
	port->lot = message->lot;
	port->index = message->index;
	port->found = true;
	return true;
}

static bool superseded(const struct vault *vault, const struct vault_port *port)
{
	const uint8_t *hash = manifest_hash(vault->batches[port->batch].manifest);

	for (size_t batch = 0; batch < vault->batch_count; batch++) {
		const struct list *list = &vault_manifest(vault, batch)->supersedes;
		const struct manifest_supersede *items = list->items;

		for (size_t i = 0; i < list->count; i++)
			if (memcmp(items[i].manifest_sha256, hash, HASH_SIZE) == 0 &&
			    (items[i].all || list_holds(&items[i].indices, port->index)))
				return true;
	}
	return false;
}

/* What settles a device before its store is even listed. */
static const char *reason_unlisted(const struct vault *vault, const struct vault_port *port, const struct progress_device *device)
{
	if ((device->flags & PROGRESS_VOID) != 0)
		return "void";
	return superseded(vault, port) ? "superseded" : NULL;
}

static void look_at_progress(struct vault *vault, struct vault_port *port, struct progress_device *device)
{
	progress_device(device, vault->progress, manifest_hash(batch_of(vault, port)->manifest), port->index);
	port->attempt = device->attempts + 1;
}

/* The record of the batch in hand is there and checked: list the modem, unless it is settled already. */
static enum err decide_found(struct vault *vault, unsigned number, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	struct progress_device device;
	const char *reason;

	look_at_progress(vault, port, &device);
	reason = reason_unlisted(vault, port, &device);
	if (reason != NULL)
		return refuse(vault, number, RESULT_REFUSED, reason, fault);
	port->stage = STAGE_LISTING;
	port->answer = ANSWER_LIST;
	return ERR_OK;
}

/* All batches were searched: the first hit's record is at hand if it was the only one. */
static enum err decide_searched(struct vault *vault, unsigned number, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];

	if (port->hit_count == 0)
		return refuse(vault, number, RESULT_REFUSED, "not-in-batch", fault);
	if (port->batch == port->hits[0])
		return decide_found(vault, number, fault);
	port->stage = STAGE_FETCHING;
	port->searched = port->hits[0];
	port->answer = ANSWER_LOOKUP;
	return ERR_OK;
}

static enum err decide_record(struct vault *vault, unsigned number, const struct message *message, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];

	if (message->reason[0] != '\0')
		return refuse(vault, number, RESULT_FAILED, message->reason, fault);
	if (message->found && !take_record(vault, port, message))
		return refuse(vault, number, RESULT_FAILED, "record-path", fault);
	if (port->stage == STAGE_FETCHING)
		return message->found ? decide_found(vault, number, fault) : refuse(vault, number, RESULT_FAILED, "record-path", fault);
	if (message->found)
		port->hits[port->hit_count++] = port->searched;
	if (search_next(vault, port, port->searched + 1))
		return ERR_OK;
	return decide_searched(vault, number, fault);
}

/* The commitment over what the modem lists, by the blind alone: the record stays closed. True if it is the record's. */
static bool observe(struct vault *vault, struct vault_port *port, const struct listing *listing, uint8_t state[static HASH_SIZE])
{
	const struct record_keys *keys = vault_record_keys(vault, port->batch, port->lot, port->index);
	struct state_slot slots[SLOTS_MAX];
	size_t count = manifest_state(slots, vault_manifest(vault, port->batch));

	state_observe(slots, count, listing);
	state_commit(state, keys->blind, port->imei, slots, count);
	return memcmp(state, port->record + RECORD_STATE, HASH_SIZE) == 0;
}

static bool permitted_again(struct vault *vault, const struct vault_port *port, const struct progress_device *device)
{
	switch (vault_manifest(vault, port->batch)->policy.rework) {
	case REWORK_LOCAL:
		return (device->flags & PROGRESS_RELEASED) != 0;
	case REWORK_PERMIT:
		return granted_of(vault, port)->grant > device->done_grant && list_holds(&batch_of(vault, port)->again, port->index);
	default:
		return false;
	}
}

static const char *grant_reason(struct vault *vault, const struct vault_port *port, const struct progress_device *device)
{
	const struct vault_granted *granted = granted_of(vault, port);
	char now[UTC_SIZE];

	utc_format(now, utc_now());
	if (strcmp(now, granted->not_before) < 0)
		return "grant-not-yet";
	if (strcmp(now, granted->not_after) > 0)
		return "grant-expired";
	if ((device->flags & PROGRESS_DONE) == 0 && progress_successes(vault->progress, granted->grant) >= granted->max_success)
		return "max-success";
	return NULL;
}

/* A slot that must be there and is never written cannot be mended by this record. */
static const char *slots_reason(const struct manifest_policy *policy, const struct listing *listing)
{
	const struct manifest_slot *slots = policy->slots.items;

	for (size_t i = 0; i < policy->slots.count; i++) {
		struct slot slot = {(uint32_t)slots[i].tag, (uint32_t)slots[i].type};
		bool listed = listing_find(listing, slot) != NULL;

		if (slots[i].state == SLOT_PRESENT && !listed)
			return "slot-missing";
		if (slots[i].state == SLOT_DIGEST && listed && policy->existing == EXISTING_REFUSE)
			return "slot-occupied";
	}
	return NULL;
}

/* Why a device whose store differs from its record is not written; NULL if it is. */
static const char *reason_to_refuse(struct vault *vault, const struct vault_port *port, const struct progress_device *device)
{
	const struct manifest_policy *policy = &vault_manifest(vault, port->batch)->policy;
	const char *reason = firmware_reason(policy, port->firmware);

	if (reason != NULL)
		return reason;
	if ((device->flags & PROGRESS_DONE) != 0 && !permitted_again(vault, port, device))
		return "changed-after-done";
	if (device->attempts >= policy->attempts)
		return "attempts-used";
	reason = grant_reason(vault, port, device);
	return reason != NULL ? reason : slots_reason(policy, &port->before);
}

static enum err decide_equal(struct vault *vault, unsigned number, const struct progress_device *device, const uint8_t *state,
    struct fault *fault)
{
	vault->ports[number].answer = ANSWER_VERDICT;
	if ((device->flags & PROGRESS_OPEN) != 0)
		return vault_log_end(vault, number, device->begin, RESULT_DONE, "", state, NULL, fault);
	return vault_log_same(vault, number, state, fault);
}

static enum err decide_begin(struct vault *vault, unsigned number, const struct progress_device *device, const uint8_t *state,
    struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	enum err err = ERR_OK;

	if ((device->flags & PROGRESS_OPEN) != 0)
		err = vault_log_end(vault, number, device->begin, RESULT_UNKNOWN, "interrupted", state, NULL, fault);
	if (err == ERR_OK)
		err = vault_log_begin(vault, number, fault);
	port->stage = STAGE_PLAYING;
	port->refusal[0] = '\0';
	port->answer = ANSWER_STEPS;
	return err;
}

static enum err decide_listing(struct vault *vault, unsigned number, const struct message *message, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	struct progress_device device;
	uint8_t state[HASH_SIZE];
	const char *reason;

	if (!message->listed)
		return refuse(vault, number, RESULT_FAILED, message->reason, fault);
	if (strcmp(message->imei, port->imei) != 0)
		return refuse(vault, number, RESULT_FAILED, "imei-changed", fault);
	port->before = message->listing;
	look_at_progress(vault, port, &device);
	if (observe(vault, port, &port->before, state))
		return decide_equal(vault, number, &device, state, fault);
	reason = reason_to_refuse(vault, port, &device);
	if (reason != NULL)
		return refuse(vault, number, RESULT_REFUSED, reason, fault);
	return decide_begin(vault, number, &device, state, fault);
}

/* Why a store that was listed is not what the record says, when the line itself has no better reason. */
static const char *reason_different(const struct manifest_policy *policy, const struct listing *listing)
{
	const struct manifest_slot *slots = policy->slots.items;

	for (size_t i = 0; i < policy->slots.count; i++) {
		const struct listing_item *item = listing_find(listing, (struct slot){(uint32_t)slots[i].tag, (uint32_t)slots[i].type});

		if (slots[i].state == SLOT_DIGEST && item == NULL)
			return "not-listed";
		if (slots[i].state == SLOT_ABSENT && item != NULL)
			return "slot-remains";
		if (slots[i].state == SLOT_DIGEST && (!item->has_digest || credential_placeholder(item->digest)))
			return "digest-placeholder";
	}
	return "digest-differs";
}

/* The listing decides, whatever the commands said: a write that answered ERROR and is listed with its digest is done, one that
 * answered OK and is not is not. */
static enum err decide_outcome(struct vault *vault, unsigned number, const struct message *message, struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	const char *reason = message->reason;
	enum result result = RESULT_FAILED;
	uint8_t state[HASH_SIZE];
	bool listed = message->listed && strcmp(message->imei, port->imei) == 0;

	secret_clear(port->plain);
	secret_clear(port->body);
	port->answer = ANSWER_VERDICT;
	if (message->listed && !listed)
		reason = "imei-changed";
	if (!listed)
		return vault_log_end(vault, number, port->begin, message->disturbed ? RESULT_UNKNOWN : RESULT_FAILED,
		    reason[0] != '\0' ? reason : "no-answer", NULL, message, fault);
	if (observe(vault, port, &message->listing, state))
		result = RESULT_DONE;
	else if (reason[0] == '\0' || strcmp(reason, "finish-failed") == 0)
		reason = reason_different(&vault_manifest(vault, port->batch)->policy, &message->listing);
	if (result == RESULT_DONE && strcmp(reason, "finish-failed") != 0)
		reason = "";
	return vault_log_end(vault, number, port->begin, result, reason, state, message, fault);
}

enum err vault_decide(struct vault *vault, const struct message *message, struct fault *fault)
{
	const enum vault_stage stage = vault->ports[message->port].stage;

	if (message->kind == MESSAGE_DEVICE && stage == STAGE_IDLE)
		return decide_device(vault, message->port, message, fault);
	if (message->kind == MESSAGE_RECORD && (stage == STAGE_SEARCHING || stage == STAGE_FETCHING))
		return decide_record(vault, message->port, message, fault);
	if (message->kind == MESSAGE_LISTING && stage == STAGE_LISTING)
		return decide_listing(vault, message->port, message, fault);
	if (message->kind == MESSAGE_OUTCOME && stage == STAGE_PLAYING)
		return decide_outcome(vault, message->port, message, fault);
	return fault_set(fault, ERR_CANNOT, "internal", NULL, "a role sent a message out of turn");
}

void vault_open_record(struct vault *vault, unsigned number)
{
	struct vault_port *port = &vault->ports[number];
	const struct manifest_fields *manifest = vault_manifest(vault, port->batch);
	const struct record_keys *keys = vault_record_keys(vault, port->batch, port->lot, port->index);
	struct record_place place;
	struct fault fault;
	const char *reason = NULL;

	manifest_place(&place, manifest, port->lot, port->index);
	if (record_open(port->plain, bytes_from(port->record, manifest->stride), &place, keys, manifest->batch, &fault) != ERR_OK)
		reason = "record-open";
	if (reason == NULL)
		reason = vault_make_steps(vault, port);
	snprintf(port->refusal, sizeof port->refusal, "%s", reason != NULL ? reason : "");
}

static void answer_lookup(struct vault *vault, unsigned number, struct message *out)
{
	struct vault_port *port = &vault->ports[number];
	const struct vault_batch *batch = &vault->batches[port->searched];
	uint8_t key[KEY_SIZE];

	out->kind = MESSAGE_LOOKUP;
	out->batch = (unsigned)port->searched;
	for (uint32_t lot = 0; lot < manifest_get(batch->manifest)->lots.count && out->lots < LOOKUP_MAX; lot++) {
		if (!batch->lots[lot].live)
			continue;
		out->lookup[out->lots].lot = lot;
		keys_lot_tag_key(key, vault_lot_key(vault, port->searched, lot));
		keys_tag(out->lookup[out->lots++].tag, key, port->imei);
	}
	secret_wipe(key, sizeof key);
}

static void answer_verdict(struct vault *vault, unsigned number, struct message *out)
{
	struct vault_port *port = &vault->ports[number];

	out->kind = MESSAGE_VERDICT;
	out->result = port->verdict.result;
	memcpy(out->reason, port->verdict.reason, sizeof out->reason);
	out->more = port->hit_count > 0 && ++port->hit < port->hit_count;
	if (!out->more) {
		port->stage = STAGE_IDLE;
		return;
	}
	port->stage = STAGE_FETCHING;
	port->found = false;
	port->searched = port->hits[port->hit];
	port->answer = ANSWER_LOOKUP;
}

bool vault_answer(struct vault *vault, unsigned number, struct message *out)
{
	struct vault_port *port = &vault->ports[number];
	const enum vault_answer answer = port->answer;

	port->answer = ANSWER_NONE;
	*out = (struct message){.port = number};
	memcpy(out->imei, port->imei, sizeof out->imei);
	switch (answer) {
	case ANSWER_NONE:
		return false;
	case ANSWER_LOOKUP:
		answer_lookup(vault, number, out);
		return true;
	case ANSWER_LIST:
		out->kind = MESSAGE_LIST;
		return true;
	case ANSWER_STEPS:
		out->kind = MESSAGE_STEPS;
		out->finish = (enum finish)vault_manifest(vault, port->batch)->policy.finish;
		out->body = port->body;
		return true;
	case ANSWER_VERDICT:
		answer_verdict(vault, number, out);
		return true;
	}
	return false;
}
