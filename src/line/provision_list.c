/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "provision_private.h"

#define MODE_MINIMUM 0  /* powers the modem down and stores */
#define RECOVERIES 2    /* in one task of the vault */

void list_ask(struct provision *p, uint64_t now)
{
	dialect_list(p, now);
}

void list_abandon(struct provision *p, const char *reason)
{
	if (p->flying && p->disturbed && (p->stage == STAGE_STEP || p->stage == STAGE_CLEAR))
		p->codes[p->done] = STEP_SILENT;
	if (p->stage == STAGE_FINISH)
		provision_blame(p, "finish-failed"); /* the listing was had: it stands */
	else if (p->stage != STAGE_RESET) /* a reset may well take the port away */
		p->reason = reason;
	provision_deliver(p);
}

void list_again(struct provision *p, const char *reason, bool quote, uint64_t now)
{
	if (p->recoveries++ < RECOVERIES)
		sync_recover(p, quote, now);
	else
		list_abandon(p, reason);
}

/* The dialogue ends: with the vault's finish after steps, without one after a mere LIST. */
static void conclude(struct provision *p, uint64_t now)
{
	struct at_command command;

	if (p->owed != MESSAGE_OUTCOME || p->finish == FINISH_NONE || !dialect_has_modem(p)) {
		provision_deliver(p);
		return;
	}
	cmng_set_mode(&command, MODE_MINIMUM);
	provision_send(p, STAGE_FINISH, &command, now + p->settings.cfun);
}

void list_answered(struct provision *p, enum at_result result, uint64_t now)
{
	bool refused = result == AT_ERROR || result == AT_CME;

	if (refused && p->recoveries == RECOVERIES) {
		provision_blame(p, steps_reason(p, result));
		conclude(p, now);
	} else if (result != AT_OK) { /* even refused: the command may have been garbled by a restart */
		list_again(p, steps_reason(p, result), false, now);
	} else if (!dialect_listing(p)) {
		list_again(p, "garbage", false, now);
	} else if (!dialect_has_modem(p)) { /* nobody could be asked who it is */
		p->listed = true;
		conclude(p, now);
	} else {
		identify_ask(p, STAGE_FENCE, now);
	}
}

/* The listing is this device's if the question behind it is answered with its IMEI. An answer to an earlier
 * command would be "OK" without an IMEI, or no answer at all. */
void list_fence_answered(struct provision *p, enum at_result result, uint64_t now)
{
	const char *reason = identify_confirm(p, result);

	p->listed = reason[0] == '\0';
	if (p->listed)
		conclude(p, now);
	else if (strcmp(reason, "imei-changed") == 0)
		list_abandon(p, reason); /* a stranger is not sent a finish */
	else
		list_again(p, reason, false, now);
}

void list_finish_answered(struct provision *p, enum at_result result, uint64_t now)
{
	struct at_command command;

	if (result != AT_OK)
		provision_blame(p, "finish-failed");
	if (result != AT_OK || p->finish != FINISH_RESET) {
		provision_deliver(p);
		return;
	}
	cmng_reset(&command);
	provision_send(p, STAGE_RESET, &command, now + p->settings.command);
}

/* Whatever it is: hosts without the command answer ERROR, and one that resets may say nothing. */
void list_reset_answered(struct provision *p, enum at_result result, uint64_t now)
{
	(void)result;
	(void)now;
	provision_deliver(p);
}
