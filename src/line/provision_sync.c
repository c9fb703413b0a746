/* SPDX-License-Identifier: ISC */
#include "provision_private.h"

/*
 * Finding a modem. A host may be off, booting, in the middle of a line, inside a quote that a killed dialogue
 * left open, and may end its commands with CR, LF or CR LF. So a search goes round in four: AT with the
 * terminator last answered, AT with another one, and twice a lone quote: in an open argument the first one
 * closes it and the line is answered ERROR; otherwise it opens one, which the second closes. Whatever is
 * answered, AT follows at once; only its OK ends the search.
 *
 * A Zephyr shell gives itself away by not knowing the command AT; whether it has `at` or only `cred`, in
 * the same way. Where a shell was last time, the round begins with `at`; a host without one answers that
 * with ERROR. Cred is never tried first: a shell that has both commands has a modem.
 */
#define ROUND 4
#define ROUND_QUOTE 2 /* from here on a round sends quotes */
#define TURNS 3       /* of dialects in one period */

static enum provision_dialect probe_dialect(const struct provision *p)
{
	if (p->settings.dialect != PROVISION_AUTO)
		return p->settings.dialect;
	if (p->owed != MESSAGE_DEVICE)
		return p->known; /* a device in hand does not change its ways */
	if (p->known == PROVISION_AT || p->probes % ROUND > 0)
		return PROVISION_AT;
	return PROVISION_SHELL;
}

static enum at_terminator probe_terminator(const struct provision *p)
{
	static const enum at_terminator order[] = {[AT_CR] = AT_CRLF, [AT_CRLF] = AT_LF, [AT_LF] = AT_CR};
	enum at_terminator other = order[p->terminator];

	if (p->settings.terminated)
		return p->settings.terminator;
	switch (p->probes % ROUND) {
	case 0:
		return p->terminator;
	case 1:
		return p->probes / ROUND % 2 == 0 ? other : order[other];
	default:
		return AT_CRLF; /* ends a line for every host */
	}
}

/* A shell's line ends whatever quote is open in it. */
static bool is_quoting(const struct provision *p)
{
	return p->dialect == PROVISION_AT && p->probes % ROUND >= ROUND_QUOTE;
}

static void probe(struct provision *p, uint64_t now)
{
	struct at_command command;

	p->probing = probe_terminator(p);
	p->period_end = now + p->settings.sync;
	at_terminator(p->at, p->probing);
	if (!is_quoting(p)) {
		dialect_attention(p, STAGE_SYNC, p->period_end);
		return;
	}
	cmng_unquote(&command);
	provision_send(p, STAGE_SYNC, &command, p->period_end);
}

static void fresh_probe(struct provision *p, uint64_t now)
{
	p->hurried = false;
	p->turns = 0;
	p->dialect = probe_dialect(p);
	probe(p, now);
}

void sync_begin(struct provision *p, uint64_t now)
{
	p->probes = 0;
	p->unheard = 0;
	fresh_probe(p, now);
}

static void next_probe(struct provision *p, uint64_t now)
{
	p->probes++;
	fresh_probe(p, now);
}

void sync_recover(struct provision *p, bool quote, uint64_t now)
{
	p->flying = false;
	p->stage = STAGE_DRAIN;
	p->next = now + p->settings.sync;
	p->period_end = now + ROUND * p->settings.sync; /* a device that never stops talking */
	p->probes = quote ? ROUND_QUOTE : 0;
	p->unheard = 0;
	if (p->owed != MESSAGE_DEVICE)
		p->deadline = now + 2 * (uint64_t)p->settings.command;
}

void sync_heard(struct provision *p, uint64_t now)
{
	p->next = now + p->settings.sync < p->period_end ? now + p->settings.sync : p->period_end;
}

static void give_up(struct provision *p)
{
	if (p->owed != MESSAGE_DEVICE) {
		list_abandon(p, "no-answer");
		return;
	}
	p->stage = STAGE_OVER;
	p->flying = false;
	p->next = NEVER;
}

void sync_tick(struct provision *p, uint64_t now)
{
	if (now >= p->deadline)
		give_up(p);
	else if (now >= p->next && p->stage == STAGE_DRAIN)
		fresh_probe(p, now);
	else if (now >= p->next)
		next_probe(p, now);
}

static void unanswered(struct provision *p, uint64_t now)
{
	if (++p->unheard == ROUND) {
		p->alive = false; /* that device has left, the next one starts afresh */
		p->tries = 0;
	}
	next_probe(p, now);
}

/* Something answered, but not yet AT: boot noise, half a line, the quote that closed. AT follows at once,
 * but once a period: a device that answers everything with ERROR is not asked without end. */
static void hurry(struct provision *p, bool quote, uint64_t now)
{
	if (p->hurried) {
		p->next = p->period_end;
		return;
	}
	p->hurried = true;
	if (quote)
		p->probes += ROUND - p->probes % ROUND;
	probe(p, now);
}

/* The answer shows that another dialect is spoken: which one to try. */
static bool turn(struct provision *p, enum at_result result)
{
	enum provision_dialect next;

	if (p->settings.dialect != PROVISION_AUTO || p->owed != MESSAGE_DEVICE || result != AT_ERROR)
		return false;
	if (at_unknown(p->at))
		next = p->dialect == PROVISION_AT ? PROVISION_SHELL : PROVISION_CRED;
	else
		next = PROVISION_AT;
	if (next == p->dialect || p->turns == TURNS)
		return false;
	p->turns++;
	p->dialect = next;
	return true;
}

void sync_answered(struct provision *p, enum at_result result, uint64_t now)
{
	bool quote = is_quoting(p);

	if (result == AT_SILENT) {
		unanswered(p, now);
		return;
	}
	p->alive = true;
	p->unheard = 0;
	if (result == AT_OK && !quote) {
		if (p->dialect == PROVISION_AT)
			p->terminator = p->probing;
		p->known = p->dialect;
		identify_begin(p, now);
	} else if (turn(p, result)) {
		probe(p, now);
	} else {
		hurry(p, quote, now);
	}
}
