/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "gapseal/cred.h"
#include "provision_private.h"

/*
 * Zephyr keeps 512 bytes of a shell's lines, or eight of them in old versions, and takes no line twice in a
 * row. Twelve different ones of 47 characters push out whatever there was.
 */
#define SCRUB_LINES 12

/* A line of no meaning: what follows AT is not given to the modem. */
static void idle_line(struct at_command *out, unsigned number)
{
	*out = (struct at_command){.prefix = NULL};
	snprintf(out->visible, sizeof out->visible, "at AT %041u", number);
}

bool dialect_has_modem(const struct provision *p)
{
	return p->dialect != PROVISION_CRED;
}

void dialect_attention(struct provision *p, enum stage stage, uint64_t deadline)
{
	struct at_command command;

	if (dialect_has_modem(p))
		cmng_attention(&command);
	else
		cred_attention(&command);
	provision_send(p, stage, &command, deadline);
}

/* One line of the command in hand. */
static void send_line(struct provision *p, const struct at_command *command, uint64_t deadline)
{
	provision_send(p, p->stage, command, deadline);
	p->lined = true;
}

/* The lines of a write to the credentials shell: make the buffer empty, whatever is in it, fill it, add. */
static bool write_line(struct provision *p, uint64_t now)
{
	char text[CRED_TEXT_SIZE];
	struct at_command command;
	uint64_t deadline = now + p->settings.command;
	unsigned pieces = (unsigned)((p->step.content.size + CRED_PIECE - 1) / CRED_PIECE);

	if (p->part > pieces + 2)
		return false;
	if (p->part == 0) {
		cred_fill(&command, 0);
	} else if (p->part == 1) {
		cred_clear(&command);
	} else if (!cred_piece(&command, text, p->step.content, p->part - 2)) {
		cred_add(&command, p->step.slot);
		deadline = now + p->settings.write;
	}
	send_line(p, &command, deadline);
	secret_wipe(text, sizeof text);
	return true;
}

/* The lines of a listing: an answer to the first that is not its own is overdue from before, and gone. */
static bool list_line(struct provision *p, uint64_t now)
{
	struct at_command command;

	if (p->part > 2)
		return false;
	if (p->part == 0)
		cred_fill(&command, 0);
	else if (p->part == 1)
		cred_clear(&command);
	else
		cred_list(&command);
	send_line(p, &command, now + p->settings.command);
	return true;
}

static bool scrub_line(struct provision *p, uint64_t now)
{
	struct at_command command;

	if (p->part > SCRUB_LINES || (p->part == SCRUB_LINES && dialect_has_modem(p)))
		return false;
	if (dialect_has_modem(p))
		idle_line(&command, p->part + 1);
	else if (p->part < SCRUB_LINES)
		cred_fill(&command, p->part + 1);
	else
		cred_clear(&command);
	send_line(p, &command, now + p->settings.command);
	return true;
}

static bool next_line(struct provision *p, uint64_t now)
{
	switch (p->stage) {
	case STAGE_LIST:
		return list_line(p, now);
	case STAGE_STEP:
		return p->step.op == STEP_WRITE && write_line(p, now);
	case STAGE_SCRUB:
		return scrub_line(p, now);
	default:
		return false;
	}
}

static void begin_lines(struct provision *p, enum stage stage, uint64_t now)
{
	p->stage = stage;
	p->part = 0;
	next_line(p, now);
}

bool dialect_more(struct provision *p, enum at_result result, uint64_t now)
{
	if (!p->lined || result != AT_OK)
		return false;
	p->part++;
	return next_line(p, now);
}

void dialect_list(struct provision *p, uint64_t now)
{
	struct at_command command;

	if (!dialect_has_modem(p)) {
		begin_lines(p, STAGE_LIST, now);
		return;
	}
	cmng_list(&command);
	provision_send(p, STAGE_LIST, &command, now + p->settings.command);
}

static void send_delete(struct provision *p, enum stage stage, uint64_t now)
{
	struct at_command command;

	if (dialect_has_modem(p))
		cmng_delete(&command, p->step.slot);
	else
		cred_delete(&command, p->step.slot);
	provision_send(p, stage, &command, now + p->settings.write);
}

void dialect_step(struct provision *p, uint64_t now)
{
	struct at_command command;

	if (p->step.op == STEP_DELETE) {
		send_delete(p, STAGE_STEP, now);
	} else if (!dialect_has_modem(p)) {
		begin_lines(p, STAGE_STEP, now);
	} else {
		cmng_write(&command, p->step.slot, p->step.content, p->step.password);
		provision_send(p, STAGE_STEP, &command, now + p->settings.write);
	}
}

void dialect_clear(struct provision *p, uint64_t now)
{
	send_delete(p, STAGE_CLEAR, now);
}

bool dialect_scrub(struct provision *p, uint64_t now)
{
	if (p->scrubbed || !p->disturbed || p->dialect == PROVISION_AT)
		return false;
	p->scrubbed = true;
	begin_lines(p, STAGE_SCRUB, now);
	return true;
}

const char *dialect_refuses(const struct provision *p, const struct step *step)
{
	struct at_command command;

	if (step->op != STEP_WRITE || p->dialect == PROVISION_AT)
		return NULL;
	if (!dialect_has_modem(p))
		return cred_takes(step->slot) && step->password.size == 0 ? NULL : "kind-unsupported";
	cmng_write(&command, step->slot, step->content, step->password);
	return at_size(AT_FRAME_SHELL, &command) <= p->settings.line_limit ? NULL : "line-limit";
}

bool dialect_listing(struct provision *p)
{
	return dialect_has_modem(p) ? cmng_listing(p->at, &p->listing) : cred_listing(p->at, &p->listing);
}
