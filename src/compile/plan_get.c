/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "plan_private.h"

const struct profile *plan_profile(const struct plan *plan)
{
	return plan->profile;
}

const struct roster *plan_roster(const struct plan *plan)
{
	return plan->roster;
}

size_t plan_lots(const struct plan *plan)
{
	return plan->lot_count;
}

const struct plan_lot *plan_lot(const struct plan *plan, size_t lot)
{
	return &plan->lots[lot];
}

size_t plan_device(const struct plan *plan, size_t lot, size_t k)
{
	return plan->order != NULL ? plan->order[plan->starts[lot] + k] : lot * plan->lot_size + k;
}

size_t plan_slots(const struct plan *plan)
{
	return plan->profile->policy.slots.count;
}

size_t plan_credential(const struct plan *plan, size_t lot, size_t slot)
{
	return plan->choice != NULL ? plan->choice[lot * plan_slots(plan) + slot] : slot;
}

uint32_t plan_lot_of(const struct plan *plan, size_t row)
{
	if (plan->lot_of != NULL)
		return plan->lot_of[row];
	return plan->lot_count > 0 ? (uint32_t)(row / plan->lot_size) : NO_LOT;
}

size_t plan_credential_of(const struct plan *plan, size_t row, size_t slot)
{
	uint32_t lot;

	if (plan->choice == NULL)
		return slot;
	lot = plan_lot_of(plan, row);
	return lot == NO_LOT ? NO_CREDENTIAL : plan_credential(plan, lot, slot);
}

size_t plan_commons(const struct plan *plan)
{
	return plan->common_count;
}

const struct manifest_common *plan_common(const struct plan *plan, size_t i)
{
	return &plan->commons[i];
}

int plan_common_of(const struct plan *plan, size_t credential)
{
	return plan->common_of[credential];
}

size_t plan_contents_max(const struct plan *plan)
{
	return plan->contents_max;
}

int plan_column(const struct plan *plan, struct bytes name)
{
	return roster_find(plan->roster, name);
}

bool plan_uses_rows(const struct profile_credential *credential)
{
	return credential->source == SOURCE_COLUMN || credential->source == SOURCE_TEMPLATE ||
	    credential->source == SOURCE_ISSUED || credential->source == SOURCE_PATH;
}

enum err plan_chain(struct buffer *out, const struct plan *plan, size_t credential, struct fault *fault)
{
	const struct profile_credential *of = &plan->profile->credentials[credential];
	struct cursor cursor = cursor_of(bytes_of(of->chain && plan->ca != NULL ? plan->ca : ""));
	struct bytes line;

	while (take_line(&cursor, &line)) {
		buffer_put(out, line);
		buffer_text(out, of->line_ending == LINE_ENDING_CRLF ? "\r\n" : "\n");
	}
	return buffer_check(out, fault);
}

size_t plan_chain_size(const struct plan *plan, size_t credential)
{
	const struct profile_credential *of = &plan->profile->credentials[credential];
	const char *text = of->chain && plan->ca != NULL ? plan->ca : "";
	size_t size = strlen(text);

	for (; of->line_ending == LINE_ENDING_CRLF && *text != '\0'; text++)
		size += *text == '\n';
	return size;
}

enum err plan_expand(struct buffer *out, const struct plan *plan, const char *text,
    const struct roster_row *row, struct fault *fault)
{
	struct cursor cursor = cursor_of(bytes_of(text));
	enum template_part kind;
	struct bytes part;
	int column;

	while ((kind = template_take(&part, &cursor)) != TEMPLATE_END) {
		column = kind == TEMPLATE_FIELD ? plan_column(plan, part) : -1;
		if (kind == TEMPLATE_BROKEN || (kind == TEMPLATE_FIELD && column < 0))
			return fault_set(fault, ERR_NO, "template-column", plan->profile->where,
			    "a template names a column that is not there");
		buffer_put(out, column >= 0 ? row->fields[column] : part);
	}
	return buffer_check(out, fault);
}

enum err plan_text(struct buffer *out, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct fault *fault)
{
	if (plan->columns[credential] < 0)
		return plan_expand(out, plan, plan->profile->credentials[credential].text, row, fault);
	buffer_put(out, row->fields[plan->columns[credential]]);
	return buffer_check(out, fault);
}

static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static void put_lower(uint8_t *out, struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		out[i] = lower(text.data[i]);
}

bool plan_psk(struct secret *out, const struct plan *plan, size_t credential, const struct roster_row *row)
{
	struct bytes text = row->fields[plan->columns[credential]];
	size_t size = secret_size(out);

	if (!secret_put(out, text))
		return false;
	put_lower(secret_data(out) + size, text);
	return true;
}

enum err plan_value(struct buffer *out, const struct plan *plan, size_t credential,
    const struct roster_row *row, struct fault *fault)
{
	struct bytes text;
	uint8_t *space;

	if (plan->profile->credentials[credential].slot.type != CREDENTIAL_PSK)
		return plan_text(out, plan, credential, row, fault);
	text = row->fields[plan->columns[credential]];
	space = buffer_space(out, text.size);
	if (space == NULL)
		return fault_memory(fault);
	put_lower(space, text);
	return ERR_OK;
}
