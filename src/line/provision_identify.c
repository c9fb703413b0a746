/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "provision_private.h"

#define TRIES 3             /* at asking who it is, before the answer stands */
#define LEAVE_PERIOD 1000   /* milliseconds between two questions to a device that is to leave */
#define LEAVE_MISSED 3      /* questions without its IMEI until it has left */

void identify_ask(struct provision *p, enum stage stage, uint64_t now)
{
	struct at_command command;

	cmng_ask_imei(&command);
	provision_send(p, stage, &command, now + p->settings.command);
}

/* No answer, or one that tells nothing: back to AT and once more; the last try stands. */
static void identify_again(struct provision *p, const char *reason, uint64_t now)
{
	if (++p->tries < TRIES) {
		sync_recover(p, false, now);
		return;
	}
	provision_blame(p, reason);
	provision_deliver(p);
}

/* What an IMEI is: "" for a valid one, copied to out, otherwise the reason why not. */
static const char *read_imei(struct bytes text, char out[static IMEI_SIZE])
{
	struct fault fault;

	if (imei_parse(out, text, NULL, &fault) == ERR_OK)
		return "";
	if (strcmp(fault.code, "imei-zero") == 0)
		return "imei-zero";
	return strcmp(fault.code, "imei-check-digit") == 0 ? "imei-check-digit" : "imei-malformed";
}

/* A board whose shell only keeps credentials is who its label says. */
static void identify_by_label(struct provision *p)
{
	const char *reason = "label-missing";

	if (p->label[0] != '\0')
		reason = read_imei(bytes_of(p->label), p->seen);
	if (reason[0] == '\0')
		memcpy(p->imei, p->seen, sizeof p->imei);
	else
		p->seen[0] = '\0';
	provision_blame(p, reason);
	provision_deliver(p);
}

/* The host answers: on with what the vault waits for. */
static void go_on(struct provision *p, uint64_t now)
{
	if (p->owed == MESSAGE_DEVICE && !dialect_has_modem(p))
		identify_by_label(p);
	else if (p->owed == MESSAGE_DEVICE)
		identify_ask(p, STAGE_IMEI, now);
	else if (p->owed == MESSAGE_LISTING)
		list_ask(p, now);
	else if (p->stepped)
		steps_over(p, now);
	else if (dialect_has_modem(p))
		steps_offline(p, now);
	else
		steps_next(p, now);
}

void identify_begin(struct provision *p, uint64_t now)
{
	struct at_command command;

	if (!dialect_has_modem(p)) {
		go_on(p, now);
		return;
	}
	cmng_errors(&command);
	provision_send(p, STAGE_ERRORS, &command, now + p->settings.command);
}

void identify_errors_answered(struct provision *p, enum at_result result, uint64_t now)
{
	if (result == AT_SILENT || result == AT_RESTARTED) {
		if (p->owed == MESSAGE_DEVICE)
			identify_again(p, "no-answer", now);
		else if (p->owed == MESSAGE_OUTCOME && !p->stepped)
			steps_end(p, result, steps_reason(p, result), now);
		else
			list_again(p, steps_reason(p, result), false, now);
		return;
	}
	go_on(p, now); /* a host that has no AT+CMEE still answers ERROR, which suffices */
}

/* What the answer to AT+CGSN=1 says: "" for a valid IMEI, copied to out, otherwise the reason why not. */
static const char *identify_read(const struct provision *p, enum at_result result, char out[static IMEI_SIZE])
{
	struct bytes text;

	if (result == AT_SILENT || result == AT_RESTARTED)
		return steps_reason(p, result);
	if (result == AT_ERROR || result == AT_CME)
		return "imei-none";
	if (result != AT_OK || !cmng_imei(p->at, &text))
		return "garbage";
	return read_imei(text, out);
}

const char *identify_confirm(struct provision *p, enum at_result result)
{
	char imei[IMEI_SIZE] = "";
	const char *reason = identify_read(p, result, imei);

	if (reason[0] == '\0') {
		memcpy(p->imei, imei, sizeof p->imei);
		return strcmp(imei, p->seen) == 0 ? "" : "imei-changed";
	}
	/* It had a valid one a moment ago, so it is the line, not the device, that is at fault. */
	return result == AT_SILENT || result == AT_RESTARTED ? reason : "garbage";
}

/* Noise on the line can spoil an IMEI, and an answer that came late can take its place: nothing but a
 * valid one is believed at once. */
void identify_imei_answered(struct provision *p, enum at_result result, uint64_t now)
{
	const char *reason = identify_read(p, result, p->seen);
	struct at_command command;
	bool heard = result != AT_SILENT && result != AT_RESTARTED && result != AT_GARBAGE;

	if (reason[0] != '\0') {
		p->seen[0] = '\0';
		if (p->tries + 1 < TRIES || !heard) {
			identify_again(p, reason, now);
			return;
		}
		provision_blame(p, reason);
	}
	cmng_ask_firmware(&command);
	provision_send(p, STAGE_FIRMWARE, &command, now + p->settings.command);
}

void identify_firmware_answered(struct provision *p, enum at_result result, uint64_t now)
{
	if (result == AT_SILENT || result == AT_RESTARTED || result == AT_GARBAGE) {
		identify_again(p, steps_reason(p, result), now);
		return;
	}
	cmng_firmware(p->firmware, p->at);
	if (cmng_firmware_is_test(p->firmware))
		p->reason = "firmware-pti"; /* explains a missing IMEI, and makes a present one worthless */
	if (p->reason[0] == '\0')
		memcpy(p->imei, p->seen, sizeof p->imei);
	provision_deliver(p);
}

/* A device whose port went has left: what is at the port next, itself perhaps, is presented anew. */
void leave_begin(struct provision *p, uint64_t now)
{
	p->missed = 0;
	if (!p->gone) {
		leave_tick(p, now);
		return;
	}
	p->stage = STAGE_OVER;
	p->flying = false;
	p->next = NEVER;
}

void leave_tick(struct provision *p, uint64_t now)
{
	struct at_command command;

	p->period_end = now + LEAVE_PERIOD;
	if (!dialect_has_modem(p)) {
		dialect_attention(p, STAGE_LEAVE, p->period_end);
		return;
	}
	cmng_ask_imei(&command);
	provision_send(p, STAGE_LEAVE, &command, p->period_end);
}

/* A device that was refused for its IMEI, or has none to show, stays the same one as long as it does not
 * show a valid one. */
void leave_answered(struct provision *p, enum at_result result, uint64_t now)
{
	char imei[IMEI_SIZE] = "";
	bool valid = dialect_has_modem(p) && identify_read(p, result, imei)[0] == '\0';
	bool changed = valid && strcmp(imei, p->seen) != 0;
	bool spoke = result != AT_SILENT && result != AT_RESTARTED;

	if (valid || (spoke && (p->seen[0] == '\0' || !dialect_has_modem(p))))
		p->missed = 0;
	else if (result != AT_RESTARTED)
		p->missed++;
	if (changed || p->missed >= LEAVE_MISSED) {
		p->stage = STAGE_OVER;
		p->next = NEVER;
	} else if (result == AT_SILENT)
		leave_tick(p, now);
	else
		p->next = p->period_end;
}
