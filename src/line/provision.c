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
	.line_limit = 256,
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
	p->terminator = settings->terminated ? settings->terminator : AT_CR;
	p->dialect = settings->dialect != PROVISION_AUTO ? settings->dialect : PROVISION_AT;
	p->known = p->dialect;
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

/* How a stage's commands are sent in the dialect spoken: to a shell's history belong lines of its own. */
static enum at_frame frame_of(const struct provision *p, enum stage stage)
{
	if (p->dialect == PROVISION_AT)
		return AT_FRAME_HOST;
	return p->dialect == PROVISION_CRED || stage == STAGE_SCRUB ? AT_FRAME_LINE : AT_FRAME_SHELL;
}

/* The milliseconds that pacing adds to a command. */
static uint64_t pause_of(const struct provision *p, size_t size)
{
	if (p->settings.pace_bytes == 0)
		return 0;
	return (size / p->settings.pace_bytes + 1) * (uint64_t)p->settings.pace_ms;
}

void provision_send(struct provision *p, enum stage stage, const struct at_command *command,
    uint64_t deadline)
{
	enum at_frame frame = frame_of(p, stage);

	p->stage = stage;
	p->next = NEVER;
	p->flying = true;
	p->lined = false;
	at_frame(p->at, frame);
	at_start(p->at, command, deadline + pause_of(p, at_size(frame, command)));
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
	provision->label[0] = '\0';
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

void provision_label(struct provision *provision, const char *imei)
{
	snprintf(provision->label, sizeof provision->label, "%s", imei);
}

void provision_leave(struct provision *provision, uint64_t now)
{
	leave_begin(provision, now);
}

struct bytes provision_output(const struct provision *provision)
{
	struct bytes output = provision->flying ? at_output(provision->at) : (struct bytes){0};
	const unsigned pace = provision->settings.pace_bytes;

	if (pace > 0 && output.size > pace - provision->burst)
		output.size = pace - provision->burst;
	return output;
}

/* Deadlines run from a command's start: a line that takes nothing is a silent modem. */
void provision_sent(struct provision *provision, size_t count, uint64_t now)
{
	if (count > 0 && (provision->stage == STAGE_STEP || provision->stage == STAGE_CLEAR))
		provision->disturbed = true;
	at_sent(provision->at, count);
	if (provision->settings.pace_bytes == 0 || count == 0)
		return;
	provision->burst += (unsigned)count;
	provision->resume = now + provision->settings.pace_ms;
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
	[STAGE_SCRUB] = steps_scrub_answered,
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
	if (!dialect_more(p, result, now))
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

static bool is_pausing(const struct provision *p)
{
	return p->flying && p->burst > 0 && p->burst == p->settings.pace_bytes && at_output(p->at).size > 0;
}

uint64_t provision_due(const struct provision *provision)
{
	uint64_t due = provision->next;

	if (provision->flying && at_result(provision->at) != AT_BUSY)
		return 0; /* a command that could not be sent: the next tick takes its result */
	if (provision->flying && at_due(provision->at) < due)
		due = at_due(provision->at);
	if (is_pausing(provision) && provision->resume < due)
		due = provision->resume;
	if (is_searching(provision) && provision->deadline < due)
		due = provision->deadline;
	return due;
}

void provision_tick(struct provision *provision, uint64_t now)
{
	if (now >= provision->resume)
		provision->burst = 0;
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

void provision_opened(struct provision *provision, uint64_t now)
{
	if (is_searching(provision) && provision->owed == MESSAGE_DEVICE)
		sync_begin(provision, now);
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
	out->nul = !dialect_has_modem(provision);
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
	p->scrubbed = false;
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

enum provision_dialect provision_dialect(const struct provision *provision)
{
	return provision->known;
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

	if (stage == STAGE_STEP || stage == STAGE_CLEAR || stage == STAGE_GROUND || stage == STAGE_SCRUB)
		return provision->word;
	return words[stage];
}
