/* SPDX-License-Identifier: ISC */
#include "vault_private.h"

#include <stdio.h>
#include <string.h>

#include "gapseal/contents.h"
#include "gapseal/firmware.h"
#include "gapseal/seal.h"

static struct vault_batch *batch_of(struct vault *vault, const struct vault_port *port)
{
	return &vault->batches[port->batch];
}

/* The commitment over what the modem lists, by the blind alone: the record stays closed. True if it is the
 * record's. */
static bool observe(struct vault *vault, struct vault_port *port, const struct listing *listing,
    uint8_t state[static HASH_SIZE])
{
	const struct record_keys *keys = vault_record_keys(vault, secret_data(port->root));
	struct state_slot slots[SLOTS_MAX];
	size_t count = manifest_state(slots, vault_manifest(vault, port->batch));

	state_observe(slots, count, listing);
	state_commit(state, keys->blind, port->imei, slots, count);
	secret_clear(vault->keys);
	return memcmp(state, port->record + RECORD_STATE, HASH_SIZE) == 0;
}

static bool permitted_again(struct vault *vault, const struct vault_port *port,
    const struct progress_device *device)
{
	switch (vault_manifest(vault, port->batch)->policy.rework) {
	case REWORK_LOCAL:
		return (device->flags & PROGRESS_RELEASED) != 0;
	case REWORK_PERMIT:
		return port->granted.again && port->granted.grant > device->done_grant;
	default:
		return false;
	}
}

/* Devices being written that will count if they succeed. */
static uint64_t in_hand(const struct vault *vault, uint64_t grant)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < vault->settings.ports; i++)
		count += vault->ports[i].stage == STAGE_PLAYING && vault->ports[i].answer != ANSWER_VERDICT &&
		    vault->ports[i].granted.grant == grant;
	return count;
}

