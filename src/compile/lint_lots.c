/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gapseal/twins.h"
#include "plan_private.h"

#define TABLE_SIZE 131072 /* a power of two, twice PLAN_LOTS_MAX */

/* The lots of a column, found by name in an open table of lot numbers, each plus one. */
struct cutting {
	struct lint *lint;
	struct plan *plan;
	uint32_t *table;
	uint32_t *lot_of;       /* per row; the plan's in the end */
	bool overfull;          /* more than PLAN_LOTS_MAX, and said so */
};

static struct plan_lot *add_lot(struct plan *plan)
{
	if (plan->lot_count == plan->lot_capacity) {
		size_t capacity = plan->lot_capacity == 0 ? 64 : 2 * plan->lot_capacity;
		struct plan_lot *lots = reallocarray(plan->lots, capacity, sizeof *lots);

		if (lots == NULL)
			return NULL;
		plan->lots = lots;
		plan->lot_capacity = capacity;
	}
	plan->lots[plan->lot_count] = (struct plan_lot){.count = 0};
	return &plan->lots[plan->lot_count++];
}

static void refuse_count(struct lint *lint)
{
	findings_add(lint->findings, RULE_LOT_COUNT,
	    (struct finding_place){.file = roster_where(lint->plan->roster)}, "more than %d lots",
	    PLAN_LOTS_MAX);
}

static enum err cut_by_size(struct lint *lint)
{
	struct plan *plan = lint->plan;
	size_t left = roster_count(plan->roster);

	if (left > PLAN_LOTS_MAX * plan->lot_size) {
		refuse_count(lint);
		return ERR_OK;
	}
	while (left > 0) {
		struct plan_lot *lot = add_lot(plan);

		if (lot == NULL)
			return fault_memory(lint->fault);
		snprintf(lot->name, sizeof lot->name, "lot-%03zu", plan->lot_count);
		lot->count = left < plan->lot_size ? left : plan->lot_size;
		left -= lot->count;
	}
	return ERR_OK;
}

/* The place of a name in the table, or the empty one where it belongs. */
static uint32_t *find(const struct cutting *cutting, struct bytes name)
{
	uint64_t key = twins_key(name);
	size_t i = (size_t)(key ^ key >> 32) % TABLE_SIZE;

	while (cutting->table[i] != 0 && !bytes_is(name, cutting->plan->lots[cutting->table[i] - 1].name))
		i = (i + 1) % TABLE_SIZE;
	return &cutting->table[i];
}

/* The number of a lot, NO_LOT if there are too many already. */
static enum err lot_number(uint32_t *out, struct cutting *cutting, struct bytes name)
{
	uint32_t *place = find(cutting, name);
	struct plan_lot *lot;

	*out = *place - 1; /* of an empty place NO_LOT */
	if (*place != 0)
		return ERR_OK;
	if (cutting->plan->lot_count == PLAN_LOTS_MAX) {
		if (!cutting->overfull)
			refuse_count(cutting->lint);
		cutting->overfull = true;
		return ERR_OK;
	}
	lot = add_lot(cutting->plan);
	if (lot == NULL)
		return fault_memory(cutting->lint->fault);
	text_copy(lot->name, sizeof lot->name, name);
	*place = (uint32_t)cutting->plan->lot_count;
	*out = *place - 1;
	return ERR_OK;
}

static enum err take_row(struct cutting *cutting, size_t row)
{
	struct lint *lint = cutting->lint;
	int column = cutting->plan->lot_column;
	struct bytes name = lint->row.fields[column];
	uint32_t *number = &cutting->lot_of[row];
	enum err err;

	if (!text_is_name(name)) {
		lint_row(lint, RULE_LOT_NAME, column,
		    "lot: %s; a lot's name is 1 to %d of a-z 0-9 . - and begins with a letter or digit",
		    name.size == 0 ? "is empty" : "is no name", NAME_MAX_LENGTH);
		return ERR_OK;
	}
	err = lot_number(number, cutting, name);
	if (err == ERR_OK && *number != NO_LOT && ++cutting->plan->lots[*number].count == LOT_DEVICES_MAX + 1)
		lint_row(lint, RULE_LOT_SIZE, column, "lot: more than %d devices",
		    LOT_DEVICES_MAX);
	return err;
}

/* A counting sort: rows of a lot keep the order of the CSV. */
static enum err put_in_order(struct cutting *cutting)
{
	struct plan *plan = cutting->plan;
	size_t count = roster_count(plan->roster), start = 0;
	size_t *next = calloc(plan->lot_count + 1, sizeof *next);

	plan->order = calloc(count + 1, sizeof *plan->order);
	plan->starts = calloc(plan->lot_count + 1, sizeof *plan->starts);
	if (next == NULL || plan->order == NULL || plan->starts == NULL) {
		free(next);
		return fault_memory(cutting->lint->fault);
	}
	for (size_t i = 0; i < plan->lot_count; i++) {
		plan->starts[i] = next[i] = start;
		start += plan->lots[i].count;
	}
	for (size_t i = 0; i < count; i++)
		if (cutting->lot_of[i] != NO_LOT)
			plan->order[next[cutting->lot_of[i]]++] = (uint32_t)i;
	free(next);
	return ERR_OK;
}

static enum err cut_by_column(struct cutting *cutting)
{
	struct lint *lint = cutting->lint;
	size_t count = roster_count(cutting->plan->roster);
	enum err err = ERR_OK;

	cutting->table = calloc(TABLE_SIZE, sizeof *cutting->table);
	cutting->lot_of = calloc(count + 1, sizeof *cutting->lot_of);
	if (cutting->table == NULL || cutting->lot_of == NULL)
		return fault_memory(lint->fault);
	for (size_t i = 0; err == ERR_OK && i < count; i++) {
		cutting->lot_of[i] = NO_LOT;
		err = roster_row(&lint->row, lint->reader, i, lint->fault);
		if (err == ERR_OK)
			err = take_row(cutting, i);
	}
	return err != ERR_OK ? err : put_in_order(cutting);
}

enum err lint_lots(struct lint *lint)
{
	struct cutting cutting = {.lint = lint, .plan = lint->plan};
	enum err err;

	if (lint->plan->lot_column < 0)
		return cut_by_size(lint);
	err = cut_by_column(&cutting);
	free(cutting.table);
	lint->plan->lot_of = cutting.lot_of;
	return err;
}
