/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision_private.h"

const struct provision_settings provision_defaults = {
	.sync = 500,
	.command = 5000,
	.write = 30000,
	.cfun = 60000,
};

enum err provision_new(struct provision **out, unsigned port, const struct provision_settings *settings,
    struct fault *fault)
{
	struct provision *p;
	enum err err;

	*out = NULL;
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return fault_memory(fault);
	err = at_new(&p->at, fault);
	if (err != ERR_OK) {
		free(p);
		return err;
	}
	p->port = port;
	p->settings = *settings;
	p->reason = "";
	p->next = NEVER;
	p->terminator = AT_CR;
	*out = p;
	return ERR_OK;
}

void provision_free(struct provision **provision)
{
	if (*provision == NULL)
		return;
	at_free(&(*provision)->at);
	free(*provision);
	*provision = NULL;
}

void provision_send(struct provision *p, enum stage stage, const struct at_command *command,
    uint64_t deadline)
{
	p->stage = stage;
	p->next = NEVER;
	p->flying = true;
	at_start(p->at, command, deadline);
}

void provision_blame(struct provision *p, const char *reason)
{
	if (p->reason[0] == '\0')
		p->reason = reason;
}

void provision_deliver(struct provision *p)
{
	p->stage = STAGE_VAULT;
	p->flying = false;
	p->next = NEVER;
	p->ready = true;
	p->cursor = (struct cursor){0}; /* the body is the vault's again */
	p->step = (struct step){0};
}

void provision_start(struct provision *provision, const char *unit, uint64_t now, uint64_t deadline)
{
	snprintf(provision->unit, sizeof provision->unit, "%s", unit);
	provision->owed = MESSAGE_DEVICE;
	provision->ready = false;
	provision->gone = false;
	provision->reason = "";
	provision->seen[0] = '\0';
	provision->imei[0] = '\0';
	provision->firmware[0] = '\0';
	provision->tries = 0;
	provision->alive = false;
	provision->deadline = deadline;
	sync_begin(provision, now);
}

void provision_leave(struct provision *provision, uint64_t now)
{
	leave_begin(provision, now);
}

struct bytes provision_output(const struct provision *provision)
{
	return provision->flying ? at_output(provision->at) : (struct bytes){0};
}

void provision_sent(struct provision *provision, size_t count, uint64_t now)
{
	(void)now; /* deadlines run from a command's start: a line that takes nothing is a silent modem */
	if (count > 0 && (provision->stage == STAGE_STEP || provision->stage == STAGE_CLEAR))
		provision->disturbed = true;
	at_sent(provision->at, count);
}

typedef void stage_answered(struct provision *p, enum at_result result, uint64_t now);

static stage_answered *const answered[STAGES] = {
	[STAGE_SYNC] = sync_answered,
	[STAGE_ERRORS] = identify_errors_answered,
	[STAGE_IMEI] = identify_imei_answered,
	[STAGE_FIRMWARE] = identify_firmware_answered,
	[STAGE_OFFLINE] = steps_offline_answered,
	[STAGE_MODE] = steps_mode_answered,
	[STAGE_SAME] = steps_same_answered,
	[STAGE_STEP] = steps_answered,
	[STAGE_CLEAR] = steps_clear_answered,
	[STAGE_GROUND] = steps_ground_answered,
	[STAGE_LIST] = list_answered,
	[STAGE_FENCE] = list_fence_answered,
	[STAGE_FINISH] = list_finish_answered,
	[STAGE_RESET] = list_reset_answered,
	[STAGE_LEAVE] = leave_answered,
};

/* Every stage that sends a command has its row above. */
static void provision_answered(struct provision *p, uint64_t now)
{
	enum at_result result = at_result(p->at);

	if (!p->flying || result == AT_BUSY)
		return;
	p->flying = false;
	answered[p->stage](p, result, now);
}

void provision_feed(struct provision *provision, struct bytes bytes, uint64_t now)
{
	if (provision->stage == STAGE_DRAIN && bytes.size > 0)
		sync_heard(provision, now);
	at_feed(provision->at, bytes);
	provision_answered(provision, now);
}

static bool is_searching(const struct provision *p)
{
	return p->stage == STAGE_SYNC || p->stage == STAGE_DRAIN;
}

uint64_t provision_due(const struct provision *provision)
{
	uint64_t due = provision->next;

	if (provision->flying && at_result(provision->at) != AT_BUSY)
		return 0; /* a command that could not be sent: the next tick takes its result */
	if (provision->flying && at_due(provision->at) < due)
		due = at_due(provision->at);
	if (is_searching(provision) && provision->deadline < due)
		due = provision->deadline;
	return due;
}

