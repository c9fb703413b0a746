/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "provision_private.h"

#include "gapseal/cred.h"

#define MODE_OFFLINE 4

const char *steps_reason(const struct provision *p, enum at_result result)
{
	static const struct {
		uint32_t cme;
		const char *reason;
	} known[] = {{514, "cme-514"}, {515, "cme-515"}, {518, "cme-518"}, {519, "cme-519"}, {527, "cme-527"},
	    {528, "cme-528"}, {CRED_NO_ROOM, "line-limit"}};

	switch (result) {
	case AT_SILENT:
		return "no-answer";
	case AT_RESTARTED:
		return "modem-reset";
	case AT_GARBAGE:
		return "garbage";
	case AT_ERROR:
		return "cme-none";
	default:
		break;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].cme == at_cme(p->at))
			return known[i].reason;
	return "cme-other";
}

static uint32_t step_code(const struct provision *p, enum at_result result)
{
	if (result == AT_OK)
		return 0;
	if (result == AT_ERROR)
		return STEP_ERROR;
	if (result != AT_CME)
		return STEP_SILENT;
	if (at_cme(p->at) == 0)
		return STEP_CME_ZERO;
	return at_cme(p->at) < STEP_CME_ZERO ? at_cme(p->at) : STEP_ERROR;
}

void steps_end(struct provision *p, enum at_result result, const char *reason, uint64_t now)
{
	bool lost = result == AT_SILENT || result == AT_RESTARTED || result == AT_GARBAGE;

	p->stepped = true;
	provision_blame(p, reason);
	if (lost)
		list_again(p, reason, true, now);
	else
		steps_over(p, now);
}

void steps_over(struct provision *p, uint64_t now)
{
	if (!dialect_scrub(p, now))
		list_ask(p, now);
}

/* That the history cannot be cleared is no fault of what was written. */
void steps_scrub_answered(struct provision *p, enum at_result result, uint64_t now)
{
	if (result == AT_SILENT || result == AT_RESTARTED || result == AT_GARBAGE)
		list_again(p, steps_reason(p, result), false, now);
	else
		list_ask(p, now);
}

static void offline_send(struct provision *p, enum stage stage, uint64_t now)
{
	struct at_command command;

	cmng_set_mode(&command, MODE_OFFLINE);
	provision_send(p, stage, &command, now + p->settings.cfun);
}

static bool step_fits(const struct step *step)
{
	if (!slot_writable(step->slot))
		return false;
	if (step->op == STEP_DELETE)
		return step->content.size == 0 && step->password.size == 0;
	return step->content.size > 0 && step->content.size <= credential_limit(step->slot.tag);
}

/* Counts the steps and marks all as not sent. False for a body no dialogue may begin with. */
static bool steps_count(struct provision *p, const struct message *message)
{
	struct cursor cursor = cursor_of(secret_bytes(message->body));
	struct step step;

	for (p->steps = 0; step_take(&cursor, &step); p->steps++) {
		if (p->steps == STEPS_MAX || !step_fits(&step))
			return false;
		if (dialect_refuses(p, &step) != NULL)
			provision_blame(p, dialect_refuses(p, &step));
		p->codes[p->steps] = STEP_NOT_SENT;
	}
	return cursor_left(&cursor) == 0;
}

void steps_begin(struct provision *p, const struct message *message, uint64_t now)
{
	p->finish = message->finish;
	p->done = 0;
	p->cursor = cursor_of(secret_bytes(message->body));
	if (!steps_count(p, message))
		p->reason = "internal";
	if (p->reason[0] != '\0') {
		provision_deliver(p);
		return;
	}
	identify_begin(p, now); /* AT+CMEE=1 again: a host may have restarted while the vault had the word */
}

void steps_offline(struct provision *p, uint64_t now)
{
	offline_send(p, STAGE_OFFLINE, now);
}

void steps_offline_answered(struct provision *p, enum at_result result, uint64_t now)
{
	struct at_command command;

	if (result == AT_ERROR || result == AT_CME) {
		steps_end(p, result, "offline-refused", now);
		return;
	}
	if (result != AT_OK) {
		steps_end(p, result, steps_reason(p, result), now);
		return;
	}
	cmng_ask_mode(&command);
	provision_send(p, STAGE_MODE, &command, now + p->settings.command);
}

void steps_mode_answered(struct provision *p, enum at_result result, uint64_t now)
{
	unsigned mode;

	if (result != AT_OK && result != AT_ERROR && result != AT_CME)
		steps_end(p, result, steps_reason(p, result), now);
	else if (result == AT_OK && !cmng_mode(p->at, &mode))
		steps_end(p, result, "garbage", now);
	else if (result != AT_OK || cmng_mode_is_active(mode))
		steps_end(p, result, "offline-refused", now);
	else
		identify_ask(p, STAGE_SAME, now);
}

static void step_send(struct provision *p, uint64_t now)
{
	snprintf(p->word, sizeof p->word, "%s %zu/%zu", p->step.op == STEP_DELETE ? "delete" : "write",
	    p->done + 1, p->steps);
	dialect_step(p, now);
}

void steps_next(struct provision *p, uint64_t now)
{
	if (!step_take(&p->cursor, &p->step)) {
		p->stepped = true;
		steps_over(p, now);
		return;
	}
	p->cleared = false;
	p->grounded = false;
	step_send(p, now);
}

/* The last moment before the store changes: it must still be the same device. */
void steps_same_answered(struct provision *p, enum at_result result, uint64_t now)
{
	const char *reason = identify_confirm(p, result);

	if (reason[0] == '\0')
		steps_next(p, now);
	else if (strcmp(reason, "imei-changed") == 0)
		list_abandon(p, reason);
	else
		steps_end(p, result, reason, now);
}

static bool is_absent(const struct provision *p, enum at_result result)
{
	return result == AT_CME && at_cme(p->at) == CME_NOT_FOUND;
}

void steps_answered(struct provision *p, enum at_result result, uint64_t now)
{
	uint32_t code = step_code(p, result);

	p->codes[p->done] = code;
	if (code == CME_EXISTS && p->step.op == STEP_WRITE && !p->cleared) {
		p->cleared = true;
		dialect_clear(p, now);
	} else if (code == CME_ACTIVE && !p->grounded) {
		p->grounded = true;
		offline_send(p, STAGE_GROUND, now);
	} else if (result == AT_OK || (p->step.op == STEP_DELETE && is_absent(p, result))) {
		p->done++;
		steps_next(p, now);
	} else {
		steps_end(p, result, steps_reason(p, result), now);
	}
}

void steps_clear_answered(struct provision *p, enum at_result result, uint64_t now)
{
	if (result == AT_OK || is_absent(p, result)) {
		step_send(p, now);
		return;
	}
	p->codes[p->done] = step_code(p, result);
	steps_end(p, result, steps_reason(p, result), now);
}

/* The step keeps its 518 if the modem does not go offline. */
void steps_ground_answered(struct provision *p, enum at_result result, uint64_t now)
{
	if (result == AT_OK)
		step_send(p, now);
	else
		steps_end(p, result, "cme-518", now);
}