/* What was closed or revoked while the device was in hand, and what its dates and count say. */
static const char *grant_reason(struct vault *vault, const struct vault_port *port,
    const struct progress_device *device)
{
	const struct vault_granted *granted = &port->granted;
	const struct manifest *manifest = batch_of(vault, port)->manifest;
	char now[UTC_SIZE];

	if (!granted->live)
		return progress_closed(vault->progress, manifest_hash(manifest),
		    manifest_lot(manifest_get(manifest), port->lot)->name) ?
		    "lot-closed" : "revoked";
	utc_format(now, utc_now());
	if (strcmp(now, granted->not_before) < 0)
		return "grant-not-yet";
	if (strcmp(now, granted->not_after) > 0)
		return "grant-expired";
	if (device->done_grant != granted->grant && progress_successes(vault->progress, granted->grant) +
	    in_hand(vault, granted->grant) >= granted->max_success)
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
static const char *reason_to_refuse(struct vault *vault, const struct vault_port *port,
    const struct progress_device *device)
{
	const struct manifest_policy *policy = &vault_manifest(vault, port->batch)->policy;
	const char *reason = firmware_reason(policy, port->firmware);

	if (reason != NULL)
		return reason;
	if (port->nul && !vault_allows_nul(policy))
		return "digest-form";
	if ((device->flags & PROGRESS_DONE) != 0 && !permitted_again(vault, port, device))
		return port->nul ? "done-uncompared" : "changed-after-done";
	if (device->attempts >= policy->attempts)
		return "attempts-used";
	reason = grant_reason(vault, port, device);
	return reason != NULL ? reason : slots_reason(policy, &port->before);
}

static enum err decide_equal(struct vault *vault, unsigned number, const struct progress_device *device,
    const uint8_t *state,
    struct fault *fault)
{
	vault->ports[number].answer = ANSWER_VERDICT;
	if ((device->flags & PROGRESS_OPEN) != 0)
		return vault_log_end(vault, number, device->begin, RESULT_DONE, "", state, NULL, fault);
	return vault_log_same(vault, number, state, fault);
}

static enum err decide_begin(struct vault *vault, unsigned number, const struct progress_device *device,
    const uint8_t *state,
    struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	enum err err = ERR_OK;

	if ((device->flags & PROGRESS_OPEN) != 0)
		err = vault_log_end(vault, number, device->begin, RESULT_UNKNOWN, "interrupted", state, NULL,
		    fault);
	if (err == ERR_OK)
		err = vault_log_begin(vault, number, fault);
	port->stage = STAGE_PLAYING;
	port->refusal[0] = '\0';
	port->answer = ANSWER_STEPS;
	return err;
}

static enum err decide_listing(struct vault *vault, unsigned number, const struct message *message,
    struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	struct progress_device device;
	uint8_t state[HASH_SIZE];
	const char *reason;

	if (!message->listed)
		return vault_refuse(vault, number, RESULT_FAILED, message->reason, fault);
	if (strcmp(message->imei, port->imei) != 0)
		return vault_refuse(vault, number, RESULT_FAILED, "imei-changed", fault);
	if (port->twin)
		return vault_refuse(vault, number, RESULT_REFUSED, "imei-twice", fault);
	port->before = message->listing;
	port->nul = message->nul;
	port->nul_counted = false;
	vault_look(&device, vault, port);
	vault_choose(vault, port);
	reason = vault_settled(vault, port, &device);
	if (reason != NULL)
		return vault_refuse(vault, number, RESULT_REFUSED, reason, fault);
	if (observe(vault, port, &port->before, state))
		return decide_equal(vault, number, &device, state, fault);
	reason = reason_to_refuse(vault, port, &device);
	if (reason != NULL)
		return vault_refuse(vault, number, RESULT_REFUSED, reason, fault);
	return decide_begin(vault, number, &device, state, fault);
}

/* Why a store that was listed is not what the record says, when the line itself has no better reason. */
static const char *reason_different(const struct manifest_policy *policy, const struct listing *listing)
{
	const struct manifest_slot *slots = policy->slots.items;

	for (size_t i = 0; i < policy->slots.count; i++) {
		const struct listing_item *item = listing_find(listing,
		    (struct slot){(uint32_t)slots[i].tag, (uint32_t)slots[i].type});

		if (slots[i].state == SLOT_DIGEST && item == NULL)
			return "not-listed";
		if (slots[i].state == SLOT_ABSENT && item != NULL)
			return "slot-remains";
		if (slots[i].state == SLOT_DIGEST && (!item->has_digest ||
		    credential_placeholder(item->digest)))
			return "digest-placeholder";
	}
	return "digest-differs";
}

/* The listing decides, whatever the commands said: a write that answered ERROR and is listed with its digest
 * is done, one that answered OK and is not is not. */
static enum err decide_outcome(struct vault *vault, unsigned number, const struct message *message,
    struct fault *fault)
{
	struct vault_port *port = &vault->ports[number];
	const char *reason = message->reason;
	enum result result = RESULT_FAILED;
	uint8_t state[HASH_SIZE];
	struct listing listing = message->listing;
	bool listed = message->listed && strcmp(message->imei, port->imei) == 0;

	port->nul_counted = vault_forms_apply(port, &vault_manifest(vault, port->batch)->policy, &listing);
	vault_forms_forget(port);
	secret_clear(port->plain);
	secret_clear(port->body);
	port->answer = ANSWER_VERDICT;
	if (message->listed && !listed)
		reason = "imei-changed";
	if (!listed)
		return vault_log_end(vault, number, port->begin, message->disturbed ? RESULT_UNKNOWN
		    : RESULT_FAILED,
		    reason[0] != '\0' ? reason : "no-answer", NULL, message, fault);
	if (observe(vault, port, &listing, state))
		result = RESULT_DONE;
	else if (reason[0] == '\0' || strcmp(reason, "finish-failed") == 0)
		reason = reason_different(&vault_manifest(vault, port->batch)->policy, &listing);
	/* Listed but perhaps not kept: a modem that did not power down may forget. The next presentation
	 * finds it the same, or not. */
	if (result == RESULT_DONE && strcmp(reason, "finish-failed") == 0)
		result = RESULT_FAILED;
	else if (result == RESULT_DONE)
		reason = "";
	return vault_log_end(vault, number, port->begin, result, reason, state, message, fault);
}

enum err vault_decide(struct vault *vault, const struct message *message, struct fault *fault)
{
	const enum vault_stage stage = vault->ports[message->port].stage;

	if (message->kind == MESSAGE_DEVICE && stage == STAGE_IDLE)
		return vault_decide_device(vault, message->port, message, fault);
	if (message->kind == MESSAGE_RECORD && (stage == STAGE_SEARCHING || stage == STAGE_FETCHING))
		return vault_decide_record(vault, message->port, message, fault);
	if (message->kind == MESSAGE_CLEARANCE && stage == STAGE_CLEARANCE)
		return vault_decide_clearance(vault, message->port, message, fault);
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
	const struct record_keys *keys = vault_record_keys(vault, secret_data(port->root));
	struct record_place place;
	struct fault fault;
	const char *reason = NULL;

	manifest_place(&place, manifest, port->lot, port->index);
	if (record_open(port->plain, bytes_from(port->record, manifest->stride), &place, keys,
	    manifest->batch, &fault) != ERR_OK)
		reason = "record-open";
	if (reason == NULL)
		reason = vault_make_steps(vault, port);
	secret_clear(vault->keys);
	snprintf(port->refusal, sizeof port->refusal, "%s", reason != NULL ? reason : "");
}

static void answer_verdict(struct vault *vault, unsigned number, struct message *out)
{
	struct vault_port *port = &vault->ports[number];

	out->kind = MESSAGE_VERDICT;
	out->result = port->verdict.result;
	memcpy(out->reason, port->verdict.reason, sizeof out->reason);
	out->more = port->hit_count > 0 && ++port->hit < port->hit_count;
	secret_clear(port->root);
	if (!out->more) {
		port->stage = STAGE_IDLE;
		vault_unclaim(vault, port);
		return;
	}
	port->stage = STAGE_FETCHING;
	port->found = false;
	vault_first_question(&port->asked, vault, port->hits[port->hit], port->imei);
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
		vault_lookup(vault, &port->asked, port->imei, out);
		return true;
	case ANSWER_CLEARANCE:
		out->kind = MESSAGE_CLEARANCE;
		out->wanted = (enum label)vault_manifest(vault, port->batch)->policy.label;
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