void provision_tick(struct provision *provision, uint64_t now)
{
	if (provision->flying)
		at_tick(provision->at, now);
	provision_answered(provision, now);
	if (is_searching(provision))
		sync_tick(provision, now);
	else if (provision->stage == STAGE_LEAVE && now >= provision->next)
		leave_tick(provision, now);
}

void provision_hangup(struct provision *provision, uint64_t now)
{
	if (provision->stage == STAGE_OVER)
		return;
	if (provision->stage == STAGE_LEAVE) {
		provision->stage = STAGE_OVER;
		provision->flying = false;
		provision->next = NEVER;
	} else if (provision->owed == MESSAGE_DEVICE && provision->stage != STAGE_VAULT) {
		provision->alive = false;
		provision->tries = 0;
		sync_begin(provision, now);
	} else {
		provision->gone = true;
		if (provision->stage != STAGE_VAULT)
			list_abandon(provision, "port-gone");
	}
}

bool provision_take(struct provision *provision, struct message *out)
{
	if (!provision->ready)
		return false;
	provision->ready = false;
	memset(out, 0, sizeof *out);
	out->kind = provision->owed;
	out->port = provision->port;
	snprintf(out->reason, sizeof out->reason, "%s", provision->reason);
	memcpy(out->imei, provision->imei, sizeof out->imei);
	memcpy(out->firmware, provision->firmware, sizeof out->firmware);
	memcpy(out->unit, provision->unit, sizeof out->unit);
	if (provision->owed == MESSAGE_DEVICE)
		return true;
	out->listed = provision->listed;
	if (provision->listed)
		out->listing = provision->listing;
	if (provision->owed == MESSAGE_OUTCOME) {
		out->disturbed = provision->disturbed;
		out->steps = provision->steps;
		memcpy(out->codes, provision->codes, sizeof out->codes);
	}
	return true;
}

/* A task of the vault begins: LIST or STEPS. */
static void task_begin(struct provision *p, enum message_kind owed)
{
	p->owed = owed;
	p->reason = "";
	p->listed = false;
	p->disturbed = false;
	p->steps = 0;
	p->stepped = false;
	p->recoveries = 0;
}

void provision_give(struct provision *provision, const struct message *message, uint64_t now)
{
	if (provision->stage != STAGE_VAULT || provision->ready)
		return;
	if (message->kind == MESSAGE_LIST) {
		task_begin(provision, MESSAGE_LISTING);
		list_ask(provision, now);
	} else if (message->kind == MESSAGE_STEPS) {
		task_begin(provision, MESSAGE_OUTCOME);
		steps_begin(provision, message, now);
	} else if (message->kind == MESSAGE_VERDICT && !message->more) {
		provision->stage = STAGE_OVER;
		return;
	}
	if (provision->gone && provision->stage != STAGE_VAULT)
		list_abandon(provision, "port-gone");
}

enum provision_phase provision_phase(const struct provision *provision)
{
	if (provision->stage == STAGE_OVER)
		return PROVISION_OVER;
	if (provision->stage == STAGE_LEAVE)
		return PROVISION_LEAVING;
	if (provision->owed == MESSAGE_OUTCOME && provision->stage != STAGE_VAULT)
		return PROVISION_WRITING;
	if (is_searching(provision) && provision->owed == MESSAGE_DEVICE && !provision->alive)
		return PROVISION_WAITING;
	return PROVISION_ASKING;
}

static const char *const words[STAGES] = {
	[STAGE_OVER] = "over", [STAGE_VAULT] = "decide", [STAGE_DRAIN] = "sync", [STAGE_SYNC] = "sync",
	[STAGE_ERRORS] = "identify", [STAGE_IMEI] = "identify", [STAGE_FIRMWARE] = "identify",
	[STAGE_OFFLINE] = "offline", [STAGE_MODE] = "offline", [STAGE_SAME] = "offline",
	[STAGE_LIST] = "list", [STAGE_FENCE] = "list",
	[STAGE_FINISH] = "finish", [STAGE_RESET] = "finish", [STAGE_LEAVE] = "leave",
};

const char *provision_step(const struct provision *provision)
{
	enum stage stage = provision->stage;

	if (stage == STAGE_STEP || stage == STAGE_CLEAR || stage == STAGE_GROUND)
		return provision->word;
	return words[stage];
}
