/* SPDX-License-Identifier: ISC */
#include "plan_private.h"

#define TAC_UNIT 10000000 /* an IMEI less its serial number and check digit */
#define TACS_MAX 32       /* told apart in one lot; with more of them nothing is unusual */
#define FEW 10            /* one in so many devices */

/* A type allocation code, the first eight digits of an IMEI: one for each type of module, or more when a
 * million of them have been made. So a mixture is nothing wrong, but a few among many may be rows of
 * another list. */
struct tac {
	uint32_t code;
	size_t count;
	size_t first;   /* row */
};
struct tacs {
	size_t count;
	struct tac items[TACS_MAX];
};

/* False if there are too many. */
static bool tac_add(struct tacs *tacs, uint32_t code, size_t row)
{
	size_t i = 0;

	while (i < tacs->count && tacs->items[i].code != code)
		i++;
	if (i == TACS_MAX)
		return false;
	if (i == tacs->count)
		tacs->items[tacs->count++] = (struct tac){.code = code, .first = row};
	tacs->items[i].count++;
	return true;
}

static bool take_lot(struct tacs *tacs, const struct plan *plan, size_t lot)
{
	tacs->count = 0;
	for (size_t k = 0; k < plan->lots[lot].count; k++) {
		size_t row = plan_device(plan, lot, k);
		uint64_t imei = roster_imei(plan->roster, row);

		if (imei != 0 && !tac_add(tacs, (uint32_t)(imei / TAC_UNIT), row))
			return false;
	}
	return true;
}

static enum err report(struct lint *lint, size_t lot, const struct tac *tac, const struct tac *most)
{
	const struct plan_lot *of = &lint->plan->lots[lot];
	enum err err = roster_row(&lint->row, lint->reader, tac->first, lint->fault);

	if (err == ERR_OK)
		lint_row(lint, RULE_LOT_TAC, roster_column(lint->plan->roster, "imei"),
		    "imei: %zu of the %zu devices of lot %s have the TAC %08lu, which is another type of "
		    "module than %08lu; do they belong here?", tac->count, of->count, of->name,
		    (unsigned long)tac->code, (unsigned long)most->code);
	return err;
}

static enum err look(struct lint *lint, size_t lot, const struct tacs *tacs)
{
	const struct tac *most = &tacs->items[0];
	enum err err = ERR_OK;

	for (size_t i = 1; i < tacs->count; i++)
		if (tacs->items[i].count > most->count)
			most = &tacs->items[i];
	for (size_t i = 0; err == ERR_OK && i < tacs->count; i++)
		if (tacs->items[i].count * FEW <= lint->plan->lots[lot].count)
			err = report(lint, lot, &tacs->items[i], most);
	return err;
}

enum err lint_tacs(struct lint *lint)
{
	struct tacs tacs;
	enum err err = ERR_OK;

	for (size_t lot = 0; err == ERR_OK && lot < lint->plan->lot_count; lot++)
		if (take_lot(&tacs, lint->plan, lot))
			err = look(lint, lot, &tacs);
	return err;
}
